"""The headers of a package database, whatever wrote it: the first bytes of the file tell.

rpm names its files after the format; an image's builder need not, and the peers go by the content too.
"""

from __future__ import annotations

from collections.abc import Iterator

from assaymark.inventory.rpm.bdb import read_bdb
from assaymark.inventory.rpm.content import Content, Trouble
from assaymark.inventory.rpm.ndb import MAGIC as NDB_MAGIC
from assaymark.inventory.rpm.ndb import read_ndb
from assaymark.inventory.rpm.sqlite import MAGIC as SQLITE_MAGIC
from assaymark.inventory.rpm.sqlite import read_sqlite
from assaymark.limits import Limits


def read_headers(content: Content, log: Content | None, *, limits: Limits, trouble: Trouble) -> Iterator[bytes]:
    """The headers of all packages, in the order of the file.

    Args:
        content: the database.
        log: SQLite's write-ahead log beside it.
        limits: bounds of one header.
        trouble: told of entries that cannot be read.

    Raises:
        ValueError: the file is of no known format, or damaged where all entries depend on it.
    """
    start = content.read(0, min(content.size, len(SQLITE_MAGIC)))
    if start == SQLITE_MAGIC:
        headers = read_sqlite(content, log, limits=limits, trouble=trouble)
    elif start.startswith(NDB_MAGIC):
        headers = read_ndb(content, limits=limits, trouble=trouble)
    else:
        headers = read_bdb(content, limits=limits, trouble=trouble)
    room = content.size + (log.size if log else 0)
    for header in headers:
        room -= len(header)
        if room < 0:
            raise ValueError("entries that overlap: together they are longer than the file")
        yield header
