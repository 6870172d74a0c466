"""Two scans compared: what is new, what is fixed, what stayed, and what is rated otherwise.

A finding of one scan is the same as one of the other where vulnerability, kind of target and package agree. A package
may be there several times (in several files, in several versions), so equal findings are paired one by one: first those
that agree in version and file, then those in the same file, then the rest. An upgraded package that is still vulnerable
is unchanged; a second copy of a vulnerable package is new.

What filters took out (`ExperimentalModifiedFindings`) is not fixed: it is `suppressed`, and a finding that is listed
again is new. Records tell of such findings, JSON reports where they were made with `--show-suppressed`.

Where both scans list packages, a change has a cause: a new vulnerability is `newly known` where its package was there
in the same version before. One that is gone without its package having changed is not fixed but `no longer listed`:
another database or another filter did it. `doubts` names what makes a comparison worth less.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from enum import Enum
from typing import Final

import msgspec

from assaymark.model.finding import Finding
from assaymark.model.moment import parse_time
from assaymark.model.report import Report, Result, Scan
from assaymark.report.wording import day_and_time, rank

_SYSTEM: Final = "os-pkgs"
_FILTERS: Final = frozenset(
    {"ignore-status", "ignore-unfixed", "include-dev-deps", "pkg-relationships", "pkg-types", "severity"}
)
"""Recorded flags that decide which findings a report has."""


class Kind(Enum):
    """What became of a finding."""

    NEW = "new"
    WORSE = "severity raised"
    MILDER = "severity lowered"
    SUPPRESSED = "suppressed"
    FIXED = "fixed"
    NOT_LISTED = "no longer listed"
    UNCHANGED = "unchanged"


_KINDS: Final = {kind: number for number, kind in enumerate(Kind)}


class Cause(Enum):
    """Why a finding is new or gone, as far as the lists of packages tell."""

    UNKNOWN = ""
    PACKAGE_ADDED = "package added"
    PACKAGE_CHANGED = "another version"
    PACKAGE_REMOVED = "package removed"
    NEWLY_KNOWN = "newly known"
    LISTED_AGAIN = "no longer suppressed"


class Occurrence(msgspec.Struct, frozen=True, kw_only=True):
    """One finding where it was found.

    Attributes:
        target: the result's target.
        suppressed: why a filter took it out; empty where none did.
    """

    target: str
    class_: str
    type: str
    finding: Finding
    suppressed: str = ""

    @property
    def kind(self) -> str:
        """What packages it is one of; a system that becomes its next release, or a derivative, is the same."""
        return self.class_ if self.class_ == _SYSTEM else self.type

    @property
    def file(self) -> str:
        """The file that brings the package in; empty for system packages, whose target is the image's name."""
        return "" if self.class_ == _SYSTEM else self.finding.pkg_path or self.target


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one finding; there is one side at least.

    Attributes:
        cause: why it is new or fixed.
        versions: of the package in the other scan, where only one scan has the finding.
    """

    kind: Kind
    before: Occurrence | None = None
    after: Occurrence | None = None
    cause: Cause = Cause.UNKNOWN
    versions: tuple[str, ...] = ()

    @property
    def latest(self) -> Occurrence:
        """The finding as it is now, or as it last was."""
        found = self.after or self.before
        assert found is not None
        return found


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Two scans and what changed between them, in order of kinds, severities and names."""

    before: Scan
    after: Scan
    changes: tuple[Change, ...]
    doubts: tuple[str, ...] = ()

    def of_kind(self, *kinds: Kind) -> list[Change]:
        """The changes of these kinds."""
        return [change for change in self.changes if change.kind in kinds]


def compare(before: Scan, after: Scan, *, severities: frozenset[str] | None = None) -> Difference:
    """What changed from one scan to the other.

    Args:
        before: the earlier scan, or the agreed one.
        after: the scan that is judged.
        severities: names of those that count, on either side; None for all.
    """
    old, new = list(_occurrences(before.report)), list(_occurrences(after.report))
    pairs, gone, come = _paired(old, new)
    was, now = _Packages(before.report), _Packages(after.report)
    changes = [
        *(_changed(first, second) for first, second in pairs if not (first.suppressed and second.suppressed)),
        *(_gone(each, now) for each in gone if not each.suppressed),
        *(_come(each, was) for each in come if not each.suppressed),
    ]
    wanted = (change for change in changes if severities is None or not severities.isdisjoint(_severities(change)))
    return Difference(
        before=before, after=after, changes=tuple(sorted(wanted, key=_order)), doubts=tuple(_doubts(before, after))
    )


def _occurrences(report: Report) -> Iterator[Occurrence]:
    for result in report.results:
        for finding in result.vulnerabilities:
            yield _occurrence(result, finding)
        for modified in result.modified_findings:
            why = ": ".join(filter(None, (modified.status, modified.statement))) or "left out"
            yield msgspec.structs.replace(_occurrence(result, modified.finding), suppressed=why)


def _occurrence(result: Result, finding: Finding) -> Occurrence:
    return Occurrence(target=result.target, class_=result.class_, type=result.type, finding=finding)


# pairing


def _same_copy(each: Occurrence) -> Hashable:
    return (*_subject(each), each.file, each.finding.installed_version)


def _same_file(each: Occurrence) -> Hashable:
    return (*_subject(each), each.file)


def _subject(each: Occurrence) -> tuple[str, ...]:
    return each.finding.vulnerability_id, each.kind, each.finding.pkg_name


def _paired(
    old: list[Occurrence], new: list[Occurrence]
) -> tuple[list[tuple[Occurrence, Occurrence]], list[Occurrence], list[Occurrence]]:
    """Pairs of the same finding, and what is left of both."""
    pairs: list[tuple[Occurrence, Occurrence]] = []
    for key in (_same_copy, _same_file, _subject):
        found, old, new = _paired_by(key, old, new)
        pairs.extend(found)
    return pairs, old, new


def _paired_by(
    key: Callable[[Occurrence], Hashable], old: list[Occurrence], new: list[Occurrence]
) -> tuple[list[tuple[Occurrence, Occurrence]], list[Occurrence], list[Occurrence]]:
    waiting: defaultdict[Hashable, list[Occurrence]] = defaultdict(list)
    for each in reversed(old):
        waiting[key(each)].append(each)
    pairs, unpaired = [], []
    for each in new:
        candidates = waiting.get(key(each))
        if candidates:
            pairs.append((candidates.pop(), each))
        else:
            unpaired.append(each)
    left = {id(each) for candidates in waiting.values() for each in candidates}
    return pairs, [each for each in old if id(each) in left], unpaired


# judging


class _Packages:
    """The packages that a report lists, by kind of target and name; reports may list none at all."""

    def __init__(self, report: Report) -> None:
        self._versions: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for result in report.results:
            kind = result.class_ if result.class_ == _SYSTEM else result.type
            for package in result.packages:
                self._versions[kind, package.name].add(package.full_version)

    def versions(self, each: Occurrence) -> frozenset[str] | None:
        """The versions of a finding's package; None where packages are not listed."""
        if not self._versions:
            return None
        return frozenset(self._versions.get((each.kind, each.finding.pkg_name), ()))


def _changed(first: Occurrence, second: Occurrence) -> Change:
    if second.suppressed:
        return Change(kind=Kind.SUPPRESSED, before=first, after=second)
    if first.suppressed:
        return Change(kind=Kind.NEW, before=first, after=second, cause=Cause.LISTED_AGAIN)
    was, now = rank(first.finding.severity), rank(second.finding.severity)
    kind = Kind.UNCHANGED if was == now else Kind.WORSE if now < was else Kind.MILDER
    return Change(kind=kind, before=first, after=second)


def _come(each: Occurrence, was: _Packages) -> Change:
    versions = was.versions(each)
    if versions is None:
        cause = Cause.UNKNOWN
    elif each.finding.installed_version in versions:
        cause = Cause.NEWLY_KNOWN
    else:
        cause = Cause.PACKAGE_CHANGED if versions else Cause.PACKAGE_ADDED
    return Change(kind=Kind.NEW, after=each, cause=cause, versions=tuple(sorted(versions or ())))


def _gone(each: Occurrence, now: _Packages) -> Change:
    versions = now.versions(each)
    if versions is None:
        return Change(kind=Kind.FIXED, before=each)
    if each.finding.installed_version in versions:
        return Change(kind=Kind.NOT_LISTED, before=each)
    cause = Cause.PACKAGE_CHANGED if versions else Cause.PACKAGE_REMOVED
    return Change(kind=Kind.FIXED, before=each, cause=cause, versions=tuple(sorted(versions)))


def _severities(change: Change) -> Iterable[str]:
    return (each.finding.severity for each in (change.before, change.after) if each is not None)


def _order(change: Change) -> tuple[int, int, str, str, str, str]:
    finding, file = change.latest.finding, change.latest.file
    place = finding.vulnerability_id, finding.pkg_name, finding.installed_version, file
    return _KINDS[change.kind], rank(finding.severity), *place


# doubts


def _doubts(before: Scan, after: Scan) -> Iterator[str]:
    """What makes the comparison worth less, worst first."""
    if not _is_complete(after.report):
        yield "the second scan is incomplete: what it does not list is not proven to be fixed"
    if not _is_complete(before.report):
        yield "the first scan is incomplete: what is new may have been there before"
    if before.database.sample or after.database.sample:
        yield "a scan used the sample database, which knows a few hundred advisories"
    then, later = parse_time(before.finished), parse_time(after.finished)
    if then is not None and later is not None and later < then:
        yield f"the second scan is the older one: {day_and_time(after.finished)}"
    flags = sorted(name for name in _FILTERS if _flag(before, name) != _flag(after, name))
    if flags:
        yield f"the scans had other filters: {', '.join(f'`--{name}`' for name in flags)}"


def _is_complete(report: Report) -> bool:
    return report.coverage is None or report.coverage.complete


def _flag(scan: Scan, name: str) -> object:
    flags = scan.invocation.parameters.get("flags")
    return flags.get(name) if isinstance(flags, dict) else None
