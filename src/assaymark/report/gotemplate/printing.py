"""Values as text: what `{{ . }}`, `print`, `println` and `printf` make of them (Go's package fmt).

1. A value that names itself (a time, a status, a severity) is printed by that name wherever text is wanted.
2. Maps are printed in the order of their keys. Structs show their values in the order of the Go type.
3. Floats take the shortest form that reads back, with an exponent below 1e-04 and from 1e+06.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from assaymark.report.gotemplate.times import Duration, GoTime, duration_text, time_text
from assaymark.report.gotemplate.values import Enum, Nil, Spelled, Struct

NO_VALUE: Final = "<no value>"
_EXPONENT_FROM: Final = 6


def printed(value: Any) -> str:
    """What a bare action prints."""
    match value:
        case None:
            return NO_VALUE
        case str():
            return str(value)
        case Enum():
            return value.label
        case Struct() if value.type.text is not None:
            return value.type.text(value.source)
        case Struct():
            return _struct(value)
    return plain_text(value)


def printed_together(values: list[Any], *, blanks: bool = False) -> str:
    """`print`: a blank stands between two values of which neither is a string; `println` has them everywhere."""
    parts: list[str] = []
    for place, value in enumerate(values):
        if blanks:
            separated = place > 0
        else:
            separated = place > 0 and not isinstance(value, str) and not isinstance(values[place - 1], str)
        if separated:
            parts.append(" ")
        parts.append(plain_text(value))
    return "".join(parts)


def plain_text(value: Any, *, depth: int = 0, names: bool = False) -> str:
    """`%v` of a value; `names` is the plus of `%+v`."""
    match value:
        case None | Nil():
            return "<nil>"
        case str():
            return str(value)
        case bool():
            return "true" if value else "false"
        case Enum():
            return value.label if value.by_value else str(int(value))
        case Duration():
            return duration_text(value)
        case int():
            return str(int(value))
        case float():
            return float_text(value)
        case Spelled() if value.text is not None:
            return value.text
        case list():
            return "[" + " ".join(plain_text(each, depth=depth + 1, names=names) for each in value) + "]"
        case dict():
            pairs = (
                f"{plain_text(key)}:{plain_text(each, depth=depth + 1, names=names)}"
                for key, each in sorted(value.items())
            )
            return "map[" + " ".join(pairs) + "]"
        case GoTime():
            return time_text(value)
        case Struct() if value.type.text is not None:
            return value.type.text(value.source)
        case Struct():
            inner = _struct(value, names=names)
            # Go prints the address of what a pointer inside of something leads to, which is another in every run
            return f"&{inner}" if value.pointer else inner
    return str(value)


def own_text(value: Any) -> str | None:
    """The text of a value that names itself, for verbs that want text; None for everything else."""
    match value:
        case Enum():
            return value.label if value.by_value else None
        case Duration() | GoTime():
            return plain_text(value)
        case Spelled():
            return value.text
        case Struct() if value.type.text is not None:
            return value.type.text(value.source)
    return None


def float_text(number: float) -> str:
    """The shortest form (`%v`)."""
    if number != number or number in (float("inf"), float("-inf")):  # noqa: PLR0124 - not a number is not itself
        return "NaN" if number != number else f"{'+' if number > 0 else '-'}Inf"  # noqa: PLR0124 - as above
    sign, digits, exponent = Decimal(f"{number!r}").as_tuple()
    if number == 0:
        return "-0" if sign else "0"
    assert isinstance(exponent, int)
    text = "".join(map(str, digits)).rstrip("0") or "0"
    point = len(digits) + exponent - 1
    minus = "-" if sign else ""
    if point < -4 or point >= _EXPONENT_FROM:
        mantissa = text[0] + (f".{text[1:]}" if len(text) > 1 else "")
        return f"{minus}{mantissa}e{'-' if point < 0 else '+'}{abs(point):02}"
    return minus + format(Decimal(text).scaleb(point - len(text) + 1), "f")


def _struct(value: Struct, *, names: bool = False) -> str:
    fields = (
        (f"{name}:" if names else "") + plain_text(value.field(name), depth=1, names=names)
        for name in value.type.fields
    )
    return "{" + " ".join(fields) + "}"
