"""OCI image layouts as input: which image is meant, and that its bytes are verified."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.support.images import (
    Entry,
    build_image,
    build_index,
    describe,
    encode,
    layout_files,
    write_files,
)

from assaymark.artifact.oci import open_layout
from assaymark.artifact.source import ImageRequest
from assaymark.errors import ArtifactError, DigestMismatchError, LimitError, LocalError
from assaymark.limits import Limits
from assaymark.model.artifact import ImageIdentity
from assaymark.model.digest import Digest, sha256_digest
from assaymark.model.platform import Platform, parse_platform
from assaymark.oci.layout_reader import split_input

LAYERS: list[Mapping[str, Entry]] = [{"etc/os-release": "ID=alpine\n"}]
IMAGE = build_image(LAYERS)
ARM = build_image(LAYERS, platform="linux/arm64/v8")
INDEX = build_index([IMAGE, ARM])


def open_identity(text: str, **changes: object) -> ImageIdentity:
    request = ImageRequest(name=text, input=text, **changes)  # type: ignore[arg-type]  # whatever a test changes
    with open_layout(request) as image:
        return image.identity


@pytest.mark.parametrize("kind", ["gzip", "zstd", "none"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_layout_gives_its_image(tmp_path: Path, kind: str, packed: bool) -> None:
    built = build_image(LAYERS, compression=kind)
    path = built.save_layout_tar(tmp_path / "a.tar") if packed else built.save_layout(tmp_path / "a")
    with open_layout(ImageRequest(name=str(path), input=str(path))) as image:
        assert image.identity == ImageIdentity(
            name=str(path),
            image_id=built.image_id,
            config=built.config,
            resolved=built.descriptor,
            manifest=built.descriptor,
            platform=Platform(os="linux", architecture="amd64"),
            source="oci",
        )
        (layer,) = image.layers
        stored = sha256_digest(built.layers[0].stored)
        assert (built.layers[0].diff_id, stored, stored) == (layer.diff_id, layer.digest, layer.cache_identity)
        with layer.open() as stream:
            assert built.layers[0].stored == stream.read()


def several(folder: Path) -> Path:
    entries = [(IMAGE.descriptor, "first"), (ARM.descriptor, "second"), (INDEX.descriptor, "both")]
    return write_files(folder, layout_files(entries, INDEX.blobs))


CHOICES = [
    pytest.param("", IMAGE.image_id, id="the first without a reference"),
    pytest.param(":second", ARM.image_id, id="a tag behind a colon"),
    pytest.param("@second", ARM.image_id, id="a tag behind an at sign"),
    pytest.param(f"@{ARM.descriptor.digest}", ARM.image_id, id="a digest"),
    pytest.param(":both", IMAGE.image_id, id="the first child of an index"),
]


@pytest.mark.parametrize(("suffix", "expected"), CHOICES)
def test_the_image_is_chosen(tmp_path: Path, suffix: str, expected: Digest) -> None:
    path = several(tmp_path / "a")
    assert expected == open_identity(f"{path}{suffix}").image_id


def test_a_platform_that_was_asked_for_is_taken(tmp_path: Path) -> None:
    path = INDEX.save_layout(tmp_path / "a")
    identity = open_identity(str(path), platform=parse_platform("linux/arm64"))
    platforms = (Platform(os="linux", architecture="amd64"), Platform(os="linux", architecture="arm64", variant="v8"))
    assert (ARM.descriptor, INDEX.descriptor, platforms) == (
        identity.manifest,
        identity.resolved,
        identity.platforms,
    )


def test_a_platform_that_there_is_not_is_an_error(tmp_path: Path) -> None:
    path = INDEX.save_layout(tmp_path / "a")
    with pytest.raises(ArtifactError, match="no manifest for `linux/s390x`"):
        open_identity(str(path), platform=parse_platform("linux/s390x"))


def test_signatures_are_passed_over(tmp_path: Path) -> None:
    entries = [(ARM.descriptor, f"sha256-{'a' * 64}.att"), (IMAGE.descriptor, "")]
    path = write_files(tmp_path / "a", layout_files(entries, {**IMAGE.blobs, **ARM.blobs}))
    assert open_identity(str(path)).image_id == IMAGE.image_id


PATHS = [
    pytest.param("a", "a", "", id="a plain path"),
    pytest.param("a:1", "a", "1", id="a tag"),
    pytest.param("a@1:2", "a", "1:2", id="an at sign comes first"),
    pytest.param("c:d", "c:d", "", id="a path with a colon, where the cut one does not exist"),
    pytest.param("none:1", "none", "1", id="neither exists"),
]


@pytest.mark.parametrize(("text", "path", "reference"), PATHS)
def test_inputs_are_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, path: str, reference: str) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "c:d").mkdir()
    monkeypatch.chdir(tmp_path)
    assert (Path(path), reference) == split_input(text)


def changed(folder: Path, digest: Digest, data: bytes) -> Path:
    (folder / "blobs" / digest.replace(":", "/")).write_bytes(data)
    return folder


def test_bytes_that_are_not_what_was_promised_are_refused(tmp_path: Path) -> None:
    layer = IMAGE.layers[0].descriptor
    for digest in (IMAGE.descriptor.digest, IMAGE.image_id):
        path = changed(IMAGE.save_layout(tmp_path / digest[7:12]), digest, b"{}")
        with pytest.raises(DigestMismatchError):
            open_identity(str(path))
    path = changed(IMAGE.save_layout(tmp_path / "layer"), layer.digest, bytes(layer.size))
    opened = open_layout(ImageRequest(name="x", input=str(path)))
    with opened as image, image.layers[0].open() as stream, pytest.raises(DigestMismatchError):
        stream.read()


def test_layers_without_a_diff_id_are_refused(tmp_path: Path) -> None:
    image = build_image(LAYERS, document={"rootfs": {"type": "layers", "diff_ids": []}})
    with pytest.raises(ArtifactError, match="1 layers, but its configuration has 0 diff_ids"):
        open_identity(str(image.save_layout(tmp_path / "a")))


def test_what_is_no_layout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"has no `index\.json`") as caught:
        open_identity(str(tmp_path))
    assert caught.value.reason == "OTHER_FORMAT"
    with pytest.raises(LocalError, match="no such file"):
        open_identity(str(tmp_path / "none"))


def test_an_unknown_reference_names_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="has no `fourth`") as caught:
        open_identity(f"{several(tmp_path / 'a')}:fourth")
    assert caught.value.hint == "it has `first`, `second`, `both`"


def nested(levels: int) -> dict[str, bytes]:
    blobs = {str(digest): data for digest, data in IMAGE.blobs.items()}
    entry = IMAGE.descriptor
    for _ in range(levels):
        document = {"schemaVersion": 2, "mediaType": INDEX.descriptor.media_type}
        child = {"mediaType": entry.media_type, "digest": entry.digest, "size": entry.size}
        data = encode({**document, "manifests": [child]})
        entry = describe(data, INDEX.descriptor.media_type)
        blobs[entry.digest] = data
    return layout_files([(entry, "")], blobs)


def test_nested_indexes_are_bounded(tmp_path: Path) -> None:
    shallow = write_files(tmp_path / "a", nested(3))
    assert open_identity(str(shallow), limits=Limits(index_depth=3)).image_id == IMAGE.image_id
    deep = write_files(tmp_path / "b", nested(4))
    with pytest.raises(LimitError, match="nests indexes deeper than 3"):
        open_identity(str(deep), limits=Limits(index_depth=3))


def test_an_empty_layout_and_an_empty_index_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="is empty"):
        open_identity(str(write_files(tmp_path / "a", layout_files([], {}))))
    index = build_index([])
    with pytest.raises(ArtifactError, match="an index without manifests"):
        open_identity(str(index.save_layout(tmp_path / "b")))


def test_index_json_must_be_an_index(tmp_path: Path) -> None:
    path = IMAGE.save_layout(tmp_path / "a")
    (path / "index.json").write_bytes(IMAGE.manifest)
    with pytest.raises(ArtifactError, match="is not an index"):
        open_identity(str(path))
    (path / "index.json").write_text(json.dumps({"manifests": [], "layers": []}))
    with pytest.raises(ArtifactError, match="ambiguous"):
        open_identity(str(path))
