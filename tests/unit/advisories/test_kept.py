"""Databases that are kept by their digest: what is there, what is exported, what is found again, and what goes."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from tests.support.content import MemoryContent
from tests.support.database import (
    FRESH,
    MUSL,
    NOW,
    Shelf,
    database_archive,
    download,
    place,
    published,
    tree_of,
    trivy_db,
)

from assaymark.advisories.cache import CacheFolder
from assaymark.advisories.download import Download
from assaymark.advisories.kept import Kept, find_kept, keep_database, kept_databases, remove_kept, superfluous
from assaymark.advisories.named import Place, open_named
from assaymark.advisories.publish import copy_database, make_database
from assaymark.advisories.sample import open_sample
from assaymark.advisories.update import open_database, update_database
from assaymark.errors import DatabaseError, Error, NetworkError, NotFoundError, OfflineError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.advisory import DatabaseInfo
from assaymark.oci.content import ContentStore
from assaymark.oci.layout import Layout

NOBODY = Shelf({"db.test/one": OfflineError("no network")})
OTHERS: Mapping[str, Mapping[str, Mapping[str, object]]] = {"alpine 3.11": MUSL["alpine 3.10"]}


@pytest.fixture
def cache(tmp_path: Path) -> CacheFolder:
    return CacheFolder(tmp_path / "cache")


def filled(cache: CacheFolder, store: ContentStore | None = None) -> tuple[Shelf, str]:
    """A cache with a downloaded database; the shelf that it came from, and its URI."""
    shelf = Shelf({"db.test/one": store or published()})
    update_database(cache, download(shelf))
    with open_database(cache, limits=DEFAULT_LIMITS) as database:
        return shelf, database.info.uri


def keep(cache: CacheFolder, shelf: Shelf | None, *, hours: int = 0) -> Kept:
    return keep_database(
        cache,
        clock=lambda: NOW + timedelta(hours=hours),
        registry=lambda: shelf or NOBODY,
        limits=DEFAULT_LIMITS,
    )


def found_in(cache: CacheFolder) -> list[str]:
    with open_database(cache, limits=DEFAULT_LIMITS) as database:
        return [each.vulnerability_id for each in database.advisories("alpine 3.10", "musl")]


def test_a_kept_database_is_a_cache_folder_with_its_published_bytes(cache: CacheFolder) -> None:
    shelf, uri = filled(cache)
    kept = keep(cache, shelf)
    assert (kept.uri, kept.digest, kept.updated, kept.kept, kept.is_exportable) == (
        uri,
        uri.partition("@")[2],
        "2026-11-21T00:00:00Z",
        "2026-11-21T12:00:00Z",
        True,
    )
    with open_database(kept.cache, limits=DEFAULT_LIMITS) as database:
        assert database.info.uri == uri
    assert os.stat(kept.cache.file).st_ino == os.stat(cache.file).st_ino
    assert kept_databases(cache, limits=DEFAULT_LIMITS) == [kept]


def test_an_update_leaves_what_is_kept(cache: CacheFolder) -> None:
    shelf, _ = filled(cache)
    kept = keep(cache, shelf)
    later = {**FRESH, "UpdatedAt": "2026-11-22T00:00:00Z", "NextUpdate": "2026-11-23T00:00:00Z"}
    newer = Shelf({"db.test/one": published(database_archive(trivy_db(OTHERS), later))})
    update_database(cache, download(newer, now=NOW + timedelta(days=2)))
    assert (found_in(cache), found_in(kept.cache)) == ([], ["CVE-2020-28928"])


def test_without_a_registry_it_is_kept_all_the_same_and_completed_later(cache: CacheFolder) -> None:
    shelf, _ = filled(cache)
    assert keep(cache, None).is_exportable is False
    gone = Shelf({"db.test/one": NotFoundError("status 404")})
    assert keep(cache, gone).is_exportable is False
    assert keep(cache, shelf).is_exportable is True
    assert not [name for name in tree_of(cache) if "incoming" in name or "partial" in name]


def test_one_that_was_placed_by_hand_has_no_digest(cache: CacheFolder) -> None:
    with pytest.raises(DatabaseError) as missing:
        keep(cache, None)
    place(cache.database, trivy_db(), FRESH)
    with pytest.raises(DatabaseError) as nameless:
        keep(cache, None)
    assert (missing.value.reason, nameless.value.reason) == ("DATABASE_MISSING", "DATABASE_WITHOUT_DIGEST")


def test_retention_by_number_and_by_age(cache: CacheFolder) -> None:
    for hour, release in enumerate(["3.9", "3.8", "3.7"]):
        archive = database_archive(trivy_db({f"alpine {release}": MUSL["alpine 3.10"]}))
        one = CacheFolder(cache.root / release)
        shelf, _ = filled(one, published(archive))
        keep(one, shelf, hours=hour)
        cache.kept.mkdir(parents=True, exist_ok=True)
        [folder] = [path for path in one.kept.iterdir() if path.is_dir()]
        folder.rename(cache.kept / folder.name)
    kept = kept_databases(cache, limits=DEFAULT_LIMITS)
    assert [each.kept[11:13] for each in kept] == ["14", "13", "12"]
    now = NOW + timedelta(hours=3)
    assert superfluous(kept, most=None, max_age=None, now=now) == []
    assert superfluous(kept, most=2, max_age=None, now=now) == kept[2:]
    assert superfluous(kept, most=None, max_age=2.5 * 3600, now=now) == kept[2:]
    remove_kept(cache, superfluous(kept, most=3, max_age=1.5 * 3600, now=now))
    assert kept_databases(cache, limits=DEFAULT_LIMITS) == kept[:1]


def test_what_somebody_left_half_made_is_not_kept(cache: CacheFolder) -> None:
    shelf, _ = filled(cache)
    (cache.kept / ".dead.incoming").mkdir(parents=True)
    (cache.kept / ("0" * 64)).mkdir()
    (cache.kept / ("0" * 64) / "kept.json").write_text('{"uri":"db.test/one@sha256:00","kept":"x"}')
    kept = keep(cache, shelf)
    assert kept_databases(cache, limits=DEFAULT_LIMITS) == [kept]
    assert not (cache.kept / ".dead.incoming").exists()
    (kept.folder / "kept.json").write_text("{")
    assert find_kept(cache, kept.digest, limits=DEFAULT_LIMITS) is None
    assert keep(cache, shelf) == kept


# exports


def test_published_bytes_are_copied_with_their_digest(cache: CacheFolder) -> None:
    shelf, uri = filled(cache)
    kept, target = keep(cache, shelf), MemoryContent()
    digest = copy_database(Layout(kept.artifact), target, kept.digest, limits=DEFAULT_LIMITS, tag="2")
    assert (digest, target.tags["2"]) == (uri.partition("@")[2],) * 2
    again = copy_database(Layout(kept.artifact), target, kept.digest, limits=DEFAULT_LIMITS, tag="2")
    assert again == digest


def test_only_databases_are_copied() -> None:
    store, target = published(media_type="application/x"), MemoryContent()
    with pytest.raises(Error, match="is no database"):
        copy_database(store, target, store.tags["2"], limits=DEFAULT_LIMITS)
    assert (target.blobs, target.manifests) == ({}, {})


def test_a_layer_beyond_the_bound_is_refused() -> None:
    limits, store = msgspec.structs.replace(DEFAULT_LIMITS, database_layer_bytes=10), published()
    with pytest.raises(Error, match="above 10"):
        copy_database(store, MemoryContent(), store.tags["2"], limits=limits)


def test_a_new_artifact_is_the_same_each_time_and_can_be_downloaded(cache: CacheFolder, tmp_path: Path) -> None:
    place(cache.database, trivy_db(), {**FRESH, "DownloadedAt": "2026-11-21T06:00:00Z"})
    first, second = MemoryContent(), MemoryContent()
    digests = [make_database(cache, store, limits=DEFAULT_LIMITS, tag="2") for store in (first, second)]
    assert (digests[0], first.blobs) == (digests[1], second.blobs)
    elsewhere = CacheFolder(tmp_path / "elsewhere")
    _, uri = filled(elsewhere, first)
    assert (uri, found_in(elsewhere)) == (f"db.test/one@{digests[0]}", ["CVE-2020-28928"])
    [layer] = [data for data in first.blobs.values() if len(data) > 2]
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(layer))) as archive:
        assert [(member.name, member.mode, member.mtime) for member in archive] == [
            ("trivy.db", 0o644, 0),
            ("metadata.json", 0o644, 0),
        ]
        described = archive.extractfile("metadata.json")
        assert described is not None
        assert json.load(described)["DownloadedAt"] == "0001-01-01T00:00:00Z"
    with pytest.raises(DatabaseError, match="no vulnerability database"):
        make_database(CacheFolder(tmp_path / "empty"), first, limits=DEFAULT_LIMITS)


# what a record names


def named(cache: CacheFolder, info: DatabaseInfo, wanted: Download) -> tuple[Place, list[str]]:
    with open_named(cache, info, wanted) as (database, where):
        return where, [each.vulnerability_id for each in database.advisories("alpine 3.10", "musl")]


def test_the_database_of_a_record_in_the_order_of_places(cache: CacheFolder, tmp_path: Path) -> None:
    shelf, uri = filled(cache)
    info, nobody = DatabaseInfo(uri=uri), download(Shelf({}), "db.test/one")
    assert named(cache, info, nobody) == (Place.CACHE, ["CVE-2020-28928"])
    kept = keep(cache, shelf)
    cache.file.unlink()
    assert named(cache, info, nobody) == (Place.KEPT, ["CVE-2020-28928"])
    elsewhere = CacheFolder(tmp_path / "elsewhere")
    moved = Shelf({"db.test/one": NotFoundError("status 404"), "own.test/db": Layout(kept.artifact)})
    wanted = download(moved, "own.test/db:2")
    assert named(elsewhere, info, wanted) == (Place.DOWNLOADED, ["CVE-2020-28928"])
    assert named(elsewhere, info, nobody) == (Place.KEPT, ["CVE-2020-28928"])
    [there] = kept_databases(elsewhere, limits=DEFAULT_LIMITS)
    assert (there.uri, there.is_exportable) == (uri, True)


MISSING = {
    "every registry says that it has it no more": (NotFoundError("status 404"), "DATABASE_GONE"),
    "somebody may still have it": (NetworkError("status 503"), "DATABASE_UNAVAILABLE"),
}


@pytest.mark.parametrize(("failure", "reason"), MISSING.values(), ids=MISSING.keys())
def test_a_database_that_cannot_be_had(cache: CacheFolder, failure: Error, reason: str) -> None:
    shelf = Shelf({"db.test/one": failure, "own.test/db": NotFoundError("status 404")})
    info = DatabaseInfo(uri="db.test/one@sha256:" + "ab" * 32)
    with pytest.raises(DatabaseError) as refused:
        named(cache, info, download(shelf, "own.test/db"))
    assert (refused.value.reason, str(failure) in str(refused.value)) == (reason, True)
    assert [name for name in tree_of(cache) if not name.endswith(".lock")] == []


def test_a_record_without_a_digest(cache: CacheFolder) -> None:
    place(cache.database, trivy_db(), FRESH)
    wanted = download(Shelf({}))
    info = DatabaseInfo(version="2-2026-11-21", updated_at="2026-11-21T00:00:00Z")
    assert named(cache, info, wanted) == (Place.SAME_TIME, ["CVE-2020-28928"])
    others = [
        DatabaseInfo(version="2-2026-11-20", updated_at="2026-11-20T00:00:00Z"),
        DatabaseInfo(version="2"),
        DatabaseInfo(uri="db.test/one:2", updated_at="2026-11-21T00:00:00Z"),
    ]
    for other in others:
        with pytest.raises(DatabaseError) as refused:
            named(cache, other, wanted)
        assert refused.value.reason == "DATABASE_WITHOUT_DIGEST"


def test_the_sample_is_that_of_its_version(cache: CacheFolder) -> None:
    wanted = download(Shelf({}))
    with open_sample(cache, limits=DEFAULT_LIMITS) as sample:
        info = sample.info
    assert named(cache, info, wanted)[0] is Place.SAMPLE
    with pytest.raises(DatabaseError) as refused:
        named(cache, msgspec.structs.replace(info, version="2-sample-0"), wanted)
    assert refused.value.reason == "DATABASE_GONE"


def test_a_database_that_is_none_is_not_kept(cache: CacheFolder) -> None:
    store = published(database_archive(b"no database"))
    info = DatabaseInfo(uri=f"db.test/one@{store.tags['2']}")
    with suppress(DatabaseError):
        named(cache, info, download(Shelf({"db.test/one": store}), "db.test/one"))
    assert kept_databases(cache, limits=DEFAULT_LIMITS) == []
