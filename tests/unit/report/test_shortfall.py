from __future__ import annotations

from tests.support.scans import COMPLETE, INCOMPLETE

from assaymark.model.issue import Coverage, Issue, IssueCode
from assaymark.report.shortfall import Shortfall, shortfalls


def test_what_makes_a_scan_incomplete_is_told_and_nothing_else() -> None:
    assert list(shortfalls(INCOMPLETE)) == [
        Shortfall(code="FILE_MALFORMED", message="not JSON", path="app/package-lock.json"),
        Shortfall(
            code="NOT_ANALYSED",
            message="3 files of the kind gemspec not read by this version",
            path="usr/lib/a.gemspec",
        ),
    ]


def test_a_complete_scan_and_one_that_says_nothing_have_none() -> None:
    assert [*shortfalls(COMPLETE), *shortfalls(None)] == []


def test_the_text_names_the_place_where_there_is_one() -> None:
    issues = (
        Issue(code=IssueCode.OS_UNKNOWN, message="no\nsystem"),
        Issue(code=IssueCode.FILE_MALFORMED, message="bad", path="a\x1bb"),
    )
    found = shortfalls(Coverage(complete=False, issues=issues))
    assert [each.text for each in found] == ["no\\x0asystem", "a\\x1bb: bad"]
