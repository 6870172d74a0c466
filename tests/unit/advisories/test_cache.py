"""Which folder is the cache, and how old a database is."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from platformdirs import user_cache_dir
from tests.support.database import NOW

from assaymark.advisories.cache import cache_folder
from assaymark.advisories.freshness import database_issues
from assaymark.model.advisory import DatabaseInfo
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.moment import age

CHOICES: dict[str, tuple[str, dict[str, str], str]] = {
    "the flag": ("/flag", {"ASSAYMARK_CACHE_DIR": "/own", "TRIVY_CACHE_DIR": "/trivy"}, "/flag"),
    "our variable": ("", {"ASSAYMARK_CACHE_DIR": "/own", "TRIVY_CACHE_DIR": "/trivy"}, "/own"),
    "the reference's variable": ("", {"ASSAYMARK_CACHE_DIR": "", "TRIVY_CACHE_DIR": "/trivy"}, "/trivy"),
    "the user's cache": ("", {"HOME": "/home/u", "XDG_CACHE_HOME": "/xdg"}, "/xdg/assaymark"),
    "the user's home": ("", {"HOME": "/home/u", "XDG_CACHE_HOME": " "}, "/home/u/.cache/assaymark"),
}


@pytest.mark.skipif("sys.platform != 'linux'", reason="other systems have other folders")
@pytest.mark.parametrize(("flag", "environ", "expected"), CHOICES.values(), ids=CHOICES)
def test_the_cache_is_chosen_in_order(flag: str, environ: dict[str, str], expected: str) -> None:
    assert cache_folder(flag, environ).root == Path(expected)


def test_the_users_cache_is_what_platformdirs_says(monkeypatch: pytest.MonkeyPatch) -> None:
    for environ in ({"HOME": "/home/u"}, {"HOME": "/home/u", "XDG_CACHE_HOME": "/xdg"}):
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        assert str(cache_folder("", environ).root) == user_cache_dir("assaymark")


AGES = {
    0.5: "less than an hour",
    1: "1 hour",
    47: "47 hours",
    48: "2 days",
    24 * 400: "400 days",
    -5: "less than an hour",
}


@pytest.mark.parametrize(("hours", "expected"), AGES.items())
def test_an_age_is_said_for_people(hours: float, expected: str) -> None:
    assert age(NOW - timedelta(hours=hours), NOW) == expected


OLD = Issue(code=IssueCode.DATABASE_OLD, message="the vulnerability database was built 31 days ago", blocking=False)
OCTOBER, DECEMBER = "2026-10-21T00:00:00Z", "2026-12-21T00:00:00Z"
ISSUES: dict[str, tuple[DatabaseInfo, tuple[Issue, ...]]] = {
    "a database that is due later": (DatabaseInfo(updated_at=OCTOBER, next_update=DECEMBER), ()),
    "a database that is long overdue": (DatabaseInfo(updated_at=OCTOBER, next_update=OCTOBER), (OLD,)),
}


@pytest.mark.parametrize(("info", "expected"), ISSUES.values(), ids=ISSUES)
def test_a_report_says_what_is_wrong_with_the_database(info: DatabaseInfo, expected: tuple[Issue, ...]) -> None:
    assert database_issues(info, NOW) == expected
