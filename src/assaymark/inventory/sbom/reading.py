"""What the decoders of SBOM formats ask of a document's members: their types, and room for their texts.

A document whose lists are no lists is refused; a component of which a member has another type than its format gives it
is left out by the decoder, which catches the `ValueError`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import Limits
from assaymark.model.purl import Purl, parse_purl
from assaymark.safeio.json import fold


class Texts:
    """Reads texts until one document has had more of them than `Limits.sbom_text_bytes`."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._room = limits.sbom_text_bytes

    def of(self, members: dict[str, Any], name: str) -> str:
        """The text called `name`; empty where there is none.

        Raises:
            ValueError: it is no text.
            LimitError: the document's texts are too long.
        """
        value = members.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise ValueError(f"`{name}` is no text")  # noqa: TRY004 - the document's trouble, not the caller's
        self._room -= len(value)
        if self._room < 0:
            raise LimitError(f"texts of more than {self._limits.sbom_text_bytes} characters")
        return value

    def purl(self, text: str) -> Purl | None:
        """The package URL that `text` spells; None for an empty text.

        Raises:
            ValueError: it is none, or too long.
        """
        if not text:
            return None
        if len(text) > self._limits.purl_chars:
            raise ValueError(f"a package URL of {len(text)} characters")
        return parse_purl(text, decode_subpath=False)


def read_list(value: Any, name: str) -> list[Any]:
    """A list of the document; empty where there is none.

    Raises:
        ArtifactError: it is no list.
    """
    if value is None:
        return []
    if not isinstance(value, list):
        raise ArtifactError(f"`{name}` of the SBOM is no list")
    return value


def read_objects(value: Any, name: str) -> Iterator[dict[str, Any]]:
    """The objects in a list of a component; none where there is no list.

    Raises:
        ValueError: it is no list, or holds something else.
    """
    if value is None:
        return
    if not isinstance(value, list):
        raise ValueError(f"`{name}` is no list")  # noqa: TRY004 - the document's trouble, not the caller's
    for each in value:
        if not isinstance(each, dict):
            raise ValueError(f"`{name}` holds something that is no object")  # noqa: TRY004 - as above
        yield each


def read_members(value: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
    """The wanted members, in any letter case; nearly all small objects have no others."""
    return value if value.keys() <= names else fold(value, names)
