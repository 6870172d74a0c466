"""Lists (sprig, "Lists and List functions"): every function answers with a new list."""

from __future__ import annotations

from typing import Any, Final

from assaymark.report.gotemplate.library.bounded import checked
from assaymark.report.gotemplate.library.kinds import deep_equal, is_empty, strings_of, text_of_value
from assaymark.report.gotemplate.library.numbers import whole
from assaymark.report.gotemplate.values import Function, GoList, encoded, type_name

_COMPARED: Final = 3_000_000
"""Comparisons of values that have no place in a table of seen ones."""


def _chunks(size: int, values: list[Any]) -> GoList:
    if size < 1:
        raise ValueError("a chunk holds at least one element")
    parts = (list(values[start : start + size]) for start in range(0, len(values), size))
    return GoList(parts, go_type="[][]interface {}")


def _concatenated(*lists: Any) -> list[Any]:
    for each in lists:
        if not isinstance(each, list):
            raise TypeError(f"Cannot concat type {type_name(each)} as list")
    checked(sum(map(len, lists)))
    return [each for values in lists for each in values]


def _holds(values: list[Any], wanted: Any) -> bool:
    return any(deep_equal(wanted, each) for each in values)


def _has(wanted: Any, values: Any) -> bool:
    if values is None:
        return False
    if not isinstance(values, list):
        raise TypeError(f"Cannot find has on type {type_name(values)}")
    return _holds(values, wanted)


def _without(values: list[Any], *unwanted: Any) -> list[Any]:
    return [each for each in values if not _holds(list(unwanted), each)]


def _unique(values: list[Any]) -> list[Any]:
    seen: set[tuple[str, Any]] = set()
    others: list[Any] = []
    kept = []
    compared = 0
    for each in values:
        if isinstance(each, (str, int, float)):
            key = type_name(each), each
            known = key in seen
            seen.add(key)
        else:
            compared += len(others)
            if compared > _COMPARED:
                raise ValueError("too many values to compare")
            known = _holds(others, each)
            others += [] if known else [each]
        kept += [] if known else [each]
    return kept


def _sorted(values: Any) -> GoList:
    if not isinstance(values, list):
        return GoList([text_of_value(values)])
    return GoList(sorted(strings_of(values), key=encoded))


def _part(values: list[Any], *places: Any) -> list[Any] | None:
    if not values:
        return None
    start, end = (*(int(whole(place)) for place in places[:2]), 0, 0)[:2]
    end = end if len(places) > 1 else len(values)
    if not 0 <= start <= end <= len(values):
        raise ValueError(f"slice bounds out of range [{start}:{end}] with length {len(values)}")
    if isinstance(values, GoList):
        return GoList(values[start:end], go_type=values.go_type)
    return values[start:end]


def _added(values: list[Any], value: Any) -> list[Any]:
    return [*values, value]


def _put_first(values: list[Any], value: Any) -> list[Any]:
    return [value, *values]


_CHANGES: Final[dict[str, Function]] = {
    "append": Function("la", _added),
    "chunk": Function("il", _chunks),
    "compact": Function("l", lambda values: [each for each in values if not is_empty(each)]),
    "first": Function("l", lambda values: values[0] if values else None),
    "has": Function("aa", _has),
    "initial": Function(
        "l", lambda values: list(values[:-1]) if values else GoList(go_type="[]interface {}", nil=True)
    ),
    "last": Function("l", lambda values: values[-1] if values else None),
    "prepend": Function("la", _put_first),
    "push": Function("la", _added),
    "rest": Function("l", lambda values: list(values[1:]) if values else GoList(go_type="[]interface {}", nil=True)),
    "reverse": Function("l", lambda values: list(values[::-1])),
    "slice": Function("la*", _part),
    "uniq": Function("l", _unique),
    "without": Function("la*", _without),
}
"""Each of them is there as `must…`, too: here both end the report where they cannot answer."""

LISTS: Final[dict[str, Function]] = {
    **_CHANGES,
    **{f"must{name[0].upper()}{name[1:]}": function for name, function in _CHANGES.items()},
    "concat": Function("a*", _concatenated),
    "list": Function("a*", lambda *values: list(values)),
    "sortAlpha": Function("a", _sorted),
    "tuple": Function("a*", lambda *values: list(values)),
}
