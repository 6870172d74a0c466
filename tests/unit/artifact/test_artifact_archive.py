"""Docker archives: what is read from them, and what is refused."""

from __future__ import annotations

import gzip
import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from tests.support.images import Entry, Link, build_image, docker_files, encode, pack, write_layer

from assaymark.artifact.archive import open_docker_archive
from assaymark.artifact.members import open_archive
from assaymark.artifact.source import ImageRequest
from assaymark.errors import ArtifactError, LimitError, LocalError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.artifact import ImageIdentity
from assaymark.model.digest import sha256_digest
from assaymark.model.platform import Platform

LAYERS: list[Mapping[str, Entry]] = [{"etc/os-release": "ID=alpine\n"}, {"etc/link": Link("os-release")}]
IMAGE = build_image(LAYERS)


def request(path: Path, **changes: object) -> ImageRequest:
    return ImageRequest(name=str(path), input=str(path), **changes)  # type: ignore[arg-type]  # whatever a test changes


def read_layers(path: Path, **changes: object) -> list[bytes]:
    with open_docker_archive(request(path, **changes)) as image:
        contents = []
        for layer in image.layers:
            with layer.open() as stream:
                contents.append(stream.read())
        return contents


@pytest.mark.parametrize("compress", [False, True])
def test_an_archive_gives_its_configuration_tags_and_layers(tmp_path: Path, compress: bool) -> None:
    path = IMAGE.save_docker(tmp_path / "a.tar", tags=["b:1", "alpine:3.10"], compress=compress)
    with open_docker_archive(request(path)) as image:
        assert image.identity == ImageIdentity(
            name=str(path),
            image_id=sha256_digest(IMAGE.config),
            config=IMAGE.config,
            repo_tags=("b:1", "alpine:3.10"),
            platform=Platform(os="linux", architecture="amd64"),
            source="archive",
        )
        assert [layer.diff_id for layer in IMAGE.layers] == [layer.diff_id for layer in image.layers]
        assert [layer.digest for layer in image.layers] == [None, None]
    assert [layer.tar for layer in IMAGE.layers] == read_layers(path)


def test_compressed_members_have_the_digest_of_their_bytes(tmp_path: Path) -> None:
    path = IMAGE.save_docker(tmp_path / "a.tar", compress_layers=True)
    stored = read_layers(path)
    with open_docker_archive(request(path)) as image:
        assert [sha256_digest(data) for data in stored] == [layer.digest for layer in image.layers]
    assert [layer.tar for layer in IMAGE.layers] == [gzip.decompress(data) for data in stored]


def test_an_archive_on_disk_is_known_by_its_file_and_offset(tmp_path: Path) -> None:
    path = IMAGE.save_docker(tmp_path / "a.tar")
    with open_docker_archive(request(path)) as image:
        first = [layer.cache_identity for layer in image.layers]
    with open_docker_archive(request(path)) as image:
        assert first == [layer.cache_identity for layer in image.layers]
    assert len(set(first)) == 2
    os.utime(path, ns=(1, 1))
    with open_docker_archive(request(path)) as image:
        assert not set(first) & {layer.cache_identity for layer in image.layers}


def test_layers_can_be_read_by_several_threads_at_once(tmp_path: Path) -> None:
    image = build_image([{f"f{number}": bytes([number]) * 100_000} for number in range(8)])
    path = image.save_docker(tmp_path / "a.tar")
    results: dict[int, bytes] = {}
    with open_docker_archive(request(path)) as opened:

        def read(number: int) -> None:
            with opened.layers[number].open() as stream:
                results[number] = b"".join(iter(lambda: stream.read(1000), b""))

        threads = [threading.Thread(target=read, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert {number: layer.tar for number, layer in enumerate(image.layers)} == results


def test_a_pipe_is_read_once_and_remembered_by_nothing(tmp_path: Path) -> None:
    data = IMAGE.save_docker(tmp_path / "a.tar").read_bytes()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(data,))
    writer.start()
    with open_docker_archive(request(pipe)) as image:
        assert [layer.cache_identity for layer in image.layers] == ["", ""]
        with image.layers[0].open() as stream:
            assert IMAGE.layers[0].tar == stream.read()
    writer.join()


def test_links_between_members_are_followed(tmp_path: Path) -> None:
    layer = IMAGE.layers[0]
    image = build_image([LAYERS[0], LAYERS[0]])
    manifest = [{"Config": "c.json", "RepoTags": None, "Layers": ["one/layer.tar", "two/layer.tar"]}]
    members: list[tuple[str, Entry]] = [
        ("c.json", image.config),
        ("blob.tar", layer.tar),
        ("one/layer.tar", Link("../blob.tar")),
        ("two/layer.tar", Link("one/layer.tar", hard=True)),
        ("manifest.json", encode(manifest)),
    ]
    path = tmp_path / "a.tar"
    path.write_bytes(write_layer(members))
    assert [layer.tar, layer.tar] == read_layers(path)


def archive(tmp_path: Path, files: Mapping[str, bytes]) -> Path:
    path = tmp_path / "a.tar"
    path.write_bytes(pack(files))
    return path


def saved(manifest: object, **files: bytes) -> dict[str, bytes]:
    return {**docker_files([(IMAGE, ())]), **files, "manifest.json": encode(manifest)}


LAYER_NAMES = [f"{layer.diff_id.removeprefix('sha256:')}/layer.tar" for layer in IMAGE.layers]
CONFIG_NAME = f"{IMAGE.image_id.removeprefix('sha256:')}.json"

REFUSED = [
    pytest.param({"x": b""}, "not a docker archive: it has no `manifest.json`", id="a tar of something else"),
    pytest.param(saved([]), "lists no image", id="no image"),
    pytest.param(saved({}), "lists no image", id="no list"),
    pytest.param(saved(["x"]), "is malformed", id="an entry that is no object"),
    pytest.param(saved([{"Config": 1}]), "is malformed", id="a configuration that is no name"),
    pytest.param(saved([{"Config": "no.json"}]), "has no `no.json`", id="a configuration that is missing"),
    pytest.param(saved([{"Config": CONFIG_NAME, "Layers": "x"}]), "is malformed", id="layers that are no list"),
    pytest.param(
        saved([{"Config": CONFIG_NAME, "Layers": [LAYER_NAMES[0]]}]),
        "1 layers, but its.* 2 diff_ids",
        id="a layer short",
    ),
    pytest.param(
        saved([{"Config": CONFIG_NAME, "Layers": [LAYER_NAMES[0], "no/layer.tar"]}]),
        "has no `no/layer.tar`",
        id="a layer that is missing",
    ),
    pytest.param(
        docker_files([(IMAGE, ["a:1"]), (build_image([]), ["b:2"])]),
        "holds 2 images: `a:1`, `b:2`",
        id="several images",
    ),
]


@pytest.mark.parametrize(("files", "message"), REFUSED)
def test_other_archives_are_refused(tmp_path: Path, files: Mapping[str, bytes], message: str) -> None:
    with pytest.raises(ArtifactError, match=message), open_docker_archive(request(archive(tmp_path, files))):
        pass


DAMAGED = [
    pytest.param(gzip.compress(b"x" * 5000)[:30], "damaged or truncated", id="gzip that is cut"),
    pytest.param(
        gzip.compress(b"x" * 5000) + b"garbage behind it", "damaged or truncated", id="gzip with garbage behind"
    ),
    pytest.param(b"\x1f\x8b\x08\x00garbage of any kind", "damaged or truncated", id="gzip that is none"),
    pytest.param(b"\x28\xb5\x2f\xfd\x00", "compressed with zstd", id="zstd"),
    pytest.param(b"text", "truncated or is not a tar", id="text"),
]


@pytest.mark.parametrize(("data", "message"), DAMAGED)
def test_damaged_files_are_refused(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(data)
    with pytest.raises(ArtifactError, match=message), open_docker_archive(request(path)):
        pass


def test_a_file_that_is_missing_leaves_room_for_another_format(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError) as caught, open_docker_archive(request(tmp_path / "no.tar")):
        pass
    assert caught.value.reason == "OTHER_FORMAT"


def test_a_file_that_cannot_be_opened_is_a_local_failure(tmp_path: Path) -> None:
    with (
        pytest.raises(LocalError, match="cannot read"),
        open_archive(tmp_path / "no.tar", scratch=None, limits=DEFAULT_LIMITS),
    ):
        pass


LIMITS: Sequence[object] = [
    pytest.param({"limits": Limits(image_uncompressed_bytes=1000)}, id="by the limits"),
    pytest.param({"max_image_size": 1}, id="by the largest image that is wanted"),
]


@pytest.mark.parametrize("changes", LIMITS)
def test_the_decompressed_copy_is_bounded(tmp_path: Path, changes: dict[str, object]) -> None:
    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress(bytes(80 * 1024 * 1024), 1))
    with pytest.raises(LimitError, match="longer than"), open_docker_archive(request(path, **changes)):
        pass


def test_a_file_that_shrinks_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    path = IMAGE.save_docker(tmp_path / "a.tar")
    with open_docker_archive(request(path)) as image:
        os.truncate(path, 1024)
        with pytest.raises(ArtifactError, match="became shorter"), image.layers[0].open() as stream:
            stream.read()
