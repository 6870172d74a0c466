"""How old what a signer has attested of an image is, so that only what is stale is attested again.

1. Only the signer's own attestations of the type count, verified: what somebody else signed keeps nobody from signing.
2. Of those the newest counts (`assaymark.attest.newest`); of several that count the oldest, because none supersedes it.
3. Its age is counted from its trusted time or the end of its scan, whichever is earlier: an old record that was signed
   again is old. Where there is no trusted time the record's own word is all there is, and `by_word` says so.
4. One that names no time at all, or one in the future, is stale.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from assaymark.attest.attach import Own
from assaymark.attest.newest import Dated, find_newest
from assaymark.attest.policy.facts import read_times


class Current(msgspec.Struct, frozen=True, kw_only=True):
    """What counts of a signer's attestations.

    Attributes:
        item: the attestation.
        moment: when it was made; None where nobody says.
        by_word: whether that rests on the signer's word.
    """

    item: Own
    moment: datetime | None
    by_word: bool

    def is_fresh(self, *, seconds: float, now: datetime) -> bool:
        """Whether it is younger than that."""
        return self.moment is not None and 0 <= (now - self.moment).total_seconds() < seconds


def find_current(own: Iterable[Own]) -> Current | None:
    """Rules 2 and 3; None where the signer has attested nothing."""
    dated = [_dated(item) for item in own]
    if not dated:
        return None
    found = [_current(each) for each in find_newest(dated).newest]
    return min(found, key=lambda each: each.moment.timestamp() if each.moment is not None else float("-inf"))


def _dated(item: Own) -> Dated[Own]:
    facts = read_times(item.statement.predicate)
    return Dated(
        item=item,
        group=None,  # one signer, one type, one image
        trusted=item.times[0] if item.times else None,
        claimed=facts.finished if facts is not None else None,
    )


def _current(dated: Dated[Own]) -> Current:
    known = [moment for moment in (dated.trusted, dated.claimed) if moment is not None]
    return Current(item=dated.item, moment=min(known) if known else None, by_word=dated.trusted is None)
