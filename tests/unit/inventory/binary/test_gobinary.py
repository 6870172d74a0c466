"""Executables of Go; the shape of the packages is the reference's."""

from __future__ import annotations

import pytest
from tests.support.executables import MARK, build_info, elf, macho, pe
from tests.support.memory_tree import run

from assaymark.inventory.analyzer import Options
from assaymark.inventory.binary.gobinary import ANALYZER
from assaymark.inventory.index import Index
from assaymark.model.inventory import Application
from assaymark.model.package import Package, Relationship

PATH = "usr/local/bin/tool"
MODULES = """\
mod\texample.org/tool\t(devel)\t
dep\tgolang.org/x/text\tv0.3.0\th1:=
dep\texample.org/local\t(devel)\t
=>\t./local\t(devel)\t
dep\t\t(devel)
build\t-ldflags="-X main.version=1.2.0"
"""
STDLIB = Package(id="stdlib@v1.22.1", name="stdlib", version="v1.22.1", relationship=Relationship.DIRECT)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(elf({".go.buildinfo": build_info(modules=MODULES)}), id="ELF"),
        pytest.param(pe({".data": build_info(modules=MODULES)}), id="PE"),
        pytest.param(macho({"__go_buildinfo": build_info(modules=MODULES)}), id="Mach-O"),
    ],
)
def test_modules_become_packages(data: bytes) -> None:
    found, issues = run(ANALYZER, PATH, {PATH: data})

    assert issues == []
    assert found == [
        Application(
            path=PATH,
            type="gobinary",
            packages=(
                STDLIB,
                Package(id="golang.org/x/text@v0.3.0", name="golang.org/x/text", version="v0.3.0"),
                Package(id="./local", name="./local"),
                Package(
                    id="example.org/tool@v1.2.0",
                    name="example.org/tool",
                    version="1.2.0",
                    relationship=Relationship.ROOT,
                    depends_on=("./local", "golang.org/x/text@v0.3.0", "stdlib@v1.22.1"),
                ),
            ),
        )
    ]


@pytest.mark.parametrize(
    ("go", "version"),
    [
        ("go1.22.1", "v1.22.1"),
        ("go1.25.0 X:nocoverageredesign", "v1.25.0"),
        ("go1.26.5-X:jsonv2", "v1.26.5"),
        ("go1.26.5 (Red Hat 1.26.5-1.el10)", "v1.26.5"),
        ("devel go1.23-abc", "vdevel"),
    ],
)
def test_the_standard_library_has_the_version_of_the_compiler(go: str, version: str) -> None:
    found, _ = run(ANALYZER, PATH, {PATH: elf({".go.buildinfo": build_info(go, "")})})

    assert found == [
        Application(
            path=PATH,
            type="gobinary",
            packages=(
                Package(id=f"stdlib@{version}", name="stdlib", version=version, relationship=Relationship.DIRECT),
            ),
        )
    ]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="an empty file"),
        pytest.param(b"\x01\xf7" + bytes(30) + MARK, id="a program for AIX"),
        pytest.param(b"\x00\x00\x8a\x97" + bytes(30) + MARK, id="a program for Plan 9"),
        pytest.param(b"#!/bin/sh\n", id="a script"),
        pytest.param(elf({".text": b"x"}), id="a program of another language"),
        pytest.param(elf({".text": b"x"})[:90], id="a damaged program of another language"),
    ],
)
def test_other_executables_are_passed_over(data: bytes) -> None:
    assert run(ANALYZER, PATH, {PATH: data}) == ([], [])


def test_a_damaged_program_with_the_mark_of_go_is_an_error() -> None:
    with pytest.raises(ValueError, match="an ELF file"):
        run(ANALYZER, PATH, {PATH: b"\x7fELF\x05" + bytes(20) + MARK})


@pytest.mark.parametrize(
    ("path", "mode", "wanted"),
    [
        ("app", 0o755, True),
        ("app", 0o001, True),
        ("app", 0o644, False),
        ("app.exe", 0o644, True),
        ("app.EXE", 0o644, False),
    ],
)
def test_executables_are_told_by_their_mode_or_name(path: str, mode: int, wanted: bool) -> None:
    index = Index([ANALYZER], Options())

    assert index.wants(path, mode, 1) == wanted
    assert index.sieves(path, mode) == ((ANALYZER.sieve,) if wanted else ())
