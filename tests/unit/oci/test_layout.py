"""An image-layout folder as a repository: what others can read of it, and what it refuses."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.support.images import (
    BuiltImage,
    BuiltIndex,
    Entry,
    build_image,
    build_index,
    describe,
    describe_json,
    encode,
)

from assaymark.errors import (
    ArtifactError,
    ConflictError,
    DigestMismatchError,
    LimitError,
    LocalError,
    NotFoundError,
)
from assaymark.limits import Limits
from assaymark.model.descriptor import OCI_EMPTY, OCI_INDEX, OCI_MANIFEST, Descriptor
from assaymark.model.digest import Digest, sha256_digest
from assaymark.oci.layout import Layout

LAYERS: list[Mapping[str, Entry]] = [{"etc/os-release": "ID=alpine\n"}]
IMAGE = build_image(LAYERS)
ARM = build_image(LAYERS, platform="linux/arm64")
INDEX = build_index([IMAGE, ARM])
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
ABSENT = Digest("sha256:" + "0" * 64)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "layout", create=True)


def entries(layout: Layout) -> list[dict[str, Any]]:
    document = json.loads((Path(layout.name) / "index.json").read_bytes())
    listed: list[dict[str, Any]] = document["manifests"]
    return listed


def listed(descriptor: Descriptor, tag: str = "", kind: str = "image") -> dict[str, Any]:
    annotations = {"kind": f"dev.cosignproject.cosign/{kind}"}
    if tag:
        annotations["org.opencontainers.image.ref.name"] = tag
    return {**describe_json(descriptor), "annotations": annotations}


def referrer(subject: Descriptor, *, kind: str = BUNDLE, note: str = "") -> bytes:
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": kind,
        "config": describe_json(describe(b"{}", OCI_EMPTY)),
        "layers": [],
        "subject": describe_json(subject),
        "annotations": {"note": note},
    }
    return encode(document)


def test_a_new_layout_has_what_the_specification_asks_for(layout: Layout) -> None:
    folder = Path(layout.name)
    assert json.loads((folder / "oci-layout").read_bytes()) == {"imageLayoutVersion": "1.0.0"}
    assert json.loads((folder / "index.json").read_bytes()) == {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [],
    }
    assert (folder / "blobs" / "sha256").is_dir()


def test_an_existing_layout_is_kept(layout: Layout) -> None:
    IMAGE.push(layout, tag="1")
    again = Layout(Path(layout.name), create=True)
    assert [listed(IMAGE.descriptor, "1")] == entries(again)


def test_what_was_pushed_can_be_read(layout: Layout) -> None:
    assert IMAGE.push(layout, tag="1") == IMAGE.descriptor
    layer = IMAGE.layers[0].descriptor
    for identifier in ("1", "", IMAGE.descriptor.digest):
        stored = layout.manifest(identifier)
        assert (IMAGE.manifest, IMAGE.descriptor) == (stored.data, stored.descriptor)
        assert IMAGE.descriptor == layout.resolve(identifier)
    with layout.open_blob(layer) as stream:
        assert IMAGE.layers[0].stored == stream.read()
    assert IMAGE.layers[0].stored == layout.read_blob(layer, limit=layer.size)


def test_what_there_is_not(layout: Layout) -> None:
    assert [layout.resolve(identifier) for identifier in ("", "1", ABSENT)] == [None] * 3
    for identifier, message in (("", "no image"), ("1", "no manifest `1`"), (ABSENT, "no manifest `sha256:0")):
        with pytest.raises(NotFoundError, match=message):
            layout.manifest(identifier)
    with pytest.raises(NotFoundError):
        layout.delete_manifest(ABSENT)
    with (
        pytest.raises(ArtifactError, match="has no `blobs/sha256/0000"),
        layout.open_blob(Descriptor(media_type="x", digest=ABSENT, size=1)),
    ):
        pass


def test_several_images_without_a_tag_are_ambiguous(layout: Layout) -> None:
    IMAGE.push(layout, tag="1")
    ARM.push(layout)
    with pytest.raises(ArtifactError, match="holds several images") as caught:
        layout.resolve("")
    assert caught.value.hint == f"say which one is meant: `1`, `{ARM.descriptor.digest}`"


def test_an_index_replaces_its_untagged_children_in_the_list(layout: Layout) -> None:
    INDEX.push(layout, tag="3.10")
    assert [listed(INDEX.descriptor, "3.10", "imageIndex")] == entries(layout)
    assert ARM.descriptor == layout.resolve(ARM.descriptor.digest)


def test_a_tag_given_later_takes_the_entry_without_one(layout: Layout) -> None:
    IMAGE.push(layout)
    assert [listed(IMAGE.descriptor)] == entries(layout)
    IMAGE.push(layout, tag="1")
    IMAGE.push(layout, tag="2")
    IMAGE.push(layout)
    assert [listed(IMAGE.descriptor, "1"), listed(IMAGE.descriptor, "2")] == entries(layout)


KINDS = [
    pytest.param(f"sha256-{'a' * 64}.att", "atts", id="attestations"),
    pytest.param(f"sha256-{'a' * 64}.sig", "sigs", id="signatures"),
    pytest.param("sha256-plain", "image", id="an image with an odd tag"),
]


@pytest.mark.parametrize(("tag", "kind"), KINDS)
def test_entries_say_what_cosign_looks_for(layout: Layout, tag: str, kind: str) -> None:
    IMAGE.push(layout, tag=tag)
    assert [listed(IMAGE.descriptor, tag, kind)] == entries(layout)


def test_attestations_do_not_make_a_layout_ambiguous(layout: Layout) -> None:
    IMAGE.push(layout)
    ARM.push(layout, tag=f"sha256-{'a' * 64}.att")
    assert IMAGE.descriptor == layout.resolve("")


def test_a_tag_moves_only_from_what_was_read(layout: Layout) -> None:
    IMAGE.push(layout, tag="1")
    with pytest.raises(ConflictError, match=r"tag `1`.* was changed by somebody else"):
        ARM.push(layout, tag="1")
    IMAGE.push(layout, tag="1")  # the same again is no change
    moved = layout.push_manifest(ARM.manifest, media_type=OCI_MANIFEST, tag="1", replaces=IMAGE.descriptor.digest)
    assert ([listed(ARM.descriptor, "1")], ARM.descriptor) == (entries(layout), moved)


def test_of_concurrent_writers_none_is_lost(layout: Layout) -> None:
    images = [build_image([{"f": str(number)}]) for number in range(8)]
    writers = [
        threading.Thread(target=image.push, args=(layout,), kwargs={"tag": f"t{number}"})
        for number, image in enumerate(images)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    expected = {f"t{number}": image.descriptor for number, image in enumerate(images)}
    assert expected == {tag: layout.resolve(tag) for tag in expected}


def test_referrers_are_found_unlisted_and_listed(layout: Layout) -> None:
    IMAGE.push(layout, tag="1")
    layout.push_blob(b"{}", media_type=OCI_EMPTY)
    layout.push_blob(b'{"names": "' + IMAGE.descriptor.digest.encode() + b'"}', media_type="x")
    first, second, other = (
        referrer(subject, note=note)
        for subject, note in ((IMAGE.descriptor, "1"), (IMAGE.descriptor, "2"), (ARM.descriptor, "3"))
    )
    layout.push_manifest(first, media_type=OCI_MANIFEST)
    layout.push_manifest(second, media_type=OCI_MANIFEST, tag="named")
    layout.push_manifest(other, media_type=OCI_MANIFEST)
    expected = [
        Descriptor(
            media_type=OCI_MANIFEST,
            digest=sha256_digest(data),
            size=len(data),
            artifact_type=BUNDLE,
            annotations=(("note", note),),
        )
        for data, note in ((first, "1"), (second, "2"))
    ]
    assert sorted(expected, key=lambda item: item.digest) == list(layout.referrers(IMAGE.descriptor.digest))
    assert [entry["annotations"]["org.opencontainers.image.ref.name"] for entry in entries(layout)] == ["1", "named"]
    assert layout.referrers(ABSENT) == ()


def test_referrers_are_bounded(layout: Layout) -> None:
    IMAGE.push(layout, tag="1")
    for number in range(3):
        layout.push_manifest(referrer(IMAGE.descriptor, note=str(number)), media_type=OCI_MANIFEST)
    for limits, message in (
        (Limits(referrers_listed=2), "more than 2 manifests"),
        (Limits(layout_blobs=3), "more than 3 blobs"),
    ):
        with pytest.raises(LimitError, match=message):
            Layout(Path(layout.name), limits=limits).referrers(IMAGE.descriptor.digest)


def test_a_forged_referrer_is_an_error(layout: Layout) -> None:
    IMAGE.push(layout, tag="1")
    name = "ab" * 32
    (Path(layout.name) / "blobs" / "sha256" / name).write_bytes(referrer(IMAGE.descriptor))
    with pytest.raises(DigestMismatchError):
        layout.referrers(IMAGE.descriptor.digest)


def test_deleting_removes_the_manifest_and_its_tags(layout: Layout) -> None:
    IMAGE.push(layout, tag="1")
    IMAGE.push(layout, tag="2")
    ARM.push(layout, tag="3")
    layout.delete_manifest(IMAGE.descriptor.digest)
    assert [listed(ARM.descriptor, "3")] == entries(layout)
    assert layout.resolve(IMAGE.descriptor.digest) is None


def test_members_of_other_tools_survive_a_push(layout: Layout) -> None:
    path = Path(layout.name) / "index.json"
    foreign = {**describe_json(ARM.descriptor), "annotations": {"x": "y"}, "urls": ["https://example.com"]}
    path.write_text(json.dumps({"schemaVersion": 2, "manifests": [foreign], "annotations": {"a": "b"}}))
    IMAGE.push(layout, tag="1")
    assert json.loads(path.read_bytes()) == {
        "schemaVersion": 2,
        "manifests": [foreign, listed(IMAGE.descriptor, "1")],
        "annotations": {"a": "b"},
    }


def test_a_damaged_blob_is_written_again(layout: Layout) -> None:
    IMAGE.push(layout, tag="1")
    layer = IMAGE.layers[0]
    path = Path(layout.name) / "blobs" / layer.descriptor.digest.replace(":", "/")
    path.write_bytes(bytes(layer.descriptor.size))
    with pytest.raises(DigestMismatchError):
        layout.read_blob(layer.descriptor, limit=10_000)
    layout.push_blob(layer.stored, media_type=layer.media_type)
    assert layer.stored == layout.read_blob(layer.descriptor, limit=10_000)


def test_promises_are_held_against_the_bytes(layout: Layout) -> None:
    IMAGE.push(layout, tag="1")
    layer = IMAGE.layers[0].descriptor
    for size in (layer.size - 1, layer.size + 1):
        lying = Descriptor(media_type="x", digest=layer.digest, size=size)
        with pytest.raises(DigestMismatchError):
            layout.read_blob(lying, limit=10_000)
    with pytest.raises(LimitError, match="the limit is 5"):
        layout.read_blob(layer, limit=5)


def test_a_huge_manifest_is_not_read(layout: Layout) -> None:
    IMAGE.push(layout, tag="1")
    with pytest.raises(LimitError):
        Layout(Path(layout.name), limits=Limits(manifest_bytes=100)).resolve("1")


def test_a_pipe_in_place_of_a_file_is_refused_and_not_waited_for(layout: Layout) -> None:
    digest = IMAGE.descriptor.digest
    os.mkfifo(Path(layout.name) / "blobs" / digest.replace(":", "/"))
    with pytest.raises(ArtifactError, match="is not a regular file"), layout.open_blob(IMAGE.descriptor):
        pass


def test_what_is_no_layout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="there is no folder"):
        Layout(tmp_path / "none")
    with pytest.raises(ArtifactError, match="is not an OCI image layout"):
        Layout(tmp_path)


def test_a_folder_that_cannot_be_made_is_a_local_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(LocalError, match="cannot create"):
        Layout(tmp_path / "file" / "layout", create=True)


@pytest.mark.parametrize("built", [IMAGE, INDEX], ids=["an image", "an index"])
@pytest.mark.parametrize("legacy", [False, True], ids=["a referrer", "a set under a tag"])
def test_what_others_placed_is_marked_for_cosign_with_its_first_attachment(
    tmp_path: Path, built: BuiltImage | BuiltIndex, legacy: bool
) -> None:
    folder = built.save_layout(tmp_path / "theirs", ref="v1")
    layout, before = Layout(folder), entries(Layout(folder))
    subject = layout.manifest("v1").descriptor
    if legacy:
        tag = subject.digest.replace(":", "-") + ".att"
        layout.push_manifest(build_image().manifest, media_type=OCI_MANIFEST, tag=tag)
    else:
        layout.push_manifest(referrer(subject), media_type=OCI_MANIFEST)
    kind = "dev.cosignproject.cosign/" + ("imageIndex" if subject.media_type == OCI_INDEX else "image")
    marked = {**before[0], "annotations": {**before[0]["annotations"], "kind": kind}}
    assert entries(layout)[0] == marked


class TestCompanions:
    """Cosign's sets of signatures and attestations, of the image and of its platforms."""

    def attach(self, layout: Layout, subject: Descriptor, note: str) -> Descriptor:
        tag = f"{subject.digest.replace(':', '-')}.att"
        config = layout.push_blob(note.encode(), media_type=OCI_EMPTY)
        document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": describe_json(config), "layers": []}
        return layout.push_manifest(encode(document), media_type=OCI_MANIFEST, tag=tag)

    def test_that_of_a_platform_is_not_taken_for_that_of_the_image(self, layout: Layout) -> None:
        INDEX.push(layout)
        for subject in (ARM.descriptor, INDEX.descriptor):
            self.attach(layout, subject, subject.digest)
        kinds = [entry["annotations"].get("kind", "").rpartition("/")[2] for entry in entries(layout)]
        assert kinds == ["imageIndex", "", "atts"]
        assert layout.images() == {INDEX.descriptor.digest}

    def test_one_that_cosign_wrote_has_a_kind_and_no_tag(self, layout: Layout) -> None:
        IMAGE.push(layout)
        placed = self.attach(layout, IMAGE.descriptor, "ours")
        index = Path(layout.name) / "index.json"
        document = json.loads(index.read_bytes())
        for entry in document["manifests"]:
            entry["annotations"].pop("org.opencontainers.image.ref.name", None)
        index.write_text(json.dumps(document))
        tag = f"{IMAGE.descriptor.digest.replace(':', '-')}"
        assert [layout.resolve(name) for name in (f"{tag}.sig", f"{tag}.att", f"sha256-{'0' * 64}.att")] == [
            None,
            placed,
            None,
        ]
        ARM.push(layout)  # whose it is cannot be told now
        assert layout.resolve(f"{tag}.att") is None
