"""What a value is, whether it is empty, and what it is as text or as JSON (sprig's defaults, types and JSON)."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from assaymark.errors import ArtifactError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.report.gojson import encode_go
from assaymark.report.gotemplate.printing import own_text, plain_text
from assaymark.report.gotemplate.results import plain
from assaymark.report.gotemplate.times import Duration, GoTime, formatted
from assaymark.report.gotemplate.values import Enum, Function, GoList, Nil, Struct, kind_name, truth, type_name, whole
from assaymark.safeio.json import decode_go


def text_of_value(value: Any) -> str:
    """`toString`: text itself, the name of what names itself, else what `%v` prints."""
    if isinstance(value, str):
        return str(value)
    own = own_text(value)
    return plain_text(value) if own is None else own


def strings_of(values: Any) -> list[str]:
    """`toStrings`: every element as text, nothing left out but nothing; anything else than a list is one of its own."""
    if isinstance(values, list):
        return [text_of_value(value) for value in values if value is not None]
    return [] if values is None else [text_of_value(values)]


def is_empty(value: Any) -> bool:
    """Whether it is zero, nothing, or holds nothing; a struct never is."""
    return not truth(value)


def deep_equal(first: Any, second: Any) -> bool:
    """reflect.DeepEqual: values of different types are never the same."""
    if type_name(first) != type_name(second):
        return False
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(deep_equal, first, second))
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(deep_equal(first[key], second[key]) for key in first)
    return bool(first == second)


def simple(value: Any) -> Any:
    """A value as JSON has it: keys of maps in order, structs as the JSON report has them, moments in RFC 3339."""
    match value:
        case None | Nil():
            return None
        case Duration():
            return int(value)
        case Enum():
            return value.label if value.go_type != "types.Severity" else int(value)
        case bool() | float():
            return value
        case int():
            return int(value)
        case str():
            return whole(str(value))
        case GoList() if value.nil:
            return None
        case list():
            return [simple(each) for each in value]
        case dict():
            return {str(key): simple(each) for key, each in sorted(value.items())}
        case GoTime():
            return formatted(value, "2006-01-02T15:04:05.999999999Z07:00")
        case Struct():
            return plain(value)
    raise ValueError(f"a value of type {type_name(value)} is no JSON")


def pretty_json(value: Any) -> str:
    """`toPrettyJson`."""
    return encode_go(simple(value)).decode()


def compact_json(value: Any, *, escape_html: bool = True) -> str:
    """`toJson`."""
    return msgspec.json.format(encode_go(simple(value), escape_html=escape_html), indent=-1).decode()


def raw_json(value: Any) -> str:
    """`toRawJson`: as above, with `<`, `>` and `&` as they are."""
    return compact_json(value, escape_html=False)


def value_of_json(text: str) -> Any:
    """`mustFromJson`; every number is a float.

    Raises:
        ValueError: it is no JSON.
    """
    try:
        return _with_floats(decode_go(text.encode("utf-8", "replace"), limits=DEFAULT_LIMITS))
    except ArtifactError as exc:
        raise ValueError(str(exc)) from exc


def _with_floats(value: Any) -> Any:
    match value:
        case bool():
            return value
        case int():
            return float(value)
        case list():
            return [_with_floats(each) for each in value]
        case dict():
            return {key: _with_floats(each) for key, each in value.items()}
    return value


def _value_or_nothing(text: str) -> Any:
    try:
        return value_of_json(text)
    except ValueError:
        return None


def _default(otherwise: Any, *given: Any) -> Any:
    return otherwise if not given or is_empty(given[0]) else given[0]


def _type_is_like(name: str, value: Any) -> bool:
    return type_name(value) in (name, f"*{name}")


KINDS: Final[dict[str, Function]] = {
    "all": Function("a*", lambda *values: not any(map(is_empty, values))),
    "any": Function("a*", lambda *values: not all(map(is_empty, values))),
    "coalesce": Function("a*", lambda *values: next((each for each in values if not is_empty(each)), None)),
    "deepEqual": Function("aa", deep_equal),
    "default": Function("aa*", _default),
    "empty": Function("a", is_empty),
    "fromJson": Function("s", _value_or_nothing),
    "kindIs": Function("sa", lambda name, value: name == kind_name(value)),
    "kindOf": Function("a", kind_name),
    "mustFromJson": Function("s", value_of_json),
    "mustToJson": Function("a", compact_json),
    "mustToPrettyJson": Function("a", pretty_json),
    "mustToRawJson": Function("a", raw_json),
    "ternary": Function("aab", lambda yes, no, test: yes if test else no),
    "toJson": Function("a", compact_json),
    "toPrettyJson": Function("a", pretty_json),
    "toRawJson": Function("a", raw_json),
    "typeIs": Function("sa", lambda name, value: name == type_name(value)),
    "typeIsLike": Function("sa", _type_is_like),
    "typeOf": Function("a", type_name),
}
