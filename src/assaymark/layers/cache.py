"""What was learned from a layer, kept below `<cache-dir>/assaymark/layers/` for the next image that has it.

Rules:

- A key names content that was verified, the analysers and options that looked at it, and the version of this format
  (`cache_key`): whatever changes one of them makes another key, and nothing is ever updated in place.
- An entry begins with a checksum over its key and content. Half an entry, a flipped bit, or an entry under another's
  name reads as a miss. Entries appear whole (`safeio.files`), so neither kill -9 nor a concurrent writer can be seen.
- The cache is an economy: when it cannot be written (read-only, full), the scan goes on without a word to the user.
- It does not grow for ever: at most once a day, under a lock that nobody waits for, entries that were not used for 90
  days go, and then the least recently used until the rest fits `Limits.cache_bytes`. A hit is a use.
"""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

import msgspec

from assaymark.errors import LocalError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.safeio.files import PARTIAL, write_atomic
from assaymark.safeio.lock import file_lock

FORMAT_VERSION: Final = 1
"""Raised whenever the meaning of an entry's content changes."""

_MAGIC: Final = b"assaymark layer\n"
_DIGEST_BYTES: Final = 32
_HEADER_BYTES: Final = len(_MAGIC) + _DIGEST_BYTES
_PARTIAL_SECONDS: Final = 3600
_TOUCH_SECONDS: Final = 24 * 3600

logger = logging.getLogger(__name__)


def cache_key(blob_identity: str, diff_id: str, analysers: str, options: str) -> str:
    """The key of what `analysers` with `options` find in one layer.

    Args:
        blob_identity: a name for the stored bytes that was verified, or is on reading.
        diff_id: the verified digest of the uncompressed stream.
        analysers: a digest of the analysers' names and versions.
        options: a digest of whatever else changes their output.
    """
    parts = (str(FORMAT_VERSION), blob_identity, diff_id, analysers, options)
    return hashlib.sha256(b"".join(b"%d:%b" % (len(part.encode()), part.encode()) for part in parts)).hexdigest()


class InventoryCache(Protocol):
    """Where inventories of layers are kept by their keys; any number of threads use it at once."""

    def get(self, key: str) -> bytes | None:
        """The content under `key`; None where there is none that can be trusted."""
        ...

    def put(self, key: str, data: bytes) -> None:
        """Keep `data` under `key`, if that is possible."""
        ...


class RunCache:
    """The inventories of one run over several images that share layers: none of them is read twice.

    It is asked before `behind`, the cache on disk, which may be missing, read-only or full. What does not fit
    `Limits.run_cache_bytes` is in `behind` alone.
    """

    def __init__(self, behind: InventoryCache | None = None, *, limits: Limits = DEFAULT_LIMITS) -> None:
        """Ask `behind` for what this run has not seen, and hand it what is new."""
        self._behind = behind
        self._room = limits.run_cache_bytes
        self._kept: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def get(self, key: str) -> bytes | None:
        """The content under `key`; None where there is none that can be trusted."""
        kept = self._kept.get(key)
        if kept is not None or self._behind is None:
            return kept
        found = self._behind.get(key)
        if found is not None:
            self._keep(key, found)
        return found

    def put(self, key: str, data: bytes) -> None:
        """Keep `data` under `key`, if that is possible."""
        self._keep(key, data)
        if self._behind is not None:
            self._behind.put(key, data)

    def _keep(self, key: str, data: bytes) -> None:
        with self._lock:
            if key not in self._kept and len(data) <= self._room:
                self._room -= len(data)
                self._kept[key] = data


class LayerCache:
    """Entries by key in one folder, shared by any number of processes."""

    def __init__(self, folder: Path, *, limits: Limits = DEFAULT_LIMITS, now: Callable[[], float] = time.time) -> None:
        """Use `folder`, which is made when something is first put in."""
        self._folder = folder
        self._limits = limits
        self._now = now

    def get(self, key: str) -> bytes | None:
        """The content under `key`; None where there is none that can be trusted."""
        path = self._path(key)
        try:
            with path.open("rb") as stream:
                data = stream.read(_HEADER_BYTES + self._limits.cache_entry_bytes + 1)
                age = self._now() - os.fstat(stream.fileno()).st_mtime
        except OSError:
            return None
        content = data[_HEADER_BYTES:]
        if len(content) > self._limits.cache_entry_bytes or data[:_HEADER_BYTES] != _header(key, content):
            return None
        if age > _TOUCH_SECONDS:
            with suppress(OSError):
                os.utime(path, (self._now(), self._now()))
        return content

    def put(self, key: str, data: bytes) -> None:
        """Keep `data` under `key`, if that is possible."""
        if len(data) > self._limits.cache_entry_bytes:
            return
        path = self._path(key)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomic(path, _header(key, data) + data, mode=0o600, durable=False)
        except (OSError, LocalError) as exc:
            logger.debug("layer cache not written: %s", exc)
        else:
            self._sweep_daily()

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / key

    def _sweep_daily(self) -> None:
        stamp = self._folder / ".swept"
        with suppress(OSError, LocalError):  # somebody else sweeps, or nobody can
            if stamp.exists() and self._now() - stamp.stat().st_mtime < self._limits.cache_sweep_seconds:
                return
            with file_lock(self._folder / ".lock", timeout=0):
                self._sweep()
                stamp.touch()
                os.utime(stamp, (self._now(), self._now()))

    def _sweep(self) -> None:
        room = self._limits.cache_bytes
        for entry in sorted(self._entries(), key=lambda entry: entry.used, reverse=True):
            room -= entry.size
            if room < 0 or self._now() - entry.used > self._limits.cache_age_seconds:
                with suppress(OSError):
                    entry.path.unlink()

    def _entries(self) -> Iterator[_Entry]:
        """The entries; what killed writers left behind is removed on the way."""
        for path in self._folder.glob("??/*"):
            with suppress(OSError):
                status = path.stat()
                yield _Entry(path, status.st_size, status.st_mtime)
        for path in self._folder.glob(f"??/{PARTIAL}"):
            with suppress(OSError):
                if self._now() - path.stat().st_mtime > _PARTIAL_SECONDS:
                    path.unlink()


class _Entry(msgspec.Struct, frozen=True):
    path: Path
    size: int
    used: float


def _header(key: str, content: bytes) -> bytes:
    return _MAGIC + hashlib.sha256(key.encode() + b"\n" + content).digest()
