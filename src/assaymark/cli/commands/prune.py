"""`prune`: remove the attestations of a signer that newer ones of the same signer replace."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Final

from assaymark.cli.command import Command
from assaymark.cli.evidence_flags import add_evidence_flags, check_evidence_flags
from assaymark.cli.flags import add_switch
from assaymark.cli.identity_flags import (
    add_identity_flags,
    add_public_key_flag,
    check_identity_flags,
    names_signer,
)
from assaymark.cli.network_flags import add_network_flags
from assaymark.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from assaymark.cli.console import Console
    from assaymark.cli.images import NamedImage

DESCRIPTION: Final = """\
Remove the superseded attestations of one signer from IMAGE, and of an index from each of its platforms: those that
verify with the key or for the identity that is named, and to which a newer one of the same signer, type and format
exists that verifies, too. Nothing else is removed: what others signed, what cannot be verified, and what nothing says
to be older stays. The full reports of compact records go with them. What goes is shown, and asked about."""


def _configure(parser: ArgumentParser) -> None:
    parser.description = DESCRIPTION
    parser.add_argument("image", metavar="IMAGE", help="reference of an image on a registry")
    add_public_key_flag(parser)
    parser.add_argument("--type", default="", metavar="TYPE", help="only attestations of this type (default all)")
    parser.add_argument(
        "--keep", type=int, default=1, metavar="N", help="how many of each signer, type and format stay (default 1)"
    )
    add_switch(parser, "--dry-run", about="show what would go, and remove nothing")
    add_switch(parser, "--force", "-f", about="do not ask")
    parser.add_argument("--platform", default="", metavar="OS/ARCH", help="one platform of an index alone")
    add_switch(parser, "--local-image", about="IMAGE is a folder with an OCI image layout: PATH[:TAG]")
    add_identity_flags(parser)
    add_evidence_flags(parser)
    add_network_flags(parser)


def _run(args: Namespace, console: Console) -> int:
    from assaymark.attest.store.removal import Removal
    from assaymark.attest.withdrawing import withdraw
    from assaymark.cli.connections import Connections
    from assaymark.cli.images import find_chosen_image
    from assaymark.cli.pruning import find_prunable
    from assaymark.cli.removing import ask_to_remove, tell_removed

    _check(args)
    connections = Connections(args, console)
    image = find_chosen_image(args.image, args, console, connections.registry)
    found = [find_prunable(each, args, console, connections) for each in _manifests(image, alone=bool(args.platform))]
    failures = [each.failure for each in found if each.failure is not None]
    if failures and not any(each.verified for each in found):
        raise failures[0]
    lines = [prunable.line for each in found for prunable in each.goes]
    if not lines:
        console.err(f"nothing of that signer at {image.pinned} is superseded")
        return ExitCode.DONE
    if args.dry_run:
        console.out("\n".join(lines))
        return ExitCode.DONE
    ask_to_remove(console, lines, image.pinned, force=args.force)
    done = [
        withdraw(each.image.attachments, each.image.subject.digest, [prunable.spot for prunable in each.goes])
        for each in found
    ]
    tell_removed(console, sum(done, Removal()), image.pinned)
    return ExitCode.DONE


def _check(args: Namespace) -> None:
    check_evidence_flags(args)
    check_identity_flags(args)
    if args.any_identity or not names_signer(args):
        raise UsageError(
            "nobody is named whose attestations may go", hint="name the signer with `--key` or `--certificate-identity`"
        )
    if args.keep < 1:
        raise UsageError(f"`--keep {args.keep}` would leave nothing", hint="`assaymark clean` removes everything")


def _manifests(image: NamedImage, *, alone: bool) -> list[NamedImage]:
    """The image, and of an index every platform."""
    from assaymark.attest.platforms import find_entry, list_platforms

    members = () if alone else list_platforms(image)
    return [image, *(find_entry(image, entry) for entry in members)]


COMMAND: Final = Command(
    name="prune",
    summary="remove attestations that newer ones of the same signer replace",
    group="Attestations",
    configure=_configure,
    run=_run,
)
