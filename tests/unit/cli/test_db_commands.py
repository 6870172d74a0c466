"""`db keep`, `db list`, `db remove` and `db export`, against a registry on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.commands import Ran, run
from tests.support.content import MemoryContent
from tests.support.database import FRESH, Facts, database_archive, place, publish, trivy_db
from tests.support.registry import MemoryRegistry

from assaymark.model.descriptor import OCI_MANIFEST

LONG = {**FRESH, "NextUpdate": "2099-01-01T00:00:00Z"}


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as made:
        yield made


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def offer(registry: MemoryRegistry, name: str = "db", release: str = "3.10") -> str:
    """A published database; its reference with digest."""
    source = MemoryContent()
    facts: Facts = {f"alpine {release}": {"musl": {"CVE-1": {}}}}
    digest = publish(source, database_archive(trivy_db(facts), LONG)).digest
    registry.repository(name).blobs.update(source.blobs)
    for data, _ in source.manifests.values():
        registry.put_manifest(name, data, media_type=OCI_MANIFEST, tag="2")
    return f"{registry.host}/{name}@{digest}"


def db(*arguments: str) -> Ran:
    return run("db", *arguments, environ={"ASSAYMARK_CACHE_DIR": "cache"})


def update(registry: MemoryRegistry, *arguments: str) -> Ran:
    words = ("--download-db-only", "--db-repository", f"{registry.host}/db", *arguments)
    return run("image", "--cache-dir", "cache", *words)


def listed() -> list[Any]:
    return list(db("list", "--format", "json").json["databases"])


def test_keep_list_and_remove(registry: MemoryRegistry) -> None:
    uri = offer(registry)
    assert update(registry).code == 0
    assert (db("list").err, listed()) == ("no database is kept; `assaymark db keep` keeps the one in the cache\n", [])
    assert db("keep") == Ran(0, "", f"kept {uri}, built 2026-11-21 00:00 UTC\n")
    [kept] = listed()
    assert (kept["uri"], kept["digest"], kept["updatedAt"], kept["exportable"]) == (
        uri,
        uri.partition("@")[2],
        "2026-11-21T00:00:00Z",
        True,
    )
    [line] = db("list").lines
    assert line.startswith(f"{uri}  built 2026-11-21 00:00  kept 20")
    short = kept["digest"].removeprefix("sha256:")[:8]
    assert db("remove", short) == Ran(0, "", f"removed {uri}\n")
    gone = db("remove", short)
    assert (gone.code, gone.first) == (
        4,
        f"error [DATABASE_NOT_KEPT]: no database `{short}` is kept in `cache/assaymark/databases`",
    )
    assert db("remove", "latest").code == 2


def test_a_scan_can_keep_its_database_and_retention_takes_the_others(registry: MemoryRegistry) -> None:
    first = offer(registry)
    assert update(registry, "--keep-database").code == 0
    second = offer(registry, release="3.11")
    (Path("cache") / "db" / "metadata.json").unlink()  # as if it were due
    assert update(registry, "--keep-database").code == 0
    assert [kept["uri"] for kept in listed()] == [second, first]
    assert db("keep", "--keep", "1").err.splitlines()[1:] == [f"removed {first}"]
    assert [kept["uri"] for kept in listed()] == [second]
    assert db("keep", "--max-age", "1ns").code == 0
    assert [kept["uri"] for kept in listed()] == [second], "the one in the cache stays"
    assert db("keep", "--keep", "0").code == 2
    refused = update(registry, "--keep-database", "--sample-db")
    assert (refused.code, "exclude each other" in refused.err) == (2, True)


def test_a_database_that_cannot_be_named_is_not_kept() -> None:
    assert db("keep").first.startswith("error [DATABASE_MISSING]")
    place(Path("cache/db"), trivy_db(), LONG)
    ran = db("keep")
    assert (ran.code, ran.first.partition(":")[0]) == (4, "error [DATABASE_WITHOUT_DIGEST]")
    assert "db export" in ran.err


def test_what_was_published_keeps_its_digest(registry: MemoryRegistry) -> None:
    uri = offer(registry)
    digest = uri.partition("@")[2]
    assert update(registry, "--keep-database").code == 0
    assert db("export", f"{registry.host}/own/first").out == f"{registry.host}/own/first@{digest}\n"
    assert registry.tag_digest("own/first", "2") == digest
    (short,) = (kept["digest"][7:17] for kept in listed())
    registry.repositories.pop("db")
    assert db("export", "--digest", short, f"{registry.host}/own/second:old").out.endswith(f"@{digest}\n")
    assert registry.tag_digest("own/second", "old") == digest
    assert db("remove", digest).code == 0
    again = db("export", f"{registry.host}/own/third")
    assert (again.code, "has another digest" in again.err, again.out.endswith(f"@{digest}\n")) == (0, True, False)


def test_without_having_been_kept_it_is_copied_from_where_it_came_from(registry: MemoryRegistry) -> None:
    digest = offer(registry).partition("@")[2]
    assert update(registry).code == 0
    ran = db("export", f"{registry.host}/own")
    assert (ran.code, ran.out, ran.err) == (0, f"{registry.host}/own@{digest}\n", "")


def test_one_that_was_placed_by_hand_gets_a_digest(registry: MemoryRegistry) -> None:
    place(Path("cache/db"), trivy_db(), LONG)
    ran = db("export", f"{registry.host}/db")
    assert (ran.code, "placed by hand" in ran.err) == (0, True)
    (Path("cache") / "db" / "metadata.json").unlink()
    assert update(registry).code == 0
    assert db("keep").err == f"kept {ran.out.strip()}, built 2026-11-21 00:00 UTC\n"
    manifest = json.loads(registry.repository("db").manifests[ran.out.strip().partition("@")[2]][0])
    assert [layer["annotations"] for layer in manifest["layers"]] == [{"org.opencontainers.image.title": "db.tar.gz"}]


def test_there_is_nothing_to_export(registry: MemoryRegistry) -> None:
    ran = db("export", f"{registry.host}/db")
    assert (ran.code, "error [DATABASE_MISSING]" in ran.err) == (4, True)
