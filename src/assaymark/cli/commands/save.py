"""`save`: an image and everything that is attached to it, in a folder with an OCI image layout."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from assaymark.cli.command import Command
from assaymark.cli.flags import add_switch
from assaymark.cli.network_flags import add_network_flags
from assaymark.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from assaymark.cli.console import Console
    from assaymark.cli.images import NamedImage
    from assaymark.oci.layout import Layout

DESCRIPTION: Final = """\
Write the image IMAGE with every platform, and with everything that is attached to any of them, into a folder: an OCI
image layout, which `assaymark load` and `cosign load` bring to another registry, `--input` scans, and
`verify-attestation --local-image` verifies. A save that was interrupted goes on when it is started again. What was
attached in the folder stays."""


def _configure(parser: ArgumentParser) -> None:
    parser.description = DESCRIPTION
    parser.add_argument("image", metavar="IMAGE", help="reference of an image on a registry")
    parser.add_argument("--dir", default="", metavar="DIR", help="the folder; made where there is none")
    parser.add_argument(
        "--platform", default="", metavar="OS/ARCH", help="save the manifest of one platform of an index"
    )
    add_switch(parser, "--force", "-f", about="overwrite the attachments that are there")
    add_network_flags(parser)


def _run(args: Namespace, console: Console) -> int:
    from assaymark.attest.moving.cargo import Holder, collect
    from assaymark.attest.moving.transfer import transfer
    from assaymark.cli.connections import Connections
    from assaymark.cli.images import find_chosen_image
    from assaymark.cli.moving import holders_of, tell_missing, tell_transferred
    from assaymark.oci.layout import Layout

    if not args.dir:
        raise UsageError("no `--dir`", hint="`assaymark save --dir FOLDER IMAGE`")
    image = find_chosen_image(args.image, args, console, Connections(args, console).registry)
    layout = Layout(Path(args.dir), create=True)
    _refuse_others(layout, image)
    cargo = collect(*holders_of(image, console), image.stored)
    tell_missing(console, cargo)
    done = transfer(
        cargo,
        Holder(store=layout),
        tag=image.reference.tag if image.reference else "",
        retag=True,
        force=args.force,
        place_part=lambda stored: layout.push_blob(stored.data, media_type=stored.descriptor.media_type),
        progress=console.progress,
    )
    tell_transferred(console, f"saved {image.pinned} in {args.dir}", done)
    return ExitCode.DONE


def _refuse_others(layout: Layout, image: NamedImage) -> None:
    """Cosign takes the first image of a layout, so two in one folder would be taken for each other."""
    if others := layout.images() - {image.subject.digest}:
        raise UsageError(
            f"`{layout.name}` holds another image, `{min(others)}`", hint="save each image in a folder of its own"
        )


COMMAND: Final = Command(
    name="save",
    summary="write an image with everything that is attached to it into a folder",
    group="Attestations",
    configure=_configure,
    run=_run,
)
