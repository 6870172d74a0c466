"""VEX repositories (https://github.com/aquasecurity/vex-repo-spec, version 0.1): documents found by the product's name.

1. An index lists packages by their package URLs without version, qualifiers and subpath; images keep `repository_url`.
2. The first repository that lists a product is asked about it, and no other.
3. A document that cannot be read says nothing, and that is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec

from assaymark.errors import Error, LimitError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.matching.vex.document import Answer, Budget, Consulted, Question
from assaymark.matching.vex.format import read_vex
from assaymark.model.purl import Purl
from assaymark.model.vex import VexDocument
from assaymark.safeio.json import decode_go_as

FORMATS: Final = ("openvex", "csaf")


class IndexEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Where the document of one package is."""

    id: str = ""
    location: str = ""
    format: str = ""


class _Index(msgspec.Struct, frozen=True, kw_only=True):
    packages: tuple[IndexEntry, ...] | None = None


class Repository(msgspec.Struct, frozen=True, kw_only=True):
    """A repository with its index, and `open`, which gives the bytes of the document at a location."""

    name: str
    url: str
    packages: dict[str, IndexEntry]
    open: Callable[[str], bytes]


_INDEX: Final = msgspec.json.Decoder(_Index)


def read_index(data: bytes, *, what: str, limits: Limits) -> dict[str, IndexEntry]:
    """The entries of an index by their packages; of several for one package the last counts.

    Raises:
        ArtifactError: it is none.
        LimitError: it is too large.
    """
    packages = decode_go_as(data, _INDEX, limits=limits, what=what).packages or ()
    if len(packages) > limits.vex_index_entries:
        raise LimitError(f"`{what}` lists more than {limits.vex_index_entries} packages")
    return {entry.id: entry for entry in packages}


class RepositorySet:
    """Repositories in their order of precedence, as one source."""

    def __init__(
        self, repositories: Sequence[Repository], *, on_trouble: Callable[[str], None], limits: Limits = DEFAULT_LIMITS
    ) -> None:
        self._repositories = repositories
        self._on_trouble = on_trouble
        self._limits = limits
        self._opened: dict[str, Consulted | None] = {}

    def speaks_of(self, vulnerability: str) -> bool:  # noqa: ARG002  # the protocol's signature
        """It may: only the product tells."""
        return True

    def answer(self, question: Question, budget: Budget) -> Answer | None:
        """That of the product's document."""
        purl = question.product.purl
        if purl is None:
            return None
        name = index_id(purl)
        if name not in self._opened:
            self._opened[name] = self._open(name)
        consulted = self._opened[name]
        return consulted.answer(question, budget) if consulted is not None else None

    def told(self, most: int) -> Iterator[VexDocument]:
        """Those of the documents that were opened."""
        yield from (consulted.told(most) for consulted in self._opened.values() if consulted is not None)

    def _open(self, name: str) -> Consulted | None:
        """Rules 2 and 3."""
        found = next((each for each in self._repositories if name in each.packages), None)
        if found is None:
            return None
        entry = found.packages[name]
        source, what = f"VEX Repository: {found.name} ({found.url})", f"{found.name}/{entry.location}"
        expected = entry.format or FORMATS[0]
        if expected not in FORMATS:
            self._on_trouble(f"`{what}` has the format `{expected[:40]}`, which repositories have not")
            return None
        try:
            data = found.open(entry.location)
            document = read_vex(data, source=source, what=what, limits=self._limits, expected=expected)
        except Error as exc:
            self._on_trouble(str(exc))
            return None
        return Consulted(msgspec.structs.replace(document, name=f"{source}: {entry.location}"))


def index_id(purl: Purl) -> str:
    """Rule 1."""
    kept = tuple(each for each in purl.qualifiers if purl.type == "oci" and each[0] == "repository_url")
    return str(msgspec.structs.replace(purl, version="", qualifiers=kept, subpath=""))
