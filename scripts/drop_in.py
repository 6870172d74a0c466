"""The page docs/drop-in.md: what becomes of each command and flag of Trivy and cosign, as the parsers have it.

What the peers have is a fact (`facts/peer_flags.txt`, which an integration test compares with the programs). What
becomes of it is asked of the parsers:

- *same*: the help shows it, and it means what it means there;
- *better* or *partly*: the same, with a difference that `facts/drop_in_notes.txt` tells;
- *no effect*: it is taken, and cannot change what this program does;
- *not supported*: what a user is told, word for word.
"""

from __future__ import annotations

from argparse import SUPPRESS, Action
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from assaymark.cli.command import Command
from assaymark.cli.command_parser import parser_of
from assaymark.cli.overview import TWO_WORDS
from assaymark.cli.peer_commands import NOT_HERE
from assaymark.cli.unsupported_flags import find_unsupported
from assaymark.extensions import find

FACTS = Path(__file__).resolve().parent / "facts"
PEERS = {"trivy": "Trivy 0.72", "cosign": "cosign 3.1.2"}
STATUSES = ("same", "better", "partly", "no effect")


class PeerFlag(NamedTuple):
    """One flag of a peer's command.

    Attributes:
        name: with its dashes.
        short: its other spelling.
        switch: whether it takes no value.
        hidden: whether the peer's help leaves it out.
    """

    name: str
    short: str
    switch: bool
    hidden: bool = False


class Note(NamedTuple):
    """What there is to say of a flag that is taken."""

    status: str
    text: str


class Pasted(NamedTuple):
    """A command of the peers' own pages.

    Attributes:
        words: as typed.
        code: the exit code.
        effect: what happened; of a failure the sentence that is told.
    """

    words: tuple[str, ...]
    code: int
    effect: str


class Row(NamedTuple):
    """What becomes of one flag."""

    flag: PeerFlag
    status: str
    text: str


def peer_flags() -> dict[tuple[str, str], tuple[PeerFlag, ...]]:
    """The flags of each command, by its tool and name."""
    found: dict[tuple[str, str], list[PeerFlag]] = {}
    for line in _lines("peer_flags.txt"):
        if line.startswith("["):
            tool, _, command = line.strip("[]").partition(" ")
            flags = found.setdefault((tool, command), [])
            continue
        name, kind, *rest = line.split()
        short = next((word for word in rest if word.startswith("-")), "")
        flags.append(PeerFlag(name, short, kind == "switch", "hidden" in rest))
    return {command: tuple(flags) for command, flags in found.items()}


def notes() -> dict[tuple[str, str], Note]:
    """What there is to say, by tool and flag."""
    found = {}
    for line in _lines("drop_in_notes.txt"):
        tool, flag, rest = line.split(" ", 2)
        status = next(each for each in STATUSES if rest.startswith(f"{each}:"))
        found[tool, flag] = Note(status, rest.removeprefix(f"{status}:").strip())
    return found


def pasted_commands() -> tuple[Pasted, ...]:
    """The first commands of the peers' own pages."""
    found = []
    for line in _lines("pasted_commands.txt"):
        command, _, outcome = line.partition(" => ")
        code, _, effect = outcome.partition(" ")
        found.append(Pasted(tuple(command.split()), int(code), effect))
    return tuple(found)


def own_flags(command: str) -> dict[str, Action]:
    """The actions of our command for a peer's, by every spelling."""
    found = find("assaymark.cli.commands", TWO_WORDS.get(command, command), "COMMAND", Command)
    if found is None:
        raise LookupError(f"no command {command}")
    return {option: action for _, action in parser_of(found).flags() for option in action.option_strings}


def rows(tool: str, command: str) -> Iterator[Row]:
    """What becomes of the flags of one command."""
    own, said = own_flags(command), notes()
    for flag in peer_flags()[tool, command]:
        note = said.get((tool, flag.name), Note("", ""))
        action = own[flag.name]
        refusal = find_unsupported(action)
        if refusal is not None:
            hint = f" ({refusal.hint})" if refusal.hint else ""
            yield Row(flag, "not supported", f"{refusal.reason}{hint}")
        elif action.help == SUPPRESS:
            yield Row(flag, note.status or "no effect", note.text)
        else:
            yield Row(flag, note.status or "same", note.text)


def page(generated: str) -> str:
    """The page; `generated` says that nobody is to edit it."""
    return "\n".join([_HEAD.format(generated=generated), *_flags("trivy"), *_flags("cosign"), *_commands(), *_pasted()])


_HEAD = """\
# Moving from Trivy and cosign

{generated}
Commands of both can be pasted with `assaymark` in the place of `trivy` or `cosign`; variables (`TRIVY_…`, `COSIGN_…`),
`trivy.yaml`, `.trivyignore`, keys, Docker's credentials and everything on the registry are read as they are. The tables
hold every flag:

- **same**: it means what it means there;
- **better**, **partly**: the same, with the difference that is told;
- **no effect**: taken in silence, because it cannot change what this program does (settings of other scanners);
- **not supported**: the command ends with exit code 2, and this sentence.

A flag in parentheses is one that the other program takes and does not show in its help.
"""


def _flags(tool: str) -> Iterator[str]:
    """The flags of a peer's commands, those with one outcome in one line."""
    outcomes: dict[tuple[str, str, str], list[str]] = {}
    commands = [command for peer, command in peer_flags() if peer == tool]
    for command in commands:
        for row in rows(tool, command):
            spelled = f"`{row.flag.name}`" + (f", `{row.flag.short}`" if row.flag.short else "")
            shown = f"({spelled})" if row.flag.hidden else spelled
            outcomes.setdefault((shown, row.status, row.text), []).append(command)
    yield f"## Flags of {PEERS[tool]}\n"
    yield from _table(
        ("flag", "commands", "here", ""),
        (
            (shown, "all" if len(of) == len(commands) else ", ".join(of), status, text)
            for (shown, status, text), of in sorted(outcomes.items(), key=lambda each: each[0][0].strip("(`-"))
        ),
    )


def _commands() -> Iterator[str]:
    yield "## Commands that are not here\n"
    yield "Everything else ends with exit code 2 and a sentence about the command:\n"
    yield from _table(
        ("command", "what is so", "what to do"), ((f"`{name}`", *NOT_HERE[name]) for name in sorted(NOT_HERE))
    )


def _pasted() -> Iterator[str]:
    yield "## The first commands of their own pages\n"
    yield "Pasted in this order, in one folder, with `assaymark` in the place of the first word; a test does so, too.\n"
    body = ((f"`{' '.join(each.words)}`", str(each.code), each.effect) for each in pasted_commands())
    yield from _table(("pasted", "exit code", "what happened"), body)


def _table(head: tuple[str, ...], body: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in body:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
    yield ""


def _lines(name: str) -> list[str]:
    lines = (FACTS / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]
