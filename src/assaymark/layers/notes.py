"""Issues of one layer or directory: the first of each kind by name, the rest as a number.

A hostile layer can have a million entries that are ignored; the report stays readable, and memory bounded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from assaymark.limits import Limits
from assaymark.model.issue import Issue, IssueCode
from assaymark.safeio.text import printable


class Notes:
    """Reports what was not looked at, once for each reason and path up to a bound."""

    def __init__(self, on_issue: Callable[[Issue], None], *, limits: Limits, layer: str = "") -> None:
        self._on_issue = on_issue
        self._most = limits.layer_notes
        self._layer = layer
        self._counts: Counter[tuple[IssueCode, str, bool]] = Counter()

    def add(
        self, message: str, path: str, *, code: IssueCode = IssueCode.ENTRY_IGNORED, blocking: bool = False
    ) -> None:
        """Say that the entry at `path` was ignored (`blocking`: and that the scan is incomplete without it)."""
        kind = (code, message, blocking)
        self._counts[kind] += 1
        if self._counts[kind] <= self._most:
            self._report(code, message, blocking, path=printable(path[:1_000]))

    def finish(self) -> None:
        """Report how many more there were."""
        for (code, message, blocking), count in self._counts.items():
            if count > self._most:
                self._report(code, f"{message} ({count - self._most} more)", blocking)

    def _report(self, code: IssueCode, message: str, blocking: bool, *, path: str = "") -> None:  # noqa: FBT001  # private
        self._on_issue(Issue(code=code, message=message, path=path, layer=self._layer, blocking=blocking))
