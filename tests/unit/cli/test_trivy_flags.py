"""Flags of Trivy that are known by name."""

from __future__ import annotations

import pytest

from assaymark.cli.flags import FlagParser
from assaymark.cli.scan_flags import add_scan_flags, check_scan_flags
from assaymark.cli.trivy_flags import ACCEPTED_SWITCHES, ACCEPTED_VALUES, UNSUPPORTED
from assaymark.cli.unsupported_flags import Unsupported
from assaymark.errors import UsageError


def check(*arguments: str) -> None:
    parser = FlagParser(prog="assaymark fs")
    add_scan_flags(parser)
    check_scan_flags(parser.parse(arguments))


@pytest.mark.parametrize("flag", UNSUPPORTED, ids=[flag.name for flag in UNSUPPORTED])
def test_what_would_change_the_result_is_refused(flag: Unsupported) -> None:
    with pytest.raises(UsageError, match=f"^`{flag.name}`: ") as caught:
        check(flag.name if flag.switch else f"{flag.name}=x")
    assert caught.value.hint == flag.hint


@pytest.mark.parametrize(
    "argument",
    [f"{flag.name}=false" for flag in UNSUPPORTED if flag.switch]
    + [f"{flag.name}={value}" for flag in UNSUPPORTED for value in flag.harmless]
    + ACCEPTED_SWITCHES
    + [f"{name}=x" for name in ACCEPTED_VALUES],
)
def test_what_changes_nothing_is_taken(argument: str) -> None:
    check(argument)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(
            ("--scanners", "vuln,secret"), "`--scanners secret`: assaymark finds vulnerabilities only", id="secrets"
        ),
        pytest.param(("--security-checks", "config"), "`--scanners config`", id="the older name of scanners"),
        pytest.param(("--parallel", "many"), "`many` is not a number of layers", id="no number of layers"),
    ],
)
def test_refusals_of_other_flags(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check(*arguments)


def test_help_shows_none_of_them() -> None:
    parser = FlagParser(prog="assaymark fs")
    add_scan_flags(parser)

    shown = parser.format_help()

    hidden = [flag.name for flag in UNSUPPORTED] + ACCEPTED_SWITCHES + ACCEPTED_VALUES
    assert [name for name in hidden if f"{name} " in shown] == []
    assert "Trivy's other flags" not in shown
    assert "SUPPRESS" not in shown


def test_every_flag_is_refused_by_its_own_name() -> None:
    assert len({flag.name for flag in UNSUPPORTED}) == len(UNSUPPORTED)
