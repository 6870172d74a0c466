"""Decides whether the Java database is downloaded before it is used.

It is asked for only when an archive has to be looked up. The reference's table:

1. no database, or no readable metadata: download (with `--skip-java-db-update`: an error, there is nothing to use);
2. `--skip-java-db-update`: it is used as it is;
3. another schema: download; before `NextUpdate`, or within a day of the last download: keep; else download.

As with the other database, one process updates at a time, and when a download fails what is there is used, and said.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from assaymark.advisories.cache import CacheFolder
from assaymark.advisories.download import JAVA_ARCHIVES, Download
from assaymark.advisories.metadata import Metadata, find_metadata
from assaymark.errors import DatabaseError, LocalError
from assaymark.limits import Limits
from assaymark.safeio.files import local_error
from assaymark.safeio.lock import file_lock

_GRACE: Final = timedelta(days=1)
_WAIT_SECONDS: Final = 900.0

logger = logging.getLogger(__name__)


def is_java_download_due(metadata: Metadata | None, *, skip: bool, now: datetime) -> bool:
    """Whether the database must be downloaded; `metadata` is None where there is none.

    Raises:
        DatabaseError: there is none, and none may be downloaded.
    """
    if metadata is None and skip:
        raise DatabaseError(
            "`--skip-java-db-update` was given, and there is no Java database yet",
            hint="leave it away once, or place `trivy-java.db` and `metadata.json` in the cache's `java-db` folder",
            reason="DATABASE_MISSING",
        )
    if metadata is None or skip:
        return not skip
    return metadata.version != JAVA_ARCHIVES.schema or not (now < metadata.due or now - _GRACE < metadata.downloaded)


def update_java_database(cache: CacheFolder, wanted: Download, *, skip: bool = False) -> None:
    """Make sure that the cache has a Java database to use, by the table above.

    Args:
        cache: the cache; its `java` part is looked at.
        wanted: of the kind `JAVA_ARCHIVES`.
        skip: use what is there.

    Raises:
        DatabaseError: there is none, and none could be downloaded.
        LocalError: one could be had and cannot be written.
    """
    java = cache.java
    present = _present(java, wanted.limits)
    if not is_java_download_due(present, skip=skip, now=wanted.clock()):
        return
    try:
        _update_alone(java, wanted)
    except (DatabaseError, LocalError) as exc:
        if present is None or present.version != JAVA_ARCHIVES.schema:
            raise
        logger.warning("%s; the Java database from the cache is used", exc)


def _present(java: CacheFolder, limits: Limits) -> Metadata | None:
    return find_metadata(java.metadata, limits=limits) if java.file.exists() else None


def _update_alone(java: CacheFolder, wanted: Download) -> None:
    from assaymark.advisories.fetch import download_database
    from assaymark.advisories.swap import recover

    try:
        java.origins.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise local_error("create", java.origins, exc) from exc
    with file_lock(java.lock, timeout=_WAIT_SECONDS):
        recover(java.database)
        if is_java_download_due(_present(java, wanted.limits), skip=False, now=wanted.clock()):
            download_database(java, wanted)
