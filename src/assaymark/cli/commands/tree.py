"""`tree`: what is attached to an image, in a fixed order."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Final

from assaymark.cli.command import Command
from assaymark.cli.cosign_flags import add_accepted
from assaymark.cli.flags import add_switch
from assaymark.cli.network_flags import add_network_flags
from assaymark.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assaymark.attest.store.tree import Attachment
    from assaymark.cli.console import Console
    from assaymark.cli.images import NamedImage


def _configure(parser: ArgumentParser) -> None:
    parser.description = (
        "Show the attestations, signatures and SBOMs attached to IMAGE: cosign's tags first, then every referrer. "
        "Nothing is verified. COSIGN_REPOSITORY is honoured."
    )
    parser.add_argument("image", metavar="IMAGE", help="reference of an image on a registry")
    parser.add_argument("--output", "-o", choices=("text", "json"), default="text", help="text for people, or JSON")
    add_switch(parser, "--local-image", about="IMAGE is a folder with an OCI image layout: PATH[:TAG]")
    add_accepted(parser, "--registry-referrers-mode")
    add_network_flags(parser)


def _run(args: Namespace, console: Console) -> int:
    import msgspec

    from assaymark.attest.store.tree import list_attachments
    from assaymark.cli.connections import Connections
    from assaymark.cli.images import find_image

    image = find_image(args.image, args, console, Connections(args, console).registry)
    attachments = list_attachments(image.attachments, image.subject.digest)
    if args.output == "json":
        document = {"image": image.pinned, "digest": image.subject.digest, "attachments": attachments}
        console.out_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
    else:
        console.out("\n".join(_lines(image, attachments)))
    return ExitCode.DONE


def _lines(image: NamedImage, attachments: tuple[Attachment, ...]) -> Iterator[str]:
    yield f"📦 {image.pinned}"
    if not attachments:
        yield "nothing is attached"
    repository = image.attachments.name
    for item in attachments:
        if item.tag:
            yield f"└── 💾 {item.kind}: {repository}:{item.tag}"
        else:
            yield f"└── 🔗 {item.kind}: {repository}@{item.manifest}"
        for number, layer in enumerate(item.layers, 1):
            yield f"   {'└' if number == len(item.layers) else '├'}── 🍒 {layer}"
        if item.problem:
            yield f"   └── unreadable: {item.problem}"


COMMAND: Final = Command(
    name="tree", summary="show what is attached to an image", group="Attestations", configure=_configure, run=_run
)
