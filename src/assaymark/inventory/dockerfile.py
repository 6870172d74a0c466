"""Labels of a Dockerfile, with its variables filled in (https://docs.docker.com/reference/dockerfile/).

As much of the language as labels need. Rules:

1. A line that ends in the escape character goes on in the next; comments and empty lines between do not count. The
   directive `# escape=` at the top chooses another character. Here-documents of `RUN`, `COPY` and `ADD` are skipped.
2. `LABEL` and `ENV` take `name=value` pairs, or the old form `name value` with one value up to the end of the line.
3. Variables are those of `ARG` in front of the first `FROM`, and of `ENV` anywhere above; their values are taken as
   they are written. In labels `$name`, `${name}`, `${name:-word}` and `${name:+word}` are filled in, quotes are
   removed, and nothing is filled in between single quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_DIRECTIVE: Final = re.compile(r"#[ \t]*([a-zA-Z]+)[ \t]*=[ \t]*(\S+)[ \t]*")
_HERE: Final = re.compile(r"<<(-?)([\"']?)([A-Za-z_][A-Za-z0-9_]*)\2")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9]")
_CHOICE: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*|[0-9])(:?[-+])?")
_WITH_DOCUMENTS: Final = frozenset({"RUN", "COPY", "ADD"})
_DEPTH: Final = 16  # of choices inside of choices


def read_labels(text: str, *, limit: int) -> Iterator[tuple[str, str]]:
    """The labels of all stages in the order of the file, filled in.

    Args:
        text: the Dockerfile.
        limit: characters that all labels together may have.

    Raises:
        ValueError: it is no Dockerfile, or the labels are longer than `limit`.
    """
    escape, lines = _directives(text.splitlines())
    variables: dict[str, str] = {}
    words = _Words(variables, escape=escape, limit=limit)
    in_stage = False
    for name, rest in _instructions(lines, escape):
        if name == "FROM":
            in_stage = True
        elif name == "ENV" and in_stage:
            variables.update(_pairs(rest, escape))
        elif name == "ARG" and not in_stage:
            defined = (word.partition("=") for word in _split(rest, escape))
            variables.update((key, value) for key, _, value in defined)
        elif name == "LABEL" and in_stage:
            for key, value in _pairs(rest, escape):
                yield words.filled(key), words.filled(value)
    if not in_stage:
        raise ValueError("a Dockerfile without `FROM`")


def _directives(lines: list[str]) -> tuple[str, list[str]]:
    """Rule 1: the escape character, and the lines behind the directives."""
    escape = "\\"
    for number, line in enumerate(lines):
        directive = _DIRECTIVE.fullmatch(line)
        if directive is None:
            return escape, lines[number:]
        if directive[1].lower() == "escape":
            escape = directive[2]
    return escape, []


def _instructions(lines: list[str], escape: str) -> Iterator[tuple[str, str]]:
    """Rule 1: names in upper case and what stands behind them."""
    parts: list[str] = []
    ending: list[tuple[str, bool]] = []
    for line in lines:
        if ending and not parts:
            word, tabs = ending[0]
            if (line.lstrip("\t") if tabs else line) == word:
                ending.pop(0)
            continue
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        goes_on = stripped.endswith(escape) and not stripped.endswith(escape * 2)
        parts.append(line.rstrip()[: -len(escape)] if goes_on else line)
        if not goes_on:
            name, rest = _instruction("".join(parts))
            parts.clear()
            if name in _WITH_DOCUMENTS:
                ending = [(match[3], bool(match[1])) for match in _HERE.finditer(rest)]
            yield name, rest
    if parts:
        yield _instruction("".join(parts))


def _instruction(line: str) -> tuple[str, str]:
    name, *rest = line.split(None, 1)
    return name.upper(), rest[0].strip() if rest else ""


def _pairs(text: str, escape: str) -> Iterator[tuple[str, str]]:
    """Rule 2."""
    words = _split(text, escape)
    if words and "=" not in words[0]:
        name, *value = text.split(None, 1)
        if not value:
            raise ValueError(f"`{name[:80]}` has no value")
        yield name, value[0]
        return
    for word in words:
        key, equals, setting = word.partition("=")
        if not equals:
            raise ValueError(f"`{word[:80]}` is no pair of a name and a value")
        yield key, setting


def _split(text: str, escape: str) -> list[str]:
    """Words between blanks; blanks in quotes, or behind the escape character, belong to their word."""
    words: list[str] = []
    word: list[str] = []
    quote = ""
    characters = iter(text)
    for character in characters:
        if character == escape and quote != "'":
            word += [character, next(characters, "")]
        elif character.isspace() and not quote:
            if word:
                words.append("".join(word))
            word = []
        else:
            if character in {'"', "'"}:
                quote = "" if quote == character else quote or character
            word.append(character)
    if word:
        words.append("".join(word))
    return words


class _Words:
    """Rule 3. The room is for all words together: a variable of a megabyte can be asked for a million times."""

    def __init__(self, variables: dict[str, str], *, escape: str, limit: int) -> None:
        self._variables = variables
        self._escape = escape
        self._room = limit
        self._limit = limit

    def filled(self, word: str) -> str:
        """A word without quotes, its variables replaced."""
        text, end = self._read(word, 0, closing="", depth=0)
        return text if end == len(word) else text + word[end:]

    def _read(self, word: str, place: int, *, closing: str, depth: int) -> tuple[str, int]:
        parts: list[str] = []
        quoted = False
        while place < len(word) and not (word[place] == closing and not quoted):
            character = word[place]
            if character == "'" and not quoted:
                end = _closing_quote(word, place)
                part, place = word[place + 1 : end], end + 1
            elif character == '"':
                quoted, part, place = not quoted, "", place + 1
            elif character == self._escape and place + 1 < len(word):
                kept = quoted and word[place + 1] not in {'"', "$", self._escape}
                part, place = (self._escape if kept else "") + word[place + 1], place + 2
            elif character == "$":
                part, place = self._variable(word, place + 1, depth)
            else:
                part, place = character, place + 1
            self._room -= len(part)
            if self._room < 0:
                raise ValueError(f"labels of more than {self._limit} characters")
            parts.append(part)
        if quoted:
            raise ValueError("a quote that does not end")
        return "".join(parts), place

    def _variable(self, word: str, place: int, depth: int) -> tuple[str, int]:
        """What `$…` stands for, from behind the dollar sign."""
        if word[place : place + 1] != "{":
            name = _NAME.match(word, place)
            return ("$", place) if name is None else (self._variables.get(name[0], ""), name.end())
        choice = _CHOICE.match(word, place + 1)
        if choice is None or depth == _DEPTH:
            raise ValueError(f"`{word[place - 1 : place + 40]}` is no variable")
        other, end = self._read(word, choice.end(), closing="}", depth=depth + 1)
        if end == len(word) or (other and not choice[2]):
            raise ValueError(f"`{word[place - 1 : place + 40]}` does not end, or is more than is understood")
        value = self._variables.get(choice[1])
        operator = choice[2] or ""
        missing = value is None or (operator.startswith(":") and not value)
        if operator.endswith("-"):
            return other if missing or value is None else value, end + 1
        if operator.endswith("+"):
            return "" if missing else other, end + 1
        return value or "", end + 1


def _closing_quote(word: str, place: int) -> int:
    end = word.find("'", place + 1)
    if end < 0:
        raise ValueError("a quote that does not end")
    return end
