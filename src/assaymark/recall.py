"""What was worked out before: the same packages and the same database give the same findings.

Reading nothing and downloading nothing, a second scan of an image still has to look up thousands of advisories, and to
import every analyser only to learn their names. Both answers are kept in the cache of layers.

Rules:

1. A detection is kept under everything that decides about it: the merged inventory itself, the file of the database
   (device, inode, size and both times), the options, the artifact's name and identity, the day (ends of life are days,
   and come in the last second of theirs), and the state of the program's own files.
2. Where one of these is not known (a database in memory, a program that is not files) nothing is kept.
3. Issues are part of it: a scan that is remembered is as complete as it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec

from assaymark.code_state import code_state
from assaymark.layers.cache import InventoryCache
from assaymark.limits import KIB, Limits
from assaymark.matching.detect import Detection
from assaymark.matching.lifecycle import LAST_SECOND
from assaymark.model.inventory import Inventory

_FORMAT: Final = "1"
"""Raised when entries are written in another way."""

_COMPRESSION: Final = 1
_WORTH_PACKING: Final = 256 * KIB
_PACKED: Final = b"\x28\xb5\x2f\xfd"
"""What a frame of Zstandard begins with (RFC 8878, 3.1.1), and no detection."""

# made on import: two threads that make msgspec's first decoder of one type at once crash the interpreter
_STORED: Final = msgspec.msgpack.Decoder(Detection)


def recalled_detection(
    cache: InventoryCache | None,
    detect: Callable[[], Detection],
    *,
    inventory: Inventory,
    database: str,
    today: datetime,
    about: object,
    limits: Limits,
) -> Detection:
    """What `detect` gives, from the cache where it is there.

    Args:
        cache: where it is kept; None asks `detect` without more.
        detect: looks everything up.
        inventory: what is looked up.
        database: names the exact database; empty where that is not known.
        today: decides about ends of life.
        about: everything else that decides, as structs, sets, tuples and plain values.
        limits: the bounds.
    """
    state = code_state() if cache is not None and database else ""
    if cache is None or not state:
        return detect()
    day = f"{today:%Y-%m-%d} {today.time() >= LAST_SECOND.replace(tzinfo=None)}"
    facts = (_canonical(about), msgspec.msgpack.encode(inventory))
    key = _key("detection", state, database, day, *facts)
    stored = cache.get(key)
    known = None if stored is None else _unpacked(stored, limits)
    if known is not None:
        return known
    found = detect()
    cache.put(key, _packed(msgspec.msgpack.encode(found)))
    return found


def recalled_analysers(cache: InventoryCache | None, analysers: Callable[[], str], *, about: object) -> str:
    """The digest of the analysers that take part, without importing them where it is known.

    Args:
        cache: where it is kept; None asks `analysers` without more.
        analysers: imports them.
        about: what chooses them, as structs, sets, tuples and plain values.
    """
    state = code_state() if cache is not None else ""
    if cache is None or not state:
        return analysers()
    key = _key("analysers", state, _canonical(about))
    stored = cache.get(key)
    if stored is not None:
        return stored.decode("ascii")
    found = analysers()
    cache.put(key, found.encode("ascii"))
    return found


def _key(*parts: str | bytes) -> str:
    digest = hashlib.sha256()
    for part in (_FORMAT, *parts):
        data = part.encode() if isinstance(part, str) else part
        digest.update(b"%d:" % len(data))
        digest.update(data)
    return digest.hexdigest()


def _canonical(about: object) -> bytes:
    """The same bytes for the same choices: sets have no order of their own."""
    return msgspec.json.encode(_ordered(about))


def _ordered(value: object) -> object:
    if isinstance(value, msgspec.Struct):
        return {name: _ordered(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, (set, frozenset)):
        return sorted(str(_ordered(each)) for each in value)
    return [_ordered(each) for each in value] if isinstance(value, tuple) else value


def _packed(data: bytes) -> bytes:
    if len(data) < _WORTH_PACKING:
        return data
    import zstandard

    return zstandard.ZstdCompressor(level=_COMPRESSION).compress(data)


def _unpacked(data: bytes, limits: Limits) -> Detection | None:
    """What an entry holds; None where it is longer than is kept, or was written by something else."""
    if not data.startswith(_PACKED):
        return _decoded(data)
    import zstandard

    try:
        size = zstandard.frame_content_size(data)
        if not 0 <= size <= limits.detection_bytes:
            return None
        return _decoded(zstandard.ZstdDecompressor().decompress(data, max_output_size=limits.detection_bytes))
    except zstandard.ZstdError:
        return None


def _decoded(data: bytes) -> Detection | None:
    try:
        return _STORED.decode(data)
    except msgspec.MsgspecError:
        return None
