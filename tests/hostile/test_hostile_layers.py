"""Layers that have broken scanners, extractors and archive libraries: one clear error or issue, and bounded memory."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from isal import igzip_lib
from tests.support.images import Link, write_layer
from tests.support.measured import MIB, run_measured

HARVEST = """
from assaymark.errors import Error
from assaymark.layers.harvest import harvest
from assaymark.limits import DEFAULT_LIMITS
issues = []
path, diff_id, spill = sys.argv[1:]
result = {}
def wants(name, mode, size):
    return name.endswith("status")
try:
    with harvest(
        lambda: open(path, "rb"), diff_id=diff_id, wants=wants, limits=DEFAULT_LIMITS, on_issue=issues.append, spill=spill
    ) as done:
        result["kept"] = {file.path: file.size for file in done.tree.under("")}
        result["text"] = [file.read(100).decode() for file in done.tree.under("") if file.size <= 100]
        result["size"] = done.size
except Error as exc:
    result["error"] = [type(exc).__name__, int(exc.exit_code), str(exc)]
result["issues"] = [[issue.message, issue.path] for issue in issues[:3]]
"""
STATUS = "var/lib/dpkg/status"
CEILING = 256 * MIB
END = bytes(1024)


def header(name: str, size: int = 0, *, type_: bytes = b"0", link: str = "") -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = size, type_, link
    return info.tobuf(tarfile.GNU_FORMAT)


def gz(data: bytes) -> bytes:
    return igzip_lib.compress(data, 1, igzip_lib.COMP_GZIP)


def store(path: Path, chunks: Iterable[tuple[bytes, int]]) -> str:
    """Write chunks (each repeated) as gzip members; returns the diff_id."""
    digest = hashlib.sha256()
    with path.open("wb") as stream:
        for chunk, times in chunks:
            member = gz(chunk)
            for _ in range(times):
                digest.update(chunk)
                stream.write(member)
    return f"sha256:{digest.hexdigest()}"


def scan(tmp_path: Path, *chunks: tuple[bytes, int], diff_id: str = "") -> dict[str, Any]:
    """Harvest a layer in a process of its own, and check what holds for every hostile layer."""
    layer, spill = tmp_path / "layer", tmp_path / "spill"
    spill.mkdir()
    actual = store(layer, chunks)
    result, peak = run_measured(HARVEST, layer, diff_id or actual, spill)
    assert peak < CEILING, f"{peak // MIB} MiB"
    assert list(spill.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["layer", "spill"]
    assert len(json.dumps(result)) < 100_000
    return dict(result)


def test_names_and_links_that_lead_outside_show_nothing_of_the_host(tmp_path: Path) -> None:
    canary = tmp_path.parent / f"{tmp_path.name}-canary"
    canary.write_text("canary")
    climb = "../" * 40
    entries: list[tuple[str, Any]] = [
        (f"{climb}{canary}", "planted"),
        (str(canary), "planted inside"),
        ("a/status", Link(str(canary.parent / "nothing"))),
        ("b/status", Link(f"{climb}{canary.parent}/nothing")),
        ("c/status", Link(f"{climb}{canary}", hard=True)),
        ("d/status", Link("/proc/self/environ")),
        ("e/status", Link("../f/status")),
        ("f/status", Link("/e/status")),
        ("g", Link(".")),
        ("g/h", Link("/g")),
    ]
    result = scan(tmp_path, (write_layer(entries), 1))

    assert (result["kept"], canary.read_text()) == ({}, "canary")
    assert result["issues"][0] == ["outside root, ignored", f"{climb}{canary}"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["usr/share/zeros", STATUS], ids=["nobody wants it", "it is wanted"])
def test_a_gzip_bomb_of_four_gigabytes(tmp_path: Path, name: str) -> None:
    size = 4 << 30
    small = header("ok/status", 2) + b"ok".ljust(512, b"\0")
    result = scan(tmp_path, (header(name, size), 1), (bytes(16 * MIB), size // (16 * MIB)), (small + END, 1))

    assert result["kept"] == {"ok/status": 2}
    assert result["issues"] == ([["larger than 1073741824 bytes, not analysed", STATUS]] if name == STATUS else [])


def test_a_wanted_bomb_below_the_bound_goes_to_disk_and_not_to_memory(tmp_path: Path) -> None:
    result = scan(tmp_path, (header(STATUS, 512 * MIB), 1), (bytes(16 * MIB), 32), (END, 1))

    assert result["kept"] == {STATUS: 512 * MIB}


def million(count: int) -> Iterator[tuple[bytes, int]]:
    """Headers of distinct names, built by patching one: the checksum is the sum of the bytes."""
    template = bytearray(header("a" * 40 + "/00000000"))
    base = sum(template[:148]) + sum(template[156:]) + 8 * 0x20 - 8 * ord("0")
    for start in range(0, count, 20_000):
        blocks = []
        for number in range(start, min(start + 20_000, count)):
            digits = b"%08d" % number
            template[41:49] = digits
            template[148:156] = b"%06o\0 " % (base + sum(digits))
            blocks.append(bytes(template))
        yield b"".join(blocks), 1


@pytest.mark.slow
def test_a_million_members(tmp_path: Path) -> None:
    result = scan(tmp_path, *million(1_000_000), (header(STATUS, 1) + b"x".ljust(512, b"\0") + END, 1))

    assert (result["kept"], result["text"]) == ({STATUS: 1}, ["x"])


@pytest.mark.slow
def test_members_without_end(tmp_path: Path) -> None:
    block = b"".join(chunk for chunk, _ in million(20_000))
    result = scan(tmp_path, (block, 101))

    assert result["error"][:2] == ["LimitError", 8]
    assert "more than 2000000 members" in result["error"][2]


def lying(size_field: bytes) -> bytes:
    block = bytearray(header(STATUS))
    block[124:136] = size_field
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def sparse(real: int) -> bytes:
    records = b"".join(
        b"%d %b" % (len(text) + len(str(len(text) + 3)) + 1, text)
        for text in (b"GNU.sparse.map=0,1\n", b"GNU.sparse.size=%d\n" % real, b"GNU.sparse.name=var/lib/dpkg/status\n")
    )
    return (
        header("x", len(records), type_=b"x")
        + records.ljust(512, b"\0")
        + header("s", 1)
        + b"a".ljust(512, b"\0")
        + END
    )


ERRORS = {
    "a size of 2^63-1": ([(lying(b"\x80\0\0\0\x7f" + b"\xff" * 7) + END, 1)], "it ends in the middle of a member"),
    "a negative size": ([(lying(b"\xff" * 12) + END, 1)], "a size is negative"),
    "a pax record of 64 MiB": (
        [(header("x", 64 * MIB, type_=b"x"), 1), (bytes(MIB), 64)],
        "an extension header of 67108864 bytes",
    ),
    "a GNU name of 64 MiB": (
        [(header("x", 64 * MIB, type_=b"L"), 1), (b"n" * MIB, 64)],
        "an extension header of 67108864 bytes",
    ),
    "garbage": ([(os.urandom(4096), 1)], "wrong checksum|not octal|invalid literal|negative|beyond"),
}


@pytest.mark.parametrize(("chunks", "message"), ERRORS.values(), ids=ERRORS)
def test_archives_that_lie_are_refused(tmp_path: Path, chunks: list[tuple[bytes, int]], message: str) -> None:
    result = scan(tmp_path, *chunks)

    assert result["error"][:2] in (["ArtifactError", 8], ["LimitError", 8])
    assert any(part in result["error"][2] for part in message.split("|"))
    assert result["error"][2].count("\n") == 0
    assert "sha256:" in result["error"][2]


def test_a_sparse_file_of_a_terabyte_is_an_issue(tmp_path: Path) -> None:
    result = scan(tmp_path, (sparse(1 << 40), 1))

    assert (result["kept"], result["issues"]) == ({}, [["larger than 1073741824 bytes, not analysed", STATUS]])


def test_a_diff_id_that_lies(tmp_path: Path) -> None:
    layer = write_layer({STATUS: "x"})
    result = scan(tmp_path, (layer, 1), diff_id="sha256:" + "0" * 64)

    assert result["error"][:2] == ["DigestMismatchError", 8]
    assert hashlib.sha256(layer).hexdigest() in result["error"][2]


@pytest.mark.parametrize("cut", [1, 9, 400], ids=["the last byte", "the checksum", "half the stream"])
def test_truncated_and_corrupted_layers(tmp_path: Path, cut: int) -> None:
    layer, spill = tmp_path / "layer", tmp_path / "spill"
    spill.mkdir()
    diff_id = store(layer, [(header(STATUS, 4096) + os.urandom(4096) + END, 1)])
    whole = layer.read_bytes()
    errors = []
    for data in (
        whole[:-cut],
        whole[:-cut] + bytes([whole[-cut] ^ 1]) + whole[len(whole) - cut + 1 :],
        whole + b"garbage",
    ):
        layer.write_bytes(data)
        result, _ = run_measured(HARVEST, layer, diff_id, spill)
        errors.append(result["error"][1])

    assert errors == [8, 8, 8]


def test_long_names_do_not_fill_memory(tmp_path: Path) -> None:
    """Wanted files, whiteouts and links with names of 16 KiB each: a megabyte compressed."""

    def named(number: int, kind: str) -> bytes:
        name = (f"{number:08d}" + "n" * 190 + "/") * 80 + kind
        data = name.encode() + b"\0"
        type_ = b"2" if kind == "link" else b"0"
        return header("L", len(data), type_=b"L") + data + bytes(-len(data) % 512) + header("x", type_=type_, link="/y")

    kinds = ("link", "status", ".wh.x", "other")
    result = scan(
        tmp_path, *((b"".join(named(n * 20 + i, kind) for i in range(20) for kind in kinds), 1) for n in range(350))
    )

    assert result["error"][2] == "the names in a layer have more than 67108864 bytes together"


def test_a_mesh_of_links_ends(tmp_path: Path) -> None:
    """Every directory links to every other: paths without end, and none of them leads to a package database."""
    entries: list[tuple[str, Any]] = [(f"d{a}/l{b}", Link(f"/d{b}")) for a in range(60) for b in range(60)]
    entries += [(f"d{a}/file{n}", "x") for a in range(60) for n in range(5)]
    entries += [
        ("w/" + "x/../" * 3_000 + "status", "x"),
        *((f"e{n}/status", Link("x/../" * 3_000 + "../d1")) for n in range(500)),
    ]
    result = scan(tmp_path, (write_layer(entries), 1))

    assert ["not every link was followed", ""] in result["issues"]


def test_a_path_that_flips_a_hundred_thousand_times(tmp_path: Path) -> None:
    turn = header("d/status", 1) + b"x".ljust(512, b"\0") + header("d", type_=b"2", link="x") + header("d/", type_=b"5")
    result = scan(tmp_path, (turn * 1_000, 100), (header("d/status", 1) + b"y".ljust(512, b"\0") + END, 1))

    assert result["text"] == ["y"]
