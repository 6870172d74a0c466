"""Inputs and outputs that the user names."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from tests.support.consoles import recorded_console

from assaymark.cli.files import open_output, read_input
from assaymark.errors import LimitError, LocalError


def test_input_is_a_file_or_stdin(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"file")
    console = recorded_console(stdin=b"stdin").console

    assert read_input(str(tmp_path / "a"), console, limit=9) == b"file"
    assert read_input("-", console, limit=9) == b"stdin"


def test_input_that_cannot_be_read(tmp_path: Path) -> None:
    console = recorded_console(stdin=b"0123456789").console

    with pytest.raises(LocalError, match="cannot read"):
        read_input(str(tmp_path / "none"), console, limit=9)
    with pytest.raises(LimitError):
        read_input("-", console, limit=9)


@pytest.mark.parametrize("name", ["", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_stdout_by_any_name_is_the_consoles(name: str) -> None:
    recorded = recorded_console()

    with open_output(name, recorded.console) as stream:
        stream.write(b"report")

    recorded.console.flush()
    assert recorded.out == "report"
    assert Path("/dev/stdout").is_symlink()


def test_a_file_is_replaced_when_all_was_written(tmp_path: Path) -> None:
    path, console = tmp_path / "report.json", recorded_console().console
    path.write_bytes(b"old")

    def interrupted() -> None:
        with open_output(str(path), console) as stream:
            stream.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_bytes() == b"old"

    with open_output(str(path), console) as stream:
        stream.write(b"new")
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["report.json"]


def test_a_link_stays_and_leads_to_the_new_file(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    link.symlink_to("target")

    with open_output(str(link), recorded_console().console) as stream:
        stream.write(b"new")

    assert (link.is_symlink(), target.read_bytes()) == (True, b"new")


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    path, received = tmp_path / "pipe", []
    os.mkfifo(path)
    reader = threading.Thread(target=lambda: received.append(path.read_bytes()))
    reader.start()

    with open_output(str(path), recorded_console().console) as stream:
        stream.write(b"report")

    reader.join()
    assert received == [b"report"]
    assert path.is_fifo()


def test_what_a_descriptor_leads_to_is_not_replaced(tmp_path: Path) -> None:
    """A shell's `2>file` or `3>file` names an open file; another one in its place would lose what is written later."""
    path = tmp_path / "log"
    with path.open("wb") as held:
        held.write(b"before ")
        held.flush()
        with open_output(f"/dev/fd/{held.fileno()}", recorded_console().console) as stream:
            stream.write(b"report")
        assert path.stat().st_ino == os.fstat(held.fileno()).st_ino
    assert path.read_bytes() == b"before report"


@pytest.mark.parametrize("name", [".", "none/report.json", "/dev/none/report.json"])
def test_what_cannot_be_written(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    with (
        pytest.raises(LocalError, match=f"cannot write `.*{Path(name).name}"),
        open_output(name, recorded_console().console),
    ):
        pass
