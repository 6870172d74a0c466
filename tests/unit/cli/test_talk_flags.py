"""How much every command says, and how: `--log-format json`, `--quiet`, `--no-progress`, `--timeout`, progress."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.support.consoles import BytesTerminal, recorded_console

from assaymark.cli.bars import Bars
from assaymark.cli.flags import FlagParser
from assaymark.cli.global_flags import add_global_flags
from assaymark.cli.main import main
from assaymark.cli.output import Output
from assaymark.cli.overview import commands, typed

COMMANDS = [pytest.param(command, id=command.name) for command in commands()]
PASSWORD = "hunter2hunter2"


def _lines(*arguments: str, environ: dict[str, str] | None = None, stdin: bytes = b"") -> list[dict[str, str]]:
    """What a run says on stderr, each line an object."""
    recorded = recorded_console(environ=environ, stdin=stdin)
    main(arguments, recorded.console)
    return [json.loads(line) for line in recorded.err.splitlines()]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_takes_the_flags(command: Any) -> None:
    parser = FlagParser(prog="x")
    command.configure(parser)
    add_global_flags(parser, group_name=command.group)
    known = {option for _, action in parser.flags() for option in action.option_strings}
    assert {"--quiet", "--debug", "--no-progress", "--timeout", "--log-format"} <= known


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("flag", [("--log-format", "json"), ("--log-format=json",)])
def test_a_wrong_flag_is_told_as_an_object(command: Any, flag: tuple[str, ...]) -> None:
    (line,) = _lines(*typed(command.name).split(), *flag, "--no-such-flag-at-all", "--password", PASSWORD)
    assert (line["level"], line["logger"]) == ("error", "assaymark")
    assert PASSWORD not in json.dumps(line)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(("--log-format", "json", "frobnicate"), "unknown command `frobnicate`", id="no such command"),
        pytest.param(("--log-format", "json"), "no command, only `--log-format`", id="no command"),
        pytest.param(("image", "--timeout", "5", "--log-format", "json"), "`5` is not a duration", id="a bad value"),
        pytest.param(("image", "--log-format", "json", "--timeout", "0s"), "longer than nothing", id="no time"),
        pytest.param(("vm", "--log-format=json"), "vm", id="a command that only the peer has"),
    ],
)
def test_other_mistakes_are_objects_too(arguments: tuple[str, ...], message: str) -> None:
    (line,) = _lines(*arguments)
    assert line["level"] == "error"
    assert message in line["message"]


def test_the_variable_is_obeyed_and_the_flag_wins() -> None:
    environ = {"ASSAYMARK_LOG_FORMAT": "json"}
    assert len(_lines("frobnicate", environ=environ)) == 1
    recorded = recorded_console(environ=environ)
    main(("frobnicate", "--log-format", "text"), recorded.console)
    assert recorded.err.startswith("error: unknown command")


def test_questions_are_objects_too() -> None:
    recorded = recorded_console(stdin=b"y\nhello\n")
    recorded.console.configure(log_format="json")
    assert recorded.console.confirm("overwrite `a.key`?")
    assert recorded.console.ask("name: ") == "hello"
    assert not recorded.console.confirm("once more?")
    said = [json.loads(line)["message"] for line in recorded.err.splitlines()]
    assert said == ["overwrite `a.key`? [y/N]", "name:", "once more? [y/N]"]


# progress


class Clock:
    """A clock that stands still."""

    def __call__(self) -> float:
        return 0.0


def test_what_never_advances_is_shown_when_it_is_overdue() -> None:
    recorded = recorded_console(terminal=True)
    bars = Bars(recorded.stderr, monotonic=Clock(), colour=False)
    task = bars.start("cloning the repository", unit="")
    assert recorded.err == ""
    bars.overdue(task)
    task.close()
    assert "cloning the repository" in recorded.err
    assert "0/?" not in recorded.err


def test_what_is_over_is_not_shown_any_more() -> None:
    recorded = recorded_console(terminal=True)
    bars = Bars(recorded.stderr, monotonic=Clock(), colour=False)
    task = bars.start("short")
    task.close()
    bars.overdue(task)
    behind = bars.stand_behind("image")
    behind.close()
    bars.overdue(behind)
    assert recorded.err == ""


def test_the_command_is_shown_while_nothing_else_is() -> None:
    bars = Bars(recorded_console(terminal=True).stderr, monotonic=Clock(), colour=False)
    behind = bars.stand_behind("image")
    layer = bars.start("layer", total=5)
    shown = [(behind.drawn is not None, layer.drawn is not None)]
    steps: tuple[Callable[[], object], ...] = (
        lambda: bars.overdue(behind),
        lambda: bars.overdue(layer),
        layer.close,
        bars.stop,
        lambda: bars.overdue(behind),
        behind.close,
    )
    for step in steps:
        step()
        shown.append((behind.drawn is not None, layer.drawn is not None))
    assert shown == [
        (False, False),
        (True, False),
        (False, True),
        (True, False),
        (False, False),
        (True, False),
        (False, False),
    ]


def test_a_long_command_is_told_on_a_terminal_and_nowhere_else() -> None:
    def said(*, terminal: bool, **flags: Any) -> str:
        recorded = recorded_console(terminal=terminal)
        recorded.console.configure(**flags)
        with recorded.console.at_work("verify-attestation"):
            progress = recorded.console.progress
            if isinstance(progress, Bars) and progress.behind is not None:
                progress.overdue(progress.behind)
        return recorded.err

    assert "verify-attestation" in said(terminal=True)
    silent: list[dict[str, Any]] = [{"quiet": True}, {"progress": False}, {"log_format": "json"}]
    assert [said(terminal=True, **flags) for flags in silent] == ["", "", ""]
    assert said(terminal=False) == ""


def test_output_takes_the_bars_off_the_terminal_first() -> None:
    recorded = recorded_console(terminal=True)
    recorded.console.configure()
    task = recorded.console.progress.start("verifying", unit="")
    assert isinstance(recorded.console.progress, Bars)
    recorded.console.progress.overdue(task)  # type: ignore[arg-type]  # a bar's task
    recorded.console.stdout.write(b"a document\n")
    before = recorded.err
    recorded.console.stdout.write(b"more\n")
    assert (recorded.err, task.drawn) == (before, None)  # type: ignore[attr-defined]  # as above
    task.close()


def test_output_that_is_no_terminal_disturbs_nobody() -> None:
    calls: list[str] = []
    output = Output(BytesTerminal(), before=lambda: calls.append("cleared"))
    output.write(b"x")
    assert calls == ["cleared"]
