"""A VEX document in the form that all formats are read into, and what it answers.

A document is asked about a vulnerability, a product and a part of the product. The rules (the reference's):

1. A statement is about the question when it names the vulnerability and one of its products is the product; and, where
   that product has parts and a part was asked about that has a package URL, one of them is that part.
2. Of the statements about the question the one with the greatest order decides; formats say what the order is.
3. `not_affected` and `fixed` take a finding out; every other status keeps it.
4. A statement that is about the question by a lenient rule decides only where none is by these.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from enum import IntEnum
from itertools import chain
from typing import Final

import msgspec

from assaymark.errors import LimitError
from assaymark.matching.vex.component import Component, Naming
from assaymark.matching.vex.lenient import find_lenient_image, find_lenient_part, is_lenient
from assaymark.model.vex import VexDocument, VexStatement

TAKES_OUT: Final = frozenset({"not_affected", "fixed"})
NO_TIME: Final = datetime(1, 1, 1, tzinfo=UTC)
_JOINED: Final = ", "


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """One product of a statement.

    Attributes:
        parts: what in it the statement is about; the whole of it without any.
        needs_part: whether a question without a part is about something else.
    """

    naming: Naming
    parts: tuple[Naming, ...] = ()
    needs_part: bool = False


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """One statement.

    Attributes:
        vulnerability: the first name of the vulnerability.
        names: all of them.
        text: why, as modified findings print it.
        order: rule 2.
        inert: why the document itself makes the statement void; empty where it counts.
    """

    vulnerability: str
    names: frozenset[str]
    status: str
    text: str = ""
    products: tuple[Product, ...] = ()
    order: tuple[str, datetime, int] = ("", NO_TIME, 0)
    inert: str = ""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One document.

    Attributes:
        name: where it is from.
        source: the same, as modified findings say it.
        signers: who vouches for it; empty where nobody had to.
    """

    name: str
    source: str
    format: str
    digests: tuple[str, ...]
    signers: tuple[str, ...] = ()
    statements: tuple[Statement, ...]


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: is `product` affected, because `part` is in it?

    Attributes:
        part: None where the product itself is in question.
        lenient: whether rule 4 is tried.
    """

    vulnerability: str
    product: Component
    part: Component | None = None
    lenient: bool = False


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The statement that takes a finding out.

    Attributes:
        match: the lenient forms by which it was found; empty for the reference's rules.
    """

    status: str
    text: str
    source: str
    match: str
    consulted: Consulted
    number: int


class _Stage(IntEnum):
    """How far a statement came; a reason for each but the last is told."""

    UNKNOWN = 0
    OTHER_PRODUCT = 1
    OVERRULED = 2
    KEEPS = 3
    OTHER_WAY = 4
    USED = 5


class Budget:
    """How many products may still be compared, for all questions about one report together."""

    def __init__(self, most: int) -> None:
        self._left = self._most = most

    def take(self, count: int = 1) -> None:
        """Account for `count` of them.

        Raises:
            LimitError: that is more than is left.
        """
        self._left -= count
        if self._left < 0:
            raise LimitError(f"the VEX documents want more than {self._most} comparisons for this report")


class _Products:
    """The products of one statement, so ordered that only those of a component's name are looked at."""

    def __init__(self, products: tuple[Product, ...]) -> None:
        self._by_purl: dict[tuple[str, str, str], list[Product]] = {}
        self._others: list[Product] = []
        self._lenient: list[Product] = []
        for product in products:
            naming = product.naming
            for key in dict.fromkeys((purl.type, purl.namespace, purl.name) for purl in naming.purls):
                self._by_purl.setdefault(key, []).append(product)
            if naming.links or len(naming.texts) > len(naming.purls):
                self._others.append(product)
            if product.parts or is_lenient(naming):
                self._lenient.append(product)

    def candidates(self, component: Component, budget: Budget) -> Iterator[Product]:
        """Those that may name the component by the reference's rules."""
        purl = component.purl
        found = self._by_purl.get((purl.type, purl.namespace, purl.name), ()) if purl is not None else ()
        for product in chain(found, self._others):
            budget.take()
            yield product

    def lenient(self, budget: Budget) -> Iterator[Product]:
        """Those that the lenient rules may add."""
        for product in self._lenient:
            budget.take(1 + len(product.parts))
            yield product


class Consulted:
    """A document that is asked, and remembers what became of its statements."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._stages = [_Stage.UNKNOWN] * len(document.statements)
        self._findings = [0] * len(document.statements)
        self._matches: dict[int, dict[str, None]] = {}
        self._by_name: dict[str, list[int]] = {}
        self._products: dict[int, _Products] = {}
        for number, statement in enumerate(document.statements):
            for name in () if statement.inert else statement.names:
                self._by_name.setdefault(name, []).append(number)

    def speaks_of(self, vulnerability: str) -> bool:
        """Whether a statement names the vulnerability."""
        return vulnerability in self._by_name

    def answer(self, question: Question, budget: Budget) -> Answer | None:
        """The statement that takes the finding out; None where there is none.

        Raises:
            LimitError: the budget is used up.
        """
        numbers = self._by_name.get(question.vulnerability, ())
        about = {number: "" for number in numbers if self._is_about(number, question, budget)}
        if not about and question.lenient:
            about = {number: match for number in numbers if (match := self._lenient_match(number, question, budget))}
        for number in numbers:
            self._reached(number, _Stage.OVERRULED if number in about else _Stage.OTHER_PRODUCT)
        if not about:
            return None
        decides = max(about, key=lambda number: self._document.statements[number].order)
        statement = self._document.statements[decides]
        takes_out = statement.status in TAKES_OUT
        self._reached(decides, _Stage.OTHER_WAY if takes_out else _Stage.KEEPS)
        if not takes_out:
            return None
        return Answer(
            status=statement.status,
            text=statement.text,
            source=self._document.source,
            match=about[decides],
            consulted=self,
            number=decides,
        )

    def took_out(self, number: int, match: str) -> None:
        """Remember that a statement took a finding out, wholly or together with others."""
        self._reached(number, _Stage.USED)
        self._findings[number] += 1
        if match:
            self._matches.setdefault(number, {})[match] = None

    def told(self, most: int) -> VexDocument:
        """What became of the statements; of the unused ones only so many that there are `most` in all."""
        used = sum(stage is _Stage.USED for stage in self._stages)
        room = max(most - used, 0)
        listed: list[VexStatement] = []
        for number in range(len(self._document.statements)):
            if self._stages[number] is not _Stage.USED:
                if room <= 0:
                    continue
                room -= 1
            listed.append(self._told(number))
        return VexDocument(
            source=self._document.name,
            format=self._document.format,
            digests=self._document.digests,
            signers=self._document.signers,
            statements=tuple(listed),
            unlisted=len(self._document.statements) - len(listed),
        )

    def _told(self, number: int) -> VexStatement:
        statement = self._document.statements[number]
        return VexStatement(
            vulnerability=statement.vulnerability,
            status=statement.status,
            findings=self._findings[number],
            match=_JOINED.join(self._matches.get(number, ())),
            reason=self._reason(statement, self._stages[number]),
        )

    @staticmethod
    def _reason(statement: Statement, stage: _Stage) -> str:
        match stage:
            case _Stage.UNKNOWN:
                return statement.inert or "no finding has this vulnerability"
            case _Stage.OTHER_PRODUCT:
                return _other_product(statement)
            case _Stage.OVERRULED:
                return "another statement of the document overrules it"
            case _Stage.KEEPS:
                return f"`{statement.status}` keeps a finding"
            case _Stage.OTHER_WAY:
                return "what holds the package leads around the product, too"
        return ""

    def _reached(self, number: int, stage: _Stage) -> None:
        self._stages[number] = max(self._stages[number], stage)

    def _is_about(self, number: int, question: Question, budget: Budget) -> bool:
        """Rule 1."""
        return any(_is_about(product, question) for product in self._of(number).candidates(question.product, budget))

    def _lenient_match(self, number: int, question: Question, budget: Budget) -> str:
        """Rule 4."""
        products = self._of(number).lenient(budget)
        return next((match for product in products if (match := _lenient_match(product, question))), "")

    def _of(self, number: int) -> _Products:
        if number not in self._products:
            self._products[number] = _Products(self._document.statements[number].products)
        return self._products[number]


def _is_about(product: Product, question: Question) -> bool:
    if not product.naming.names(question.product):
        return False
    part = question.part
    if not product.parts or (not product.needs_part and (part is None or part.purl is None)):
        return True
    return part is not None and any(naming.names(part) for naming in product.parts)


def _lenient_match(product: Product, question: Question) -> str:
    """The forms that make the product the one in question, joined; empty where they do not."""
    forms: list[str] = []
    if not product.naming.names(question.product):
        forms.append(find_lenient_image(product.naming, question.product))
    part = question.part
    if product.parts and not (part is not None and any(naming.names(part) for naming in product.parts)):
        found = (find_lenient_part(naming, part) for naming in product.parts) if part is not None else iter(())
        forms.append(next(filter(None, found), ""))
    return _JOINED.join(forms) if all(forms) else ""


def _other_product(statement: Statement) -> str:
    shown = list(_shown(statement))
    if not shown:
        return "it names no product"
    more = f" and {len(shown) - 1} more" if len(shown) > 1 else ""
    return f"nothing that holds the vulnerable package is {shown[0]}{more}"


def _shown(statement: Statement) -> Iterator[str]:
    for product in statement.products:
        parts = f" with `{product.parts[0].shown[:200]}`" if product.parts else ""
        yield f"`{product.naming.shown[:200]}`{parts}"
