"""Package databases written by rpm itself and by libdb's own tools, where these are installed."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from struct import pack

import pytest
from tests.support.memory_tree import run
from tests.support.rpm_headers import package

from assaymark.inventory.analyzer import Analyzer
from assaymark.inventory.os import rpm, rpm_archive
from assaymark.model.inventory import OsPackages
from assaymark.model.package import Package

pytestmark = pytest.mark.integration

NEEDS_RPM = pytest.mark.skipif(shutil.which("rpmbuild") is None, reason="rpmbuild is not on PATH")
NEEDS_DB = pytest.mark.skipif(shutil.which("db5.3_load") is None, reason="db5.3_load is not on PATH")
SQLITE = "var/lib/rpm/rpmdb.sqlite"
BDB = "var/lib/rpm/Packages"
QUERY = (
    r"%{NAME}\t%{EPOCHNUM}\t%{VERSION}\t%{RELEASE}\t%{ARCH}\t%{LICENSE}\t%{VENDOR}\t%{SIGMD5}\t"
    r"[%{FILENAMES}|]\t%{SOURCERPM}\n"
)
SPEC = """\
Name: {name}
Version: 1.{epoch}
Release: 2
Epoch: {epoch}
Summary: A sample
Summary(de): Ein Beispiel
License: MIT
Vendor: {vendor}
BuildArch: noarch
Requires: first
Provides: word = 1
%description
Text.
%description -l de
Text.
%install
mkdir -p %{{buildroot}}/usr/share/{name}/deep
echo x > %{{buildroot}}/usr/share/{name}/a
echo y > "%{{buildroot}}/usr/share/{name}/deep/b c"
%files
/usr/share/{name}
"""


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two packages, the second of which needs the first."""
    top = tmp_path_factory.mktemp("rpmbuild")
    for epoch, (name, vendor) in enumerate([("first", "Red Hat, Inc."), ("second", "Somebody")], start=1):
        spec = top / f"{name}.spec"
        spec.write_text(SPEC.format(name=name, vendor=vendor, epoch=epoch))
        called("rpmbuild", "-bb", "--define", f"_topdir {top}", str(spec))
    return sorted(top.rglob("*.rpm"))


def called(*command: str, stdin: str | None = None) -> str:
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def read(analyzer: Analyzer, path: str, files: dict[str, bytes | str]) -> list[Package]:
    found, issues = run(analyzer, path, files)
    assert issues == []
    return [package for item in found if isinstance(item, OsPackages) for package in item.packages]


def told(package: Package) -> list[str]:
    """A package as `QUERY` prints it."""
    source = f"{package.src_name}-{package.src_version}-{package.src_release}.src.rpm"
    files = "".join(f"{path}|" for path in package.installed_files)
    return [
        package.name,
        str(package.epoch),
        package.version,
        package.release,
        package.arch,
        *package.licenses,
        package.maintainer,
        package.digest.removeprefix("md5:"),
        files,
        source,
    ]


@NEEDS_RPM
def test_database_of_rpm_itself(archives: list[Path], tmp_path: Path) -> None:
    place = ("--dbpath", str(tmp_path))
    called("rpm", *place, "--initdb")
    called("rpm", *place, "-i", "--justdb", "--nodeps", "--noscripts", *map(str, archives))
    expected = [line.split("\t") for line in called("rpm", *place, "-qa", "--qf", QUERY).splitlines()]

    found = read(rpm.ANALYZER, SQLITE, {SQLITE: (tmp_path / "rpmdb.sqlite").read_bytes()})

    for line in expected:
        if line[6] == "Somebody":
            line[8] = ""  # only official packages tell their files
    assert sorted(map(told, found)) == sorted(expected)
    assert [package.depends_on for package in found] == [(), ("first@1.1-2.noarch",)]


@NEEDS_RPM
def test_archives_of_rpm_itself(archives: list[Path]) -> None:
    for archive in archives:
        (found,) = read(rpm_archive.ANALYZER, "a.rpm", {"a.rpm": archive.read_bytes()})
        (line,) = called("rpm", "-qp", "--qf", QUERY, str(archive)).splitlines()
        expected = line.split("\t")
        expected[7:9] = ["", ""]
        assert told(found) == expected


@NEEDS_DB
@pytest.mark.parametrize("order", ["1234", "4321"], ids=["little-endian", "big-endian"])
@pytest.mark.parametrize("page_size", ["512", "4096", "65536"])
def test_berkeley_db_of_libdb(order: str, page_size: str, tmp_path: Path) -> None:
    """Several hundred headers of one byte more each: in the pages, beside them, and over page boundaries."""
    headers = [package(f"p{number}", summary=["x" * number * 20]) for number in range(400)]
    settings = (f"db_lorder={order}", f"db_pagesize={page_size}")
    flags = [word for setting in settings for word in ("-c", setting)]
    file = tmp_path / "Packages"
    called("db5.3_load", "-T", "-t", "hash", *flags, str(file), stdin=dumped([b"\x90\1\0\0", *headers]))

    found = read(rpm.ANALYZER, BDB, {BDB: file.read_bytes()})

    assert sorted(package.name for package in found) == sorted(f"p{number}" for number in range(400))


def dumped(values: Sequence[bytes]) -> str:
    """Numbered values as `db_load -T` takes them: a line for each key and each value."""
    lines = []
    for number, value in enumerate(values):
        lines += ["".join(f"\\{byte:02x}" for byte in data) for data in (pack("<I", number), value)]
    return "\n".join(lines) + "\n"


@NEEDS_RPM
def test_log_of_a_process_that_is_still_at_work(archives: list[Path], tmp_path: Path) -> None:
    """What rpm wrote stands in the log alone while another process has the database open."""
    place = ("--dbpath", str(tmp_path))
    called("rpm", *place, "--initdb")
    database = tmp_path / "rpmdb.sqlite"
    with closing(sqlite3.connect(database)) as other:
        other.execute("SELECT count(*) FROM Packages").fetchone()
        called("rpm", *place, "-i", "--justdb", "--nodeps", "--noscripts", *map(str, archives))
        data, log = database.read_bytes(), database.with_name("rpmdb.sqlite-wal").read_bytes()

    assert [package.name for package in read(rpm.ANALYZER, SQLITE, {SQLITE: data, f"{SQLITE}-wal": log})] == [
        "first",
        "second",
    ]
