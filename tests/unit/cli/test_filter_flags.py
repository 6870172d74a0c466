"""Flags, variables and defaults of the filters."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assaymark.cli.filter_flags import SEVERITIES, SEVERITY_SOURCES, STATUSES, Filters, add_filter_flags, filters_from
from assaymark.cli.flags import FlagParser
from assaymark.cli.variables import take_variables
from assaymark.errors import UsageError
from assaymark.matching.filters import ALL_SEVERITIES, UNFIXED, FilterOptions
from assaymark.matching.selection import MatchOptions
from assaymark.model.advisory import Status
from assaymark.model.digest import sha256_digest
from assaymark.model.package import Relationship
from assaymark.safeio.redaction import Redaction

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def filters(*arguments: str, folder: Path, **environ: str) -> Filters:
    parser = FlagParser(prog="assaymark image")
    add_filter_flags(parser)
    take_variables(parser, environ, scans=True, redaction=Redaction())
    return filters_from(parser.parse(arguments), now=NOW, environ=environ, folder=folder)


def test_defaults(tmp_path: Path) -> None:
    assert filters(folder=tmp_path) == Filters(
        match=MatchOptions(),
        report=FilterOptions(),
        show_suppressed=False,
        list_all_packages=True,
        exit_code=0,
        exit_on_eol=0,
    )


def test_every_flag(tmp_path: Path) -> None:
    given = filters(
        "--severity=HIGH,CRITICAL",
        "--ignore-status=will_not_fix",
        "--vuln-severity-source=nvd,auto",
        "--show-suppressed",
        "--pkg-types=os",
        "--pkg-relationships=direct,root",
        "--include-dev-deps",
        "--exit-code=7",
        "--exit-on-eol=8",
        "--list-all-pkgs=false",
        folder=tmp_path,
    )

    assert given == Filters(
        match=MatchOptions(
            pkg_types=frozenset({"os"}),
            relationships=frozenset({Relationship.DIRECT, Relationship.ROOT}),
            include_dev_deps=True,
            severity_sources=("nvd", "auto"),
        ),
        report=FilterOptions(severities=frozenset({"HIGH", "CRITICAL"}), ignored_statuses=frozenset({"will_not_fix"})),
        show_suppressed=True,
        list_all_packages=False,
        exit_code=7,
        exit_on_eol=8,
    )


def test_the_words_are_those_of_the_model() -> None:
    assert (frozenset(SEVERITIES), STATUSES) == (ALL_SEVERITIES, tuple(status.text for status in Status))
    assert SEVERITY_SOURCES[-1] == "auto"


@pytest.mark.parametrize(
    ("arguments", "environ", "expected"),
    [
        pytest.param((), {"TRIVY_SEVERITY": "LOW"}, {"LOW"}, id="a variable"),
        pytest.param((), {"TRIVY_SEVERITY": "LOW", "ASSAYMARK_SEVERITY": "HIGH"}, {"HIGH"}, id="our own variable"),
        pytest.param(("-s", "MEDIUM"), {"TRIVY_SEVERITY": "LOW"}, {"MEDIUM"}, id="the flag wins"),
    ],
)
def test_variables(tmp_path: Path, arguments: tuple[str, ...], environ: dict[str, str], expected: set[str]) -> None:
    assert filters(*arguments, folder=tmp_path, **environ).report.severities == frozenset(expected)


@pytest.mark.parametrize(
    ("arguments", "environ", "expected", "warned"),
    [
        pytest.param(("--ignore-unfixed",), {}, UNFIXED, False, id="the flag"),
        pytest.param(
            ("--ignore-unfixed=false",), {"TRIVY_IGNORE_UNFIXED": "true"}, frozenset(), False, id="switched off"
        ),
        pytest.param((), {"TRIVY_IGNORE_UNFIXED": "1"}, UNFIXED, False, id="the variable"),
        pytest.param(
            ("--ignore-unfixed", "--ignore-status", "affected"), {}, frozenset({"affected"}), True, id="beside a list"
        ),
    ],
)
def test_unfixed_is_short_for_statuses(
    tmp_path: Path, arguments: tuple[str, ...], environ: dict[str, str], expected: frozenset[str], warned: bool
) -> None:
    given = filters(*arguments, folder=tmp_path, **environ)

    assert (given.report.ignored_statuses, bool(given.warnings)) == (expected, warned)


@pytest.mark.parametrize(
    ("arguments", "environ", "message"),
    [
        pytest.param(("--severity", "high"), {}, "invalid argument `high` for `--severity`", id="a severity"),
        pytest.param(("--vuln-severity-source", "me"), {}, "invalid argument `me`", id="a source"),
        pytest.param((), {"TRIVY_PKG_TYPES": "all"}, "invalid argument `all` for `TRIVY_PKG_TYPES`", id="a variable"),
        pytest.param(
            (), {"TRIVY_IGNORE_UNFIXED": "maybe"}, "invalid value `maybe` of `TRIVY_IGNORE_UNFIXED`", id="a switch"
        ),
        pytest.param(("--exit-code", "256"), {}, "`256` is not an exit code", id="an exit code"),
        pytest.param(
            (), {"TRIVY_EXIT_ON_EOL": "-1"}, "`TRIVY_EXIT_ON_EOL`: `-1` is not an exit code", id="a negative exit code"
        ),
        pytest.param(("--ignorefile", "no.yaml"), {}, "ignore file not found: `no.yaml`", id="no ignore file"),
        pytest.param((), {"TRIVY_IGNOREFILE": "no.yaml"}, "ignore file not found: `no.yaml`", id="by a variable"),
    ],
)
def test_what_is_wrong_is_said(
    tmp_path: Path, arguments: tuple[str, ...], environ: dict[str, str], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        filters(*arguments, folder=tmp_path, **environ)


def test_an_ignore_file_may_be_a_device(tmp_path: Path) -> None:
    assert filters("--ignorefile", os.devnull, folder=tmp_path).report.ignore_digest == sha256_digest(b"")


def test_an_ignore_file_may_be_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(b"CVE-1\n",))
    writer.start()
    given = filters("--ignorefile", "pipe", folder=tmp_path)
    writer.join()

    assert given.report.ignore_file is not None
    assert [entry.id for entry in given.report.ignore_file.entries] == ["CVE-1"]


def test_a_folder_is_no_ignore_file(tmp_path: Path) -> None:
    (tmp_path / "known").mkdir()
    with pytest.raises(UsageError, match="ignore file not found: `known`"):
        filters("--ignorefile", "known", folder=tmp_path)


def test_the_default_ignore_file_is_read_where_it_is(tmp_path: Path) -> None:
    text = b"CVE-1\nCVE-2 exp:2020-01-01\nCVE-3 exp:never\n"
    (tmp_path / ".trivyignore").write_bytes(text)

    given = filters(folder=tmp_path)

    assert given.report.ignore_file is not None
    assert [entry.id for entry in given.report.ignore_file.entries] == ["CVE-1"]
    assert given.report.ignore_digest == sha256_digest(text)
    assert given.warnings == (
        "`.trivyignore`: the entry for `CVE-2` has expired",
        "`.trivyignore`: no date in `CVE-3 exp:never`, so it is not used",
    )
    assert given.notes == ("findings that `.trivyignore` names are left out",)
    assert filters("--ignorefile=.trivyignore", folder=tmp_path).notes == ()
    assert filters(folder=tmp_path / "..").report.ignore_digest == ""
