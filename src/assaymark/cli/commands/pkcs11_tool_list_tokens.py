"""`pkcs11-tool list-tokens`: the tokens behind a PKCS#11 library."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Final

from assaymark.cli.command import Command
from assaymark.cli.token_flags import add_token_flags, library_from
from assaymark.errors import ExitCode

if TYPE_CHECKING:
    from assaymark.cli.console import Console


def _configure(parser: ArgumentParser) -> None:
    parser.description = "List the tokens (smart cards, security modules) that a PKCS#11 library knows."
    add_token_flags(parser)


def _run(args: Namespace, console: Console) -> int:
    from assaymark.report.plain import shown

    for token in library_from(args, console).tokens():
        console.out(f"Token in slot {token.slot}")
        facts = (
            ("Label", token.label),
            ("Manufacturer", token.manufacturer),
            ("Model", token.model),
            ("S/N", token.serial),
        )
        for name, value in facts:
            console.out(f"  {name}: {shown(value)}")
    return ExitCode.DONE


COMMAND: Final = Command(
    name="pkcs11-tool-list-tokens",
    summary="list the tokens behind a PKCS#11 library",
    group="Keys",
    configure=_configure,
    run=_run,
)
