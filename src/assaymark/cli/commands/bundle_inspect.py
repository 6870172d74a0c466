"""`bundle inspect`: what is in an attestation's file, without verifying any of it and without asking anybody."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Final

from assaymark.cli.command import Command
from assaymark.errors import ExitCode
from assaymark.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from assaymark.cli.console import Console

DESCRIPTION: Final = """\
Print what is in FILE, a Sigstore bundle or what cosign 1 and 2 wrote instead: who signed, what is claimed about what,
and which logs and timestamps are said to vouch for it. Nothing is verified, and nobody is asked: use
`verify-blob-attestation` or `verify-attestation` before you believe any of it."""


def _configure(parser: ArgumentParser) -> None:
    parser.description = DESCRIPTION
    parser.add_argument("bundle", metavar="FILE", help="the file; `-` reads stdin")
    parser.add_argument(
        "--format", "-f", choices=("text", "json"), default="text", help="for people or for programs (default text)"
    )
    parser.add_argument(
        "--trusted-root",
        default="",
        metavar="FILE",
        help="whose logs are called by their names (default: those of the public-good instance)",
    )


def _run(args: Namespace, console: Console) -> int:
    from assaymark.attest.inspection import inspect_candidate
    from assaymark.attest.local import read_local
    from assaymark.cli.files import read_input
    from assaymark.cli.inspecting import inspection_json, inspection_text, known_services

    data = read_input(args.bundle, console, limit=DEFAULT_LIMITS.attestation_bytes)
    inspected = inspect_candidate(read_local(data, what=f"`{args.bundle}`"), known_services(args, console))
    if args.format == "json":
        console.out_bytes(inspection_json(inspected))
    else:
        console.out(inspection_text(inspected, colour=console.colour, width=console.width), painted=True)
    return ExitCode.DONE


COMMAND: Final = Command(
    name="bundle-inspect",
    summary="print what is in a bundle, unverified",
    group="Attestations",
    configure=_configure,
    run=_run,
)
