"""Flags as the peers' programs read them (Go's pflag), on argparse.

Switches take `--flag`, `--flag=true` and `--flag=false`; lists take commas and repetition; durations are Go's (`5m0s`).
Flags are never abbreviated: `--offline` (no network at all) is not the beginning of `--offline-scan`.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NoReturn

from assaymark.errors import UsageError

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

_TRUE: Final = ("true", "True", "TRUE", "t", "T", "1")
_FALSE: Final = ("false", "False", "FALSE", "f", "F", "0")
_UNITS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_SPELLINGS = re.compile(r"/--[a-z0-9-]+=\w+")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")


class FlagParser(argparse.ArgumentParser):
    """An argument parser that raises `UsageError` and names the flag that was probably meant."""

    def __init__(self, **keywords: Any) -> None:
        keywords.setdefault("formatter_class", FlagFormatter)
        super().__init__(allow_abbrev=False, **keywords)

    epilogue: Callable[[], str] | None = None
    """Makes what stands at the end of the help, when it is asked for."""

    def format_help(self) -> str:
        """The help text with the epilogue."""
        end = self.epilogue() if self.epilogue else ""
        return super().format_help() + (f"\n{end}" if end else "")

    def print_help(self, file: SupportsWrite[str] | None = None) -> None:
        """On stdout, guarded like all output.

        Raises:
            LocalError: it cannot be written.
        """
        from assaymark.cli.output import Output, process_stdout

        if file is not None:
            super().print_help(file)
            return
        output = Output(process_stdout())
        output.write(self.format_help().encode("utf-8", "replace"))
        output.flush()

    def error(self, message: str) -> NoReturn:
        """Raise instead of leaving the process."""
        raise UsageError(_SPELLINGS.sub("", message), hint=f"see `{self.prog} --help`")

    def flags(self) -> Iterator[tuple[str, argparse.Action]]:
        """Every flag with the heading it stands under."""
        for group in self._action_groups:
            for action in group._group_actions:  # noqa: SLF001 - argparse tells it nowhere else
                if action.option_strings and action.dest != "help":
                    yield group.title or "", action

    def positionals(self) -> Iterator[argparse.Action]:
        """What stands beside the flags, in order."""
        return (action for action in self._actions if not action.option_strings)

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        """The values of `arguments`, flags and positionals in any order.

        Raises:
            UsageError: an unknown flag (with the nearest known one), a missing or an extra argument.
        """
        namespace, unknown = self.parse_known_intermixed_args(list(arguments))
        if unknown:
            raise UsageError(f"unknown argument `{unknown[0]}`", hint=self._nearest(unknown[0]))
        return namespace

    def _nearest(self, argument: str) -> str:
        from difflib import get_close_matches

        flag = argument.partition("=")[0]
        known = [option for option in self._option_string_actions if "=" not in option]
        close = get_close_matches(flag, known, n=1, cutoff=0.7)
        return f"did you mean `{close[0]}`?" if close else f"see `{self.prog} --help`"


class FlagFormatter(argparse.HelpFormatter):
    """Help that shows a switch once, however it may be spelled, and defaults where there are any."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=32, width=_columns() - 2)

    def _format_action_invocation(self, action: argparse.Action) -> str:
        """`--severity, -s LIST`: the same on every version of Python, because documents are made of it."""
        if not action.option_strings:
            return super()._format_action_invocation(action)
        spelled = ", ".join(option for option in action.option_strings if "=" not in option)
        if action.nargs == 0:
            return spelled
        value = action.metavar or ("|".join(map(str, action.choices)) if action.choices else action.dest.upper())
        return f"{spelled} {value}"

    def _format_usage(self, usage: str | None, actions: Any, groups: Any, prefix: str | None) -> str:
        """One line: the flags stand below, and thirty of them in brackets teach nobody."""
        positionals = [action for action in actions if not action.option_strings and action.help != argparse.SUPPRESS]
        return super()._format_usage(usage or self._short_usage(positionals), actions, groups, prefix)

    def _short_usage(self, positionals: Sequence[argparse.Action]) -> str:
        names = " ".join(str(action.metavar or action.dest) for action in positionals)
        return f"{self._prog} [flags] {names}".rstrip()


def _columns() -> int:
    """What `shutil.get_terminal_size` says, which argparse would import and ask once for every flag."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return int(columns)
    try:
        return (os.get_terminal_size(sys.__stdout__.fileno()).columns if sys.__stdout__ else 0) or 80
    except (OSError, ValueError):
        return 80


class Switch(argparse.Action):
    """A boolean flag; argparse looks whole words up first, so `--flag=false` is an option string of its own."""

    def __init__(self, option_strings: Sequence[str], dest: str, **keywords: Any) -> None:
        spelled = [
            f"{option}={value}" for option in option_strings if option.startswith("--") for value in (*_TRUE, *_FALSE)
        ]
        super().__init__([*option_strings, *spelled], dest, nargs=0, **keywords)

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: object, option: str | None = None
    ) -> None:
        """Set the flag to what its spelling says."""
        del parser, values
        setattr(namespace, self.dest, (option or "").partition("=")[2] not in _FALSE)


class Filled(argparse.Action):
    """A text flag that is not empty where it is typed.

    `--key "$KEY"` with a variable that is not set must not mean what leaving the flag out means: another signer, the
    public services instead of private ones, or a check that is not made.
    """

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        """Set the flag.

        Raises:
            UsageError: there is nothing to set.
        """
        del parser
        if not values:
            raise UsageError(f"`{option}` is empty", hint="give it a value, or leave it out")
        setattr(namespace, self.dest, values)


def parse_switch(text: str, name: str) -> bool:
    """The boolean that `text`, the value of `name`, is (Go's strconv.ParseBool).

    Raises:
        UsageError: it is none.
    """
    if text not in _TRUE + _FALSE:
        raise UsageError(f"invalid value `{text}` of `{name}`", hint="true or false")
    return text in _TRUE


class Values(argparse.Action):
    """A list flag: commas and repetition add up; the first use replaces the default.

    Attributes:
        allowed: the only values that it takes; empty where any will do.
    """

    def __init__(self, *names: Any, allowed: Sequence[str] = (), **keywords: Any) -> None:
        super().__init__(*names, **keywords)
        self.allowed = tuple(allowed)

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        """Add what stands between commas."""
        del parser
        given = getattr(namespace, f"_{self.dest}_given", ())
        given = (*given, *(part.strip() for part in values.split(",") if part.strip()))
        setattr(namespace, f"_{self.dest}_given", given)
        setattr(namespace, self.dest, self._checked(given, option or self.option_strings[-1]))

    def _checked(self, given: tuple[str, ...], name: str) -> tuple[str, ...]:
        for value in given:
            if self.allowed and value not in self.allowed:
                raise UsageError(f"invalid argument `{value}` for `{name}`", hint=f"one of {', '.join(self.allowed)}")
        return given


def add_switch(
    parser: argparse._ActionsContainer,
    *names: str,
    about: str,
    default: bool = False,
    dest: str = "",
) -> None:
    """A boolean flag."""
    keywords: dict[str, Any] = {"dest": dest} if dest else {}
    parser.add_argument(*names, action=Switch, default=default, help=about, **keywords)


def add_values(
    parser: argparse._ActionsContainer,
    *names: str,
    about: str,
    default: tuple[str, ...] = (),
    allowed: Sequence[str] = (),
    metavar: str = "",
) -> None:
    """A list flag; `allowed` names the only values that it takes, and `metavar` stands for them in the help."""
    parser.add_argument(
        *names,
        action=Values,
        default=default,
        help=about,
        metavar=metavar or "|".join(allowed) or "LIST",
        allowed=allowed,
    )


def parse_duration(text: str) -> float:
    """Seconds of a Go duration such as `5m0s`, `90s` or `1h30m`; a bare number is refused, as Go does.

    Raises:
        argparse.ArgumentTypeError: not a duration.
    """
    if text == "0":
        return 0.0
    end, seconds = 0, 0.0
    for part in _DURATION.finditer(text):
        if part.start() != end:
            break
        seconds += float(part[1]) * _UNITS[part[2]]
        end = part.end()
    if not text or end != len(text):
        raise argparse.ArgumentTypeError(f"`{text}` is not a duration (write 90s, 5m0s, 1h)")
    return seconds
