"""Executables of Rust with the data of cargo-auditable."""

from __future__ import annotations

import zlib
from typing import Any

import msgspec
import pytest
from tests.support.executables import audit, elf, macho, pe, universal, wasm
from tests.support.memory_tree import run

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.binary.rustbinary import ANALYZER
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.inventory import Application
from assaymark.model.package import Package, Relationship

PATH = "usr/bin/tool"
CRATES: list[dict[str, Any]] = [
    {"name": "cc", "version": "1.0.0", "source": "crates.io", "kind": "build"},
    {"name": "libc", "version": "0.2.1", "source": "crates.io"},
    {"name": "tool", "version": "0.1.0", "source": "local", "dependencies": [0, 1], "root": True},
]
AUDIT = audit(CRATES)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(elf({".dep-v0": AUDIT}), id="ELF"),
        pytest.param(elf({".rust-deps-v0": AUDIT}), id="ELF of an early tool"),
        pytest.param(pe({".dep-v0": AUDIT}), id="PE"),
        pytest.param(macho({".dep-v0": AUDIT}), id="Mach-O"),
        pytest.param(universal(macho({".dep-v0": AUDIT})), id="the first architecture of several"),
        pytest.param(wasm([(".dep-v0", AUDIT)]), id="WebAssembly"),
    ],
)
def test_crates_become_packages(data: bytes) -> None:
    found, issues = run(ANALYZER, PATH, {PATH: data})

    assert issues == []
    assert found == [
        Application(
            path=PATH,
            type="rustbinary",
            packages=(
                Package(id="libc@0.2.1", name="libc", version="0.2.1"),
                Package(
                    id="tool@0.1.0",
                    name="tool",
                    version="0.1.0",
                    relationship=Relationship.ROOT,
                    depends_on=("libc@0.2.1",),
                ),
            ),
        )
    ]


def test_programs_without_crates_are_passed_over() -> None:
    assert run(ANALYZER, PATH, {PATH: elf({".text": b"x"})}) == ([], [])
    assert run(ANALYZER, PATH, {PATH: elf({".dep-v0": audit([])})}) == ([], [])
    assert run(ANALYZER, PATH, {PATH: b"#!/bin/sh\n"}) == ([], [])


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        pytest.param(b"text", ValueError, "not compressed", id="no compression"),
        pytest.param(AUDIT[:-9], ValueError, "cut off", id="compression that is cut off"),
        pytest.param(zlib.compress(b"{"), ArtifactError, ".", id="no JSON"),
        pytest.param(zlib.compress(b"[]"), ArtifactError, "no JSON object", id="a list"),
        pytest.param(zlib.compress(b'{"packages": {}}'), ArtifactError, "no list", id="packages that are no list"),
        pytest.param(zlib.compress(b'{"packages": [1]}'), ArtifactError, "no object", id="a crate that is none"),
        pytest.param(audit([{"name": 1}]), ArtifactError, "other types", id="a name that is a number"),
        pytest.param(audit([{"name": "a", "dependencies": [1]}]), ArtifactError, "not listed", id="a crate nowhere"),
        pytest.param(audit([{"name": "a", "dependencies": [-1]}]), ArtifactError, "other types", id="a place below 0"),
        pytest.param(zlib.compress(bytes(9 << 20)), LimitError, "more than 8388608", id="zeros without end"),
    ],
)
def test_damaged_data_is_an_error(data: bytes, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        run(ANALYZER, PATH, {PATH: elf({".dep-v0": data})})


def test_bounds() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, packages_per_file=2)
    with pytest.raises(LimitError, match="more than 2 crates"):
        run(ANALYZER, PATH, {PATH: elf({".dep-v0": AUDIT})}, limits=limits)
    limits = msgspec.structs.replace(DEFAULT_LIMITS, audit_bytes=10)
    with pytest.raises(LimitError, match="more than 10 bytes"):
        run(ANALYZER, PATH, {PATH: elf({".dep-v0": AUDIT})}, limits=limits)


def test_a_section_that_is_compressed_once_more_is_said() -> None:
    data = bytearray(elf({".dep-v0": AUDIT}))
    flags = int.from_bytes(data[40:48], "little") + 64 + 8
    data[flags + 1] = 8

    with pytest.raises(ValueError, match="compressed once more"):
        run(ANALYZER, PATH, {PATH: bytes(data)})
