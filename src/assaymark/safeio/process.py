"""The one place that starts programs, and the list of what may be started.

Nothing that is scanned is ever executed. The programs are the user's own, found on `PATH` by bare name: registry
credential helpers (docker-credential-helpers protocol), signing plug-ins, `git`, the policy engines `opa` and `cue`,
`circleci`, which alone knows the identity of a CircleCI job, and the programs that log in to clusters of the large
clouds; one alone by its absolute path, the token helper that the user's configuration of Vault names. No shell is
involved, and a program that outlives its time is killed with its children. What a program makes of hostile input
(`git` of somebody's repository) is bounded by whoever starts it: its memory by the system where it can (prlimit(2)),
what it writes by a guard that is asked while it runs.
"""

from __future__ import annotations

import os
import re
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from enum import Enum
from typing import Final

import msgspec

from assaymark.errors import LimitError, LocalError

_GUARD_SECONDS: Final = 0.5
"""Between two looks of a guard; it waits longer where a look takes long."""


class ProgramKind(Enum):
    """What may be started; the value is the pattern of the program's name."""

    CREDENTIAL_HELPER = r"docker-credential-[A-Za-z0-9._-]{1,100}"
    SIGNING_PLUGIN = r"sigstore-kms-[A-Za-z0-9._+-]{1,100}"
    TOKEN_HELPER = r"/[^\0\r\n]{1,1000}"  # noqa: S105 - the pattern of a path
    GIT = r"git"
    OPA = r"opa"
    CUE = r"cue"
    CI_IDENTITY = r"circleci"
    LOGIN_PROGRAM = r"aws|aws-iam-authenticator|gke-gcloud-auth-plugin|kubelogin|az|oci|doctl|tsh"


class Completed(msgspec.Struct, frozen=True, kw_only=True):
    """What a program left: its output, and its exit code (negative: the signal that ended it)."""

    stdout: bytes
    stderr: bytes
    code: int


def run_program(
    kind: ProgramKind,
    name: str,
    arguments: Sequence[str],
    *,
    stdin: bytes = b"",
    timeout: float,
    environment: Mapping[str, str] | None = None,
    shows_errors: bool = False,
    guard: Callable[[], None] | None = None,
    memory_bytes: int = 0,
    output_bytes: int = 0,
) -> Completed:
    """Run a program to its end.

    Args:
        kind: what it is; decides which names are allowed.
        name: the bare name, looked up on `PATH`.
        arguments: handed over as they are.
        stdin: its whole input.
        timeout: seconds until it is killed.
        environment: all of its environment, whose PATH finds it; ours where None.
        shows_errors: its stderr is ours, so that it can speak to the user while it runs; none is left then.
        guard: called now and then while it runs; what it raises ends the program.
        memory_bytes: of address space, for the program and each of its children; 0 for no bound.
        output_bytes: how much it may write to stdout and to stderr; it has no stdin then. 0 for no bound.

    Raises:
        LocalError: the name is not one of `kind`, the program is missing, cannot be started, or took too long.
        LimitError: it wrote more.
    """
    path = find_program(kind, name, environment=environment)
    if path is None:
        raise LocalError(f"program `{name}` is not installed", hint=f"install `{name}`, or put its folder on PATH")
    try:
        child = subprocess.Popen(
            [path, *arguments],
            stdin=subprocess.DEVNULL if output_bytes else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if shows_errors else subprocess.PIPE,
            env=None if environment is None else dict(environment),
            start_new_session=True,
        )
    except (OSError, ValueError) as exc:  # ValueError: a NUL in an argument
        raise LocalError(f"program `{name}` cannot be started: {exc}") from exc
    with child:
        _bound_memory(child, memory_bytes)
        if output_bytes:
            return _finish(child, name, timeout, lambda: _bounded_output(child, name, timeout, output_bytes))
        return _finish(child, name, timeout, lambda: _communicate(child, stdin, timeout, guard))


def is_listed(kind: ProgramKind, name: str) -> bool:
    """Whether a program of that name may be started."""
    return re.fullmatch(kind.value, name) is not None


def find_program(kind: ProgramKind, name: str, *, environment: Mapping[str, str] | None = None) -> str | None:
    """Where a program is, by the PATH of `environment`; None where there is none.

    Raises:
        LocalError: the name is not one of `kind`.
    """
    if not is_listed(kind, name):
        raise LocalError(f"`{name[:100]}` is not the name of a {kind.name.lower().replace('_', ' ')}")
    return shutil.which(name, path=None if environment is None else environment.get("PATH"))


def _bound_memory(child: subprocess.Popen[bytes], size: int) -> None:
    """Bound the address space of a program that has just begun, on systems that can (Linux)."""
    if not size:
        return
    import resource

    prlimit = getattr(resource, "prlimit", None)
    if prlimit is not None:
        with suppress(OSError):  # it is over already, or a container forbids it
            prlimit(child.pid, resource.RLIMIT_AS, (size, size))


def _finish(
    child: subprocess.Popen[bytes], name: str, timeout: float, collect: Callable[[], tuple[bytes, bytes]]
) -> Completed:
    try:
        stdout, stderr = collect()
    except subprocess.TimeoutExpired as exc:
        raise LocalError(f"program `{name}` did not end within {timeout:g} seconds") from exc
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
    return Completed(stdout=stdout, stderr=stderr or b"", code=child.returncode)


def _communicate(
    child: subprocess.Popen[bytes], stdin: bytes, timeout: float, guard: Callable[[], None] | None
) -> tuple[bytes, bytes]:
    if guard is None:
        return child.communicate(stdin, timeout=timeout)
    end, pause = time.monotonic() + timeout, _GUARD_SECONDS
    pending: bytes | None = stdin
    while True:
        try:
            return child.communicate(pending, timeout=min(pause, max(end - time.monotonic(), 0)))
        except subprocess.TimeoutExpired:
            pending, looked = None, time.monotonic()  # what was not sent yet is remembered, and may not come again
            if looked >= end:
                raise
        guard()
        pause = max(_GUARD_SECONDS, 4 * (time.monotonic() - looked))


def _bounded_output(child: subprocess.Popen[bytes], name: str, timeout: float, limit: int) -> tuple[bytes, bytes]:
    end, pipes = time.monotonic() + timeout, {"stdout": child.stdout, "stderr": child.stderr}
    written = {stream: bytearray() for stream in pipes}
    with selectors.DefaultSelector() as selector:
        for stream, pipe in pipes.items():
            if pipe is not None:
                selector.register(pipe, selectors.EVENT_READ, written[stream])
        while selector.get_map():
            ready = selector.select(max(end - time.monotonic(), 0))
            if not ready:
                raise subprocess.TimeoutExpired(name, timeout)
            for key, _ in ready:
                piece = os.read(key.fd, 65536)
                key.data.extend(piece)
                if len(key.data) > limit:
                    raise LimitError(f"program `{name}` wrote more than {limit} bytes")
                if not piece:
                    selector.unregister(key.fileobj)
    child.wait(max(end - time.monotonic(), 0))
    return bytes(written["stdout"]), bytes(written["stderr"])
