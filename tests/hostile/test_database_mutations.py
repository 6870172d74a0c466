"""Three hundred damaged databases: no crash, and no answer that silently lacks something.

BoltDB has no checksums on its pages, so what can be promised depends on how the file came here. For a database that this
program downloaded, any change is an error or changes nothing that was asked for. For one that was placed by hand, a
change is an error, or every answer but those made of the changed bytes themselves is as it was: a flipped bit inside a
version or a name yields another version or name, and nobody can tell.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from tests.support.database import trivy_db

from assaymark.advisories.bolt import BoltFile
from assaymark.advisories.bolt_writer import PAGE_SIZE
from assaymark.advisories.page_sums import PageSums, SumWriter
from assaymark.advisories.trivy_db import TrivyDatabase
from assaymark.errors import DatabaseError
from assaymark.model.advisory import Advisory, DatabaseInfo

FACTS: dict[str, Any] = {
    bucket: {
        f"package-{number:03}": {
            f"CVE-2020-{number:04}{entry}": {"FixedVersion": f"{number}.{entry}"} for entry in range(number % 12 + 1)
        }
        for number in range(150)
    }
    for bucket in ("alpine 3.10", "debian 12", "pip::Advisories", "pip::Packaging")
}
DETAILS: dict[str, Any] = {
    f"CVE-2020-{number:04}0": {"Title": f"title {number}" * (number % 9 + 1), "CVSS": {"nvd": {"V3Score": 5.0}}}
    for number in range(150)
}
ORIGINAL = trivy_db(FACTS, details=DETAILS)
QUESTIONS = [
    (source, f"package-{number:03}") for source in ("alpine 3.10", "debian 12", "pip::") for number in range(150)
]


def answers(data: bytes, sums: PageSums | None = None) -> dict[Any, Any]:
    """Every answer of a database; where it says that it is damaged, that."""
    try:
        database = TrivyDatabase(BoltFile(data, name="test.db", sums=sums), DatabaseInfo())
    except DatabaseError:
        return dict.fromkeys([*QUESTIONS, *DETAILS], "damaged")
    found: dict[Any, Any] = {}
    for source, package in QUESTIONS:
        found[source, package] = answer(lambda s=source, p=package: database.advisories(s, p))  # type: ignore[misc]  # defaults bind the loop's values
    for identity in DETAILS:
        found[identity] = answer(lambda i=identity: database.detail(i))  # type: ignore[misc]  # defaults bind the loop's values
    return found


def answer(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except DatabaseError:
        return "damaged"


TRUTH = answers(ORIGINAL)


def truncated(chance: random.Random) -> bytes:
    return ORIGINAL[: chance.randrange(len(ORIGINAL))]


def zeroed_tail(chance: random.Random) -> bytes:
    size = chance.randrange(len(ORIGINAL))
    return ORIGINAL[:size].ljust(len(ORIGINAL), b"\0")


def flipped(chance: random.Random) -> bytes:
    data = bytearray(ORIGINAL)
    for _ in range(chance.choice((1, 1, 1, 8, 64))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def flipped_in_a_table(chance: random.Random) -> bytes:
    """Flips where structure is: the first 300 bytes of a page."""
    data = bytearray(ORIGINAL)
    for _ in range(chance.choice((1, 2, 8))):
        page = chance.randrange(len(data) // PAGE_SIZE)
        data[page * PAGE_SIZE + chance.randrange(300)] ^= 1 << chance.randrange(8)
    return bytes(data)


def swapped(chance: random.Random) -> bytes:
    data = bytearray(ORIGINAL)
    first, second = (PAGE_SIZE * page for page in chance.sample(range(len(data) // PAGE_SIZE), 2))
    data[first : first + PAGE_SIZE], data[second : second + PAGE_SIZE] = (
        data[second : second + PAGE_SIZE],
        data[first : first + PAGE_SIZE],
    )
    return bytes(data)


def zeroed(chance: random.Random) -> bytes:
    data = bytearray(ORIGINAL)
    start = PAGE_SIZE * chance.randrange(len(data) // PAGE_SIZE)
    data[start : start + PAGE_SIZE] = bytes(PAGE_SIZE)
    return bytes(data)


MUTATIONS = [truncated, zeroed_tail, flipped, flipped_in_a_table, swapped, zeroed]
STRUCTURAL = [truncated, zeroed_tail, swapped, zeroed]


@pytest.mark.parametrize("mutate", MUTATIONS, ids=lambda mutate: mutate.__name__)
def test_of_a_downloaded_database_every_answer_is_right_or_an_error(mutate: Callable[[random.Random], bytes]) -> None:
    writer = SumWriter()
    writer.update(ORIGINAL)
    sums = writer.finish()
    for seed in range(50):
        found = answers(mutate(random.Random(seed)), PageSums(sums, name="test.db"))
        assert {key: value for key, value in found.items() if value not in ("damaged", TRUTH[key])} == {}


@pytest.mark.parametrize("mutate", STRUCTURAL, ids=lambda mutate: mutate.__name__)
def test_of_any_database_lost_and_misplaced_pages_are_errors(mutate: Callable[[random.Random], bytes]) -> None:
    for seed in range(50):
        found = answers(mutate(random.Random(seed)))
        wrong = {key: value for key, value in found.items() if value not in ("damaged", TRUTH[key])}
        assert wrong == {}, seed


@pytest.mark.parametrize("seed", range(100))
def test_of_any_database_a_flipped_bit_hides_no_more_than_what_it_hit(seed: int) -> None:
    """A package, or a whole source when it hit the source's name, and then the database says that it has no such source."""
    chance = random.Random(seed)
    data = bytearray(ORIGINAL)
    page = chance.randrange(len(data) // PAGE_SIZE)
    data[page * PAGE_SIZE + chance.randrange(chance.choice((300, PAGE_SIZE)))] ^= 1 << chance.randrange(8)
    found = answers(bytes(data))
    lacking = [key for key in QUESTIONS if found[key] != "damaged" and identities(TRUTH[key]) - identities(found[key])]
    if len(lacking) > 1:
        database = TrivyDatabase(BoltFile(bytes(data), name="test.db"), DatabaseInfo())
        assert not all(database.has_source(name) for name in FACTS)


def identities(found: list[Advisory]) -> set[str]:
    return {advisory.vulnerability_id for advisory in found}
