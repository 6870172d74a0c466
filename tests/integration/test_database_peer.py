"""The reference reads what is written here, and downloads what is published as here."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.support.content import MemoryContent
from tests.support.database import FRESH, NOW, Shelf, database_archive, download, place, publish
from tests.support.registry import MemoryRegistry

from assaymark.advisories.cache import CacheFolder
from assaymark.advisories.sample import open_sample
from assaymark.advisories.update import update_database
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.descriptor import OCI_MANIFEST

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(shutil.which("trivy") is None, reason="the reference is not on PATH"),
]

FAR = FRESH | {"NextUpdate": "2099-01-01T00:00:00Z"}
INSTALLED = "P:apk-tools\nV:2.10.6-r0\nA:x86_64\no:apk-tools\nL:GPL2\n\n"


def sample_file(folder: Path) -> bytes:
    cache = CacheFolder(folder)
    with open_sample(cache, limits=DEFAULT_LIMITS):
        (path,) = cache.samples.iterdir()
        return path.read_bytes()


def scan(cache: Path, tree: Path, *flags: str) -> list[tuple[str, str, str]]:
    """What the reference finds in a small Alpine tree with the database in `cache`."""
    (tree / "lib/apk/db").mkdir(parents=True)
    (tree / "etc").mkdir()
    (tree / "etc/alpine-release").write_text("3.10.9\n")
    (tree / "lib/apk/db/installed").write_text(INSTALLED)
    command = ["trivy", "rootfs", "--quiet", "--cache-dir", str(cache), "--scanners", "vuln", "--offline-scan"]
    done = subprocess.run(
        [*command, "--skip-version-check", "--format", "json", *flags, str(tree)], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    results: list[dict[str, Any]] = json.loads(done.stdout)["Results"]
    found = [finding for result in results for finding in result.get("Vulnerabilities", ())]
    return [(finding["VulnerabilityID"], finding["FixedVersion"], finding["Title"]) for finding in found]


EXPECTED = [
    ("CVE-2021-36159", "2.10.7-r0", "apk-tools: libfetch reads past the end of numbers in an FTP reply"),
]


def test_the_reference_reads_the_sample_database(tmp_path: Path) -> None:
    place(tmp_path / "cache" / "db", sample_file(tmp_path / "sample"), FAR | {"DownloadedAt": FAR["UpdatedAt"]})
    assert scan(tmp_path / "cache", tmp_path / "tree", "--skip-db-update") == EXPECTED


def test_the_reference_reads_what_was_downloaded_here(tmp_path: Path) -> None:
    store = MemoryContent()
    publish(store, database_archive(sample_file(tmp_path / "sample"), FAR))
    cache = CacheFolder(tmp_path / "cache")
    update_database(cache, download(Shelf({"db.test/one": store}), now=NOW))
    assert scan(cache.root, tmp_path / "tree") == EXPECTED


def test_the_reference_downloads_what_is_published_as_here(tmp_path: Path) -> None:
    store = MemoryContent()
    publish(store, database_archive(sample_file(tmp_path / "sample"), FAR), title="db.tar.gz")
    with MemoryRegistry() as registry:
        registry.repository("trivy-db").blobs.update(store.blobs)
        for data, _ in store.manifests.values():
            registry.put_manifest("trivy-db", data, media_type=OCI_MANIFEST, tag="2")
        flags = ("--db-repository", f"{registry.host}/trivy-db", "--insecure")
        assert scan(tmp_path / "cache", tmp_path / "tree", *flags) == EXPECTED
