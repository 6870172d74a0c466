"""What every analyser yields has advisories, or is known to have none."""

from __future__ import annotations

import pytest

from assaymark.inventory.analyzer import Analyzer
from assaymark.inventory.select import analyzers
from assaymark.matching.language import find_ecosystem
from assaymark.versions.scheme import load_scheme

WITHOUT_ADVISORIES = {"conda-environment", "conda-pkg"}


@pytest.mark.parametrize("analyzer", analyzers(), ids=lambda analyzer: analyzer.name)
def test_what_an_analyser_yields_is_matched(analyzer: Analyzer) -> None:
    kind = analyzer.application_type
    ecosystem = find_ecosystem(kind) if kind else None

    if kind in WITHOUT_ADVISORIES:
        assert ecosystem is None
    elif analyzer.kind in ("lang", "binary"):
        assert ecosystem is not None
        assert load_scheme(ecosystem.scheme).satisfies is not None
    else:
        assert kind == ""
