"""Words, colours and orders that every rendering for people shares.

Severities are always spelled out; colour only repeats them. Ages count whole days.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC
from typing import Final

from assaymark.model.moment import parse_time
from assaymark.report.inert import web_address

SEVERITIES: Final = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "UNKNOWN")
"""Worst first."""

_COLOURS: Final = {"CRITICAL": "1;31", "HIGH": "31", "MEDIUM": "33", "LOW": "34", "UNKNOWN": "36"}
_STYLES: Final = {"bold": "1", "dim": "2", "good": "32", "bad": "1;31", "warn": "33"}

PAINTED: Final = re.compile("(\x1b\\[(?:0|" + "|".join({**_COLOURS, **_STYLES}.values()) + ")m)")
"""The sequences that `Paint` writes, and no others."""

_TARGET_TYPES: Final = {
    "container_image": "container image",
    "filesystem": "file system",
    "repository": "repository",
    "cyclonedx": "CycloneDX SBOM",
    "spdx": "SPDX SBOM",
}


class Paint:
    """Colours and links, where they are welcome."""

    def __init__(self, *, colour: bool, links: bool = False) -> None:
        self._colour = colour
        self.links: Final = links

    def style(self, name: str, text: str) -> str:
        """`text` in a style: `bold`, `dim`, `good`, `bad`, `warn`."""
        return self._wrap(_STYLES[name], text)

    def severity(self, severity: str, text: str) -> str:
        """`text` in the severity's colour."""
        return self._wrap(_COLOURS.get(severity, _COLOURS["UNKNOWN"]), text)

    def link(self, text: str, address: str) -> str:
        """`text` that leads to a web address (OSC 8, "Hyperlinks in terminal emulators")."""
        safe = web_address(address) if self.links and text else ""
        return f"\x1b]8;;{safe}\x1b\\{text}\x1b]8;;\x1b\\" if safe else text

    def _wrap(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour and text else text


def rank(severity: str) -> int:
    """0 for the worst; words that are no severity count as unknown."""
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES) - 1


def count_severities(severities: Iterable[str]) -> dict[str, int]:
    """How many of each, worst first, zeros included."""
    counts = dict.fromkeys(SEVERITIES, 0)
    for severity in severities:
        counts[SEVERITIES[rank(severity)]] += 1
    return counts


def amount(count: int, singular: str, plural: str = "") -> str:
    """`1 package`, `2 packages`, `3 vulnerabilities`."""
    return f"{count} {singular if count == 1 else plural or singular + 's'}"


def kind_of(artifact_type: str) -> str:
    """An artifact's type as people say it."""
    return _TARGET_TYPES.get(artifact_type, artifact_type)


def days_between(earlier: str, later: str) -> int | None:
    """Whole days from one moment to the other; None where one is unknown."""
    first, last = parse_time(earlier), parse_time(later)
    return None if first is None or last is None else max((last - first).days, 0)


def day_and_time(text: str) -> str:
    """`2026-01-02 03:04:05 UTC`; the text itself where it is no time."""
    moment = parse_time(text)
    return text if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def utc_seconds(text: str) -> str:
    """`2026-01-02T03:04:05` in UTC, for formats whose times have no zone; the Unix epoch where it is no time."""
    moment = parse_time(text)
    return "1970-01-01T00:00:00" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def duration(started: str, finished: str) -> str:
    """`1.2 s`, or nothing where a moment is unknown."""
    first, last = parse_time(started), parse_time(finished)
    return "" if first is None or last is None else f"{(last - first).total_seconds():.1f} s"
