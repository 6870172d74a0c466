"""A recorded scan and the same scan made again: whether they are equal to the byte, and what exactly is not.

What is compared is the whole report inside a record (`scanner.result`) in canonical form: without `ReportID` and
`CreatedAt`, which differ by nature, without `Scanner`, which is told by itself, members in order of their names, no
white space. Equal means that the canonical bytes are equal. The record's side comes from the signed bytes as they are,
so a member that no scan writes is a difference like any other.

Differences are told by what they are about: a finding (vulnerability, package, version and path, in one target), a
finding that a filter took out, a package, or a member of the report. Things that are there on both sides are compared
member by member. Findings and packages are paired by what names them, never by their place in a list; where all are
equal and only their order is not, that is told as one difference.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from enum import Enum
from io import BytesIO
from typing import Any, Final

import msgspec

from assaymark.errors import ArtifactError
from assaymark.limits import Limits
from assaymark.model.report import Report
from assaymark.report.gostream import stream_go
from assaymark.report.json import LONG_MEMBERS
from assaymark.safeio.json import decode_strict

_ASIDE: Final = frozenset({"ReportID", "CreatedAt", "Scanner"})
_LISTS: Final = {
    "Vulnerabilities": "finding",
    "ExperimentalModifiedFindings": "suppressed finding",
    "Packages": "package",
}
_REPORT: Final = "SchemaVersion"
_LEVELS: Final = frozenset({"predicate", "scanner", "result", _REPORT})
"""What tells a statement, a record, a scanner and a report apart; one that is two of them is none."""

_VALUE_SHOWN: Final = 200


class Kind(Enum):
    """On which side something is."""

    RECORDED = "only recorded"
    REPLAYED = "only replayed"
    CHANGED = "changed"


class MemberChange(msgspec.Struct, frozen=True, kw_only=True):
    """A member that has two values; None where one side lacks it."""

    member: str
    recorded: Any = None
    replayed: Any = None


class ReplayDifference(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is not equal.

    Attributes:
        about: `finding`, `suppressed finding`, `package` or `report`.
        name: of that thing; empty for the report itself.
        target: the result that it is in; empty for the report itself.
    """

    about: str
    name: str = ""
    target: str = ""
    kind: Kind = Kind.CHANGED
    changes: tuple[MemberChange, ...] = ()


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """Both canonical results, compared."""

    recorded: bytes
    replayed: bytes
    differences: tuple[ReplayDifference, ...]
    findings: int
    packages: int

    @property
    def is_equal(self) -> bool:
        """Whether they are equal to the byte."""
        return self.recorded == self.replayed


def compare_replay(recorded: Mapping[str, Any], again: Report, *, limits: Limits) -> Replayed:
    """The record's result and the scan made again.

    Args:
        recorded: `scanner.result` of the record, strictly decoded.
        again: the report of the scan that was made again.
        limits: bounds of reading back what is written.

    Raises:
        LimitError: the report is larger than reports may be.
    """
    replayed = decoded_report(again, limits=limits)
    first, second = canonical(recorded), canonical(replayed)
    differences = () if first == second else tuple(_differences(_without(recorded), _without(replayed)))
    return Replayed(
        recorded=first,
        replayed=second,
        differences=differences,
        findings=sum(1 for _ in _things(recorded, "Vulnerabilities")),
        packages=sum(1 for _ in _things(recorded, "Packages")),
    )


def recorded_result(data: bytes, *, limits: Limits) -> Mapping[str, Any]:
    """The report inside a statement or a record, or a report that stands alone.

    Raises:
        ArtifactError: it holds none, or can be read in more ways than one.
        LimitError: it is too large or too deep.
    """
    document = _decoded(data, limits)
    while isinstance(document, dict):
        held = _LEVELS & document.keys()
        if len(held) > 1:
            raise ArtifactError(f"the record can be read in several ways: it has {' and '.join(sorted(held))}")
        if held == {_REPORT}:
            return document
        document = document[next(iter(held))] if held else None
    raise ArtifactError("the record holds no report")


def decoded_report(report: Report, *, limits: Limits) -> dict[str, Any]:
    """A report as its record holds it: written, and read back by the rules for signed documents."""
    stream = BytesIO()
    stream.writelines(stream_go(report, LONG_MEMBERS))
    document: dict[str, Any] = _decoded(stream.getvalue(), limits)
    return document


def _decoded(data: bytes, limits: Limits) -> Any:
    bounds = msgspec.structs.replace(limits, json_bytes=limits.report_bytes, json_values=limits.report_values)
    return decode_strict(data, limits=bounds, what="report")


def canonical(result: Mapping[str, Any]) -> bytes:
    """The bytes that are compared."""
    return msgspec.json.encode(_without(result), order="sorted")


def replay_digest(canonical_bytes: bytes) -> str:
    """How a canonical result is named."""
    return "sha256:" + hashlib.sha256(canonical_bytes).hexdigest()


def difference_words(difference: ReplayDifference) -> Iterator[str]:
    """A line on what differs, and one for each member."""
    what = " ".join(part for part in (difference.about, difference.name) if part)
    where = f" in {difference.target}" if difference.target else ""
    yield f"{what}{where}: {difference.kind.value}"
    for change in difference.changes:
        yield f"  {change.member}: {_worded(change.recorded)} in the record, {_worded(change.replayed)} now"


def _worded(value: Any) -> str:
    if value is None:
        return "absent"
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= _VALUE_SHOWN else f"{text[:_VALUE_SHOWN]}…"


def _without(result: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in result.items() if name not in _ASIDE}


def _things(result: Mapping[str, Any], member: str) -> Iterator[Any]:
    for each in _objects(result.get("Results")):
        yield from _objects(each.get(member))


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


# what differs


def _differences(recorded: Mapping[str, Any], replayed: Mapping[str, Any]) -> Iterator[ReplayDifference]:
    heads = [{name: value for name, value in side.items() if name != "Results"} for side in (recorded, replayed)]
    changes = tuple(_changes(heads[0], heads[1]))
    if changes:
        yield ReplayDifference(about="report", changes=changes)
    before, after = (_keyed(_objects(side.get("Results")), _result_key) for side in (recorded, replayed))
    count = 0
    for key in dict.fromkeys((*before, *after)):
        for difference in _in_result(before.get(key, {}), after.get(key, {})):
            count += 1
            yield difference
    if not changes and not count:  # the same things in another order
        yield ReplayDifference(about="report", changes=(MemberChange(member="the order of `Results` or of its lists"),))


def _in_result(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[ReplayDifference]:
    """Of one result, which may be missing on one side."""
    target = str((before or after).get("Target", ""))
    heads = [{name: value for name, value in side.items() if name not in _LISTS} for side in (before, after)]
    kind = Kind.CHANGED if before and after else Kind.RECORDED if before else Kind.REPLAYED
    changes = tuple(_changes(heads[0], heads[1])) if kind is Kind.CHANGED else ()
    if changes or kind is not Kind.CHANGED:
        yield ReplayDifference(about="report", target=target, kind=kind, changes=changes)
    for member, about in _LISTS.items():
        first, second = (_keyed(_objects(side.get(member)), _thing_key) for side in (before, after))
        for key in dict.fromkeys((*first, *second)):
            yield from _of_thing(about, target, first.get(key), second.get(key))


def _of_thing(
    about: str, target: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> Iterator[ReplayDifference]:
    name = _name(before or after or {})
    if before is None or after is None:
        kind = Kind.REPLAYED if before is None else Kind.RECORDED
        yield ReplayDifference(about=about, name=name, target=target, kind=kind)
    elif changes := tuple(_changes(before, after)):
        yield ReplayDifference(about=about, name=name, target=target, changes=changes)


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[MemberChange]:
    """The members that differ, those of objects in objects by their paths; with a list of what is to be done."""
    pending: list[tuple[str, Any, Any]] = [("", before, after)]
    while pending:
        path, first, second = pending.pop()
        if isinstance(first, dict) and isinstance(second, dict):
            names = sorted(first.keys() | second.keys(), reverse=True)
            pending += [(f"{path}.{name}" if path else name, first.get(name), second.get(name)) for name in names]
        elif first != second:
            yield MemberChange(member=path, recorded=first, replayed=second)


def _keyed(things: list[Mapping[str, Any]], key_of: Any) -> dict[tuple[Any, ...], Mapping[str, Any]]:
    """By what names them; the second of one name is its number two."""
    keyed: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    counted: dict[tuple[Any, ...], int] = {}
    for thing in things:
        key = key_of(thing)
        counted[key] = counted.get(key, 0) + 1
        keyed[(*key, counted[key])] = thing
    return keyed


def _result_key(result: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(str(result.get(name, "")) for name in ("Target", "Class", "Type"))


def _thing_key(thing: Mapping[str, Any]) -> tuple[Any, ...]:
    finding = thing.get("Finding")
    thing = finding if isinstance(finding, dict) else thing
    names = ("VulnerabilityID", "PkgName", "PkgPath", "InstalledVersion", "ID", "Name", "FilePath", "Version")
    return tuple(str(thing.get(name, "")) for name in names)


def _name(thing: Mapping[str, Any]) -> str:
    vulnerability, package, path, installed, _, name, file, version = _thing_key(thing)
    head = f"{vulnerability} of {package} {installed}" if vulnerability else f"{name} {version}"
    place = path or file
    return f"{head.strip()} ({place})" if place else head.strip()
