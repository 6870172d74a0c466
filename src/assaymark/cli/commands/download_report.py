"""`download report`: the full reports behind compact attestations, one a line, without verifying anything."""

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
        "Print the full reports beside IMAGE, which `--compact` stored there, one JSON document a line: what `convert` "
        "and `diff` read. Nothing is verified: `verify-attestation` fetches and checks what a compact attestation "
        "names. Exit code 7 when there is none."
    )
    parser.add_argument("image", metavar="IMAGE", help="reference of an image on a registry")
    parser.add_argument("--digest", default="", metavar="DIGEST", help="only the report with this digest")
    parser.add_argument("--platform", default="", metavar="OS/ARCH", help="which manifest of an index")
    add_switch(parser, "--local-image", about="IMAGE is a folder with an OCI image layout: PATH[:TAG]")
    add_network_flags(parser)


def _run(args: Namespace, console: Console) -> int:
    from assaymark.attest.compact import describe_report
    from assaymark.attest.full_report import stored_reports
    from assaymark.cli.connections import Connections
    from assaymark.cli.images import find_chosen_image
    from assaymark.model.digest import parse_digest

    wanted = parse_digest(args.digest) if args.digest else None
    image = find_chosen_image(args.image, args, console, Connections(args, console).registry)
    count = 0
    for report in stored_reports(image.attachments, image.subject.digest):
        if wanted is None or describe_report(report).digest == wanted:
            console.out_bytes(report + b"\n")
            count += 1
    if not count:
        which = f" `{wanted}`" if wanted else ""
        raise VerificationError(f"no full report{which} is attached to `{args.image}`", reason="FULL_REPORT_MISSING")
    return ExitCode.DONE


COMMAND: Final = Command(
    name="download-report",
    summary="print the full reports behind compact attestations",
    group="Attestations",
    configure=_configure,
    run=_run,
)
