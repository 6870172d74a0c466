"""What `copy`, `save` and `load` have in common: where images are, and what is told of their journey."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Final

from assaymark.attest.moving.cargo import Cargo, Holder, Kind
from assaymark.attest.moving.transfer import Transferred
from assaymark.cli.images import REPOSITORY_VARIABLE, NamedImage
from assaymark.errors import UsageError
from assaymark.model.reference import Reference, parse_reference
from assaymark.oci.content import Taken

if TYPE_CHECKING:
    from assaymark.cli.connections import Connections
    from assaymark.cli.console import Console

_UNITS: Final = ("B", "kB", "MB", "GB")
_ORDER: Final = (Taken.SENT, Taken.MOUNTED, Taken.PRESENT)


def holders_of(image: NamedImage, console: Console) -> tuple[Holder, Holder]:
    """Where the image is, and where what is attached to it is (`COSIGN_REPOSITORY`)."""
    if image.reference is None:
        holder = Holder(store=image.store)
        return holder, holder
    elsewhere = console.environ.get(REPOSITORY_VARIABLE, "")
    place = parse_reference(elsewhere) if elsewhere else image.reference
    return _holder(image.reference, image), Holder(
        store=image.attachments, registry=place.registry, path=place.repository
    )


def target_holder(reference: Reference, connections: Connections) -> Holder:
    """A repository to write to."""
    store = connections.registry().repository(reference)
    return Holder(store=store, registry=reference.registry, path=reference.repository)


def target_tag(reference: Reference, image: NamedImage) -> str:
    """What the image will be called there; empty where a digest says it, which must be the image's own.

    Raises:
        UsageError: it is another digest.
    """
    if reference.digest and reference.digest != image.subject.digest:
        raise UsageError(
            f"`{reference.digest}` is not the digest of `{image.text}`, which is `{image.subject.digest}`",
            hint="name a tag to copy to",
        )
    return reference.tag


def wanted_kinds(args: Namespace) -> frozenset[Kind]:
    """What `--only` names, and cosign's older `--sig-only`; nothing where all is wanted."""
    return frozenset({Kind(word) for word in args.only} | ({Kind.SIGNATURES} if args.sig_only else set()))


def tell_missing(console: Console, cargo: Cargo) -> None:
    """What could not be taken along."""
    for text in cargo.missing:
        console.warn(f"left out: {text}")


def tell_transferred(console: Console, what: str, done: Transferred) -> None:
    """What was done, in two lines."""
    console.err(what)
    parts = [
        *([_count(done.manifests, "manifest")] if done.manifests else []),
        _count(done.attachments, "attachment"),
    ]
    sizes = {Taken.SENT: f" ({_size(done.sent_bytes)})"}
    fates = [f"{done.blobs[taken]} {_WORDS[taken]}{sizes.get(taken, '')}" for taken in _ORDER if done.blobs[taken]]
    blobs = f"; of {_count(sum(done.blobs.values()), 'blob')} {', '.join(fates)}" if fates else ""
    console.note(f"  {' and '.join(parts)}{blobs}")


_WORDS: Final = {Taken.SENT: "sent", Taken.MOUNTED: "mounted", Taken.PRESENT: "there already"}


def _holder(reference: Reference, image: NamedImage) -> Holder:
    return Holder(store=image.store, registry=reference.registry, path=reference.repository)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _size(count: int) -> str:
    value, unit = float(count), 0
    while value >= 1000 and unit + 1 < len(_UNITS):
        value, unit = value / 1000, unit + 1
    return f"{value:.1f} {_UNITS[unit]}" if unit else f"{count} {_UNITS[0]}"
