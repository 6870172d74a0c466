"""The program as its users start it: a process of its own, with a home, a temporary folder and a cache of its own.

    machine = Machine(tmp_path)
    machine.place_database()
    ended = machine.run("image", "--input", str(path), *machine.flags)
    assert (ended.code, ended.problems) == (8, ["error: …"])

A run is metered: peak resident memory is that of the program alone. A process begins with the peak of the one that
started it (`exec` keeps it), and that would be the test runner's, so a small interpreter stands between the two.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Final

import msgspec
from tests.support.database import FRESH, MUSL, Facts, place, trivy_db
from tests.support.images import Entry

SOURCES: Final = Path(__file__).resolve().parents[2] / "src"
PROGRAM: Final = (sys.executable, "-m", "assaymark")
MIB: Final = 1024 * 1024
MEMORY: Final = 256 * MIB
ALPINE: Final[dict[str, Entry]] = {
    "etc/os-release": "ID=alpine\nVERSION_ID=3.10.9\n",
    "lib/apk/db/installed": "P:musl\nV:1.1.22-r3\nA:x86_64\no:musl\n\n",
}
"""A layer in which the database finds CVE-2020-28928."""

_OLD: Final = "warning: alpine 3.10.9 is out of support: new vulnerabilities may not be known"

LASTING: Final = {**FRESH, "NextUpdate": "2099-01-01T00:00:00Z"}
"""Metadata of a database that the real clock takes for a fresh one."""

_METER: Final = """
import os, sys
report = int(sys.argv[1])
os.set_inheritable(report, False)
child = os.fork()
if child == 0:
    os.execv(sys.argv[2], sys.argv[2:])
_, status, used = os.wait4(child, 0)
os.write(report, f"{os.waitstatus_to_exitcode(status)} {used.ru_maxrss}".encode())
"""


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """What a run left; `peak` is bytes of resident memory, `code` negative for a signal."""

    code: int
    out: bytes
    err: str
    peak: int
    seconds: float

    @property
    def problems(self) -> list[str]:
        """Lines on stderr without their hints, and without the age of the release that every fixture is made of."""
        return [line for line in self.err.splitlines() if not line.startswith("hint: ") and line != _OLD]


class Machine:
    """Folders for one user: `home`, `temporary`, `work` (where the program runs) and `cache`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home, self.temporary, self.work = (root / name for name in ("home", "temporary", "work"))
        self.cache = root / "cache"
        for folder in (self.home, self.temporary, self.work):
            folder.mkdir(parents=True, exist_ok=True)

    @property
    def flags(self) -> tuple[str, ...]:
        """Use our cache, and its database as it is."""
        return ("--cache-dir", str(self.cache), "--skip-db-update")

    def place_database(self, facts: Facts = MUSL) -> None:
        """Put a database of `facts` into the cache, as if it had been downloaded."""
        place(self.cache / "db", trivy_db(facts), {**LASTING, "DownloadedAt": "2026-01-01T00:00:00Z"})

    def environ(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """All that the program finds in its environment."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.home),
            "TMPDIR": str(self.temporary),
            "PYTHONPATH": str(SOURCES),
            "LANG": "C.UTF-8",
            **(more or {}),
        }

    def run(
        self,
        *arguments: str,
        stdin: bytes = b"",
        environ: Mapping[str, str] | None = None,
        seconds: float = 60.0,
        wrapper: Sequence[str] = (),
        program: Sequence[str] = PROGRAM,
    ) -> Ended:
        """Run the program to its end, which must come within `seconds`.

        `wrapper` is a command that runs its arguments, such as a shell that sets limits first.
        """
        reading, writing = os.pipe()
        command = [sys.executable, "-ISc", _METER, str(writing), *_absolute([*wrapper, *program]), *arguments]
        started = time.monotonic()
        with os.fdopen(reading) as report:
            try:
                child = self._popen(command, environ, pass_fds=(writing,), stdin=subprocess.PIPE)
            finally:
                os.close(writing)
            out, err = _communicate(child, stdin, seconds)
            code, _, peak = report.read().partition(" ")
        return Ended(
            code=int(code), out=out, err=err.decode(), peak=int(peak) * 1024, seconds=time.monotonic() - started
        )

    def start(
        self,
        *arguments: str,
        environ: Mapping[str, str] | None = None,
        stdin: int | IO[Any] = subprocess.DEVNULL,
        program: Sequence[str] = PROGRAM,
    ) -> subprocess.Popen[bytes]:
        """Start the program, for tests that kill it or run several at once."""
        return self._popen([*program, *arguments], environ, stdin=stdin)

    def run_contained(self, *arguments: str, **more: Any) -> Ended:
        """Run on hostile input: within bounds, every line a sentence, nothing written outside the cache."""
        before = self.state()
        ended = self.run(*arguments, **more)
        assert self.state() == before
        assert ended.peak < MEMORY, f"{ended.peak // MIB} MiB"
        assert all(re.match("error|warning|hint", line) for line in ended.err.splitlines()), ended.err
        assert not re.search(r"[^\n -~\u00a0-\uffff]", ended.err), ended.err
        return ended

    def kill_after(self, seconds: float, *arguments: str) -> bool:
        """Start the program and kill it (SIGKILL); whether it was still at work."""
        with self.start(*arguments) as program:
            try:
                program.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                os.killpg(program.pid, signal.SIGKILL)
                program.communicate()
        return program.returncode == -signal.SIGKILL

    def state(self) -> dict[str, str]:
        """Every path outside the cache, with what tells whether somebody touched it."""
        return {
            str(path.relative_to(self.root)): _described(path)
            for path in sorted(self.root.rglob("*"))
            if self.cache not in (path, *path.parents)
        }

    def _popen(self, command: Sequence[str], environ: Mapping[str, str] | None, **more: Any) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            cwd=self.work,
            env=self.environ(environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            **more,
        )


def _absolute(command: Sequence[str]) -> list[str]:
    """The command with the path of its program, for `execv`."""
    found = shutil.which(command[0])
    assert found is not None, f"{command[0]} is not on PATH"
    return [found, *command[1:]]


def _communicate(child: subprocess.Popen[bytes], stdin: bytes, seconds: float) -> tuple[bytes, bytes]:
    with child:
        try:
            return child.communicate(stdin, timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            raise


def _described(path: Path) -> str:
    status = path.lstat()
    if path.is_symlink():
        return f"link to {path.readlink()}"
    if not path.is_file():
        return f"{status.st_mode:o}"
    if status.st_size > 64 * MIB:
        return f"{status.st_mode:o} {status.st_size} {status.st_mtime_ns}"
    with path.open("rb") as stream:
        return f"{status.st_mode:o} {hashlib.file_digest(stream, 'sha256').hexdigest()}"
