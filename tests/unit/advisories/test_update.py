"""When the database is downloaded, when it is used as it is, and when there is nothing to use."""

from __future__ import annotations

import json
import logging
import os
import resource
from contextlib import nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.content import MemoryContent
from tests.support.database import (
    FRESH,
    NOW,
    STALE,
    Shelf,
    database_archive,
    download,
    place,
    publish,
    published,
    tree_of,
    trivy_db,
)

from assaymark.advisories.cache import CacheFolder
from assaymark.advisories.metadata import Metadata, find_metadata
from assaymark.advisories.update import is_download_due, open_database, update_database
from assaymark.errors import DatabaseError, ExitCode, LocalError, NetworkError, OfflineError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.advisory import DatabaseInfo
from assaymark.safeio.lock import file_lock

OLD = trivy_db({"alpine 3.10": {"musl": {"CVE-OLD": {}}}})


@pytest.fixture
def cache(tmp_path: Path) -> CacheFolder:
    return CacheFolder(tmp_path / "cache")


def known(cache: CacheFolder) -> list[str]:
    """Which advisories the database in the cache has: which database it is."""
    with open_database(cache, limits=DEFAULT_LIMITS) as database:
        return [advisory.vulnerability_id for advisory in database.advisories("alpine 3.10", "musl")]


def text(hours: float) -> str:
    return (NOW + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def meta(version: int = 2, *, due: float = 6, downloaded: float | None = -12) -> Metadata:
    times = {} if downloaded is None else {"downloaded_at": text(downloaded)}
    return Metadata(version=version, next_update=text(due), updated_at=text(-18), **times)


MISSING, SCHEMA = DatabaseError("is no"), DatabaseError("schema")
TABLE: dict[str, tuple[Metadata | None, bool, bool | DatabaseError]] = {
    "no database: download": (None, False, True),
    "no database and no update: nothing to use": (None, True, MISSING),
    "placed by hand, its download noted by nobody: download": (meta(downloaded=None), False, True),
    "placed by hand and no update: use": (meta(downloaded=None), True, False),
    "a newer schema: error": (meta(3), False, SCHEMA),
    "a newer schema and no update: error": (meta(3), True, SCHEMA),
    "a newer schema, placed by hand: download": (meta(3, downloaded=None), False, True),
    "an older schema: download": (meta(1), False, True),
    "an older schema and no update: error": (meta(1), True, SCHEMA),
    "no schema at all: download": (meta(0), False, True),
    "before the next update: use": (meta(due=0.1), False, False),
    "after the next update: download": (meta(due=-0.1), False, True),
    "after the next update, downloaded within the hour: use": (meta(due=-1, downloaded=-0.9), False, False),
    "after the next update, downloaded an hour ago: download": (meta(due=-1, downloaded=-1), False, True),
    "after the next update and no update: use": (meta(due=-100), True, False),
    "at the end of all time": (Metadata(version=2, downloaded_at="9999-12-31T23:59:59Z"), False, False),
}


@pytest.mark.parametrize(("metadata", "skip", "expected"), TABLE.values(), ids=TABLE)
def test_the_decision_table(metadata: Metadata | None, skip: bool, expected: bool | DatabaseError) -> None:
    error = isinstance(expected, DatabaseError)
    with pytest.raises(DatabaseError, match=str(expected)) if error else nullcontext():
        assert is_download_due(metadata, skip=skip, now=NOW) is expected


def test_a_first_run_downloads_notes_and_leaves_nothing_else(cache: CacheFolder) -> None:
    store = published()
    update_database(cache, download(Shelf({"db.test/one": store})))
    assert known(cache) == ["CVE-2020-28928"]
    moment = f"{int(NOW.timestamp())}000000000-{cache.file.stat().st_size}"
    assert tree_of(cache) == [
        "assaymark/db.lock",
        f"assaymark/db/{moment}.crc",
        f"assaymark/db/{moment}.json",
        "db/metadata.json",
        "db/trivy.db",
    ]
    assert cache.metadata.read_bytes() == (
        b'{"Version":2,"NextUpdate":"2026-11-22T00:00:00Z","UpdatedAt":"2026-11-21T00:00:00Z",'
        b'"DownloadedAt":"2026-11-21T12:00:00Z"}\n'
    )
    with open_database(cache, limits=DEFAULT_LIMITS) as database:
        assert database.info == DatabaseInfo(
            uri=f"db.test/one@{store.manifest('2').descriptor.digest}",
            version="2-2026-11-21",
            updated_at="2026-11-21T00:00:00Z",
            next_update="2026-11-22T00:00:00Z",
            downloaded_at="2026-11-21T12:00:00Z",
            schema=2,
            file=database.info.file,
        )


def test_a_fresh_database_asks_nobody(cache: CacheFolder) -> None:
    place(cache.database, OLD, FRESH | {"DownloadedAt": text(-6)})
    shelf = Shelf({})
    update_database(cache, download(shelf))
    assert (known(cache), shelf.asked, tree_of(cache)) == (["CVE-OLD"], [], ["db/metadata.json", "db/trivy.db"])


def test_skipping_asks_nobody_and_writes_nothing(cache: CacheFolder) -> None:
    place(cache.database, OLD, STALE)
    shelf = Shelf({})
    update_database(cache, download(shelf), skip=True)
    assert (known(cache), shelf.asked, tree_of(cache)) == (["CVE-OLD"], [], ["db/metadata.json", "db/trivy.db"])


def test_a_stale_database_is_replaced_and_its_notes_with_it(cache: CacheFolder) -> None:
    first = MemoryContent()
    publish(first, database_archive(OLD, STALE))
    update_database(cache, download(Shelf({"db.test/one": first})))
    assert known(cache) == ["CVE-OLD"]
    later = NOW + timedelta(days=1)
    update_database(cache, download(Shelf({"db.test/one": published()}), now=later))
    assert known(cache) == ["CVE-2020-28928"]
    assert len(tree_of(cache)) == 5


def test_what_lies_beside_the_database_is_somebodys_and_stays(cache: CacheFolder) -> None:
    place(cache.database, OLD, STALE)
    (cache.database / "notes.txt").write_text("mine")
    update_database(cache, download(Shelf({"db.test/one": published()})))
    assert known(cache) == ["CVE-2020-28928"]
    assert (cache.database / "notes.txt").read_text() == "mine"
    assert sorted(path.name for path in cache.root.iterdir()) == ["assaymark", "db"]


UNUSABLE: dict[str, Any] = {
    "no database": None,
    "of an older schema": STALE | {"Version": 1},
    "described by no metadata": "garbage",
}


@pytest.mark.parametrize("metadata", UNUSABLE.values(), ids=UNUSABLE)
def test_no_database_and_no_download_is_exit_4_with_the_remedy(cache: CacheFolder, metadata: Any) -> None:
    if metadata is not None:
        place(cache.database, OLD, STALE)
        cache.metadata.write_text(json.dumps(metadata))
    shelf = Shelf({"db.test/one": NetworkError("refused"), "other.test/two": NetworkError("unknown host")})
    with pytest.raises(DatabaseError) as caught:
        update_database(cache, download(shelf, "db.test/one", "other.test/two:9"))
    error = caught.value
    assert str(error) == (
        "no vulnerability database could be downloaded: `db.test/one:2`: refused; `other.test/two:9`: unknown host"
    )
    assert error.exit_code is ExitCode.DATABASE
    for remedy in ("--db-repository", "--cache-dir", "--skip-db-update", "--sample-db", str(cache.database)):
        assert remedy in error.hint


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (NetworkError("refused"), "no vulnerability database could be downloaded: `db.test/one:2`: refused"),
        (
            OfflineError("no"),
            "a current vulnerability database is needed in `{}`, and `--offline` forbids to download one",
        ),
    ],
)
def test_when_no_repository_answers_the_cached_one_is_used_and_its_age_said(
    cache: CacheFolder, failure: NetworkError, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    place(cache.database, OLD, STALE)
    with caplog.at_level(logging.WARNING):
        update_database(cache, download(Shelf({"db.test/one": failure})))
    assert known(cache) == ["CVE-OLD"]
    (record,) = caplog.records
    assert record.getMessage() == (
        f"{told.format(cache.database)}; the database from the cache is used, which was built 4 days ago"
    )


def test_a_cached_database_that_is_damaged_is_no_way_out(cache: CacheFolder) -> None:
    place(cache.database, OLD[:5000], STALE)
    with pytest.raises(DatabaseError):
        update_database(cache, download(Shelf({"db.test/one": NetworkError("refused")})))


def obstruct(cache: CacheFolder) -> None:
    """Let nobody, the superuser neither, write what belongs to us: a file stands where our folder should be."""
    cache.root.mkdir(exist_ok=True)
    cache.own.write_text("somebody's")


def test_an_update_that_cannot_be_written_is_exit_9_and_the_old_one_stays(cache: CacheFolder) -> None:
    place(cache.database, OLD, STALE)
    obstruct(cache)
    with pytest.raises(LocalError, match="cannot create") as caught:
        update_database(cache, download(Shelf({"db.test/one": published()})))
    assert caught.value.exit_code is ExitCode.LOCAL
    assert "--skip-db-update" in caught.value.hint
    assert known(cache) == ["CVE-OLD"]
    assert cache.own.read_text() == "somebody's"


def test_a_cache_that_cannot_be_written_is_used_as_it_is_without_a_network(cache: CacheFolder) -> None:
    place(cache.database, OLD, STALE)
    obstruct(cache)
    update_database(cache, download(Shelf({"db.test/one": OfflineError("offline")})))
    assert known(cache) == ["CVE-OLD"]


def test_a_cache_that_cannot_be_written_and_is_empty_is_exit_9(cache: CacheFolder) -> None:
    obstruct(cache)
    with pytest.raises(LocalError):
        update_database(cache, download(Shelf({"db.test/one": OfflineError("offline")})))


def test_a_full_disk_is_exit_9_and_leaves_the_old_database_alone(cache: CacheFolder) -> None:
    place(cache.database, OLD, STALE)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, limits[1]))
    try:
        with pytest.raises(LocalError, match="cannot write"):
            update_database(cache, download(Shelf({"db.test/one": published()})))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert known(cache) == ["CVE-OLD"]
    assert tree_of(cache) == ["assaymark/db.lock", "db/metadata.json", "db/trivy.db"]
    assert sorted(path.name for path in cache.root.iterdir()) == ["assaymark", "db"]


def test_databases_placed_as_links_are_read(cache: CacheFolder, tmp_path: Path) -> None:
    place(tmp_path / "elsewhere", OLD, STALE)
    cache.root.mkdir()
    cache.database.symlink_to(tmp_path / "elsewhere")
    assert known(cache) == ["CVE-OLD"]
    cache.database.unlink()
    cache.database.mkdir()
    for name in ("trivy.db", "metadata.json"):
        (cache.database / name).symlink_to(tmp_path / "elsewhere" / name)
    assert known(cache) == ["CVE-OLD"]


def test_a_linked_folder_is_updated_where_it_really_is(cache: CacheFolder, tmp_path: Path) -> None:
    place(tmp_path / "disk" / "db", OLD, STALE)
    cache.root.mkdir()
    cache.database.symlink_to(tmp_path / "disk" / "db")
    update_database(cache, download(Shelf({"db.test/one": published()})))
    assert known(cache) == ["CVE-2020-28928"]
    assert cache.database.is_symlink()
    assert os.listdir(tmp_path / "disk") == ["db"]


def test_a_replaced_file_has_no_note_of_another(cache: CacheFolder) -> None:
    update_database(cache, download(Shelf({"db.test/one": published()})))
    place(cache.database, OLD, FRESH)
    with open_database(cache, limits=DEFAULT_LIMITS) as database:
        assert database.info.uri == ""
    assert known(cache) == ["CVE-OLD"]


def test_a_reader_keeps_what_it_opened_while_another_is_switched_in(cache: CacheFolder) -> None:
    place(cache.database, OLD, STALE)
    with open_database(cache, limits=DEFAULT_LIMITS) as database:
        update_database(cache, download(Shelf({"db.test/one": published()})))
        assert [found.vulnerability_id for found in database.advisories("alpine 3.10", "musl")] == ["CVE-OLD"]
    assert known(cache) == ["CVE-2020-28928"]


def test_who_waited_for_another_download_makes_none(cache: CacheFolder) -> None:
    """Between deciding and holding the lock somebody else has downloaded: decide again."""
    other, mine = Shelf({"db.test/one": published()}), Shelf({})

    def clock() -> datetime:
        if not cache.file.exists():
            update_database(cache, download(other))
        return NOW

    update_database(cache, msgspec.structs.replace(download(mine), clock=clock))
    assert (len(other.asked), mine.asked, known(cache)) == (1, [], ["CVE-2020-28928"])


def test_metadata_is_read_by_gos_rules(cache: CacheFolder) -> None:
    place(cache.database, OLD, {"VERSION": 2, "nextupdate": text(1), "UpdatedAt": None, "Other": 1})
    assert find_metadata(cache.metadata, limits=DEFAULT_LIMITS) == Metadata(version=2, next_update=text(1))


@pytest.mark.parametrize("data", ["", "[]", '{"Version":"2"}', '{"Version":true}', '{"UpdatedAt":"now"}', "null"])
def test_metadata_that_does_not_decode_is_none(cache: CacheFolder, data: str) -> None:
    place(cache.database, OLD, {})
    cache.metadata.write_text(data)
    assert find_metadata(cache.metadata, limits=DEFAULT_LIMITS) is None


def test_offline_without_a_database_says_where_it_belongs(cache: CacheFolder) -> None:
    with pytest.raises(DatabaseError, match="`--offline` forbids to download one") as caught:
        update_database(cache, download(Shelf({"db.test/one": OfflineError("offline")})))
    assert caught.value.exit_code is ExitCode.DATABASE
    assert "--db-repository" not in caught.value.hint
    assert "--sample-db" in caught.value.hint


def test_what_a_killed_update_left_is_swept_by_the_next_run_that_may_write(cache: CacheFolder) -> None:
    shelf = Shelf({"db.test/one": published()})
    update_database(cache, download(shelf))
    left = cache.root / ".db.0123456789abcdef.incoming"
    place(left, b"old", FRESH)

    update_database(cache, download(shelf), skip=True)
    assert left.exists()
    with file_lock(cache.lock, timeout=1):
        update_database(cache, download(shelf))
        assert left.exists()  # somebody is at it
    update_database(cache, download(shelf))

    assert not left.exists()
    assert len(shelf.asked) == 1
