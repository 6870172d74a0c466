"""Filters beside the reference: what was recorded is what it reports today."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from tests.support.filter_cases import CORPUS, prepared, run_reference
from tests.support.vex_cases import Case, Place, read_cases

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(shutil.which("trivy") is None, reason="the reference is not on PATH"),
]
CASES = [(path.stem, case) for path in sorted(CORPUS.glob("*.txt")) for case in read_cases(path)]


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with prepared(tmp_path_factory.mktemp("cases")) as made:
        yield made


@pytest.mark.parametrize("case", [case for _, case in CASES], ids=[f"{kind}: {case.name}" for kind, case in CASES])
def test_what_was_recorded_is_what_the_reference_reports(case: Case, where: Place) -> None:
    assert run_reference(case, where).splitlines() == case.expected.splitlines()
