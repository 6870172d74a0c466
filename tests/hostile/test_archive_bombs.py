"""Hostile image archives, layouts and folders: each ends in one clear error, within bounded memory and time."""

from __future__ import annotations

import gzip
import os
import resource
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from tests.support.images import Link, build_image, encode, pack, write_layer
from tests.support.measured import run_measured

from assaymark.artifact.select import open_image
from assaymark.artifact.source import ImageRequest
from assaymark.errors import ArtifactError, Error, ExitCode

MEMORY: Final = 256 * 1024 * 1024
MIB: Final = 1024 * 1024
IMAGE = build_image([{"etc/os-release": "ID=alpine\n"}])

OPENER = """
import sys
from assaymark.artifact.select import open_image
from assaymark.artifact.source import ImageRequest
from assaymark.errors import Error
try:
    with open_image(ImageRequest(name=sys.argv[1], input=sys.argv[1])) as image:
        for layer in image.layers:
            with layer.open() as stream:
                while stream.read(1 << 20):
                    pass
    result = "opened"
except Error as exc:
    result = f"{int(exc.exit_code)} {exc}"
"""


def header(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.type = size, kind
    return info.tobuf(tarfile.GNU_FORMAT)


def million_members(path: Path) -> None:
    block = header("x", 0)
    with path.open("wb") as stream:
        for _ in range(100):
            stream.write(block * 10_000)


def long_pax_record(path: Path) -> None:
    with path.open("wb") as stream:
        stream.write(header("x", 64 * MIB, b"x"))
        stream.write(b"67108864 path=")
        stream.truncate(65 * MIB)


def long_name(path: Path) -> None:
    with path.open("wb") as stream:
        stream.write(header("x", 64 * MIB, b"L"))
        stream.truncate(65 * MIB)


def huge_member(path: Path) -> None:
    path.write_bytes(header("manifest.json", 2**62) + bytes(1024))


def huge_manifest(path: Path) -> None:
    with path.open("wb") as stream:
        stream.write(header("manifest.json", 200 * MIB))
        stream.truncate(201 * MIB)


def deep_manifest(path: Path) -> None:
    path.write_bytes(pack({"manifest.json": b"[" * 1_000_000}))


def huge_config(path: Path) -> None:
    with path.open("wb") as stream:
        entry = [{"Config": "c", "Layers": []}]
        stream.write(pack({"manifest.json": encode(entry)})[:1024])
        stream.write(header("c", 200 * MIB))
        stream.truncate(203 * MIB)


def looping_links(path: Path) -> None:
    path.write_bytes(write_layer({"manifest.json": Link("a"), "a": Link("manifest.json")}))


def escaping_link(path: Path) -> None:
    path.write_bytes(write_layer({"manifest.json": Link("../../../../etc/passwd")}))


def many_layers(path: Path) -> None:
    entry = [{"Config": "c", "Layers": ["c"] * 600}]
    config = {"rootfs": {"diff_ids": ["sha256:" + "a" * 64] * 600}}
    path.write_bytes(pack({"manifest.json": encode(entry), "c": encode(config)}))


def missing_diff_ids(path: Path) -> None:
    entry = [{"Config": "c", "Layers": ["c"]}]
    config = {"rootfs": {"diff_ids": ["sha256:" + "a" * 64] * 3}}
    path.write_bytes(pack({"manifest.json": encode(entry), "c": encode(config)}))


def long_history(path: Path) -> None:
    entry = [{"Config": "c", "Layers": []}]
    path.write_bytes(pack({"manifest.json": encode(entry), "c": encode({"history": [{}] * 20_000})}))


def cut_gzip(path: Path) -> None:
    path.write_bytes(gzip.compress(os.urandom(100_000))[:50_000])


def random_bytes(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 100)


BOMBS = [
    pytest.param(million_members, "more members", id="a million members"),
    pytest.param(long_pax_record, "extended header of 67108864 bytes", id="a pax record of 64 MiB"),
    pytest.param(long_name, "extended header of 67108864 bytes", id="a name of 64 MiB"),
    pytest.param(huge_member, "reaches beyond its end", id="a size of 2^62"),
    pytest.param(huge_manifest, "is longer than", id="a manifest of 200 MiB"),
    pytest.param(deep_manifest, "deep|nest", id="a manifest a million lists deep"),
    pytest.param(huge_config, "is longer than", id="a configuration of 200 MiB"),
    pytest.param(looping_links, "neither", id="links in a circle"),
    pytest.param(escaping_link, "neither", id="a link to a file of the host"),
    pytest.param(many_layers, "600 layers; the limit is 500", id="600 layers"),
    pytest.param(missing_diff_ids, "1 layers, but its configuration has 3 diff_ids", id="three diff_ids for one layer"),
    pytest.param(long_history, "more than 10000 history entries", id="20,000 history entries"),
    pytest.param(cut_gzip, "damaged or truncated", id="a gzip stream that is cut"),
    pytest.param(random_bytes, "not a tar", id="random bytes"),
]


@pytest.mark.parametrize(("write", "message"), BOMBS)
def test_a_hostile_archive_ends_in_one_line(tmp_path: Path, write: Callable[[Path], None], message: str) -> None:
    path = tmp_path / "a.tar"
    write(path)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Error, match=message) as caught, open_image(ImageRequest(name="x", input=str(path))):
        pass
    assert (caught.value.exit_code, "\n" in str(caught.value)) == (ExitCode.ARTIFACT, False)
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < MEMORY


def test_a_gzip_bomb_takes_disk_within_bounds_and_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    path = tmp_path / "a.tar.gz"
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(IMAGE.save_docker(tmp_path / "plain.tar").read_bytes()[:-1024])
        stream.write(header("bomb", 512 * MIB))
        for _ in range(512):
            stream.write(bytes(MIB))
    said, memory = run_measured(OPENER, path)
    assert said == "opened"
    assert memory < MEMORY
    assert sorted(item.name for item in tmp_path.iterdir()) == ["a.tar.gz", "plain.tar"]


def read_first_layer(path: Path) -> bytes:
    with open_image(ImageRequest(name="x", input=str(path))) as image, image.layers[0].open() as stream:
        return stream.read()


def test_a_layout_with_links_to_the_host_gives_nothing_away(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b'{"canary": 1}')
    for digest in (IMAGE.descriptor.digest, IMAGE.image_id, IMAGE.layers[0].descriptor.digest):
        folder = IMAGE.save_layout(tmp_path / digest[7:15])
        blob = folder / "blobs" / digest.replace(":", "/")
        blob.unlink()
        blob.symlink_to(secret)
        with pytest.raises(ArtifactError) as caught:
            read_first_layer(folder)
        assert "canary" not in str(caught.value)
