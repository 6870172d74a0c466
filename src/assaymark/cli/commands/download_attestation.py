"""`download attestation`: what is attached to an image, as JSON lines, without verifying any of it."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Final

from assaymark.cli.command import Command
from assaymark.cli.flags import add_switch
from assaymark.cli.network_flags import add_network_flags
from assaymark.errors import ExitCode, VerificationError

if TYPE_CHECKING:
    from assaymark.cli.console import Console


def _configure(parser: ArgumentParser) -> None:
    parser.description = (
        "Print what is attached to IMAGE, one JSON document a line: Sigstore bundles, then the envelopes of the legacy "
        ".att tag. Nothing is verified. Exit code 7 when there is nothing."
    )
    parser.add_argument("image", metavar="IMAGE", help="reference of an image on a registry")
    parser.add_argument("--predicate-type", default="", metavar="TYPE", help="only attestations that claim this type")
    parser.add_argument("--platform", default="", metavar="OS/ARCH", help="which manifest of an index")
    add_switch(parser, "--local-image", about="IMAGE is a folder with an OCI image layout: PATH[:TAG]")
    add_network_flags(parser)


def _run(args: Namespace, console: Console) -> int:
    from assaymark.attest.download import attestation_lines
    from assaymark.attest.predicate import find_predicate_type
    from assaymark.attest.store.attestation import Unreadable
    from assaymark.attest.store.read import read_attestations
    from assaymark.cli.connections import Connections
    from assaymark.cli.images import find_chosen_image

    image = find_chosen_image(args.image, args, console, Connections(args, console).registry)
    wanted = find_predicate_type(args.predicate_type).uri if args.predicate_type else ""
    count = 0
    for line in attestation_lines(read_attestations(image.attachments, image.subject.digest), predicate_type=wanted):
        if isinstance(line, Unreadable):
            console.warn(f"left out [{line.reason.value}]: {line.message}")
            continue
        console.out_bytes(line.data + b"\n")
        count += 1
    if not count:
        kind = f" of type `{wanted}`" if wanted else ""
        raise VerificationError(f"no attestation{kind} is attached to `{args.image}`", reason="NO_ATTESTATION")
    return ExitCode.DONE


COMMAND: Final = Command(
    name="download-attestation",
    summary="print what is attached to an image",
    group="Attestations",
    configure=_configure,
    run=_run,
)
