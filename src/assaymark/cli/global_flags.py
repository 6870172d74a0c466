"""Flags that every command takes: how much it says, and how long it may run."""

from __future__ import annotations

import signal
from argparse import SUPPRESS, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final, NoReturn

from assaymark.cli.flags import FlagParser, add_switch, parse_duration
from assaymark.errors import Error, LimitError, UsageError

if TYPE_CHECKING:
    from assaymark.cli.console import Console


SCANNING: Final = "Scanning"
CONFIGURATION_FILES: Final = ("assaymark.yaml", "trivy.yaml")
_VARIABLES: Final = (
    "Every flag is a variable, too: ASSAYMARK_QUIET, or TRIVY_QUIET for a scan and COSIGN_KEY for an attestation; "
    "a flag wins over its variables."
)


def add_global_flags(parser: FlagParser, *, group_name: str = "") -> None:
    """Add them under their own heading; `-t` is cosign's short `--timeout`, and `--template` for reports."""
    group = parser.add_argument_group("Global flags", description=_VARIABLES)
    add_switch(group, "--quiet", "-q", about="no progress and no warnings")
    add_switch(group, "--no-progress", about="no progress bars")
    add_switch(group, "--debug", "--verbose", "-d", about="say on stderr what is done; credentials are left out")
    taken = {option for _, action in parser.flags() for option in action.option_strings}
    short = () if "-t" in taken else ("-t",)
    group.add_argument(
        "--timeout",
        *short,
        type=parse_duration,
        default=None,
        metavar="DURATION",
        help="give up after this long, such as 90s or 5m0s (default: no limit but those of the network)",
    )
    group.add_argument(
        "--config",
        "-c",
        default="",
        metavar="FILE",
        help="settings (default: assaymark.yaml, else trivy.yaml, in the working directory)",
    )
    if group_name == SCANNING:
        add_switch(group, "--generate-default-config", about="write assaymark-default.yaml with every key, and end")
        add_switch(group, "--version", "-v", about=SUPPRESS)
    else:
        group.add_argument("--output-file", default="", metavar="FILE", help="write to a file instead of stdout")
    group.add_argument(
        "--log-format", choices=("text", "json"), default="text", help="how log lines on stderr are written"
    )


def configuration_file(values: Namespace) -> str:
    """The file with settings: the one that is named, else that of the working directory; empty where there is none."""
    return values.config or next((name for name in CONFIGURATION_FILES if Path(name).is_file()), "")


@contextmanager
def apply_global_flags(values: Namespace, console: Console) -> Iterator[None]:
    """Set up logging, the output and the alarm for the time of one command."""
    console.configure(
        quiet=values.quiet,
        debug=values.debug,
        log_format=values.log_format,
        progress=not values.no_progress,
    )
    with _output_to(getattr(values, "output_file", ""), console), _alarm(values):
        yield


@contextmanager
def _output_to(name: str, console: Console) -> Iterator[None]:
    """Lead stdout into a file; what a failing command has said (`--report json`) is in it, too."""
    if not name:
        yield
        return
    from assaymark.cli.files import open_output

    stdout, failure = console.stdout, None
    with open_output(name, console) as stream:
        console.stdout = stream
        try:
            yield
        except Error as exc:
            failure = exc
        finally:
            console.stdout = stdout
    if failure is not None:
        raise failure


@contextmanager
def _alarm(values: Namespace) -> Iterator[None]:
    if values.timeout is None:
        yield
        return
    if values.timeout <= 0:
        raise UsageError("`--timeout` must be longer than nothing")

    def expired(number: int, frame: FrameType | None) -> NoReturn:
        del number, frame
        raise LimitError(f"not done after {values.timeout:g} s", hint="raise it with `--timeout`, such as 15m0s")

    previous = signal.signal(signal.SIGALRM, expired)
    signal.setitimer(signal.ITIMER_REAL, values.timeout)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
