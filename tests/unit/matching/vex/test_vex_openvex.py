"""OpenVEX: which statement is about a finding, which of several decides, and what the report says."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.vex import (
    BUSYBOX,
    IMAGE_PURL,
    LEFT,
    REQUESTS,
    RIGHT,
    SHARED,
    SSL,
    judged,
    openvex,
    reasons,
    statement,
    taken_out,
    within,
)

from assaymark.errors import ArtifactError

GONE = ["libssl1.1 | not_affected |  | 1.json"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param(statement(SSL), GONE, id="a package by its whole package URL"),
        pytest.param(statement("pkg:apk/alpine/libssl1.1"), GONE, id="a package in any version"),
        pytest.param(statement("pkg:apk/alpine/libssl1.1@1.1.1d-r2?arch=x86_64"), GONE, id="some qualifiers"),
        pytest.param(statement("pkg:apk/alpine/libssl1.1@1.1.1d-r3"), [], id="another version"),
        pytest.param(statement("pkg:apk/alpine/libssl1.1?arch=arm64"), [], id="another qualifier"),
        pytest.param(statement("pkg:apk/alpine/libssl1.1#a/b"), GONE, id="a subpath, which does not count"),
        pytest.param(statement({"identifiers": {"purl": "pkg:apk/alpine/libssl1.1"}}), GONE, id="an identifier"),
        pytest.param(
            statement({"identifiers": {"cpe23": SSL}}), GONE, id="an identifier of another kind, to the letter"
        ),
        pytest.param(statement("pkg:apk/alpine/libssl1.1", status="affected"), [], id="affected"),
        pytest.param(statement("pkg:apk/alpine/libssl1.1", status="under_investigation"), [], id="being looked at"),
        pytest.param(
            statement(SSL, status="fixed", justification="inline_mitigations_already_exist"),
            ["libssl1.1 | fixed | inline_mitigations_already_exist | 1.json"],
            id="fixed, with a justification",
        ),
        pytest.param(statement(SSL, impact_statement="it is not loaded"), GONE, id="the impact is not told"),
        pytest.param(statement(within(IMAGE_PURL, "pkg:apk/alpine/libssl1.1")), GONE, id="a part of the image"),
        pytest.param(
            statement(within(IMAGE_PURL.partition("?")[0], "pkg:apk/alpine/libssl1.1")),
            GONE,
            id="the image without more",
        ),
        pytest.param(statement(within("pkg:oci/other", "pkg:apk/alpine/libssl1.1")), [], id="a part of another image"),
        pytest.param(statement(within(IMAGE_PURL, "pkg:apk/alpine/other")), [], id="another part of the image"),
        pytest.param(
            {"vulnerability": {"@id": "CVE-2026-1000"}, "status": "fixed", "products": [{"@id": SSL}]},
            ["libssl1.1 | fixed |  | 1.json"],
            id="a vulnerability by its address",
        ),
        pytest.param(
            {
                "vulnerability": {"name": "GHSA-1", "aliases": ["CVE-2026-1000"]},
                "status": "fixed",
                "products": [{"@id": SSL}],
            },
            ["libssl1.1 | fixed |  | 1.json"],
            id="a vulnerability by another name",
        ),
        pytest.param(statement(SSL, name="cve-2026-1000"), [], id="a vulnerability in another letter case"),
        pytest.param(statement(name="CVE-2026-1000"), [], id="no product"),
    ],
)
def test_a_statement_takes_out_what_it_is_about(said: dict[str, Any], expected: list[str]) -> None:
    assert taken_out(judged(openvex(said))) == expected


def test_the_image_as_a_whole_takes_out_every_finding_of_the_vulnerability() -> None:
    report = judged(openvex(statement(IMAGE_PURL)))

    assert [each.partition(" ")[0] for each in taken_out(report)] == ["busybox", "libssl1.1", "shared"]
    assert [[each.pkg_name for each in result.vulnerabilities] for result in report.results] == [[], [], ["requests"]]


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        pytest.param(
            [openvex(statement(within(LEFT, SHARED)))],
            [],
            id="one of two ways is cut",
        ),
        pytest.param(
            [openvex(statement(within(LEFT, SHARED)), statement(within(RIGHT, SHARED), justification="b"))],
            ["shared | not_affected | b | 1.json"],
            id="both ways are cut, and the last one is told",
        ),
        pytest.param(
            [openvex(statement(within(LEFT, SHARED))), openvex(statement(within(RIGHT, SHARED), status="fixed"))],
            ["shared | fixed |  | 2.json"],
            id="by different documents",
        ),
        pytest.param(
            [openvex(statement(SHARED, status="affected")), openvex(statement(SHARED, status="fixed"))],
            ["shared | fixed |  | 2.json"],
            id="the first document that takes out wins, whatever others say",
        ),
        pytest.param(
            [openvex(statement(SHARED, justification="a")), openvex(statement(SHARED, justification="b"))],
            ["shared | not_affected | a | 1.json"],
            id="the first of two documents is told",
        ),
    ],
)
def test_every_way_to_the_package_must_be_cut(documents: list[bytes], expected: list[str]) -> None:
    assert taken_out(judged(*documents)) == expected


OLD, NEW = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00+01:00"


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param(
            openvex(statement(BUSYBOX, status="fixed"), statement(BUSYBOX)),
            ["busybox | fixed |  | 1.json"],
            id="of two without a time the first",
        ),
        pytest.param(
            openvex(statement(BUSYBOX, status="fixed", timestamp=OLD), statement(BUSYBOX, timestamp=NEW)),
            ["busybox | not_affected |  | 1.json"],
            id="the newer",
        ),
        pytest.param(
            openvex(statement(BUSYBOX, timestamp=OLD), statement(BUSYBOX, status="affected", timestamp=NEW)),
            [],
            id="the newer, though it keeps the finding",
        ),
        pytest.param(
            openvex(statement(BUSYBOX, status="affected"), statement(BUSYBOX, timestamp=NEW), timestamp=OLD),
            ["busybox | not_affected |  | 1.json"],
            id="one without a time has the document's",
        ),
        pytest.param(
            openvex(
                statement(BUSYBOX, status="fixed", timestamp=NEW),
                {
                    "vulnerability": {"name": "ZZZ", "aliases": ["CVE-2026-1000"]},
                    "timestamp": OLD,
                    "status": "not_affected",
                    "products": [{"@id": BUSYBOX}],
                },
            ),
            ["busybox | not_affected |  | 1.json"],
            id="names go before times",
        ),
    ],
)
def test_the_last_statement_decides(document: bytes, expected: list[str]) -> None:
    assert taken_out(judged(document)) == expected


def test_every_statement_is_told_with_what_became_of_it() -> None:
    document = openvex(
        statement(SSL),
        statement(SSL, status="affected"),
        statement(BUSYBOX, status="affected"),
        statement("pkg:apk/alpine/other"),
        statement(within(LEFT, SHARED)),
        statement(REQUESTS),
        statement(),
    )

    report = judged(document)

    product = "nothing that holds the vulnerable package is"
    assert reasons(report) == [
        "CVE-2026-1000 not_affected 1 -: ",
        "CVE-2026-1000 affected 0 -: another statement of the document overrules it",
        "CVE-2026-1000 affected 0 -: `affected` keeps a finding",
        f"CVE-2026-1000 not_affected 0 -: {product} `pkg:apk/alpine/other`",
        "CVE-2026-1000 not_affected 0 -: what holds the package leads around the product, too",
        f"CVE-2026-1000 not_affected 0 -: {product} `{REQUESTS}`",
        "CVE-2026-1000 not_affected 0 -: it names no product",
    ]


def test_packages_without_an_identifier_get_one() -> None:
    report = judged(openvex(statement("pkg:oci/other")))

    assert [package.id for package in report.results[2].packages] == ["requests@2.0.0"]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="half a document"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"{}", id="no format"),
        pytest.param(b'{"@context": "", "statements": []}', id="an empty context"),
        pytest.param(b'{"@context": "x", "statements": {}}', id="statements that are no list"),
        pytest.param(openvex({"vulnerability": "CVE-2026-1000", "status": "fixed"}), id="version 0.0.1"),
        pytest.param(openvex(statement(SSL, timestamp="yesterday")), id="a time that is none"),
        pytest.param(openvex(statement(SSL, timestamp="2026-01-01T00:00:00")), id="a time without a zone"),
    ],
)
def test_what_is_no_document_is_refused(data: bytes) -> None:
    with pytest.raises(ArtifactError, match=r"1\.json"):
        judged(data)
