"""Text (sprig, "String functions"); places and lengths count bytes, as Go does."""

from __future__ import annotations

import re
from typing import Any, Final

from assaymark.report.gotemplate.formatting import formatted_text, quoted
from assaymark.report.gotemplate.library.bounded import checked
from assaymark.report.gotemplate.library.kinds import strings_of, text_of_value
from assaymark.report.gotemplate.library.words import (
    initials,
    lower,
    swap_case,
    title,
    untitle,
    upper,
    without_spaces,
    wrapped,
)
from assaymark.report.gotemplate.values import Function, GoList, GoMap, decoded, encoded

_GO_SPACE: Final = " \t\n\v\f\r\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_XML: Final = str.maketrans(
    {'"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;", "\t": "&#x9;", "\n": "&#xA;", "\r": "&#xD;"}
)
_HTML: Final = str.maketrans({'"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;"})
_XML_PLAIN = re.compile(r"[ !#-%(-;=?-~]*\Z")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def cut(text: str, start: int, end: int) -> str:
    """Bytes `start` to `end` of text.

    Raises:
        ValueError: they are outside of it.
    """
    size = len(text) if text.isascii() else len(encoded(text))
    if not 0 <= start <= end <= size:
        raise ValueError(f"slice bounds out of range [{start}:{end}] with length {size}")
    return text[start:end] if size == len(text) else decoded(encoded(text)[start:end])


def _substring(start: int, end: int, text: str) -> str:
    size = len(encoded(text))
    if start < 0:
        return cut(text, 0, end)
    return cut(text, start, size if end < 0 or end > size else end)


def _truncated(count: int, text: str) -> str:
    size = len(encoded(text))
    if count < 0 and size + count > 0:
        return cut(text, size + count, size)
    return cut(text, 0, count) if 0 <= count < size else text


def _abbreviated(width: int, text: str) -> str:
    return _abbreviated_both(0, width, text, least=4) if width >= 4 else text


def _abbreviated_both(offset: int, width: int, text: str, *, least: int = 7) -> str:
    """Goutils' AbbreviateFull: three dots where something is missing."""
    if width < 4 or (offset > 0 and width < least):
        return text
    size = len(encoded(text))
    if size <= width:
        return text
    offset = min(offset, size)
    if size - offset < width - 3:
        offset = size - (width - 3)
    if offset <= 4:
        return cut(text, 0, width - 3) + "..."
    if offset + width - 3 < size:
        return "..." + _abbreviated(width - 3, cut(text, offset, size))
    return "..." + cut(text, size - (width - 3), size)


def _replaced(old: str, new: str, text: str) -> str:
    checked(len(text) + max(0, len(new) - len(old)) * (text.count(old) if len(new) > len(old) else 0))
    return text.replace(old, new)


def _repeated(count: int, text: str) -> str:
    if count < 0:
        raise ValueError("negative repeat count")
    checked(count * len(text))
    return text * count


def _indented(spaces: int, text: str) -> str:
    if spaces < 0:
        raise ValueError("negative repeat count")
    checked(spaces * (text.count("\n") + 1))
    blanks = " " * spaces
    return blanks + text.replace("\n", "\n" + blanks)


def _split(separator: str, text: str) -> list[str]:
    return text.split(separator) if separator else list(text)


def _numbered(parts: list[str]) -> GoMap:
    return GoMap({f"_{place}": part for place, part in enumerate(parts)}, go_type="map[string]string", zero="")


def _split_some(separator: str, count: int, text: str) -> GoMap:
    if count == 0:
        return _numbered([])
    if separator:
        return _numbered(text.split(separator, count - 1 if count > 0 else -1))
    letters = list(text)
    kept = letters[: count - 1] + (["".join(letters[count - 1 :])] if len(letters) >= count else [])
    return _numbered(letters if count < 0 else kept)


def _quoted(*values: Any) -> str:
    return " ".join(quoted(text_of_value(value)) for value in values if value is not None)


def _single_quoted(*values: Any) -> str:
    return " ".join(formatted_text("'%v'", [value]) for value in values if value is not None)


def _joined(separator: str, values: Any) -> str:
    parts = strings_of(values)
    checked(sum(map(len, parts)) + len(separator) * len(parts))
    return separator.join(parts)


def _beside(*values: Any) -> str:
    kept = [value for value in values if value is not None]
    return formatted_text("%v " * (len(kept) - 1) + "%v", kept) if kept else ""


def escape_xml(text: str) -> str:
    """`escapeXML` (encoding/xml.EscapeText): what XML cannot hold is U+FFFD."""
    if _XML_PLAIN.match(text):
        return text
    return _NOT_XML.sub("\ufffd", text).translate(_XML)


def _with_period(text: str) -> str:
    return text if text.endswith(".") else text + "."


TEXTS: Final[dict[str, Function]] = {
    "abbrev": Function("is", _abbreviated),
    "abbrevboth": Function("iis", _abbreviated_both),
    "cat": Function("a*", _beside),
    "contains": Function("ss", lambda part, text: part in text),
    "endWithPeriod": Function("s", _with_period),
    "escapeString": Function("s", lambda text: text.translate(_HTML)),
    "escapeXML": Function("s", escape_xml),
    "hasPrefix": Function("ss", lambda part, text: text.startswith(part)),
    "hasSuffix": Function("ss", lambda part, text: text.endswith(part)),
    "hello": Function("", lambda: "Hello!"),
    "indent": Function("is", _indented),
    "initials": Function("s", initials),
    "join": Function("sa", _joined),
    "lower": Function("s", lower),
    "nindent": Function("is", lambda spaces, text: "\n" + _indented(spaces, text)),
    "nospace": Function("s", without_spaces),
    "plural": Function("ssi", lambda one, many, count: one if count == 1 else many),
    "quote": Function("a*", _quoted),
    "repeat": Function("is", _repeated),
    "replace": Function("sss", _replaced),
    "split": Function("ss", lambda separator, text: _numbered(_split(separator, text))),
    "splitList": Function("ss", lambda separator, text: GoList(_split(separator, text))),
    "splitn": Function("sis", _split_some),
    "squote": Function("a*", _single_quoted),
    "substr": Function("iis", _substring),
    "swapcase": Function("s", swap_case),
    "title": Function("s", title),
    "toString": Function("a", text_of_value),
    "toStrings": Function("a", lambda values: GoList(strings_of(values))),
    "trim": Function("s", lambda text: text.strip(_GO_SPACE)),
    "trimAll": Function("ss", lambda letters, text: text.strip(letters) if letters else text),
    "trimPrefix": Function("ss", lambda part, text: text.removeprefix(part)),
    "trimSuffix": Function("ss", lambda part, text: text.removesuffix(part)),
    "trimall": Function("ss", lambda letters, text: text.strip(letters) if letters else text),
    "trunc": Function("is", _truncated),
    "untitle": Function("s", untitle),
    "upper": Function("s", upper),
    "wrap": Function("is", lambda width, text: wrapped(text, width, "\n", long_words=False)),
    "wrapWith": Function("iss", lambda width, ends, text: wrapped(text, width, ends, long_words=True)),
}
