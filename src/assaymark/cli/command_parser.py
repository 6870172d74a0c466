"""The parser of a command: what it asks for itself, and what every command takes."""

from __future__ import annotations

from assaymark.cli.command import Command
from assaymark.cli.flags import FlagParser
from assaymark.cli.global_flags import add_global_flags
from assaymark.cli.overview import typed


def parser_of(command: Command) -> FlagParser:
    """A parser with all flags of a command."""
    parser = FlagParser(prog=f"assaymark {typed(command.name)}", description=command.summary)
    command.configure(parser)
    add_global_flags(parser, group_name=command.group)
    return parser
