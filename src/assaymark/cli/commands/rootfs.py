"""`rootfs`: scan an unpacked root file system: what is installed."""

from __future__ import annotations

from typing import Final

from assaymark.cli.command import Command
from assaymark.cli.directories import configure_directory, run_directory
from assaymark.cli.global_flags import SCANNING

DESCRIPTION: Final = """\
Scan an unpacked root file system for known vulnerabilities of what is installed in it. For a source tree use `fs`."""


COMMAND: Final = Command(
    name="rootfs",
    summary="scan an unpacked root file system",
    group=SCANNING,
    configure=lambda parser: configure_directory(parser, DESCRIPTION),
    run=lambda args, console: run_directory(args, console, "rootfs"),
)
