"""The functions that every Go template has (text/template, "Functions"); `and` and `or` are part of the language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote_plus

from assaymark.report.gotemplate.formatting import formatted_text
from assaymark.report.gotemplate.printing import NO_VALUE, printed_together
from assaymark.report.gotemplate.values import (
    Byte,
    Function,
    GoList,
    GoMap,
    Nil,
    Struct,
    encoded,
    kind_name,
    truth,
    type_name,
)

_HTML: Final = str.maketrans({"\0": "\ufffd", '"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;"})
_JS: Final = {
    "\\": r"\\", "'": r"\'", '"': r"\"", "<": r"\u003C", ">": r"\u003E", "&": r"\u0026", "=": r"\u003D",
}  # fmt: skip


def index(item: Any, *places: Any) -> Any:
    """`index x 1 2` is `x[1][2]`; a key that a map does not have gives the zero value of what it holds."""
    if item is None:
        raise ValueError("index of untyped nil")
    for place in places:
        if isinstance(item, Nil):
            raise TypeError("index of nil pointer")
        if isinstance(item, (list, str)):
            data = encoded(item) if isinstance(item, str) else item
            number = _place(place, len(data))
            if number >= len(data):
                raise ValueError(f"index out of range: {number}")
            item = Byte(data[number]) if isinstance(data, bytes) else data[number]
        elif isinstance(item, dict):
            if not isinstance(place, str):
                raise TypeError(f"value has type {type_name(place)}; should be string")
            item = item.get(place, item.zero if isinstance(item, GoMap) else None)
        else:
            raise TypeError(f"can't index item of type {type_name(item)}")
    return item


def length(item: Any) -> int:
    """`len`: of text in bytes."""
    match item:
        case str():
            return len(item) if item.isascii() else len(encoded(item))
        case list() | dict():
            return len(item)
        case Nil():
            raise ValueError("len of nil pointer")
        case None:
            raise ValueError("len of type <nil>")
    raise ValueError(f"len of type {type_name(item)}")


def equal(first: Any, *others: Any) -> bool:
    """`eq`: whether the first value is one of the others."""
    if not others:
        raise ValueError("missing argument for comparison")
    return any(_same(first, other) for other in others)


def less(first: Any, second: Any) -> bool:
    """`lt`."""
    kinds = _basic(first), _basic(second)
    if "" in kinds or kinds[0] == "bool":
        raise ValueError("invalid type for comparison")
    if kinds[0] != kinds[1]:
        raise ValueError(f"incompatible types for comparison: {type_name(first)} and {type_name(second)}")
    if kinds[0] == "string" and not (first.isascii() and second.isascii()):
        return encoded(first) < encoded(second)
    return bool(first < second)


def _same(first: Any, second: Any) -> bool:
    kinds = _basic(first), _basic(second)
    if kinds[0] != kinds[1]:
        if first is None or second is None:
            return False
        raise ValueError(f"incompatible types for comparison: {type_name(first)} and {type_name(second)}")
    if kinds[0]:
        return bool(first == second)
    nothing = _is_nil(first), _is_nil(second)
    if first is not None and second is not None and kind_name(first) != kind_name(second):
        raise ValueError(f"non-comparable types {type_name(first)}, {type_name(second)}")
    if any(nothing):
        return all(nothing)
    if isinstance(first, (list, dict)):
        raise TypeError(f"non-comparable type {type_name(first)}")
    return bool(first == second)


def _basic(value: Any) -> str:
    """The kind that comparisons look at: integers of all sizes are one."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int"
    return kind_name(value) if isinstance(value, (str, float)) else ""


def _is_nil(value: Any) -> bool:
    return value is None or isinstance(value, Nil) or (isinstance(value, GoList) and value.nil)


def _place(place: Any, end: int) -> int:
    if place is None:
        raise ValueError("cannot index slice/array with nil")
    if not isinstance(place, int) or isinstance(place, bool):
        raise TypeError(f"cannot index slice/array with type {type_name(place)}")
    if not 0 <= place <= end:
        raise ValueError(f"index out of range: {place}")
    return int(place)


def _shown(values: tuple[Any, ...]) -> str:
    """What the escaping functions escape: their arguments printed together."""
    shown = [NO_VALUE if value is None else _without_pointer(value) for value in values]
    return printed_together(shown)


def _without_pointer(value: Any) -> Any:
    return Struct(value.type, value.source) if isinstance(value, Struct) and value.pointer else value


def escape_html(*values: Any) -> str:
    """`html`."""
    return _shown(values).translate(_HTML)


def escape_js(*values: Any) -> str:
    """`js`: inside of a quoted string of JavaScript."""
    return "".join(map(_js_character, _shown(values)))


def _js_character(character: str) -> str:
    if character in _JS:
        return _JS[character]
    if character < " ":
        return f"\\u00{ord(character):02X}"
    if character <= "\x7f" or character.isprintable():
        return character
    number = ord(character)
    return f"\\u{0xFFFD if 0xD800 <= number <= 0xDFFF else number:04X}"


def escape_query(*values: Any) -> str:
    """`urlquery`."""
    return quote_plus(encoded(_shown(values)), safe="-_.~")


def _call(function: Any, *arguments: Any) -> Any:
    del arguments
    raise ValueError(f"non-function of type {type_name(function)}")


def _comparison(test: Callable[[Any, Any], bool]) -> Function:
    return Function("aa", test)


BUILTIN: Final[dict[str, Function]] = {
    "call": Function("aa*", _call),
    "eq": Function("aa*", equal),
    "ge": _comparison(lambda first, second: not less(first, second)),
    "gt": _comparison(lambda first, second: not (less(first, second) or equal(first, second))),
    "html": Function("a*", escape_html),
    "index": Function("aa*", index),
    "js": Function("a*", escape_js),
    "le": _comparison(lambda first, second: less(first, second) or equal(first, second)),
    "len": Function("a", length),
    "lt": _comparison(less),
    "ne": _comparison(lambda first, second: not equal(first, second)),
    "not": Function("a", lambda value: not truth(value)),
    "print": Function("a*", lambda *values: printed_together(list(values))),
    "printf": Function("sa*", lambda template, *values: formatted_text(template, list(values))),
    "println": Function("a*", lambda *values: printed_together(list(values), blanks=True) + "\n"),
    "urlquery": Function("a*", escape_query),
}
