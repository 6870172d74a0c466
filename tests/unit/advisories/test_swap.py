"""Folders change places: readers see the old one or the new one, whenever the process dies."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.support.killing import check_after_a_kill, killed_while_updating

from assaymark.advisories import swap
from assaymark.advisories.cache import CacheFolder
from assaymark.advisories.swap import is_swept, prepare, recover, retire, switch
from assaymark.errors import LocalError


@pytest.fixture(params=[True, False], ids=["exchange", "two renames"])
def exchanging(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """With a file system that can exchange folders, and with one that cannot."""
    if not request.param:
        monkeypatch.setattr(swap, "_exchange", lambda _first, _second: False)
    return bool(request.param)


def filled(target: Path, content: str) -> Path:
    folder = prepare(target)
    for name in ("trivy.db", "metadata.json"):
        (folder / name).write_text(content)
    return folder


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def both(content: str) -> dict[str, str]:
    return {"trivy.db": content, "metadata.json": content}


def test_a_folder_takes_an_empty_place(tmp_path: Path, exchanging: bool) -> None:
    switch(filled(tmp_path / "db", "new"), tmp_path / "db")
    assert contents(tmp_path / "db") == both("new")
    assert os.listdir(tmp_path) == ["db"]


def test_a_folder_takes_an_empty_folders_place(tmp_path: Path, exchanging: bool) -> None:
    (tmp_path / "db").mkdir()
    switch(filled(tmp_path / "db", "new"), tmp_path / "db")
    assert contents(tmp_path / "db") == both("new")
    assert os.listdir(tmp_path) == ["db"]


def test_a_folder_takes_anothers_place_and_carries_over_what_is_not_ours(tmp_path: Path, exchanging: bool) -> None:
    switch(filled(tmp_path / "db", "old"), tmp_path / "db")
    (tmp_path / "db" / "notes").write_text("mine")
    switch(filled(tmp_path / "db", "new"), tmp_path / "db")
    assert contents(tmp_path / "db") == both("new") | {"notes": "mine"}
    assert os.listdir(tmp_path) == ["db"]


def test_in_a_mount_point_files_are_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "db"
    switch(filled(target, "old"), target)
    monkeypatch.setattr(Path, "is_mount", lambda path: path == target)
    switch(filled(target, "new"), target)
    assert contents(target) == both("new")


def test_a_folder_that_stood_aside_comes_back(tmp_path: Path) -> None:
    """The process died between two renames."""
    switch(filled(tmp_path / "db", "old"), tmp_path / "db")
    filled(tmp_path / "db", "new")
    (tmp_path / "db").rename(tmp_path / ".db.previous")
    recover(tmp_path / "db")
    assert contents(tmp_path / "db") == both("old")
    assert os.listdir(tmp_path) == ["db"]


def test_a_folder_that_stood_aside_gives_way_to_the_new_one(tmp_path: Path) -> None:
    """The process died after the second rename."""
    switch(filled(tmp_path / "db", "new"), tmp_path / "db")
    filled(tmp_path / "x", "old").rename(tmp_path / ".db.previous")
    (tmp_path / ".db.previous" / "notes").write_text("mine")
    recover(tmp_path / "db")
    assert contents(tmp_path / "db") == both("new") | {"notes": "mine"}
    assert os.listdir(tmp_path) == ["db"]


def test_half_made_folders_are_swept_and_others_are_not(tmp_path: Path) -> None:
    filled(tmp_path / "db", "half")
    (tmp_path / "db.incoming").mkdir()
    (tmp_path / ".other.incoming").mkdir()
    recover(tmp_path / "db")
    assert sorted(os.listdir(tmp_path)) == [".other.incoming", "db.incoming"]


def test_a_file_that_was_half_written_goes_with_its_folder(tmp_path: Path) -> None:
    switch(filled(tmp_path / "db", "old"), tmp_path / "db")
    half = filled(tmp_path / "db", "half")
    (half / ".metadata.json.0123456789abcdef.partial").write_text("{")
    (half / "notes").write_text("mine")
    recover(tmp_path / "db")
    assert contents(tmp_path / "db") == both("old") | {"notes": "mine"}
    assert os.listdir(tmp_path) == ["db"]


def test_what_was_left_is_seen(tmp_path: Path) -> None:
    target = tmp_path / "db"
    switch(filled(target, "old"), target)
    assert is_swept(target)
    for leave in (lambda: filled(target, "half"), (tmp_path / ".db.previous").mkdir):
        leave()
        assert not is_swept(target)
        recover(target)
        assert is_swept(target)


def test_retiring_what_is_gone_is_nothing(tmp_path: Path) -> None:
    retire(tmp_path / "gone", tmp_path / "db")
    assert os.listdir(tmp_path) == []


def test_a_place_that_cannot_be_prepared_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LocalError, match="cannot create"):
        prepare(tmp_path / "file" / "db")


def test_a_folder_that_is_gone_cannot_be_switched(tmp_path: Path) -> None:
    switch(filled(tmp_path / "db", "old"), tmp_path / "db")
    with pytest.raises(LocalError, match="cannot switch"):
        switch(tmp_path / ".db.x.incoming", tmp_path / "db")
    assert contents(tmp_path / "db") == both("old")


@pytest.mark.parametrize("exchanging", [True, False], ids=["exchange", "two renames"])
@pytest.mark.parametrize("moment", range(5))
def test_a_kill_at_any_moment_leaves_a_whole_database(tmp_path: Path, moment: int, exchanging: bool) -> None:
    cache = CacheFolder(tmp_path / "cache")
    killed_while_updating(cache, exchanging=exchanging, seconds=0.004 + 0.013 * moment)
    check_after_a_kill(cache)
