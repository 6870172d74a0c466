"""The flags about vulnerability databases, and the database that they choose.

Names and meaning are the reference's; `--sample-db` and `--allow-older-db` are ours. `--offline` needs no word here:
the registry client that is handed in then reaches nothing, and what is in the cache is used.
"""

from __future__ import annotations

from argparse import Namespace, _ActionsContainer
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from assaymark.advisories.cache import CacheFolder, cache_folder
from assaymark.advisories.published import DEFAULT_JAVA_REPOSITORIES, DEFAULT_REPOSITORIES
from assaymark.cli.flags import add_switch, add_values
from assaymark.errors import UsageError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.progress import NoProgress, Progress

if TYPE_CHECKING:
    from assaymark.advisories.download import Download, Registries
    from assaymark.advisories.java_db import JavaDatabase
    from assaymark.advisories.named import Named
    from assaymark.advisories.trivy_db import TrivyDatabase
    from assaymark.model.advisory import DatabaseInfo


def add_database_flags(parser: _ActionsContainer) -> None:
    """Add them under their own heading."""
    group = parser.add_argument_group("Database flags")
    group.add_argument(
        "--cache-dir",
        default="",
        metavar="DIR",
        help="where databases and results are kept",
    )
    group.add_argument(
        "--cache-backend",
        type=_cache_backend,
        default="fs",
        metavar="fs|memory",
        help="keep what layers hold in the cache folder (fs, the default), or not at all (memory)",
    )
    add_switch(group, "--skip-db-update", "--skip-update", about="use the database that is there, whatever its age")
    add_switch(group, "--skip-java-db-update", about="use the Java database that is there, whatever its age")
    add_switch(group, "--download-db-only", about="download or update the database and end")
    add_switch(group, "--download-java-db-only", about="download or update the Java database and end")
    add_values(
        group,
        "--db-repository",
        default=DEFAULT_REPOSITORIES,
        about="OCI repositories of the database, tried in order (default: " + ", ".join(DEFAULT_REPOSITORIES) + ")",
    )
    add_values(
        group,
        "--java-db-repository",
        default=DEFAULT_JAVA_REPOSITORIES,
        about="OCI repositories of the Java database, tried in order",
    )
    add_switch(group, "--allow-older-db", about="take a database that is older than the one in the cache")
    add_switch(group, "--keep-database", about="keep the database by its digest, as `assaymark db keep` does")
    add_switch(group, "--sample-db", about="use the small database that ships with the program, for trying it out")


def _cache_backend(text: str) -> str:
    if text not in ("fs", "memory"):
        raise UsageError(f"`--cache-backend {text}` is not supported by this version", hint="one of fs, memory")
    return text


def cache_of(args: Namespace, environ: Mapping[str, str]) -> CacheFolder:
    """The cache folder that flag and environment choose."""
    return cache_folder(args.cache_dir, environ)


def update_database_from(
    args: Namespace,
    environ: Mapping[str, str],
    *,
    registry: Callable[[], Registries],
    clock: Callable[[], datetime],
    progress: Progress | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> None:
    """Bring the cache's database up to date as the flags say: all that `--download-db-only` does.

    Raises:
        DatabaseError: there is no database, and none could be downloaded.
        LocalError: a new one could be had and cannot be written.
        UsageError: the flags contradict each other.
    """
    from assaymark.advisories.update import update_database

    if args.download_db_only and args.skip_db_update:
        raise UsageError("`--skip-db-update` and `--download-db-only` exclude each other")
    if args.download_db_only and args.sample_db:
        raise UsageError("`--sample-db` and `--download-db-only` exclude each other")
    if args.keep_database and args.sample_db:
        raise UsageError("`--sample-db` and `--keep-database` exclude each other", hint="it ships with the program")
    wanted = _download(args, registry, clock, progress, limits)
    cache = cache_of(args, environ)
    update_database(cache, wanted, skip=args.skip_db_update)
    if args.keep_database:
        from assaymark.advisories.kept import keep_database

        keep_database(cache, clock=clock, registry=registry, limits=limits)


@contextmanager
def open_database_from(
    args: Namespace,
    environ: Mapping[str, str],
    *,
    registry: Callable[[], Registries],
    clock: Callable[[], datetime],
    progress: Progress | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Iterator[TrivyDatabase]:
    """The database that the flags choose, brought up to date first where they allow it.

    Raises:
        DatabaseError: there is no database, none could be downloaded, or it is damaged.
        LocalError: a new one could be had and cannot be written.
        UsageError: the flags contradict each other.
    """
    cache = cache_of(args, environ)
    if args.sample_db:
        from assaymark.advisories.sample import open_sample

        with open_sample(cache, limits=limits) as sample:
            yield sample
        return
    from assaymark.advisories.update import open_database

    update_database_from(args, environ, registry=registry, clock=clock, progress=progress, limits=limits)
    with open_database(cache, limits=limits) as database:
        yield database


@contextmanager
def open_recorded_database_from(
    args: Namespace,
    environ: Mapping[str, str],
    recorded: DatabaseInfo,
    *,
    registry: Callable[[], Registries],
    clock: Callable[[], datetime],
    progress: Progress | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Iterator[Named]:
    """The database that a record names, and where it was found.

    Raises:
        DatabaseError: it is gone, cannot be had, or the record does not say which it was.
    """
    from assaymark.advisories.named import open_named

    wanted = _download(args, registry, clock, progress, limits)
    with open_named(cache_of(args, environ), recorded, wanted) as named:
        yield named


def update_java_database_from(
    args: Namespace,
    environ: Mapping[str, str],
    *,
    registry: Callable[[], Registries],
    clock: Callable[[], datetime],
    progress: Progress | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> None:
    """Bring the cache's Java database up to date as the flags say: all that `--download-java-db-only` does.

    Raises:
        DatabaseError: there is none, and none could be downloaded.
        LocalError: a new one could be had and cannot be written.
        UsageError: the flags contradict each other.
    """
    from assaymark.advisories.java_update import update_java_database

    if args.download_java_db_only and args.skip_java_db_update:
        raise UsageError("`--skip-java-db-update` and `--download-java-db-only` exclude each other")
    wanted = _java_download(args, registry, clock, progress, limits)
    update_java_database(cache_of(args, environ), wanted, skip=args.skip_java_db_update)


@contextmanager
def open_java_database_from(
    args: Namespace,
    environ: Mapping[str, str],
    *,
    registry: Callable[[], Registries],
    clock: Callable[[], datetime],
    progress: Progress | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Iterator[JavaDatabase]:
    """The Java database, brought up to date first where the flags allow it; errors as above."""
    from assaymark.advisories.java_db import open_java_db

    update_java_database_from(args, environ, registry=registry, clock=clock, progress=progress, limits=limits)
    with open_java_db(cache_of(args, environ).java.file) as database:
        yield database


def _java_download(
    args: Namespace,
    registry: Callable[[], Registries],
    clock: Callable[[], datetime],
    progress: Progress | None,
    limits: Limits,
) -> Download:
    import msgspec

    from assaymark.advisories.download import JAVA_ARCHIVES

    wanted = _download(args, registry, clock, progress, limits)
    return msgspec.structs.replace(wanted, repositories=tuple(args.java_db_repository), kind=JAVA_ARCHIVES)


def _download(
    args: Namespace,
    registry: Callable[[], Registries],
    clock: Callable[[], datetime],
    progress: Progress | None,
    limits: Limits,
) -> Download:
    from assaymark.advisories.download import Download

    return Download(
        repositories=tuple(args.db_repository),
        registry=registry,
        clock=clock,
        progress=progress or NoProgress(),
        limits=limits,
        older=args.allow_older_db,
    )
