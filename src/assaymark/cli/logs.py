"""Log records on stderr: one line each, without credentials and control characters, as text or as JSON.

Without `--debug` only warnings of this program are shown; with it everything, libraries included. `--quiet` leaves
errors. `--log-format json` writes one object a line with the keys `time` (RFC 3339, UTC), `level`, `logger`, `message`,
and `exception` and `hint` where there is one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from assaymark.report.plain import shown
from assaymark.safeio.redaction import Redaction

LINE = Callable[[str], None]


class LineHandler(logging.Handler):
    """Formats a record into lines and gives them to the console, which knows whether a progress bar is in the way.

    Attributes:
        as_json: whether each line is an object.
    """

    def __init__(self, write: LINE, *, redaction: Redaction, as_json: bool, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._write = write
        self._redaction = redaction
        self.as_json = as_json
        self._now = now

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        try:
            message = record.getMessage()
        except (TypeError, ValueError):  # a library's wrong format string must not end a scan
            message = str(record.msg)
        exception = self._exception(record)
        if self.as_json:
            self._write(self.json_line(record.levelname.lower(), message, logger=record.name, exception=exception))
            return
        self._write(self.text_line(f"{record.levelname.lower()}: {message} [{record.name}]"))
        for line in exception.splitlines():
            self._write(self.text_line(f"  {line}"))

    def text_line(self, text: str) -> str:
        """One line for people."""
        return shown(self._redaction.clean(text))

    def json_line(
        self, level: str, message: str, *, logger: str = "assaymark", exact: bool = False, **more: str
    ) -> str:
        """One line for programs; `ensure_ascii` keeps control and bidirectional characters escaped.

        `exact` is for what is about to be published: nothing is taken out.
        """
        import json

        time = self._now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        fields = {"time": time, "level": level, "logger": logger, "message": message}
        fields.update({key: value for key, value in more.items() if value})
        return json.dumps(fields if exact else {key: self._redaction.clean(value) for key, value in fields.items()})

    def _exception(self, record: logging.LogRecord) -> str:
        if not record.exc_info:
            return ""
        return logging.Formatter().formatException(record.exc_info)


def install(handler: LineHandler, *, quiet: bool, debug: bool) -> None:
    """Make `handler` the only receiver of log records, at the level that the flags ask for.

    Warnings of Python's own (`warnings.warn` in a library) become records where every line must be an object.
    """
    logging.captureWarnings(handler.as_json)
    root = logging.getLogger()
    for old in [each for each in root.handlers if isinstance(each, LineHandler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    ours = logging.getLogger("assaymark")
    if debug:
        root.setLevel(logging.DEBUG)
        ours.setLevel(logging.DEBUG)
    else:
        root.setLevel(logging.ERROR)
        ours.setLevel(logging.ERROR if quiet else logging.WARNING)
