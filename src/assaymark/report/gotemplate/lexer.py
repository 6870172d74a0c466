"""The words of a template: text, and what stands between `{{` and `}}` (text/template, "Text and spaces").

1. `{{- ` takes away the white space in front of it, ` -}}` that behind it; the white space beside the minus sign makes
   it a marker: `{{-3}}` is a number.
2. A comment is `{{/* … */}}` with nothing else in it but markers.
3. Names and fields end at white space, a delimiter or one of `.,|:()`; blanks inside an action matter, because
   `.A.B` is one operand and `.A .B` are two.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import Final, NamedTuple

_SPACE: Final = " \t\r\n"
_COMMENT = re.compile(r"(?:-[ \t\r\n])?/\*")
_COMMENT_END = re.compile(r"\*/(?:[ \t\r\n]-)?\}\}")
_TOKEN = re.compile(
    r"""
      (?P<right>[ \t\r\n]+-\}\}|\}\})
    | (?P<space>[ \t\r\n]+)
    | (?P<declare>:=) | (?P<assign>=) | (?P<pipe>\|) | (?P<open>\() | (?P<close>\)) | (?P<comma>,)
    | (?P<string>"(?:[^"\\\n]|\\[^\n])*") | (?P<raw>`[^`]*`) | (?P<char>'(?:[^'\\\n]|\\[^\n])*')
    | (?P<variable>\$\w*) | (?P<field>\.(?![0-9])\w+)
    | (?P<number>[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?
        |0[oObB][0-9_]*|(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9_]*)?)i?)
    | (?P<dot>\.) | (?P<word>\w+)
    """,
    re.VERBOSE,
)
_NAMED: Final = frozenset({"word", "field", "variable"})
_TERMINATOR = re.compile(r"[ \t\r\n.,|:()]|\}\}|\Z")
KEYWORDS: Final = frozenset({"block", "break", "continue", "define", "else", "end", "if", "range", "template", "with"})


class Token(NamedTuple):
    """One word and the line that it stands in.

    `kind` is `text`, `left`, `right`, `keyword`, `bool`, `nil`, `end of file`, or a group of the pattern above.
    """

    kind: str
    text: str
    line: int


class SyntaxProblem(Exception):  # noqa: N818 - it never leaves this package
    """What is wrong with a template, and where."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def tokens(source: str) -> Iterator[Token]:
    """The words of `source`; the last one is `end of file`.

    Raises:
        SyntaxProblem: a character, a string or an action that does not end well.
    """
    place, line, trim = 0, 1, False
    while True:
        start = source.find("{{", place)
        text = source[place:] if start < 0 else source[place:start]
        shown = text.lstrip(_SPACE) if trim else text
        if start >= 0 and source[start + 2 : start + 3] == "-" and source[start + 3 : start + 4] in tuple(_SPACE):
            shown = shown.rstrip(_SPACE)
        if shown:
            yield Token("text", shown, line)
        line += text.count("\n")
        if start < 0:
            yield Token("end of file", "", line)
            return
        comment = _COMMENT.match(source, start + 2)
        if comment is not None:
            end = _end_of_comment(source, comment.end(), line)
        else:
            end = yield from _action(source, start + 2, line)
        trim = source[end - 3] == "-" and source[end - 4] in _SPACE
        line += source.count("\n", start, end)
        place = end


def _end_of_comment(source: str, place: int, line: int) -> int:
    close = source.find("*/", place)
    if close < 0:
        raise SyntaxProblem("a comment without its end", line)
    end = _COMMENT_END.match(source, close)
    if end is None:
        raise SyntaxProblem("a comment that ends before its action does", line)
    return end.end()


def _action(source: str, place: int, line: int) -> Generator[Token, None, int]:
    """The words up to `}}`; returns the place behind it."""
    yield Token("left", "{{", line)
    if source[place : place + 1] == "-" and source[place + 1 : place + 2] in tuple(_SPACE):
        place += 1
    while True:
        match = _TOKEN.match(source, place)
        if match is None:
            raise _unreadable(source, place, line)
        kind, text = str(match.lastgroup), match[0]
        if kind in _NAMED and not _TERMINATOR.match(source, match.end()):
            raise SyntaxProblem(f"an unexpected `{source[match.end()]}` behind `{text}`", line)
        if kind == "number" and (source[match.end() : match.end() + 1].isalnum()):
            raise SyntaxProblem(f"`{text}{source[match.end()]}` is not a number", line)
        yield Token(_kind_of_word(text) if kind == "word" else kind, text, line)
        if kind == "right":
            return match.end()
        line += text.count("\n")
        place = match.end()


def _kind_of_word(text: str) -> str:
    if text in KEYWORDS:
        return "keyword"
    if text in ("true", "false"):
        return "bool"
    return "nil" if text == "nil" else "word"


def _unreadable(source: str, place: int, line: int) -> SyntaxProblem:
    character = source[place : place + 1]
    if not character:
        return SyntaxProblem("an action without its `}}`", line)
    if character in "\"'`":
        return SyntaxProblem(f"a string without its closing {character}", line)
    return SyntaxProblem(f"an unexpected `{character}`", line)
