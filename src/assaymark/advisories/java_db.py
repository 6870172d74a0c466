"""The Java database: `java-db/trivy-java.db`, an SQLite file of what was published in Maven's repositories.

Tables: `artifacts(id, group_id, artifact_id)` and `indices(artifact_id, version, sha1, archive_type)`; the archive type
is `jar` or `aar`.

The file was downloaded from a registry, or placed by hand: it is opened read-only and without any lock or journal
(`immutable`), its schema is not trusted to call functions (sqlite.org/security.html), and a statement that takes longer
than an index look-up ever should is interrupted.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from assaymark.errors import DatabaseError

_STEPS: Final = 1_000  # of SQLite's machine between two looks at the account
_TURNS: Final = (
    5_000  # so many of them, half a second, are granted to one statement; a look-up takes some hundred steps
)
_TABLES: Final = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name IN ('artifacts', 'indices')"
_HAS: Final = """SELECT 1 FROM artifacts a JOIN indices i ON i.artifact_id = a.id
    WHERE a.artifact_id = ? AND a.group_id = ? AND a.artifact_id <> '' LIMIT 1"""
_BY_SHA1: Final = """SELECT a.group_id, a.artifact_id, i.version FROM indices i JOIN artifacts a ON a.id = i.artifact_id
    WHERE i.sha1 = ? LIMIT 1"""
_GROUPS: Final = """SELECT a.group_id,
    (SELECT COUNT(*) FROM indices i WHERE i.artifact_id = a.id)
    * (SELECT COUNT(*) FROM indices i WHERE i.artifact_id = a.id AND i.version = ? AND i.archive_type = 'jar') AS found
    FROM artifacts a WHERE a.artifact_id = ? AND found > 0 ORDER BY found DESC, a.group_id LIMIT 1"""


class JavaDatabase:
    """An open database; implements `assaymark.model.archives.ArchiveIndex`. One thread at a time."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        self._turns = 0
        connection.set_progress_handler(self._turn, _STEPS)

    def has_artifact(self, group: str, artifact: str) -> bool:
        """Whether anything was published under that name.

        Raises:
            DatabaseError: the database is damaged.
        """
        return self._row(_HAS, artifact, group) is not None

    def find_by_sha1(self, sha1: str) -> tuple[str, str, str] | None:
        """Group, artifact and version of the archive with that checksum; None where it is not known.

        Raises:
            DatabaseError: the database is damaged.
        """
        row = self._row(_BY_SHA1, bytes.fromhex(sha1))
        return (str(row[0]), str(row[1]), str(row[2])) if row and row[1] else None

    def find_group(self, artifact: str, version: str) -> str:
        """The group that has published most of an artifact that it has in that version; of several the first by name.

        Raises:
            DatabaseError: the database is damaged.
        """
        row = self._row(_GROUPS, version, artifact)
        return str(row[0]) if row else ""

    def _row(self, statement: str, *values: str | bytes) -> tuple[Any, ...] | None:
        self._turns = 0
        texts = [_stored(value) for value in values]
        try:
            row: tuple[Any, ...] | None = self._connection.execute(statement, texts).fetchone()
        except sqlite3.Error as exc:
            raise DatabaseError(f"`{self._path}` cannot be read: {exc}") from exc
        return row

    def _turn(self) -> bool:
        self._turns += 1
        return self._turns > _TURNS


@contextmanager
def open_java_db(path: Path) -> Iterator[JavaDatabase]:
    """The database file at `path`, as it is.

    Raises:
        DatabaseError: there is none, or it is no such database.
    """
    try:
        # looked up on one thread at a time, and not always on the one that opened it
        uri = f"file:{quote(str(path.resolve(strict=True)))}?mode=ro&immutable=1"
        connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
    except (OSError, sqlite3.Error) as exc:
        raise DatabaseError(f"`{path}` cannot be opened: {exc}") from exc
    with closing(connection):
        try:
            connection.text_factory = lambda data: data.decode("utf-8", "replace")
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA cell_size_check = ON")
            database = JavaDatabase(connection, path)
            if connection.execute(_TABLES).fetchone() != (2,):
                raise DatabaseError(f"`{path}` is no Java database: it lacks its tables")
        except sqlite3.Error as exc:
            raise DatabaseError(f"`{path}` is no Java database, or is damaged: {exc}") from exc
        yield database


def _stored(value: str | bytes) -> str | bytes:
    """SQLite refuses lone surrogates, and no artifact has one."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
