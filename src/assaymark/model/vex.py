"""What VEX documents were consulted for a report, and what became of each of their statements."""

from __future__ import annotations

import msgspec


class VexStatement(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", omit_defaults=True):
    """One statement.

    Attributes:
        vulnerability: the name that it gives.
        status: what it says, in the words of OpenVEX.
        findings: how many it took out.
        match: the lenient forms by which it was found to be about a product; empty for the reference's own rules.
        reason: why it took nothing out; empty where it did.
    """

    vulnerability: str
    status: str
    findings: int = 0
    match: str = ""
    reason: str = ""


class VexDocument(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", omit_defaults=True):
    """One document.

    Attributes:
        source: where it is from.
        format: `openvex`, `csaf` or `cyclonedx`.
        digests: of its exact bytes; several where several attestations are read as one document.
        signers: who vouches for it; empty where nobody had to.
        statements: in the document's order.
        unlisted: how many more there are, all of them unused.
    """

    source: str
    format: str
    digests: tuple[str, ...] = ()
    signers: tuple[str, ...] = ()
    statements: tuple[VexStatement, ...] = ()
    unlisted: int = 0
