"""The platforms of an image that attestations are about: on a registry, in a layout, nested, alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.support.images import build_image, build_index

from assaymark.attest.image import NamedImage, find_local_image
from assaymark.attest.platforms import choose_platforms, find_entry, list_platforms
from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import Limits
from assaymark.model.platform import parse_platforms
from assaymark.oci.layout import Layout

AMD, ARM = "linux/amd64", "linux/arm64"


@pytest.fixture
def index(tmp_path: Path) -> NamedImage:
    """An index of two platforms in a layout."""
    built = build_index([build_image([{"a": name}], platform=name) for name in (AMD, ARM)])
    return find_local_image(str(built.save_layout(tmp_path / "layout", ref="1")))


def single(tmp_path: Path, **document: object) -> NamedImage:
    """An image whose configuration says more, or something else."""
    built = build_image([{"a": "b"}], document=document or None)
    return find_local_image(str(built.save_layout(tmp_path / "single", ref="1")))


def test_an_index_has_its_entries(index: NamedImage) -> None:
    assert [entry.name for entry in list_platforms(index)] == [AMD, ARM]
    assert [entry.name for entry in choose_platforms(index)] == [AMD, ARM]
    assert [entry.name for entry in choose_platforms(index, parse_platforms(ARM))] == [ARM]


def test_a_platform_is_named_with_its_index_and_by_its_digest(index: NamedImage) -> None:
    _, arm = list_platforms(index)
    found = find_entry(index, arm)
    assert (found.text, found.subject.digest) == (f"{index.text} ({ARM})", arm.descriptor.digest)
    assert found.pinned == f"{index.pinned.partition('@')[0]}@{arm.descriptor.digest}"
    assert found.attachments is index.attachments


def test_a_manifest_that_was_changed_is_refused(index: NamedImage) -> None:
    _, arm = list_platforms(index)
    path = Path(index.store.name) / "blobs" / arm.descriptor.digest.replace(":", "/")
    path.write_bytes(path.read_bytes().replace(b"schemaVersion", b"schemaVersioN"))
    with pytest.raises(ArtifactError):
        find_entry(index, arm)


class TestSingleManifests:
    def test_it_is_for_what_its_configuration_states(self, tmp_path: Path) -> None:
        image = single(tmp_path)
        (entry,) = choose_platforms(image, parse_platforms(AMD))
        assert (entry.name, list_platforms(image)) == (AMD, ())
        assert find_entry(image, entry) is image

    def test_every_wish_has_to_be_met(self, tmp_path: Path) -> None:
        with pytest.raises(ArtifactError) as caught:
            choose_platforms(single(tmp_path), parse_platforms(f"{AMD},{ARM}"))
        assert (caught.value.reason, caught.value.hint) == ("PLATFORM_NOT_OFFERED", f"`--platform` can be {AMD}")

    def test_a_configuration_that_is_none(self, tmp_path: Path) -> None:
        with pytest.raises(ArtifactError, match="image configuration"):
            choose_platforms(single(tmp_path, os=["linux"]))

    def test_a_configuration_beyond_the_limit(self, tmp_path: Path) -> None:
        image = single(tmp_path, author="x" * 1000)
        with pytest.raises(LimitError):
            choose_platforms(image, limits=Limits(config_bytes=1000))


def test_indexes_in_indexes(tmp_path: Path) -> None:
    built = build_index([build_image([{"a": name}], platform=name) for name in (AMD, ARM)])
    folder = built.save_layout(tmp_path / "layout")
    inner = built.descriptor
    entry = {"mediaType": inner.media_type, "digest": inner.digest, "size": inner.size}
    document = {"schemaVersion": 2, "mediaType": inner.media_type, "manifests": [entry]}
    outer = Layout(folder).push_manifest(json.dumps(document).encode(), media_type=inner.media_type, tag="outer")
    image = find_local_image(f"{folder}@{outer.digest}")
    arm = choose_platforms(image, parse_platforms(ARM))[0]
    assert find_entry(image, arm).subject.digest == built.images[1].descriptor.digest
