"""Flags that the peers have and this version has not: known by name, so that a pasted command ends with a sentence.

They do not stand in `--help`. What asks for nothing special (`--sk=false`, `--report all`) is taken: it is what happens
anyway.
"""

from __future__ import annotations

from argparse import SUPPRESS, Action, ArgumentParser, Namespace, _ActionsContainer
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from assaymark.cli.flags import Switch
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
            parser.add_argument(*names, action=_RefusedSwitch, default=False, help=SUPPRESS, flag=flag)
        else:
            parser.add_argument(*names, action=_RefusedValue, default="", help=SUPPRESS, flag=flag)


def find_unsupported(action: Action) -> Unsupported | None:
    """The flag, if `action` is one that `add_unsupported` added."""
    return action.flag if isinstance(action, _RefusedSwitch | _RefusedValue) else None


def refuse_unsupported(args: Namespace, flags: Iterable[Unsupported]) -> None:
    """Say of the first of these flags that asks for something that it cannot be had.

    Raises:
        UsageError: there is one.
    """
    for flag in flags:
        value = getattr(args, flag.dest)
        if value and value not in flag.harmless:
            raise UsageError(f"`{flag.name}`: {flag.reason}", hint=flag.hint)


class _RefusedSwitch(Switch):
    def __init__(self, option_strings: Sequence[str], dest: str, *, flag: Unsupported, **keywords: Any) -> None:
        super().__init__(option_strings, dest, **keywords)
        self.flag = flag


class _RefusedValue(Action):
    def __init__(self, option_strings: Sequence[str], dest: str, *, flag: Unsupported, **keywords: Any) -> None:
        super().__init__(option_strings, dest, **keywords)
        self.flag = flag

    def __call__(self, parser: ArgumentParser, namespace: Namespace, values: object, option: str | None = None) -> None:
        """Set the flag: what it means is judged by `refuse_unsupported`."""
        del parser, option
        setattr(namespace, self.dest, values)
