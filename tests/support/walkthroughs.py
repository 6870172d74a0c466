"""Pages of `docs/walkthroughs/`: what a reader types and what is promised to happen.

A fenced block of the language `console` holds commands and what they print, stdout and stderr together:

    $ assaymark verify-attestation --key cosign.pub --max-severity high "$IMAGE"
    error [POLICY_SEVERITY]: …
    [7]

A line that begins with `$ ` is a command; one that ends with a backslash goes on in the next line. `[7]` is the exit code,
where it is not 0. `…` stands for any text within a line, and alone for any lines. A command without expected lines may
print what it likes. The commands of one page run in one shell, so variables, functions and files stay.
A block of any language with a title is a file of that name, as in ```` ```python title="prove.py" ````.
`<!-- needs: cosign, opa -->` names what the page cannot do without.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

ANYTHING: Final = "…"
_BLOCK: Final = re.compile(r"^```(?:console|[a-z]+ title=\"([\w.-]+)\")\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NEEDS: Final = re.compile(r"<!-- needs: ([a-z0-9, -]+) -->")
_CODE: Final = re.compile(r"\[(\d{1,3})\]")
_PROMPT: Final = "$ "


class Step(NamedTuple):
    """One command and what is promised of it."""

    command: str
    expected: tuple[str, ...]
    code: int


class Happened(NamedTuple):
    """What a command did."""

    code: int
    output: str


def needs_of(page: str) -> tuple[str, ...]:
    """What the page cannot do without."""
    found = _NEEDS.search(page)
    return tuple(need.strip() for need in found[1].split(",")) if found else ()


def steps_of(page: str) -> list[Step]:
    """Every command of a page.

    Raises:
        ValueError: a block begins with something else than a command.
    """
    return [step for block in _BLOCK.finditer(page) for step in _block_steps(block[1], block[2])]


def _block_steps(title: str | None, text: str) -> Iterator[Step]:
    """The commands of a block, or the one that writes the file that it is."""
    if title:
        yield Step(f"printf %s {shlex.quote(text)} > {title}", (), 0)
    else:
        yield from _steps(text.splitlines())


def _steps(lines: list[str]) -> Iterator[Step]:
    while lines:
        if not lines[0].startswith(_PROMPT):
            raise ValueError(f"`{lines[0]}` is neither a command nor what one prints")
        command = [lines.pop(0).removeprefix(_PROMPT)]
        while command[-1].endswith("\\") and lines:
            command.append(lines.pop(0))
        expected = []
        while lines and not lines[0].startswith(_PROMPT):
            expected.append(lines.pop(0).rstrip())
        while expected and not expected[-1]:
            expected.pop()
        code = _CODE.fullmatch(expected[-1]) if expected else None
        yield Step("\n".join(command), tuple(expected[:-1] if code else expected), int(code[1]) if code else 0)


def run_steps(steps: list[Step], folder: Path, environ: Mapping[str, str], *, seconds: float) -> list[Happened]:
    """Run the commands one after another in one shell.

    Args:
        steps: of one page.
        folder: the working directory; what is said goes into a folder beside it.
        environ: all variables.
        seconds: after which the page is given up.
    """
    said = folder.with_name(folder.name + ".said")
    said.mkdir()
    script = []
    for number, step in enumerate(steps):
        (said / f"{number}.sh").write_text(step.command + "\n")
        source = f'eval "$(cat {said}/{number}.sh)"'
        script.append(f"{source} >{said}/{number}.out 2>&1 </dev/null; echo $? >{said}/{number}.code")
    subprocess.run(["bash", "-c", "\n".join(script)], cwd=folder, env=environ, timeout=seconds, check=True)
    return [
        Happened(int((said / f"{number}.code").read_text()), (said / f"{number}.out").read_text(errors="replace"))
        for number in range(len(steps))
    ]


def keeps_promise(step: Step, happened: Happened) -> bool:
    """Whether a command did what the page says."""
    if step.code != happened.code:
        return False
    if not step.expected:
        return True
    lines = (_pattern(line) for line in step.expected)
    printed = "".join(f"{line.rstrip()}\n" for line in happened.output.rstrip().splitlines())
    return re.fullmatch("".join(lines), printed) is not None


def _pattern(line: str) -> str:
    if line == ANYTHING:
        return r"(?:.*\n)*?"
    return re.escape(line).replace(re.escape(ANYTHING), ".*") + r"\n"
