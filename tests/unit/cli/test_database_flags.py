"""The database that flags choose, over a real registry on loopback."""

from __future__ import annotations

import json
import logging
import multiprocessing
import time
from argparse import Namespace
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from tests.support.content import MemoryContent
from tests.support.database import NOW, STALE, database_archive, place, publish, tree_of, trivy_db
from tests.support.registry import Behaviour, Fault, MemoryRegistry

from assaymark.advisories.cache import CacheFolder
from assaymark.cli.database_flags import add_database_flags, cache_of, open_database_from, update_database_from
from assaymark.cli.flags import FlagParser
from assaymark.errors import DatabaseError, UsageError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.descriptor import OCI_MANIFEST
from assaymark.net.http import Http
from assaymark.net.network import NoNetwork
from assaymark.oci.credentials import Keychain
from assaymark.oci.registry import Registry

OLD = trivy_db({"alpine 3.10": {"musl": {"CVE-OLD": {}}}})
NEW = ["CVE-2020-28928"]


def parse(*arguments: str) -> Namespace:
    parser = FlagParser(prog="assaymark")
    add_database_flags(parser)
    return parser.parse(arguments)


def clock() -> datetime:
    return NOW


def online() -> Registry:
    limits = DEFAULT_LIMITS
    return Registry(Http(limits=limits, sleep=lambda _: None), limits=limits)


def offline() -> Registry:
    return Registry(NoNetwork())


def offer(registry: MemoryRegistry, name: str, layer: bytes | None = None) -> str:
    """Place a published database on the registry, without requests; its name with the host."""
    source = MemoryContent()
    publish(source, database_archive() if layer is None else layer)
    content = registry.repository(name)
    content.blobs.update(source.blobs)
    for data, _ in source.manifests.values():
        registry.put_manifest(name, data, media_type=OCI_MANIFEST, tag="2")
    return f"{registry.host}/{name}"


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as running:
        yield running


def known(args: Namespace, make: object = online) -> list[str]:
    assert callable(make)
    with open_database_from(args, {}, registry=make, clock=clock) as database:
        return [found.vulnerability_id for found in database.advisories("alpine 3.10", "musl")]


def test_the_defaults_are_the_references() -> None:
    args = parse()
    assert vars(args) == {
        "cache_dir": "",
        "cache_backend": "fs",
        "skip_db_update": False,
        "skip_java_db_update": False,
        "download_db_only": False,
        "download_java_db_only": False,
        "db_repository": ("mirror.gcr.io/aquasec/trivy-db:2", "ghcr.io/aquasecurity/trivy-db:2"),
        "java_db_repository": ("mirror.gcr.io/aquasec/trivy-java-db:1", "ghcr.io/aquasecurity/trivy-java-db:1"),
        "allow_older_db": False,
        "keep_database": False,
        "sample_db": False,
    }


def test_the_deprecated_name_of_a_flag_still_works() -> None:
    assert parse("--skip-update").skip_db_update
    assert cache_of(parse("--cache-dir", "/a"), {}).root == Path("/a")


@pytest.mark.parametrize("other", ["--skip-db-update", "--sample-db"])
def test_flags_that_contradict_each_other_are_a_usage_error(tmp_path: Path, other: str) -> None:
    args = parse("--cache-dir", str(tmp_path), "--download-db-only", other)
    with pytest.raises(UsageError, match=other):
        update_database_from(args, {}, registry=offline, clock=clock)


def test_a_database_is_downloaded_over_http_and_used(tmp_path: Path, registry: MemoryRegistry) -> None:
    args = parse("--cache-dir", str(tmp_path), "--db-repository", offer(registry, "trivy-db"))
    assert known(args) == NEW
    before = len(registry.requests)
    assert known(args) == NEW
    assert len(registry.requests) == before


def test_download_only_downloads(tmp_path: Path, registry: MemoryRegistry) -> None:
    args = parse("--cache-dir", str(tmp_path), "--download-db-only", "--db-repository", offer(registry, "trivy-db"))
    update_database_from(args, {}, registry=online, clock=clock)
    assert "db/trivy.db" in tree_of(CacheFolder(tmp_path))


def test_the_sample_is_used_only_when_it_is_asked_for(tmp_path: Path) -> None:
    args = parse("--cache-dir", str(tmp_path), "--sample-db")
    with open_database_from(args, {}, registry=offline, clock=clock) as database:
        assert database.info.sample
    with pytest.raises(DatabaseError, match="a current vulnerability database is needed") as caught:
        known(parse("--cache-dir", str(tmp_path)), offline)
    assert "--sample-db" in caught.value.hint


def test_without_a_network_an_old_database_is_used_and_its_age_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    place(tmp_path / "db", OLD, STALE)
    with caplog.at_level(logging.WARNING):
        assert known(parse("--cache-dir", str(tmp_path)), offline) == ["CVE-OLD"]
    assert "built 4 days ago" in caplog.text


FAULTS = {
    "429 for ever": Fault(status=429, times=-1),
    "500 for ever": Fault(status=500, times=-1),
    "401": Fault(status=401, times=-1),
    "403": Fault(status=403, times=-1),
    "404": Fault(status=404, times=-1),
    "a body cut short for ever": Fault(cut_after=100, times=-1, path="/blobs/"),
    "a body of other bytes": Fault(body=b"other", times=-1, path="/blobs/"),
    "a page of a firewall": Fault(body=b"<html>blocked</html>", headers={"content-type": "text/html"}, times=-1),
}


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_of_one_repository_leads_to_the_next(tmp_path: Path, registry: MemoryRegistry, name: str) -> None:
    fault = FAULTS[name]
    with MemoryRegistry() as failing:
        first = offer(failing, "trivy-db")
        failing.fault(Fault(**vars(fault)))
        args = parse("--cache-dir", str(tmp_path), "--db-repository", f"{first},{offer(registry, 'trivy-db')}")
        assert known(args) == NEW


def test_a_repository_that_nobody_serves_leads_to_the_next(tmp_path: Path, registry: MemoryRegistry) -> None:
    args = parse("--cache-dir", str(tmp_path), "--db-repository", f"127.0.0.1:1/x,{offer(registry, 'trivy-db')}")
    assert known(args) == NEW


def test_a_body_cut_once_is_resumed(tmp_path: Path, registry: MemoryRegistry) -> None:
    args = parse("--cache-dir", str(tmp_path), "--db-repository", offer(registry, "trivy-db"))
    registry.fault(Fault(cut_after=100, path="/blobs/"))
    assert known(args) == NEW


def test_rejected_credentials_are_left_away(tmp_path: Path) -> None:
    """A stale login in `config.json` must not keep anybody from a public database."""
    config = tmp_path / "docker"
    config.mkdir()
    with MemoryRegistry(Behaviour(auth="token", anonymous_pull=True)) as registry:
        name = offer(registry, "trivy-db")
        (config / "config.json").write_text(json.dumps({"auths": {registry.host: {"auth": "c3RhbGU6bG9naW4="}}}))
        keychain = Keychain({"DOCKER_CONFIG": str(config), "HOME": str(tmp_path)}, limits=DEFAULT_LIMITS)
        args = parse("--cache-dir", str(tmp_path / "cache"), "--db-repository", name)
        assert known(args, lambda: Registry(Http(sleep=lambda _: None), keychain=keychain)) == NEW


def first_run(cache: str, name: str, start: float) -> list[str]:
    time.sleep(max(0.0, start - time.time()))
    return known(parse("--cache-dir", cache, "--db-repository", name))


def test_eight_first_runs_at_once_are_one_download(tmp_path: Path, registry: MemoryRegistry) -> None:
    name = offer(registry, "trivy-db")
    runs = [(str(tmp_path), name, time.time() + 1.5)] * 8
    with multiprocessing.get_context("spawn").Pool(8) as pool:
        assert pool.starmap(first_run, runs, chunksize=1) == [NEW] * 8
    assert len([path for path in registry.paths("GET") if "/blobs/" in path]) == 1
