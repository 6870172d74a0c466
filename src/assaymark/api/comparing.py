"""`assaymark.diff`: what changed from one scan to another."""

from __future__ import annotations

import os
from collections.abc import Iterable
from io import BytesIO
from typing import Final, final

from assaymark.api.report import Report, scan_of
from assaymark.api.words import known_names
from assaymark.matching.filters import ALL_SEVERITIES
from assaymark.model.finding import Finding
from assaymark.report.diff import Difference as Compared
from assaymark.report.diff import Kind, compare
from assaymark.report.diff_formats import find_diff_format
from assaymark.report.format import Rendering


@final
class Difference:
    """Two scans and what changed between them."""

    __slots__ = ("_compared",)

    def __init__(self, compared: Compared) -> None:
        self._compared: Final = compared

    @property
    def new(self) -> tuple[Finding, ...]:
        """Vulnerabilities that were not there before."""
        return self._latest(Kind.NEW)

    @property
    def worse(self) -> tuple[Finding, ...]:
        """Those that are rated more severe than before, as they are now."""
        return self._latest(Kind.WORSE)

    @property
    def milder(self) -> tuple[Finding, ...]:
        """Those that are rated less severe than before, as they are now."""
        return self._latest(Kind.MILDER)

    @property
    def fixed(self) -> tuple[Finding, ...]:
        """Those that are gone with the package that had them, as they were."""
        return self._latest(Kind.FIXED)

    @property
    def suppressed(self) -> tuple[Finding, ...]:
        """Those that a filter takes out now."""
        return self._latest(Kind.SUPPRESSED)

    @property
    def not_listed(self) -> tuple[Finding, ...]:
        """Those that are gone although their package is the same: another database or another filter did it."""
        return self._latest(Kind.NOT_LISTED)

    @property
    def unchanged(self) -> tuple[Finding, ...]:
        """Those that are as they were."""
        return self._latest(Kind.UNCHANGED)

    @property
    def doubts(self) -> tuple[str, ...]:
        """What makes the comparison worth less, a line each."""
        return self._compared.doubts

    def to_bytes(self, format: str = "json") -> bytes:  # noqa: A002 - the name of the flag
        """The comparison as a document: `json`, `markdown`, `html` or `table`.

        Raises:
            UsageError: there is no such format.
        """
        stream = BytesIO()
        find_diff_format(format)(self._compared, Rendering(), stream)
        return stream.getvalue()

    def _latest(self, kind: Kind) -> tuple[Finding, ...]:
        return tuple(change.latest.finding for change in self._compared.of_kind(kind))


def diff(
    old: Report | bytes | str | os.PathLike[str],
    new: Report | bytes | str | os.PathLike[str],
    *,
    severities: Iterable[str] = ALL_SEVERITIES,
) -> Difference:
    """Compare two scans.

    Args:
        old: the earlier scan, or the agreed one: a report, a stored report's bytes, or the path of its file.
        new: the scan that is judged.
        severities: names of those that count, on either side.

    Raises:
        ArtifactError: one is no report that is known.
        LocalError: a file cannot be read.
    """
    wanted = frozenset(known_names(severities, ALL_SEVERITIES, "severity"))
    before, after = (each if isinstance(each, Report) else Report.read(each) for each in (old, new))
    compared = compare(scan_of(before), scan_of(after), severities=None if wanted == ALL_SEVERITIES else wanted)
    return Difference(compared)
