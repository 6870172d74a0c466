r"""JSON as Go's `encoding/json` prints it, which is what the reference's reports are made of.

Rules, measured on the reference's binary and on Go 1.26:

1. Indented by two blanks, `": "` behind a key, empty containers on one line; keys in the order of the struct or dict.
2. `<`, `>`, `&`, U+2028 and U+2029 are written as `\u003c` and so on; `\b \f \n \r \t` in short form, other C0
   controls as `\u00xx`; everything else, DEL included, as raw UTF-8.
3. Half a surrogate pair, which only Python's strings can hold, becomes U+FFFD, raw.
4. Floats take the shortest form that reads back: `5` for 5.0, an exponent only below 1e-6 (`1e-7`) and from 1e21
   (`1e+21`).

It is made for reports of tens of megabytes: msgspec encodes and indents, and what it does differently is changed on the
finished bytes. That is safe because the characters of rule 2 occur nowhere outside strings, and because no string
holds a raw line feed: a line of an indented document that ends in a digit does not end inside a string.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

import msgspec

_ESCAPES: Final = (
    (b"<", rb"\u003c"),
    (b">", rb"\u003e"),
    (b"&", rb"\u0026"),
)
_SEPARATOR: Final = re.compile(
    rb"\xe2\x80([\xa8\xa9])"
)  # U+2028 and U+2029; one search, ten times as fast as two replaces
_SEPARATORS: Final = {b"\xa8": rb"\u2028", b"\xa9": rb"\u2029"}
_NUMBER: Final = rb"(-?[0-9]+(?:\.[0-9]+(?:e-?[0-9]+)?|e-?[0-9]+))(?=,?\n)"
_MEMBER: Final = re.compile(rb'(": )' + _NUMBER)
_ELEMENT: Final = re.compile(rb"(\n +)" + _NUMBER)
_EXPONENT: Final = re.compile(rb"e-?[0-9]+,?\n")
_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def encode_go(value: Any, *, escape_html: bool = True) -> bytes:
    """The indented document of a struct or plain value, without a final newline.

    Args:
        value: of structs, dicts, lists, texts and numbers.
        escape_html: rule 2 for `<`, `>` and `&`; Go leaves them alone when told so.
    """
    if isinstance(value, float):
        return _float_text(msgspec.json.encode(value))
    try:
        data = msgspec.json.encode(value)
    except UnicodeEncodeError:
        data = msgspec.json.encode(_without_surrogates(msgspec.to_builtins(value, enc_hook=str)))
    data = msgspec.json.format(data, indent=2)
    for raw, escaped in _ESCAPES if escape_html else ():
        data = data.replace(raw, escaped)
    if _SEPARATOR.search(data) is not None:
        data = _SEPARATOR.sub(lambda match: _SEPARATORS[match[1]], data)
    if b".0\n" not in data and b".0,\n" not in data and _EXPONENT.search(data) is None:
        return data  # every number reads the same in Go; as a rule scores were made whole numbers before
    # two patterns with a literal head each: an order of magnitude faster than one with alternatives
    return _ELEMENT.sub(_go_float, _MEMBER.sub(_go_float, data))


def _go_float(match: re.Match[bytes]) -> bytes:
    return match[1] + _float_text(match[2])


@lru_cache(maxsize=4096)
def _float_text(token: bytes) -> bytes:
    number = float(token)
    if number != 0 and not 1e-6 <= abs(number) < 1e21:
        mantissa, _, exponent = f"{number!r}".partition("e")
        return f"{mantissa.removesuffix('.0')}e{int(exponent):+d}".encode()
    return format(Decimal(f"{number!r}"), "f").removesuffix(".0").encode()


def _without_surrogates(value: Any) -> Any:
    match value:
        case str():
            return _LONE_SURROGATE.sub("\ufffd", value)
        case dict():
            return {_without_surrogates(key): _without_surrogates(each) for key, each in value.items()}
        case list() | tuple():
            return [_without_surrogates(each) for each in value]
    return value
