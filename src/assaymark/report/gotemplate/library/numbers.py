"""Numbers (sprig, "Math functions"): whole ones are int64 and wrap around; what is no number counts as zero."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Context, Decimal
from typing import Any, Final

from assaymark.report.gotemplate.library.bounded import checked
from assaymark.report.gotemplate.printing import plain_text
from assaymark.report.gotemplate.values import INT64_MAX, Function, GoList, Int64

_DECIMAL: Final = Context(prec=60)
_WHOLE = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|[0-9][0-9_]*)(\.[0-9]*)?\Z")
_DIVISION_PLACES: Final = Decimal("1e-16")
_DIGITS: Final = 40


def whole(value: Any) -> Int64:
    """`int64` (spf13/cast): text in Go's spelling of whole numbers, floats without their fraction, true as one."""
    if isinstance(value, str):
        return Int64(_of_text(value))
    if isinstance(value, float):
        return Int64.wrapped(int(value)) if math.isfinite(value) and abs(value) < 2**63 else Int64(-INT64_MAX - 1)
    return Int64.wrapped(int(value)) if isinstance(value, int) else Int64(0)


def _of_text(text: str) -> int:
    match = _WHOLE.match(text)
    if match is None or len(text) > _DIGITS:
        return 0
    digits = text.removesuffix(match[1] or "")
    plain = digits.lstrip("+-")
    try:
        number = int(plain, 8 if plain.replace("_", "").isdecimal() and len(plain) > 1 and plain[0] == "0" else 0)
    except ValueError:
        return 0
    number = -number if digits[0] == "-" else number
    return number if -INT64_MAX - 1 <= number <= INT64_MAX else 0


def real(value: Any) -> float:
    """`float64`: text in Go's spelling, whole numbers."""
    if isinstance(value, str):
        try:
            return float(value) if len(value) < 400 and value == value.strip() else 0.0
        except ValueError:
            return 0.0
    return float(value) if isinstance(value, (int, float)) else 0.0


def _atoi(text: str) -> int:
    """`atoi`: decimal digits only."""
    if len(text) > _DIGITS or not text.removeprefix("-").removeprefix("+").isdecimal() or not text.isascii():
        return 0
    try:
        number = int(text)
    except ValueError:
        return 0
    return max(-INT64_MAX - 1, min(number, INT64_MAX))


def _octal(value: Any) -> Int64:
    text = plain_text(value)
    try:
        return Int64.wrapped(int(text, 8)) if len(text) < _DIGITS and text.isalnum() else Int64(0)
    except ValueError:
        return Int64(0)


def _divided(first: Any, second: Any) -> Int64:
    dividend, divisor = whole(first), whole(second)
    if divisor == 0:
        raise ValueError("integer divide by zero")
    quotient = abs(dividend) // abs(divisor)
    return Int64.wrapped(quotient if (dividend < 0) == (divisor < 0) else -quotient)


def _rest(first: Any, second: Any) -> Int64:
    """Go's `%`: it has the sign of the dividend."""
    dividend, divisor = whole(first), whole(second)
    if divisor == 0:
        raise ValueError("integer divide by zero")
    rest = abs(dividend) % abs(divisor)
    return Int64(-rest if dividend < 0 else rest)


def _multiplied(first: Any, *others: Any) -> Int64:
    product = whole(first)
    for other in others:
        product = Int64.wrapped(product * whole(other))
    return product


def _decimals(operation: Callable[[Decimal, Decimal], Decimal]) -> Callable[..., float]:
    """A function on floats that calculates in decimals, so that 0.1 and 0.2 are 0.3."""

    def calculated(first: Any, *others: Any) -> float:
        result = Decimal(repr(real(first)))
        for other in others:
            result = operation(result, Decimal(repr(real(other))))
        return float(result)

    return calculated


def _decimal_quotient(first: Decimal, second: Decimal) -> Decimal:
    if second == 0:
        raise ValueError("decimal division by 0")
    return _DECIMAL.divide(first, second).quantize(_DIVISION_PLACES, context=_DECIMAL)


def _rounded(value: Any, places: int, *threshold: float) -> float:
    power = 10.0**places
    digits = power * real(value)
    fraction = math.modf(digits)[0]
    up = fraction >= (threshold[0] if threshold else 0.5)
    return float(math.ceil(digits) if up else math.floor(digits)) / power


def _steps(start: int, stop: int, step: int) -> GoList:
    if (stop < start) != (step < 0) or step == 0:
        return GoList(go_type="[]int")
    numbers = range(start, stop, step)
    checked(len(numbers))
    return GoList(numbers, go_type="[]int")


def _sequence(*numbers: int) -> str:
    match numbers:
        case (end,):
            start, step = 1, -1 if end < 1 else 1
            past = step
        case (start, end):
            step = past = -1 if end < start else 1
        case (start, step, end):
            past = -1 if end < start else 1
            if past < 0 < step:
                return ""
        case _:
            return ""
    return " ".join(map(str, _steps(start, end + past, step)))


_multiply = _decimals(_DECIMAL.multiply)
_add = _decimals(_DECIMAL.add)

NUMBERS: Final[dict[str, Function]] = {
    "add": Function("a*", lambda *values: Int64.wrapped(sum(map(whole, values)))),
    "add1": Function("a", lambda value: Int64.wrapped(whole(value) + 1)),
    "add1f": Function("a", lambda value: _add(value, 1.0)),
    "addf": Function("a*", lambda *values: _add(0.0, *values)),
    "atoi": Function("s", _atoi),
    "biggest": Function("aa*", lambda *values: max(map(whole, values))),
    "ceil": Function("a", lambda value: float(math.ceil(real(value)))),
    "div": Function("aa", _divided),
    "divf": Function("aa*", _decimals(_decimal_quotient)),
    "float64": Function("a", real),
    "floor": Function("a", lambda value: float(math.floor(real(value)))),
    "int": Function("a", lambda value: int(whole(value))),
    "int64": Function("a", whole),
    "max": Function("aa*", lambda *values: max(map(whole, values))),
    "maxf": Function("aa*", lambda *values: max(map(real, values))),
    "min": Function("aa*", lambda *values: min(map(whole, values))),
    "minf": Function("aa*", lambda *values: min(map(real, values))),
    "mod": Function("aa", _rest),
    "mul": Function("aa*", _multiplied),
    "mulf": Function("aa*", _multiply),
    "round": Function("aif*", _rounded),
    "seq": Function("i*", _sequence),
    "sub": Function("aa", lambda first, second: Int64.wrapped(whole(first) - whole(second))),
    "subf": Function("aa*", _decimals(_DECIMAL.subtract)),
    "toDecimal": Function("a", _octal),
    "until": Function("i", lambda count: _steps(0, count, -1 if count < 0 else 1)),
    "untilStep": Function("iii", _steps),
}
