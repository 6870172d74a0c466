"""SPDX 2.3 in JSON; `assaymark.report.bom.spdx` says what stands in it."""

from __future__ import annotations

from typing import BinaryIO, Final

from assaymark.model.report import Scan
from assaymark.report.bom.document import encode_inert
from assaymark.report.bom.spdx import spdx_document
from assaymark.report.format import Format, Rendering


def write(scan: Scan, rendering: Rendering, stream: BinaryIO) -> None:
    """One document; what the rendering says of findings and packages does not count."""
    del rendering
    stream.write(encode_inert(spdx_document(scan)))


FORMAT: Final = Format(
    name="spdx-json",
    media_type="application/spdx+json",
    summary="bill of materials, SPDX 2.3 in JSON",
    write=write,
    is_bill=True,
)
