from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from assaymark.errors import LocalError
from assaymark.safeio.lock import file_lock

HOLD = """
import fcntl, sys, time
stream = open(sys.argv[1], "w")
fcntl.flock(stream, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(60)
"""


def test_shared_holders_meet_and_an_exclusive_one_waits_in_vain(tmp_path: Path) -> None:
    path = tmp_path / "lock"

    with (
        file_lock(path, shared=True),
        file_lock(path, shared=True, timeout=0),
        pytest.raises(LocalError, match=r"`.*lock` is locked by another process") as caught,
        file_lock(path, timeout=0.05),
    ):
        pass
    with file_lock(path, timeout=0):
        pass
    assert "--cache-dir" in caught.value.hint


def test_a_killed_holder_leaves_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(LocalError), file_lock(path, timeout=0):
            pass
        holder.send_signal(signal.SIGKILL)
        with file_lock(path, timeout=10):
            pass


def test_a_lock_that_cannot_be_made_is_an_error_unless_shared(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "lock"
    entered = False

    with pytest.raises(LocalError, match=r"cannot lock `.*lock`: no such file"), file_lock(path):
        pass
    with file_lock(path, shared=True):
        entered = True
    assert entered


def test_a_folder_in_the_place_of_the_lock_is_an_error_even_when_shared(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="is a directory"), file_lock(tmp_path, shared=True):
        pass


def refuse_writing(path: Path, flags: int, mode: int = 0o777) -> int:
    if flags & os.O_RDWR:
        raise PermissionError(13, os.strerror(13))
    return REAL_OPEN(path, flags, mode)


REAL_OPEN: Callable[[Path, int, int], int] = os.open


def test_a_read_only_lock_file_is_still_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lock"
    path.touch()
    monkeypatch.setattr(os, "open", refuse_writing)  # the suite may run as root, whom no mode stops

    with file_lock(path, shared=True):
        monkeypatch.undo()
        with pytest.raises(LocalError), file_lock(path, timeout=0):
            pass


def test_a_file_system_without_locks_is_a_local_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(descriptor: int, operation: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with pytest.raises(LocalError, match="no locks available"), file_lock(tmp_path / "lock"):
        pass
