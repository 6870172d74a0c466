"""Layers and images that lie: made as streams, so that a bomb of four gigabytes costs neither memory nor minutes.

bomb = zeros_layer("lib/apk/db/installed", 4 * GIB)
raw_image([honest_layer(ALPINE), bomb]).save_layout(folder)
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from isal import isal_zlib
from tests.support.images import (
    LAYER_TYPES,
    Entries,
    build_image,
    describe,
    describe_json,
    encode,
    layout_files,
    write_files,
)

from assaymark.model.descriptor import OCI_CONFIG, OCI_MANIFEST, Descriptor
from assaymark.model.digest import sha256_digest

MIB: Final = 1024 * 1024
GIB: Final = 1024 * MIB
_GZIP: Final = 31  # zlib's window bits for a gzip wrapper


class RawLayer(msgspec.Struct, frozen=True, kw_only=True):
    """Stored bytes, and what a manifest and a configuration claim of them; `claims` replaces fields of the descriptor."""

    stored: bytes
    diff_id: str
    kind: str = "gzip"
    claims: Mapping[str, Any] = {}

    @property
    def descriptor(self) -> dict[str, Any]:
        """The descriptor, lies included."""
        return {**describe_json(describe(self.stored, LAYER_TYPES[self.kind])), **self.claims}


class RawImage(msgspec.Struct, frozen=True, kw_only=True):
    """A manifest, and every blob it needs by digest."""

    manifest: bytes
    blobs: Mapping[str, bytes]

    @property
    def descriptor(self) -> Descriptor:
        """The manifest's descriptor."""
        return describe(self.manifest, OCI_MANIFEST)

    def save_layout(self, folder: Path) -> Path:
        """An OCI image-layout folder."""
        return write_files(folder, layout_files([(self.descriptor, "")], self.blobs))


def raw_image(layers: Iterable[RawLayer]) -> RawImage:
    """An image that claims exactly what its layers claim."""
    layers = list(layers)
    config = encode(
        {
            "architecture": "amd64",
            "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
        }
    )
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": describe_json(describe(config, OCI_CONFIG)),
        "layers": [layer.descriptor for layer in layers],
    }
    manifest = encode(document)
    return RawImage(
        manifest=manifest,
        blobs={sha256_digest(data): data for data in (config, manifest, *(layer.stored for layer in layers))},
    )


def honest_layer(entries: Entries) -> RawLayer:
    """A layer that is what it says."""
    built = build_image([entries]).layers[0]
    return RawLayer(stored=built.stored, diff_id=built.diff_id)


def tar_layer(pieces: Iterable[bytes]) -> RawLayer:
    """A gzip layer of a tar stream that comes in pieces; two blocks of zeros end it."""
    stored, digest, compressor = io.BytesIO(), hashlib.sha256(), isal_zlib.compressobj(1, isal_zlib.DEFLATED, _GZIP)
    for piece in pieces:
        digest.update(piece)
        stored.write(compressor.compress(piece))
    end = bytes(1024)
    digest.update(end)
    stored.write(compressor.compress(end) + compressor.flush())
    return RawLayer(stored=stored.getvalue(), diff_id=f"sha256:{digest.hexdigest()}")


def zeros_layer(name: str, size: int) -> RawLayer:
    """One file of `size` zeros (a multiple of a mebibyte)."""

    def pieces() -> Iterable[bytes]:
        yield header(name, size)
        yield from (bytes(MIB) for _ in range(size // MIB))

    return tar_layer(pieces())


def file_layer(name: str, data: bytes) -> RawLayer:
    """One file."""
    return tar_layer([header(name, len(data)), data, bytes(-len(data) % 512)])


def numbered_headers(name: str, count: int) -> Iterable[bytes]:
    """Headers of empty files, a thousand at once; `{}` in `name` stands for a number of seven digits."""
    first = header(name.format("0" * 7))
    at = name.index("{}")
    start, middle, end = first[:at], first[at + 7 : 148], first[156:]
    blanks = sum(start) + 7 * ord("0") + sum(middle) + 8 * ord(" ") + sum(end)
    for base in range(0, count, 1_000):
        numbers = (b"%07d" % number for number in range(base, min(count, base + 1_000)))
        yield b"".join(
            b"%b%b%b%06o\0 %b" % (start, digits, middle, blanks + sum(digits) - 7 * ord("0"), end) for digits in numbers
        )


def header(name: str, size: int = 0, kind: bytes = tarfile.REGTYPE) -> bytes:
    """A header block."""
    info = tarfile.TarInfo(name)
    info.size, info.type = size, kind
    return info.tobuf(tarfile.GNU_FORMAT)
