"""`load`: an image and everything that is attached to it, from a folder to a registry."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Final

from assaymark.cli.command import Command
from assaymark.cli.flags import add_switch
from assaymark.cli.network_flags import add_network_flags
from assaymark.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from assaymark.cli.console import Console

DESCRIPTION: Final = """\
Bring the image in a folder that `assaymark save` or `cosign save` wrote to IMAGE on a registry, with everything that is
attached to it. What is there is not sent again. The tag of IMAGE is written last, whatever it led to before; cosign's
tags for attachments are overwritten only with --force where something would be lost."""


def _configure(parser: ArgumentParser) -> None:
    parser.description = DESCRIPTION
    parser.add_argument("image", metavar="IMAGE", help="reference of what it is to be called")
    parser.add_argument(
        "--dir", default="", metavar="DIR", help="the folder; DIR:TAG or DIR@DIGEST where it holds several images"
    )
    add_switch(parser, "--force", "-f", about="overwrite the attachments that are there")
    add_network_flags(parser)


def _run(args: Namespace, console: Console) -> int:
    from assaymark.attest.moving.cargo import collect
    from assaymark.attest.moving.transfer import transfer
    from assaymark.cli.connections import Connections
    from assaymark.cli.images import find_image
    from assaymark.cli.moving import holders_of, target_holder, target_tag, tell_missing, tell_transferred
    from assaymark.model.reference import parse_reference

    if not args.dir:
        raise UsageError("no `--dir`", hint="`assaymark load --dir FOLDER IMAGE`")
    destination = parse_reference(args.image)
    connections = Connections(args, console)
    target = target_holder(destination, connections)
    image = find_image(args.dir, Namespace(**vars(args), local_image=True), console, connections.registry)
    tag = target_tag(destination, image)
    cargo = collect(*holders_of(image, console), image.stored)
    tell_missing(console, cargo)
    done = transfer(cargo, target, tag=tag, retag=True, force=args.force, progress=console.progress)
    tell_transferred(console, f"loaded {image.pinned} as {destination.context}@{image.subject.digest}", done)
    return ExitCode.DONE


COMMAND: Final = Command(
    name="load",
    summary="bring an image with everything that is attached to it from a folder to a registry",
    group="Attestations",
    configure=_configure,
    run=_run,
)
