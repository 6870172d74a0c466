"""Text read as a moment by one of Go's layouts (time.Parse), as far as a layout states dates, times and offsets."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from datetime import timezone as fixed_zone
from typing import Final

from assaymark.report.gotemplate.times import DAYS, LAYOUT, MONTHS, GoTime

_NUMBERS: Final = {
    "2006": ("year", r"[0-9]{4}"), "06": ("short_year", r"[0-9]{2}"), "01": ("month", r"[0-9]{2}"),
    "1": ("month", r"[0-9]{1,2}"), "02": ("day", r"[0-9]{2}"), "2": ("day", r"[0-9]{1,2}"),
    "_2": ("day", r" ?[0-9]{1,2}"), "15": ("hour", r"[0-9]{2}"), "03": ("half", r"[0-9]{2}"),
    "3": ("half", r"[0-9]{1,2}"), "04": ("minute", r"[0-9]{2}"), "4": ("minute", r"[0-9]{1,2}"),
    "05": ("second", r"[0-9]{2}"), "5": ("second", r"[0-9]{1,2}"),
}  # fmt: skip
_WORDS: Final = {
    "January": ("month_name", "|".join(MONTHS)),
    "Jan": ("month_name", "|".join(name[:3] for name in MONTHS)),
    "Monday": ("weekday", "|".join(DAYS)),
    "Mon": ("weekday", "|".join(name[:3] for name in DAYS)),
    "PM": ("noon", "AM|PM"),
    "pm": ("noon", "am|pm"),
    "MST": ("zone", "UTC|GMT"),
}
_OFFSET: Final = r"[+-][0-9]{2}(?::?[0-9]{2})?"


def parse_time(layout: str, text: str) -> GoTime:
    """The moment that `text` spells; in UTC where it states no zone.

    Raises:
        ValueError: the text does not have that layout, or there is no such moment.
    """
    parts, place = [], 0
    for word in LAYOUT.finditer(layout):
        parts += [re.escape(layout[place : word.start()]), _pattern(word[0])]
        place = word.end()
    try:
        match = re.compile("".join(parts) + re.escape(layout[place:]) + r"\Z").match(text)
    except re.error as exc:
        raise ValueError(f"the layout `{layout}` states something twice") from exc
    if match is None:
        raise ValueError(f"cannot parse `{text}` as `{layout}`")
    return _moment({key: value for key, value in match.groupdict().items() if value})


def _pattern(word: str) -> str:
    if word in _NUMBERS or word in _WORDS:
        name, pattern = _NUMBERS.get(word) or _WORDS[word]
        # behind the seconds a fraction is taken whether or not the layout has one
        return f"(?P<{name}>{pattern})" + (r"(?:[.,](?P<fraction>[0-9]{1,9}))?" if name == "second" else "")
    if word[0] in ".,":
        return ""
    if word[0] in "Z-":
        return f"(?P<offset>{_OFFSET}{'|Z' if word[0] == 'Z' else ''})"
    raise ValueError(f"`{word}` in a layout is not supported")


def _moment(found: dict[str, str]) -> GoTime:
    year = int(found.get("year", 0))
    if "short_year" in found:
        year = int(found["short_year"]) + (1900 if int(found["short_year"]) >= 69 else 2000)
    month = int(found.get("month", 1))
    if "month_name" in found:
        month = next(place for place, name in enumerate(MONTHS, 1) if name[:3] == found["month_name"][:3])
    hour = int(found.get("hour", found.get("half", 0)))
    if "noon" in found:
        hour = hour % 12 + 12 * (found["noon"].upper() == "PM")
    zone, name = _zone(found.get("offset", "Z"))
    moment = datetime(
        max(year, 1), month, int(found.get("day", 1)), hour, int(found.get("minute", 0)), int(found.get("second", 0)),
        tzinfo=zone,
    )  # fmt: skip
    return GoTime(moment, int(f"{found.get('fraction', '0'):0<9}"), name)


def _zone(offset: str) -> tuple[fixed_zone, str]:
    if offset == "Z":
        return UTC, "UTC"
    digits = offset[1:].replace(":", "")
    delta = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return fixed_zone(-delta if offset[0] == "-" else delta), ""
