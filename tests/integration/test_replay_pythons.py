"""Fifty attested scans made again on another machine with another Python: all equal; one edited finding is told."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.commands import PASSWORD, place_keys
from tests.support.content import MemoryContent
from tests.support.database import database_archive, publish, trivy_db
from tests.support.images import Entry, build_image
from tests.support.process import LASTING, Machine
from tests.support.pythons import other_pythons
from tests.support.registry import MemoryRegistry
from tests.support.workshop import ALPINE, DETAILS, FACTS, SOURCES

from assaymark.model.descriptor import OCI_MANIFEST

pytestmark = pytest.mark.integration

COUNT = 50
FLAGS = ((), ("--severity=HIGH,CRITICAL",), ("--ignore-unfixed",), ("--pkg-types=os",), ("--skip-files=app/*",))
SECRET = {"COSIGN_PASSWORD": PASSWORD}


@pytest.fixture(scope="module")
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as made:
        store = MemoryContent()
        publish(store, database_archive(trivy_db(FACTS, details=DETAILS, sources=SOURCES), LASTING))
        made.repository("db").blobs.update(store.blobs)
        (manifest,) = (data for data, _ in store.manifests.values())
        made.put_manifest("db", manifest, media_type=OCI_MANIFEST, tag="2")
        yield made


@pytest.fixture(scope="module")
def attested(tmp_path_factory: pytest.TempPathFactory, registry: MemoryRegistry) -> Machine:
    """A machine that scanned and attested every image."""
    made = Machine(tmp_path_factory.mktemp("attesting"))
    place_keys(made.work)
    for number in range(COUNT):
        app: dict[str, Entry] = {
            f"app/{number}/requirements.txt": "flask==0.12\n",
            f"usr/lib/python3/site-packages/p{number}-1.dist-info/METADATA": f"Name: p{number}\nVersion: {number}\n",
        }
        image = build_image([ALPINE, app] if number % 3 else [app, ALPINE])
        for data in image.blobs.values():
            registry.put_blob("app", data)
        registry.put_manifest("app", image.manifest, tag=f"v{number}")
        words = ("image", "--attest", "--key=ours.key", "--quiet", "--db-repository", f"{registry.host}/db")
        output = ("--format=cosign-vuln", f"--output=vuln-{number}.json", "--cache-dir", str(made.cache))
        ended = made.run(
            *words, *output, *FLAGS[number % len(FLAGS)], f"{registry.host}/app:v{number}",
            environ={**SECRET, "PYTHONHASHSEED": str(number)},
        )  # fmt: skip
        assert ended.code == 0, ended.err
    return made


def newest_python() -> str:
    """Another version where there is one; its own tests say which are skipped."""
    others = other_pythons()
    return others[max(others, key=lambda version: int(version.partition(".")[2]))] if others else sys.executable


@pytest.fixture
def elsewhere(attested: Machine, tmp_path: Path) -> Machine:
    """Another machine with nothing but the public key."""
    made = Machine(tmp_path / "elsewhere")
    (made.work / "ours.pub").write_bytes((attested.work / "ours.pub").read_bytes())
    return made


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_all_are_equal(elsewhere: Machine, registry: MemoryRegistry) -> None:
    python, outcomes = newest_python(), []
    for number in range(COUNT):
        ended = elsewhere.run(
            *("replay", "--key=ours.pub", "--format=json", "--db-repository", f"{registry.host}/db"),
            *("--cache-dir", str(elsewhere.cache), f"{registry.host}/app:v{number}"),
            program=(python, "-m", "assaymark"),
            environ={"PYTHONHASHSEED": str(1000 - number)},
        )
        outcomes.append((ended.code, json.loads(ended.out)["differences"] if ended.out else ended.err))
    assert outcomes == [(0, [])] * COUNT


def test_one_edited_finding_is_exactly_that_one(
    attested: Machine, elsewhere: Machine, registry: MemoryRegistry
) -> None:
    record = json.loads((attested.work / "vuln-0.json").read_bytes())
    (finding,) = (
        finding
        for result in record["scanner"]["result"]["Results"]
        for finding in result.get("Vulnerabilities", [])
        if finding["VulnerabilityID"] == "CVE-2019-14697"
    )
    finding["Severity"] = "LOW"
    record["metadata"]["scanFinishedOn"] = "2099-01-01T00:00:00Z"
    (attested.work / "edited.json").write_text(json.dumps(record))
    words = ("attest", "--key=ours.key", "--type=vuln", "--predicate=edited.json", f"{registry.host}/app:v0")
    assert attested.run(*words, environ=SECRET).code == 0
    ended = elsewhere.run(
        *("replay", "--key=ours.pub", "--format=json", "--db-repository", f"{registry.host}/db"),
        *("--cache-dir", str(elsewhere.cache), f"{registry.host}/app:v0"),
        program=(newest_python(), "-m", "assaymark"),
    )
    (difference,) = json.loads(ended.out)["differences"]
    assert (ended.code, "error [REPLAY_DIFFERS]" in ended.err) == (7, True)
    assert (difference["about"], difference["name"], difference["kind"], difference["changes"]) == (
        "finding",
        "CVE-2019-14697 of musl 1.1.22-r2",
        "changed",
        [{"member": "Severity", "recorded": "LOW", "replayed": "CRITICAL"}],
    )
