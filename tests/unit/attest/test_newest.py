"""Of one signer, type and subject the newest counts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.policies import NOW

from assaymark.attest.newest import Dated, find_newest

Times = tuple[int | None, int | None]


def dated(name: str, times: Times, group: str = "one") -> Dated[str]:
    trusted, claimed = (None if each is None else NOW + timedelta(hours=each) for each in times)
    return Dated(item=name, group=group, trusted=trusted, claimed=claimed)


CASES: dict[str, tuple[list[Times], str, str]] = {
    "one alone": ([(1, 1)], "a", ""),
    "the later trusted time": ([(1, 1), (2, 2)], "b", "a<b"),
    "in whatever order they are found": ([(2, 2), (1, 1)], "a", "b<a"),
    "one scan, signed twice": ([(1, 1), (2, 1)], "b", "a<b"),
    "an old one that somebody had stamped again": ([(2, 2), (3, 1)], "ab", ""),
    "equal in all": ([(1, 1), (1, 1)], "ab", ""),
    "equal trusted times": ([(1, 1), (1, 2)], "b", "a<b"),
    "the signer's word alone": ([(None, 1), (None, 2)], "b", "a<b by word"),
    "one with trusted time, the other newer by its word": ([(1, 1), (None, 2)], "b", "a<b by word"),
    "one with trusted time, the other older by its word": ([(2, 2), (None, 1)], "a", "b<a by word"),
    "trusted time alone": ([(1, None), (2, None)], "b", "a<b"),
    "a scan of no stated time, stamped again": ([(2, 2), (3, None)], "ab", ""),
    "a scan after one of no stated time was signed": ([(3, 3), (2, None)], "a", "b<a"),
    "a scan before one of no stated time was signed": ([(3, 1), (2, None)], "ab", ""),
    "nothing in common": ([(1, None), (None, 2)], "ab", ""),
    "no time at all": ([(None, None), (None, None)], "ab", ""),
    "three in a row": ([(1, 1), (3, 3), (2, 2)], "b", "a<b c<b"),
}


@pytest.mark.parametrize(("times", "counting", "superseded"), CASES.values(), ids=CASES.keys())
def test_which_of_them_count(times: list[Times], counting: str, superseded: str) -> None:
    standing = find_newest([dated(name, each) for name, each in zip("abc", times, strict=False)])
    assert "".join(each.item for each in standing.newest) == counting
    told = [f"{each.old.item}<{each.by.item}{' by word' if each.by_word else ''}" for each in standing.superseded]
    assert " ".join(told) == superseded


def test_signers_do_not_supersede_each_other() -> None:
    standing = find_newest([dated("a", (1, 1)), dated("b", (2, 2), group="another")])
    assert [each.item for each in standing.newest] == ["a", "b"]


def test_newer_goes_round_in_no_circle() -> None:
    """A trusted time alone, both, a claim alone, both: each would be newer than the next, and nobody would count."""
    every = [dated(name, times) for name, times in zip("abcd", [(3, None), (2, 5), (None, 4), (4, 3)], strict=True)]
    assert [each.item for each in find_newest(every).newest] == ["b"]


_HOURS = st.none() | st.integers(0, 4)


@given(st.lists(st.tuples(_HOURS, _HOURS), min_size=1, max_size=8))
def test_somebody_always_counts_and_everybody_is_told_once(times: list[Times]) -> None:
    every = [dated(str(number), each) for number, each in enumerate(times)]
    standing = find_newest(every)
    assert standing.newest
    told = [*standing.newest, *(each.old for each in standing.superseded)]
    assert sorted(each.item for each in told) == sorted(each.item for each in every)
