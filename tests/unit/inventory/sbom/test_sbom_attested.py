"""Attestations of SBOMs: which there are in a file, and what they hold. Nothing is verified here."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from tests.support.boms import FLASK, SMALL, bom, encoded

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.sbom.attested import UNSUPPORTED, find_attested, is_sbom_type, unwrapped
from assaymark.inventory.sbom.described import read_sbom
from assaymark.limits import DEFAULT_LIMITS, Limits

CYCLONEDX, SPDX = "https://cyclonedx.org/bom", "https://spdx.dev/Document"
VULN = "https://cosign.sigstore.dev/attestation/vuln/v1"
BOM = encoded(bom(FLASK))
TAG_VALUE = "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\n"


def statement(predicate: Any, kind: str = CYCLONEDX) -> bytes:
    said = {"_type": "https://in-toto.io/Statement/v1", "subject": [], "predicateType": kind, "predicate": predicate}
    return json.dumps(said).encode()


def envelope(payload: bytes, kind: str = "application/vnd.in-toto+json") -> bytes:
    return json.dumps({"payloadType": kind, "payload": b64encode(payload).decode(), "signatures": []}).encode()


def bundle(payload: bytes) -> bytes:
    inner = json.loads(envelope(payload))
    return json.dumps({"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "dsseEnvelope": inner}).encode()


def find(data: bytes, limits: Limits = DEFAULT_LIMITS) -> list[tuple[bool, str, bytes]]:
    found = find_attested(data, limits=limits, what="a.file")
    return [(each.is_signed, each.predicate_type, each.sbom) for each in found]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(statement(bom(FLASK)), [(False, CYCLONEDX, BOM)], id="a statement"),
        pytest.param(envelope(statement(bom(FLASK))), [(True, CYCLONEDX, BOM)], id="an envelope"),
        pytest.param(bundle(statement(bom(FLASK))), [(True, CYCLONEDX, BOM)], id="a bundle"),
        pytest.param(
            b"\n" + envelope(statement(bom(FLASK))) + b"\n\n", [(True, CYCLONEDX, BOM)], id="among white space"
        ),
        pytest.param(
            json.dumps(json.loads(bundle(statement(bom(FLASK)))), indent=2).encode(),
            [(True, CYCLONEDX, BOM)],
            id="on several lines",
        ),
        pytest.param(
            envelope(statement({"Data": bom(FLASK), "Timestamp": ""})), [(True, CYCLONEDX, BOM)], id="as Cosign 1 did"
        ),
        pytest.param(
            envelope(statement({"Data": TAG_VALUE}, SPDX)), [(True, SPDX, TAG_VALUE.encode())], id="a text in Data"
        ),
        pytest.param(envelope(statement(TAG_VALUE, SPDX)), [(True, SPDX, TAG_VALUE.encode())], id="a text"),
        pytest.param(
            envelope(statement(TAG_VALUE, f"{SPDX}/v2.3")),
            [(True, f"{SPDX}/v2.3", TAG_VALUE.encode())],
            id="an edition",
        ),
        pytest.param(
            b"\n".join((envelope(statement({}, VULN)), envelope(statement(bom(FLASK))), bundle(statement({"a": 1})))),
            [(True, CYCLONEDX, BOM), (True, CYCLONEDX, b'{"a": 1}')],
            id="several, one a line",
        ),
        pytest.param(envelope(statement(7)), [(True, CYCLONEDX, b"7")], id="a predicate that is no SBOM"),
        pytest.param(BOM, [], id="an SBOM as it is"),
        pytest.param(encoded(bom(x={"payloadType": "a", "predicateType": "b"})), [], id="an SBOM that speaks of them"),
        pytest.param(b'"payloadType": nonsense', [], id="no JSON"),
        pytest.param(b'["payloadType", "predicateType"]', [], id="a list"),
        pytest.param(encoded({"payloadType": 7, "predicateType": ["x"]}), [], id="members of other types"),
        pytest.param(b"{\n" + BOM + b'\n"payloadType"', [], id="lines of something else"),
    ],
)
def test_what_is_found(data: bytes, expected: list[tuple[bool, str, bytes]]) -> None:
    assert find(data) == expected


def test_lines_are_kept_as_they_are() -> None:
    lines = (envelope(statement(bom(FLASK))), bundle(statement(bom(FLASK))))

    found = find_attested(b"\n".join(lines), limits=DEFAULT_LIMITS, what="a.file")

    assert tuple(each.line for each in found) == lines


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(
            envelope(statement({}, VULN)), f"`a.file` is an attestation of `{VULN}`, which is no SBOM", id="vuln"
        ),
        pytest.param(
            envelope(b"{}", "text/plain"), "an envelope of `text/plain`, not of a statement", id="another payload"
        ),
        pytest.param(envelope(b"hello"), "payload` is not JSON", id="a payload that is no JSON"),
        pytest.param(
            envelope(b"{}").replace(b'"e30="', b'"*"'), "an envelope whose payload is no base64", id="no base64"
        ),
        pytest.param(
            encoded({"dsseEnvelope": None, "x": {"payloadType": ""}}), "another shape", id="no envelope inside"
        ),
        pytest.param(envelope(statement(bom())) + b"\nhello", "not JSON", id="a line that is none"),
    ],
)
def test_what_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(ArtifactError, match=message.replace(".", "[.]")) as caught:
        find(data)

    assert (caught.value.reason == UNSUPPORTED) == ("which is no SBOM" in message)


def test_bounds() -> None:
    lines = b"\n".join([envelope(statement(bom()))] * 4)

    assert len(find(lines, Limits(sbom_statements=4))) == 4
    with pytest.raises(LimitError, match="more than the 3 lines"):
        find(lines, Limits(sbom_statements=3))
    with pytest.raises(LimitError):
        find(envelope(statement(json.loads("[" * 600 + "]" * 600))))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (CYCLONEDX, True),
        (f"{CYCLONEDX}/v1.6", True),
        ("https://cyclonedx.org/schema", True),
        (SPDX, True),
        (f"{SPDX}/v2.3", True),
        (f"{SPDX}s", False),
        (VULN, False),
        ("", False),
    ],
)
def test_types(kind: str, expected: bool) -> None:
    assert is_sbom_type(kind) == expected


def test_one_attestation_in_another_is_not_opened() -> None:
    inner = json.loads(envelope(statement(bom(FLASK))))

    with pytest.raises(ArtifactError, match="no SBOM that is known"):
        read_sbom(envelope(statement(inner)), limits=DEFAULT_LIMITS, what="a.file")


def test_what_is_described_is_the_sbom_inside() -> None:
    data = bundle(statement(SMALL))
    described = read_sbom(data, limits=DEFAULT_LIMITS, what="a.file")

    assert described == read_sbom(encoded(SMALL), limits=DEFAULT_LIMITS, what="a.file")
    assert described.cyclonedx == unwrapped(data, limits=DEFAULT_LIMITS, what="a.file") == encoded(SMALL)


def test_only_cyclonedx_in_json_can_be_written_again() -> None:
    xml = b'<bom xmlns="http://cyclonedx.org/schema/bom/1.4"/>'

    assert read_sbom(xml, limits=DEFAULT_LIMITS, what="a.file").cyclonedx == b""
    assert read_sbom(TAG_VALUE.encode(), limits=DEFAULT_LIMITS, what="a.file").cyclonedx == b""
