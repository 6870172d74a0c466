"""Where everything that a command tells the outside goes through.

stdout is data, stderr is talk. Rules:

1. Text for people has no control characters and no credentials, whoever wrote it; `out_bytes` and `stdout` carry
   documents exactly as they are.
2. `--quiet` leaves errors and answers; `--debug` adds log records and tracebacks; `--log-format json` makes every line
   on stderr one object.
3. Colour needs a terminal, and never carries meaning alone: `NO_COLOR` (no-color.org) and `TERM=dumb` turn it off,
   `CLICOLOR_FORCE` (bixense.com/clicolors) on.
4. A reader that goes away (`| head`) ends the output, not the work: the exit code stays the command's own. A stdout
   that cannot be written, because its disk is full or it is closed, is exit code 9.
"""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple, TextIO, cast

from assaymark.cli.output import Output, forget, process_stdout
from assaymark.errors import Error, LocalError, UsageError
from assaymark.model.progress import NoProgress, Progress
from assaymark.safeio.redaction import Redaction, secrets_of_environment

if TYPE_CHECKING:
    from datetime import datetime

    from assaymark.cli.bars import Bars
    from assaymark.cli.logs import LineHandler

MAX_PASSWORD_BYTES: Final = 64 * 1024
_ANSWER_BYTES: Final = 1024


class Talk(NamedTuple):
    """How much is said on stderr, and how."""

    quiet: bool = False
    debug: bool = False
    progress: bool = True
    json_lines: bool = False


class Console:
    """The streams, the environment and the terminal of one run.

    Attributes:
        environ: the environment; commands read variables from nowhere else.
        redaction: values registered here appear in no output.
    """

    def __init__(
        self,
        *,
        stdin: BinaryIO,
        stdout: BinaryIO,
        stderr: TextIO,
        environ: Mapping[str, str],
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self.environ = environ
        self.redaction = Redaction(secrets_of_environment(environ))
        self.stdout: BinaryIO = cast("BinaryIO", Output(stdout, before=self.stop_progress if stdout.isatty() else None))
        self.stdin = stdin
        self._stderr = stderr
        self._monotonic = monotonic
        self._now = now or _utc_now
        self._talk = Talk()
        self._bars: Bars | None = None
        self._lines: LineHandler | None = None

    @classmethod
    def of_process(cls) -> Console:
        """The console of this process; of streams that the caller closed stdin is empty and stderr swallows all."""
        stdin = getattr(sys.stdin, "buffer", None) or io.BytesIO()
        stderr = sys.stderr or io.StringIO()
        if isinstance(stderr, io.TextIOWrapper):
            stderr.reconfigure(errors="backslashreplace")
        return cls(stdin=stdin, stdout=process_stdout(), stderr=stderr, environ=os.environ)

    def configure(
        self, *, quiet: bool = False, debug: bool = False, progress: bool = True, log_format: str = "text"
    ) -> None:
        """Obey the global flags, and receive log records from now on."""
        from assaymark.cli.logs import install

        self._talk = Talk(quiet=quiet, debug=debug, progress=progress, json_lines=log_format == "json")
        self._lines = None
        install(self._handler(), quiet=quiet, debug=debug)

    # what the terminal can do

    @property
    def is_terminal(self) -> bool:
        """Whether stdout is looked at by a person."""
        return self.stdout.isatty()

    @property
    def width(self) -> int:
        """Columns of the terminal; 0 when stdout is none."""
        if not self.is_terminal:
            return 0
        columns = self.environ.get("COLUMNS", "")
        if columns.isascii() and columns.isdigit() and len(columns) < 5 and int(columns) > 0:
            return int(columns)
        try:
            return os.get_terminal_size(self.stdout.fileno()).columns or 80
        except (OSError, ValueError):
            return 80

    @property
    def colour(self) -> bool:
        """Whether escape sequences are welcome on stdout."""
        return self._colour(terminal=self.is_terminal)

    @property
    def links(self) -> bool:
        """Whether stdout is a terminal that follows links behind a text."""
        if not (self.is_terminal and self.colour):
            return False
        from assaymark.cli.terminals import follows_links

        return follows_links(self.environ)

    @property
    def can_ask(self) -> bool:
        """Whether somebody sits at stdin."""
        return self.stdin.isatty()

    @property
    def talks_to_terminal(self) -> bool:
        """Whether stderr is looked at by a person."""
        return self._stderr.isatty()

    @property
    def stderr_colour(self) -> bool:
        """Whether escape sequences are welcome on stderr."""
        return self._colour(terminal=self._stderr_is_terminal())

    # output

    def out(self, text: str = "", *, painted: bool = False) -> None:
        """Lines for people on stdout; `painted` keeps the colours of `report.wording.Paint`, and no other control."""
        lines = self._clean(text, painted=painted)
        self.stdout.write("".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))
        if self.is_terminal:
            self.stdout.flush()

    def out_bytes(self, data: bytes) -> None:
        """A document on stdout, exactly these bytes."""
        self.stdout.write(data)

    def err(self, text: str, *, painted: bool = False) -> None:
        """Lines for people on stderr that `--quiet` does not silence: answers and what a command exists to say.

        A line feed begins a line, here as in `out` and `note`: untrusted parts go through `report.plain.shown` first.
        """
        self._say("info", text, painted=painted)

    def disclose(self, text: str) -> None:
        """Lines on stderr that are about to be published: nothing is taken out of them, because all of it goes out."""
        from assaymark.report.plain import shown

        if self._talk.json_lines:
            self._write_line(self._handler().json_line("info", text, exact=True))
            return
        for line in text.split("\n"):
            self._write_line(shown(line))

    def note(self, text: str, *, painted: bool = False) -> None:
        """Lines on stderr that `--quiet` silences."""
        if not self._talk.quiet:
            self._say("info", text, painted=painted)

    def warn(self, text: str, *, hint: str = "") -> None:
        """What the user should know, and what can be done about it; silenced by `--quiet`."""
        if not self._talk.quiet:
            self._say("warning", _one_line(text), hint=hint, prefix="warning: ")

    def error(self, error: BaseException) -> None:
        """A failure: its message and its hint, one line each; with `--debug` how it came about."""
        self._settle()
        message = str(error) or type(error).__name__
        hint, reason = (error.hint, error.reason) if isinstance(error, Error) else ("", "")
        prefix = f"error [{reason}]: " if reason else "error: "
        self._say("error", _one_line(message), hint=hint, prefix=prefix, reason=reason)
        if self._talk.debug:
            import textwrap
            import traceback

            self._say("debug", textwrap.indent("".join(traceback.format_exception(error)).rstrip("\n"), "  "))

    def flush(self) -> None:
        """Everything written is handed to the system; raises `LocalError` where it cannot be (a full disk)."""
        self.stop_progress()
        self.stdout.flush()
        self._flush_stderr()

    # progress

    @property
    def progress(self) -> Progress:
        """Bars on a terminal; silence elsewhere, and with `--quiet` or `--no-progress`."""
        talk = self._talk
        if talk.quiet or talk.json_lines or not talk.progress or not self._stderr_is_terminal():
            return NoProgress()
        if self._bars is None:
            from assaymark.cli.bars import Bars

            self._bars = Bars(self._stderr, monotonic=self._monotonic, colour=self.stderr_colour)
        return self._bars

    @contextmanager
    def at_work(self, label: str) -> Iterator[None]:
        """While a command runs: it is told when it takes long and has nothing else to tell."""
        progress = self.progress
        task = progress.stand_behind(label) if progress is self._bars and self._bars is not None else None
        try:
            yield
        finally:
            if task is not None:
                task.close()

    def stop_progress(self) -> None:
        """Take the bars off the terminal, whatever still runs."""
        if self._bars is not None:
            self._bars.stop()

    # questions

    def ask(self, prompt: str) -> str:
        """A line of text; empty at the end of input."""
        with self._aside():
            self._prompt(prompt)
            return self._line(_ANSWER_BYTES) or ""

    def ask_password(self, prompt: str, *, otherwise: str = "set COSIGN_PASSWORD") -> str:
        """A password, typed without echo, or the first line of stdin when that is no terminal.

        Bytes that are no UTF-8 come as surrogate escapes, so `.encode("utf-8", "surrogateescape")` gives them back. The
        answer is registered with `redaction`. `otherwise` says what to do where nobody can be asked.

        Raises:
            UsageError: stdin is at its end.
        """
        with self._aside():
            password = self._typed(prompt) if self.stdin.isatty() else self._line(MAX_PASSWORD_BYTES)
        if password is None:
            raise UsageError("a password is needed and there is nobody to ask", hint=otherwise)
        self.redaction.add(password)
        return password

    def confirm(self, text: str) -> bool:
        """Whether the user types `y` or `yes`; the end of input means no."""
        with self._aside():
            self._prompt(f"{text} [y/N] ")
            answer = self._line(_ANSWER_BYTES)
            if answer is None and not self._talk.json_lines:
                self._write("\n")
        return answer is not None and answer.strip().lower() in {"y", "yes"}

    # inside

    def _say(
        self, level: str, text: str, *, prefix: str = "", hint: str = "", reason: str = "", painted: bool = False
    ) -> None:
        if self._talk.json_lines:
            if painted:
                from assaymark.report.wording import PAINTED

                text = PAINTED.sub("", text)
            self._write_line(self._handler().json_line(level, text, hint=hint, reason=reason))
            return
        for line in self._clean(prefix + text, painted=painted):
            self._write_line(line)
        if hint:
            self._write_line(" ".join(self._clean("hint: " + hint)))

    def _prompt(self, text: str) -> None:
        """A question: on the line of its answer, or an object of its own."""
        if self._talk.json_lines:
            self._say("info", text.rstrip())
        else:
            self._write(" ".join(self._clean(text)))

    def _settle(self) -> None:
        """What was written comes before the complaint; that it could not be written is not the news."""
        try:
            self.stdout.flush()
        except LocalError:
            return

    def _clean(self, text: str, *, painted: bool = False) -> list[str]:
        from assaymark.report.plain import shown

        lines = self.redaction.clean(text).split("\n")
        if not painted:
            return [shown(line) for line in lines]
        from assaymark.report.wording import PAINTED

        # `split` keeps the sequences at the odd places
        parts = (enumerate(PAINTED.split(line)) for line in lines)
        return ["".join(part if place % 2 else shown(part) for place, part in line) for line in parts]

    def _handler(self) -> LineHandler:
        if self._lines is None:
            from assaymark.cli.logs import LineHandler

            self._lines = LineHandler(
                self._write_line, redaction=self.redaction, as_json=self._talk.json_lines, now=self._now
            )
        return self._lines

    def _aside(self) -> AbstractContextManager[None]:
        return self._bars.step_aside() if self._bars is not None else nullcontext()

    def _write_line(self, line: str) -> None:
        with self._aside():
            self._write(line + "\n")

    def _write(self, text: str) -> None:
        # stderr that is closed or full must not turn one failure into another
        try:
            self._stderr.write(text)
        except UnicodeEncodeError:
            self._stderr.write(text.encode("ascii", "backslashreplace").decode("ascii"))
        except (OSError, ValueError):
            forget(self._stderr)
        self._flush_stderr()

    def _flush_stderr(self) -> None:
        try:
            self._stderr.flush()
        except (OSError, ValueError):
            forget(self._stderr)

    def _stderr_is_terminal(self) -> bool:
        return self._stderr.isatty() and self.environ.get("TERM", "") != "dumb"

    def _colour(self, *, terminal: bool) -> bool:
        if self.environ.get("NO_COLOR"):
            return False
        if self.environ.get("CLICOLOR_FORCE", "0") not in {"", "0"}:
            return True
        return terminal and self.environ.get("TERM", "") != "dumb"

    def _typed(self, prompt: str) -> str | None:
        import getpass

        if self._talk.json_lines:
            self._prompt(prompt)
            prompt = ""
        try:
            return getpass.getpass(" ".join(self._clean(prompt)), stream=self._stderr)
        except EOFError:
            return None

    def _line(self, limit: int) -> str | None:
        data = self.stdin.readline(limit + 1)
        if len(data) > limit:
            raise UsageError(f"the line on stdin is longer than {limit} bytes")
        return data.decode("utf-8", "surrogateescape").removesuffix("\n").removesuffix("\r") if data else None


def _one_line(text: str) -> str:
    """A message must not forge the line behind it."""
    return " ".join(text.split("\n"))


def _utc_now() -> datetime:
    from datetime import UTC, datetime

    return datetime.now(UTC)
