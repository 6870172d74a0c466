"""Decides whether the database is downloaded before it is used, and opens it.

The reference's table, in this order:

1. no database, or no readable metadata: download (with `--skip-db-update`: an error, there is nothing to use);
2. nobody noted a download (the file was placed by hand) and updates are wanted: download;
3. a schema newer than ours: an error;
4. `--skip-db-update`: our schema is used as it is, another is an error;
5. an older schema: download;
6. before `NextUpdate`, or within an hour of the last download: keep; else download.

Where the reference gives up when a download fails, a database of our schema that is there is used, and its age is said.
One process updates at a time; the others wait for it and then find a fresh database.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from assaymark.advisories.bolt import open_bolt
from assaymark.advisories.cache import CacheFolder
from assaymark.advisories.download import Download
from assaymark.advisories.freshness import database_info
from assaymark.advisories.go_time import ZERO
from assaymark.advisories.metadata import Metadata, find_metadata
from assaymark.advisories.origin import find_origin
from assaymark.advisories.swap import is_swept, recover
from assaymark.advisories.trivy_db import SCHEMA, TrivyDatabase
from assaymark.errors import DatabaseError, Error, LocalError
from assaymark.limits import Limits
from assaymark.model.moment import age
from assaymark.safeio.files import local_error
from assaymark.safeio.lock import file_lock

_GRACE: Final = timedelta(hours=1)
_WAIT_SECONDS: Final = 900.0  # for another process that downloads over a slow line
_READ_SECONDS: Final = 5.0  # for a writer of the file itself, as the reference waits
_TRIES: Final = 5  # to open a database that is being switched
_ANY_TIME: Final = datetime.max.replace(tzinfo=UTC)

logger = logging.getLogger(__name__)


def is_download_due(metadata: Metadata | None, *, skip: bool, now: datetime) -> bool:
    """Whether the database must be downloaded; `metadata` is None where there is no database or it is not described.

    Raises:
        DatabaseError: it can be neither used nor replaced.
    """
    if metadata is None:
        if skip:
            raise DatabaseError(
                "`--skip-db-update` was given, and there is no vulnerability database yet",
                hint="leave it away once, or place `trivy.db` and `metadata.json` in the cache's `db` folder",
                reason="DATABASE_MISSING",
            )
        return True
    if metadata.downloaded_at == ZERO and not skip:
        return True
    if metadata.version > SCHEMA or (skip and metadata.version != SCHEMA):
        raise DatabaseError(
            f"the vulnerability database has schema {metadata.version}, and this program reads schema {SCHEMA}",
            hint="update assaymark" if metadata.version > SCHEMA else "leave `--skip-db-update` away once",
            reason="DATABASE_SCHEMA",
        )
    if skip:
        return False
    return metadata.version != SCHEMA or not (now < metadata.due or now - _GRACE < metadata.downloaded)


def update_database(cache: CacheFolder, wanted: Download, *, skip: bool = False) -> None:
    """Make sure that the cache has a database to use, by the table above.

    Raises:
        DatabaseError: there is none, and none could be downloaded.
        LocalError: a new one could be had and cannot be written.
    """
    if not cache.file.exists():
        _recover(cache, timeout=_WAIT_SECONDS)
    if not is_download_due(_present(cache, wanted.limits), skip=skip, now=wanted.clock()):
        if not skip and not is_swept(cache.database):  # a gigabyte, maybe, of somebody who died, or who is still at it
            _recover(cache, timeout=0)
        return
    try:
        _update_alone(cache, wanted)
    except DatabaseError as exc:
        _fall_back(cache, wanted, exc)
    except LocalError as exc:
        from assaymark.advisories.fetch import is_offered

        if is_offered(wanted):
            exc.hint = (
                exc.hint or "`--skip-db-update` uses the database that is there; `--cache-dir` names another folder"
            )
            raise
        _fall_back(cache, wanted, exc)


@contextmanager
def open_database(cache: CacheFolder, *, limits: Limits) -> Iterator[TrivyDatabase]:
    """The database in the cache, as it is; held open and locked against writers until the block ends.

    Raises:
        DatabaseError: there is none, it is damaged, or of another schema.
        LocalError: somebody is writing the file itself.
    """
    with ExitStack() as stack:
        for _ in range(_TRIES):
            before = _identity(cache)
            metadata = _present(cache, limits)
            is_download_due(metadata, skip=True, now=_ANY_TIME)
            assert metadata is not None
            database = stack.enter_context(_open(cache, metadata, limits))
            if before == _identity(cache):
                yield database
                return
            stack.close()
        raise DatabaseError(f"`{cache.database}` is replaced faster than it can be opened")


@contextmanager
def _open(cache: CacheFolder, metadata: Metadata, limits: Limits) -> Iterator[TrivyDatabase]:
    file = Path(os.path.realpath(cache.file))
    with file_lock(file, shared=True, timeout=_READ_SECONDS):
        origin, sums = find_origin(cache, file)
        with open_bolt(file, sums=sums) as bolt:
            yield TrivyDatabase(bolt, database_info(metadata, uri=origin.uri if origin else ""), limits=limits)


def _identity(cache: CacheFolder) -> tuple[tuple[int, int, int], ...]:
    """Which files stand there: the database and its metadata change together, and are opened one after the other."""
    states = []
    with suppress(OSError):
        states = [path.stat() for path in (cache.file, cache.metadata)]
    return tuple((state.st_dev, state.st_ino, state.st_mtime_ns) for state in states)


def _present(cache: CacheFolder, limits: Limits) -> Metadata | None:
    return find_metadata(cache.metadata, limits=limits) if cache.file.exists() else None


def _update_alone(cache: CacheFolder, wanted: Download) -> None:
    from assaymark.advisories.fetch import download_database

    try:
        cache.origins.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise local_error("create", cache.origins, exc) from exc
    with file_lock(cache.lock, timeout=_WAIT_SECONDS):
        recover(cache.database)
        if is_download_due(_present(cache, wanted.limits), skip=False, now=wanted.clock()):
            download_database(cache, wanted)


def _recover(cache: CacheFolder, *, timeout: float) -> None:
    """A process that died between two renames has left the old database aside; nobody else may be about it."""
    if cache.own.is_dir():
        with suppress(LocalError), file_lock(cache.lock, timeout=timeout):
            recover(cache.database)


def _fall_back(cache: CacheFolder, wanted: Download, failure: Error) -> None:
    """Go on with what is there, and say how old it is; or raise `failure` where there is nothing to go on with."""
    metadata = _present(cache, wanted.limits)
    if metadata is None or metadata.version != SCHEMA:
        raise failure
    with open_bolt(cache.file):
        pass
    built = age(metadata.updated, wanted.clock())
    logger.warning("%s; the database from the cache is used, which was built %s ago", failure, built)
