"""VEX documents that are large, deep, knotted or misleading: bounded work, no finding lost, no crash."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from tests.support.vex import IMAGE_PURL, SSL, judged, openvex, reasons, statement, taken_out

from assaymark.errors import ArtifactError
from assaymark.limits import Limits

DEEP = 100_000


def csaf(tree: Any) -> bytes:
    entry = {"cve": "CVE-2026-1000", "product_status": {"known_not_affected": ["P"]}}
    return json.dumps({"product_tree": tree, "vulnerabilities": [entry]}).encode()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b'{"@context":"x","a":' + b"[" * DEEP + b"]" * DEEP + b"}", id="nested lists"),
        pytest.param(
            b'{"vulnerabilities":[],"product_tree":' + b'{"branches":[' * DEEP + b"]}" * DEEP + b"}",
            id="nested branches",
        ),
        pytest.param(b'{"@context":"x","statements":[' + b"{}," * 200_000 + b"{}]}", id="many statements"),
        pytest.param(b'{"@context":"x"' + b" " * (33 * 1024 * 1024) + b"}", id="many bytes"),
        pytest.param(b'{"@context":"\xff","statements":7}', id="invalid UTF-8"),
        pytest.param(b'{"bomFormat":"CycloneDX","vulnerabilities":[{"affects":{}}]}', id="another type"),
    ],
)
def test_what_is_beyond_the_bounds_is_refused(data: bytes) -> None:
    begun = time.monotonic()

    with pytest.raises(ArtifactError):
        judged(data)

    assert time.monotonic() - begun < 5


def test_branches_as_deep_as_documents_may_be() -> None:
    product = {"product_id": "P", "product_identification_helper": {"purl": "pkg:apk/alpine/libssl1.1"}}
    tree: dict[str, Any] = {"branches": [{"product": product}]}
    for _ in range(200):
        tree = {"branches": [tree]}

    assert taken_out(judged(csaf(tree))) == ["libssl1.1 | not_affected |  | 1.json"]


def test_a_hundred_thousand_statements_are_read_in_seconds() -> None:
    others = [statement("pkg:npm/other", name=f"CVE-{number}") for number in range(99_000)]
    begun = time.monotonic()

    report = judged(openvex(*others, statement(SSL)))

    assert len(taken_out(report)) == 1
    assert len(reasons(report)) == Limits().vex_listed
    assert time.monotonic() - begun < 20


def test_products_that_nobody_has_cost_little() -> None:
    others = [f"pkg:npm/other{number}" for number in range(50_000)]
    begun = time.monotonic()

    assert len(taken_out(judged(openvex(statement(*others, SSL))))) == 1
    assert time.monotonic() - begun < 20


@pytest.mark.parametrize(
    "product",
    [
        pytest.param("pkg:", id="half a package URL"),
        pytest.param("pkg:apk/alpine/libssl1.1@%zz", id="a bad escape"),
        pytest.param("pkg:apk/alpine/%6c%69bssl1.1%00", id="a zero"),
        pytest.param("pkg:apk/alpine/*", id="an asterisk"),
        pytest.param("pkg:apk//libssl1.1", id="no namespace"),
        pytest.param("", id="nothing"),
        pytest.param("@", id="a mark"),
        pytest.param("sha256:", id="half a digest"),
        pytest.param("sha256:" + "0" * 64, id="an empty digest"),
        pytest.param("a" * 1_000_000, id="a million letters"),
        pytest.param("/".join(["a"] * 100_000) + ":1", id="a long path"),
        pytest.param("@".join(["a"] * 100_000), id="many marks"),
    ],
)
def test_names_that_mean_nothing_take_nothing_out(product: str) -> None:
    within = {"@id": IMAGE_PURL, "subcomponents": [{"@id": product or "-"}]}
    begun = time.monotonic()

    assert taken_out(judged(openvex(statement(product), statement(within)))) == []
    assert time.monotonic() - begun < 5
