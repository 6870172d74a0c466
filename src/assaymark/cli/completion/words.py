"""What can be typed behind `assaymark`, as its parsers know it: the one source of every shell's completions.

Rules:

1. Flags that are not in a command's help are not offered.
2. A flag's values are its parser's, and what else the program knows a closed list of: formats of reports, and names of
   predicate types. A list flag takes several of them between commas.
3. What is named after a file (`FILE`, `PATH`, `KEY`, …) is completed as one, and `DIR` as a folder; all else is not.
"""

from __future__ import annotations

import re
from argparse import SUPPRESS, Action
from collections.abc import Iterator
from enum import Enum
from typing import Final, NamedTuple

from assaymark.cli.command import Command
from assaymark.cli.command_parser import parser_of
from assaymark.cli.flags import Switch, Values
from assaymark.cli.global_flags import SCANNING
from assaymark.cli.overview import ALIASES, commands, typed

_FILES: Final = re.compile(r"@?(FILE|PATH|KEY|BLOB|SOCKET|A|B)(\|.+)?")
_FOLDERS: Final = "DIR"
_CHOICE: Final = re.compile(r"[a-z]+(\|[a-z]+)+")


class Takes(Enum):
    """What stands behind a flag, or beside a command."""

    NOTHING = "nothing"
    WORD = "word"
    FILE = "file"
    FOLDER = "folder"


class Flag(NamedTuple):
    """One flag.

    Attributes:
        names: with their dashes, the long ones first.
        about: one line.
        value: as the help calls it.
        takes: what stands behind it.
        choices: words that are offered.
        many: whether several of them do, between commas.
    """

    names: tuple[str, ...]
    about: str
    value: str
    takes: Takes
    choices: tuple[str, ...] = ()
    many: bool = False


class Words(NamedTuple):
    """One command.

    Attributes:
        name: as typed, of one or two words.
        about: one line.
        flags: those that it shows.
        argument: what stands beside its flags.
        arguments: words that are offered.
        aliases: its other names.
    """

    name: str
    about: str
    flags: tuple[Flag, ...]
    argument: Takes
    arguments: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


def all_words() -> tuple[Words, ...]:
    """Every command, in order of names."""
    return tuple(_words(command) for command in commands())


def first_words(words: tuple[Words, ...]) -> tuple[tuple[str, str], ...]:
    """What may stand first, each with a line about it; the commands of two words once for all that begin so."""
    about: dict[str, list[str]] = {}
    for each in words:
        about.setdefault(each.name.partition(" ")[0], []).append(each.about)
    several = ((word, lines[0] if len(lines) == 1 else f"{len(lines)} commands") for word, lines in about.items())
    return (*several, ("help", "show how a command is used"), ("version", "show the version"))


def second_words(words: tuple[Words, ...]) -> dict[str, tuple[tuple[str, str], ...]]:
    """What may stand second, for each first word of commands of two."""
    second: dict[str, list[tuple[str, str]]] = {}
    for each in words:
        first, _, rest = each.name.partition(" ")
        if rest:
            second.setdefault(first, []).append((rest, each.about))
    return {first: tuple(rest) for first, rest in second.items()}


def _words(command: Command) -> Words:
    parser = parser_of(command)
    flags = tuple(_flag(action, command) for _, action in parser.flags() if action.help != SUPPRESS)
    helping = Flag(("--help", "-h"), "show how it is used", "", Takes.NOTHING)
    positional = next(parser.positionals(), None)
    argument = Takes.NOTHING if positional is None else _takes(str(positional.metavar))
    choices = () if positional is None else tuple(_choices(positional, str(positional.metavar), command))
    aliases = tuple(alias for alias, name in ALIASES.items() if name == command.name)
    return Words(typed(command.name), command.summary, (*flags, helping), argument, choices, aliases)


def _flag(action: Action, command: Command) -> Flag:
    names = sorted(
        (name for name in action.option_strings if "=" not in name), key=lambda name: not name.startswith("--")
    )
    value = "" if action.nargs == 0 else str(action.metavar or action.dest.upper())
    takes = Takes.NOTHING if isinstance(action, Switch) or action.nargs == 0 else _takes(value)
    about = " ".join((action.help or "").split())
    choices = tuple(_choices(action, value, command))
    return Flag(tuple(names), about, value, takes, choices, many=isinstance(action, Values))


def _takes(value: str) -> Takes:
    if value == _FOLDERS:
        return Takes.FOLDER
    return Takes.FILE if _FILES.fullmatch(value) else Takes.WORD


def _choices(action: Action, value: str, command: Command) -> Iterator[str]:
    """Rule 2."""
    if action.choices is not None:
        yield from map(str, action.choices)
    elif isinstance(action, Values):
        yield from action.allowed
    elif _CHOICE.fullmatch(value):
        yield from value.split("|")
    elif value == "FORMAT":
        yield from _formats(command)
    elif value == "TYPE":
        from assaymark.attest.predicate import PREDICATE_TYPES

        yield from (kind.name for kind in PREDICATE_TYPES)


def _formats(command: Command) -> Iterator[str]:
    if command.group == SCANNING:
        from assaymark.report.format import formats

        return (each.name for each in formats())
    from assaymark.report.diff_formats import DIFF_FORMATS

    return iter(DIFF_FORMATS)
