"""Vulnerability databases made from facts in a test, as files, as archives and as published artifacts."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.support.content import MemoryContent

from assaymark.advisories.bolt_writer import write_bolt
from assaymark.advisories.cache import CacheFolder
from assaymark.advisories.download import Download
from assaymark.advisories.fetch import LAYER_TYPE
from assaymark.errors import Error
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.descriptor import OCI_MANIFEST, Descriptor
from assaymark.model.progress import NoProgress, Progress
from assaymark.model.reference import Reference
from assaymark.oci.content import ContentStore

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
FRESH = {"Version": 2, "NextUpdate": "2026-11-22T00:00:00Z", "UpdatedAt": "2026-11-21T00:00:00Z"}
STALE = {
    "Version": 2,
    "NextUpdate": "2026-11-18T00:00:00Z",
    "UpdatedAt": "2026-11-17T00:00:00Z",
    "DownloadedAt": "2026-11-17T06:00:00Z",
}

Facts = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Bucket → package → id → advisory."""

MUSL: Facts = {"alpine 3.10": {"musl": {"CVE-2020-28928": {"FixedVersion": "1.1.22-r4"}}}}
SOURCES: dict[str, Any] = {
    "alpine 3.10": {"ID": "alpine", "Name": "Alpine Secdb", "URL": "https://secdb.alpinelinux.org/"}
}
DETAILS: dict[str, Any] = {"CVE-2020-28928": {"Title": "musl: memory behind a buffer is written", "Severity": "MEDIUM"}}


def encode(value: Any) -> bytes:
    """A value as it stands in the database: bytes as they are, everything else as JSON."""
    return value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()


def trivy_db(
    facts: Facts = MUSL, *, details: Mapping[str, Any] = DETAILS, sources: Mapping[str, Any] = SOURCES
) -> bytes:
    """A database file in trivy-db's layout."""
    tree: dict[bytes, Any] = {
        bucket.encode(): {
            package.encode(): {identity.encode(): encode(value) for identity, value in advisories.items()}
            for package, advisories in packages.items()
        }
        for bucket, packages in facts.items()
    }
    tree[b"data-source"] = {bucket.encode(): encode(value) for bucket, value in sources.items()}
    tree[b"vulnerability"] = {identity.encode(): encode(value) for identity, value in details.items()}
    return write_bolt(tree)


def place(folder: Path, data: bytes, metadata: Mapping[str, Any]) -> None:
    """Put a database there by hand."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "trivy.db").write_bytes(data)
    (folder / "metadata.json").write_text(json.dumps(metadata))


def archive(members: Sequence[tuple[str, bytes]], *, kind: bytes = tarfile.REGTYPE) -> bytes:
    """A tar.gz of these members."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in members:
            member = tarfile.TarInfo(name)
            member.type, member.size = kind, len(data) if kind == tarfile.REGTYPE else 0
            tar.addfile(member, io.BytesIO(data))
    return gzip.compress(buffer.getvalue(), compresslevel=1, mtime=0)


def database_archive(data: bytes | None = None, metadata: Mapping[str, Any] = FRESH) -> bytes:
    """The layer of a published database."""
    return archive(
        [("trivy.db", trivy_db() if data is None else data), ("metadata.json", json.dumps(metadata).encode())]
    )


def publish(
    store: ContentStore,
    layer: bytes,
    *,
    tag: str = "2",
    media_type: str = LAYER_TYPE,
    layers: int = 1,
    title: str = "../../escape.tar.gz",
) -> Descriptor:
    """Store a layer with its manifest; the title is a trap unless told otherwise."""
    config = store.push_blob(b"{}", media_type="application/vnd.aquasec.trivy.config.v1+json")
    blob = store.push_blob(layer, media_type=media_type)
    entry = {
        "mediaType": media_type,
        "digest": blob.digest,
        "size": blob.size,
        "annotations": {"org.opencontainers.image.title": title},
    }
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {"mediaType": config.media_type, "digest": config.digest, "size": config.size},
        "layers": [entry] * layers,
    }
    return store.push_manifest(json.dumps(document).encode(), media_type=OCI_MANIFEST, tag=tag)


def published(layer: bytes | None = None, **keywords: Any) -> MemoryContent:
    """A repository that offers a database."""
    store = MemoryContent()
    publish(store, database_archive() if layer is None else layer, **keywords)
    return store


class Shelf:
    """Repositories by name; those that are an error raise it. Counts what was asked for."""

    def __init__(self, repositories: Mapping[str, ContentStore | Error]) -> None:
        self._repositories = repositories
        self.asked: list[str] = []

    def repository(self, reference: Reference) -> ContentStore:
        """The repository of that reference."""
        self.asked.append(reference.name)
        found = self._repositories[reference.context]
        if isinstance(found, Error):
            raise found
        return found


def download(
    shelf: Shelf,
    *repositories: str,
    now: datetime = NOW,
    older: bool = False,
    progress: Progress | None = None,
    limits: Limits = DEFAULT_LIMITS,
    before: Callable[[], None] = lambda: None,
) -> Download:
    """What a download needs, from a shelf."""

    def registry() -> Shelf:
        before()
        return shelf

    return Download(
        repositories=repositories or ("db.test/one",),
        registry=registry,
        clock=lambda: now,
        progress=progress or NoProgress(),
        limits=limits,
        older=older,
    )


def tree_of(cache: CacheFolder) -> list[str]:
    """Every file below a cache, for tests that say what must not be left behind."""
    return sorted(str(path.relative_to(cache.root)) for path in cache.root.rglob("*") if not path.is_dir())
