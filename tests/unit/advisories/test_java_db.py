"""The Java database: an SQLite file made here with the tables of the published one."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from assaymark.advisories.java_db import open_java_db
from assaymark.errors import DatabaseError

SHA1 = "761ea405b9b37ced573d2df0d1e3a4e0f9edc668"
ROWS = [
    ("jstl", "jstl", "1.2", SHA1, "jar"),
    ("javax.servlet", "jstl", "1.2", "00" * 20, "jar"),
    ("javax.servlet", "jstl", "1.1", "01" * 20, "jar"),
    ("a.first", "tied", "1", "02" * 20, "jar"),
    ("b.second", "tied", "1", "03" * 20, "jar"),
    ("android", "view", "1", "04" * 20, "aar"),
]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "trivy-java.db"
    connection = sqlite3.connect(path)
    connection.executescript(
        """CREATE TABLE artifacts(id INTEGER PRIMARY KEY, group_id TEXT, artifact_id TEXT);
        CREATE TABLE indices(artifact_id INTEGER, version TEXT, sha1 BLOB, archive_type TEXT);
        CREATE UNIQUE INDEX artifacts_idx ON artifacts(artifact_id, group_id);
        CREATE INDEX indices_artifact_idx ON indices(artifact_id);
        CREATE UNIQUE INDEX indices_sha1_idx ON indices(sha1);"""
    )
    for group, artifact, version, sha1, kind in ROWS:
        connection.execute("INSERT OR IGNORE INTO artifacts(group_id, artifact_id) VALUES (?, ?)", (group, artifact))
        connection.execute(
            "INSERT INTO indices SELECT id, ?, ?, ? FROM artifacts WHERE group_id = ? AND artifact_id = ?",
            (version, bytes.fromhex(sha1), kind, group, artifact),
        )
    connection.execute("INSERT INTO artifacts(group_id, artifact_id) VALUES ('empty', 'empty')")
    connection.commit()
    connection.close()
    return path


def test_questions(database: Path) -> None:
    with open_java_db(database) as index:
        assert index.find_by_sha1(SHA1) == ("jstl", "jstl", "1.2")
        assert index.find_by_sha1("ff" * 20) is None
        assert index.has_artifact("jstl", "jstl")
        assert not index.has_artifact("jstl", "other")
        assert not index.has_artifact("empty", "empty")
        assert not index.has_artifact("\ud800", "jstl")


@pytest.mark.parametrize(
    ("artifact", "version", "group"),
    [
        pytest.param("jstl", "1.2", "javax.servlet", id="the group with most archives"),
        pytest.param("jstl", "1.1", "javax.servlet", id="the group that has the version"),
        pytest.param("tied", "1", "a.first", id="the first of two"),
        pytest.param("jstl", "9", "", id="no such version"),
        pytest.param("view", "1", "", id="libraries of Android are no jars"),
        pytest.param("' OR 1=1 --", "1", "", id="a name is a value"),
    ],
)
def test_groups(database: Path, artifact: str, version: str, group: str) -> None:
    with open_java_db(database) as index:
        assert index.find_group(artifact, version) == group


def test_the_file_is_not_written(database: Path) -> None:
    before = sorted(database.parent.iterdir()), database.read_bytes()
    database.parent.chmod(0o500)
    with open_java_db(database) as index:
        index.find_by_sha1(SHA1)
    database.parent.chmod(0o700)
    assert (sorted(database.parent.iterdir()), database.read_bytes()) == before


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"SQLite format 3\0" + bytes(100), id="nothing but a header"),
        pytest.param(b"hello" * 1000, id="no database"),
    ],
)
def test_files_that_are_no_java_database(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "trivy-java.db"
    path.write_bytes(content)
    with pytest.raises(DatabaseError, match="is no Java database, or is damaged"), open_java_db(path):
        pass


def test_a_database_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="cannot be opened"), open_java_db(tmp_path / "trivy-java.db"):
        pass


@pytest.mark.parametrize("view", ["indices", "artifacts"])
def test_a_database_whose_tables_compute_something(view: str, tmp_path: Path) -> None:
    path = tmp_path / "trivy-java.db"
    connection = sqlite3.connect(path)
    other = {"indices": "artifacts", "artifacts": "indices"}[view]
    connection.executescript(
        f"""CREATE TABLE {other}(id, group_id, artifact_id);
        CREATE VIEW {view} AS WITH RECURSIVE n(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM n) SELECT x FROM n;"""
    )
    connection.close()
    with pytest.raises(DatabaseError, match="it lacks its tables"), open_java_db(path):
        pass


def test_a_look_up_that_takes_too_long(tmp_path: Path) -> None:
    path = tmp_path / "trivy-java.db"
    connection = sqlite3.connect(path)
    connection.executescript(
        """CREATE TABLE artifacts(id, group_id, artifact_id);
        CREATE TABLE indices(artifact_id, version, sha1, archive_type);
        WITH RECURSIVE n(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM n LIMIT 3000) INSERT INTO artifacts SELECT 1, x, 'a' FROM n;
        INSERT INTO indices SELECT 1, group_id, x'00', 'jar' FROM artifacts;"""
    )
    connection.close()
    with open_java_db(path) as index, pytest.raises(DatabaseError, match="interrupted"):
        index.find_group("a", "1")
