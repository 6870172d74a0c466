from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import pytest
from tests.support.harvests import APK, STATUS, contents, diff_id, run_harvest, wanted
from tests.support.images import Entries, File, Folder, Link, Special, write_layer

from assaymark.errors import DigestMismatchError
from assaymark.layers.harvest import harvest
from assaymark.layers.skip import SkipRules
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.issue import Issue

DB = b"Package: a\n"
LINKED: dict[str, tuple[list[tuple[str, Any]], int]] = {
    "a hard link": ([("db/copy", DB), (STATUS, Link("db/copy", hard=True))], 2),
    "a hard link with an absolute name": ([("db/copy", DB), (STATUS, Link("/db/./copy", hard=True))], 2),
    "a relative symbolic link": ([("var/lib/dpkg/real", DB), (STATUS, Link("real"))], 2),
    "a symbolic link before its target": ([(STATUS, Link("../../../db/copy")), ("db/copy", DB)], 2),
    "an absolute symbolic link": ([("db/copy", DB), (STATUS, Link("/db/copy"))], 2),
    "a link that climbs stays at the root": ([("db/copy", DB), (STATUS, Link("../" * 9 + "db/copy"))], 2),
    "a chain of links": ([("d", DB), ("c", Link("d")), ("b", Link("/c", hard=True)), (STATUS, Link("/b"))], 2),
    "a link to a directory": ([("var/lib/dpkg", Link("/usr/lib/dpkg-db")), ("usr/lib/dpkg-db/status", DB)], 2),
    "links to directories behind links": (
        [("var/lib", Link("../state")), ("state/dpkg", Link("/opt/dpkg")), ("opt/dpkg/status", DB)],
        2,
    ),
    "a link through a link to a directory": ([("s", Link("usr/s")), ("usr/s/copy", DB), (STATUS, Link("/s/copy"))], 2),
    "forty links": ([(STATUS, Link("/l1")), *((f"l{n}", Link(f"l{n + 1}")) for n in range(1, 40)), ("l40", DB)], 2),
    "a directory that holds a link to itself": (
        [("var/lib/dpkg", Link("/db")), ("db/X11", Link(".")), ("db/status", DB)],
        2,
    ),
    "the last of two targets": ([("db/copy", "old"), (STATUS, Link("/db/copy")), ("db/copy", DB)], 2),
}


@pytest.mark.parametrize(("entries", "passes"), LINKED.values(), ids=LINKED)
def test_a_wanted_path_that_is_only_a_link_gets_its_targets_content(entries: Entries, passes: int) -> None:
    harvested, taken = run_harvest(entries)

    assert (contents(harvested), taken) == ({STATUS: DB}, passes)


NOT_LINKED: dict[str, tuple[list[tuple[str, Any]], list[str]]] = {
    "somebody wants the target": (
        [("usr/lib/os-release", "ID=a"), ("etc/os-release", Link("../usr/lib/os-release"))],
        ["usr/lib/os-release"],
    ),
    "a loop": ([(STATUS, Link("b")), ("var/lib/dpkg/b", Link("status"))], []),
    "a link to itself": ([(STATUS, Link("status"))], []),
    "forty-one links": (
        [(STATUS, Link("/l1")), *((f"l{n}", Link(f"l{n + 1}")) for n in range(1, 41)), ("l41", DB)],
        [],
    ),
    "a target outside": ([(STATUS, Link("/../../../etc/passwd"))], []),
    "a hard link to itself": ([(STATUS, Link(STATUS, hard=True))], []),
    "a link to a device": ([("dev/x", Special()), (STATUS, Link("/dev/x"))], []),
    "a link without a target": ([("db", DB), (STATUS, Link(""))], []),
    "a link to the root": ([("db", DB), ("var/lib/dpkg", Link("/")), (STATUS, Link("/"))], []),
    "a link whose target went away with its directory": (
        [("db/copy", DB), (STATUS, Link("/db/copy")), ("db", "flat")],
        [],
    ),
    "an executable that is a link": ([("tools/x", File(b"", 0o755)), ("opt/x", Link("/tools/x"))], []),
    "a link in a skipped directory": ([("skip/", Folder()), ("x", "{}"), ("skip/package.json", Link("/x"))], []),
}


@pytest.mark.parametrize(("entries", "kept"), NOT_LINKED.values(), ids=NOT_LINKED)
def test_links_that_give_nothing_cost_no_second_pass(entries: Entries, kept: list[str]) -> None:
    harvested, taken = run_harvest(entries, skip_dirs=SkipRules(["skip"]))

    assert (list(contents(harvested)), taken) == (kept, 1)


def test_wanted_names_that_are_links_to_nothing_are_noted() -> None:
    issues: list[Issue] = []
    run_harvest(
        [
            (STATUS, Link("/gone")),
            (APK, Link("/etc/os-release")),
            ("etc/os-release", "ID=a"),
            ("unwanted", Link("/gone")),
            ("skip/", Folder()),
            ("skip/package.json", Link("/gone")),
        ],
        issues=issues,
        skip_dirs=SkipRules(["skip"]),
    )

    assert [(issue.message, issue.path, issue.blocking) for issue in issues] == [
        ("a link that leads to no file of its layer, not followed", STATUS, False)
    ]


def test_find_follows_links_to_kept_files() -> None:
    harvested, _ = run_harvest(
        [
            ("usr/lib/os-release", "ID=a"),
            ("etc", Link("usr/lib")),
            ("x", Link("etc/os-release", hard=True)),
            ("loop", Link("loop")),
        ]
    )
    file = harvested.tree.find("usr/lib/os-release")

    assert file is not None
    assert [harvested.tree.find(path) for path in ("etc/os-release", "x")] == [file, file]
    assert [harvested.tree.find(path) for path in ("loop", "nowhere", "etc", "")] == [None] * 4


def test_a_hard_link_outside_is_noted() -> None:
    issues: list[Issue] = []
    run_harvest([(STATUS, Link("../../etc/shadow", hard=True))], issues=issues)

    assert [(issue.message, issue.path, issue.blocking) for issue in issues] == [
        ("a hard link that leads outside root, ignored", STATUS, False)
    ]


def test_claims_answers_for_links_and_wants_does_not() -> None:
    asked: list[str] = []

    def wants(path: str, mode: int, size: int) -> bool:
        asked.append(path)
        return False

    harvested, _ = run_harvest([("x", DB), (STATUS, Link("/x"))], wants=wants, claims=wanted)

    assert (asked, contents(harvested)) == (["x"], {STATUS: DB})


@pytest.mark.parametrize("bound", [{"layer_link_steps": 20}, {"layer_path_bytes": 1_000}], ids=["steps", "bytes"])
def test_too_many_links_are_noted(bound: dict[str, int]) -> None:
    issues: list[Issue] = []
    entries = [(f"l{number}", Link(f"f{number}")) for number in range(20)] + [
        (f"f{number}", "x") for number in range(20)
    ]
    run_harvest(entries, issues=issues, limits=Limits(**bound))

    assert [issue.message for issue in issues] == ["not every link was followed"]


def test_steps_end_in_the_middle_of_a_directory() -> None:
    issues: list[Issue] = []
    entries: list[tuple[str, Any]] = [("l", Link("d")), *((f"d/{number}", "x") for number in range(50))]
    run_harvest(entries, issues=issues, limits=Limits(layer_link_steps=30))
    nested: list[tuple[str, Any]] = [
        ("l", Link("d")),
        *((f"d/{number}", Link("/e")) for number in range(50)),
        ("e/f", "x"),
    ]
    run_harvest(nested, issues=issues, limits=Limits(layer_link_steps=160))

    assert [issue.message for issue in issues] == ["not every link was followed"] * 2


def test_links_to_paths_that_are_nested_too_deeply_lead_nowhere() -> None:
    harvested, passes = run_harvest([(STATUS, Link("/" + "d/" * 300 + "x")), (APK, Link("x"))])

    assert (contents(harvested), passes) == ({}, 1)


def test_the_second_pass_is_verified_too() -> None:
    first = write_layer([("db/copy", DB), (STATUS, Link("/db/copy"))])
    second = write_layer([("db/copy", b"forged\n"), (STATUS, Link("/db/copy"))])
    layers = iter([first, second])

    @contextmanager
    def reopen() -> Iterator[BinaryIO]:
        yield io.BytesIO(next(layers))

    with pytest.raises(DigestMismatchError):
        harvest(reopen, diff_id=diff_id(first), wants=wanted, limits=DEFAULT_LIMITS, on_issue=lambda _: None)
