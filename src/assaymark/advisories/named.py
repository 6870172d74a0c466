"""The database that a record names, so that a scan can be made again with it.

It is looked for in this order, and what has the digest is that database, wherever it lies:

1. the cache's own database, where it came from that digest;
2. a kept one (`assaymark.advisories.kept`);
3. the repository that the record names, then those of `--db-repository`: asked for the digest, never for a tag. What
   has to be downloaded is kept, because the next replay needs it too.

A record without a digest, of a database that was placed by hand, is answered by the cache's own database if it was
built at the same second; that is the publisher's word and no proof, and the caller tells it. The sample database ships
with the program and has a version made of its content.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import NamedTuple

from assaymark.advisories.cache import CacheFolder
from assaymark.advisories.download import Download
from assaymark.advisories.kept import digest_of, fetch_kept, find_kept
from assaymark.advisories.metadata import find_metadata
from assaymark.advisories.origin import find_origin
from assaymark.advisories.trivy_db import TrivyDatabase
from assaymark.errors import DatabaseError
from assaymark.limits import Limits
from assaymark.model.advisory import DatabaseInfo
from assaymark.model.digest import is_digest
from assaymark.model.reference import parse_reference


class Place(Enum):
    """Where a database was found."""

    CACHE = "the cache"
    KEPT = "kept"
    DOWNLOADED = "downloaded and kept"
    SAMPLE = "the sample of this program"
    SAME_TIME = "the cache; it names no digest and was built at the same time"


class Named(NamedTuple):
    """An open database, and where it was found."""

    database: TrivyDatabase
    place: Place


@contextmanager
def open_named(cache: CacheFolder, wanted: DatabaseInfo, download: Download) -> Iterator[Named]:
    """The database that a record names.

    Args:
        cache: where it may lie.
        wanted: what the record says of it.
        download: the repositories besides that of the record, and the way there.

    Raises:
        DatabaseError: `DATABASE_GONE` where nobody has it any more, `DATABASE_UNAVAILABLE` where somebody may,
            `DATABASE_WITHOUT_DIGEST` where the record does not say which it was.
    """
    from assaymark.advisories.update import open_database

    if wanted.sample:
        with _open_sample(cache, wanted, download.limits) as sample:
            yield Named(sample, Place.SAMPLE)
        return
    folder, place = _find(cache, wanted, download) if wanted.uri else _built_then(cache, wanted, download.limits)
    with open_database(folder, limits=download.limits) as database:
        yield Named(database, place)


@contextmanager
def _open_sample(cache: CacheFolder, wanted: DatabaseInfo, limits: Limits) -> Iterator[TrivyDatabase]:
    from assaymark.advisories.sample import open_sample

    with open_sample(cache, limits=limits) as sample:
        if sample.info.version != wanted.version:
            raise DatabaseError(
                f"the sample database `{wanted.version}` shipped with another version of this program, "
                f"which has `{sample.info.version}`",
                reason="DATABASE_GONE",
            )
        yield sample


def _find(cache: CacheFolder, wanted: DatabaseInfo, download: Download) -> tuple[CacheFolder, Place]:
    """Where the database with this digest lies, in the module's order."""
    digest = digest_of(wanted.uri)
    if not is_digest(digest):
        raise DatabaseError(
            f"the record names its database `{wanted.uri}`, without a digest", reason="DATABASE_WITHOUT_DIGEST"
        )
    if _is_in(cache, digest):
        return cache, Place.CACHE
    kept = find_kept(cache, digest, limits=download.limits)
    if kept is not None:
        return kept.cache, Place.KEPT
    return fetch_kept(cache, _candidates(wanted.uri, digest, download), download).cache, Place.DOWNLOADED


def _candidates(uri: str, digest: str, download: Download) -> tuple[str, ...]:
    """The references to ask: that of the record, then each repository of the flags with the digest for its tag."""
    others = (f"{parse_reference(name).context}@{digest}" for name in download.repositories)
    return tuple(dict.fromkeys((uri, *others)))


def _is_in(cache: CacheFolder, digest: str) -> bool:
    origin = find_origin(cache, cache.file)[0] if cache.file.is_file() else None
    return origin is not None and digest_of(origin.uri) == digest


def _built_then(cache: CacheFolder, wanted: DatabaseInfo, limits: Limits) -> tuple[CacheFolder, Place]:
    metadata = find_metadata(cache.metadata, limits=limits) if cache.file.is_file() else None
    if metadata is None or not wanted.updated_at or metadata.updated_at != wanted.updated_at:
        built = f", built {wanted.updated_at}" if wanted.updated_at else ""
        raise DatabaseError(
            f"the record does not name the digest of its database (`{wanted.version}`{built})",
            hint="it was placed by hand; put the same file into the cache's `db` folder again",
            reason="DATABASE_WITHOUT_DIGEST",
        )
    return cache, Place.SAME_TIME
