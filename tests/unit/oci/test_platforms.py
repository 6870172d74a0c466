"""Which manifest of an index is meant."""

from __future__ import annotations

import pytest

from assaymark.errors import ArtifactError
from assaymark.model.descriptor import OCI_INDEX, OCI_MANIFEST, Descriptor
from assaymark.model.digest import Digest
from assaymark.model.platform import Platform, parse_platform
from assaymark.oci.manifest import Index
from assaymark.oci.platforms import offered_platforms, select_platform

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
