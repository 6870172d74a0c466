"""SBOM formats are told by content and never by a file's name."""

from __future__ import annotations

import json

import pytest
from tests.support.boms import SMALL, bom, encoded

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.sbom.formats import read_document
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.artifact import ArtifactType


def test_cyclonedx_is_read() -> None:
    document = read_document(b"\n " + encoded(SMALL), limits=DEFAULT_LIMITS, what="bom.json")

    assert [each.name for each in document.components] == ["alpine", "musl", "flask", "GoogleUtilities", "app:1"]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(encoded({"SPDXID": "SPDXRef-DOCUMENT", "spdxVersion": "SPDX-2.3"}), id="as it is written"),
        pytest.param(encoded({"spdxVersion": "SPDX-2.2"}), id="without an identifier"),
        pytest.param(b"SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\n", id="tag-value"),
    ],
)
def test_spdx_is_read(data: bytes) -> None:
    assert read_document(data, limits=DEFAULT_LIMITS, what="a.file").type is ArtifactType.SPDX


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"[]",
        b"{}",
        b"<html/>",
        b"\xff\xfe{",
        encoded({"bomFormat": "cyclonedx"}),
        encoded({"bomFormat": ["CycloneDX"]}),
        encoded({"payloadType": "application/vnd.in-toto+json", "payload": "e30="}),
    ],
)
def test_what_is_no_sbom(data: bytes) -> None:
    with pytest.raises(ArtifactError, match=r"`a[.]file` is no SBOM that is known"):
        read_document(data, limits=DEFAULT_LIMITS, what="a.file")


@pytest.mark.parametrize(
    "data", [b"{", b'{"bomFormat": "CycloneDX"', encoded(bom()) + b"\n{}", b"{}\nx", b'{"a": 1}}\n']
)
def test_what_is_no_json(data: bytes) -> None:
    with pytest.raises(ArtifactError, match=r"a[.]file"):
        read_document(data, limits=DEFAULT_LIMITS, what="a.file")


def test_names_of_members_match_in_any_letter_case() -> None:
    data = json.dumps({"BOMFORMAT": "CycloneDX"}).encode()

    assert read_document(data, limits=DEFAULT_LIMITS, what="a.file").components == ()


def test_bounds() -> None:
    with pytest.raises(LimitError, match=r"`a[.]file`"):
        read_document(encoded(SMALL), limits=Limits(json_bytes=10), what="a.file")
