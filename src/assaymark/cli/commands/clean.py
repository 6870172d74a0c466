"""`clean`: remove what is attached to an image."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Final

from assaymark.cli.command import Command
from assaymark.cli.flags import add_switch
from assaymark.cli.network_flags import add_network_flags
from assaymark.errors import ExitCode

if TYPE_CHECKING:
    from assaymark.cli.console import Console

DESCRIPTION: Final = """\
Remove the attestations, signatures and SBOMs that are attached to IMAGE, whoever signed them: cosign's tags, and
Sigstore bundles. What other tools attached stays, and so does the image. What goes is shown, and asked about. To remove
only what newer attestations of one signer replace, use `prune`. COSIGN_REPOSITORY is honoured."""


_TAGS_ALONE: Final = ("signature", "attestation")


def _configure(parser: ArgumentParser) -> None:
    parser.description = DESCRIPTION
    parser.add_argument("image", metavar="IMAGE", help="reference of an image on a registry")
    parser.add_argument(
        "--type",
        choices=("signature", "attestation", "referrer", "sbom", "all"),
        default="all",
        help="cosign's tag for signatures, attestations or SBOMs, or Sigstore bundles (referrer) (default all)",
    )
    add_switch(parser, "--force", "-f", about="do not ask")
    add_switch(parser, "--dry-run", about="show what would go, and remove nothing")
    parser.add_argument("--platform", default="", metavar="OS/ARCH", help="which manifest of an index")
    add_switch(parser, "--local-image", about="IMAGE is a folder with an OCI image layout: PATH[:TAG]")
    add_network_flags(parser)


def _run(args: Namespace, console: Console) -> int:
    from assaymark.attest.moving.cleaning import find_removable, remove_all
    from assaymark.cli.connections import Connections
    from assaymark.cli.images import find_chosen_image
    from assaymark.cli.removing import ask_to_remove, tell_removed

    image = find_chosen_image(args.image, args, console, Connections(args, console).registry)
    store, subject = image.attachments, image.subject.digest
    present = find_removable(store, subject, args.type)
    found = [item for item in present if not item.stays]
    for item in present:
        if item.stays:
            console.warn(f"`{store.name}:{item.tag}` stays: it leads to {item.manifest}, which cosign did not attach")
    if args.type in _TAGS_ALONE and (bundles := find_removable(store, subject, "referrer")):
        console.warn(
            f"what is no tag of cosign's stays: {len(bundles)} of Sigstore's bundles",
            hint="`--type referrer` removes them, `--type all` everything",
        )
    if not found:
        console.err(f"nothing of that kind is attached to {image.pinned}")
        return ExitCode.DONE
    lines = [f"{store.name}:{item.tag}" if item.tag else f"{store.name}@{item.manifest}" for item in found]
    if args.dry_run:
        console.out("\n".join(lines))
        return ExitCode.DONE
    ask_to_remove(console, lines, image.pinned, force=args.force)
    tell_removed(console, remove_all(store, subject, found), image.pinned)
    return ExitCode.DONE


COMMAND: Final = Command(
    name="clean", summary="remove what is attached to an image", group="Attestations", configure=_configure, run=_run
)
