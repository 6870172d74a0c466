"""Where a database file came from: its OCI reference with digest, noted when it was downloaded.

The note stands in `<cache>/assaymark/db/` under a name made of the database file's modification time and size. It is
written before the file is switched into place and found by looking at the file, so that a file that somebody else put
there (the reference, or a person) has no note, and never another file's.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from assaymark.advisories.cache import CacheFolder
from assaymark.advisories.page_sums import PageSums, find_sums
from assaymark.safeio.files import write_atomic


class Origin(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was known when a database was downloaded.

    Attributes:
        uri: `registry/repository@digest` of the manifest.
        sha256: of the database file itself.
    """

    uri: str
    sha256: str


_ORIGIN: Final = msgspec.json.Decoder(Origin)


def write_origin(cache: CacheFolder, file: Path, origin: Origin, sums: bytes) -> None:
    """Note the origin and the block checksums of `file`, which has its final size and modification time.

    Raises:
        LocalError: the cache cannot be written.
    """
    note, checksums = _paths(cache, file)
    write_atomic(checksums, sums)
    write_atomic(note, msgspec.json.encode(origin) + b"\n")


def find_origin(cache: CacheFolder, file: Path) -> tuple[Origin | None, PageSums | None]:
    """The note and the checksums of `file`; None where there are none."""
    origin = None
    try:
        note, checksums = _paths(cache, file)
        sums = find_sums(checksums, size=file.stat().st_size, name=str(file))
        with suppress(OSError, msgspec.DecodeError, UnicodeDecodeError):
            origin = _ORIGIN.decode(note.read_bytes())
    except OSError:
        return None, None
    return origin, sums


def sweep_origins(cache: CacheFolder) -> None:
    """Remove the notes of databases that are gone."""
    with suppress(OSError):
        keep = set(_paths(cache, cache.file))
        for path in cache.origins.iterdir():
            if path not in keep:
                path.unlink()


def _paths(cache: CacheFolder, file: Path) -> tuple[Path, Path]:
    state = file.stat()
    name = f"{state.st_mtime_ns}-{state.st_size}"
    return cache.origins / f"{name}.json", cache.origins / f"{name}.crc"
