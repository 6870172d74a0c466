"""Which SBOM format a file has, told by its content and never by its name.

1. JSON: `bomFormat` is `CycloneDX`; `SPDXID` is `SPDXRef-DOCUMENT`, or `spdxVersion` is a text. Members match in any
   letter case.
2. Other text: XML of CycloneDX's namespace; SPDX tag-value, whose first line begins with `SPDX`.

Anything else is no SBOM. Attestations are opened before (`assaymark.inventory.sbom.attested`).
"""

from __future__ import annotations

from typing import Final

from assaymark.errors import ArtifactError
from assaymark.inventory.sbom.cyclonedx import decode_cyclonedx
from assaymark.inventory.sbom.cyclonedx_xml import is_cyclonedx_xml, read_cyclonedx_xml
from assaymark.inventory.sbom.document import Document
from assaymark.inventory.sbom.spdx_json import decode_spdx
from assaymark.inventory.sbom.spdx_tag_value import read_tag_values
from assaymark.limits import Limits
from assaymark.safeio.json import decode_go, fold

_HEAD_BYTES: Final = 4_096
_MEMBERS: Final = ("bomFormat", "SPDXID", "spdxVersion")


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
    if is_cyclonedx_xml(data):
        return decode_cyclonedx(read_cyclonedx_xml(data, limits=limits, what=what), limits=limits)
    start = data[:_HEAD_BYTES].lstrip()
    if start.startswith(b"SPDX"):
        return decode_spdx(read_tag_values(data, limits=limits), limits=limits)
    if not start.startswith(b"{"):
        raise _unknown(what)
    document = decode_go(data, limits=limits, what=what)
    members = fold(document, _MEMBERS)
    if members.get("bomFormat") == "CycloneDX":
        return decode_cyclonedx(document, limits=limits)
    if members.get("SPDXID") == "SPDXRef-DOCUMENT" or isinstance(members.get("spdxVersion"), str):
        return decode_spdx(document, limits=limits)
    raise _unknown(what)


def _unknown(what: str) -> ArtifactError:
    return ArtifactError(
        f"`{what}` is no SBOM that is known",
        hint="CycloneDX (JSON, XML) and SPDX (JSON, tag-value) are read, also in attestations",
    )
