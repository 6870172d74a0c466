"""Every recorded SBOM: our report says what the reference's does, or what the case says of ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.sbom_cases import CORPUS, prepared, run_ours, sbom_cases
from tests.support.vex_cases import ERROR, Case

CASES = sbom_cases()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with prepared(tmp_path_factory.mktemp("cases")) as made:
        yield made


def test_there_are_cases_of_every_form() -> None:
    names = [path.stem for path in sorted(CORPUS.glob("*.txt"))]
    assert names == ["attested", "cyclonedx", "spdx", "xml"]
    assert len([case for case in CASES if not case.ours]) >= 30
    assert len({(case.name, case.command, *case.files) for case in CASES}) == len(CASES)


def test_only_what_is_ambiguous_is_refused_where_the_reference_reads_it() -> None:
    stricter = [case.name for case in CASES if case.ours == ERROR]
    assert stricter == ["what is no SBOM in an attestation of one", "text behind the document"]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_report_says_what_the_references_does(case: Case, folder: Path) -> None:
    assert sorted(run_ours(case, folder).splitlines()) == sorted((case.ours or case.expected).splitlines())
