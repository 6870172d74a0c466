"""Formats of VEX documents, and how they are told apart.

A format is a file in `formats/` that ends in `FORMAT`. A document is JSON, within `Limits.vex_bytes`; its top-level
members tell which format it has, in the reference's order: CycloneDX says `bomFormat`, OpenVEX has a context, and what
lists vulnerabilities besides is CSAF.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

import msgspec

from assaymark.errors import ArtifactError, LimitError
from assaymark.extensions import discover
from assaymark.limits import Limits
from assaymark.matching.vex.document import Document, Statement
from assaymark.model.digest import sha256_digest
from assaymark.safeio.json import decode_go_as

_FOLDER: Final = "assaymark.matching.vex.formats"
_NULL: Final = msgspec.Raw(b"null")


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The members by which formats are told apart."""

    bom_format: Any = msgspec.field(name="bomFormat", default=None)
    context: Any = msgspec.field(name="@context", default=None)
    vulnerabilities: msgspec.Raw = _NULL


class VexFormat(msgspec.Struct, frozen=True, kw_only=True):
    """One format.

    Attributes:
        claims: whether a document is of this format.
        read: the document's statements; how messages call it is the second argument.
        source: what modified findings say in the place of the document's name.
    """

    name: str
    title: str
    claims: Callable[[Header], bool]
    read: Callable[[bytes, str, Limits], tuple[Statement, ...]]
    source: str = ""


_HEADER: Final = msgspec.json.Decoder(Header)


@cache
def vex_formats() -> tuple[VexFormat, ...]:
    """Every format."""
    return tuple(discover(_FOLDER, "FORMAT", VexFormat))


def read_vex(
    data: bytes, *, source: str, what: str, limits: Limits, expected: str = "", signers: tuple[str, ...] = ()
) -> Document:
    """The document whose bytes are `data`.

    Args:
        data: the whole of it.
        source: where it is from, as modified findings say it.
        what: how messages call it.
        limits: the bounds.
        expected: the only format that will do; empty for any.
        signers: who vouches for the document.

    Raises:
        ArtifactError: it has none of the formats, or is malformed.
        LimitError: it is too large.
    """
    bounds = msgspec.structs.replace(limits, json_bytes=min(limits.json_bytes, limits.vex_bytes))
    header = decode_go_as(data, _HEADER, limits=bounds, what=what)
    format_ = next((each for each in vex_formats() if each.claims(header)), None)
    if format_ is None or expected not in ("", format_.name):
        wanted = next((each.title for each in vex_formats() if each.name == expected), "")
        raise ArtifactError(
            f"`{what}` is not {wanted or 'a VEX document'}",
            hint=f"one of {', '.join(each.title for each in vex_formats())}, in JSON",
        )
    statements = format_.read(data, what, bounds)
    if len(statements) > limits.vex_statements:
        raise LimitError(f"`{what}` has more than {limits.vex_statements} statements")
    return Document(
        name=source,
        source=format_.source or source,
        format=format_.name,
        digests=(sha256_digest(data),),
        signers=signers,
        statements=statements,
    )
