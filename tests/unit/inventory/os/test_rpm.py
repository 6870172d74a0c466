"""rpm's package database as the inventory sees it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tests.support.memory_tree import run, tree
from tests.support.rpm_databases import bdb, ndb, sqlite, sqlite_with_log
from tests.support.rpm_headers import INT32, STRING, header, package

from assaymark.errors import LimitError
from assaymark.inventory.analyse import analyse_layer
from assaymark.inventory.os.rpm import ANALYZER
from assaymark.inventory.select import index_for
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.inventory import OsPackages
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.package import Package, PackageRepository

PATH = "var/lib/rpm/Packages.db"
SQLITE = "var/lib/rpm/rpmdb.sqlite"
OFFICIAL = PackageRepository(class_="official")
THIRD_PARTY = PackageRepository(class_="third-party")

BASH = package(
    "bash",
    epoch=1,
    version="5.1.8",
    release="6.el9_1",
    vendor="Red Hat, Inc.",
    license="GPLv3+",
    sourcerpm="bash-5.1.8-6.el9_1.src.rpm",
    sigmd5=bytes(range(16)),
    label="rhel:9:1:2",
    summary=["The GNU shell", "Die GNU-Shell"],
    provides=["bash", "/bin/sh", "config(bash)"],
    requires=["libc.so.6", "/bin/sh", "filesystem", "rpmlib(FileDigests)"],
    basenames=["bash", "sh", ".profile"],
    dirindexes=[0, 0, 1],
    dirnames=["/usr/bin/", "/etc/skel/"],
)
GLIBC = package(
    "glibc", provides=["libc.so.6", "glibc"], vendor="Somebody", basenames=["x"], dirindexes=[0], dirnames=["/"]
)


def packages(*headers: bytes, limits: Limits = DEFAULT_LIMITS) -> tuple[list[Package], list[Issue]]:
    found, issues = run(ANALYZER, PATH, {PATH: ndb(headers)}, limits=limits)
    return [package for item in found if isinstance(item, OsPackages) for package in item.packages], issues


def one(**values: object) -> Package:
    (found,), issues = packages(package(**values))  # type: ignore[arg-type]  # the name is among the values
    assert issues == []
    return found


def test_every_field() -> None:
    found, issues = run(ANALYZER, PATH, {PATH: ndb([BASH, GLIBC])})

    assert issues == []
    assert found == [
        OsPackages(
            path=PATH,
            packages=(
                Package(
                    id="bash@5.1.8-6.el9_1.x86_64",
                    name="bash",
                    version="5.1.8",
                    release="6.el9_1",
                    epoch=1,
                    arch="x86_64",
                    src_name="bash",
                    src_version="5.1.8",
                    src_release="6.el9_1",
                    src_epoch=1,
                    licenses=("GPLv3+",),
                    maintainer="Red Hat, Inc.",
                    modularitylabel="rhel:9:1:2",
                    repository=OFFICIAL,
                    depends_on=("glibc@1.0-1.el9.x86_64",),
                    digest="md5:000102030405060708090a0b0c0d0e0f",
                    installed_files=("/usr/bin/bash", "/usr/bin/sh", "/etc/skel/.profile"),
                ),
                Package(
                    id="glibc@1.0-1.el9.x86_64",
                    name="glibc",
                    version="1.0",
                    release="1.el9",
                    arch="x86_64",
                    maintainer="Somebody",
                    repository=THIRD_PARTY,
                ),
            ),
            system_files=("/usr/bin/bash", "/usr/bin/sh", "/etc/skel/.profile"),
        )
    ]


def test_formats_agree(tmp_path: Path) -> None:
    expected, _ = packages(BASH, GLIBC)
    for path, data in (
        ("usr/lib/sysimage/rpm/Packages.db", ndb([BASH, GLIBC])),
        ("var/lib/rpm/Packages", bdb([BASH, GLIBC])),
        ("usr/share/rpm/rpmdb.sqlite", sqlite([BASH, GLIBC], tmp_path)),
    ):
        (found,), issues = run(ANALYZER, path, {path: data})
        assert isinstance(found, OsPackages)
        assert (list(found.packages), issues) == (expected, [])


def test_names_are_for_people_and_the_content_decides() -> None:
    (found,), _ = run(ANALYZER, SQLITE, {SQLITE: ndb([BASH])})

    assert isinstance(found, OsPackages)
    assert [package.name for package in found.packages] == ["bash"]


def test_bare_package_has_no_source_and_no_architecture() -> None:
    """As the keys have that rpm imports."""
    expected = Package(
        id="gpg-pubkey@fd431d51-4ae0493b.",
        name="gpg-pubkey",
        version="fd431d51",
        release="4ae0493b",
        arch="None",
        repository=THIRD_PARTY,
    )

    assert one(name="gpg-pubkey", version="fd431d51", release="4ae0493b", arch=None) == expected


@pytest.mark.parametrize(
    ("file_name", "source"),
    [
        ("bash-5.1.8-6.el9.src.rpm", ("bash", "5.1.8", "6.el9")),
        ("a-b-c-1-2.nosrc.rpm", ("a-b-c", "1", "2")),
        ("(none)", ("", "", "")),
        ("", ("", "", "")),
        ("bash-5.1.src.rpm", ("", "", "")),
        ("bash", ("", "", "")),
        ("-1-2.src.rpm", ("", "1", "2")),
    ],
)
def test_source_package_is_cut_from_the_end_of_its_file_name(file_name: str, source: tuple[str, str, str]) -> None:
    found = one(sourcerpm=file_name)

    assert (found.src_name, found.src_version, found.src_release) == source


@pytest.mark.parametrize(
    ("vendor", "release", "repository"),
    [
        ("Red Hat, Inc.", "1", OFFICIAL),
        ("CentOS", "1", OFFICIAL),
        ("SUSE LLC <https://www.suse.com/>", "1", OFFICIAL),
        ("openSUSE", "1", OFFICIAL),
        ("VMware, Inc.", "1", OFFICIAL),
        ("Microsoft Corporation", "1", OFFICIAL),
        ("Amazon Linux", "1", OFFICIAL),
        ("", "1.amzn2", OFFICIAL),
        ("(none)", "1.amzn2", OFFICIAL),
        ("", "1.el9", THIRD_PARTY),
        ("red hat", "1", THIRD_PARTY),
        ("Not Red Hat", "1.amzn2", THIRD_PARTY),
    ],
)
def test_official_packages_are_told_by_their_vendor(vendor: str, release: str, repository: PackageRepository) -> None:
    assert one(vendor=vendor, release=release).repository == repository


@pytest.mark.parametrize(
    ("folder", "name", "path"),
    [
        ("/usr/bin/", "a", "/usr/bin/a"),
        ("/usr/bin", "a", "/usr/bin/a"),
        ("/", "", "/"),
        ("/", "a", "/a"),
        ("//usr//bin/", "a", "/usr/bin/a"),
        ("/usr/./lib/../bin/", "..", "/usr"),
        ("/usr/", "a/b", "/usr/a/b"),
        ("", "a", "a"),
    ],
)
def test_paths_are_clean(folder: str, name: str, path: str) -> None:
    found = one(vendor="CentOS", basenames=[name, "z"], dirindexes=[0, 1], dirnames=[folder, "/z/"])

    assert found.installed_files == (path, "/z/z")


@pytest.mark.parametrize(
    "lists",
    [
        pytest.param({"basenames": ["a", "b"], "dirindexes": [0], "dirnames": ["/"]}, id="fewer folders than names"),
        pytest.param({"basenames": ["a"], "dirindexes": [1], "dirnames": ["/"]}, id="a folder that is not named"),
        pytest.param({"basenames": ["a"], "dirindexes": [-1], "dirnames": ["/"]}, id="a negative folder"),
    ],
)
def test_lists_of_files_that_do_not_fit_each_other(lists: dict[str, object]) -> None:
    (found,), issues = packages(package("p", vendor="CentOS", **lists))

    assert found.installed_files == ()
    assert [issue.message.partition("`p`: ")[0] for issue in issues] == ["rpm: installed files of "]


@pytest.mark.parametrize("missing", ["basenames", "dirnames"])
def test_package_without_files(missing: str) -> None:
    lists = {"basenames": ["a"], "dirindexes": [0], "dirnames": ["/"], missing: None}

    assert one(vendor="CentOS", **lists).installed_files == ()


def test_last_provider_counts_and_nobody_depends_on_itself() -> None:
    found, _ = packages(
        package("a", provides=["word", "a"], requires=["word", "a", "missing", "word"]),
        package("b", provides=["word", "b"], requires=["word"]),
        package("c", requires=["a", "b", "word"]),
    )

    assert [package.depends_on for package in found] == [
        ("b@1.0-1.el9.x86_64",),
        (),
        ("a@1.0-1.el9.x86_64", "b@1.0-1.el9.x86_64"),
    ]


def test_log_beside_the_database_is_newer(tmp_path: Path) -> None:
    data, log = sqlite_with_log([GLIBC], [BASH], tmp_path)
    (found,), issues = run(ANALYZER, SQLITE, {SQLITE: data, f"{SQLITE}-wal": log})

    assert isinstance(found, OsPackages)
    assert ([package.name for package in found.packages], issues) == (["glibc", "bash"], [])


def test_log_that_is_too_long_is_said(tmp_path: Path) -> None:
    data, log = sqlite_with_log([GLIBC], [BASH], tmp_path)
    limits = msgspec.structs.replace(DEFAULT_LIMITS, rpm_log_bytes=100)
    (found,), issues = run(ANALYZER, SQLITE, {SQLITE: data, f"{SQLITE}-wal": log}, limits=limits)

    assert isinstance(found, OsPackages)
    assert [package.name for package in found.packages] == ["glibc"]
    assert [issue.message for issue in issues] == ["rpm: a write-ahead log longer than 100 bytes was left out"]


def test_log_without_its_database_is_said(tmp_path: Path) -> None:
    _, log = sqlite_with_log([GLIBC], [BASH], tmp_path)
    path = f"{SQLITE}-wal"

    assert run(ANALYZER, path, {path: log}) == (
        [],
        [
            Issue(
                code=IssueCode.ENTRY_IGNORED,
                message="rpm: a write-ahead log whose database is in another layer was left out",
                path=path,
            )
        ],
    )
    assert run(ANALYZER, path, {path: b""}) == ([], [])
    assert run(ANALYZER, path, {path: log, SQLITE: b"whatever"}) == ([], [])


def test_empty_log_is_none(tmp_path: Path) -> None:
    found, issues = run(ANALYZER, SQLITE, {SQLITE: sqlite([BASH], tmp_path), f"{SQLITE}-wal": b""})

    assert len(found) == 1
    assert issues == []


def test_a_hot_journal_is_told() -> None:
    path = f"{SQLITE}-journal"

    found, issues = run(ANALYZER, path, {path: b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(504)})

    message = "rpm: a rollback journal was not applied: the database may hold half of a change"
    assert found == []
    assert issues == [Issue(code=IssueCode.ENTRY_IGNORED, message=message, path=path)]


@pytest.mark.parametrize("content", [b"", bytes(512)], ids=["empty", "its header zeroed, as SQLite ends a change"])
def test_a_journal_of_a_change_that_ended_is_none(content: bytes) -> None:
    path = f"{SQLITE}-journal"

    assert run(ANALYZER, path, {path: content}) == ([], [])


def test_damaged_entry_costs_its_package_and_is_said() -> None:
    found, issues = packages(BASH, header({1000: (STRING, "no-version")}), header({1000: (INT32, 7)}), GLIBC)

    assert [package.name for package in found] == ["bash", "no-version", "glibc"]
    assert issues == [
        Issue(code=IssueCode.FILE_MALFORMED, message=f"rpm: {message}", path=PATH)
        for message in ("a package without a name or a version", "NAME has the type 4")
    ]


def test_many_troubles_are_counted() -> None:
    damaged = [header({1000: (INT32, 7)})] * 25

    _, issues = packages(BASH, *damaged)

    assert len(issues) == 11
    assert issues[-1].message == "rpm: 15 more entries that cannot be read"


def test_too_many_troubles_end_the_reading() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, rpm_troubles=3)
    damaged = [header({1000: (INT32, 7)})] * 25

    found, issues = packages(BASH, *damaged, GLIBC, limits=limits)

    assert [package.name for package in found] == ["bash"]
    assert issues[-1].message.startswith("rpm: the rest was given up: more than 3 damaged entries")


def test_database_that_gives_nothing_is_none() -> None:
    """What a lower layer holds at this path must not be replaced by nothing."""
    with pytest.raises(ValueError, match="no package can be read"):
        packages(header({1000: (INT32, 7)}))


@pytest.mark.parametrize("content", [b"", b"x", b"\0" * 4096, b"SQLite format 3\0", b"RpmP", b"RpmP" + b"\xff" * 4096])
def test_what_is_no_database(content: bytes) -> None:
    with pytest.raises(ValueError):
        run(ANALYZER, PATH, {PATH: content})


def test_empty_database_has_no_packages(tmp_path: Path) -> None:
    for path, data in (("var/lib/rpm/Packages", bdb([])), (PATH, ndb([])), (SQLITE, sqlite([], tmp_path))):
        found, issues = run(ANALYZER, path, {path: data})
        assert (found, issues) == ([OsPackages(path=path, packages=())], [])


def test_rest_of_a_damaged_database_is_given_up() -> None:
    data = bytearray(ndb([BASH, GLIBC]))
    data[64:68] = b"Slut"

    (found,), issues = run(ANALYZER, PATH, {PATH: bytes(data)})

    assert isinstance(found, OsPackages)
    assert [package.name for package in found.packages] == ["bash", "glibc"]
    assert [issue.message for issue in issues] == ["rpm: the rest was given up: a slot without its magic number"]


def test_too_many_packages() -> None:
    with pytest.raises(LimitError, match="more than 1 packages"):
        packages(BASH, GLIBC, limits=msgspec.structs.replace(DEFAULT_LIMITS, packages_per_file=1))


def test_file_beyond_the_limit() -> None:
    with pytest.raises(LimitError, match="longer than 10 bytes"):
        packages(BASH, limits=msgspec.structs.replace(DEFAULT_LIMITS, parsed_file_bytes=10))


@pytest.mark.parametrize(
    "limits",
    [{"installed_files": 2}, {"installed_file_bytes": 20}],
    ids=["too many", "too long"],
)
def test_files_beyond_the_limit_are_left_out_and_said(limits: dict[str, int]) -> None:
    (found,), issues = packages(BASH, limits=msgspec.structs.replace(DEFAULT_LIMITS, **limits))

    assert found.installed_files == ()
    assert [(issue.code, issue.blocking) for issue in issues] == [(IssueCode.ENTRY_IGNORED, False)]


def test_files_of_official_packages_belong_to_the_system() -> None:
    layer = analyse_layer(
        tree(
            {
                PATH: ndb(
                    [package("py", vendor="CentOS", basenames=["METADATA"], dirindexes=[0], dirnames=["/a.dist-info"])]
                ),
                "a.dist-info/METADATA": "Metadata-Version: 2.1\nName: a\nVersion: 1\n",
            }
        ),
        index=index_for("image"),
    )

    assert [type(item) for item in layer.found] == [OsPackages]
    assert layer.issues == ()
