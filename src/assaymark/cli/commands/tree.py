"""`tree`: what is attached to an image and to each of its platforms, in a fixed order."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

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


class _Node(NamedTuple):
    """One manifest, the platform that an index says it is for, and what is attached to it."""

    image: NamedImage
    platform: str
    attachments: tuple[Attachment, ...]


def _configure(parser: ArgumentParser) -> None:
    parser.description = (
        "Show the attestations, signatures and SBOMs attached to IMAGE, and of an index to each of its platforms: "
        "cosign's tags first, then every referrer. Nothing is verified. COSIGN_REPOSITORY is honoured."
    )
    parser.add_argument("image", metavar="IMAGE", help="reference of an image on a registry")
    parser.add_argument(
        "--output", "-o", "--format", choices=("text", "json"), default="text", help="text for people, or JSON"
    )
    parser.add_argument("--platform", default="", metavar="OS/ARCH", help="one platform of an index alone")
    add_switch(parser, "--local-image", about="IMAGE is a folder with an OCI image layout: PATH[:TAG]")
    add_accepted(parser, "--registry-referrers-mode")
    add_network_flags(parser)


def _run(args: Namespace, console: Console) -> int:
    import msgspec

    from assaymark.cli.connections import Connections
    from assaymark.cli.images import find_chosen_image

    image = find_chosen_image(args.image, args, console, Connections(args, console).registry)
    root, *platforms = _nodes(image, alone=bool(args.platform))
    if args.output == "json":
        document = _document(root) | {
            "platforms": [{"platform": node.platform} | _document(node) for node in platforms]
        }
        console.out_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
    else:
        console.out("\n".join(line for node in (root, *platforms) for line in _lines(node)))
    return ExitCode.DONE


def _nodes(image: NamedImage, *, alone: bool) -> Iterator[_Node]:
    """The image, and then what an index lists, in its order."""
    from assaymark.attest.platforms import find_entry, list_platforms
    from assaymark.attest.store.tree import list_attachments

    yield _Node(image, "", list_attachments(image.attachments, image.subject.digest))
    for entry in () if alone else list_platforms(image):
        member = find_entry(image, entry)
        yield _Node(member, entry.name, list_attachments(member.attachments, member.subject.digest))


def _document(node: _Node) -> dict[str, Any]:
    return {"image": node.image.pinned, "digest": node.image.subject.digest, "attachments": node.attachments}


def _lines(node: _Node) -> Iterator[str]:
    yield f"📦 {node.image.pinned}{f' ({node.platform})' if node.platform else ''}"
    if not node.attachments:
        yield "nothing is attached"
    repository = node.image.attachments.name
    for item in node.attachments:
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
