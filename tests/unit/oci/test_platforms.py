"""Which manifest of an index is meant."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import Limits
from assaymark.model.descriptor import OCI_INDEX, OCI_MANIFEST, Descriptor
from assaymark.model.digest import Digest, sha256_digest
from assaymark.model.platform import Platform, parse_platform, parse_platforms
from assaymark.oci.content import StoredManifest
from assaymark.oci.manifest import Index
from assaymark.oci.platforms import (
    PlatformEntry,
    choose_entries,
    offered_platforms,
    platform_entries,
    select_platform,
)

OFFERED = ["windows/amd64:10.0.1", "linux/arm64/v8", "", "linux/amd64", "unknown/unknown"]


def entry(number: int, platform: str) -> Descriptor:
    digest = Digest(f"sha256:{number:064x}")
    parsed = parse_platform(platform) if platform else None
    return Descriptor(media_type=OCI_MANIFEST, digest=digest, size=1, platform=parsed)


INDEX = Index(media_type=OCI_INDEX, manifests=tuple(entry(number, text) for number, text in enumerate(OFFERED)))

WISHES = [
    pytest.param("", 2, id="no wish is linux/amd64, which an entry without a platform counts as"),
    pytest.param("linux/arm64", 1, id="a variant is only compared when it is wished for"),
    pytest.param("linux/arm64/v8", 1, id="the variant that was wished for"),
    pytest.param("windows/amd64", 0, id="a version is only compared when it is wished for"),
    pytest.param("*/amd64", 0, id="any system is the first entry's"),
]


@pytest.mark.parametrize(("wish", "position"), WISHES)
def test_the_first_match_is_taken(wish: str, position: int) -> None:
    assert INDEX.manifests[position] == select_platform(INDEX, parse_platform(wish) if wish else None)


@pytest.mark.parametrize("wish", ["linux/arm64/v7", "linux/s390x", "windows/amd64:11", "*/arm64"])
def test_a_platform_that_is_not_offered(wish: str) -> None:
    with pytest.raises(ArtifactError, match="the index has no manifest for"):
        select_platform(INDEX, parse_platform(wish))


def test_an_empty_index_offers_nothing() -> None:
    with pytest.raises(ArtifactError) as caught:
        select_platform(Index(media_type=OCI_INDEX, manifests=()), parse_platform("*/amd64"))
    assert caught.value.hint == "`--platform` can be nothing"


def test_attestations_of_builders_are_not_offered() -> None:
    windows = Platform(os="windows", architecture="amd64", os_version="10.0.1")
    arm = Platform(os="linux", architecture="arm64", variant="v8")
    assert (windows, arm, Platform(os="linux", architecture="amd64")) == offered_platforms(INDEX)


class Shelf:
    """Indexes by their digests."""

    def __init__(self) -> None:
        self.indexes: dict[Digest, bytes] = {}

    def index(self, *entries: dict[str, Any]) -> StoredManifest:
        data = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(entries)}).encode()
        digest = sha256_digest(data)
        self.indexes[digest] = data
        return self.read(Descriptor(media_type=OCI_INDEX, digest=digest, size=len(data)))

    def read(self, entry: Descriptor) -> StoredManifest:
        return StoredManifest(data=self.indexes[entry.digest], descriptor=entry)

    def entries(self, top: StoredManifest, limits: Limits | None = None) -> list[tuple[str, str]]:
        found = platform_entries(top, read=self.read, limits=limits or Limits(), what="`app`")
        return [(each.descriptor.digest[-2:], each.name) for each in found]


def listed(number: int, platform: str, **more: Any) -> dict[str, Any]:
    parts = dict(zip(("os", "architecture", "variant"), platform.split("/"), strict=False))
    document = {"mediaType": OCI_MANIFEST, "digest": f"sha256:{number:064x}", "size": 1, **more}
    return document | ({"platform": parts} if platform else {})


def nested(inner: StoredManifest) -> dict[str, Any]:
    return {"mediaType": OCI_INDEX, "digest": inner.descriptor.digest, "size": inner.descriptor.size}


ATTESTATION = {"annotations": {"vnd.docker.reference.type": "attestation-manifest"}}


class TestEveryPlatform:
    def test_attestations_of_builders_are_none(self) -> None:
        shelf = Shelf()
        top = shelf.index(listed(1, "linux/amd64"), listed(2, "unknown/unknown", **ATTESTATION), listed(3, ""))
        assert shelf.entries(top) == [("01", "linux/amd64"), ("03", "linux/amd64")]

    def test_an_annotation_hides_nothing_that_can_be_run(self) -> None:
        shelf = Shelf()
        top = shelf.index(listed(1, "linux/arm64", artifactType="application/x", **ATTESTATION))
        assert shelf.entries(top) == [("01", "linux/arm64")]

    def test_one_manifest_for_several_platforms_is_one(self) -> None:
        shelf = Shelf()
        top = shelf.index(listed(1, "linux/arm/v6"), listed(2, "linux/amd64"), listed(1, "linux/arm/v7"))
        assert shelf.entries(top) == [("01", "linux/arm/v6, linux/arm/v7"), ("02", "linux/amd64")]

    def test_indexes_in_indexes(self) -> None:
        shelf = Shelf()
        inner = shelf.index(listed(2, "linux/arm64"), listed(3, "linux/s390x"))
        assert shelf.entries(shelf.index(listed(1, "linux/amd64"), nested(inner))) == [
            ("01", "linux/amd64"),
            ("02", "linux/arm64"),
            ("03", "linux/s390x"),
        ]

    def test_a_single_manifest_has_none(self) -> None:
        data = json.dumps(
            {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": listed(1, "") | {"mediaType": "x"}, "layers": []}
        ).encode()
        descriptor = Descriptor(media_type=OCI_MANIFEST, digest=sha256_digest(data), size=len(data))
        assert Shelf().entries(StoredManifest(data=data, descriptor=descriptor)) == []

    def test_deeper_than_the_limit(self) -> None:
        shelf = Shelf()
        top = shelf.index(listed(1, "linux/amd64"))
        for _ in range(3):
            top = shelf.index(nested(top))
        assert shelf.entries(top, Limits(index_depth=4)) == [("01", "linux/amd64")]
        with pytest.raises(LimitError, match="`app` nests indexes deeper than 3"):
            shelf.entries(top, Limits(index_depth=3))

    @pytest.mark.parametrize("leaves", [5, 0], ids=["that list something", "that list nothing"])
    def test_more_than_the_limit_in_many_indexes(self, leaves: int) -> None:
        shelf = Shelf()
        top = shelf.index(*(listed(number, "linux/amd64") for number in range(leaves)))
        for _ in range(3):
            top = shelf.index(*[nested(top)] * 5)
        with pytest.raises(LimitError, match="`app` lists more than 100 manifests"):
            shelf.entries(top, Limits(index_entries=100))


CHOICES = [
    pytest.param("all", ["01", "02", "03"], id="all"),
    pytest.param("linux/s390x,linux/amd64", ["03", "01"], id="in the order in which they were asked for"),
    pytest.param("linux/arm/v7, linux/arm", ["02"], id="one manifest once"),
    pytest.param("*/s390x", ["03"], id="any system is the first entry's"),
]


def three() -> Sequence[PlatformEntry]:
    shelf = Shelf()
    top = shelf.index(
        listed(1, "linux/amd64"), listed(2, "linux/arm/v6"), listed(2, "linux/arm/v7"), listed(3, "linux/s390x")
    )
    return platform_entries(top, read=shelf.read, limits=Limits(), what="`app`")


@pytest.mark.parametrize(("wishes", "chosen"), CHOICES)
def test_several_platforms(wishes: str, chosen: list[str]) -> None:
    found = choose_entries(three(), parse_platforms(wishes))
    assert chosen == [entry.descriptor.digest[-2:] for entry in found]


def test_one_of_several_that_is_not_offered() -> None:
    with pytest.raises(ArtifactError, match="the index has no manifest for `windows/amd64:10`") as caught:
        choose_entries(three(), parse_platforms("linux/amd64,windows/amd64:10"))
    assert (caught.value.reason, caught.value.hint) == (
        "PLATFORM_NOT_OFFERED",
        "`--platform` can be linux/amd64, linux/arm/v6, linux/arm/v7, linux/s390x",
    )
