r"""Path patterns as `bmatcuk/doublestar` reads them, which is what ignore files are written in.

- `*` any characters but `/`; `?` one of them; `[a-z]`, `[!a]` and `[^a]` one character of a class, `/` too;
- `**/` as a whole segment any number of folders; `/**` at the end anything below, and the folder itself;
- `{a,b}` alternatives, which may nest; `\` takes the next character as it is. `**` elsewhere is `*`.

A pattern matches the whole path. Alternatives are written out first; what is left is matched without backtracking.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Final, Literal

import msgspec

_ALTERNATIVES: Final = 1_000
_EMPTY_RESTS: Final = frozenset({"", "*", "**", "/**", "**/", "/**/"})


class _Token(msgspec.Struct, frozen=True):
    kind: Literal["literal", "any", "class", "star", "folders", "rest"]
    start: int
    text: str = ""
    ranges: tuple[tuple[str, str], ...] = ()
    negated: bool = False

    def takes(self, character: str) -> bool:
        """Whether a token of one character takes this one."""
        if self.kind == "literal":
            return character == self.text
        if self.kind == "any":
            return character != "/"
        if self.kind != "class":
            return False
        return any(low <= character <= high for low, high in self.ranges) != self.negated


class _Alternative(msgspec.Struct, frozen=True):
    """A pattern without braces.

    Attributes:
        end: how every path that matches ends; most paths do not, and that is seen at once.
    """

    text: str
    tokens: tuple[_Token, ...]
    end: str


class Pattern(msgspec.Struct, frozen=True):
    """A valid pattern."""

    text: str
    alternatives: tuple[_Alternative, ...]

    def matches(self, path: str) -> bool:
        """Whether the whole path matches."""
        return any(path.endswith(each.end) and _matches(each.text, each.tokens, path) for each in self.alternatives)


def compile_pattern(text: str) -> Pattern:
    r"""The pattern that `text` spells.

    Raises:
        ValueError: a class or a brace is not closed or empty, a `\` at the end, or far too many alternatives.
    """
    written_out: list[str] = []
    for alternative in _alternatives(text):
        written_out.append(alternative)
        if len(written_out) > _ALTERNATIVES:
            raise ValueError(f"the pattern `{text[:200]}` has more than {_ALTERNATIVES} alternatives")
    tokens = [tuple(_tokens(each, text)) for each in written_out]
    return Pattern(
        text, tuple(_Alternative(each, own, _literal_end(own)) for each, own in zip(written_out, tokens, strict=True))
    )


def _literal_end(tokens: Sequence[_Token]) -> str:
    """The characters at the end of a pattern that stand for themselves; none where the end may be left out (`a/`)."""
    literals = takewhile(lambda token: token.kind == "literal", reversed(tokens))
    end = "".join(token.text for token in literals)[::-1]
    return "" if end.endswith("/") else end


def _alternatives(text: str) -> Iterator[str]:
    """The pattern with its first braces written out, and so on."""
    place = 0
    while place < len(text):
        if text[place] == "\\":
            place += 1
        elif text[place] == "[":
            place = _class_end(text, place)
        elif text[place] == "}":
            raise ValueError(f"the pattern `{text[:200]}` closes a brace that was not opened")
        elif text[place] == "{":
            parts, end = _brace(text, place)
            for part in parts:
                yield from _alternatives(text[:place] + part + text[end:])
            return
        place += 1
    yield text


def _brace(text: str, start: int) -> tuple[list[str], int]:
    """What stands between the commas of the brace at `start`, and the place behind it."""
    parts, depth, begin, place = [], 1, start + 1, start + 1
    while place < len(text):
        mark = text[place]
        depth += (mark == "{") - (mark == "}")
        if depth == 0 or (depth == 1 and mark == ","):
            parts.append(text[begin:place])
            begin = place + 1
        if depth == 0:
            return parts, begin
        place += 2 if mark == "\\" else 1
    raise ValueError(f"the pattern `{text[:200]}` does not close a brace")


def _class_end(text: str, start: int) -> int:
    """The place of the bracket that closes the class at `start`."""
    first = start + 2 if text[start + 1 : start + 2] in ("!", "^") else start + 1
    place = first
    while place < len(text):
        if text[place] == "]" and place > first:
            return place
        if text[place] == "]":
            break
        place += 2 if text[place] == "\\" else 1
    raise ValueError(f"the pattern `{text[:200]}` has a class that is empty or does not end")


def _tokens(text: str, whole: str) -> Iterator[_Token]:
    place, at_start = 0, True
    while place < len(text):
        mark, start = text[place], place
        if text.startswith("**", place) and at_start and text[place + 2 : place + 3] in ("", "/"):
            yield _Token("folders" if len(text) > place + 2 else "rest", start)
            place += 3
            continue
        at_start = False
        if mark == "*":
            place += 2 if text.startswith("**", place) else 1
            yield _Token("star", start)
        elif mark == "?":
            place += 1
            yield _Token("any", start)
        elif mark == "[":
            end = _class_end(text, place)
            yield _class(text[place + 1 : end], start)
            place = end + 1
        else:
            place += 1 if mark == "\\" else 0
            if place >= len(text):
                raise ValueError(f"the pattern `{whole[:200]}` ends in a backslash")
            at_start = text[place] == "/"
            yield _Token("literal", start, text[place])
            place += 1


def _class(inner: str, start: int) -> _Token:
    negated = inner[0] in "!^"
    characters = _unescaped(inner[1:] if negated else inner)
    ranges: list[tuple[str, str]] = []
    while characters:
        low = characters.pop(0)[0]
        if len(characters) > 1 and characters[0] == ("-", False):
            characters.pop(0)
            ranges.append((low, characters.pop(0)[0]))
        else:
            ranges.append((low, low))
    return _Token("class", start, ranges=tuple(ranges), negated=negated)


def _unescaped(text: str) -> list[tuple[str, bool]]:
    """The characters, and whether a backslash stood before them."""
    found, place = [], 0
    while place < len(text):
        escaped = text[place] == "\\" and place + 1 < len(text)
        place += escaped
        found.append((text[place], escaped))
        place += 1
    return found


def _matches(text: str, tokens: tuple[_Token, ...], path: str) -> bool:
    """Follows every way through the pattern at once.

    A state is a token, and whether the token has taken characters and may take more.
    """
    states = {(0, False)}
    for character in path:
        states = _reached(states, tokens)
        if any(place < len(tokens) and tokens[place].kind == "rest" for place, _ in states):
            return True
        states = set(_steps(states, tokens, character))
        if not states:
            return False
    starts = (*(token.start for token in tokens), len(text))
    ends = (starts[place + taken] for place, taken in states if not taken or tokens[place].kind == "star")
    return any(text[end:] in _EMPTY_RESTS for end in ends)


def _reached(states: set[tuple[int, bool]], tokens: tuple[_Token, ...]) -> set[tuple[int, bool]]:
    """The states, and those behind tokens that may end here."""
    waiting, found = list(states), set(states)
    while waiting:
        place, taken = waiting.pop()
        kind = tokens[place].kind if place < len(tokens) else "rest"
        if (kind == "star" or (kind == "folders" and not taken)) and (place + 1, False) not in found:
            found.add((place + 1, False))
            waiting.append((place + 1, False))
    return found


def _steps(states: set[tuple[int, bool]], tokens: tuple[_Token, ...], character: str) -> Iterator[tuple[int, bool]]:
    for place, _ in states:
        if place == len(tokens):
            continue
        token = tokens[place]
        if token.kind == "folders" or (token.kind == "star" and character != "/"):
            yield place, True
        if (token.kind == "folders" and character == "/") or token.takes(character):
            yield place + 1, False
