"""Alpine's package database; the sample is cut from the image alpine:3.10."""

from __future__ import annotations

import msgspec
import pytest
from tests.support.memory_tree import run

from assaymark.errors import LimitError
from assaymark.inventory.os.apk import ANALYZER
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.inventory import OsPackages
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.package import Package

PATH = "lib/apk/db/installed"
SAMPLE = """\
C:Q1bTtF5526tETKfL+lnigzIDvm+2o=
P:musl
V:1.1.22-r4
A:x86_64
S:368204
I:598016
T:the musl c library (libc) implementation
U:http://www.musl-libc.org/
L:MIT
o:musl
m:Timo Teräs <timo.teras@iki.fi>
t:1570459294
p:so:libc.musl-x86_64.so.1=1
F:lib
R:libc.musl-x86_64.so.1
a:0:0:777
Z:Q17yJ3JFNypA4mxhJJr0ou6CzsJVI=
R:ld-musl-x86_64.so.1

C:Q1
P:busybox
V:1.30.1-r5
A:x86_64
L:GPL-2.0
o:busybox
D:so:libc.musl-x86_64.so.1 musl>=1.1 !uclibc-utils nothing
F:
R:top
F:bin
R:busybox
"""


def packages(text: str) -> tuple[Package, ...]:
    found, _ = run(ANALYZER, PATH, {PATH: text})
    (database,) = found
    assert isinstance(database, OsPackages)
    return database.packages


def test_sample_is_read_whole() -> None:
    found, issues = run(ANALYZER, PATH, {PATH: SAMPLE})

    assert issues == []
    assert found == [
        OsPackages(
            path=PATH,
            packages=(
                Package(
                    id="musl@1.1.22-r4",
                    name="musl",
                    version="1.1.22-r4",
                    arch="x86_64",
                    src_name="musl",
                    src_version="1.1.22-r4",
                    licenses=("MIT",),
                    maintainer="Timo Teräs <timo.teras@iki.fi>",
                    digest="sha1:6d3b45e79dbab444ca7cbfa59e2833203be6fb6a",
                    installed_files=("lib/libc.musl-x86_64.so.1", "lib/ld-musl-x86_64.so.1"),
                ),
                Package(
                    id="busybox@1.30.1-r5",
                    name="busybox",
                    version="1.30.1-r5",
                    arch="x86_64",
                    src_name="busybox",
                    src_version="1.30.1-r5",
                    licenses=("GPL-2.0-only",),
                    depends_on=("musl@1.1.22-r4",),
                    digest="sha1:",
                    installed_files=("top", "bin/busybox"),
                ),
            ),
            system_files=("lib/libc.musl-x86_64.so.1", "lib/ld-musl-x86_64.so.1", "top", "bin/busybox"),
        )
    ]


@pytest.mark.parametrize("text", ["", "\n\n\n", "garbage\nmore\n", "P:only-a-name\n", "V:1.0-r0\n", "\x00\xff\n"])
def test_nothing_to_find_is_an_empty_database(text: str) -> None:
    assert packages(text) == ()


def test_last_package_needs_no_empty_line() -> None:
    assert [package.id for package in packages("P:a\nV:1\n\nP:b\nV:2")] == ["a@1", "b@2"]


def test_first_of_equal_names_stays() -> None:
    assert [package.id for package in packages("P:a\nV:1\n\nP:a\nV:2\n\n")] == ["a@1"]


def test_line_ends_of_other_systems() -> None:
    assert [package.id for package in packages("P:a\r\nV:1\r\n\r\nP:b\r\nV:2\r\n")] == ["a@1", "b@2"]


def test_version_that_cannot_be_ordered_is_an_issue() -> None:
    found, issues = run(ANALYZER, PATH, {PATH: "P:a\nV:1.0-r0-rc\nF:x\nR:y\n\nP:b\nV:2\n"})

    assert [item.system_files for item in found if isinstance(item, OsPackages)] == [("x/y",)]
    assert issues == [
        Issue(
            code=IssueCode.VERSION_UNPARSABLE,
            message="package `a` has the version `1.0-r0-rc`, which apk cannot order",
            path=PATH,
        )
    ]


@pytest.mark.parametrize(
    ("checksum", "digest"),
    [("Q1AAAA", "sha1:000000"), ("AAAA", "md5:000000"), ("", ""), ("!", ""), ("Q1A", "")],
)
def test_checksums(checksum: str, digest: str) -> None:
    (package,) = packages(f"P:a\nV:1\nC:{checksum}\n")

    assert package.digest == digest


@pytest.mark.parametrize(
    ("folder", "name", "path"),
    [("a/../b", "c", "b/c"), ("a", ".hidden", "a/.hidden"), ("a/", "b", "a/b"), ("", "b", "b")],
)
def test_installed_paths_are_clean(folder: str, name: str, path: str) -> None:
    (package,) = packages(f"P:a\nV:1\nF:{folder}\nR:{name}\n")

    assert package.installed_files == (path,)


def test_last_provider_wins_but_a_name_is_its_own() -> None:
    text = "P:a\nV:1\np:word b\n\nP:b\nV:1\np:word=2\n\nP:c\nV:1\nD:word b word<3\n"

    assert packages(text)[2].depends_on == ("b@1",)


def test_too_many_packages_are_refused() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, packages_per_file=1)

    with pytest.raises(LimitError):
        run(ANALYZER, PATH, {PATH: "P:a\nV:1\n\nP:b\nV:1\n"}, limits=limits)


def test_files_beyond_the_limit_are_left_out_and_said() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, installed_files=1)

    found, issues = run(ANALYZER, PATH, {PATH: "P:a\nV:1\nF:d\nR:x\nR:y\n"}, limits=limits)

    assert [item.system_files for item in found if isinstance(item, OsPackages)] == [("d/x",)]
    assert [(issue.code, issue.blocking) for issue in issues] == [(IssueCode.ENTRY_IGNORED, False)]
