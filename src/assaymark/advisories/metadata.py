"""`db/metadata.json` as trivy-db writes it.

One line, `{"Version":2,"NextUpdate":"…","UpdatedAt":"…","DownloadedAt":"…"}`.
Read by Go's rules (any letter case of keys, `null` and absent members are zero values), printed as Go prints it: a zero
version is left out, times are never.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from assaymark.advisories.cache import METADATA_FILE
from assaymark.advisories.go_time import ZERO, normal_time, parse_time
from assaymark.errors import ArtifactError, DatabaseError
from assaymark.limits import Limits
from assaymark.safeio.json import decode_go, fold
from assaymark.safeio.readers import read_bounded

_NAMES: Final = ("Version", "NextUpdate", "UpdatedAt", "DownloadedAt")


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """What a database says of itself. Times are RFC 3339 text as Go prints it; `downloaded_at` is the reader's note."""

    version: int = 0
    next_update: str = ZERO
    updated_at: str = ZERO
    downloaded_at: str = ZERO

    @property
    def updated(self) -> datetime:
        """When it was built."""
        return parse_time(self.updated_at)

    @property
    def due(self) -> datetime:
        """When its publisher promises the next one."""
        return parse_time(self.next_update)

    @property
    def downloaded(self) -> datetime:
        """When it came here; the year 1 where nobody noted it."""
        return parse_time(self.downloaded_at)


def parse_metadata(data: bytes, *, limits: Limits) -> Metadata:
    """The metadata in `data`.

    Raises:
        DatabaseError: it does not decode.
    """
    try:
        return _convert(decode_go(data, limits=limits, what=METADATA_FILE))
    except (ArtifactError, ValueError) as exc:
        raise DatabaseError(f"`{METADATA_FILE}` of the database cannot be read: {exc}") from exc


def render_metadata(metadata: Metadata) -> bytes:
    """The file's bytes."""
    document: dict[str, Any] = {"Version": metadata.version} if metadata.version else {}
    document |= {
        "NextUpdate": metadata.next_update,
        "UpdatedAt": metadata.updated_at,
        "DownloadedAt": metadata.downloaded_at,
    }
    return msgspec.json.encode(document) + b"\n"


def find_metadata(path: Path, *, limits: Limits) -> Metadata | None:
    """The metadata in the file at `path`; None where it is missing or does not decode."""
    try:
        with path.open("rb") as stream:
            return parse_metadata(read_bounded(stream, limit=limits.config_bytes, what=str(path)), limits=limits)
    except (OSError, ArtifactError, DatabaseError):
        return None


def _convert(document: Any) -> Metadata:
    found = fold(document, _NAMES) if isinstance(document, dict) else None
    if found is None or type(found.get("Version") or 0) is not int:
        raise ValueError("it is no object with a whole number as `Version`")
    next_update, updated_at, downloaded_at = (_time(found.get(name)) for name in _NAMES[1:])
    version = found.get("Version") or 0
    return Metadata(version=version, next_update=next_update, updated_at=updated_at, downloaded_at=downloaded_at)


def _time(value: Any) -> str:
    return ZERO if value is None else normal_time(value if isinstance(value, str) else "")
