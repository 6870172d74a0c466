"""The state of the code: every edit, addition and removal changes it."""

from __future__ import annotations

import os
from pathlib import Path

from assaymark.code_state import DECIDING, code_state, state_of

ROOT = Path(__file__).parents[2] / "src" / "assaymark"


def place(package: Path, name: str, text: str, *, time: int = 1) -> None:
    path = package / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (time, time))


def test_what_decides_is_there() -> None:
    assert [folder for folder in DECIDING if not (ROOT / folder).is_dir()] == []
    assert len(code_state()) == 64
    assert code_state() == state_of(ROOT)


def test_every_change_is_another_state(tmp_path: Path) -> None:
    states = []
    for change in (
        lambda: place(tmp_path, "matching/a.py", "1"),
        lambda: place(tmp_path, "matching/a.py", "1", time=2),
        lambda: place(tmp_path, "matching/a.py", "12", time=2),
        lambda: place(tmp_path, "matching/data/eol.txt", "alpine", time=2),
        lambda: (tmp_path / "matching/a.py").rename(tmp_path / "matching/b.py"),
        (tmp_path / "matching/b.py").unlink,
    ):
        change()
        states.append(state_of(tmp_path))
    assert len({*states}) == len(states)


def test_what_decides_nothing_is_not_looked_at(tmp_path: Path) -> None:
    place(tmp_path, "versions/a.py", "1")
    state = state_of(tmp_path)
    place(tmp_path, "cli/main.py", "1")
    place(tmp_path, "versions/__pycache__/a.pyc", "1")
    assert state_of(tmp_path) == state


def test_a_program_that_is_not_files_has_no_state(tmp_path: Path) -> None:
    assert state_of(tmp_path / "program.zip" / "assaymark") == ""
