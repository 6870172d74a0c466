"""What ignore files say, and what they may not say."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from assaymark.errors import UsageError
from assaymark.matching.ignorefile import IgnoreFile, parse_ignore_file

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


def parsed(text: str, *, path: str = ".trivyignore") -> IgnoreFile:
    return parse_ignore_file(text.encode(), path=path, now=NOW)


def yaml(entry: str) -> IgnoreFile:
    return parsed(f"vulnerabilities:\n  - {entry}\n", path="a/../ignore.yaml")


@pytest.mark.parametrize(
    ("text", "entries", "expired", "refused"),
    [
        pytest.param("", (), (), (), id="an empty file"),
        pytest.param("# why\n\nCVE-1\n  CVE-2  \r\n", ("CVE-1", "CVE-2"), (), (), id="comments and spaces"),
        pytest.param("CVE-1 exp:2026-06-16", ("CVE-1",), (), (), id="until tomorrow"),
        pytest.param("CVE-1 exp:2026-06-15", (), ("CVE-1",), (), id="over on the day itself"),
        pytest.param("CVE-1 exp:soon", (), (), ("CVE-1 exp:soon",), id="a date that is none"),
        pytest.param("CVE-1 exp:", (), (), ("CVE-1 exp:",), id="a date that was forgotten"),
        pytest.param("CVE-1 exp:2026-02-30", (), (), ("CVE-1 exp:2026-02-30",), id="a day that does not exist"),
        pytest.param("CVE-1 see ticket 7", ("CVE-1",), (), (), id="other words"),
        pytest.param("exp:2020-01-01", ("exp:2020-01-01",), (), (), id="a name that looks like a date"),
    ],
)
def test_plain_files(text: str, entries: tuple[str, ...], expired: tuple[str, ...], refused: tuple[str, ...]) -> None:
    ignore = parsed(text)

    assert (tuple(entry.id for entry in ignore.entries), ignore.expired, ignore.refused) == (entries, expired, refused)


def test_names_are_compared_exactly() -> None:
    ignore = parsed("CVE-1")

    found = [ignore.find(name, paths=("t", ""), purl="") is not None for name in ("CVE-1", "cve-1", "CVE-11")]
    assert found == [True, False, False]


@pytest.mark.parametrize(
    ("entry", "paths", "purl", "expected"),
    [
        pytest.param("{id: CVE-1}", ("t", ""), "", True, id="a name alone"),
        pytest.param("{id: CVE-2}", ("t", ""), "", False, id="another name"),
        pytest.param("{id: CVE-1, paths: ['usr/**']}", ("Python", "usr/lib/a"), "", True, id="the package's path"),
        pytest.param("{id: CVE-1, paths: ['app/*.txt']}", ("app/r.txt", ""), "", True, id="the target"),
        pytest.param("{id: CVE-1, paths: ['opt/**']}", ("Python", "usr/lib/a"), "", False, id="another path"),
        pytest.param("{id: CVE-1, purls: ['pkg:pypi/a']}", ("t", ""), "pkg:pypi/a@1", True, id="a package"),
        pytest.param("{id: CVE-1, purls: ['pkg:pypi/a@2']}", ("t", ""), "pkg:pypi/a@1", False, id="another version"),
        pytest.param("{id: CVE-1, purls: ['pkg:pypi/a']}", ("t", ""), "", True, id="a package without a purl"),
        pytest.param(
            "{id: CVE-1, purls: ['pkg:pypi/b'], paths: ['**']}", ("t", ""), "pkg:pypi/a@1", False, id="both must fit"
        ),
    ],
)
def test_yaml_entries(entry: str, paths: tuple[str, str], purl: str, expected: bool) -> None:
    assert (yaml(entry).find("CVE-1", paths=paths, purl=purl) is not None) == expected


def test_the_first_entry_that_fits_gives_the_statement() -> None:
    text = """
vulnerabilities:
  - {id: CVE-1, paths: [elsewhere], statement: not this}
  - {id: CVE-1, statement: not reachable}
misconfigurations:
  - id: AVD-1
"""
    ignore = parsed(text, path="./x/../ignore.yml")
    entry = ignore.find("CVE-1", paths=("t", ""), purl="")

    assert entry is not None
    assert (entry.statement, ignore.path, len(ignore.entries)) == ("not reachable", "ignore.yml", 2)


@pytest.mark.parametrize(
    ("date", "over"),
    [
        pytest.param("2026-06-15", True, id="the day itself"),
        pytest.param("2026-6-16", False, id="a short month"),
        pytest.param("'2026-06-16'", False, id="in quotation marks"),
        pytest.param("2026-06-15T13:00:00Z", False, id="later that day"),
        pytest.param("2026-06-15 13:00:00+02:00", True, id="another zone"),
    ],
)
def test_yaml_dates(date: str, over: bool) -> None:
    assert (yaml(f"{{id: CVE-1, expired_at: {date}}}").expired == ("CVE-1",)) == over


@pytest.mark.parametrize(
    ("text", "warnings"),
    [
        pytest.param(
            "vulnerabilities: [{id: CVE-1, statement: s}]\nsecrets: [{id: x}]\n", (), id="keys that are known"
        ),
        pytest.param(
            "vulnerabilities: [{id: CVE-1, path: [a], why: x}]\n",
            (
                "`i.yaml`: the key `path` in the entry for `CVE-1` is not known and does not count (did you mean `paths`?)",
                "`i.yaml`: the key `why` in the entry for `CVE-1` is not known and does not count",
            ),
            id="of an entry",
        ),
        pytest.param(
            "vulnerabilites: [{id: CVE-1}]\n",
            ("`i.yaml`: the key `vulnerabilites` is not known and does not count (did you mean `vulnerabilities`?)",),
            id="of the file",
        ),
        pytest.param(
            "vulnerabilities: [{id: CVE-1, 7: x}]\n",
            ("`i.yaml`: the key `7` in the entry for `CVE-1` is not known and does not count",),
            id="of a number",
        ),
    ],
)
def test_keys_that_nobody_knows_are_told(text: str, warnings: tuple[str, ...]) -> None:
    assert parsed(text, path="i.yaml").warnings == warnings


def test_not_more_keys_are_told_than_anybody_reads() -> None:
    keys = ", ".join(f"key{number}: x" for number in range(50))
    assert len(parsed(f"vulnerabilities: [{{id: CVE-1, {keys}}}]\n", path="i.yaml").warnings) == 20


def test_an_empty_document_ignores_nothing() -> None:
    assert (parsed("", path="i.yaml").entries, parsed("vulnerabilities:\n", path="i.yaml").entries) == ((), ())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("a: [", "`i.yaml` is not YAML", id="no YAML"),
        pytest.param("a: 1\n---\nb: 1", "`i.yaml` is not YAML: expected a single document", id="two documents"),
        pytest.param("- CVE-1", "`i.yaml` is not an ignore file", id="a list"),
        pytest.param("vulnerabilities: CVE-1", "`CVE-1` where a list belongs", id="no list"),
        pytest.param("vulnerabilities: [CVE-1]", "`i.yaml` is not an ignore file", id="no entry"),
        pytest.param("vulnerabilities: [{id: [a]}]", "where text belongs", id="a list as name"),
        pytest.param(
            "vulnerabilities: [{id: C, paths: ['a[']}]", "bad entry for `C`: the pattern `a\\[`", id="a pattern"
        ),
        pytest.param("vulnerabilities: [{id: C, purls: [x]}]", "`x` is not a package URL", id="a purl"),
        pytest.param("vulnerabilities: [{id: C, expired_at: soon}]", "`soon` is not a date", id="a date"),
        pytest.param("vulnerabilities: [{id: C, expired_at: 2026-13-01}]", "bad entry for `C`", id="a month"),
    ],
)
def test_yaml_that_cannot_be_understood_is_the_users_error(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parsed(text, path="i.yaml")


def test_the_digest_is_of_the_bytes() -> None:
    assert parsed("CVE-1\n").digest == "sha256:67f1cc123b423e9f18b0debdfe45440936ccfafd8ecf37f54b528c90629b9dbf"
