"""Flags of Trivy that are known by name."""

from __future__ import annotations

import pytest
from tests.support.commands import run

from assaymark.cli.flags import FlagParser
from assaymark.cli.main import VERSION
from assaymark.cli.scan_flags import add_scan_flags, check_scan_flags
from assaymark.cli.trivy_flags import ACCEPTED_SWITCHES, ACCEPTED_VALUES, CONVERT_UNSUPPORTED, UNSUPPORTED
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


@pytest.mark.parametrize("command", ["image", "fs", "rootfs", "repo", "sbom", "convert"])
@pytest.mark.parametrize("flag", ["--version", "-v"])
def test_the_version_behind_a_command(command: str, flag: str) -> None:
    ran = run(command, flag, environ={"TRIVY_VERSION": "v0.1"})
    assert (ran.code, ran.out, ran.err) == (0, f"{VERSION}\n", "")


@pytest.mark.parametrize("command", ["fs", "rootfs", "repo", "sbom"])
def test_where_sboms_are_searched_for_is_taken(command: str) -> None:
    assert "no " in run(command, "--rekor-url=https://log.example.com").first


@pytest.mark.parametrize("argument", ["--cacert=ca.pem", "--cache-dir=c", "--insecure", "--report=all"])
def test_convert_takes_what_changes_nothing(argument: str) -> None:
    assert run("convert", argument).first == "error: no report to convert"


@pytest.mark.parametrize("flag", CONVERT_UNSUPPORTED, ids=[flag.name for flag in CONVERT_UNSUPPORTED])
def test_convert_refuses_what_it_cannot(flag: Unsupported) -> None:
    ran = run("convert", flag.name if flag.switch else f"{flag.name}=x")
    assert (ran.code, ran.first) == (2, f"error: `{flag.name}`: {flag.reason}")


def test_initialize_refuses_the_staging_instance() -> None:
    ran = run("initialize", "--staging")
    assert (ran.code, ran.first.startswith("error: `--staging`: ")) == (2, True)
