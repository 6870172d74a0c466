"""Puts a database on a registry, as the artifact that `assaymark.advisories.fetch` takes from one.

1. Where the published bytes are at hand (kept, or still on the registry that the database came from) they are copied:
   the digest stays, and records that name it can be replayed from the new place.
2. Else the artifact is made anew from the files, which gives another digest. It is the same for the same database:
   nothing in it depends on when or by whom it was made.

The form is the publisher's: an OCI image manifest with a configuration of `{}` and one layer, a gzip stream of a tar
(POSIX ustar) with the database and `metadata.json`.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from assaymark.advisories.cache import METADATA_FILE, CacheFolder
from assaymark.advisories.download import VULNERABILITIES
from assaymark.advisories.go_time import ZERO
from assaymark.advisories.metadata import find_metadata, render_metadata
from assaymark.errors import ArtifactError, DatabaseError
from assaymark.limits import Limits
from assaymark.model.descriptor import OCI_MANIFEST, Descriptor
from assaymark.model.digest import Digest
from assaymark.oci.content import ContentStore
from assaymark.oci.manifest import Manifest, parse_manifest
from assaymark.safeio.files import local_error, private_temporary

CONFIG_TYPE: Final = "application/vnd.aquasec.trivy.config.v1+json"
_CONFIG: Final = b"{}"
_TITLE: Final = "db.tar.gz"
_BLOCK: Final = 512
_CHUNK: Final = 1 << 20
_GZIP: Final = 31  # window bits: a gzip member with its header, which zlib writes without a time


def copy_database(source: ContentStore, target: ContentStore, digest: str, *, limits: Limits, tag: str = "") -> Digest:
    """Copy the artifact that has this digest, byte for byte.

    Raises:
        NetworkError: a registry refuses, or has it no more.
        ArtifactError: it is no database.
    """
    stored = source.manifest(digest)
    manifest = parse_manifest(stored.data, stored.descriptor.media_type, limits=limits)
    if not isinstance(manifest, Manifest) or [layer.media_type for layer in manifest.layers] != [
        VULNERABILITIES.layer_type
    ]:
        raise ArtifactError(f"`{digest}` is no database: not a manifest with exactly one layer of its type")
    if manifest.layers[0].size > limits.database_layer_bytes:
        raise ArtifactError(f"its layer has {manifest.layers[0].size} bytes, above {limits.database_layer_bytes}")
    config = source.read_blob(manifest.config, limit=limits.config_bytes)
    target.push_blob(config, media_type=manifest.config.media_type)
    layer = manifest.layers[0]
    target.take_blob(layer, lambda: source.open_blob(layer))
    return _push(target, stored.data, stored.descriptor.media_type, tag)


def make_database(cache: CacheFolder, target: ContentStore, *, limits: Limits, tag: str = "") -> Digest:
    """Store the database of a cache as a new artifact.

    Raises:
        DatabaseError: there is none.
        LocalError: it cannot be read, or there is no room to pack it.
        NetworkError: the registry refuses.
    """
    metadata = find_metadata(cache.metadata, limits=limits)
    if metadata is None or not cache.file.is_file():
        raise DatabaseError(f"there is no vulnerability database in `{cache.database}`", reason="DATABASE_MISSING")
    config = target.push_blob(_CONFIG, media_type=CONFIG_TYPE)
    text = render_metadata(msgspec.structs.replace(metadata, downloaded_at=ZERO))
    with _packed(cache.file, text) as (stream, layer):

        @contextmanager
        def opened() -> Iterator[BinaryIO]:
            stream.seek(0)
            yield stream

        target.take_blob(layer, opened)
    entry = {**_described(layer), "annotations": {"org.opencontainers.image.title": _TITLE}}
    document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": _described(config), "layers": [entry]}
    return _push(target, msgspec.json.encode(document), OCI_MANIFEST, tag)


def _push(target: ContentStore, data: bytes, media_type: str, tag: str) -> Digest:
    present = target.resolve(tag) if tag else None
    replaces = present.digest if present else None
    return target.push_manifest(data, media_type=media_type, tag=tag, replaces=replaces).digest


def _described(descriptor: Descriptor) -> dict[str, object]:
    return {"mediaType": descriptor.media_type, "digest": descriptor.digest, "size": descriptor.size}


@contextmanager
def _packed(file: Path, metadata: bytes) -> Iterator[tuple[BinaryIO, Descriptor]]:
    """The layer in a temporary file, and what it is."""
    digest, size = hashlib.sha256(), 0
    with private_temporary() as stream:
        try:
            for data in _compressed(_archived(file, metadata)):
                digest.update(data)
                size += stream.write(data)
        except OSError as exc:
            raise local_error("pack", file, exc) from exc
        descriptor = Descriptor(
            media_type=VULNERABILITIES.layer_type, digest=Digest(f"sha256:{digest.hexdigest()}"), size=size
        )
        yield stream, descriptor


def _compressed(pieces: Iterator[bytes]) -> Iterator[bytes]:
    compressor = zlib.compressobj(6, zlib.DEFLATED, _GZIP)
    for piece in pieces:
        yield compressor.compress(piece)
    yield compressor.flush()


def _archived(file: Path, metadata: bytes) -> Iterator[bytes]:
    """The tar stream of the two members."""
    with file.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(0)
        yield _header(VULNERABILITIES.file, size)
        while piece := stream.read(_CHUNK):
            yield piece
    yield bytes(-size % _BLOCK)
    yield _header(METADATA_FILE, len(metadata)) + metadata + bytes(-len(metadata) % _BLOCK)
    yield bytes(2 * _BLOCK)


def _header(name: str, size: int) -> bytes:
    """A ustar header (POSIX.1-2017, `pax`, "ustar Interchange Format") of a regular file without owner or time."""
    fields = [
        name.encode().ljust(100, b"\0"),
        b"0000644\0" + b"0000000\0" * 2,
        b"%011o\0" % size + b"%011o\0" % 0,
        b" " * 8 + b"0",
        bytes(100) + b"ustar\x0000" + bytes(64) + b"0000000\0" * 2 + bytes(167),
    ]
    header = b"".join(fields)
    return header[:148] + b"%06o\0 " % sum(header) + header[156:]
