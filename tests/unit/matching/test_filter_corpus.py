"""Every recorded case of filters: our report says what the reference's does, or what the case says of ours."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.filter_cases import CORPUS, REGO, prepared, run_ours
from tests.support.vex_cases import Case, Place, read_cases

PATHS = sorted(CORPUS.glob("*.txt"))
NEEDS_OPA = pytest.mark.skipif(shutil.which("opa") is None, reason="there is no `opa` on PATH")


def _parameters(path: Path) -> Iterator[object]:
    marks = (NEEDS_OPA,) if path.stem == REGO else ()
    for case in read_cases(path):
        yield pytest.param(case, id=f"{path.stem}: {case.name}", marks=marks)


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with prepared(tmp_path_factory.mktemp("cases")) as made:
        yield made


def test_there_are_cases_of_every_filter() -> None:
    assert [path.stem for path in PATHS] == [
        "combinations",
        "plain_ignore_files",
        REGO,
        "severities",
        "yaml_ignore_files",
    ]
    assert sum(not case.ours for path in PATHS for case in read_cases(path)) >= 80
    assert len(read_cases(CORPUS / f"{REGO}.txt")) >= 20


@pytest.mark.parametrize("case", [each for path in PATHS for each in _parameters(path)])
def test_the_report_says_what_the_references_does(case: Case, where: Place) -> None:
    assert run_ours(case, where).splitlines() == (case.ours or case.expected).splitlines()
