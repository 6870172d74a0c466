"""Files made to hurt a parser: each ends in a package that is found or an issue, in bounded time and memory."""

from __future__ import annotations

import io
import time
import tracemalloc
from collections.abc import Iterator
from typing import BinaryIO

import msgspec
import pytest
from tests.support.memory_tree import tree

from assaymark.errors import LimitError
from assaymark.inventory.analyse import analyse_layer
from assaymark.inventory.analyzer import File
from assaymark.inventory.select import index_for
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.inventory import Application, LayerInventory, OsPackages
from assaymark.model.issue import IssueCode

MIB = 1024 * 1024
STATUS = "var/lib/dpkg/status"
INSTALLED = "lib/apk/db/installed"


class _Repeating(io.RawIOBase, BinaryIO):
    """`head`, then `body` again and again up to `size` bytes, then `tail`: never in memory as a whole."""

    def __init__(self, head: bytes, body: bytes, size: int, tail: bytes) -> None:
        self._parts = self._made(head, body, size, tail)
        self._rest = b""

    @staticmethod
    def _made(head: bytes, body: bytes, size: int, tail: bytes) -> Iterator[bytes]:
        block = body * max(1, 65_536 // len(body))
        yield head
        for _ in range(size // len(block)):
            yield block
        yield tail

    def read(self, size: int = -1, /) -> bytes:
        while not self._rest:
            part = next(self._parts, None)
            if part is None:
                return b""
            self._rest = part
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken


class _Bomb:
    """One file that is larger than what is held in memory."""

    mode = 0o644

    def __init__(self, path: str, size: int, *, head: bytes = b"", body: bytes = b"\0", tail: bytes = b"") -> None:
        self.path = path
        self.size = size
        self._head, self._body, self._tail = head, body, tail

    def open(self) -> BinaryIO:
        return _Repeating(self._head, self._body, self.size, self._tail)

    def read(self, limit: int | None = None) -> bytes:
        raise LimitError(f"`{self.path}` is longer than {limit} bytes")

    def find(self, path: str) -> File | None:
        return self if path == self.path else None

    def under(self, folder: str) -> Iterator[File]:
        return iter([self] if self.path.startswith(folder) else [])

    def around(self, path: str, limit: int) -> bytes | None:
        del path, limit
        return None


def analysed(bomb: _Bomb, target: str = "image", *, limits: Limits = DEFAULT_LIMITS) -> tuple[LayerInventory, int]:
    """The inventory, and the peak of memory in MiB."""
    tracemalloc.start()
    try:
        layer = analyse_layer(bomb, index=index_for(target), limits=limits)
        return layer, tracemalloc.get_traced_memory()[1] // MIB
    finally:
        tracemalloc.stop()


def ids(layer: LayerInventory) -> list[str]:
    return [
        package.id for item in layer.found if isinstance(item, (OsPackages, Application)) for package in item.packages
    ]


@pytest.mark.parametrize("field", [b"Description: ", b"Depends: ", b"Unknown: "])
def test_dpkg_field_of_64_mib_is_dropped_and_the_package_found(field: bytes) -> None:
    head = b"Package: a\nVersion: 1\n" + field
    bomb = _Bomb(STATUS, 64 * MIB, head=head, body=b"x", tail=b"\nArchitecture: amd64\n\nPackage: b\nVersion: 2\n")

    layer, peak = analysed(bomb)

    assert ids(layer) == ["a@1", "b@2"]
    assert [(issue.code, issue.blocking) for issue in layer.issues] == [(IssueCode.ENTRY_IGNORED, False)]
    assert peak < 16


def test_dpkg_version_of_64_mib_is_said_to_block() -> None:
    bomb = _Bomb(STATUS, 64 * MIB, head=b"Package: a\nVersion: ", body=b"1", tail=b"\n\nPackage: b\nVersion: 2\n")

    layer, peak = analysed(bomb)

    assert ids(layer) == ["b@2"]
    assert [issue.blocking for issue in layer.issues] == [True]
    assert peak < 16


def test_dpkg_field_of_many_lines_is_bounded() -> None:
    head = b"Package: a\nVersion: 1\nDepends: b,\n"
    bomb = _Bomb(STATUS, 4 * MIB, head=head, body=b" c,\n", tail=b" d\n\nPackage: b\nVersion: 2\n")

    layer, peak = analysed(bomb)

    assert ids(layer) == ["a@1", "b@2"]
    assert peak < 64


@pytest.mark.parametrize("path", [STATUS, INSTALLED, "usr/share/doc/a/copyright", "etc/os-release", "a.egg-info"])
def test_four_gib_in_a_parsed_file_end_at_the_limit(path: str) -> None:
    layer, peak = analysed(_Bomb(path, 4 * 1024 * MIB))

    assert ids(layer) == []
    assert layer.issues
    assert peak < 16


@pytest.mark.parametrize("path", ["package-lock.json", "requirements.txt"])
def test_large_documents_are_not_read(path: str) -> None:
    layer, _ = analysed(_Bomb(path, 4 * 1024 * MIB), "fs")

    assert [issue.code for issue in layer.issues] == [IssueCode.FILE_TOO_LARGE]


def test_apk_database_of_file_names_is_bounded() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, installed_files=20_000)
    bomb = _Bomb(INSTALLED, 2 * MIB, head=b"P:a\nV:1\nF:d\n", body=b"R:some-file-name\n", tail=b"\nP:b\nV:2\n")

    layer, peak = analysed(bomb, limits=limits)

    assert ids(layer) == ["a@1", "b@2"]
    assert [issue.blocking for issue in layer.issues] == [False]
    assert peak < 32


@pytest.mark.parametrize(
    "document",
    [
        '{"lockfileVersion":1,"dependencies":' + '{"a":{"dependencies":' * 100_000,
        '{"lockfileVersion":1,"dependencies":' + '{"a":{"dependencies":' * 400 + "{}" + "}}" * 400 + "}",
        '{"packages":' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"packages":{"node_modules/a":{"version":"' + "1" * 1_000_000 + '"},"node_modules/b":{"version":"1"}}}',
        '{"packages":{'
        + ",".join(f'"node_modules/a{n}":{{"link":true,"resolved":"x{n}"}}' for n in range(20_000))
        + "}}",
        '{"packages":{"":{"workspaces":["' + "*" * 5_000 + 'b"]},"node_modules/a":{"link":true,"resolved":"p"},'
        '"p/' + "a" * 4_000 + '":{"version":"1"}}}',
        '{"packages":{"node_modules/'
        + "node_modules/" * 300
        + 'a":{"dependencies":{'
        + ",".join(f'"a{n}":"1"' for n in range(50_000))
        + "}}}}",
        '{"packages":{"a":NaN}}',
    ],
    ids=["open", "deep", "lists", "version", "links", "pattern", "walk", "NaN"],
)
def test_lockfiles_made_to_hurt_take_no_time(document: str) -> None:
    started = time.monotonic()

    layer = analyse_layer(tree({"package-lock.json": document}), index=index_for("fs"))

    assert time.monotonic() - started < 10
    assert all(issue.path == "package-lock.json" for issue in layer.issues)


def test_control_characters_come_through_unchanged() -> None:
    """They are made visible where text meets a terminal; the report keeps what the file says."""
    layer = analyse_layer(tree({INSTALLED: "P:\x1b[31mred\u202e\nV:1\n"}), index=index_for("image"))

    assert ids(layer) == ["\x1b[31mred\u202e@1"]


def test_bytes_that_are_not_text_become_replacement_characters() -> None:
    layer = analyse_layer(tree({INSTALLED: b"P:a\xff\xfe\nV:1\n"}), index=index_for("image"))

    assert ids(layer) == ["a\ufffd\ufffd@1"]
