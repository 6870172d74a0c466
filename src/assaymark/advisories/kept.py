"""Databases that are kept by their digest, so that a scan can be made again when nobody publishes them any more.

Publishers move their tag every few hours and delete what it pointed at within weeks. A kept database lies in
`<cache>/assaymark/databases/<hexadecimal digest of the manifest>/`, which is a cache folder itself:

    db/trivy.db, metadata.json      linked to the cache's own files where the file system can, else copied
    assaymark/db/                   where it came from, and the checksums of its blocks
    artifact/                       an OCI image layout with the manifest and the layer exactly as they were published
    kept.json                       the reference with digest, and when it was last asked to be kept

1. Only a database whose digest is known can be kept: one that was placed by hand has none.
2. It appears whole or not at all: it is put together under a temporary name and renamed.
3. The artifact is there if its registry still had it; without it a later export gets another digest.
4. What is kept is removed by name, by number or by age, never by itself.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from assaymark.advisories.cache import METADATA_FILE, CacheFolder
from assaymark.advisories.download import Download, Registries
from assaymark.advisories.go_time import format_time, parse_time
from assaymark.advisories.metadata import find_metadata
from assaymark.advisories.origin import Origin, find_origin
from assaymark.advisories.publish import copy_database
from assaymark.errors import ArtifactError, DatabaseError, Error, NetworkError, NotFoundError
from assaymark.limits import Limits
from assaymark.model.digest import Digest, is_digest
from assaymark.model.reference import Reference, parse_reference
from assaymark.oci.content import ContentStore
from assaymark.safeio.files import local_error, write_atomic
from assaymark.safeio.lock import file_lock

_NOTE: Final = "kept.json"
_ARTIFACT: Final = "artifact"
_NAME = re.compile(r"[0-9a-f]{64}\Z")
_READ_SECONDS: Final = 5.0
_WAIT_SECONDS: Final = 900.0  # for another process that fetches the layer over a slow line


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What `kept.json` says: where the database came from, and when it was last asked to be kept (RFC 3339)."""

    uri: str
    kept: str


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One kept database.

    Attributes:
        uri: `registry/repository@digest`.
        updated: when it was built; RFC 3339.
        kept: when it was last asked to be kept; RFC 3339.
        size: bytes of its files.
        is_exportable: whether the published layer is there, so that an export has the same digest.
    """

    folder: Path
    uri: str
    updated: str
    kept: str
    size: int
    is_exportable: bool

    @property
    def digest(self) -> Digest:
        """Of the manifest."""
        return Digest(self.uri.rpartition("@")[2])

    @property
    def cache(self) -> CacheFolder:
        """The folder that the database can be opened in."""
        return CacheFolder(self.folder)

    @property
    def artifact(self) -> Path:
        """The OCI image layout with the published bytes, where it is there."""
        return self.folder / _ARTIFACT


_NOTES: Final = msgspec.json.Decoder(Note)


def keep_database(
    cache: CacheFolder,
    *,
    clock: Callable[[], datetime],
    registry: Callable[[], Registries],
    limits: Limits,
) -> Kept:
    """Keep the database that is in the cache now; one that is kept already is marked as asked for again.

    Args:
        cache: the cache whose database is kept.
        clock: the time now.
        registry: makes the client that fetches the published layer.
        limits: the bounds.

    Raises:
        DatabaseError: there is none, or its digest is not known.
        LocalError: the cache cannot be written.
    """
    file = Path(os.path.realpath(cache.file))
    origin = find_origin(cache, file)[0] if file.is_file() else None
    if origin is None or not is_digest(digest_of(origin.uri)):
        raise _nameless(cache, exists=file.is_file())
    with _changing(cache):
        folder = _folder(cache, digest_of(origin.uri))
        if not (folder / _NOTE).is_file():
            with _assembled(folder) as incoming, file_lock(file, shared=True, timeout=_READ_SECONDS):
                _place(cache, file, CacheFolder(incoming))
                _try_artifact(origin, incoming / _ARTIFACT, registry, limits)
                _write_note(incoming, origin.uri, clock())
        else:
            _try_artifact(origin, folder / _ARTIFACT, registry, limits)
            _write_note(folder, origin.uri, clock())
    kept = find_kept(cache, digest_of(origin.uri), limits=limits)
    assert kept is not None
    return kept


def fetch_kept(cache: CacheFolder, references: Sequence[str], download: Download) -> Kept:
    """Download the database with the digest that all `references` end in, and keep it.

    Raises:
        DatabaseError: `DATABASE_GONE` where every registry says that it has it no more, else `DATABASE_UNAVAILABLE`.
        LocalError: the cache cannot be written.
    """
    from assaymark.advisories.fetch import download_database

    digest = digest_of(references[0])
    with _changing(cache), _assembled(_folder(cache, digest)) as incoming:
        layout = incoming / _ARTIFACT
        _fetch_from_first(references, layout, download)
        target = CacheFolder(incoming)
        target.origins.mkdir(parents=True)
        local = msgspec.structs.replace(
            download, repositories=(references[0],), registry=lambda: _OneLayout(layout), older=True
        )
        download_database(target, local)
        _write_note(incoming, references[0], download.clock())
    kept = find_kept(cache, digest, limits=download.limits)
    assert kept is not None
    return kept


def kept_databases(cache: CacheFolder, *, limits: Limits) -> list[Kept]:
    """All that are kept, the one that was asked for last first."""
    found = []
    with suppress(OSError):
        for folder in cache.kept.iterdir():
            kept = _read(folder, limits) if _NAME.match(folder.name) else None
            if kept is not None:
                found.append(kept)
    return sorted(found, key=lambda kept: (kept.kept, kept.updated, kept.uri), reverse=True)


def find_kept(cache: CacheFolder, digest: str, *, limits: Limits) -> Kept | None:
    """The kept database whose manifest has this digest; None where there is none."""
    return _read(_folder(cache, digest), limits) if is_digest(digest) else None


def remove_kept(cache: CacheFolder, unwanted: Iterable[Kept]) -> None:
    """Remove kept databases; a process that reads one goes on reading it.

    Raises:
        LocalError: the cache cannot be written.
    """
    with _changing(cache):
        for kept in unwanted:
            try:
                (kept.folder / _NOTE).unlink(missing_ok=True)  # from here on it is not kept, whatever happens
                shutil.rmtree(kept.folder)
            except OSError as exc:
                raise local_error("remove", kept.folder, exc) from exc


def superfluous(kept: list[Kept], *, most: int | None, max_age: float | None, now: datetime) -> list[Kept]:
    """Those beyond the number or the age that is wanted; `kept` is in the order of `kept_databases`.

    Args:
        kept: all of them.
        most: how many stay; None for all.
        max_age: seconds since one was last asked to be kept; None for any.
        now: the time.
    """
    return [
        each
        for position, each in enumerate(kept)
        if (most is not None and position >= most)
        or (max_age is not None and (now - parse_time(each.kept)).total_seconds() > max_age)
    ]


def digest_of(uri: str) -> str:
    """The digest in `registry/repository@digest`; empty where there is none."""
    return uri.rpartition("@")[2] if "@" in uri else ""


def _read(folder: Path, limits: Limits) -> Kept | None:
    cache = CacheFolder(folder)
    try:
        note = _NOTES.decode((folder / _NOTE).read_bytes())
        files = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    metadata = find_metadata(cache.metadata, limits=limits)
    if metadata is None or not cache.file.is_file() or digest_of(note.uri) != f"sha256:{folder.name}":
        return None
    return Kept(
        folder=folder,
        uri=note.uri,
        updated=metadata.updated_at,
        kept=note.kept,
        size=sum(files),
        is_exportable=(folder / _ARTIFACT).is_dir(),
    )


def _folder(cache: CacheFolder, digest: str) -> Path:
    return cache.kept / digest.removeprefix("sha256:")


@contextmanager
def _changing(cache: CacheFolder) -> Iterator[None]:
    """One process changes what is kept."""
    try:
        cache.kept.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise local_error("create", cache.kept, exc) from exc
    with file_lock(cache.own / "databases.lock", timeout=_WAIT_SECONDS):
        for left in cache.kept.glob(".*.incoming"):  # of a process that was killed: nobody else is at it
            shutil.rmtree(left, ignore_errors=True)
        yield


@contextmanager
def _assembled(folder: Path) -> Iterator[Path]:
    """A folder that takes its name when the block ends well, and vanishes when it does not."""
    incoming = folder.with_name(f".{secrets.token_hex(8)}.incoming")
    try:
        incoming.mkdir()
        yield incoming
        shutil.rmtree(folder, ignore_errors=True)  # what has no readable note was never whole
        incoming.rename(folder)
    except OSError as exc:
        raise local_error("write", folder, exc) from exc
    finally:
        shutil.rmtree(incoming, ignore_errors=True)


def _place(cache: CacheFolder, file: Path, target: CacheFolder) -> None:
    target.database.mkdir(parents=True)
    target.origins.mkdir(parents=True)
    _link(file, target.file)
    shutil.copy2(cache.metadata, target.database / METADATA_FILE)
    state = file.stat()
    for note in cache.origins.glob(f"{state.st_mtime_ns}-{state.st_size}.*"):
        shutil.copy2(note, target.origins / note.name)


def _link(source: Path, target: Path) -> None:
    """A second name for the file, else a copy. Updates replace the cache's file and do not write into it."""
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copy2(source, target)


def _try_artifact(origin: Origin, folder: Path, registry: Callable[[], Registries], limits: Limits) -> None:
    """Rule 3: a registry that has it no more is no failure."""
    if not folder.is_dir():
        with suppress(NetworkError, ArtifactError):
            _fetch_artifact(origin.uri, folder, registry, limits)


class _OneLayout:
    """A layout that answers for every repository."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def repository(self, reference: Reference) -> ContentStore:
        """The layout."""
        from assaymark.oci.layout import Layout

        del reference
        return Layout(self._path)


def _fetch_from_first(references: Sequence[str], folder: Path, download: Download) -> None:
    """The artifact from the first of several registries that has it."""
    failures: list[tuple[str, Error]] = []
    for text in references:
        try:
            _fetch_artifact(text, folder, download.registry, download.limits)
        except (NetworkError, ArtifactError) as exc:
            failures.append((text, exc))
        else:
            return
    is_gone = all(isinstance(failure, NotFoundError) for _, failure in failures)
    told = "; ".join(f"`{text}`: {failure}" for text, failure in failures)
    if is_gone:
        raise DatabaseError(
            f"the database `{references[0]}` is gone: {told}",
            hint="publishers delete old ones; `assaymark db keep` and `assaymark db export` hold on to them",
            reason="DATABASE_GONE",
        )
    raise DatabaseError(
        f"the database `{references[0]}` is not kept here and cannot be had: {told}",
        hint="name a registry that has it with `--db-repository`",
        reason="DATABASE_UNAVAILABLE",
    )


def _fetch_artifact(text: str, folder: Path, registry: Callable[[], Registries], limits: Limits) -> None:
    """Rule 3: what was published, byte for byte."""
    from assaymark.oci.layout import Layout

    incoming = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}.incoming")
    try:
        layout = Layout(incoming, create=True, limits=limits)
        copy_database(registry().repository(parse_reference(text)), layout, digest_of(text), limits=limits)
        incoming.rename(folder)
    except OSError as exc:
        raise local_error("write", folder, exc) from exc
    finally:
        shutil.rmtree(incoming, ignore_errors=True)


def _write_note(folder: Path, uri: str, now: datetime) -> None:
    write_atomic(folder / _NOTE, msgspec.json.encode(Note(uri=uri, kept=format_time(now))) + b"\n")


def _nameless(cache: CacheFolder, *, exists: bool) -> DatabaseError:
    if not exists:
        return DatabaseError(
            f"there is no vulnerability database in `{cache.database}`",
            hint="`assaymark image --download-db-only` downloads one",
            reason="DATABASE_MISSING",
        )
    return DatabaseError(
        f"nobody knows the digest of the database in `{cache.database}`: it was not downloaded by this program",
        hint="`assaymark db export REGISTRY/REPOSITORY` publishes it, and what is downloaded from there has a digest",
        reason="DATABASE_WITHOUT_DIGEST",
    )
