"""The variables that `go build -ldflags '-X main.version=1.2.3'` sets, read from the recorded flags.

The reference cuts the flags into words like a shell and reads them like a program whose only flags are `-X` and `-h`,
so the same is done here:

1. Words are cut at blanks; quotes and backslashes keep blanks, and `;`, `&`, `|`, `<`, `>` end the text. Parentheses
   that are not quoted, and quotes that are not closed, are errors.
2. `-X` takes the rest of its word, or what follows `=`, or the next word. Letters in front of it in the same word are
   other flags, and a flag that is not known swallows a next word that is none itself.
3. A value is `key=value`; with more than one equals sign it is a line of comma-separated pairs that may be quoted.

An error anywhere leaves no variables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

_LONGEST: Final = 32 * 1024
_BLANKS: Final = " \t\r\n"
_ENDS: Final = ";&|<>"
_ESCAPED: Final = {"t": "\t", "n": "\n"}
_TRUTHS: Final = frozenset({"1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"})


def linker_variables(flags: str) -> Mapping[str, str]:
    """The variables that `flags` set, by name; none where the flags cannot be read, or are absurdly long."""
    if len(flags) > _LONGEST:
        return {}
    try:
        return _variables(list(_words(flags)))
    except ValueError:
        return {}


class _Shell:
    """The state of rule 1."""

    def __init__(self) -> None:
        self.word: list[str] = []
        self.has_word = False
        self.is_quoted = False  # even an empty word counts
        self.quote = ""
        self.escaped = False

    def flush(self) -> Iterator[str]:
        if self.is_quoted or (self.has_word and self.word):
            yield "".join(self.word)
        self.word, self.has_word, self.is_quoted = [], False, False

    def add(self, char: str) -> None:
        self.word.append(char)
        self.has_word, self.is_quoted = True, False


def _words(text: str) -> Iterator[str]:
    """Rule 1.

    Raises:
        ValueError: a quote is not closed, or a parenthesis is not quoted.
    """
    state = _Shell()
    for char in text:
        if state.escaped:
            state.escaped = False
            if state.quote in {"`", "("}:
                state.add("\\")
                state.add(char)
            else:
                state.add(_ESCAPED.get(char, char))
        elif char == "\\":
            if state.quote == "'":
                state.word.append(char)
            else:
                state.escaped = True
        elif char in _BLANKS:
            if state.quote:
                state.word.append(char)
            else:
                yield from state.flush()
        elif char in _ENDS and not state.quote:
            if char == ">" and state.word and all("0" <= digit <= "9" for digit in state.word):
                state.has_word = state.is_quoted = False
            break
        else:
            _take(state, char)
    yield from state.flush()
    if state.escaped or state.quote:
        raise ValueError("a quote that is not closed")


def _take(state: _Shell, char: str) -> None:
    """Any other character: quotes open and close, parentheses are refused outside of them."""
    if char in "\"'" and state.quote in {"", char}:
        state.is_quoted = state.is_quoted or bool(state.quote)
        state.quote = "" if state.quote else char
        return
    if char == "`" and state.quote in {"", "`"}:
        state.quote = "" if state.quote else "`"
    elif char == "(" and state.quote in {"", "("}:
        if state.quote or state.word[-1:] != ["$"] or state.word[-2:-1] == ["\\"]:
            raise ValueError("a parenthesis that is not quoted")
        state.quote = "("
        state.word.append(char)
        return
    elif char == ")" and state.quote in {"", "("}:
        if not state.quote:
            raise ValueError("a parenthesis that is not quoted")
        state.quote = ""
    state.add(char)


def _variables(words: list[str]) -> dict[str, str]:
    """Rule 2."""
    found: dict[str, str] = {}
    place = 0
    while place < len(words):
        word = words[place]
        place += 1
        if word == "--":
            break
        if word.startswith("--"):
            place += _after_long(word[2:], words[place : place + 2])
        elif len(word) > 1 and word.startswith("-"):
            place += _after_short(word[1:], words[place : place + 2], found)
    return found


def _after_long(flag: str, following: list[str]) -> int:
    """How many of the following words belong to a flag with two hyphens."""
    if flag[0] in "-=":
        raise ValueError("a flag that is malformed")
    name, equals, value = flag.partition("=")
    if name == "help":
        _check_truth(value if equals else "true")
        return 0
    return 0 if equals else _swallowed(following)


def _after_short(letters: str, following: list[str], found: dict[str, str]) -> int:
    """How many of the following words belong to the flags of one word."""
    taken = 0
    while letters:
        if letters.startswith("test."):  # flags of Go's tests are passed over
            return 0
        value = letters[2:] if len(letters) > 2 and letters[1] == "=" else None
        letter, rest, taken = letters[0], letters[1:] if value is None else "", 0
        if letter == "X":
            if value is None and not rest and not following:
                raise ValueError("a flag without its value")
            taken = int(value is None and not rest)
            found.update(_pairs(value if value is not None else rest or following[0]))
            return taken
        if letter == "h":
            _check_truth(value if value is not None else "true")
        elif value is None:
            taken = _swallowed(following)
        letters = rest
    return taken


def _swallowed(following: list[str]) -> int:
    return int(bool(following) and not following[0].startswith("-"))


def _check_truth(value: str) -> None:
    if value not in _TRUTHS:
        raise ValueError("a flag that is neither true nor false")


def _pairs(value: str) -> Iterator[tuple[str, str]]:
    """Rule 3."""
    for pair in [value.strip('"')] if value.count("=") == 1 else _fields(value):
        key, equals, text = pair.partition("=")
        if not equals:
            raise ValueError("a variable without a value")
        yield key, text


def _fields(line: str) -> Iterator[str]:
    """The fields of the first line of a text of comma-separated values (RFC 4180)."""
    line = line.lstrip("\n")
    while True:
        if line.startswith('"'):
            field, line = _quoted_field(line[1:])
            yield field
        else:
            end = next((place for place, char in enumerate(line) if char in ",\n"), len(line))
            field = line[:end]
            if '"' in field:
                raise ValueError("a quote in the middle of a field")
            yield field
            line = line[end:]
        if not line.startswith(","):
            return
        line = line[1:]


def _quoted_field(text: str) -> tuple[str, str]:
    """A field up to its closing quote, and what follows."""
    parts: list[str] = []
    while True:
        part, quote, text = text.partition('"')
        if not quote:
            raise ValueError("a field that is not closed")
        parts.append(part)
        if not text.startswith('"'):
            break
        parts.append('"')
        text = text[1:]
    if text[:1] not in {"", ",", "\n"}:
        raise ValueError("a quote in the middle of a field")
    return "".join(parts), text
