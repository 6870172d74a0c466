"""Which verified attestations of an image are superseded, so that `prune` may remove them.

Rules 1 to 5 of `assaymark.attest.newest` say what is newer, and each format is compared by itself, so that whoever
reads one format only still finds the newest there. What nothing says to be older stays. Of each group the newest stay,
as many as are to be kept and all that are equally new.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol, TypeVar

from assaymark.attest.newest import Dated, Superseded, find_newest
from assaymark.attest.policy.facts import RECORD_TYPES, read_times
from assaymark.attest.statement import Statement
from assaymark.attest.store.attestation import AttestationFormat


class Attestation(Protocol):
    """What is compared: `assaymark.attest.verify.Verified`, or an attestation proven against a trusted root."""

    @property
    def statement(self) -> Statement: ...  # noqa: D102 - as those types say
    @property
    def format(self) -> AttestationFormat: ...  # noqa: D102
    @property
    def times(self) -> tuple[datetime, ...]: ...  # noqa: D102
    @property
    def signed_by(self) -> str: ...  # noqa: D102


Item = TypeVar("Item", bound=Attestation)


def find_superseded(items: Iterable[Item], *, keep: int = 1) -> tuple[Superseded[Item], ...]:
    """What may go, in the order in which it was given.

    Args:
        items: verified attestations of one image.
        keep: how many of each group stay; at least one.
    """
    rest = [_date(item) for item in items]
    superseded: tuple[Superseded[Item], ...] = ()
    for _ in range(max(keep, 1)):
        superseded = find_newest(rest).superseded
        rest = [each.old for each in superseded]
    return superseded


def _date(item: Item) -> Dated[Item]:
    kind = item.statement.predicate_type
    record = read_times(item.statement.predicate) if kind in RECORD_TYPES else None
    return Dated(
        item=item,
        group=(item.signed_by, kind, item.format),
        trusted=item.times[0] if item.times else None,
        claimed=record.finished if record is not None else None,
    )
