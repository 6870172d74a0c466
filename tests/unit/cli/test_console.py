from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.consoles import BytesTerminal, TextTerminal, recorded_console

from assaymark.cli.console import Console
from assaymark.errors import LocalError, UsageError, VerificationError
from assaymark.model.progress import NoProgress
from assaymark.report.wording import Paint


def test_stdout_is_data_and_stderr_is_talk() -> None:
    recorded = recorded_console()
    recorded.console.out("one\ntwo")
    recorded.console.out()
    recorded.console.out_bytes(b"\x00\x1b\n")
    recorded.console.err("an answer")
    recorded.console.note("a remark")
    recorded.console.warn("careful", hint="do better")
    assert recorded.out == "one\ntwo\n\n\x00\x1b\n"
    assert recorded.err == "an answer\na remark\nwarning: careful\nhint: do better\n"


def test_quiet_leaves_answers_and_errors() -> None:
    recorded = recorded_console()
    recorded.console.configure(quiet=True)
    recorded.console.note("a remark")
    recorded.console.warn("careful")
    recorded.console.err("an answer")
    recorded.console.error(UsageError("no such flag `--x`"))
    assert recorded.err == "an answer\nerror: no such flag `--x`\n"


@pytest.mark.parametrize(
    ("error", "lines"),
    [
        (UsageError("bad `x`"), "error: bad `x`\n"),
        (UsageError("bad", hint="see --help"), "error: bad\nhint: see --help\n"),
        (VerificationError("no match", reason="SUBJECT_MISMATCH"), "error [SUBJECT_MISMATCH]: no match\n"),
        (UsageError("bad `a\nb\x1b[2J`", hint="x\ny"), "error: bad `a b\\x1b[2J`\nhint: x y\n"),
        (UsageError("::error::gotcha ##[add-mask]x"), "error: ::error::gotcha \\x23#[add-mask]x\n"),
        (ValueError(), "error: ValueError\n"),
    ],
    ids=["message", "hint", "reason code", "controls and line ends", "workflow commands", "no message"],
)
def test_an_error_is_one_line_and_its_hint_another(error: Exception, lines: str) -> None:
    recorded = recorded_console()
    recorded.console.error(error)
    assert recorded.err == lines


def test_debug_tells_how_an_error_came_about_without_its_secrets() -> None:
    recorded = recorded_console(environ={"TRIVY_PASSWORD": "canary-4711"})
    recorded.console.configure(debug=True)
    cause = ValueError("denied for https://joe:canary-4711@host/")
    error = LocalError("cannot")
    error.__cause__ = cause
    recorded.console.error(error)
    assert "ValueError: denied for https://***@host/" in recorded.err
    assert "canary" not in recorded.err


def test_every_line_for_programs_is_one_object() -> None:
    recorded = recorded_console()
    recorded.console.configure(log_format="json")
    recorded.console.warn("careful\x1b", hint="do better")
    recorded.console.error(VerificationError("no", reason="NONE_FOUND"))
    recorded.console.err("done")
    common = {"time": "2026-01-02T03:04:05.000000Z", "logger": "assaymark"}
    assert [json.loads(line) for line in recorded.err.splitlines()] == [
        {**common, "level": "warning", "message": "careful\x1b", "hint": "do better"},
        {**common, "level": "error", "message": "no", "reason": "NONE_FOUND"},
        {**common, "level": "info", "message": "done"},
    ]
    assert "\x1b" not in recorded.err


def test_text_for_people_has_no_controls_and_no_secrets() -> None:
    recorded = recorded_console()
    recorded.console.redaction.add("canary-4711")
    recorded.console.out("a\x1b[31mb canary-4711")
    recorded.console.err("canary-4711\u202e")
    assert recorded.out == "a\\x1b[31mb ***\n"
    assert recorded.err == "***\\u202e\n"


def test_painted_text_keeps_our_colours_and_nothing_else() -> None:
    recorded = recorded_console()
    text = Paint(colour=True).severity("HIGH", "HIGH") + " \x1b[2J\x1b[5mx\n" + Paint(colour=True).style("bold", "::y")
    recorded.console.out(text, painted=True)
    recorded.console.err(text, painted=True)
    recorded.console.note(text)
    painted = "\x1b[31mHIGH\x1b[0m \\x1b[2J\\x1b[5mx\n\x1b[1m\\x3a:y\x1b[0m\n"
    assert recorded.out == painted
    assert recorded.err == painted + painted.replace("\x1b", "\\x1b").replace("\\x3a:", "::")


def test_programs_get_painted_text_without_its_colours() -> None:
    recorded = recorded_console()
    recorded.console.configure(log_format="json")
    recorded.console.err(Paint(colour=True).severity("HIGH", "HIGH"), painted=True)
    assert json.loads(recorded.err)["message"] == "HIGH"


def test_who_can_be_asked_and_who_listens() -> None:
    piped, terminal = recorded_console().console, recorded_console(terminal=True).console
    assert (piped.can_ask, piped.talks_to_terminal, piped.stderr_colour) == (False, False, False)
    assert (terminal.can_ask, terminal.talks_to_terminal, terminal.stderr_colour) == (False, True, True)


@pytest.mark.parametrize(
    ("environ", "terminal", "colour"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"TERM": "dumb"}, True, False),
        ({"CLICOLOR_FORCE": "1"}, False, True),
        ({"CLICOLOR_FORCE": "0"}, False, False),
        ({"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, True, False),
    ],
)
def test_colour_needs_a_terminal_or_force_and_no_veto(environ: dict[str, str], terminal: bool, colour: bool) -> None:
    assert recorded_console(environ=environ, terminal=terminal).console.colour == colour


@pytest.mark.parametrize(
    ("environ", "terminal", "width"),
    [
        ({}, False, 0),
        ({"COLUMNS": "120"}, False, 0),
        ({"COLUMNS": "120"}, True, 120),
        ({"COLUMNS": "x"}, True, 80),
        ({}, True, 80),
    ],
)
def test_the_width_is_the_terminal_s(environ: dict[str, str], terminal: bool, width: int) -> None:
    assert recorded_console(environ=environ, terminal=terminal).console.width == width


@pytest.mark.parametrize(
    ("terminal", "flags", "environ", "silent"),
    [
        (True, {}, {}, False),
        (False, {}, {}, True),
        (True, {"quiet": True}, {}, True),
        (True, {"progress": False}, {}, True),
        (True, {"log_format": "json"}, {}, True),
        (True, {}, {"TERM": "dumb"}, True),
    ],
)
def test_progress_is_only_for_terminals_that_want_it(
    terminal: bool, flags: dict[str, bool], environ: dict[str, str], silent: bool
) -> None:
    console = recorded_console(terminal=terminal, environ=environ).console
    console.configure(**flags)  # type: ignore[arg-type]  # each flag has its own type
    assert isinstance(console.progress, NoProgress) == silent


@pytest.mark.parametrize(
    ("stdin", "password"),
    [
        (b"s3cret\n", "s3cret"),
        (b"s3cret\r\nmore", "s3cret"),
        (b" spaced ", " spaced "),
        (b"\n", ""),
        (b"\xff\n", "\udcff"),
    ],
)
def test_a_password_from_a_pipe_is_its_first_line_without_the_line_feed(stdin: bytes, password: str) -> None:
    assert recorded_console(stdin=stdin).console.ask_password("Password: ") == password


def test_a_password_that_was_asked_for_is_never_printed() -> None:
    recorded = recorded_console(stdin=b"canary-4711\n")
    recorded.console.err(f"got {recorded.console.ask_password('Password: ')}")
    assert recorded.err == "got ***\n"


@pytest.mark.parametrize("stdin", [b"", b"x" * 70_000], ids=["nothing", "endless"])
def test_a_password_that_does_not_come_is_a_usage_error(stdin: bytes) -> None:
    with pytest.raises(UsageError):
        recorded_console(stdin=stdin).console.ask_password("Password: ")


@pytest.mark.parametrize(("stdin", "answer"), [(b"robin\nx", "robin"), (b"", "")], ids=["a line", "nothing"])
def test_questions_are_asked_on_stderr(stdin: bytes, answer: str) -> None:
    recorded = recorded_console(stdin=stdin)
    assert (recorded.console.ask("Username: "), recorded.err, recorded.out) == (answer, "Username: ", "")


@pytest.mark.parametrize(
    ("stdin", "confirmed"),
    [(b"y\n", True), (b"YES\n", True), (b" y \n", True), (b"n\n", False), (b"\n", False), (b"", False)],
)
def test_only_yes_confirms(stdin: bytes, confirmed: bool) -> None:
    recorded = recorded_console(stdin=stdin)
    assert recorded.console.confirm("Overwrite `a\x1b`?") == confirmed
    assert recorded.err == "Overwrite `a\\x1b`? [y/N] " + ("" if stdin else "\n")


class _GoneReader(io.BytesIO):
    def write(self, data: object, /) -> int:
        raise BrokenPipeError


class _FullDisk(io.BytesIO):
    def flush(self) -> None:
        raise OSError(28, "No space left on device")


def test_a_reader_that_goes_away_ends_the_output_and_not_the_work() -> None:
    console = Console(stdin=io.BytesIO(), stdout=_GoneReader(), stderr=io.StringIO(), environ={})
    console.out("one")
    console.out_bytes(b"two")
    console.flush()


def test_a_full_disk_behind_stdout_is_told_once() -> None:
    stderr = io.StringIO()
    console = Console(stdin=io.BytesIO(), stdout=_FullDisk(), stderr=stderr, environ={})
    console.out("one")
    with pytest.raises(LocalError, match="standard output cannot be written: No space left on device") as caught:
        console.flush()
    console.error(caught.value)
    assert stderr.getvalue() == "error: standard output cannot be written: No space left on device\n"


def test_what_was_written_comes_before_the_complaint() -> None:
    class Logged(io.BytesIO):
        flushed = False

        def flush(self) -> None:
            self.flushed = True

    stdout = Logged()
    Console(stdin=io.BytesIO(), stdout=stdout, stderr=io.StringIO(), environ={}).error(UsageError("no"))
    assert stdout.flushed


def test_stderr_that_is_closed_or_narrow_does_not_add_a_failure() -> None:
    closed = io.StringIO()
    closed.close()
    Console(stdin=io.BytesIO(), stdout=io.BytesIO(), stderr=closed, environ={}).err("x")
    raw = io.BytesIO()
    narrow = io.TextIOWrapper(raw, encoding="ascii", write_through=True)
    Console(stdin=io.BytesIO(), stdout=io.BytesIO(), stderr=narrow, environ={}).err("naïve")
    assert raw.getvalue() == b"na\\xefve\n"


def test_a_terminal_s_prompt_goes_to_stderr_and_typing_is_not_echoed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, object]] = []

    def typed(prompt: str, stream: object) -> str:
        asked.append((prompt, stream))
        if len(asked) > 1:
            raise EOFError
        return "typed-secret"

    monkeypatch.setattr("getpass.getpass", typed)
    stderr = TextTerminal()
    console = Console(stdin=BytesTerminal(), stdout=io.BytesIO(), stderr=stderr, environ={})
    assert console.ask_password("Password for `x\x1b`: ") == "typed-secret"
    assert asked == [("Password for `x\\x1b`: ", stderr)]
    with pytest.raises(UsageError):
        console.ask_password("again: ")


def test_a_process_whose_reader_is_gone_ends_quietly_with_its_own_code() -> None:
    program = (
        "from assaymark.cli.console import Console as C\nc = C.of_process()\n"
        "for i in range(50000): c.out('x' * 80)\nc.flush()\nraise SystemExit(7)\n"
    )
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "src")}
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environ
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        assert (running.stderr.read(), running.wait(30)) == (b"", 7)


def test_a_process_with_closed_streams_still_has_a_console(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    console = Console.of_process()
    console.err("nobody")
    assert not console.confirm("sure?")
    console.flush()  # what says nothing on stdout has not failed
    with pytest.raises(LocalError, match="standard output cannot be written: it is closed"):
        console.out("nobody")
