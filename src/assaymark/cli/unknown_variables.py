"""Variables of ours that nothing reads: a typo in one would otherwise be a setting that is not made, in silence.

Variables are set for whole pipelines, so one that belongs to another command is no typo; and since another version may
know what this one does not, it is a warning and no error. The peers' variables are left alone: `TRIVY_` and `COSIGN_`
are theirs to define.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from assaymark.cli.flags import FlagParser
from assaymark.cli.variables import OWN, names_of

if TYPE_CHECKING:
    from assaymark.cli.console import Console

_NOT_FLAGS: Final = frozenset(
    f"{OWN}{name}" for name in ("INVOCATION_URI", "EVENT_ID", "BUILDER_ID", "EXPERIMENTAL_RPM_ARCHIVE", "VERSION")
)


def tell_unknown_variables(parser: FlagParser, console: Console) -> None:
    """Warn of each, with the one that was probably meant."""
    strays = sorted(_strays(console.environ, _own_names(parser)))
    if not strays:
        return
    from difflib import get_close_matches

    known = _names_of_all_commands()  # loads every command, and is rarely needed
    for name in strays:
        if name not in known:
            close = get_close_matches(name, sorted(known), n=1, cutoff=0.8)
            console.warn(f"nothing reads the variable `{name}`", hint=f"did you mean `{close[0]}`?" if close else "")


def _strays(environ: Mapping[str, str], known: frozenset[str]) -> Iterator[str]:
    return (name for name, value in environ.items() if name.startswith(OWN) and value and name not in known)


def _own_names(parser: FlagParser) -> frozenset[str]:
    return _NOT_FLAGS.union(*(names_of(action, (OWN,)) for _, action in parser.flags()))


def _names_of_all_commands() -> frozenset[str]:
    from assaymark.cli.command_parser import parser_of
    from assaymark.cli.overview import commands

    return _NOT_FLAGS.union(*(_own_names(parser_of(command)) for command in commands()))
