"""Debian's package database; the sample is cut from the image debian:12 and gcr.io/distroless/base."""

from __future__ import annotations

import msgspec
import pytest
from tests.support.memory_tree import run

from assaymark.errors import LimitError
from assaymark.inventory.os import dpkg_license
from assaymark.inventory.os.dpkg import ANALYZER
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.inventory import OsPackages, PackageLicense
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.package import Package, PackageRepository

PATH = "var/lib/dpkg/status"
OFFICIAL = PackageRepository(class_="official")
SAMPLE = """\
Package: bsdutils
Essential: yes
Status: install ok installed
Maintainer: util-linux packagers <util-linux@packages.debian.org>
Architecture: amd64
Multi-Arch: foreign
Source: util-linux (2.38.1-5+deb12u3)
Version: 1:2.38.1-5+deb12u3
Pre-Depends: libc6 (>= 2.34)
Depends: libsystemd0, gone | libc6 (>= 2.36),
 libc6
Description: basic utilities from 4.4BSD-Lite
 This package contains the really basic utilities.
 .
 More text: not a field
Homepage: https://www.kernel.org/

Package: libc6
Status: install ok installed
Maintainer: GNU Libc Maintainers <debian-glibc@lists.debian.org>
Architecture: amd64
Source: glibc
Version: 2.36-9+deb12u13

Package: removed
Status: deinstall ok config-files
Architecture: amd64
Version: 1.0-1
"""
FILES: dict[str, bytes | str] = {
    PATH: SAMPLE,
    "var/lib/dpkg/info/bsdutils.md5sums": "aa  usr/bin/wall\nbb  usr/bin/logger\n",
    "var/lib/dpkg/info/libc6:amd64.md5sums": "cc  lib/x86_64-linux-gnu/libc.so.6\n",
    "var/lib/dpkg/available": "Package: libc6\nVersion: 2.36-9+deb12u13\nSHA256: 00ff\n",
}


def packages(
    text: str, more: dict[str, bytes | str] | None = None, *, limits: Limits = DEFAULT_LIMITS
) -> tuple[tuple[Package, ...], list[Issue]]:
    found, issues = run(ANALYZER, PATH, {PATH: text, **(more or {})}, limits=limits)
    (database,) = found
    assert isinstance(database, OsPackages)
    return database.packages, issues


def test_sample_is_read_whole() -> None:
    found, issues = run(ANALYZER, PATH, FILES)

    assert issues == []
    assert found == [
        OsPackages(
            path=PATH,
            packages=(
                Package(
                    id="bsdutils@1:2.38.1-5+deb12u3",
                    name="bsdutils",
                    version="2.38.1",
                    release="5+deb12u3",
                    epoch=1,
                    arch="amd64",
                    src_name="util-linux",
                    src_version="2.38.1",
                    src_release="5+deb12u3",
                    maintainer="util-linux packagers <util-linux@packages.debian.org>",
                    repository=OFFICIAL,
                    depends_on=("libc6@2.36-9+deb12u13",),
                    installed_files=("/usr/bin/logger", "/usr/bin/wall"),
                ),
                Package(
                    id="libc6@2.36-9+deb12u13",
                    name="libc6",
                    version="2.36",
                    release="9+deb12u13",
                    arch="amd64",
                    src_name="glibc",
                    src_version="2.36",
                    src_release="9+deb12u13",
                    maintainer="GNU Libc Maintainers <debian-glibc@lists.debian.org>",
                    repository=OFFICIAL,
                    digest="sha256:00ff",
                    installed_files=("/lib/x86_64-linux-gnu/libc.so.6",),
                ),
            ),
            system_files=("/usr/bin/logger", "/usr/bin/wall", "/lib/x86_64-linux-gnu/libc.so.6"),
        )
    ]


def test_distroless_has_a_file_a_package() -> None:
    path = "var/lib/dpkg/status.d/tzdata"
    files: dict[str, bytes | str] = {
        path: "Package: tzdata\nVersion: 2024a-0+deb12u1\nArchitecture: all\n",
        "var/lib/dpkg/status.d/tzdata.md5sums": "aa  usr/share/zoneinfo/UTC\n",
        "var/lib/dpkg/info/tzdata.md5sums": "bb  elsewhere\n",
    }

    found, _ = run(ANALYZER, path, files)

    assert [
        (package.id, package.installed_files)
        for item in found
        if isinstance(item, OsPackages)
        for package in item.packages
    ] == [("tzdata@2024a-0+deb12u1", ("/usr/share/zoneinfo/UTC",))]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n\n",
        "no field at all",
        "Package: a\n",
        "Version: 1\n",
        " continuation first\nPackage: a\n",
        "Package: a\nVersion: 1\nStatus: purge ok not-installed\n",
        "\x00\xff: \xfe\n",
    ],
)
def test_nothing_to_find_is_an_empty_database(text: str) -> None:
    assert packages(text) == ((), [])


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        pytest.param("Package: a\nVersion: 1\n\n\n\nPackage: b\nVersion: 2", ["a@1", "b@2"], id="more empty lines"),
        pytest.param("PACKAGE: a\nversion: 1\n", ["a@1"], id="names in any case"),
        pytest.param(
            "Package: a\r\nVersion: 1\r\n\r\nPackage: b\r\nVersion: 2\r\n", ["a@1", "b@2"], id="carriage returns"
        ),
        pytest.param("Package: a\nno field\nVersion: 1\n", ["a@1"], id="a bad line costs nothing"),
        pytest.param("Package: a\nPackage: b\nVersion: 1\n", ["a@1"], id="the first of two fields"),
        pytest.param(
            "Package: a\nVersion: 1\nArchitecture: x\n\nPackage: a\nVersion: 1\n", ["a@1"], id="two architectures"
        ),
    ],
)
def test_odd_paragraphs(text: str, ids: list[str]) -> None:
    assert [package.id for package in packages(text)[0]] == ids


@pytest.mark.parametrize("text", ["Package: a\nVersion: x1\n", "Package: a\nVersion: 1\nSource: b (y)\n"])
def test_version_that_cannot_be_ordered_is_an_issue(text: str) -> None:
    found, issues = packages(text)

    assert found == ()
    assert [(issue.code, issue.blocking) for issue in issues] == [(IssueCode.VERSION_UNPARSABLE, True)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("b", ("b", "1", 0, "2")),
        ("b (3:4-5)", ("b", "4", 3, "5")),
        ("(4)", ("(4)", "1", 0, "2")),
        (" ", ("a", "1", 0, "2")),
    ],
)
def test_sources(source: str, expected: tuple[str, str, int, str]) -> None:
    ((package,), _) = packages(f"Package: a\nVersion: 1-2\nSource: {source}\n")

    assert (package.src_name, package.src_version, package.src_epoch, package.src_release) == expected


@pytest.mark.parametrize(
    "maintainer",
    ["HashiCorp", "Docker <support@docker.com>", "NVIDIA <cudatools@nvidia.com>"],
    ids=["whole", "part", "at"],
)
def test_packages_of_vendors_own_no_files(maintainer: str) -> None:
    text = f"Package: a\nVersion: 1\nMaintainer: {maintainer}\n"

    ((package,), _) = packages(text, {"var/lib/dpkg/info/a.md5sums": "aa  x\n"})

    assert (package.repository.class_, package.installed_files) == ("third-party", ())


def test_broken_file_list_is_an_issue_that_blocks_nothing() -> None:
    ((package,), issues) = packages("Package: a\nVersion: 1\n", {"var/lib/dpkg/info/a.md5sums": "no gap\n"})

    assert package.installed_files == ()
    assert issues == [
        Issue(
            code=IssueCode.ENTRY_IGNORED,
            message="installed files: no path in the line `no gap`",
            path="var/lib/dpkg/info/a.md5sums",
            blocking=False,
        )
    ]


def test_names_do_not_lead_out_of_the_folder() -> None:
    ((package,), _) = packages("Package: ../x\nVersion: 1\n", {"var/lib/dpkg/info/../x.md5sums": "aa  x\n"})

    assert package.installed_files == ()


def test_files_beyond_the_limit_are_left_out_and_said() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, installed_files=1)

    ((package,), issues) = packages(
        "Package: a\nVersion: 1\n", {"var/lib/dpkg/info/a.md5sums": "aa  x\nbb  y\n"}, limits=limits
    )

    assert package.installed_files == ("/x",)
    assert [issue.blocking for issue in issues] == [False]


def test_too_many_packages_are_refused() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, packages_per_file=1)

    with pytest.raises(LimitError):
        packages("Package: a\nVersion: 1\n\nPackage: b\nVersion: 1\n", limits=limits)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("License: GPL-2+\n\nLicense: MIT (Expat)\n", ("GPL-2.0-or-later", "MIT"), id="fields"),
        pytest.param("see `/usr/share/common-licenses/GPL-3'.\n", ("GPL-3.0-only",), id="a reference"),
        pytest.param("License: The main library is licensed under LGPL license\n", ("LGPL-2.0-or-later",), id="prose"),
        pytest.param("License: GPL-2 or Artistic\n", ("GPL-2.0-only", "Artistic-2.0"), id="two in one"),
        pytest.param("License:\n", None, id="an empty field"),
        pytest.param("This is free software.\n", None, id="free text"),
        pytest.param("", None, id="empty"),
    ],
)
def test_copyright_files(text: str, expected: tuple[str, ...] | None) -> None:
    path = "usr/share/doc/zlib1g/copyright"

    found, issues = run(dpkg_license.ANALYZER, path, {path: text})

    assert issues == []
    assert found == ([PackageLicense(path=path, package="zlib1g", licenses=expected)] if expected else [])
