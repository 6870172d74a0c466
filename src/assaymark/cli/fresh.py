"""`--refresh-if-older`: an image that the same signer attested lately is left alone, and that is told.

Both commands that attach attestations have it; what counts is decided by `assaymark.attest.refreshing`.
"""

from __future__ import annotations

from argparse import _ActionsContainer
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from assaymark.cli.flags import parse_duration
from assaymark.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from assaymark.attest.attach import Signing
    from assaymark.attest.predicate import PredicateType
    from assaymark.attest.refreshing import Current
    from assaymark.cli.console import Console
    from assaymark.cli.images import Place
    from assaymark.model.descriptor import Descriptor


def add_refresh_flag(group: _ActionsContainer, *, about: str) -> None:
    """Add the flag."""
    group.add_argument(
        "--refresh-if-older", type=parse_duration, default=None, metavar="DURATION", help=f"{about}, such as 24h"
    )


def find_current_own(signing: Signing, place: Place, subject: Descriptor, kind: PredicateType) -> Current | None:
    """What counts of the signer's own attestations of this type about this image; None where there is none.

    Raises:
        SigningError: it is not known who will sign.
        NetworkError: the registry cannot be asked.
    """
    from assaymark.attest.refreshing import find_current
    from assaymark.attest.store.read import read_attestations

    found = read_attestations(place.store, subject.digest, limits=DEFAULT_LIMITS)
    return find_current(signing.prove_own(found, subject=subject, predicate_type=kind))


def tell_fresh(current: Current, seconds: float, place: Place, console: Console) -> bool:
    """Whether it is younger than that; then that is told."""
    from assaymark.model.moment import age

    now, moment = datetime.now(UTC), current.moment
    if moment is None or not current.is_fresh(seconds=seconds, now=now):
        return False
    word = ", by the signer's word" if current.by_word else ""
    console.err(f"skipped {place.pinned}: it was attested {age(moment, now)} ago{word} ({current.item.manifest})")
    return True
