"""The Java database: when it is downloaded, from where, and what is used when that fails."""

from __future__ import annotations

import json
import logging
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from tests.support.database import Shelf, archive, download, published

from assaymark.advisories.cache import CacheFolder
from assaymark.advisories.download import JAVA_ARCHIVES, Download
from assaymark.advisories.java_db import open_java_db
from assaymark.advisories.java_update import is_java_download_due, update_java_database
from assaymark.advisories.metadata import Metadata
from assaymark.errors import DatabaseError, NotFoundError

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def at(**delta: int) -> str:
    return (NOW + timedelta(**delta)).isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("metadata", "skip", "due"),
    [
        pytest.param(None, False, True, id="none is there"),
        pytest.param(Metadata(version=1, next_update=at(hours=1)), False, False, id="the next one is not yet due"),
        pytest.param(Metadata(version=1, next_update=at(hours=-1)), False, True, id="it is"),
        pytest.param(Metadata(version=1, next_update=at(hours=-1)), True, False, id="but shall not be fetched"),
        pytest.param(
            Metadata(version=1, next_update=at(hours=-1), downloaded_at=at(hours=-23)), False, False, id="fetched today"
        ),
        pytest.param(
            Metadata(version=1, next_update=at(hours=-1), downloaded_at=at(hours=-25)),
            False,
            True,
            id="fetched yesterday",
        ),
        pytest.param(Metadata(version=2, next_update=at(hours=1)), False, True, id="another schema"),
    ],
)
def test_the_table(metadata: Metadata | None, *, skip: bool, due: bool) -> None:
    assert is_java_download_due(metadata, skip=skip, now=NOW) is due


def test_there_is_nothing_to_skip_to() -> None:
    with pytest.raises(DatabaseError, match="there is no Java database yet"):
        is_java_download_due(None, skip=True, now=NOW)


def database(path: Path) -> bytes:
    connection = sqlite3.connect(path)
    connection.executescript(
        "CREATE TABLE artifacts(id, group_id, artifact_id); INSERT INTO artifacts VALUES (1, 'g', 'a');"
        "CREATE TABLE indices(artifact_id, version, sha1, archive_type); INSERT INTO indices VALUES (1, '1', x'00', 'jar');"
    )
    connection.close()
    return path.read_bytes()


def layer(content: bytes, *, version: int = 1) -> bytes:
    metadata = {"Version": version, "NextUpdate": at(days=3), "UpdatedAt": at(days=-1)}
    return archive([("trivy-java.db", content), ("metadata.json", json.dumps(metadata).encode())])


def wanted(stored: bytes | None) -> Download:
    missing = NotFoundError("there is no such repository")
    store = missing if stored is None else published(stored, tag="1", media_type=JAVA_ARCHIVES.layer_type)
    shelf = Shelf({"java.test/one": store})
    return msgspec.structs.replace(download(shelf, "java.test/one", now=NOW), kind=JAVA_ARCHIVES)


def test_a_download(tmp_path: Path) -> None:
    cache = CacheFolder(tmp_path / "cache")
    update_java_database(cache, wanted(layer(database(tmp_path / "made"))))
    with open_java_db(cache.java.file) as index:
        assert index.has_artifact("g", "a")
    assert sorted(path.name for path in (cache.root / "java-db").iterdir()) == ["metadata.json", "trivy-java.db"]
    assert not cache.database.exists()
    update_java_database(cache, wanted(None))  # it is fresh, and nobody is asked


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        pytest.param(None, "no Java database could be downloaded", id="nobody has one"),
        pytest.param(layer(b"hello" * 1000), "is no Java database, or is damaged", id="another file"),
        pytest.param(layer(b"", version=2), "its schema is 2, and this program reads 1", id="another schema"),
        pytest.param(archive([("trivy.db", b"1")]), "lacks `trivy-java.db`", id="the other database"),
    ],
)
def test_failures(stored: bytes | None, message: str, tmp_path: Path) -> None:
    cache = CacheFolder(tmp_path / "cache")
    with pytest.raises(DatabaseError, match=message):
        update_java_database(cache, wanted(stored))
    assert not cache.java.file.exists()


def test_what_is_there_is_used_when_a_download_fails(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cache = CacheFolder(tmp_path / "cache")
    cache.java.database.mkdir(parents=True)
    content = database(cache.java.file)
    cache.java.metadata.write_text(json.dumps({"Version": 1, "NextUpdate": at(days=-3)}))
    with caplog.at_level(logging.WARNING):
        update_java_database(cache, wanted(None))
    assert cache.java.file.read_bytes() == content
    assert "the Java database from the cache is used" in caplog.text
