from __future__ import annotations

import gzip
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest
from tests.support.harvests import APK, Opened, contents, diff_id, run_harvest, wanted
from tests.support.images import Entries, File, Folder, Link, Special, write_layer

from assaymark.errors import ArtifactError, DigestMismatchError, LimitError, LocalError
from assaymark.layers.harvest import harvest
from assaymark.layers.skip import SkipRules
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.issue import Issue, IssueCode


def test_wanted_files_and_the_facts_of_the_layer() -> None:
    tar = write_layer(
        [("./etc/os-release", File(b"ID=a", 0o640)), ("/opt/tool", File(b"\x7fELF", 0o755)), ("opt/text", "x")]
    )
    harvested, passes = run_harvest(tar)

    with harvested:
        file = harvested.tree.find("etc/os-release")
        assert file is not None
        assert (file.path, file.mode, file.size, file.read()) == ("etc/os-release", 0o640, 4, b"ID=a")
        assert contents(harvested) == {"etc/os-release": b"ID=a", "opt/tool": b"\x7fELF"}
        assert (harvested.size, harvested.diff_id, passes) == (len(tar), diff_id(tar), 1)


def test_wants_is_asked_once_for_each_regular_file_in_order() -> None:
    asked: list[tuple[str, int, int]] = []

    def wants(path: str, mode: int, size: int) -> bool:
        asked.append((path, mode, size))
        return False

    run_harvest(
        [("b", "12"), ("a/", Folder()), ("l", Link("b")), ("a/c", File(b"", 0o755))],
        wants=wants,
        claims=lambda *_: False,
    )

    assert asked == [("b", 0o644, 2), ("a/c", 0o755, 0)]


WHITEOUTS = {
    "a file": ([("etc/.wh.passwd", "")], ("etc/passwd",), ()),
    "at the root, as any type": ([(".wh.a", Special(tarfile.CHRTYPE)), (".wh.b", Link("x"))], ("a", "b"), ()),
    "opaque": ([("etc/.wh..wh..opq", ""), (".wh..wh..opq", "")], (), ("etc", "")),
    "absolute and repeated": ([("/etc/.wh.x", ""), ("./etc/.wh.x", "")], ("etc/x",), ()),
    "in a skipped directory": ([("skip/", Folder()), ("skip/.wh.x", "")], ("skip/x",), ()),
    "of a file of the same layer, which stays": (
        [("a/package.json", "{}"), ("a/.wh.package.json", "")],
        ("a/package.json",),
        (),
    ),
}


@pytest.mark.parametrize(("entries", "whiteouts", "opaque"), WHITEOUTS.values(), ids=WHITEOUTS)
def test_whiteouts(entries: Entries, whiteouts: tuple[str, ...], opaque: tuple[str, ...]) -> None:
    harvested, _ = run_harvest(entries, skip_dirs=SkipRules(["skip"]))

    assert (harvested.whiteouts, harvested.opaque) == (whiteouts, opaque)


IGNORED = {
    "a name that climbs": ("../etc/os-release", "outside root, ignored", "../etc/os-release"),
    "a name that climbs from below": ("a/../../etc/os-release", "outside root, ignored", "a/../../etc/os-release"),
    "a whiteout without a name": ("etc/.wh.", "a whiteout of nothing, ignored", "etc/.wh."),
    "a whiteout of the directory itself": ("etc/.wh..", "a whiteout of nothing, ignored", "etc/.wh.."),
    "a whiteout of the parent": ("etc/.wh...", "a whiteout of nothing, ignored", "etc/.wh..."),
    "a file without a name": ("./", "an entry without a name, ignored", "./"),
    "control characters in the name": ("../\x1b[31m", "outside root, ignored", "../\\x1b[31m"),
}


@pytest.mark.parametrize(("name", "message", "path"), IGNORED.values(), ids=IGNORED)
def test_ignored_entries_are_noted_and_do_not_block(name: str, message: str, path: str) -> None:
    issues: list[Issue] = []
    tar = write_layer([(name, "x")])
    harvested, _ = run_harvest(tar, issues=issues)

    assert (contents(harvested), harvested.whiteouts, harvested.opaque) == ({}, (), ())
    assert issues == [
        Issue(code=IssueCode.ENTRY_IGNORED, message=message, path=path, layer=diff_id(tar), blocking=False)
    ]


def test_the_root_directory_itself_is_nothing_to_note() -> None:
    issues: list[Issue] = []
    run_harvest([("./", Folder()), ("/", Folder())], issues=issues)

    assert issues == []


def test_many_ignored_entries_are_counted() -> None:
    issues: list[Issue] = []
    run_harvest([(f"../{number}", "") for number in range(150)], issues=issues)

    assert len(issues) == 101
    assert (issues[-1].message, issues[-1].path) == ("outside root, ignored (50 more)", "")


def test_a_path_that_is_nested_too_deeply_blocks() -> None:
    issues: list[Issue] = []
    harvested, _ = run_harvest({"d/" * 256 + "package.json": "{}", "d/" * 255 + "package.json": "{}"}, issues=issues)

    assert [file.path.count("/") for file in harvested.tree.under("")] == [255]
    assert [(issue.message, issue.blocking) for issue in issues] == [("nested too deeply, not analysed", True)]


FLIPS: dict[str, tuple[list[tuple[str, Any]], dict[str, bytes]]] = {
    "the last of two files": ([(APK, "one"), (APK, "two")], {APK: b"two"}),
    "a file, then a directory": ([(APK, "one"), (APK, Folder())], {}),
    "a directory, then a file": ([(APK, Folder()), (APK, "one")], {APK: b"one"}),
    "a file, then a dangling link": ([(APK, "one"), (APK, Link("nowhere"))], {}),
    "a file, then a device": ([(APK, "one"), (APK, Special())], {}),
    "a link, then a file": ([("x", "other"), (APK, Link("/x")), (APK, "one")], {APK: b"one"}),
    "a directory with a file in it, then a file": ([(APK, "one"), ("lib/apk", "flat")], {}),
    "a directory with a file in it, then a link": ([(APK, "one"), ("lib", Link("usr/lib"))], {}),
    "a directory with a file in it, then a device": ([(APK, "one"), ("lib/apk/db", Special())], {}),
    "a file, then a directory with a file in it": (
        [("lib/apk", "flat"), ("lib/apk/", Folder()), (APK, "one")],
        {APK: b"one"},
    ),
    "an unwanted file, then the wanted one below it": ([("lib", "flat"), (APK, "one")], {APK: b"one"}),
}


@pytest.mark.parametrize(("entries", "kept"), FLIPS.values(), ids=FLIPS)
def test_the_last_entry_of_a_path_counts(entries: Entries, kept: dict[str, bytes]) -> None:
    harvested, _ = run_harvest(entries)

    assert contents(harvested) == kept


SKIPS = {
    "a directory with a header": ([("app/", Folder()), ("app/package.json", "{}")], []),
    "a directory without a header": ([("app/package.json", "{}")], ["app/package.json"]),
    "a header that comes late": (
        [("app/package.json", "{}"), ("app/", Folder()), ("app/b/package.json", "{}")],
        ["app/package.json"],
    ),
    "another directory with the same beginning": (
        [("app/", Folder()), ("apple/package.json", "{}")],
        ["apple/package.json"],
    ),
    "a skipped file": ([("x/y/package.json", "{}"), ("x/package.json", "{}")], ["x/package.json"]),
}


@pytest.mark.parametrize(("entries", "kept"), SKIPS.values(), ids=SKIPS)
def test_skipped_directories_and_files(entries: Entries, kept: list[str]) -> None:
    harvested, _ = run_harvest(entries, skip_dirs=SkipRules(["app"]), skip_files=SkipRules(["**/y/*"]))

    assert list(contents(harvested)) == kept


def test_large_files_go_to_a_temporary_file() -> None:
    limits = Limits(memory_file_bytes=10, wanted_bytes=15)
    entries = {f"{name}/package.json": name * 9 for name in "abc"} | {"d/package.json": "d" * 100_000}
    harvested, _ = run_harvest(entries, limits=limits)

    assert contents(harvested) == {path: str(data).encode() for path, data in entries.items()}
    file = harvested.tree.find("d/package.json")
    assert file is not None
    with file.open() as first, file.open() as second:
        assert [first.read(3), second.seek(-2, 2), second.read(), first.tell(), first.seek(1), first.seek(5, 1)] == [
            b"ddd",
            99_998,
            b"dd",
            3,
            1,
            6,
        ]
    with pytest.raises(LimitError, match=r"`d/package.json` is longer than 5 bytes"):
        file.read(5)
    small = harvested.tree.find("a/package.json")
    assert small is not None
    with pytest.raises(LimitError, match="longer than 5 bytes"):
        small.read(5)
    harvested.close()
    with pytest.raises(ValueError, match="closed"):
        file.open()


@pytest.mark.parametrize("alias", [False, True], ids=["under its own name", "behind a link"])
def test_a_file_that_is_too_large_is_an_issue(alias: bool) -> None:
    issues: list[Issue] = []
    entries: list[tuple[str, Any]] = [("x", Link("/big")), ("big", "b" * 50)] if alias else [("x", "b" * 50)]
    harvested, _ = run_harvest(
        entries, wants=lambda path, *_: path == "x", limits=Limits(wanted_file_bytes=49), issues=issues
    )

    assert contents(harvested) == {}
    assert [(issue.code, issue.path, issue.blocking) for issue in issues] == [(IssueCode.FILE_TOO_LARGE, "x", True)]


BOUNDED: dict[str, tuple[dict[str, int], str]] = {
    "kept files": ({"wanted_files": 1}, "more than 1 files to analyse"),
    "names": ({"layer_path_bytes": 200}, "the names in a layer have more than 200 bytes"),
    "bytes on disk": ({"memory_file_bytes": 0, "spilled_bytes": 3}, "larger than 3 bytes together"),
}


@pytest.mark.parametrize(("bound", "message"), BOUNDED.values(), ids=BOUNDED)
def test_bounds(bound: dict[str, int], message: str) -> None:
    with pytest.raises(LimitError, match=message):
        run_harvest({"a/package.json": "12", "b/package.json": "34"}, limits=Limits(**bound))


def test_a_full_disk_is_a_local_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, data: bytes, offset: int) -> int:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(LocalError, match=r"cannot write a temporary file in `.*`: no space left on device"):
        run_harvest({APK: "x"}, limits=Limits(memory_file_bytes=0), spill=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_another_diff_id_gives_nothing() -> None:
    claimed = diff_id(b"something else")
    tar = write_layer({APK: "x"})

    with pytest.raises(
        DigestMismatchError, match=f"layer `{claimed}` has the uncompressed digest `{diff_id(tar)}`"
    ) as caught:
        harvest(Opened(tar), diff_id=claimed, wants=wanted, limits=DEFAULT_LIMITS, on_issue=lambda _: None)
    assert caught.value.reason == "DIFF_ID_MISMATCH"


def test_a_damaged_layer_is_named() -> None:
    tar = write_layer({APK: "x"})

    with pytest.raises(ArtifactError, match=f"layer `{diff_id(tar)}` is damaged"):
        harvest(
            Opened(gzip.compress(tar)[:-5]),
            diff_id=diff_id(tar),
            wants=wanted,
            limits=DEFAULT_LIMITS,
            on_issue=lambda _: None,
        )


def test_files_below_a_folder_come_in_byte_order() -> None:
    harvested, _ = run_harvest({f"{name}/package.json": "" for name in ("b", "a-b", "a", "a/z", "é", "Z")})

    assert [file.path for file in harvested.tree.under("a")] == ["a/package.json", "a/z/package.json"]
    assert [file.path.partition("/")[0] for file in harvested.tree.under("")] == ["Z", "a-b", "a", "a", "b", "é"]
    assert list(harvested.tree.under("nowhere")) == []
