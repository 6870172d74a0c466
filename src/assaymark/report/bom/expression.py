"""Licence expressions (SPDX 2.3, annex D): what packages declare, as close to SPDX as it can be brought.

    compound = name ["+"] | compound ("WITH" | "AND" | "OR") compound | "(" compound ")"

1. Words are cut at blanks; parentheses, and a `+` at the end of a word, stand alone. A name may have several words. The
   operators match in any letter case; WITH binds closest, then AND, then OR.
2. Names become identifiers of the SPDX list where they are known (`assaymark.model.licenses`), `A WITH B` too where the
   list has one identifier for it. The exception behind WITH is spelt as the list spells it.
3. What is left has only the characters of an identifier (annex D.2): letters, digits, `-` and `.`; others become `-`.
4. GNU licences are printed with `-only` or `-or-later`. Parentheses are printed where the binding needs them.

A declaration is hostile: beyond `Limits` of length it is a name, and nesting beyond `DEPTH` is no expression.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from assaymark.model.licenses import (
    LONGEST,
    find_exception,
    find_identifier,
    find_license,
    find_spelling,
    printed,
    standard_key,
)

DEPTH: Final = 64
"""Operators and parentheses in each other."""

_BINDING: Final = {"OR": 1, "AND": 2, "WITH": 3}


class Name(msgspec.Struct, frozen=True):
    """One licence, or one exception."""

    text: str
    later: bool = False

    def __str__(self) -> str:
        return printed(self.text, later=self.later)

    @property
    def is_spdx(self) -> bool:
        """Whether the SPDX list has it."""
        return bool(find_identifier(str(self)))


class Compound(msgspec.Struct, frozen=True):
    """Two expressions and the operator between them, in upper case."""

    left: Expression
    operator: str
    right: Expression

    def __str__(self) -> str:
        return f"{self._side(self.left)} {self.operator} {self._side(self.right)}"

    @property
    def is_spdx(self) -> bool:
        """Whether the SPDX list has all names in it."""
        if self.operator == "WITH":
            return self.left.is_spdx and bool(find_exception(str(self.right)))
        return self.left.is_spdx and self.right.is_spdx

    def _side(self, side: Expression) -> str:
        looser = isinstance(side, Compound) and _BINDING[self.operator] > _BINDING[side.operator]
        return f"({side})" if looser else str(side)


Expression = Name | Compound


def read_expression(text: str) -> Expression:
    """The expression that a declaration is, normalised; see rules 1 to 3.

    Raises:
        ValueError: it is none.
    """
    if len(text) > LONGEST:
        raise ValueError(f"a licence of {len(text)} characters")
    # `GPL-2.0-with-classpath-exception` is a licence with an exception
    text = text.replace("-with-", " WITH ").replace("-WITH-", " WITH ")
    return mapped(mapped(_Parser(text).read(), _known), _spelt)


def mapped(expression: Expression, change: Callable[[Expression], Expression]) -> Expression:
    """The expression with `change` applied to it, and then to the sides of what came of it."""
    changed = change(expression)
    if isinstance(changed, Name):
        return changed
    return Compound(mapped(changed.left, change), changed.operator, mapped(changed.right, change))


def _known(expression: Expression) -> Expression:
    """Rule 2."""
    if isinstance(expression, Name):
        found = find_license(expression.text)
        if found is None:
            return Name(expression.text.strip(), expression.later)
        return Name(found[0], expression.later or found[1])
    if expression.operator != "WITH":
        return expression
    key, later = standard_key(str(expression))
    spelling = find_spelling(key)
    return expression if spelling is None else Name(spelling[0], later or spelling[1])


def _spelt(expression: Expression) -> Expression:
    """Rule 3, and the exceptions of rule 2."""
    if isinstance(expression, Name):
        return Name("".join(map(_character, expression.text)), expression.later)
    exception = find_exception(str(expression.right)) if expression.operator == "WITH" else ""
    return Compound(expression.left, expression.operator, Name(exception)) if exception else expression


def _character(character: str) -> str:
    return character if (character.isascii() and character.isalnum()) or character in "-.:" else "-"


class _Parser:
    """Rule 1, by the strength of operators."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0
        self._depth = 0

    def read(self) -> Expression:
        expression = self._compound(1)
        if self._next() is not None:
            raise ValueError(f"`{self._next()}` is not expected")
        return expression

    def _next(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _compound(self, least: int) -> Expression:
        self._depth += 1
        if self._depth > DEPTH:
            raise ValueError("nested too deeply")
        left, chained = self._operand(), 0
        while (operator := (self._next() or "").upper()) in _BINDING and _BINDING[operator] >= least:
            self._at += 1
            chained += 1
            if chained > DEPTH:
                raise ValueError("too many operators")
            # WITH groups to the right, the others to the left
            right = self._compound(_BINDING[operator] + (operator != "WITH"))
            left = Compound(left, operator, right)
        self._depth -= 1
        return left

    def _operand(self) -> Expression:
        if self._next() == "(":
            self._at += 1
            inner = self._compound(1)
            if self._next() != ")":
                raise ValueError("a parenthesis has no end")
            self._at += 1
            return inner
        return self._name()

    def _name(self) -> Name:
        text = ""
        while (word := self._next()) is not None and word not in {"(", ")", "+"} and word.upper() not in _BINDING:
            text = f"{Name(text)} {word}" if text else word
            self._at += 1
        if not text:
            raise ValueError("a name is missing")
        if self._next() != "+":
            return Name(text)
        self._at += 1
        return Name(str(Name(text)), later=True)


def _tokens(text: str) -> Iterator[str]:
    for word in text.replace("(", " ( ").replace(")", " ) ").split():
        if word.startswith("+") and word != "+":
            yield from ("+", word[1:])
        elif word.endswith("+") and word != "+":
            yield from (word[:-1], "+")
        else:
            yield word
