"""JSON files of an artifact whose outermost value is an object."""

from __future__ import annotations

from typing import Any

from assaymark.errors import ArtifactError
from assaymark.limits import Limits
from assaymark.safeio.json import decode_go


def decode_object(data: bytes, *, limits: Limits, what: str) -> dict[str, Any]:
    """The object that a document holds, read as the peers do (`assaymark.safeio.json`).

    Raises:
        ArtifactError: it is no JSON, or another value.
        LimitError: it is too large or too deep.
    """
    document = decode_go(data, limits=limits, what=what)
    if not isinstance(document, dict):
        raise ArtifactError(f"`{what}` holds no JSON object")
    return document
