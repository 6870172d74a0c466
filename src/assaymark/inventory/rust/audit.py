"""The list of crates that cargo-auditable embeds (github.com/rust-secure-code/cargo-auditable, "audit info").

JSON, compressed by zlib: `{"packages": [{"name", "version", "source", "kind", "dependencies": [indices], "root"}]}`. A
crate without a kind is needed at run time; others are only needed to build.
"""

from __future__ import annotations

import zlib
from typing import Any

import msgspec

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.documents import decode_object
from assaymark.limits import Limits

_RUNTIME = "runtime"


class Crate(msgspec.Struct, frozen=True, kw_only=True):
    """One crate; `dependencies` are places in the list."""

    name: str
    version: str
    is_runtime: bool
    is_root: bool
    dependencies: tuple[int, ...]


def read_audit(data: bytes, *, limits: Limits, what: str) -> list[Crate]:
    """The crates of an audit section.

    Raises:
        ValueError: it is not compressed, or no such list.
        ArtifactError: it is no JSON.
        LimitError: it is too large.
    """
    document = decode_object(_unpacked(data, limits), limits=limits, what=what)
    packages = document.get("packages")
    packages = [] if packages is None else packages
    if not isinstance(packages, list):
        raise ArtifactError("audit data whose packages are no list")
    if len(packages) > limits.packages_per_file:
        raise LimitError(f"more than {limits.packages_per_file} crates")
    crates = [_crate(each) for each in packages]
    if any(place >= len(crates) for crate in crates for place in crate.dependencies):
        raise ArtifactError("audit data with a dependency on a crate that is not listed")
    return crates


def _unpacked(data: bytes, limits: Limits) -> bytes:
    stream = zlib.decompressobj()
    try:
        text = stream.decompress(data, limits.audit_bytes)
        rest = stream.decompress(stream.unconsumed_tail, 1) if stream.unconsumed_tail else b""
    except zlib.error as exc:
        raise ValueError(f"audit data that is not compressed: {exc}") from exc
    if rest:
        raise LimitError(f"audit data of more than {limits.audit_bytes} bytes")
    if not stream.eof:
        raise ValueError("audit data that is cut off")
    return text


def _crate(entry: Any) -> Crate:
    if not isinstance(entry, dict):
        raise ArtifactError("audit data with a crate that is no object")
    dependencies = entry.get("dependencies") or []
    texts = [entry.get(key) or "" for key in ("name", "version")]
    kind = entry.get("kind", _RUNTIME)
    root = entry.get("root") or False
    places_are_numbers = isinstance(dependencies, list) and all(
        type(place) is int and place >= 0 for place in dependencies
    )
    if not (places_are_numbers and all(isinstance(text, str) for text in (*texts, kind)) and isinstance(root, bool)):
        raise ArtifactError("audit data with a crate of other types")
    return Crate(
        name=texts[0],
        version=texts[1],
        is_runtime=kind == _RUNTIME,
        is_root=root,
        dependencies=tuple(dependencies),
    )
