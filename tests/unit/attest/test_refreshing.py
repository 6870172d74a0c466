"""How old a signer's newest attestation is: trusted time, the record's word, and who contradicts whom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from tests.support.forgery import RECORD

from assaymark.attest.refreshing import Current, find_current
from assaymark.attest.statement import Statement, Subject
from assaymark.model.digest import Digest, sha256_digest

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Attested:
    """A verified attestation with a trusted time, a claimed one, both or none; in hours after noon."""

    def __init__(self, trusted: float | None = None, claimed: float | None = None) -> None:
        document = msgspec.json.decode(RECORD)
        document["metadata"] = {} if claimed is None else {"scanFinishedOn": _at(claimed).isoformat()}
        predicate = msgspec.json.encode(document)
        subject = Subject(digests=(("sha256", "00"),))
        self.statement = Statement(type="t", subjects=(subject,), predicate_type="p", predicate=predicate)
        self.manifest: Digest = sha256_digest(predicate)
        self.times: tuple[datetime, ...] = () if trusted is None else (_at(trusted),)


def _at(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


CASES: dict[str, tuple[list[Attested], int, float | None, bool]] = {
    "a trusted time after the scan": ([Attested(2, 1)], 0, 1, False),
    "a trusted time before the scan that is claimed": ([Attested(1, 2)], 0, 1, False),
    "an old record that was signed again": ([Attested(9, 1)], 0, 1, False),
    "a trusted time alone": ([Attested(trusted=3)], 0, 3, False),
    "the record's word": ([Attested(claimed=3)], 0, 3, True),
    "nobody says": ([Attested()], 0, None, True),
    "the newest of three": ([Attested(1, 1), Attested(3, 3), Attested(2, 2)], 1, 3, False),
    "two that contradict each other: the older counts": ([Attested(5, 1), Attested(3, 2)], 0, 1, False),
    "one without any time keeps nothing fresh": ([Attested(1, 1), Attested()], 1, None, True),
}


@pytest.mark.parametrize(("own", "which", "hours", "by_word"), CASES.values(), ids=CASES.keys())
def test_what_counts(own: list[Attested], which: int, hours: float | None, by_word: bool) -> None:
    current = find_current(own)
    assert current is not None
    assert (current.item, current.moment, current.by_word) == (
        own[which],
        None if hours is None else _at(hours),
        by_word,
    )


def test_nothing_was_attested() -> None:
    assert find_current([]) is None


@pytest.mark.parametrize(
    ("moment", "fresh"),
    [
        pytest.param(_at(0), True, id="now"),
        pytest.param(_at(-1), True, id="an hour ago"),
        pytest.param(_at(-24), False, id="to the second as old as may be"),
        pytest.param(_at(1), False, id="in the future"),
        pytest.param(None, False, id="nobody knows when"),
    ],
)
def test_what_is_fresh(moment: datetime | None, fresh: bool) -> None:
    current = Current(item=Attested(), moment=moment, by_word=False)
    assert current.is_fresh(seconds=24 * 3600, now=NOON) is fresh
