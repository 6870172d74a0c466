"""Which SBOM format a file has, told by its content and never by its name.

CycloneDX JSON and SPDX (JSON, tag-value) are read. The other forms in which SBOMs are passed around are recognised and
refused by name, with what can be done about it; anything else is no SBOM.

1. JSON: `bomFormat` is `CycloneDX`; `SPDXID` is `SPDXRef-DOCUMENT`, or `spdxVersion` is a text; a Sigstore bundle has a
   `mediaType` of its own; a DSSE envelope has a `payloadType`, an in-toto statement a `predicateType`. Members match in
   any letter case; of several objects, one a line, the first tells.
2. Other text: XML that names CycloneDX's namespace; SPDX tag-value, whose first line begins with `SPDX`.
"""

from __future__ import annotations

from typing import Any, Final

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.sbom.cyclonedx import decode_cyclonedx
from assaymark.inventory.sbom.document import Document
from assaymark.inventory.sbom.spdx_json import decode_spdx
from assaymark.inventory.sbom.spdx_tag_value import read_tag_values
from assaymark.limits import Limits
from assaymark.safeio.json import decode_go, fold

UNSUPPORTED: Final = "UNSUPPORTED_SBOM"
"""Reason code for a format that is recognised and not read."""

_HEAD_BYTES: Final = 4_096  # an XML prologue with its root element
_MEMBERS: Final = ("bomFormat", "SPDXID", "mediaType", "payloadType", "predicateType", "spdxVersion")
_BUNDLE: Final = "application/vnd.dev.sigstore.bundle"
_XML_HINT: Final = "write it as CycloneDX JSON: `cyclonedx convert --input-file FILE --output-format json`"
_ATTESTED_HINT: Final = (
    "verify it, and scan what it states: the payload, decoded from base64, is a statement whose `predicate` is the SBOM"
)


def read_document(data: bytes, *, limits: Limits, what: str) -> Document:
    """The document that the bytes of an SBOM hold.

    Args:
        data: the whole file.
        limits: the bounds.
        what: how messages call the file.

    Raises:
        ArtifactError: it is no SBOM, one that is not read, or malformed.
        LimitError: it is too large or too deep.
    """
    start = data[:_HEAD_BYTES].lstrip()
    if start.startswith(b"<") and b"cyclonedx.org/schema/bom" in start:
        raise _refused(what, "CycloneDX XML", _XML_HINT)
    if start.startswith(b"SPDX"):
        return decode_spdx(read_tag_values(data, limits=limits), limits=limits)
    if not start.startswith(b"{"):
        raise _unknown(what)
    document = _decoded(data, limits=limits, what=what)
    members = fold(document, _MEMBERS)
    if members.get("bomFormat") == "CycloneDX":
        return decode_cyclonedx(document, limits=limits)
    if members.get("SPDXID") == "SPDXRef-DOCUMENT" or isinstance(members.get("spdxVersion"), str):
        return decode_spdx(document, limits=limits)
    _refuse_others(members, what)
    raise _unknown(what)


def _decoded(data: bytes, *, limits: Limits, what: str) -> dict[str, Any]:
    """The object, or the first of several that stand one a line, none of which is an SBOM."""
    try:
        document = decode_go(data, limits=limits, what=what)
    except LimitError:
        raise
    except ArtifactError:
        first = data.lstrip().partition(b"\n")[0]
        if first.rstrip().endswith(b"}"):
            _refuse_others(fold(decode_go(first, limits=limits, what=what), _MEMBERS), what)
        raise
    return document if isinstance(document, dict) else {}


def _refuse_others(members: dict[str, Any], what: str) -> None:
    """Rule 1."""
    if str(members.get("mediaType", "")).startswith(_BUNDLE):
        raise _refused(what, "a Sigstore bundle", _ATTESTED_HINT)
    if members.get("payloadType") or members.get("predicateType"):
        raise _refused(what, "an in-toto attestation", _ATTESTED_HINT)


def _refused(what: str, name: str, hint: str) -> ArtifactError:
    return ArtifactError(f"`{what}` is {name}, which this version does not read", hint=hint, reason=UNSUPPORTED)


def _unknown(what: str) -> ArtifactError:
    return ArtifactError(
        f"`{what}` is no SBOM that is known", hint="CycloneDX JSON and SPDX (JSON, tag-value) are read"
    )
