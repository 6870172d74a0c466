"""What could not be compared: versions and constraints without an order, packages that no advisory can be found for.

The reference counts such a package as not vulnerable. So does the report, but it says so: what cannot be compared is an
issue, one of a kind for all of a target, with some examples.
"""

from __future__ import annotations

from collections.abc import Iterator

from assaymark.model.issue import Issue, IssueCode

_EXAMPLES = 5


class Doubts:
    """Collects what one target could not answer."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._versions: dict[str, None] = {}
        self._constraints: dict[str, None] = {}
        self._unmatched: dict[tuple[IssueCode, str], dict[str, None]] = {}

    def version(self, package: str, version: str) -> None:
        """A package that has advisories and whose version has no order."""
        self._versions[f"{package} {version}".strip()] = None

    def constraint(self, vulnerability_id: str, constraint: str) -> None:
        """An advisory whose versions have no order."""
        self._constraints[f"{vulnerability_id} {constraint}".strip()] = None

    def unmatched(self, package: str, reason: str, *, code: IssueCode) -> None:
        """A package whose advisories could not be looked up."""
        self._unmatched.setdefault((code, reason), {})[package] = None

    def issues(self) -> Iterator[Issue]:
        """At most one issue a kind, and a reason."""
        for (code, reason), packages in self._unmatched.items():
            message = f"{len(packages)} packages were not matched, because {reason}: {_some(packages)}"
            yield Issue(code=code, message=message, path=self._path)
        if self._versions:
            message = f"{len(self._versions)} packages have versions that cannot be ordered: {_some(self._versions)}"
            yield Issue(code=IssueCode.VERSION_UNPARSABLE, message=message, path=self._path)
        if self._constraints:
            message = (
                f"{len(self._constraints)} advisories state versions that cannot be ordered: {_some(self._constraints)}"
            )
            yield Issue(code=IssueCode.CONSTRAINT_UNPARSABLE, message=message, path=self._path, blocking=False)


def _some(names: dict[str, None]) -> str:
    shown = ", ".join(f"`{name[:120]}`" for name in list(names)[:_EXAMPLES])
    return f"{shown}, …" if len(names) > _EXAMPLES else shown
