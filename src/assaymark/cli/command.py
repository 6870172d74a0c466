"""The extension point of the command line."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from assaymark.cli.console import Console


class Command(NamedTuple):
    """One subcommand.

    Attributes:
        name: as typed.
        summary: one line of `--help`.
        group: the heading it stands under in `--help`.
        configure: adds flags to the command's own parser; imports nothing heavy.
        run: does the work and returns the exit code.
    """

    name: str
    summary: str
    group: str
    configure: Callable[[ArgumentParser], None]
    run: Callable[[Namespace, Console], int]
