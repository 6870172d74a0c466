"""Images of a registry: platform, names and what is refused; the registry is played by an image layout."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from tests.support.images import Entry, build_image, build_index, describe, describe_json, encode

from assaymark.artifact.remote import open_remote_image, repo_tags
from assaymark.artifact.source import ImageRequest
from assaymark.errors import ArtifactError, NotFoundError, OfflineError
from assaymark.model.artifact import ImageIdentity
from assaymark.model.descriptor import OCI_EMPTY, OCI_MANIFEST
from assaymark.model.platform import parse_platform
from assaymark.model.reference import Reference, parse_reference
from assaymark.oci.layout import Layout

if TYPE_CHECKING:
    from assaymark.oci.registry import Registry

LAYERS: list[Mapping[str, Entry]] = [{"etc/os-release": "ID=alpine\n"}]
IMAGE = build_image(LAYERS)
ARM = build_image(LAYERS, platform="linux/arm64/v8")
INDEX = build_index([IMAGE, ARM])


class LayoutRegistry:
    """A registry whose every repository is one layout."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def repository(self, reference: Reference) -> Layout:  # the registry's signature
        return self._layout


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "registry", create=True)


def request(layout: Layout, name: str, platform: str = "") -> ImageRequest:
    return ImageRequest(
        name=name,
        reference=parse_reference(name),
        platform=parse_platform(platform) if platform else None,
        registry=cast("Registry", LayoutRegistry(layout)),
    )


def open_identity(layout: Layout, name: str, platform: str = "") -> ImageIdentity:
    with open_remote_image(request(layout, name, platform)) as image:
        return image.identity


def test_a_single_manifest_is_taken_whatever_its_platform(layout: Layout) -> None:
    ARM.push(layout, tag="3.10")
    assert open_identity(layout, "alpine:3.10", "linux/amd64") == ImageIdentity(
        name="alpine:3.10",
        image_id=ARM.image_id,
        config=ARM.config,
        repo_tags=("alpine:3.10",),
        repo_digests=(f"alpine@{ARM.descriptor.digest}",),
        reference=parse_reference("alpine:3.10"),
        resolved=ARM.descriptor,
        manifest=ARM.descriptor,
        platform=ARM.platform,
        source="remote",
    )


PLATFORMS = [
    pytest.param("", IMAGE, id="linux/amd64 without a wish"),
    pytest.param("linux/arm64", ARM, id="an architecture without its variant"),
    pytest.param("linux/arm64/v8", ARM, id="an architecture with its variant"),
    pytest.param("*/arm64", ARM, id="any system"),
]


@pytest.mark.parametrize(("platform", "expected"), PLATFORMS)
def test_an_index_leads_to_the_platform(layout: Layout, platform: str, expected: object) -> None:
    INDEX.push(layout, tag="3.10")
    identity = open_identity(layout, "ghcr.io/x/y:3.10", platform)
    assert (expected, INDEX.descriptor, (IMAGE.platform, ARM.platform)) == (
        IMAGE if identity.manifest == IMAGE.descriptor else ARM,
        identity.resolved,
        identity.platforms,
    )
    assert identity.repo_digests == (f"ghcr.io/x/y@{INDEX.descriptor.digest}",)


def test_a_platform_that_there_is_not_lists_those_that_there_are(layout: Layout) -> None:
    INDEX.push(layout, tag="3.10")
    with pytest.raises(ArtifactError, match="no manifest for `linux/s390x`") as caught:
        open_identity(layout, "alpine:3.10", "linux/s390x")
    assert caught.value.hint == "`--platform` can be linux/amd64, linux/arm64/v8"


def test_layers_are_verified_blobs(layout: Layout) -> None:
    IMAGE.push(layout, tag="1")
    with open_remote_image(request(layout, "a:1")) as image:
        (layer,) = image.layers
        assert (IMAGE.layers[0].diff_id, IMAGE.layers[0].descriptor.digest) == (layer.diff_id, layer.digest)
        with layer.open() as stream:
            assert IMAGE.layers[0].stored == stream.read()


TAGS = [
    pytest.param("alpine", ("alpine:latest",), id="the tag that is understood"),
    pytest.param("docker.io/library/alpine:3", ("alpine:3",), id="the familiar name"),
    pytest.param("127.0.0.1:5000/a/b:1", ("127.0.0.1:5000/a/b:1",), id="another registry"),
    pytest.param(f"alpine:3@{IMAGE.image_id}", (), id="a digest takes the tag away"),
]


@pytest.mark.parametrize(("name", "expected"), TAGS)
def test_tags_of_the_report(name: str, expected: tuple[str, ...]) -> None:
    assert expected == repo_tags(parse_reference(name))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"artifactType": "application/vnd.cncf.helm.chart"}, id="an artifact type"),
        pytest.param({"config": {**describe_json(describe(b"{}", OCI_EMPTY))}}, id="a configuration of another kind"),
    ],
)
def test_other_artifacts_are_refused(layout: Layout, changes: dict[str, object]) -> None:
    IMAGE.push(layout)
    layout.push_blob(b"{}", media_type=OCI_EMPTY)
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": describe_json(describe(IMAGE.config, "application/vnd.oci.image.config.v1+json")),
        "layers": [],
        **changes,
    }
    layout.push_manifest(encode(manifest), media_type=OCI_MANIFEST, tag="chart")
    with pytest.raises(ArtifactError, match="is not an image but an artifact of type"):
        open_identity(layout, "a:chart")


def test_an_image_that_there_is_not(layout: Layout) -> None:
    with pytest.raises(NotFoundError):
        open_identity(layout, "a:none")


def test_without_a_registry_nothing_is_fetched() -> None:
    with pytest.raises(OfflineError), open_remote_image(ImageRequest(name="a:1", reference=parse_reference("a:1"))):
        pass
