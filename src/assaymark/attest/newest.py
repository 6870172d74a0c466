"""Which of several valid attestations counts: of one signer, one type and one image the newest.

An image is scanned again and again, and each scan is attested. What an old one says is history, whether it is good or
bad. Rules:

1. Attestations are compared within one signer (a key's fingerprint; an identity with its issuer), one predicate type
   and one subject. Several signers are several voices, and each has a newest attestation.
2. One is newer than another if its trusted time is later. The scan time that it claims must not be earlier then: a
   trusted time proves that a signature existed, so whoever gets an old one stamped again gives it a late trusted time.
   Where the two contradict each other nobody is newer, and both count.
3. Where not both have a trusted time, the claimed scan times alone decide, and whoever tells the result says so.
4. Where one claims a scan time and the other does not, a late trusted time makes neither newer, for the same reason:
   only a scan that ended after the other had been signed for certain is newer than it.
5. Equal times, and nothing to compare: nobody is newer, and all of them count.

What counts is what no other one is newer than. There is at least one: newer never goes round in a circle. (It would
without rule 4: a trusted time alone, both, a claim alone, and both again.)
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from datetime import datetime
from typing import Generic, TypeVar

import msgspec

Held = TypeVar("Held")


class Dated(msgspec.Struct, Generic[Held], frozen=True, kw_only=True, eq=False):
    """A valid attestation, as far as it is compared.

    Attributes:
        item: the attestation.
        group: signer, type and subject.
        trusted: when its signature is known to have existed.
        claimed: when its scan ended, by the signer's word.
    """

    item: Held
    group: Hashable
    trusted: datetime | None = None
    claimed: datetime | None = None


class Superseded(msgspec.Struct, Generic[Held], frozen=True, kw_only=True, eq=False):
    """One that does not count any more.

    Attributes:
        by: the newest that is newer.
        by_word: whether that rests on the signer's word.
    """

    old: Dated[Held]
    by: Dated[Held]
    by_word: bool


class Standing(msgspec.Struct, Generic[Held], frozen=True, kw_only=True, eq=False):
    """Which count, in the order in which they were given, and which do not."""

    newest: tuple[Dated[Held], ...]
    superseded: tuple[Superseded[Held], ...] = ()


def find_newest(dated: Iterable[Dated[Held]]) -> Standing[Held]:
    """Rules 1 to 5."""
    groups: dict[Hashable, list[Dated[Held]]] = {}
    every = list(dated)
    for each in every:
        groups.setdefault(each.group, []).append(each)
    newest, superseded = [], []
    for each in every:
        newer = [other for other in groups[each.group] if _is_newer(other, each)]
        if newer:
            by = _last(newer)
            by_word = by.trusted is None or each.trusted is None
            superseded.append(Superseded(old=each, by=by, by_word=by_word))
        else:
            newest.append(each)
    return Standing(newest=tuple(newest), superseded=tuple(superseded))


def _is_newer(one: Dated[Held], other: Dated[Held]) -> bool:
    """Later by something that both have, and earlier by nothing."""
    if one.trusted is not None and other.trusted is not None and (one.claimed is None) != (other.claimed is None):
        return one.claimed is not None and one.trusted > other.trusted <= one.claimed  # rule 4
    pairs = [
        (mine, theirs)
        for mine, theirs in ((one.trusted, other.trusted), (one.claimed, other.claimed))
        if mine is not None and theirs is not None
    ]
    return any(mine > theirs for mine, theirs in pairs) and all(mine >= theirs for mine, theirs in pairs)


def _last(newer: Sequence[Dated[Held]]) -> Dated[Held]:
    """One that no other of `newer` is newer than."""
    return next((one for one in newer if not any(_is_newer(other, one) for other in newer)), newer[-1])
