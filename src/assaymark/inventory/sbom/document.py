"""What every SBOM format is decoded into: components, what depends on what, and which of them is the described thing.

A decoder yields a `Document` and decides nothing about packages; `assaymark.inventory.sbom.contents` does, once for all
formats. Components are named by their place in `Document.components`, because references in documents are missing, come
twice, or lead nowhere.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

import msgspec

from assaymark.model.artifact import ArtifactType
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.purl import Purl

_EXAMPLES: Final = 5
_SHOWN: Final = 160


class ComponentType(Enum):
    """The kinds of components that can say something about packages."""

    APPLICATION = "application"
    CONTAINER = "container"
    FILE = "file"
    LIBRARY = "library"
    OPERATING_SYSTEM = "operating-system"
    PLATFORM = "platform"


class Component(msgspec.Struct, frozen=True, kw_only=True):
    """One component, whatever the format.

    Attributes:
        ref: its name in the document; empty where it has none.
        purl: None where it has none.
        digest: `sha256:…`; empty where it has none.
        properties: by name and value; names without the reference's prefix.
    """

    type: ComponentType
    ref: str = ""
    name: str = ""
    group: str = ""
    version: str = ""
    purl: Purl | None = None
    licenses: tuple[str, ...] = ()
    digest: str = ""
    properties: tuple[tuple[str, str], ...] = ()


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A decoded SBOM.

    Attributes:
        type: what the report calls it.
        components: in the document's order; the described thing comes last.
        depends_on: for each component the places of those it depends on, in the document's order.
        root: the place of what the document describes; None where it does not say.
        has_refs: whether the format has references of components that the report shows.
        issues: what could not be read; without a path.
    """

    type: ArtifactType
    components: tuple[Component, ...] = ()
    depends_on: tuple[tuple[int, ...], ...] = ()
    root: int | None = None
    has_refs: bool = False
    issues: tuple[Issue, ...] = ()


class Notes:
    """Collects what could not be used: one issue a reason, however many components a hostile document has."""

    def __init__(self) -> None:
        self._examples: dict[tuple[str, IssueCode, bool], list[str]] = {}
        self._counts: dict[tuple[str, IssueCode, bool], int] = {}

    def note(self, reason: str, example: str, *, code: IssueCode, blocking: bool = True) -> None:
        """One more component (or reference) with the trouble that `reason` names in the plural."""
        key = (reason, code, blocking)
        self._counts[key] = self._counts.get(key, 0) + 1
        examples = self._examples.setdefault(key, [])
        if len(examples) < _EXAMPLES:
            shown = example[:_SHOWN].replace("`", "'")
            examples.append(f"`{shown}`")

    def issues(self) -> tuple[Issue, ...]:
        """In the order of first occurrence."""
        return tuple(
            Issue(code=code, message=f"{self._counts[key]} {reason}: {self._shown(key)}", blocking=blocking)
            for key in self._counts
            for reason, code, blocking in (key,)
        )

    def _shown(self, key: tuple[str, IssueCode, bool]) -> str:
        shown = ", ".join(self._examples[key])
        return f"{shown}, …" if self._counts[key] > _EXAMPLES else shown
