"""Downloads: which repository is asked next, what is refused, and what is left behind."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from tests.support.content import MemoryContent
from tests.support.database import (
    FRESH,
    STALE,
    Shelf,
    archive,
    database_archive,
    download,
    place,
    publish,
    published,
    tree_of,
    trivy_db,
)

from assaymark.advisories.cache import CacheFolder
from assaymark.advisories.fetch import download_database, repository_references
from assaymark.advisories.metadata import find_metadata
from assaymark.errors import (
    AuthenticationError,
    DatabaseError,
    Error,
    LimitError,
    NetworkError,
    NotFoundError,
    UsageError,
)
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.descriptor import OCI_INDEX
from assaymark.model.progress import Task
from assaymark.oci.content import ContentStore

GOOD = trivy_db()


@pytest.fixture
def cache(tmp_path: Path) -> CacheFolder:
    folder = CacheFolder(tmp_path / "cache")
    folder.origins.mkdir(parents=True)
    return folder


def corrupted(layer: bytes, **keywords: Any) -> MemoryContent:
    """A repository whose layer is not what its digest says."""
    store = published(**keywords)
    for digest, data in store.blobs.items():
        if len(data) > 100:
            store.blobs[digest] = layer or data[:-20]
    return store


def index() -> MemoryContent:
    store = MemoryContent()
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []}
    store.push_manifest(json.dumps(document).encode(), media_type=OCI_INDEX, tag="2")
    return store


META = ("metadata.json", json.dumps(FRESH).encode())
ANY_FAILURE: dict[str, tuple[ContentStore | Error, str]] = {
    "too many requests": (NetworkError("status 429"), "status 429"),
    "credentials refused": (AuthenticationError("status 401"), "status 401"),
    "not found": (NotFoundError("status 404"), "status 404"),
    "no such host": (NetworkError("no address"), "no address"),
    "a reply that is too large": (LimitError("too large"), "too large"),
    "an empty repository": (MemoryContent(), "`2` is not in"),
    "an index": (index(), "not a manifest with exactly one layer"),
    "two layers": (published(layers=2), "not a manifest with exactly one layer"),
    "another kind of layer": (published(media_type="application/x-other"), "`application/x-other`"),
    "a layer cut short": (corrupted(b""), "promised"),
    "another layer": (corrupted(database_archive(trivy_db({}))), "promised"),
    "no gzip stream": (published(GOOD), "no gzip stream"),
    "gzip of something else": (published(gzip.compress(GOOD)), "no tar file"),
    "an empty gzip stream": (published(gzip.compress(b"")), "too early"),
    "no database in it": (published(archive([META])), "lacks"),
    "no metadata in it": (published(archive([("trivy.db", GOOD)])), "lacks"),
    "the database twice": (published(archive([("trivy.db", GOOD), ("./trivy.db", GOOD), META])), "twice"),
    "the database in a folder": (published(archive([("x/trivy.db", GOOD), META])), "lacks"),
    "the database outside": (published(archive([("../trivy.db", GOOD), META])), "lacks"),
    "a link for a database": (published(archive([("trivy.db", b""), META], kind=tarfile.SYMTYPE)), "lacks"),
    "metadata that does not decode": (
        published(archive([("trivy.db", GOOD), ("metadata.json", b"{")])),
        "metadata.json",
    ),
    "a schema of the future": (published(database_archive(metadata=FRESH | {"Version": 3})), "schema is 3"),
    "a database that is damaged": (published(database_archive(GOOD[:9000])), "shorter"),
    "a database that is none": (published(database_archive(b"x" * 9000)), "no BoltDB file"),
}


@pytest.mark.parametrize(("failing", "reason"), ANY_FAILURE.values(), ids=ANY_FAILURE)
def test_any_failure_leads_to_the_next_repository(
    cache: CacheFolder, failing: ContentStore | Error, reason: str
) -> None:
    shelf = Shelf({"bad.test/db": failing, "good.test/db": published()})
    download_database(cache, download(shelf, "bad.test/db", "good.test/db"))
    assert shelf.asked == ["bad.test/db:2", "good.test/db:2"]
    assert cache.file.read_bytes() == GOOD
    assert len(tree_of(cache)) == 4


@pytest.mark.parametrize(("failing", "reason"), ANY_FAILURE.values(), ids=ANY_FAILURE)
def test_when_all_fail_each_reason_is_said_and_the_old_database_stays(
    cache: CacheFolder, failing: ContentStore | Error, reason: str
) -> None:
    place(cache.database, b"old", STALE)
    with pytest.raises(DatabaseError) as caught:
        download_database(cache, download(Shelf({"bad.test/db": failing}), "bad.test/db"))
    assert "`bad.test/db:2`: " in str(caught.value)
    assert reason in str(caught.value)
    assert cache.file.read_bytes() == b"old"
    assert tree_of(cache) == ["db/metadata.json", "db/trivy.db"]
    assert sorted(path.name for path in cache.root.iterdir()) == ["assaymark", "db"]


def test_other_members_and_members_of_gzip_are_passed_over(cache: CacheFolder) -> None:
    members = [("README", b"x" * 3000), ("../../escape", b"x"), ("./trivy.db", GOOD), ("./metadata.json", META[1])]
    whole = gzip.decompress(archive(members))
    layer = gzip.compress(whole[:4000]) + gzip.compress(whole[4000:])
    download_database(cache, download(Shelf({"db.test/one": published(layer)})))
    assert cache.file.read_bytes() == GOOD
    assert len(tree_of(cache)) == 4


def test_pax_headers_are_passed_over(cache: CacheFolder) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in (("trivy.db", GOOD), META):
            member = tarfile.TarInfo(name)
            member.size, member.pax_headers = len(data), {"mtime": "1.5", "comment": "ü" * 700}
            tar.addfile(member, io.BytesIO(data))
    download_database(cache, download(Shelf({"db.test/one": published(gzip.compress(buffer.getvalue()))})))
    assert cache.file.read_bytes() == GOOD


BOUNDS: dict[str, tuple[Limits, bytes | None]] = {
    "a layer larger than is downloaded": (Limits(database_layer_bytes=10), None),
    "a stream larger than is unpacked": (Limits(database_bytes=10_000), None),
    "a bomb": (Limits(database_bytes=1 << 20), gzip.compress(bytes(50 << 20), compresslevel=1)),
    "metadata larger than is read": (Limits(config_bytes=20), None),
}


@pytest.mark.parametrize(("limits", "layer"), BOUNDS.values(), ids=BOUNDS)
def test_bounds_hold(cache: CacheFolder, limits: Limits, layer: bytes | None) -> None:
    with pytest.raises(DatabaseError):
        download_database(cache, download(Shelf({"db.test/one": published(layer)}), limits=limits))
    assert tree_of(cache) == []


def test_an_older_database_is_refused_unless_it_is_welcome(cache: CacheFolder) -> None:
    place(cache.database, b"newer", FRESH)
    shelf = Shelf({"db.test/one": published(database_archive(metadata=STALE))})
    with pytest.raises(DatabaseError, match=r"built 4 days before .*--allow-older-db"):
        download_database(cache, download(shelf))
    assert cache.file.read_bytes() == b"newer"
    download_database(cache, download(shelf, older=True))
    assert cache.file.read_bytes() == GOOD


@pytest.mark.parametrize(
    "present", [{}, FRESH | {"Version": 1}, STALE, FRESH], ids=["nothing", "schema", "older", "same"]
)
def test_a_database_that_is_not_newer_or_not_usable_is_replaced(cache: CacheFolder, present: dict[str, Any]) -> None:
    place(cache.database, b"present", present)
    download_database(cache, download(Shelf({"db.test/one": published()})))
    assert cache.file.read_bytes() == GOOD


def test_the_time_of_the_download_is_noted_in_the_references_form(cache: CacheFolder) -> None:
    download_database(cache, download(Shelf({"db.test/one": published()})))
    found = find_metadata(cache.metadata, limits=DEFAULT_LIMITS)
    assert found is not None
    assert found.downloaded_at == "2026-11-21T12:00:00Z"


TAGS = {
    "mirror.test/aquasec/trivy-db": "mirror.test/aquasec/trivy-db:2",
    "mirror.test:5000/trivy-db": "mirror.test:5000/trivy-db:2",
    "mirror.test/trivy-db:latest": "mirror.test/trivy-db:latest",
    "mirror.test/trivy-db@sha256:" + "0" * 64: "mirror.test/trivy-db@sha256:" + "0" * 64,
}


@pytest.mark.parametrize(("name", "expected"), TAGS.items(), ids=TAGS)
def test_a_repository_without_a_tag_gets_the_schemas_number(name: str, expected: str) -> None:
    assert [reference.name for reference in repository_references([name])] == [expected]


def test_a_name_that_is_no_repository_is_a_usage_error(cache: CacheFolder) -> None:
    with pytest.raises(UsageError):
        download_database(cache, download(Shelf({}), "Not A Repository"))


class Meter:
    """Watches one task."""

    def __init__(self) -> None:
        self.total: int | None = None
        self.seen = 0
        self.closed = False

    def start(self, label: str, *, total: int | None = None, unit: str = "B") -> Task:
        self.total = total
        return self

    def advance(self, amount: int) -> None:
        self.seen += amount

    def close(self) -> None:
        self.closed = True


def test_progress_counts_the_bytes_of_the_layer(cache: CacheFolder) -> None:
    meter, layer = Meter(), database_archive()
    download_database(cache, download(Shelf({"db.test/one": published(layer)}), progress=meter))
    assert (meter.total, meter.seen, meter.closed) == (len(layer), len(layer), True)


def test_publishing_names_nothing_outside(cache: CacheFolder, tmp_path: Path) -> None:
    """The title annotation of every published layer here is `../../escape.tar.gz`."""
    store = MemoryContent()
    publish(store, database_archive())
    download_database(cache, download(Shelf({"db.test/one": store})))
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]
