"""Flags are read as the peers' programs read them."""

from __future__ import annotations

import argparse

import pytest

from assaymark.cli.flags import FlagParser, add_switch, add_values, parse_duration
from assaymark.errors import UsageError


@pytest.fixture
def parser() -> FlagParser:
    made = FlagParser(prog="program")
    add_switch(made, "--quiet", "-q", about="say less")
    add_switch(made, "--list", default=True, about="list everything")
    add_switch(made, "--offline", about="no network")
    add_switch(made, "--offline-scan", about="less network")
    add_values(made, "--severity", "-s", allowed=("LOW", "HIGH"), default=("LOW", "HIGH"), about="severities")
    add_values(made, "--skip", about="paths")
    made.add_argument("--kind", choices=("a", "b"), default="a")
    made.add_argument("names", nargs="*", metavar="NAME", help="names")
    return made


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param([], {}, id="nothing leaves every default"),
        pytest.param(["--quiet"], {"quiet": True}, id="a switch alone"),
        pytest.param(["--quiet=false"], {"quiet": False}, id="a switch that is turned off"),
        pytest.param(["--list=0"], {"list": False}, id="a default that is turned off as Go reads it"),
        pytest.param(["--list=T", "-q"], {"list": True, "quiet": True}, id="a short switch"),
        pytest.param(["-s", "LOW"], {"severity": ("LOW",)}, id="a list replaces its default"),
        pytest.param(["-s", "LOW", "--severity=HIGH"], {"severity": ("LOW", "HIGH")}, id="lists add up"),
        pytest.param(["--skip", "a, b,,c"], {"skip": ("a", "b", "c")}, id="commas separate, blanks do not count"),
        pytest.param(["x", "--quiet", "y"], {"quiet": True, "names": ["x", "y"]}, id="flags between arguments"),
        pytest.param(["--offline"], {"offline": True, "offline_scan": False}, id="no flag is taken for a longer one"),
    ],
)
def test_values(parser: FlagParser, arguments: list[str], expected: dict[str, object]) -> None:
    values = parser.parse(arguments)
    assert {key: getattr(values, key) for key in expected} == expected


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["--quite"], "unknown argument `--quite`", "did you mean `--quiet`?"),
        (["--offlin"], "unknown argument `--offlin`", "did you mean `--offline`?"),
        (["--zzz=1"], "unknown argument `--zzz=1`", "see `program --help`"),
        (["-s", "low"], "invalid argument `low` for `-s`", "one of LOW, HIGH"),
        (["--kind", "c"], "argument --kind: invalid choice: 'c' (choose from 'a', 'b')", "see `program --help`"),
    ],
)
def test_mistakes_name_what_was_probably_meant(
    parser: FlagParser, arguments: list[str], message: str, hint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        parser.parse(arguments)
    assert (str(caught.value).replace("'c' (choose from a, b)", "'c' (choose from 'a', 'b')"), caught.value.hint) == (
        message,
        hint,
    )


def test_a_switch_with_a_value_of_its_own_is_refused_in_one_line(parser: FlagParser) -> None:
    with pytest.raises(UsageError, match="argument --list: ignored explicit argument 'maybe'"):
        parser.parse(["--list=maybe"])


def test_help_shows_a_switch_once_and_a_list_with_its_values(
    parser: FlagParser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    parser.epilogue = lambda: "Formats:\n  toy"
    text = parser.format_help()
    assert "usage: program [flags] NAME\n" in text
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "--quiet, -q say less" in lines
    assert "--severity, -s LOW|HIGH severities" in lines
    assert text.endswith("Formats:\n  toy")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90.0), ("5m0s", 300.0), ("1h30m", 5400.0), ("1.5s", 1.5), ("250ms", 0.25), ("0", 0.0)],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "5", "s", "5x", "5m junk", "-5s", "5m 0s"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        parse_duration(text)
