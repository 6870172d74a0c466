"""Regular expressions (sprig, "Regular expressions") in RE2's syntax, which Go has, too; they run in linear time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Final

from assaymark.report.gotemplate.library.bounded import checked
from assaymark.report.gotemplate.values import Function, GoList, whole

_REFERENCE = re.compile(r"\$(?:(\$)|\{(\w+)\}|(\w+))", re.ASCII)
_META = re.compile(r"([\\.+*?()|\[\]{}^$])")


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Any:
    import re2

    options = re2.Options()
    options.log_errors = False  # RE2 writes them to stderr by itself
    try:
        return re2.compile(whole(pattern), options)
    except re2.error as exc:
        reason = exc.args[0].decode("utf-8", "replace") if isinstance(exc.args[0], bytes) else exc
        raise ValueError(f"`{pattern}` is no regular expression: {reason}") from exc


def _matches(pattern: str, text: str) -> Iterator[Any]:
    """Every match; an empty one right behind another is none."""
    end = -1
    for match in _compiled(pattern).finditer(text):
        if match.end() != match.start() or match.start() != end:
            yield match
        end = match.end()


def _is_match(pattern: str, text: str) -> bool:
    return _compiled(pattern).search(whole(text)) is not None


def _is_match_or_wrong(pattern: str, text: str) -> bool:
    """`regexMatch` alone takes a bad expression for one that nothing matches."""
    try:
        return _is_match(pattern, text)
    except ValueError:
        return False


def _found(pattern: str, text: str) -> str:
    match = _compiled(pattern).search(whole(text))
    return match[0] if match else ""


def _all_found(pattern: str, text: str, count: int) -> GoList:
    found: list[str] = []
    for match in _matches(pattern, whole(text)):
        if len(found) == count:
            break
        found.append(match[0])
    return GoList(found, nil=True)


def _replaced(pattern: str, text: str, replacement: str) -> str:
    return _substituted(pattern, whole(text), lambda match: _expanded(replacement, match))


def _replaced_literally(pattern: str, text: str, replacement: str) -> str:
    return _substituted(pattern, whole(text), lambda _: replacement)


def _substituted(pattern: str, text: str, replace: Callable[[Any], str]) -> str:
    parts, place, size = [], 0, 0
    for match in _matches(pattern, text):
        parts += [text[place : match.start()], replace(match)]
        size = checked(size + len(parts[-1]) + len(parts[-2]))
        place = match.end()
    return "".join([*parts, text[place:]])


def _expanded(replacement: str, match: Any) -> str:
    """`$1`, `${1}` and `$name`; a name is as long as it can be, and one that is not there is nothing."""

    def group(reference: re.Match[str]) -> str:
        if reference[1]:
            return "$"
        name = reference[2] or reference[3]
        try:
            return match[int(name[:9]) if name.isdigit() else name] or ""
        except (IndexError, KeyError, re.error):
            return ""

    return _REFERENCE.sub(group, replacement)


def _split(pattern: str, text: str, count: int) -> GoList:
    if count == 0:
        return GoList(nil=True)
    if pattern and not text:
        return GoList([""])
    parts: list[str] = []
    begin = end = 0
    text = whole(text)
    for match in _matches(pattern, text):
        if 0 < count == len(parts) + 1:
            break
        end = match.start()
        if match.end() != 0:
            parts.append(text[begin:end])
        begin = match.end()
    if end != len(text):
        parts.append(text[begin:])
    return GoList(parts)


_EXPRESSIONS: Final[dict[str, Function]] = {
    "regexFind": Function("ss", _found),
    "regexFindAll": Function("ssi", _all_found),
    "regexReplaceAll": Function("sss", _replaced),
    "regexReplaceAllLiteral": Function("sss", _replaced_literally),
    "regexSplit": Function("ssi", _split),
}

PATTERNS: Final[dict[str, Function]] = {
    **_EXPRESSIONS,
    **{f"mustR{name[1:]}": function for name, function in _EXPRESSIONS.items()},
    "mustRegexMatch": Function("ss", _is_match),
    "regexMatch": Function("ss", _is_match_or_wrong),
    "regexQuoteMeta": Function("s", lambda text: _META.sub(r"\\\1", text)),
}
