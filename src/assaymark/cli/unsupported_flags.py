"""Flags that the peers have and this version has not: known by name, so that a pasted command ends with a sentence.

They do not stand in `--help`. What asks for nothing special (`--sk=false`, `--report all`) is taken: it is what happens
anyway.
"""

from __future__ import annotations

from argparse import SUPPRESS, Namespace, _ActionsContainer
from collections.abc import Iterable
from typing import NamedTuple

from assaymark.cli.flags import add_switch
from assaymark.errors import UsageError


class Unsupported(NamedTuple):
    """One flag.

    Attributes:
        name: with its dashes.
        reason: what cannot be had.
        hint: what to do instead.
        switch: whether it takes no value; then it is refused when it is on.
        harmless: values that ask for nothing special.
        short: its other spelling.
    """

    name: str
    reason: str
    hint: str = ""
    switch: bool = False
    harmless: tuple[str, ...] = ()
    short: str = ""

    @property
    def dest(self) -> str:
        """Its name in the parsed arguments."""
        return self.name.removeprefix("--").replace("-", "_")


def add_unsupported(parser: _ActionsContainer, flags: Iterable[Unsupported]) -> None:
    """Know these flags, without showing them."""
    for flag in flags:
        names = (flag.name, flag.short) if flag.short else (flag.name,)
        if flag.switch:
            add_switch(parser, *names, about=SUPPRESS)
        else:
            parser.add_argument(*names, default="", help=SUPPRESS)


def refuse_unsupported(args: Namespace, flags: Iterable[Unsupported]) -> None:
    """Say of the first of these flags that asks for something that it cannot be had.

    Raises:
        UsageError: there is one.
    """
    for flag in flags:
        value = getattr(args, flag.dest)
        if value and value not in flag.harmless:
            raise UsageError(f"`{flag.name}`: {flag.reason}", hint=flag.hint)
