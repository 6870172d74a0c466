"""What a download of a database needs to be told; `assaymark.advisories.fetch` does it.

These types stand alone, because most runs decide that no download is due and then load nothing that could make one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

import msgspec

from assaymark.advisories.cache import DATABASE_FILE, JAVA_DATABASE_FILE
from assaymark.errors import DatabaseError
from assaymark.limits import Limits
from assaymark.model.progress import Progress
from assaymark.model.reference import Reference
from assaymark.oci.content import ContentStore


class Registries(Protocol):
    """What is needed of `assaymark.oci.registry.Registry`."""

    def repository(self, reference: Reference) -> ContentStore:
        """The repository that the reference names."""
        ...


class DatabaseKind(msgspec.Struct, frozen=True, kw_only=True):
    """What is the same for every database of one kind.

    Attributes:
        what: as messages call it.
        file: its name.
        schema: the one that this program reads; also the tag of a repository that is named without one.
        layer_type: the media type of a published one.
        flag, skip: the flags that name its repositories, and that leave it as it is.
        examine: raises `DatabaseError` on a file that is none.
    """

    what: str
    file: str
    schema: int
    layer_type: str
    flag: str
    skip: str
    examine: Callable[[Path], None]


def _examine_vulnerabilities(path: Path) -> None:
    from assaymark.advisories.bolt import open_bolt

    with open_bolt(path) as file:
        if file.root.bucket(b"vulnerability") is None:
            raise DatabaseError("it holds no vulnerabilities")


def _examine_archives(path: Path) -> None:
    from assaymark.advisories.java_db import open_java_db

    with open_java_db(path):
        pass


VULNERABILITIES: Final = DatabaseKind(
    what="vulnerability database",
    file=DATABASE_FILE,
    schema=2,
    layer_type="application/vnd.aquasec.trivy.db.layer.v1.tar+gzip",
    flag="--db-repository",
    skip="--skip-db-update",
    examine=_examine_vulnerabilities,
)
JAVA_ARCHIVES: Final = DatabaseKind(
    what="Java database",
    file=JAVA_DATABASE_FILE,
    schema=1,
    layer_type="application/vnd.aquasec.trivy.javadb.layer.v1.tar+gzip",
    flag="--java-db-repository",
    skip="--skip-java-db-update",
    examine=_examine_archives,
)


class Download(msgspec.Struct, frozen=True, kw_only=True):
    """What a download needs to know.

    Attributes:
        repositories: in the order in which they are asked; without a tag, the schema's number is taken.
        registry: makes the client when it is first needed.
        clock: the time now.
        older: whether a database that is older than the one that is there is welcome.
    """

    repositories: tuple[str, ...]
    registry: Callable[[], Registries]
    clock: Callable[[], datetime]
    progress: Progress
    limits: Limits
    older: bool = False
    kind: DatabaseKind = VULNERABILITIES
