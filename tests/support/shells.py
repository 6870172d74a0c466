"""Real shells that complete a line: what each offers behind what is typed."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "TERM": "dumb", "LC_ALL": "C.UTF-8"}
_BASH: Final = """\
source ./script
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
_assaymark
printf '%s\\n' "${COMPREPLY[@]}"
"""
_ZSH: Final = """\
autoload -Uz compinit && compinit -D -u
source ./script
setopt no_beep; unsetopt auto_menu list_ambiguous; LISTMAX=0
tell() { print -r -- "$BUFFER" >> told; BUFFER=''; zle reset-prompt }
zle -N tell; bindkey '^X' tell; bindkey '^I' complete-word
print ready > told
"""


def find_shell(name: str) -> str:
    """Where it is; empty where it is not installed."""
    return shutil.which(name) or ""


def bash_offers(folder: Path, words: Sequence[str]) -> list[str]:
    """What bash offers for the last of `words`; the script is the file `script` in `folder`."""
    done = subprocess.run(
        [find_shell("bash"), "--norc", "-c", _BASH, "bash", *words],
        cwd=folder, env=_ENVIRONMENT, capture_output=True, timeout=30, check=True,
    )  # fmt: skip
    assert done.stderr == b""
    return done.stdout.decode().split("\n")[:-1] if done.stdout != b"\n" else []


def fish_offers(folder: Path, line: str) -> list[str]:
    """What fish offers at the end of `line`."""
    done = subprocess.run(
        [find_shell("fish"), "--no-config", "-c", 'source ./script; complete -C "$argv"', line],
        cwd=folder, env={**_ENVIRONMENT, "HOME": str(folder)}, capture_output=True, timeout=30, check=True,
    )  # fmt: skip
    return [offered.partition("\t")[0] for offered in done.stdout.decode().splitlines()]


def zsh_completes(folder: Path, lines: Sequence[str]) -> list[str]:
    """What zsh makes of each line when the tabulator is pressed at its end."""
    told = folder / "told"
    (folder / ".zshrc").write_text(_ZSH)
    with _terminal([find_shell("zsh"), "-i"], folder) as keyboard:
        _wait(told, 1)
        for number, line in enumerate(lines):
            os.write(keyboard, line.encode() + b"\t\x18")
            _wait(told, number + 2)
    return told.read_text().splitlines()[1:]


@contextmanager
def _terminal(command: Sequence[str], folder: Path) -> Iterator[int]:
    ours, theirs = pty.openpty()
    environment = {**_ENVIRONMENT, "HOME": str(folder), "ZDOTDIR": str(folder)}
    with (folder / "screen").open("wb") as screen:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=theirs, stdout=screen, stderr=screen, start_new_session=True
        )
    try:
        yield ours
    finally:
        process.kill()
        process.wait(10)
        os.close(ours)
        os.close(theirs)


def _wait(told: Path, lines: int) -> None:
    for _ in range(600):
        if told.exists() and told.read_text().count("\n") >= lines:
            return
        time.sleep(0.05)
    raise TimeoutError(f"zsh said nothing more: {told.parent / 'screen'}")
