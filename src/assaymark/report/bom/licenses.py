"""Licences of a component, as each format has them.

CycloneDX: where all are SPDX expressions and one of them has several licences, one expression; else each by itself, by
its identifier where the SPDX list has it and by its name where not. SPDX: one expression of all of them, in which what
the list does not have is a reference to a text that the document holds (SPDX 2.3, clause 10).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, reduce
from hashlib import sha256
from typing import Any, Final

import msgspec

from assaymark.model.licenses import TEXT_PREFIX
from assaymark.report.bom.expression import Compound, Expression, Name, mapped, read_expression

NOTHING_SAID: Final = "NOASSERTION"

_REFERENCE: Final = "LicenseRef-"
_IS_TEXT: Final = (
    "The license text represents text found in package metadata and may not represent the full text of the license"
)


class ExtractedLicense(msgspec.Struct, frozen=True, kw_only=True):
    """A licence that the SPDX list does not have."""

    identifier: str
    name: str
    text: str
    comment: str = ""


@lru_cache(maxsize=4_096)
def license_choices(licenses: tuple[str, ...]) -> list[dict[str, Any]]:
    """The `licenses` of a CycloneDX component."""
    expressions = [_read(text) for text in licenses]
    if all(each.is_spdx for each in expressions) and any(isinstance(each, Compound) for each in expressions):
        return [{"expression": " AND ".join(map(str, expressions))}]
    return [{"license": _choice(each)} for each in expressions]


def _choice(expression: Expression) -> dict[str, str]:
    known = isinstance(expression, Name) and expression.is_spdx
    return {"id": str(expression)} if known else {"name": str(expression)}


@lru_cache(maxsize=4_096)
def license_expression(licenses: tuple[str, ...]) -> tuple[str, tuple[ExtractedLicense, ...]]:
    """The licence of an SPDX package, and the licences in it that the document has to explain."""
    if not licenses:
        return NOTHING_SAID, ()
    extracted: dict[str, ExtractedLicense] = {}

    def explained(expression: Expression) -> Expression:
        if expression.is_spdx:  # whole, so that nobody looks for its exception among licences
            return Name(str(expression)) if _is_one(expression) else expression
        if not _is_one(expression):
            return expression
        found = _extracted(str(expression))
        extracted[found.identifier] = found
        return Name(found.identifier)

    parts: list[Expression] = []
    for text in licenses:
        if text.startswith(TEXT_PREFIX):
            found = _extracted(text.removeprefix(TEXT_PREFIX), is_text=True)
            extracted[found.identifier] = found
            parts.append(Name(found.identifier))
        else:
            parts.append(mapped(_read(text), explained))
    return str(_joined(parts)), tuple(extracted.values())


def _is_one(expression: Expression) -> bool:
    return isinstance(expression, Name) or expression.operator == "WITH"


def _read(text: str) -> Expression:
    """The expression, or where it is none the whole text as a name."""
    if text.startswith(TEXT_PREFIX):
        return Name(text.removeprefix(TEXT_PREFIX))
    try:
        return read_expression(text)
    except ValueError:
        return Name(text)


def _extracted(name: str, *, is_text: bool = False) -> ExtractedLicense:
    identifier = _REFERENCE + sha256(f"{is_text} {name}".encode("utf-8", "replace")).hexdigest()[:16]
    if is_text:
        return ExtractedLicense(identifier=identifier, name=NOTHING_SAID, text=name, comment=_IS_TEXT)
    return ExtractedLicense(identifier=identifier, name=name, text=f'This component is licensed under "{name}"')


def _joined(parts: Sequence[Expression]) -> Expression:
    return reduce(lambda left, right: Compound(left, "AND", right), parts)
