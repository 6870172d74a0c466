"""What `prune` finds: the attestations of one signer that newer ones of the same signer replace.

Whose an attestation is, its signature says: each is verified as `verify-attestation` would, with the key or for the
identity that was named. What does not verify is somebody else's, and is not looked at any further.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from assaymark.attest.download import attestation_lines
from assaymark.attest.predicate import find_predicate_type
from assaymark.attest.sigstore.attestations import ProvenAttestation
from assaymark.attest.store.attestation import Unreadable
from assaymark.attest.store.read import read_attestations
from assaymark.attest.store.removal import Spot
from assaymark.attest.superseding import find_superseded
from assaymark.attest.verify import Verified
from assaymark.attest.withdrawing import spot_of
from assaymark.cli.verifying import find_prover
from assaymark.errors import VerificationError

if TYPE_CHECKING:
    from assaymark.attest.newest import Dated
    from assaymark.cli.connections import Connections
    from assaymark.cli.console import Console
    from assaymark.cli.images import NamedImage

Item = Verified | ProvenAttestation


class Prunable(NamedTuple):
    """One attestation that may go; `line` says what it is."""

    spot: Spot
    line: str


class Pruning(NamedTuple):
    """What was found at one image.

    Attributes:
        verified: how many attestations the signer has there.
        goes: which of them are superseded.
        failure: why none was verified; None where one was, or where nothing is attached.
    """

    image: NamedImage
    verified: int
    goes: tuple[Prunable, ...]
    failure: VerificationError | None = None


def find_prunable(image: NamedImage, args: Namespace, console: Console, connections: Connections) -> Pruning:
    """What of the signer's at `image` is superseded.

    Raises:
        NetworkError: the registry or a service cannot be asked.
        UsageError: a flag is wrong.
    """
    verified: list[Item] = []
    failure: VerificationError | None = None
    for kind in _types(image, args):
        typed = Namespace(**{**vars(args), "type": kind, "check_claims": True, "new_bundle_format": True})
        outcome = find_prover(typed, console, connections).prove(image).verification
        verified += outcome.verified
        try:
            outcome.require()
        except VerificationError as exc:
            failure = exc
    superseded = find_superseded(verified, keep=args.keep)
    goes = tuple(Prunable(spot_of(each.old.item), _line(each.old, each.by, image)) for each in superseded)
    return Pruning(image, len(verified), goes, None if verified else failure)


def _types(image: NamedImage, args: Namespace) -> Iterator[str]:
    """The predicate types that attestations of the image claim, or the one that was asked for."""
    if args.type:
        yield find_predicate_type(args.type).uri
        return
    lines = attestation_lines(read_attestations(image.attachments, image.subject.digest))
    claimed = {line.predicate_type for line in lines if not isinstance(line, Unreadable)}
    yield from sorted({find_predicate_type(kind).uri for kind in claimed - {""}})


def _line(old: Dated[Item], newer: Dated[Item], image: NamedImage) -> str:
    item = old.item
    kind = item.statement.predicate_type
    return (
        f"{image.attachments.name}@{item.manifest}: {item.format.value} {item.layer}, {kind}, {_moment(old)};"
        f" newer is {newer.item.layer}, {_moment(newer)}"
    )


def _moment(dated: Dated[Item]) -> str:
    if dated.trusted is not None:
        return f"signed {dated.trusted:%Y-%m-%dT%H:%M:%SZ}"
    return f"scanned {dated.claimed:%Y-%m-%dT%H:%M:%SZ} by the signer's word" if dated.claimed else "of no stated time"
