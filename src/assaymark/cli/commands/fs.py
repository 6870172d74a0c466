"""`fs`: scan a source tree: lockfiles and manifests."""

from __future__ import annotations

from typing import Final

from assaymark.cli.command import Command
from assaymark.cli.directories import configure_directory, run_directory
from assaymark.cli.global_flags import SCANNING

DESCRIPTION: Final = """\
Scan a folder or a file for known vulnerabilities of what it declares: lockfiles and manifests. For an unpacked image
use `rootfs`."""


COMMAND: Final = Command(
    name="fs",
    summary="scan a source tree",
    group=SCANNING,
    configure=lambda parser: configure_directory(parser, DESCRIPTION),
    run=lambda args, console: run_directory(args, console, "fs"),
)
