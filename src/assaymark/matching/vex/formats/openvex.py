"""OpenVEX (https://github.com/openvex/spec, OPENVEX-SPEC.md).

1. A product or part is named by its `@id`, `identifiers` and `hashes`. In package URLs the subpath does not count.
2. The statement that decides is, by the vulnerability's name and then the time (the statement's own, else the
   document's), the last; of equals the one that stands first in the document.
3. What a modified finding says is the statement's `justification`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

import msgspec

from assaymark.errors import ArtifactError
from assaymark.limits import Limits
from assaymark.matching.vex.component import Naming, named
from assaymark.matching.vex.document import NO_TIME, Product, Statement
from assaymark.matching.vex.format import Header, VexFormat
from assaymark.safeio.json import decode_go_as

_Time = Annotated[datetime, msgspec.Meta(tz=True)]
_HASHES: Final = {"sha-256": "sha256", "sha-512": "sha512"}


class _Component(msgspec.Struct, frozen=True, kw_only=True):
    id: str = msgspec.field(name="@id", default="")
    identifiers: dict[str, str] | None = None
    hashes: dict[str, str] | None = None


class _Product(_Component, frozen=True, kw_only=True):
    subcomponents: tuple[_Component, ...] | None = None


class _Vulnerability(msgspec.Struct, frozen=True, kw_only=True):
    id: str = msgspec.field(name="@id", default="")
    name: str = ""
    aliases: tuple[str, ...] | None = None


class _Statement(msgspec.Struct, frozen=True, kw_only=True):
    vulnerability: _Vulnerability = _Vulnerability()
    timestamp: _Time | None = None
    products: tuple[_Product, ...] | None = None
    status: str = ""
    justification: str = ""


class _Document(msgspec.Struct, frozen=True, kw_only=True):
    context: str = msgspec.field(name="@context")
    timestamp: _Time | None = None
    statements: tuple[_Statement, ...] | None = None


_DOCUMENT: Final = msgspec.json.Decoder(_Document)


def _read(data: bytes, what: str, limits: Limits) -> tuple[Statement, ...]:
    try:
        document = decode_go_as(data, _DOCUMENT, limits=limits, what=what)
    except ArtifactError as exc:
        raise ArtifactError(str(exc), hint="OpenVEX is read as version 0.2.0 has it") from exc
    issued = document.timestamp or NO_TIME
    return tuple(_statement(each, number, issued) for number, each in enumerate(document.statements or ()))


def _statement(said: _Statement, number: int, issued: datetime) -> Statement:
    vulnerability = said.vulnerability
    names = dict.fromkeys(filter(None, (vulnerability.name, vulnerability.id, *(vulnerability.aliases or ()))))
    return Statement(
        vulnerability=next(iter(names), ""),
        names=frozenset(names),
        status=said.status,
        text=said.justification,
        products=tuple(map(_product, said.products or ())),
        order=(vulnerability.name, said.timestamp or issued, -number),
    )


def _product(said: _Product) -> Product:
    return Product(naming=_naming(said), parts=tuple(map(_naming, said.subcomponents or ())))


def _naming(said: _Component) -> Naming:
    """Rule 1."""
    identifiers = said.identifiers or {}
    hashes = (f"{_HASHES.get(name, name)}:{value}" for name, value in (said.hashes or {}).items())
    naming = named(said.id, identifiers.get("purl", ""), ignore_subpath=True)
    others = (*naming.texts, *identifiers.values(), *hashes)
    return msgspec.structs.replace(naming, texts=tuple(dict.fromkeys(filter(None, others))))


def _claims(header: Header) -> bool:
    context: Any = header.context
    return header.bom_format != "CycloneDX" and isinstance(context, str) and bool(context)


FORMAT: Final = VexFormat(name="openvex", title="OpenVEX", claims=_claims, read=_read)
