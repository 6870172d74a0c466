from __future__ import annotations

import resource
import time
from pathlib import Path

import pytest

from assaymark.errors import LimitError, LocalError
from assaymark.safeio.process import Completed, ProgramKind, run_program

HELPER = ProgramKind.CREDENTIAL_HELPER


def install(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text("#!/bin/sh\n" + script)
    path.chmod(0o755)


@pytest.fixture(autouse=True)
def _path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")


def test_output_input_environment_and_code(tmp_path: Path) -> None:
    install(tmp_path, "docker-credential-x", 'cat; echo "$1 $COLOUR $HOME" >&2; exit 3')

    done = run_program(HELPER, "docker-credential-x", ["get"], stdin=b"host", timeout=10, environment={"COLOUR": "red"})

    assert done == Completed(stdout=b"host", stderr=b"get red \n", code=3)


def test_our_environment_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "git", 'printf "$COLOUR"')
    monkeypatch.setenv("COLOUR", "blue")

    assert run_program(ProgramKind.GIT, "git", [], timeout=10).stdout == b"blue"


def test_a_missing_program_is_named() -> None:
    with pytest.raises(LocalError, match="`docker-credential-nowhere` is not installed") as caught:
        run_program(HELPER, "docker-credential-nowhere", ["get"], timeout=1)
    assert "PATH" in caught.value.hint


@pytest.mark.parametrize(
    "name", ["sh", "../docker-credential-x", "docker-credential-", "docker-credential-a/../b", "git "]
)
def test_only_listed_names_are_started(name: str) -> None:
    with pytest.raises(LocalError, match="is not the name of a credential helper"):
        run_program(HELPER, name, [], timeout=1)


def test_a_program_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    install(tmp_path, "opa", f"(sleep 2; touch {tmp_path}/survived) & sleep 60")
    started = time.monotonic()

    with pytest.raises(LocalError, match=r"`opa` did not end within 0.2 seconds"):
        run_program(ProgramKind.OPA, "opa", [], timeout=0.2)

    assert time.monotonic() - started < 2
    time.sleep(max(0.0, started + 2.5 - time.monotonic()))
    assert not (tmp_path / "survived").exists()


def test_a_guard_ends_a_program_with_its_children(tmp_path: Path) -> None:
    install(tmp_path, "git", f"(sleep 1; touch {tmp_path}/survived) & sleep 60")
    looks = []

    def guard() -> None:
        looks.append(time.monotonic())
        raise LimitError("too much")

    started = time.monotonic()
    with pytest.raises(LimitError, match="too much"):
        run_program(ProgramKind.GIT, "git", [], timeout=30, guard=guard)

    assert (len(looks), time.monotonic() - started < 5) == (1, True)
    time.sleep(max(0.0, started + 1.5 - time.monotonic()))
    assert not (tmp_path / "survived").exists()


def test_a_guarded_program_has_its_input_and_its_time(tmp_path: Path) -> None:
    install(tmp_path, "git", "sleep 0.8; cat")
    looks = []

    done = run_program(ProgramKind.GIT, "git", [], stdin=b"in", timeout=10, guard=lambda: looks.append(1))

    assert (done.stdout, looks) == (b"in", [1])
    with pytest.raises(LocalError, match=r"did not end within 0.1 seconds"):
        run_program(ProgramKind.GIT, "git", [], timeout=0.1, guard=lambda: None)


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="the system bounds no other process")
def test_the_memory_of_a_program_is_bounded(tmp_path: Path) -> None:
    install(tmp_path, "git", "sleep 0.2; ulimit -v; sh -c 'ulimit -v'")

    done = run_program(ProgramKind.GIT, "git", [], timeout=10, memory_bytes=1 << 30)

    assert done.stdout == b"1048576\n1048576\n"


def test_a_program_that_cannot_be_started_is_a_local_error(tmp_path: Path) -> None:
    install(tmp_path, "cue", "")
    (tmp_path / "cue").write_bytes(b"\x7fELF garbage")

    for arguments in ([], ["a\0b"]):
        with pytest.raises(LocalError, match="`cue` cannot be started"):
            run_program(ProgramKind.CUE, "cue", arguments, timeout=1)


def test_bounded_output(tmp_path: Path) -> None:
    install(tmp_path, "aws", "cat; printf 12345; exit 3")

    def run(limit: int, *, timeout: float = 10) -> Completed:
        return run_program(ProgramKind.LOGIN_PROGRAM, "aws", [], timeout=timeout, output_bytes=limit)

    assert run(5) == Completed(stdout=b"12345", stderr=b"", code=3)
    with pytest.raises(LimitError, match="`aws` wrote more than 4 bytes"):
        run(4)
    install(tmp_path, "aws", "printf 1; printf 234 >&2")
    assert run(3) == Completed(stdout=b"1", stderr=b"234", code=0)
    with pytest.raises(LimitError, match="`aws` wrote more than 2 bytes"):
        run(2)
    install(tmp_path, "aws", "printf 1; sleep 60")
    started = time.monotonic()
    with pytest.raises(LocalError, match=r"did not end within 0.2 seconds"):
        run(5, timeout=0.2)
    assert time.monotonic() - started < 5
