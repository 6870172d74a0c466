"""The entry point: every exit code with a real cause, help, suggestions, and global flags wherever they stand."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.support.bombs import RawLayer, honest_layer, raw_image
from tests.support.consoles import Recorded, recorded_console
from tests.support.process import ALPINE, Machine

from assaymark.cli.flags import FlagParser
from assaymark.cli.global_flags import add_global_flags
from assaymark.cli.main import GLOBAL_VALUE_FLAGS, main, split_command
from assaymark.cli.overview import ALIASES, TWO_WORDS, commands
from assaymark.cli.peer_commands import NOT_HERE
from assaymark.errors import ExitCode
from assaymark.version import __version__


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A user with a database, a key pair and two images: `image`, and `broken`, whose layer is none."""
    made = Machine(tmp_path)
    made.place_database()
    raw_image([honest_layer(ALPINE)]).save_layout(made.work / "image")
    raw_image([RawLayer(stored=b"noise", diff_id="sha256:" + "0" * 64)]).save_layout(made.work / "broken")
    monkeypatch.chdir(made.work)
    return made


def run(machine: Machine, *arguments: str, environ: Mapping[str, str] | None = None) -> tuple[int, Recorded]:
    recorded = recorded_console(environ={"HOME": str(machine.home), "COSIGN_PASSWORD": "", **(environ or {})})
    return main(arguments, recorded.console), recorded


SCAN = ("image", "--input", "image", "--skip-db-update", "--cache-dir", "../cache")

CAUSES: list[Any] = [
    pytest.param(ExitCode.DONE, SCAN, "", id="findings alone are no failure"),
    pytest.param(ExitCode.FINDINGS, (*SCAN, "--exit-code", "1"), "", id="findings that were asked for"),
    pytest.param(ExitCode.DONE, (*SCAN, "--exit-code", "1", "--severity", "LOW"), "", id="no findings"),
    pytest.param(42, (*SCAN, "--exit-code", "42"), "", id="a code of the user's own"),
    pytest.param(7, (*SCAN, "--exit-on-eol", "7"), "out of support", id="a system without support"),
    pytest.param(ExitCode.USAGE, ("image",), "give one image", id="no image"),
    pytest.param(ExitCode.USAGE, (*SCAN, "--scanners", "secret"), "finds vulnerabilities only", id="another scanner"),
    pytest.param(ExitCode.INCOMPLETE, ("fs", "tree", "--require-complete", *SCAN[3:]), "[INCOMPLETE]", id="incomplete"),
    pytest.param(ExitCode.DATABASE, (*SCAN[:-1], "nowhere"), "[DATABASE_MISSING]", id="no database"),
    pytest.param(ExitCode.NETWORK, ("tree", "127.0.0.1:9/a/b", "--offline"), "--offline", id="no network"),
    pytest.param(ExitCode.SIGNING, ("import-key-pair", "--key", "tree/package-lock.json"), "error", id="no key"),
    pytest.param(
        ExitCode.VERIFICATION,
        ("verify-attestation", "--key", "cosign.pub", "--local-image", "image"),
        "[NO_ATTESTATION]",
        id="nothing attached",
    ),
    pytest.param(ExitCode.ARTIFACT, ("image", "--input", "broken", *SCAN[3:]), "not a valid tar", id="a broken layer"),
    pytest.param(ExitCode.LOCAL, (*SCAN, "--output", "nowhere/x"), "cannot write `nowhere/x`", id="no such folder"),
    pytest.param(ExitCode.LOCAL, ("fs", "nowhere", *SCAN[3:]), "nowhere", id="nothing to scan"),
]


@pytest.mark.parametrize(("code", "arguments", "said"), CAUSES)
def test_every_exit_code_has_a_cause(machine: Machine, code: int, arguments: tuple[str, ...], said: str) -> None:
    (machine.work / "tree").mkdir()
    (machine.work / "tree" / "package-lock.json").write_text("{")
    assert run(machine, "generate-key-pair")[0] == 0

    got, recorded = run(machine, *arguments)

    assert got == code, recorded.err
    assert said in recorded.err
    failures = [line for line in recorded.err.splitlines() if line.startswith("error")]
    assert len(failures) == (0 if code in {0, 1, 42} or "--exit-on-eol" in arguments else 1)


class Broken(dict[str, str]):
    """An environment that cannot be read: no failure that anybody foresaw."""

    def get(self, *_: object) -> Any:
        raise ZeroDivisionError("three\nlines\nhere")


def test_what_nobody_foresaw_is_one_line_and_a_request() -> None:
    recorded = recorded_console(environ=Broken())

    code = main(["image", "alpine"], recorded.console)

    assert code == ExitCode.DEFECT
    assert recorded.err.splitlines() == [
        "error [DEFECT]: unexpected failure: ZeroDivisionError: three lines here",
        "hint: run again with --debug and open an issue with the output at the project's issue tracker",
    ]


class Waiting(dict[str, str]):
    """An environment during whose reading a signal arrives."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def get(self, *_: object) -> Any:
        os.kill(os.getpid(), self._number)
        time.sleep(5)


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [(signal.SIGINT, ExitCode.INTERRUPTED, "interrupted"), (signal.SIGTERM, ExitCode.TERMINATED, "terminated")],
)
def test_signals(number: int, code: int, said: str) -> None:
    assert threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGTERM)
    recorded = recorded_console(environ=Waiting(number))

    assert (main(["image", "alpine"], recorded.console), recorded.err) == (code, f"{said}\n")
    assert signal.getsignal(signal.SIGTERM) is before


# help


def public_flags(configure: Callable[[FlagParser], None], group: str) -> Iterator[str]:
    parser = FlagParser(prog="assaymark")
    configure(parser)
    add_global_flags(parser, group_name=group)
    for action in parser._actions:
        if action.help != "==SUPPRESS==":
            yield from (option for option in action.option_strings if "=" not in option)


@pytest.mark.parametrize("command", commands(), ids=lambda command: command.name)
def test_help_names_every_public_flag(command: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command.name, "--help"], recorded_console().console)

    text = capsys.readouterr().out
    assert ended.value.code in (0, None)
    assert text.startswith("usage: assaymark ")
    words = set(re.findall(r"(?<![\w-])--?[a-z][a-zA-Z0-9-]*", text))
    assert set(public_flags(command.configure, command.group)) - words == set()


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"], ["help"]])
def test_the_overview_lists_every_command(arguments: list[str]) -> None:
    recorded = recorded_console()

    assert main(arguments, recorded.console) == 0
    assert (f"assaymark {__version__}" in recorded.out, recorded.err) == (True, "")
    for command in commands():
        spoken = {name: words for words, name in TWO_WORDS.items()}.get(command.name, command.name)
        assert f"  {command.name}  " in recorded.out or f"  {spoken}  " in recorded.out


def test_help_about_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["help", "download", "attestation"], ["download-attestation", "-h"]):
        with pytest.raises(SystemExit):
            main(arguments, recorded_console().console)
        assert capsys.readouterr().out.startswith("usage: assaymark download")


# mistakes


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        pytest.param(["imge"], ["error: unknown command `imge`", "hint: did you mean `image`?"], id="a command"),
        pytest.param(
            ["download"],
            ["error: unknown command `download`", "hint: did you mean `download attestation`?"],
            id="half a command",
        ),
        pytest.param(["zzz"], ["error: unknown command `zzz`", "hint: see `assaymark --help`"], id="nothing like it"),
        pytest.param(["../cli"], ["error: unknown command `../cli`", "hint: see `assaymark --help`"], id="a path"),
        pytest.param(
            ["--debug"], ["error: no command, only `--debug`", "hint: see `assaymark --help`"], id="no command"
        ),
        pytest.param(
            ["image", "--servity", "HIGH", "x"],
            ["error: unknown argument `--servity`", "hint: did you mean `--severity`?"],
            id="a flag",
        ),
        pytest.param(
            ["image", "--offlin", "x"],
            ["error: unknown argument `--offlin`", "hint: did you mean `--offline`?"],
            id="flags are not abbreviated",
        ),
        pytest.param(
            ["image", "--zzzzz", "x"],
            ["error: unknown argument `--zzzzz`", "hint: see `assaymark image --help`"],
            id="no such flag",
        ),
        pytest.param(
            ["fs", "a", "b"], ["error: unknown argument `b`", "hint: see `assaymark fs --help`"], id="too much"
        ),
    ],
)
def test_mistakes_get_a_suggestion(arguments: list[str], lines: list[str]) -> None:
    recorded = recorded_console()

    assert main(arguments, recorded.console) == ExitCode.USAGE
    assert (recorded.out, recorded.err.splitlines()) == ("", lines)


@pytest.mark.parametrize("name", NOT_HERE)
def test_commands_of_the_peers_end_with_a_sentence(name: str) -> None:
    recorded = recorded_console()
    reason, hint = NOT_HERE[name]

    assert main([name, "--yes", "alpine"], recorded.console) == ExitCode.USAGE
    expected = [f"error: there is no command `{name}`: {reason}", *([f"hint: {hint}"] if hint else [])]
    assert (recorded.out, recorded.err.splitlines()) == ("", expected)


def test_commands_that_are_here_are_not_said_to_be_missing() -> None:
    assert not set(NOT_HERE) & {*(command.name for command in commands()), *ALIASES, "version", "help"}


def test_hints_name_commands_and_flags_that_exist() -> None:
    known = {command.name for command in commands()} | {name.partition(" ")[0] for name in TWO_WORDS} | {"COMMAND"}
    named = [word for _, hint in NOT_HERE.values() for word in re.findall(r"`assaymark ([A-Za-z][\w-]*)", hint)]

    assert len(named) > 15
    assert set(named) <= known


# where things stand


@pytest.mark.parametrize(
    ("arguments", "name", "rest"),
    [
        pytest.param(["image", "x"], "image", ["x"], id="plain"),
        pytest.param(["--quiet", "image", "x"], "image", ["x", "--quiet"], id="a switch in front"),
        pytest.param(["--timeout", "5m", "image", "x"], "image", ["x", "--timeout", "5m"], id="a value in front"),
        pytest.param(["--timeout=5m", "-q", "fs", "."], "fs", [".", "--timeout=5m", "-q"], id="in one word"),
        pytest.param(["download", "attestation", "x"], "download-attestation", ["x"], id="two words"),
        pytest.param(["-d", "registry", "login", "x"], "login", ["x", "-d"], id="two words behind a switch"),
        pytest.param(["filesystem", "."], "fs", ["."], id="another spelling"),
        pytest.param(["image", "attestation"], "image", ["attestation"], id="an image of that name"),
        pytest.param(["--quiet"], "", ["--quiet"], id="nothing but flags"),
        pytest.param([], "", [], id="nothing"),
    ],
)
def test_commands_are_found_behind_global_flags(arguments: list[str], name: str, rest: list[str]) -> None:
    assert split_command(arguments) == (name, rest)


def test_every_global_flag_with_a_value_is_known_in_front() -> None:
    parser = FlagParser(prog="assaymark")
    add_global_flags(parser)
    with_value = {
        option
        for action in parser._actions
        for option in action.option_strings
        if action.nargs != 0 and "=" not in option
    }
    assert with_value <= GLOBAL_VALUE_FLAGS


def test_aliases_and_pairs_lead_to_commands() -> None:
    known = {command.name for command in commands()}

    assert set(ALIASES.values()) | set(TWO_WORDS.values()) <= known
    assert len(known) == len(commands())


@pytest.mark.parametrize("place", ["before", "after"])
def test_global_flags_have_their_effect_on_both_sides(machine: Machine, place: str) -> None:
    flags = ("--log-format", "json", "--debug")
    arguments = (*flags, *SCAN) if place == "before" else (*SCAN, *flags)
    assert run(machine, *SCAN)[0] == 0  # the second scan has something to say: what comes from the cache

    code, recorded = run(machine, *arguments)

    lines = [json.loads(line) for line in recorded.err.splitlines()]
    assert (code, {line["level"] for line in lines} >= {"debug"}) == (0, True)


def test_quiet_leaves_errors(machine: Machine) -> None:
    code, recorded = run(machine, *SCAN, "--sample-db", "--quiet")
    assert (code, recorded.err) == (0, "")

    code, recorded = run(machine, "--quiet", "fs", "nowhere", *SCAN[3:])
    assert (code, len(recorded.err.splitlines())) == (ExitCode.LOCAL, 1)


# time


def test_a_timeout_ends_the_work(machine: Machine) -> None:
    reading, writing = os.pipe()
    begun = time.monotonic()

    with os.fdopen(writing, "wb"), os.fdopen(reading, "rb"):
        code, recorded = run(machine, "--timeout", "200ms", "import-key-pair", "--key", f"/dev/fd/{reading}")

    assert (code, recorded.err.splitlines()) == (
        ExitCode.ARTIFACT,
        ["error: not done after 0.2 s", "hint: raise it with `--timeout`, such as 15m0s"],
    )
    assert time.monotonic() - begun < 2
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


@pytest.mark.parametrize("text", ["0", "0s", "5", "-1s", "soon"])
def test_times_that_are_none(machine: Machine, text: str) -> None:
    assert run(machine, *SCAN, f"--timeout={text}")[0] == ExitCode.USAGE


def test_a_timeout_that_is_not_needed(machine: Machine) -> None:
    assert run(machine, *SCAN, "--timeout", "5m0s")[0] == 0
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


# whole processes


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["image", "--help"]], ids=" ".join)
def test_nobody_reads_it(tmp_path: Path, arguments: list[str]) -> None:
    script = '"$@" | true; exit ${PIPESTATUS[0]}'

    ended = Machine(tmp_path).run(*arguments, wrapper=("bash", "-c", script, "bash"))

    assert (ended.code, "Traceback" in ended.err) == (0, False)


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["image", "--help"], ["version", "-f", "json"]])
def test_stdout_that_cannot_be_written_is_told(tmp_path: Path, arguments: list[str]) -> None:
    for where, why in ((">/dev/full", "No space left on device"), (">&-", "it is closed"), (">&- 2>&-", "")):
        ended = Machine(tmp_path).run(*arguments, wrapper=("bash", "-c", f'"$@" {where}', "bash"))
        said = [f"error: standard output cannot be written: {why}"] if why else []
        assert (ended.code, ended.err.splitlines()) == (9, said)
