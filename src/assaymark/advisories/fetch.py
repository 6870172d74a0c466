"""Gets a database from the first of several repositories that has a good one.

A published database is an image manifest with exactly one layer of media type `LAYER_TYPE`: a tar.gz (`unpack`).

1. Repositories are asked in order. Any failure of one, whatever it is, leads to the next; a failure of the local disk
   does not, because it would come again.
2. Credentials that a registry rejects are left away by its client (`assaymark.oci.auth`): the public ones need none.
3. The layer is read by its digest and verified to its last byte, then the metadata and the file's structure are looked
   at, and a database that is older than the one that is there is refused unless it is asked for (a mirror that was
   rolled back hides what was published since).
4. Everything is written to a folder of its own, synchronised, and switched into place in one step (`swap`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from assaymark.advisories.cache import METADATA_FILE, CacheFolder
from assaymark.advisories.download import VULNERABILITIES, DatabaseKind, Download
from assaymark.advisories.go_time import format_time
from assaymark.advisories.metadata import Metadata, find_metadata, parse_metadata, render_metadata
from assaymark.advisories.origin import Origin, sweep_origins, write_origin
from assaymark.advisories.swap import prepare, retire, switch
from assaymark.advisories.trivy_db import SCHEMA
from assaymark.advisories.unpack import unpack_database
from assaymark.errors import ArtifactError, DatabaseError, NetworkError, OfflineError
from assaymark.model.descriptor import Descriptor
from assaymark.model.moment import age
from assaymark.model.progress import running
from assaymark.model.reference import Reference, parse_reference
from assaymark.oci.content import ContentStore
from assaymark.oci.manifest import Manifest, parse_manifest
from assaymark.safeio.files import write_atomic

LAYER_TYPE: Final = VULNERABILITIES.layer_type


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """A database that a repository offers."""

    store: ContentStore
    layer: Descriptor
    uri: str


def download_database(cache: CacheFolder, wanted: Download) -> None:
    """Put a database into the cache. The caller holds the cache's update lock.

    Raises:
        DatabaseError: no repository has a good one; the message names each with its reason.
        LocalError: the cache cannot be written; what was there is as it was.
        UsageError: a repository's name is none.
    """
    failures: list[str] = []
    for reference in repository_references(wanted.repositories, schema=wanted.kind.schema):
        try:
            _install(_locate(reference, wanted), cache, wanted)
        except OfflineError as exc:
            raise _offline(cache, wanted.kind) from exc
        except (NetworkError, ArtifactError, DatabaseError) as exc:
            failures.append(f"`{reference.original}`: {exc}")
        else:
            return
    raise _all_failed(failures, cache, wanted.kind)


def is_offered(wanted: Download) -> bool:
    """Whether any of the repositories offers a database now; nothing is downloaded."""
    for reference in repository_references(wanted.repositories, schema=wanted.kind.schema):
        with suppress(NetworkError, ArtifactError, DatabaseError):
            _locate(reference, wanted)
            return True
    return False


def repository_references(names: Sequence[str], *, schema: int = SCHEMA) -> list[Reference]:
    """The references that `--db-repository` names; one without a tag or digest gets the schema's number as its tag.

    Raises:
        UsageError: a name is no reference.
    """
    return [parse_reference(name if _is_tagged(name) else f"{name}:{schema}") for name in names]


def _is_tagged(name: str) -> bool:
    return "@" in name or ":" in name.rpartition("/")[2]


def _locate(reference: Reference, wanted: Download) -> Published:
    limits, store = wanted.limits, wanted.registry().repository(reference)
    stored = store.manifest(reference.identifier)
    manifest = parse_manifest(stored.data, stored.descriptor.media_type, limits=limits)
    if not isinstance(manifest, Manifest) or len(manifest.layers) != 1:
        raise ArtifactError("it is no database: not a manifest with exactly one layer")
    layer = manifest.layers[0]
    if layer.media_type != wanted.kind.layer_type:
        raise ArtifactError(f"it is no database: its layer is of type `{layer.media_type}`")
    if layer.size > limits.database_layer_bytes:
        raise ArtifactError(f"its layer has {layer.size} bytes, above {limits.database_layer_bytes}")
    return Published(store=store, layer=layer, uri=f"{reference.context}@{stored.descriptor.digest}")


def _install(published: Published, cache: CacheFolder, wanted: Download) -> None:
    incoming = prepare(cache.database)
    try:
        _fill(incoming, published, cache, wanted)
        switch(incoming, cache.database)
    finally:
        retire(incoming, cache.database)
    sweep_origins(cache)


def _fill(incoming: Path, published: Published, cache: CacheFolder, wanted: Download) -> None:
    label = f"downloading the {wanted.kind.what}"
    with (
        running(wanted.progress, label, total=published.layer.size) as task,
        published.store.open_blob(published.layer) as stream,
    ):
        unpacked = unpack_database(stream, incoming, name=wanted.kind.file, advance=task.advance, limits=wanted.limits)
    now = wanted.clock()
    metadata = parse_metadata(unpacked.metadata, limits=wanted.limits)
    _examine(incoming, metadata, cache, wanted)
    metadata = msgspec.structs.replace(metadata, downloaded_at=format_time(now))
    write_atomic(incoming / METADATA_FILE, render_metadata(metadata))
    file = incoming / wanted.kind.file
    os.utime(file, (int(now.timestamp()),) * 2)  # whole seconds survive every archiver, and the note is found by them
    write_origin(cache, file, Origin(uri=published.uri, sha256=unpacked.sha256), unpacked.sums)


def _examine(incoming: Path, metadata: Metadata, cache: CacheFolder, wanted: Download) -> None:
    """Refuse what would be worse than what is there."""
    schema = wanted.kind.schema
    if metadata.version != schema:
        raise DatabaseError(f"its schema is {metadata.version}, and this program reads {schema}")
    wanted.kind.examine(incoming / wanted.kind.file)
    present = find_metadata(cache.metadata, limits=wanted.limits)
    if wanted.older or present is None or present.version != schema or not cache.file.exists():
        return
    if metadata.updated < present.updated:
        behind = age(metadata.updated, present.updated)
        raise DatabaseError(f"it was built {behind} before the one in the cache (`--allow-older-db` takes it)")


def _offline(cache: CacheFolder, kind: DatabaseKind) -> DatabaseError:
    return DatabaseError(
        f"a current {kind.what} is needed in `{cache.database}`, and `--offline` forbids to download one",
        hint=(
            f"bring `{kind.file}` and `metadata.json` from a machine that has them (or point `--cache-dir` at them); "
            "or try the tool with the small built-in `--sample-db`"
        ),
        reason="DATABASE_UNAVAILABLE",
    )


def _all_failed(failures: Sequence[str], cache: CacheFolder, kind: DatabaseKind) -> DatabaseError:
    return DatabaseError(
        f"no {kind.what} could be downloaded: {'; '.join(failures) or 'no repository is named'}",
        hint=(
            f"name a reachable repository with `{kind.flag}`; or bring `{kind.file}` and `metadata.json` from "
            f"a machine that has them into `{cache.database}` (or point `--cache-dir` at them) and add "
            f"`{kind.skip}`; or try the tool with the small built-in `--sample-db`"
        ),
        reason="DATABASE_UNAVAILABLE",
    )
