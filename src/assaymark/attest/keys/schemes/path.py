"""Keys in files: `cosign.key`, `cosign.pub`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from assaymark.attest.keys.armoured import armoured_scheme
from assaymark.attest.keys.file import find_exposure
from assaymark.attest.keys.scheme import KeyContext
from assaymark.errors import LocalError
from assaymark.safeio.readers import read_bounded


def _read(reference: str, context: KeyContext) -> bytes:
    try:
        with Path(reference).open("rb") as stream:
            return read_bounded(stream, limit=context.limits.key_bytes, what=f"the key file `{reference}`")
    except OSError as exc:
        raise LocalError(f"cannot read the key file `{reference}`: {exc.strerror}") from exc


def _read_private(reference: str, context: KeyContext) -> bytes:
    data = _read(reference, context)
    exposure = find_exposure(Path(reference))
    if exposure:
        context.warn(exposure)
    return data


KEY_SCHEME: Final = armoured_scheme(("",), "PATH", _read, read_private=_read_private)
