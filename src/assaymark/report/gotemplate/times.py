"""Moments and durations as Go prints and reads them (package time).

A layout is the reference time `Mon Jan 2 15:04:05 2006 -0700` in the wanted form. Moments have nanoseconds and a zone;
a zone that this machine does not know is UTC, and the local zone is UTC, too, so that a report does not depend on where
it was written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from datetime import timezone as fixed_zone
from functools import lru_cache
from typing import Any, ClassVar, Final

import msgspec

from assaymark.report.gotemplate.values import Enum, Function, Int64

SECOND: Final = 1_000_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
LAYOUT: Final = re.compile(
    r"January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|__2|_2(?!006)|2006|002|0[1-6]|15|PM|pm"
    r"|Z070000|Z07:00:00|Z0700|Z07:00|Z07|-070000|-07:00:00|-0700|-07:00|-07|[.,](?:0+|9+)(?![0-9])|[1-5]"
)
MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_RFC3339 = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9})\d*)?([Zz]|[+-]\d\d:\d\d)\Z")
_UNITS: Final = {
    "ns": 1, "us": 1_000, "µs": 1_000, "μs": 1_000, "ms": 1_000_000, "s": SECOND, "m": 60 * SECOND, "h": 3600 * SECOND,
}  # fmt: skip
_DURATION_PART = re.compile(r"([0-9]*)(?:\.([0-9]*))?(ns|us|µs|μs|ms|s|m|h)")


class Month(Enum):
    """time.Month."""

    __slots__ = ()
    go_type: ClassVar[str] = "time.Month"
    names: ClassVar[tuple[str, ...]] = ("%!Month(0)", *MONTHS)


class Weekday(Enum):
    """time.Weekday."""

    __slots__ = ()
    go_type: ClassVar[str] = "time.Weekday"
    names: ClassVar[tuple[str, ...]] = ("Sunday", *DAYS[:-1])


class Duration(Int64):
    """time.Duration, in nanoseconds."""

    __slots__ = ()
    go_type: ClassVar[str] = "time.Duration"

    @property
    def methods(self) -> Mapping[str, Function]:
        """What templates may call."""
        return {
            "String": _method(duration_text),
            "Hours": _method(lambda each: each / (3600 * SECOND)),
            "Minutes": _method(lambda each: each / (60 * SECOND)),
            "Seconds": _method(lambda each: each / SECOND),
        }


class GoTime(msgspec.Struct, frozen=True):
    """A moment.

    Attributes:
        moment: to the second, in its zone.
        nanoseconds: of the second.
        zone: the zone's name; empty where only its offset is known.
        pointer: whether Go has a pointer to it.
    """

    moment: datetime
    nanoseconds: int = 0
    zone: str = "UTC"
    pointer: bool = False

    @property
    def go_type(self) -> str:
        """`time.Time`, or a pointer to it."""
        return "*time.Time" if self.pointer else "time.Time"

    @property
    def go_kind(self) -> str:
        """What it is to reflection."""
        return "ptr" if self.pointer else "struct"

    @property
    def unix(self) -> int:
        """Seconds since 1970."""
        return int((self.moment - _EPOCH) // timedelta(seconds=1))

    @property
    def methods(self) -> Mapping[str, Function]:
        """What templates may call."""
        return _METHODS

    def moved(self, nanoseconds: int) -> GoTime:
        """The moment that much later.

        Raises:
            ValueError: beyond the years that there are.
        """
        seconds, rest = divmod(self.nanoseconds + nanoseconds, SECOND)
        try:
            return GoTime(self.moment + timedelta(seconds=seconds), rest, self.zone)
        except OverflowError as exc:
            raise ValueError("the time is outside of the years 1 to 9999") from exc


ZERO_TIME: Final = GoTime(datetime(1, 1, 1, tzinfo=UTC))


def parse_rfc3339(text: str) -> GoTime:
    """The moment that a report states; the zero time where it states none."""
    match = _RFC3339.match(text)
    if match is None:
        return ZERO_TIME
    zone = UTC if match[8] in "Zz" else _fixed(match[8])
    year, month, day, hour, minute, second = (int(match[group]) for group in range(1, 7))
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError:
        return ZERO_TIME
    return GoTime(moment, int(f"{match[7] or '0':0<9}"), "UTC" if match[8] in "Zz" else "")


def at_unix(seconds: int) -> GoTime:
    """The moment `seconds` after 1970.

    Raises:
        ValueError: beyond the years that there are.
    """
    return GoTime(_EPOCH).moved(seconds * SECOND)


def in_zone(time: GoTime, zone: str) -> GoTime:
    """The same moment in a zone of the IANA database; in UTC where that is not known."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    if zone in ("", "UTC", "Local"):
        return GoTime(time.moment.astimezone(UTC), time.nanoseconds)
    try:
        moment = time.moment.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return GoTime(time.moment.astimezone(UTC), time.nanoseconds)
    return GoTime(moment, time.nanoseconds, moment.tzname() or "")


@lru_cache(maxsize=1024)
def formatted(time: GoTime, layout: str) -> str:
    """Time.Format."""
    return LAYOUT.sub(lambda match: _piece(time, match[0]), layout)


def time_text(time: GoTime) -> str:
    """Time.String, without the reading of the monotonic clock that only a running Go program has."""
    return formatted(time, "2006-01-02 15:04:05.999999999 -0700 MST")


def duration_text(nanoseconds: int) -> str:
    """Duration.String: `1h0m5s`, `1.5s`, `0s`."""
    sign, left = ("-", -nanoseconds) if nanoseconds < 0 else ("", nanoseconds)
    if left == 0:
        return "0s"
    if left < SECOND:
        unit, size = next(pair for pair in (("ms", 1_000_000), ("µs", 1_000), ("ns", 1)) if left >= pair[1])
        return f"{sign}{_fraction(left, size)}{unit}"
    minutes, rest = divmod(left, 60 * SECOND)
    hours, minutes = divmod(minutes, 60)
    text = f"{_fraction(rest, SECOND)}s"
    if hours:
        return f"{sign}{hours}h{minutes}m{text}"
    return f"{sign}{minutes}m{text}" if minutes else f"{sign}{text}"


def parse_duration(text: str) -> int:
    """Nanoseconds of Go's spelling, such as `-1.5h` or `2h45m`.

    Raises:
        ValueError: it is no duration.
    """
    sign, rest = (-1, text[1:]) if text[:1] == "-" else (1, text.removeprefix("+"))
    if rest == "0":
        return 0
    total, place = 0, 0
    for part in _DURATION_PART.finditer(rest):
        if part.start() != place or not (part[1] or part[2]):
            break
        unit = _UNITS[part[3]]
        fraction = part[2] or ""
        total += int(part[1] or 0) * unit + int(fraction or 0) * unit // 10 ** len(fraction)
        place = part.end()
    if not rest or place != len(rest):
        raise ValueError(f"invalid duration `{text}`")
    return sign * total


def _piece(time: GoTime, word: str) -> str:
    moment = time.moment
    numbers = {
        "2006": f"{moment.year:04}", "01": f"{moment.month:02}", "1": f"{moment.month}", "02": f"{moment.day:02}",
        "_2": f"{moment.day:2}", "2": f"{moment.day}", "15": f"{moment.hour:02}", "03": f"{moment.hour % 12 or 12:02}",
        "3": f"{moment.hour % 12 or 12}", "04": f"{moment.minute:02}", "4": f"{moment.minute}",
        "05": f"{moment.second:02}", "5": f"{moment.second}", "06": f"{moment.year % 100:02}",
        "PM": "PM" if moment.hour >= 12 else "AM", "pm": "pm" if moment.hour >= 12 else "am",
        "January": MONTHS[moment.month - 1], "Jan": MONTHS[moment.month - 1][:3],
        "Monday": DAYS[moment.weekday()], "Mon": DAYS[moment.weekday()][:3],
        "002": f"{moment.timetuple().tm_yday:03}", "__2": f"{moment.timetuple().tm_yday:3}",
    }  # fmt: skip
    if word in numbers:
        return numbers[word]
    if word[0] in ".,":
        digits = f"{time.nanoseconds:09}"[: len(word) - 1]
        if word[1] == "0":
            return word[0] + digits.ljust(len(word) - 1, "0")
        return word[0] + digits.rstrip("0") if digits.rstrip("0") else ""
    return _zone(time, word)


def _zone(time: GoTime, word: str) -> str:
    offset = int((time.moment.utcoffset() or timedelta()).total_seconds())
    if word[0] == "Z" and offset == 0:
        return "Z"
    if word == "MST" and time.zone:
        return time.zone
    sign, left = ("-", -offset) if offset < 0 else ("+", offset)
    hours, minutes, seconds = left // 3600, left // 60 % 60, left % 60
    if word == "MST":
        return f"{sign}{hours:02}{f'{minutes:02}' if minutes else ''}"
    colon = ":" if ":" in word else ""
    form = word[1:].replace(":", "")
    text = f"{sign}{hours:02}"
    if len(form) >= 4:
        text += f"{colon}{minutes:02}"
    return text + f"{colon}{seconds:02}" if len(form) == 6 else text


def _fixed(offset: str) -> fixed_zone:
    delta = timedelta(hours=int(offset[1:3]), minutes=int(offset[4:6]))
    return fixed_zone(-delta if offset[0] == "-" else delta)


def _fraction(amount: int, unit: int) -> str:
    whole, rest = divmod(amount, unit)
    if not rest:
        return str(whole)
    width = len(str(unit)) - 1
    return f"{whole}.{rest:0{width}}".rstrip("0")


def _difference(time: GoTime, other: GoTime) -> Duration:
    return Duration((time.unix - other.unix) * SECOND + time.nanoseconds - other.nanoseconds)


def _order(time: GoTime) -> tuple[int, int]:
    return time.unix, time.nanoseconds


def _date_moved(time: GoTime, years: int, months: int, days: int) -> GoTime:
    count = time.moment.year * 12 + time.moment.month - 1 + years * 12 + months
    try:
        first = time.moment.replace(year=count // 12, month=count % 12 + 1, day=1)
        return GoTime(first + timedelta(days=time.moment.day - 1 + days), time.nanoseconds, time.zone)
    except OverflowError as exc:
        raise ValueError("the time is outside of the years 1 to 9999") from exc


def _method(call: Callable[..., Any], parameters: str = "") -> Function:
    return Function(parameters, call)


_METHODS: Final[Mapping[str, Function]] = {
    "Add": _method(lambda time, duration: time.moved(duration), "i"),
    "AddDate": _method(_date_moved, "iii"),
    "After": _method(lambda time, other: _order(time) > _order(other), "t"),
    "Before": _method(lambda time, other: _order(time) < _order(other), "t"),
    "Day": _method(lambda time: time.moment.day),
    "Equal": _method(lambda time, other: _order(time) == _order(other), "t"),
    "Format": _method(formatted, "s"),
    "Hour": _method(lambda time: time.moment.hour),
    "IsZero": _method(lambda time: _order(time) == _order(ZERO_TIME)),
    "Local": _method(lambda time: in_zone(time, "UTC")),
    "Minute": _method(lambda time: time.moment.minute),
    "Month": _method(lambda time: Month(time.moment.month)),
    "Nanosecond": _method(lambda time: time.nanoseconds),
    "Second": _method(lambda time: time.moment.second),
    "String": _method(time_text),
    "Sub": _method(_difference, "t"),
    "UTC": _method(lambda time: in_zone(time, "UTC")),
    "Unix": _method(lambda time: Int64(time.unix)),
    "UnixMilli": _method(lambda time: Int64(time.unix * 1000 + time.nanoseconds // 1_000_000)),
    "UnixNano": _method(lambda time: Int64(time.unix * SECOND + time.nanoseconds)),
    "Weekday": _method(lambda time: Weekday(time.moment.isoweekday() % 7)),
    "Year": _method(lambda time: time.moment.year),
    "YearDay": _method(lambda time: time.moment.timetuple().tm_yday),
}
