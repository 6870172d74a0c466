"""Templates print what the reference prints of the same report, and refuse what it refuses."""

from __future__ import annotations

import json

import pytest
from tests.support.templates import Case, cases, written

from assaymark.errors import ExitCode, UsageError


@pytest.mark.parametrize("case", [pytest.param(case, id=case.template) for case in cases("printed.txt")])
def test_it_prints_what_the_reference_prints(case: Case) -> None:
    assert json.loads(case.outcome) == written(case.template).decode("utf-8", "surrogateescape")


@pytest.mark.parametrize("case", [pytest.param(case, id=case.template) for case in cases("refused.txt")])
def test_it_is_refused_with_its_file_and_line(case: Case) -> None:
    with pytest.raises(UsageError) as caught:
        written(case.template)
    assert f"template `shop.tpl`, line 1: {case.outcome}" == str(caught.value)
    assert caught.value.exit_code == ExitCode.USAGE
