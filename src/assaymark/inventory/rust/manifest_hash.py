"""The identifier of a manifest that names no project: a workspace's own, which is not in its lockfile.

It is the structural hash of `assaymark.inventory.uid` of what the reference reads of a manifest: the structure
`cargoToml` with the members `Package`, `Dependencies`, `Target` and `Workspace`. Members that are absent do not count,
tables that are there and empty do.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from assaymark.inventory.fnv import OFFSET, fnv, fnv_fold, fnv_word

_INTEGER: Final = struct.Struct("<q")
_FLOAT: Final = struct.Struct("<d")
_LARGEST: Final = (1 << 64) - 1


def manifest_hash(document: Mapping[str, Any]) -> str:
    """The identifier of a manifest, in hexadecimal digits."""
    workspace = document.get("workspace", {})
    inherited = workspace.get("package", {})
    members = (
        _member("Package", _structure("Package", [_stated("Version", document.get("package", {}), "version")])),
        _stated("Dependencies", document, "dependencies"),
        _stated("Target", _targets(document), "target"),
        _member(
            "Workspace",
            _structure(
                "cargoTomlWorkspace",
                [
                    _stated("Dependencies", workspace, "dependencies"),
                    _stated("Members", workspace, "members"),
                    _member("Package", _structure("", [_stated("Version", inherited, "version")])),
                ],
            ),
        ),
    )
    return f"{_folded('cargoToml', filter(None, members)):x}"


_Member = tuple[str, int] | None


def _targets(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of each target only its tables are read."""
    if "target" not in document:
        return {}
    return {"target": {name: dict(target) for name, target in document["target"].items()}}


def _stated(name: str, table: Mapping[str, Any], key: str) -> _Member:
    return (name, _hash(table[key])) if table.get(key, "") != "" else None


def _member(name: str, value: int | None) -> _Member:
    return None if value is None else (name, value)


def _structure(name: str, members: Iterable[_Member]) -> int | None:
    """The hash of a structure inside of another; None for one without members, which does not count there."""
    stated = [member for member in members if member is not None]
    return _folded(name, stated) if stated else None


def _folded(name: str, members: Iterable[tuple[str, int]]) -> int:
    state = fnv(name.encode())
    for member, value in members:
        state = fnv_word(state ^ fnv_word(value, fnv_word(fnv(member.encode()))))
    return state


def _hash(value: Any) -> int:
    if isinstance(value, dict):
        total = 0
        for key, each in value.items():
            total ^= fnv_word(_hash(each), fnv_word(_hash(key)))
        return fnv_word(total)
    if isinstance(value, list):
        return fnv_fold(0, map(_hash, value))
    return fnv(_bytes(value), OFFSET)


def _bytes(value: Any) -> bytes:
    for kind, encoded in _ENCODED.items():
        if isinstance(value, kind):
            return encoded(value)
    return str(value).encode("utf-8", "surrogatepass")


_ENCODED: Final[dict[type, Callable[[Any], bytes]]] = {
    bool: lambda value: b"\1" if value else b"\0",
    int: lambda value: _INTEGER.pack(((value + (1 << 63)) & _LARGEST) - (1 << 63)),
    float: _FLOAT.pack,
}
