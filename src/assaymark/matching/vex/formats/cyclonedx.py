"""CycloneDX (https://cyclonedx.org/capabilities/vex), a BOM with vulnerabilities that affect components of another.

1. `affects[].ref` is a BOM-Link (`urn:cdx:serial/version#reference`). It counts where serial number and version are
   those of the SBOM that is scanned, and its reference is the component's `bom-ref` or its package URL.
2. Of several vulnerabilities of one name the last counts.
3. `not_affected` and `false_positive` say that nothing is affected, `resolved` and `resolved_with_pedigree` that it is
   fixed. What a modified finding says is `analysis.justification`.
4. A reference that is a bare package URL counts by the lenient rules.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote_plus

import msgspec

from assaymark.limits import Limits
from assaymark.matching.vex.component import Naming, bom_link, named
from assaymark.matching.vex.document import NO_TIME, Product, Statement
from assaymark.matching.vex.format import Header, VexFormat
from assaymark.model.purl import find_purl
from assaymark.safeio.json import decode_go_as

_UUID: Final = r"[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}"
_LINK: Final = re.compile(rf"urn:cdx:({_UUID})/([1-9]\d{{0,17}})(?:#([\da-zA-Z\-._~%!$&'()*+,;=:@/?]+))?", re.ASCII)
_STATES: Final = {
    "resolved": "fixed",
    "resolved_with_pedigree": "fixed",
    "exploitable": "affected",
    "in_triage": "under_investigation",
    "false_positive": "not_affected",
    "not_affected": "not_affected",
}


class _Affects(msgspec.Struct, frozen=True, kw_only=True):
    ref: str = ""


class _Analysis(msgspec.Struct, frozen=True, kw_only=True):
    state: str = ""
    justification: str = ""


class _Vulnerability(msgspec.Struct, frozen=True, kw_only=True):
    id: str = ""
    affects: tuple[_Affects, ...] | None = None
    analysis: _Analysis | None = None


class _Document(msgspec.Struct, frozen=True, kw_only=True):
    vulnerabilities: tuple[_Vulnerability, ...] | None = None


_DOCUMENT: Final = msgspec.json.Decoder(_Document)


def _read(data: bytes, what: str, limits: Limits) -> tuple[Statement, ...]:
    listed = decode_go_as(data, _DOCUMENT, limits=limits, what=what).vulnerabilities or ()
    last = {said.id: number for number, said in enumerate(listed)}
    return tuple(_statement(said, counts=last[said.id] == number) for number, said in enumerate(listed))


def _statement(said: _Vulnerability, *, counts: bool) -> Statement:
    analysis = said.analysis or _Analysis()
    return Statement(
        vulnerability=said.id,
        names=frozenset({said.id} - {""}),
        status=_STATES.get(analysis.state, "unknown"),
        text=analysis.justification,
        products=tuple(Product(naming=_naming(each.ref)) for each in said.affects or ()),
        order=("", NO_TIME, 0),
        inert="" if counts else f"a later entry of the document counts for `{said.id}`",
    )


def _naming(reference: str) -> Naming:
    """Rules 1 and 4."""
    link = _LINK.fullmatch(reference)
    if link is not None:
        target = unquote_plus(link[3] or "")
        canonical = str(find_purl(target) or target) if target.startswith("pkg:") else target
        return Naming(links=(bom_link(link[1], int(link[2]), canonical),))
    return Naming(loose=named(reference).purls)


def _claims(header: Header) -> bool:
    return bool(header.bom_format == "CycloneDX")


FORMAT: Final = VexFormat(name="cyclonedx", title="CycloneDX", claims=_claims, read=_read, source="CycloneDX VEX")
