"""What a scan did not look at although it should have: every format that has a place for it tells it.

These are the reasons for which a scan counts as incomplete (`Coverage.complete`): blocking issues, and files of known
kinds that are not read. A document without findings says little where there are any.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from assaymark.model.issue import Coverage, IssueCode
from assaymark.report.inert import line
from assaymark.report.wording import amount


class Shortfall(msgspec.Struct, frozen=True, kw_only=True):
    """One of them, made inert; `path` is empty where it is about the whole."""

    code: str
    message: str
    path: str = ""

    @property
    def text(self) -> str:
        """Both in one line."""
        return f"{self.path}: {self.message}" if self.path else self.message


def shortfalls(coverage: Coverage | None) -> Iterator[Shortfall]:
    """All of them, in the report's order."""
    if coverage is None:
        return
    for issue in coverage.issues:
        if issue.blocking:
            yield Shortfall(code=issue.code.value, message=line(issue.message), path=line(issue.path))
    for kind in coverage.not_analysed:
        message = f"{amount(kind.count, 'file')} of the kind {line(kind.kind)} not read by this version"
        yield Shortfall(code=IssueCode.NOT_ANALYSED.value, message=message, path=line("".join(kind.examples[:1])))
