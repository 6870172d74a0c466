"""`copy`: an image and everything that is attached to it, from one repository to another."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser, Namespace
from typing import TYPE_CHECKING, Final

from assaymark.cli.command import Command
from assaymark.cli.flags import add_switch, add_values
from assaymark.cli.network_flags import add_network_flags
from assaymark.errors import ExitCode, NotFoundError

if TYPE_CHECKING:
    from assaymark.cli.console import Console

DESCRIPTION: Final = """\
Copy the image SOURCE with every platform, and with everything that is attached to any of them, to DESTINATION: cosign's
tags (.sig, .att, .sbom), and whatever refers to a manifest. Every digest stays what it was. What is there is not sent
again, so a copy that was interrupted goes on when it is started again; the destination's tag is written last."""


def _configure(parser: ArgumentParser) -> None:
    parser.description = DESCRIPTION
    parser.add_argument("source", metavar="SOURCE", help="reference of the image on a registry")
    parser.add_argument("destination", metavar="DESTINATION", help="reference of what it is to be called")
    add_switch(parser, "--force", "-f", about="overwrite the destination's tags where they lead elsewhere")
    add_values(parser, "--only", about="copy these attachments without the image", allowed=("sig", "att", "sbom"))
    parser.add_argument(
        "--platform", default="", metavar="OS/ARCH", help="copy the manifest of one platform of an index"
    )
    add_switch(parser, "--sig-only", about=SUPPRESS)  # cosign's older word for --only sig
    add_network_flags(parser)


def _run(args: Namespace, console: Console) -> int:
    from assaymark.attest.moving.cargo import collect
    from assaymark.attest.moving.transfer import transfer
    from assaymark.cli.connections import Connections
    from assaymark.cli.images import find_chosen_image
    from assaymark.cli.moving import (
        holders_of,
        target_holder,
        target_tag,
        tell_missing,
        tell_transferred,
        wanted_kinds,
    )
    from assaymark.model.reference import parse_reference

    only = wanted_kinds(args)
    destination = parse_reference(args.destination)
    connections = Connections(args, console)
    image = find_chosen_image(args.source, args, console, connections.registry)
    tag = target_tag(destination, image)
    cargo = collect(*holders_of(image, console), image.stored, only=only)
    if only and not (cargo.tagged or cargo.referring):
        wanted = ", ".join(sorted(kind.value for kind in only))
        raise NotFoundError(f"nothing of the kind `{wanted}` is attached to `{args.source}`")
    tell_missing(console, cargo)
    target = target_holder(destination, connections)
    done = transfer(cargo, target, tag=tag, force=args.force, progress=console.progress)
    what = "what is attached to " if only else ""
    named = f"{destination.context}@{image.subject.digest}"
    tell_transferred(console, f"copied {what}{image.pinned} to {named}", done)
    return ExitCode.DONE


COMMAND: Final = Command(
    name="copy",
    summary="copy an image with everything that is attached to it",
    group="Attestations",
    configure=_configure,
    run=_run,
)
