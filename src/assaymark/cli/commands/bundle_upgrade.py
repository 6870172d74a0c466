"""`bundle upgrade`: write a Sigstore bundle of version 0.1 or 0.2 as version 0.3."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Final

from assaymark.cli.command import Command
from assaymark.cli.log_entries import add_log_address, fetching
from assaymark.cli.network_flags import add_network_flags
from assaymark.errors import ExitCode
from assaymark.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from assaymark.cli.console import Console

DESCRIPTION: Final = """\
Write the Sigstore bundle FILE as version 0.3: the signer's certificate without its chain, and log entries with their
proofs, which are fetched from the log where the bundle has none. Nothing of it is verified, and a bundle of version 0.3
stays as it is."""
_NEWEST: Final = 3


def _configure(parser: ArgumentParser) -> None:
    parser.description = DESCRIPTION
    parser.add_argument("bundle", metavar="FILE", help="the bundle; `-` reads stdin")
    parser.add_argument("--out", default="", metavar="FILE", help="where the bundle goes (default stdout)")
    add_log_address(parser)
    add_network_flags(parser)


def _run(args: Namespace, console: Console) -> int:
    from assaymark.attest.bundle import parse_bundle
    from assaymark.attest.sigstore.assemble import upgrade_bundle
    from assaymark.cli.connections import Connections
    from assaymark.cli.files import open_output, read_input

    data = read_input(args.bundle, console, limit=DEFAULT_LIMITS.attestation_bytes)
    bundle = parse_bundle(data, what=f"`{args.bundle}`")
    if bundle.version == _NEWEST:
        console.note(f"`{args.bundle}` has version 0.3 already")
    else:
        data = upgrade_bundle(bundle, fetch=fetching(args, Connections(args, console)))
    with open_output(args.out, console, mode=0o600) as stream:
        stream.write(data.rstrip(b"\n") + b"\n" if not args.out else data)
    return ExitCode.DONE


COMMAND: Final = Command(
    name="bundle-upgrade",
    summary="write an older bundle in the newest version",
    group="Attestations",
    configure=_configure,
    run=_run,
)
