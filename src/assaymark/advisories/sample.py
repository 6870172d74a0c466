"""The sample database: a few hundred real advisories that ship with the program, for trying it without a network.

It is used only when `--sample-db` asks for it, is compiled from its text files when first used, and is kept in the
cache under the hash of what it was made of. Where the cache cannot be written it is compiled in memory. A scan with it
says so (`DatabaseInfo.sample`): it knows a handful of packages of a few releases, and nothing of all others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from assaymark.advisories.bolt import BoltFile, open_bolt
from assaymark.advisories.bolt_writer import write_bolt
from assaymark.advisories.cache import CacheFolder
from assaymark.advisories.sample_text import Buckets, parse_bucket, parse_details
from assaymark.advisories.trivy_db import SCHEMA, TrivyDatabase
from assaymark.errors import DatabaseError, LocalError
from assaymark.limits import Limits
from assaymark.model.advisory import DatabaseInfo
from assaymark.safeio.files import PARTIAL, write_atomic

FOLDER: Final = Path(__file__).parent / "sample"
DETAILS: Final = "details.txt"
BUILT: Final = "2026-11-21T00:00:00Z"  # the day on which its facts were gathered
_FORMAT: Final = b"1"  # raised when the same text compiles to something else


@contextmanager
def open_sample(cache: CacheFolder, *, limits: Limits) -> Iterator[TrivyDatabase]:
    """The sample database, compiled when it is not in the cache yet.

    Raises:
        DatabaseError: the package's own files are damaged.
    """
    texts = {path.name: path.read_bytes() for path in sorted(FOLDER.glob("*.txt"))}
    key = _key(texts)
    info = DatabaseInfo(version=f"{SCHEMA}-sample-{key[:12]}", updated_at=BUILT, next_update=BUILT, sample=True)
    path = cache.samples / f"{key[:32]}.db"
    if path.is_file():
        with open_bolt(path) as file:
            yield TrivyDatabase(file, info, limits=limits)
        return
    data = compile_sample(texts)
    with suppress(LocalError, OSError):
        _keep(path, data)
    yield TrivyDatabase(BoltFile(data, name="the sample database"), info, limits=limits)


def compile_sample(texts: dict[str, bytes]) -> bytes:
    """The BoltDB file that these text files describe; the same bytes for the same texts.

    Raises:
        DatabaseError: a text is not of the format.
    """
    tree: Buckets = {}
    for name, text in texts.items():
        try:
            (parse_details if name == DETAILS else parse_bucket)(text.decode("utf-8"), tree)
        except ValueError as exc:
            what = f"`{name}` of the sample database is damaged"
            raise DatabaseError(f"{what}: {exc}", hint="install assaymark anew") from exc
    return write_bolt(tree)


def _key(texts: dict[str, bytes]) -> str:
    digest = hashlib.sha256(_FORMAT)
    for name, text in texts.items():
        digest.update(f"\0{name}\0{len(text)}\0".encode() + text)
    return digest.hexdigest()


def _keep(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, data)
    for other in (*path.parent.glob("*.db"), *path.parent.glob(PARTIAL)):
        if other != path:
            other.unlink()
