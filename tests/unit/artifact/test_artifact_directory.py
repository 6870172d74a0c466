"""Directories: what they are called, and what they are not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assaymark.artifact.directory import clean_target, open_directory
from assaymark.errors import LocalError
from assaymark.model.artifact import Directory


def tree(root: Path, hostname: bytes | None = None) -> Path:
    (root / "etc").mkdir(parents=True)
    if hostname is not None:
        (root / "etc" / "hostname").write_bytes(hostname)
    return root


def test_a_folder_is_called_as_it_was_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path / "a")
    monkeypatch.chdir(tmp_path)
    assert open_directory("./x/..//a/") == Directory(name="a", root=Path("a"))


def test_a_host_name_comes_first(tmp_path: Path) -> None:
    root = tree(tmp_path / "a", b" box\n")
    assert open_directory(str(root)) == Directory(name="box", root=root)


NO_NAMES = [
    pytest.param(b"", id="an empty file"),
    pytest.param(b" \n", id="nothing but blanks"),
    pytest.param(b"x" * 5000, id="more than a name"),
]


@pytest.mark.parametrize("hostname", NO_NAMES)
def test_what_is_no_host_name(tmp_path: Path, hostname: bytes) -> None:
    root = tree(tmp_path / "a", hostname)
    assert open_directory(str(root)).name == str(root)


def test_a_host_name_behind_a_link_inside(tmp_path: Path) -> None:
    root = tree(tmp_path / "a")
    (root / "name").write_bytes(b"box")
    (root / "etc" / "hostname").symlink_to("../name")
    assert open_directory(str(root)).name == "box"


def test_links_that_lead_outside_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"canary")
    for number, target in enumerate([str(tmp_path / "secret"), "../../secret", "hostname"]):
        root = tree(tmp_path / f"a{number}")
        (root / "etc" / "hostname").symlink_to(target)
        assert open_directory(str(root)).name == str(root)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    root = tree(tmp_path / "a")
    os.mkfifo(root / "etc" / "hostname")
    assert open_directory(str(root)).name == str(root)
    with pytest.raises(LocalError, match="neither a folder nor a regular file"):
        open_directory(str(root / "etc" / "hostname"))


def test_a_file_is_looked_at_alone(tmp_path: Path) -> None:
    root = tree(tmp_path / "a", b"box")
    (root / "requirements.txt").write_bytes(b"")
    target = str(root / "requirements.txt")
    assert open_directory(target) == Directory(name=target, root=root, single="requirements.txt")


@pytest.mark.parametrize("name", ["none", "none/below", "a\0b", "x" * 300])
def test_what_there_is_not(tmp_path: Path, name: str) -> None:
    with pytest.raises(LocalError, match=r"there is no file or folder|cannot read"):
        open_directory(str(tmp_path / name))


@pytest.mark.parametrize(
    ("target", "expected"),
    [("", "."), (".", "."), ("//a//b", "/a/b"), ("a/./b/../c/", "a/c"), ("/..", "/"), ("..", "..")],
)
def test_targets_are_cleaned(target: str, expected: str) -> None:
    assert expected == clean_target(target)
