"""Where answers come from: a document, or a set of documents from which the right one is found by the product."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from assaymark.matching.vex.document import Answer, Budget, Consulted, Document, Question
from assaymark.model.vex import VexDocument


class VexSource(Protocol):
    """One place in the order of `--vex`."""

    def speaks_of(self, vulnerability: str) -> bool:
        """Whether it may say something about a vulnerability."""
        ...

    def answer(self, question: Question, budget: Budget) -> Answer | None:
        """The statement that takes the finding out; None where there is none."""
        ...

    def told(self, most: int) -> Iterator[VexDocument]:
        """What became of the statements; `most` of one document are listed, and all that were used."""
        ...


class SingleDocument:
    """One document."""

    def __init__(self, document: Document) -> None:
        self._consulted = Consulted(document)

    def speaks_of(self, vulnerability: str) -> bool:
        """Whether a statement names it."""
        return self._consulted.speaks_of(vulnerability)

    def answer(self, question: Question, budget: Budget) -> Answer | None:
        """The document's."""
        return self._consulted.answer(question, budget)

    def told(self, most: int) -> Iterator[VexDocument]:
        """The document's."""
        yield self._consulted.told(most)


def merged(documents: Sequence[Document]) -> Document:
    """Several documents of one format and source as one, so that the latest of all their statements decides."""
    return msgspec.structs.replace(
        documents[0],
        digests=tuple(dict.fromkeys(digest for each in documents for digest in each.digests)),
        signers=tuple(dict.fromkeys(signer for each in documents for signer in each.signers)),
        statements=tuple(statement for each in documents for statement in each.statements),
    )
