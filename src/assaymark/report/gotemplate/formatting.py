"""`printf`: Go's verbs, flags, widths and precisions (package fmt, "Printing").

A list or a map hands its verb on to what is in it. What a verb cannot print is told as Go tells it: `%!d(string=text)`,
`%!d(MISSING)`, `%!(NOVERB)`, and `%!(EXTRA int=1)` behind the text for arguments that nobody asked for.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final, NamedTuple

from assaymark.report.gotemplate.printing import float_text, own_text, plain_text
from assaymark.report.gotemplate.values import Nil, Struct, encoded, type_name

_VERB = re.compile(r"%([-+# 0]*)(\[\d+\])?(\*|\d+)?(?:\.(?:(\[\d+\])?(\*|\d+)?))?(\[\d+\])?(.?)", re.DOTALL)
_HAS_PRECISION = re.compile(r"%[-+# 0]*(?:\[\d+\])?(?:\*|\d+)?\.")
_WIDEST: Final = 1_000_000
_QUOTED: Final = {
    "\a": r"\a", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v", "\\": r"\\",
}  # fmt: skip
_PLAIN = re.compile(r"[ !#-\[\]-~]*\Z")
_WHOLE: Final = {"b": 2, "o": 8, "O": 8, "d": 10, "x": 16, "X": 16}


class Verb(NamedTuple):
    """One conversion; a width or precision of None was not given, and `named` is the plus of `%+v`."""

    letter: str
    flags: str = ""
    width: int | None = None
    precision: int | None = None
    named: bool = False

    @property
    def left(self) -> bool:
        """Whether the blanks go behind the text."""
        return "-" in self.flags

    @property
    def zeros(self) -> bool:
        """Whether numbers are filled with zeros."""
        return "0" in self.flags and not self.left


class _Arguments:
    def __init__(self, values: list[Any]) -> None:
        self.values = values
        self.place = 0
        self.reordered = False

    def goto(self, index: str | None) -> bool:
        """Whether `[n]`, if it is there, leads to an argument."""
        if index is None:
            return True
        self.reordered = True
        number = int(index[1:-1][:9])
        if not 1 <= number <= len(self.values):
            return False
        self.place = number - 1
        return True

    def number(self, text: str | None) -> tuple[int | None, bool]:
        """A width or precision; `*` takes it from the arguments."""
        if not text:
            return None, True
        if text != "*":
            return int(text[:9]), True
        value = self.values[self.place] if self.place < len(self.values) else None
        self.place += 1
        good = isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _WIDEST
        return (int(value), True) if good and value is not None else (None, False)


def formatted_text(template: str, values: list[Any]) -> str:
    """Sprintf."""
    arguments = _Arguments(values)
    text = _VERB.sub(lambda match: _converted(match, arguments), template)
    if not arguments.reordered and arguments.place < len(values):
        extra = (
            type_name(value) if value is None else f"{type_name(value)}={plain_text(value)}"
            for value in values[arguments.place :]
        )
        text += f"%!(EXTRA {', '.join(extra)})"
    return text


def _converted(match: re.Match[str], arguments: _Arguments) -> str:
    flags, width_index, width_text, precision_index, precision_text, index, letter = match.groups()
    complaints = ""
    good = arguments.goto(width_index if width_text == "*" else None)
    width, fine = arguments.number(width_text)
    if not fine or (width is not None and abs(width) > _WIDEST):
        complaints, width = "%!(BADWIDTH)", None
    if width is not None and width < 0:
        flags, width = flags + "-", -width
    good = arguments.goto(precision_index) and good
    precision, fine = arguments.number(precision_text)
    if precision is None and fine and _HAS_PRECISION.match(match[0]):
        precision = 0
    if not fine or (precision is not None and not 0 <= precision <= _WIDEST):
        complaints, precision = complaints + "%!(BADPREC)", None
    good = arguments.goto(index if index is not None else (width_index if width_text != "*" else None)) and good
    if not letter:
        return complaints + "%!(NOVERB)"
    if letter == "%":
        return complaints + "%"
    if not good:
        return f"{complaints}%!{letter}(BADINDEX)"
    if arguments.place >= len(arguments.values):
        return f"{complaints}%!{letter}(MISSING)"
    arguments.place += 1
    value = arguments.values[arguments.place - 1]
    if letter == "v" and "+" in flags:  # the plus asks for names there, not for signs
        letter, flags = "v+", flags.replace("+", "")
    return complaints + _one(value, Verb(letter[0], flags, width, precision, named=letter == "v+"))


def _one(value: Any, verb: Verb) -> str:
    """One value by one verb."""
    if verb.letter == "T":
        return _padded(type_name(value), verb)
    if value is None or isinstance(value, Nil):
        kind = "" if value is None else f"{value.go_type}="
        return _padded("<nil>" if verb.letter == "v" else f"%!{verb.letter}({kind}<nil>)", verb)
    own = own_text(value) if verb.letter in "vsqxX" else None
    if own is not None:
        return _text(own, verb, value)
    match value:
        case str():
            return _text(value, verb, value)
        case bool():
            return _padded(plain_text(value), verb) if verb.letter in "tv" else _bad(value, verb)
        case int():
            return _integer(value, verb)
        case float():
            return _float(value, verb)
        case list():
            return "[" + " ".join(_inner(each, verb) for each in value) + "]"
        case dict():
            pairs = (f"{_one(key, verb)}:{_inner(each, verb)}" for key, each in sorted(value.items()))
            return "map[" + " ".join(pairs) + "]"
        case Struct():
            return _struct(value, verb)
    return _bad(value, verb)


def _inner(value: Any, verb: Verb) -> str:
    """A value inside of another one; nothing is nothing there, whatever the verb."""
    return _padded("<nil>", verb) if value is None else _one(value, verb)


def _struct(value: Struct, verb: Verb) -> str:
    fields = ((f"{name}:" if verb.named else "") + _inner(value.field(name), verb) for name in value.type.fields)
    return ("&" if value.pointer else "") + "{" + " ".join(fields) + "}"


def _text(text: str, verb: Verb, value: Any) -> str:
    if verb.precision is not None and verb.letter in "vsq":
        text = text[: verb.precision]
    match verb.letter:
        case "v" | "s":
            if verb.letter == "v" and "#" in verb.flags:
                return _padded(quoted(text), verb)
            return _padded(text, verb)
        case "q":
            if "#" in verb.flags and "`" not in text and all(each == "\t" or each.isprintable() for each in text):
                return _padded(f"`{text}`", verb)
            return _padded(quoted(text, ascii_only="+" in verb.flags), verb)
        case "x" | "X":
            data = encoded(text)[: verb.precision]
            joined = data.hex(" ").split(" ") if " " in verb.flags and data else [data.hex()]
            prefix = "0x" if "#" in verb.flags and data else ""
            shown = (" " if " " in verb.flags else "").join(prefix + part for part in joined)
            if prefix and " " not in verb.flags:
                shown = prefix + data.hex()
            return _padded(shown.upper() if verb.letter == "X" else shown, verb)
    return _bad(value, verb)


def _integer(value: int, verb: Verb) -> str:
    letter = "d" if verb.letter == "v" else verb.letter
    number = int(value)
    if letter in _WHOLE:
        return _whole_number(number, verb, letter)
    if letter == "c":
        return _padded(_character(number), verb)
    if letter == "q":
        return _padded("'" + _quoted_inner(_character(number), "'", ascii_only="+" in verb.flags) + "'", verb)
    if letter == "U":
        shown = f"U+{number:04X}" + (f" '{_character(number)}'" if "#" in verb.flags else "")
        return _padded(shown, verb)
    return _bad(value, verb)


def _whole_number(number: int, verb: Verb, letter: str) -> str:
    digits = {2: f"{abs(number):b}", 8: f"{abs(number):o}", 10: f"{abs(number)}", 16: f"{abs(number):x}"}[
        _WHOLE[letter]
    ]
    if verb.precision is not None:
        digits = "" if verb.precision == 0 and number == 0 else digits.rjust(verb.precision, "0")
    prefix = "0o" if letter == "O" else ""
    if "#" in verb.flags:
        prefix = {"b": "0b", "o": "0", "x": "0x", "X": "0x", "O": "0o"}.get(letter, "")
        prefix = "" if letter == "o" and digits.startswith("0") else prefix
    sign = "-" if number < 0 else "+" if "+" in verb.flags else " " if " " in verb.flags else ""
    if verb.zeros and verb.width is not None and verb.precision is None:
        digits = digits.rjust(verb.width - len(sign) - len(prefix) * (letter == "O"), "0")
    shown = sign + prefix + digits
    return _spaced(shown.upper() if letter == "X" else shown, verb)


def _float(value: float, verb: Verb) -> str:
    letter = verb.letter
    if letter not in "veEfFgG":
        return _bad(value, verb)
    finite = value - value == 0
    if not finite:
        text = float_text(value)
    elif letter in "vgG":
        text = float_text(value) if verb.precision is None else _significant(value, verb.precision)
        text = text.upper() if letter == "G" else text
    else:
        precision = 6 if verb.precision is None else verb.precision
        text = format(Decimal(value), f".{precision}f") if letter in "fF" else f"{value:.{precision}{letter}}"
    if "+" in verb.flags and text[0] not in "+-":
        text = f"+{text}"
    elif " " in verb.flags and text[0] not in "+-":
        text = f" {text}"
    if verb.zeros and verb.width is not None and finite:
        sign, digits = (text[0], text[1:]) if text[0] in "+- " else ("", text)
        return sign + digits.rjust(verb.width - len(sign), "0")
    return _spaced(text, verb)


def _significant(value: float, precision: int) -> str:
    """`%.Ng`: at most N digits, without zeros at the end."""
    text = f"{value:.{precision or 1}g}"
    mantissa, exponent, power = text.partition("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return mantissa + exponent + power


def quoted(text: str, *, ascii_only: bool = False) -> str:
    """A Go string constant (strconv.Quote): what cannot be printed is escaped, byte by byte where it is no UTF-8."""
    if _PLAIN.match(text):
        return f'"{text}"'
    return '"' + _quoted_inner(text, '"', ascii_only=ascii_only) + '"'


def _quoted_inner(text: str, quote: str, *, ascii_only: bool) -> str:
    parts = []
    for character in text:
        number = ord(character)
        if character == quote or character in _QUOTED:
            parts.append(_QUOTED.get(character, f"\\{character}"))
        elif 0xDC80 <= number <= 0xDCFF:
            parts.append(f"\\x{number - 0xDC00:02x}")
        elif number < 0x20 or number == 0x7F:
            parts.append(f"\\x{number:02x}")
        elif character.isprintable() and not (ascii_only and number > 0x7F):
            parts.append(character)
        else:
            parts.append(f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}")
    return "".join(parts)


def _character(number: int) -> str:
    return chr(number) if 0 <= number <= 0x10FFFF and not 0xD800 <= number < 0xE000 else "\ufffd"


def _bad(value: Any, verb: Verb) -> str:
    return f"%!{verb.letter}({type_name(value)}={plain_text(value)})"


def _padded(text: str, verb: Verb) -> str:
    """Text of a width; a zero fills text as well as numbers."""
    if verb.width is None or len(text) >= verb.width:
        return text
    return text.ljust(verb.width) if verb.left else text.rjust(verb.width, "0" if verb.zeros else " ")


def _spaced(text: str, verb: Verb) -> str:
    if verb.width is None:
        return text
    return text.ljust(verb.width) if verb.left else text.rjust(verb.width)
