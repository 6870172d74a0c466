"""The entry point: finds the command, runs it, and turns every failure into one line and an exit code.

Only the module of the command that was asked for is imported; `assaymark --version` loads nothing but argparse's own
needs. Global flags stand before or after the command, as with the peers' programs.
"""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from types import FrameType
from typing import TYPE_CHECKING, Final, NoReturn

from assaymark.errors import Error, ExitCode, UsageError
from assaymark.version import __version__

if TYPE_CHECKING:
    from argparse import Namespace

    from assaymark.cli.command import Command
    from assaymark.cli.console import Console

REPORT_DEFECTS: Final = "run again with --debug and open an issue with the output at the project's issue tracker"
VERSION: Final = f"assaymark {__version__}"
GARBAGE_THRESHOLD: Final = 200_000
"""Containers made before cycles are looked for; 700, the interpreter's own figure, costs a twentieth of a short run."""

GLOBAL_VALUE_FLAGS: Final = frozenset(
    {"--cache-dir", "--timeout", "-t", "--config", "-c", "--output-file", "--log-format"}
)


def entry() -> NoReturn:
    """What the console script calls."""
    arguments = sys.argv[1:]
    if arguments in (["--version"], ["-v"], ["version"]):
        sys.exit(_say_version())
    gc.set_threshold(GARBAGE_THRESHOLD)
    from assaymark.cli.console import Console

    code = main(arguments, Console.of_process())
    gc.freeze()  # else the interpreter looks for cycles on its way out, which is a fifth of a short run
    sys.exit(code)


def _say_version() -> ExitCode:
    """The version, guarded like all output: by a full disk, a closed stdout, or a reader that has gone."""
    from assaymark.cli.output import Output, process_stdout

    output = Output(process_stdout())
    try:
        output.write(f"{VERSION}\n".encode())
        output.flush()
    except Error as error:
        if sys.stderr is not None:
            sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    return ExitCode.DONE


def main(arguments: Sequence[str], console: Console) -> int:
    """Run one command line and return its exit code; every failure has been told on stderr by then."""
    previous = signal.signal(signal.SIGTERM, _terminated)
    try:
        code = _run(list(arguments), console)
        console.flush()
    except Error as error:
        code = _told(error, console)
    except KeyboardInterrupt:
        console.err("interrupted")
        code = ExitCode.INTERRUPTED
    except _Terminated:
        console.err("terminated")
        code = ExitCode.TERMINATED
    except Exception as exc:  # noqa: BLE001 - the third marked place: whatever escapes is a defect of ours
        defect = Error(f"unexpected failure: {type(exc).__name__}: {exc}", hint=REPORT_DEFECTS, reason="DEFECT")
        defect.__cause__ = exc
        code = _told(defect, console)
    finally:
        signal.signal(signal.SIGTERM, previous)
    return code


def _told(error: Error, console: Console) -> int:
    console.stop_progress()
    console.error(error)
    return error.exit_code


def _run(arguments: list[str], console: Console) -> int:
    from assaymark.safeio.redaction import secrets_of_arguments

    for secret in secrets_of_arguments(arguments):  # before anything can complain about what was typed
        console.redaction.add(secret)
    if _wants_json_lines(arguments, console.environ):
        console.configure(log_format="json")  # for complaints about what was typed, too
    name, rest = split_command(arguments)
    if not name and rest and rest[0] not in ("-h", "--help"):
        raise UsageError(f"no command, only `{rest[0]}`", hint="see `assaymark --help`")
    if name == "help" and rest:
        return _run([*rest, "--help"], console)
    if name in ("", "help"):
        from assaymark.cli.overview import overview

        console.out(overview())
        return ExitCode.DONE
    if name == "version":
        console.out(VERSION)  # whatever else is asked, such as `--format json`: there is one answer
        return ExitCode.DONE
    command = _find(name)
    if command is None:
        return _unknown(name)
    return run_command(command, rest, console)


def _wants_json_lines(arguments: Sequence[str], environ: Mapping[str, str]) -> bool:
    """Whether `--log-format json` is asked for, as far as that can be seen before a command knows its flags."""
    chosen = environ.get("ASSAYMARK_LOG_FORMAT", "")
    for argument, following in zip_longest(arguments, arguments[1:], fillvalue=""):
        if argument == "--log-format":
            chosen = following
        elif argument.startswith("--log-format="):
            chosen = argument.partition("=")[2]
    return chosen == "json"


def run_command(command: Command, arguments: Sequence[str], console: Console) -> int:
    """Parse a command's own arguments and run it."""
    from assaymark.cli.command_parser import parser_of
    from assaymark.cli.global_flags import SCANNING, apply_global_flags, configuration_file
    from assaymark.cli.overview import typed
    from assaymark.cli.unknown_variables import tell_unknown_variables
    from assaymark.cli.variables import take_variables

    parser = parser_of(command)
    defaults = {action.dest: parser.get_default(action.dest) for _, action in parser.flags()}
    scans = command.group == SCANNING
    settled = take_variables(parser, console.environ, scans=scans, redaction=console.redaction)
    values = parser.parse(arguments)
    if getattr(values, "version", False):
        console.out(VERSION)
        return ExitCode.DONE
    if getattr(values, "generate_default_config", False):
        return _write_defaults(command, arguments, values, console)
    name, configuration = configuration_file(values), None
    if name:
        from assaymark.cli.config_file import read_configuration, take_settings

        configuration = read_configuration(name)
        take_settings(parser, configuration, settled=settled, scans=scans, redaction=console.redaction)
        values = parser.parse(arguments)
        values.configured_signers = configuration.signers
    values.typed = tuple(arguments)
    values.explicit = {key: value for key, value in vars(values).items() if value != defaults.get(key)}
    with apply_global_flags(values, console), console.at_work(typed(command.name)):
        tell_unknown_variables(parser, console)
        if configuration is not None:
            console.note(f"settings come from `{configuration.name}`, too")
        return command.run(values, console)


def _write_defaults(command: Command, arguments: Sequence[str], values: Namespace, console: Console) -> int:
    from pathlib import Path

    from assaymark.cli.config_default import write_default_configuration
    from assaymark.cli.global_flags import apply_global_flags

    with apply_global_flags(values, console):
        name = write_default_configuration(command, arguments, Path())
        console.note(f"wrote `{name}`; as `assaymark.yaml` it is read without being named")
    return ExitCode.DONE


def split_command(arguments: Sequence[str]) -> tuple[str, list[str]]:
    """The command's name and the remaining arguments; global flags in front of it move behind it."""
    skip = False
    for position, argument in enumerate(arguments):
        if skip:
            skip = False
        elif argument.startswith("-"):
            skip = argument in GLOBAL_VALUE_FLAGS
        else:
            name, taken = _joined(arguments[position:])
            return name, [*arguments[position + taken :], *arguments[:position]]
    return "", list(arguments)


def _joined(words: Sequence[str]) -> tuple[str, int]:
    """Two-word commands (`download attestation`, `registry login`) are one command."""
    from assaymark.cli.overview import ALIASES, TWO_WORDS

    if len(words) > 1 and f"{words[0]} {words[1]}" in TWO_WORDS:
        return TWO_WORDS[f"{words[0]} {words[1]}"], 2
    return ALIASES.get(words[0], words[0]), 1


def _find(name: str) -> Command | None:
    from assaymark.cli.command import Command
    from assaymark.extensions import find

    return find("assaymark.cli.commands", name, "COMMAND", Command)


def _unknown(name: str) -> NoReturn:
    from difflib import get_close_matches

    from assaymark.cli.overview import command_names, typed
    from assaymark.cli.peer_commands import refuse_peer_command

    refuse_peer_command(name)
    names = command_names()
    close = [known for known in names if known.startswith(f"{name}-")] or get_close_matches(name, names, n=1)
    raise UsageError(
        f"unknown command `{name}`", hint=f"did you mean `{typed(close[0])}`?" if close else "see `assaymark --help`"
    )


class _Terminated(BaseException):
    """SIGTERM arrived; a `BaseException`, so that nothing on the way mistakes it for an error."""


def _terminated(number: int, frame: FrameType | None) -> NoReturn:
    del number, frame
    raise _Terminated
