"""Every recorded case of VEX and filters: our report says what the reference's does, or what the case says of ours."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support.vex_cases import CORPUS, Case, Place, prepared, read_cases, run_ours

CASES = [case for path in sorted(CORPUS.glob("*.txt")) for case in read_cases(path)]


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with prepared(tmp_path_factory.mktemp("cases")) as made:
        yield made


def test_there_are_cases_of_every_format_and_of_filters() -> None:
    names = [path.stem for path in sorted(CORPUS.glob("*.txt"))]
    assert names == ["csaf", "cyclonedx", "filters", "lenient", "openvex", "repositories"]
    assert len([case for case in CASES if not case.ours]) >= 40
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_report_says_what_the_references_does(case: Case, where: Place) -> None:
    assert sorted(run_ours(case, where).splitlines()) == sorted((case.ours or case.expected).splitlines())
