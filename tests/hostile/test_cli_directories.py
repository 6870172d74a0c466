"""Folders made to hurt: `fs` and `rootfs` read regular files below the root and nothing else, and never wait."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.process import ALPINE, MIB, Machine

CANARY = "canary-of-the-host"
LOCK = "package-lock.json"
FACTS = {"pip::Python Packaging": {"requests": {"CVE-2026-1": {"VulnerableVersions": ["<3"]}}}}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    made.place_database()
    (made.work / "tree").mkdir()
    return made


def fill(machine: Machine) -> Path:
    """A small root file system in `work/tree`."""
    for name, data in ALPINE.items():
        path = machine.work / "tree" / name
        path.parent.mkdir(parents=True)
        path.write_text(str(data))
    return machine.work / "tree"


def link_to(machine: Machine, name: str, target: str) -> None:
    path = machine.work / "tree" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def test_links_that_leave_the_tree_are_not_followed(machine: Machine) -> None:
    fill(machine)
    (machine.home / "release").write_text(f"ID=alpine\nVERSION_ID=3.10\nNAME={CANARY}\n")
    (machine.home / "apk").mkdir()
    (machine.home / "apk" / "installed").write_text(f"P:{CANARY}\nV:1\n\n")
    link_to(machine, "etc/os-release", str(machine.home / "release"))
    link_to(machine, "usr/lib/apk/db", str(machine.home / "apk"))
    link_to(machine, "usr/lib/os-release", "../../../../home/release")

    ended = machine.run_contained("rootfs", "tree", "--format", "json", "--list-all-pkgs", *machine.flags)

    assert ended.code == 0
    assert CANARY.encode() not in ended.out + ended.err.encode()
    assert "warning: etc/os-release: a link or special file, not followed (1 more" in ended.err


def loop(machine: Machine) -> None:
    link_to(machine, "a", "b")
    link_to(machine, "b", "a")
    link_to(machine, "again", ".")
    link_to(machine, "deep/up", "../..")


def special_files(machine: Machine) -> None:
    os.mkfifo(machine.work / "tree" / LOCK)
    os.mkfifo(machine.work / "tree" / "Pipfile.lock")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(machine.work / "tree" / "requirements.txt"))


def deep_folders(machine: Machine) -> None:
    folder = os.open(machine.work / "tree", os.O_RDONLY)
    for _ in range(2_000):
        os.mkdir("d", dir_fd=folder)
        deeper = os.open("d", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = deeper
    os.close(folder)


def unreadable(machine: Machine) -> None:
    fill(machine)
    (machine.work / "tree" / LOCK).mkdir()


@pytest.mark.parametrize("make", [loop, special_files, unreadable])
@pytest.mark.parametrize("command", ["fs", "rootfs"])
def test_trees_that_nobody_can_wait_for(machine: Machine, make: Callable[[Machine], None], command: str) -> None:
    make(machine)

    ended = machine.run_contained(command, "tree", *machine.flags, seconds=20)

    assert ended.code == 0
    assert ended.seconds < 10


def test_two_thousand_folders_in_each_other(machine: Machine) -> None:
    deep_folders(machine)
    before = sorted((machine.work / "tree").iterdir())

    ended = machine.run("fs", "tree", *machine.flags)

    assert (ended.code, "nested too deeply" in ended.err) == (0, True)
    assert sorted((machine.work / "tree").iterdir()) == before
    assert os.system(f"rm -rf '{machine.work / 'tree'}'") == 0  # `shutil.rmtree` recurses


DOCUMENTS = [
    pytest.param(b"[" * 1_000_000, id="a million lists in each other"),
    pytest.param(b'{"packages":' * 400_000, id="objects in each other"),
    pytest.param(b'{"packages":{"a":' + b"1" * (4 * MIB) + b"}}", id="a number of four million digits"),
    pytest.param(b'{"packages":{"":{' + b'"a":[],' * 2_000_000 + b'"b":1}}}', id="two million empty lists"),
    pytest.param(b'\xef\xbb\xbf{"packages":{}}', id="a byte order mark"),
    pytest.param(b'{"packages":{}} {}', id="two documents"),
    pytest.param('{"packages":{}}'.encode("utf-16"), id="UTF-16"),
    pytest.param(b'{"packages":{"node_modules/a":{"version":NaN}}}', id="NaN"),
    pytest.param(b"", id="nothing"),
]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_lockfile_that_is_no_json(machine: Machine, document: bytes) -> None:
    """It is an issue of the report; only who asks for completeness gets a failure."""
    (machine.work / "tree" / LOCK).write_bytes(document)

    ended = machine.run_contained("fs", "tree", "--format", "json", *machine.flags)
    strict = machine.run_contained("fs", "tree", "--quiet", "--require-complete", *machine.flags)

    issues = json.loads(ended.out)["Coverage"]["Issues"]
    assert (ended.code, [issue["Path"] for issue in issues]) == (0, [LOCK])
    assert [line.startswith(f"warning: {LOCK}: ") for line in ended.problems] == [True]
    assert (strict.code, len(strict.problems)) == (3, 1)


def test_a_string_of_a_gibibyte(machine: Machine) -> None:
    with (machine.work / "tree" / LOCK).open("wb") as stream:
        stream.write(b'{"name":"')
        stream.truncate(1024 * MIB)

    ended = machine.run_contained("fs", "tree", *machine.flags)

    assert (ended.code, [LOCK in line for line in ended.problems]) == (0, [True])
    assert ended.seconds < 10


def test_lines_and_versions_without_end(machine: Machine) -> None:
    (machine.work / "tree" / "requirements.txt").write_bytes(
        b"requests=="
        + b"1" * 900_000
        + b"\n"
        + b"x" * (3 * MIB)
        + b"\nrequests==2.0\n"
        + b"a=="
        + b"1." * 300_000
        + b"\n"
    )
    machine.place_database(FACTS)

    ended = machine.run_contained("fs", "tree", "--format", "json", *machine.flags)

    assert ended.code == 0
    assert b"CVE-2026-1" in ended.out
    assert ended.seconds < 10


def test_names_of_files_do_not_reach_a_terminal(machine: Machine) -> None:
    folder = machine.work / "tree" / "\x1b[2J\x1b]0;evil\x07\u202e\udcff\n\rerror: forged"
    folder.mkdir()
    (folder / LOCK).write_text("{")
    (folder / "requirements.txt").write_text("requests==2.0\n")
    machine.place_database(FACTS)

    ended = machine.run("fs", "tree", "--debug", *machine.flags)

    text = ended.out.decode() + ended.err
    assert (ended.code, "CVE-2026-1" in text) == (0, True)
    assert not [
        char for char in text if char != "\n" and (ord(char) < 32 or 0x7F <= ord(char) < 0xA0 or char == "\u202e")
    ]
    assert not [line for line in text.splitlines() if line.startswith("error: forged")]


@pytest.mark.parametrize("path", ["nowhere", "tree/nothing/here", "\x1b[31mred"])
def test_what_is_not_there(machine: Machine, path: str) -> None:
    ended = machine.run_contained("fs", path, *machine.flags)

    assert (ended.code, len(ended.problems)) == (9, 1)
