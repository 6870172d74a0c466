"""Values as a template sees them: Python's own where Go has nothing more to tell, a few types where it has.

| Go | here |
|---|---|
| nothing (a missing key), a nil interface | `None` |
| bool, int, float64, string | `bool`, `int`, `float`, `str` |
| int64, uint8 (a byte), an integer with names | `Int64`, `Byte`, `Enum` |
| a string of a named type | `Named` |
| `[]interface{}`; slices of other types | `list`; `GoList` |
| `map[string]interface{}`; maps of other types | `dict`; `GoMap` |
| a struct, or a pointer to one | `Struct` |
| a pointer to nothing | `Nil` |

A Go string is bytes. Here it is text, in which a byte that is no UTF-8 is a surrogate escape (PEP 383), so cutting a
character in half and printing both halves gives the character again. Lists are never changed in place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any, ClassVar, Final, Self

_HALF = re.compile("[\ud800-\udfff]")
INT64_MAX: Final = 2**63 - 1


class Named(str):
    """Text of a named type."""

    __slots__ = ("go_type",)

    def __new__(cls, text: str, go_type: str) -> Self:
        """`text` as a value of `go_type`."""
        value = super().__new__(cls, text)
        value.go_type = go_type
        return value

    go_type: str


class Int64(int):
    """An int64; arithmetic wraps around as Go's does."""

    __slots__ = ()
    go_type: ClassVar[str] = "int64"

    @classmethod
    def wrapped(cls, number: int) -> Int64:
        """The low 64 bits of `number`."""
        return cls((number + 2**63) % 2**64 - 2**63)


class Byte(int):
    """One byte of a string."""

    __slots__ = ()
    go_type: ClassVar[str] = "uint8"


class Enum(int):
    """An integer with names.

    Attributes:
        names: of the values from 0 on.
        by_value: whether `printf` and the functions see the name, too; else only a bare `{{ .Field }}` does.
    """

    go_type: ClassVar[str] = ""
    names: ClassVar[tuple[str, ...]] = ()
    by_value: ClassVar[bool] = True

    @property
    def label(self) -> str:
        """The name; that of 0 where there is none."""
        return self.names[self] if 0 <= self < len(self.names) else self.names[0]


class GoList(list[Any]):
    """A slice of a type that is known; `nil` where nothing was ever put into it."""

    __slots__ = ("go_type", "nil")

    def __init__(self, items: Iterable[Any] = (), *, go_type: str = "[]string", nil: bool = False) -> None:
        super().__init__(items)
        self.go_type = go_type
        self.nil = nil and not self


class Spelled(GoList):
    """A slice whose type has methods, or a text of its own."""

    __slots__ = ("methods", "text")

    def __init__(
        self,
        items: Iterable[Any],
        *,
        go_type: str,
        text: str | None = None,
        methods: Mapping[str, Function] | None = None,
    ) -> None:
        super().__init__(items, go_type=go_type, nil=True)
        self.text = text
        self.methods = dict(methods or {})


class GoMap(dict[Any, Any]):
    """A map of a type that is known; `zero` is what `index` gives for a key that is not there."""

    __slots__ = ("go_type", "zero")

    def __init__(self, items: Mapping[Any, Any], *, go_type: str, zero: Any) -> None:
        super().__init__(items)
        self.go_type = go_type
        self.zero = zero


class StructType:
    """A Go struct's name, its fields in order, what an embedded struct adds, and its methods.

    `fields` are functions of what a `Struct` stands for; `methods` get that before their arguments.
    """

    def __init__(
        self,
        name: str,
        fields: Mapping[str, Callable[[Any], Any]],
        *,
        embedded: str = "",
        methods: Mapping[str, Function] | None = None,
        text: Callable[[Any], str] | None = None,
    ) -> None:
        self.name = name
        self.fields = dict(fields)
        self.methods = dict(methods or {})
        self.embedded = embedded
        self.text = text


class Struct:
    """A struct: something of our model, seen through its Go type."""

    __slots__ = ("_kept", "pointer", "source", "type")

    def __init__(self, kind: StructType, source: Any, *, pointer: bool = False) -> None:
        self.type = kind
        self.source = source
        self.pointer = pointer
        self._kept: dict[str, Any] = {}

    def field(self, name: str) -> Any:
        """The value of a field.

        Raises:
            KeyError: it has none of that name.
        """
        if name in self._kept:
            return self._kept[name]
        if name in self.type.fields:
            value = self.type.fields[name](self.source)
        elif self.type.embedded:
            value = self.field(self.type.embedded).field(name)
        else:
            raise KeyError(name)
        if isinstance(value, (list, dict, Struct)):
            self._kept[name] = value
        return value

    @property
    def go_type(self) -> str:
        """Its type, as error messages and `typeOf` say it."""
        return f"*{self.type.name}" if self.pointer else self.type.name

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Struct) or other.type is not self.type:
            return False
        return bool(self.source == other.source)

    def __hash__(self) -> int:
        return id(self.source)


class Nil:
    """A pointer to nothing."""

    __slots__ = ("go_type",)

    def __init__(self, go_type: str) -> None:
        self.go_type = go_type


class Function:
    """A function that templates may call.

    Attributes:
        parameters: a letter each: `a` anything, `s` text, `i` an int, `f` a float, `b` a bool, `l` a list, `d` a dict,
            `t` a time; a star behind the last one takes any number. A method's receiver comes before them.
        needs_run: whether the execution itself is handed in first.
    """

    def __init__(self, parameters: str, call: Callable[..., Any], *, needs_run: bool = False) -> None:
        self.parameters = parameters.removesuffix("*")
        self.variadic = parameters.endswith("*")
        self.call = call
        self.needs_run = needs_run

    @cached_property
    def fixed(self) -> int:
        """How many arguments there must be at least."""
        return len(self.parameters) - self.variadic

    def converted(self, arguments: list[Any]) -> list[Any]:
        """The arguments as the parameters take them.

        Raises:
            ValueError: one has another type.
        """
        if self.parameters == "a":
            return arguments
        last = len(self.parameters) - 1
        return [_argument(self.parameters[min(place, last)], value) for place, value in enumerate(arguments)]


def _argument(letter: str, value: Any) -> Any:
    """`value` as a parameter takes it; between kinds of integers, and to a float, it is converted."""
    if letter == "a" or (letter == "s" and isinstance(value, str)):
        return value
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if letter == "i" and number and value == int(value):
        return int(value)
    if letter == "f" and number:
        return float(value)
    if letter in "ld" and (value is None or isinstance(value, Nil)):
        return [] if letter == "l" else {}
    kinds, expected = _KINDS[letter]
    if isinstance(value, kinds) or (letter == "t" and type_name(value) in ("time.Time", "*time.Time")):
        return value
    raise ValueError(f"wrong type for value; expected {expected}; got {type_name(value)}")


def type_name(value: Any) -> str:
    """Go's name for the type of `value` (`%T`)."""
    if value is None:
        return "<nil>"
    named = getattr(value, "go_type", None)
    if isinstance(named, str):
        return named
    return _TYPE_NAMES.get(type(value), "func")


def kind_name(value: Any) -> str:
    """Go's `reflect.Kind` of `value`."""
    match value:
        case None:
            return "invalid"
        case Nil():
            return "ptr"
        case Struct():
            return "ptr" if value.pointer else "struct"
        case str():
            return "string"
        case list():
            return "slice"
        case dict():
            return "map"
        case bool():
            return "bool"
        case Int64() | Byte():
            return value.go_type
        case int():
            return "int"
        case float():
            return "float64"
    return getattr(value, "go_kind", "func")


def truth(value: Any) -> bool:
    """What `if` makes of a value: false for zero, nothing, and what is empty; a struct is always true."""
    if isinstance(value, Nil):
        return False
    return True if isinstance(value, Struct) else bool(value)


def encoded(text: str) -> bytes:
    """The bytes that a Go string would hold."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return whole(text).encode()


def decoded(data: bytes) -> str:
    """The text of a Go string's bytes."""
    return data.decode("utf-8", "surrogateescape")


def whole(text: str) -> str:
    """Text of a report: half a surrogate pair, which UTF-8 cannot hold, is U+FFFD as in the JSON report."""
    return text if text.isascii() else _HALF.sub("\ufffd", text)


_KINDS: Final[dict[str, tuple[tuple[type, ...], str]]] = {
    "s": ((str,), "string"),
    "i": ((), "int"),
    "f": ((), "float64"),
    "b": ((bool,), "bool"),
    "l": ((list,), "a list"),
    "d": ((dict,), "map[string]interface {}"),
    "t": ((), "time.Time"),
}
_TYPE_NAMES: Final = {
    bool: "bool",
    int: "int",
    float: "float64",
    str: "string",
    list: "[]interface {}",
    dict: "map[string]interface {}",
}
