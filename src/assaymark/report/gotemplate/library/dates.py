"""Dates (sprig, "Date functions").

`now` is when the report was made, so that the same report gives the same document.
"""

from __future__ import annotations

import re
from typing import Any, Final

from assaymark.report.gotemplate.parsing_times import parse_time
from assaymark.report.gotemplate.run import Run
from assaymark.report.gotemplate.times import (
    SECOND,
    ZERO_TIME,
    GoTime,
    at_unix,
    duration_text,
    formatted,
    in_zone,
    parse_duration,
)
from assaymark.report.gotemplate.values import Function, Int64, Nil

_DATE: Final = "2006-01-02"
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}\Z")
_ROUNDED: Final = (
    ("y", 365 * 24 * 3600),
    ("mo", 30 * 24 * 3600),
    ("d", 24 * 3600),
    ("h", 3600),
    ("m", 60),
    ("s", 1),
)


def _moment(run: Run, date: Any) -> GoTime:
    """A time, or seconds since 1970; anything else is now."""
    if isinstance(date, GoTime):
        return date
    if isinstance(date, Nil):
        raise TypeError("invalid memory address or nil pointer dereference")
    if isinstance(date, int) and not isinstance(date, bool):
        return at_unix(date)
    return run.now


def _in_zone(run: Run, layout: str, date: Any, zone: str) -> str:
    return formatted(in_zone(_moment(run, date), zone), layout)


def _ago(run: Run, date: Any) -> str:
    then = run.now if isinstance(date, Nil) else _moment(run, date)
    elapsed = (run.now.unix - then.unix) * SECOND + run.now.nanoseconds - then.nanoseconds
    return duration_text((elapsed + SECOND // 2) // SECOND * SECOND)


def _modified(change: str, date: GoTime) -> GoTime:
    try:
        nanoseconds = parse_duration(change)
    except ValueError:
        return date
    return date.moved(nanoseconds)


def _must_be_modified(change: str, date: GoTime) -> GoTime:
    return date.moved(parse_duration(change))


def _duration(seconds: Any) -> str:
    """Of text and int64 only, as sprig has it."""
    if isinstance(seconds, str) and _WHOLE.match(seconds):
        return duration_text(Int64.wrapped(int(seconds) * SECOND))
    return duration_text(Int64.wrapped(seconds * SECOND) if isinstance(seconds, Int64) else 0)


def _rounded(run: Run, duration: Any) -> str:
    """The largest unit of which there is more than one whole."""
    nanoseconds = 0
    if isinstance(duration, str):
        try:
            nanoseconds = parse_duration(duration)
        except ValueError:
            nanoseconds = 0
    elif isinstance(duration, Int64):
        nanoseconds = int(duration)
    elif isinstance(duration, GoTime):
        nanoseconds = (run.now.unix - duration.unix) * SECOND + run.now.nanoseconds - duration.nanoseconds
    for unit, seconds in _ROUNDED:
        if abs(nanoseconds) > seconds * SECOND:
            return f"{abs(nanoseconds) // (seconds * SECOND)}{unit}"
    return "0s"


def _read(layout: str, text: str) -> GoTime:
    try:
        return parse_time(layout, text)
    except ValueError:
        return ZERO_TIME


DATES: Final[dict[str, Function]] = {
    "ago": Function("a", _ago, needs_run=True),
    "date": Function("sa", lambda run, layout, date: _in_zone(run, layout, date, "Local"), needs_run=True),
    "dateInZone": Function("sas", _in_zone, needs_run=True),
    "dateModify": Function("st", _modified),
    "date_in_zone": Function("sas", _in_zone, needs_run=True),
    "date_modify": Function("st", _modified),
    "duration": Function("a", _duration),
    "durationRound": Function("a", _rounded, needs_run=True),
    "htmlDate": Function("a", lambda run, date: _in_zone(run, _DATE, date, "Local"), needs_run=True),
    "htmlDateInZone": Function("as", lambda run, date, zone: _in_zone(run, _DATE, date, zone), needs_run=True),
    "mustDateModify": Function("st", _must_be_modified),
    "mustToDate": Function("ss", parse_time),
    "must_date_modify": Function("st", _must_be_modified),
    "now": Function("", lambda run: run.now, needs_run=True),
    "toDate": Function("ss", _read),
    "unixEpoch": Function("t", lambda date: str(date.unix)),
}
