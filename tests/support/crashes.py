"""Kill -9 in the middle of whole runs, and eight runs at once: what the next run must say."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any, Final

from tests.support.bombs import RawLayer, honest_layer, raw_image
from tests.support.database import database_archive, published, trivy_db
from tests.support.process import ALPINE, LASTING, Ended, Machine
from tests.support.registry import MemoryRegistry

REPOSITORY: Final = "trivy-db"
OLD: Final = "CVE-2020-28928"
NEW: Final = {f"CVE-2026-{number}" for number in range(1, 3_000)}
_NEW_FACTS: Final = {"alpine 3.10": {"musl": {name: {"FixedVersion": "2"} for name in sorted(NEW)}}}


def layered_image(folder: Path) -> Path:
    """A layout of five layers with some thousand packages and files, which takes a moment to scan."""
    layers: list[RawLayer] = [honest_layer(ALPINE)]
    for number in range(4):
        noise = random.Random(number)
        files: dict[str, Any] = {f"data/{number}": noise.randbytes(4_000_000)}
        for package in range(800):
            name = f"usr/lib/python{number}/site-packages/p{package}-1.dist-info/METADATA"
            files[name] = f"Metadata-Version: 2.1\nName: p{package}\nVersion: {number}.{package}\n"
        layers.append(honest_layer(files))
    return raw_image(layers).save_layout(folder)


def publish(registry: MemoryRegistry, data: bytes | None = None) -> tuple[str, ...]:
    """Offer a lasting database as `trivy-db:2`; the flags that lead there."""
    store = published(database_archive(data, LASTING))
    content = registry.repository(REPOSITORY)
    content.blobs.update(store.blobs)
    content.manifests.update({str(digest): entry for digest, entry in store.manifests.items()})
    content.tags.update({tag: str(digest) for tag, digest in store.tags.items()})
    return ("--db-repository", f"{registry.host}/{REPOSITORY}:2")


def publish_new(registry: MemoryRegistry) -> tuple[str, ...]:
    """Offer a database that knows 2,999 other vulnerabilities of the same package."""
    return publish(registry, trivy_db(_NEW_FACTS))


def findings(ended: Ended) -> set[str]:
    """The vulnerabilities of a JSON report; the run must have succeeded without a word."""
    assert (ended.code, ended.err) == (0, "")
    return {
        found["VulnerabilityID"]
        for result in json.loads(ended.out)["Results"]
        for found in result.get("Vulnerabilities", [])
    }


def results(ended: Ended) -> list[dict[str, Any]]:
    """The `Results` of a JSON report."""
    assert (ended.code, ended.err) == (0, "")
    found: list[dict[str, Any]] = json.loads(ended.out)["Results"]
    return found


class ScanCrash:
    """Scans of one image from a cold layer cache, killed at any moment; the next one must find the same."""

    def __init__(self, machine: Machine) -> None:
        machine.place_database()
        self._machine = machine
        self._scan = (
            *(
                "image",
                "--input",
                str(layered_image(machine.work / "image")),
                "--quiet",
                "--format",
                "json",
                "--list-all-pkgs",
            ),
            *machine.flags,
        )
        first = machine.run(*self._scan)
        self._expected = results(first)
        self._seconds = first.seconds
        self._state = machine.state()
        assert len(self._expected) == 2

    def once(self, moment: int) -> bool:
        """Kill one run and look at what the next one says; whether it was killed in time."""
        seconds = random.Random(moment).uniform(0.0, self._seconds)
        shutil.rmtree(self._machine.cache / "assaymark", ignore_errors=True)
        killed = self._machine.kill_after(seconds, *self._scan)
        assert results(self._machine.run(*self._scan)) == self._expected, f"moment {moment}: {seconds:.4f} s"
        assert self._machine.state() == self._state
        return killed


class SwapCrash:
    """Updates of a database, killed at any moment: the old one or the new one is there, and then the new one."""

    def __init__(self, machine: Machine, registry: MemoryRegistry) -> None:
        self._machine = machine
        self._update = publish_new(registry)
        raw_image([honest_layer(ALPINE)]).save_layout(machine.work / "image")
        self._scan = ("image", "--input", "image", "--quiet", "--format", "json", "--cache-dir", str(machine.cache))
        self._place_old()
        self._seconds = machine.run("image", "--download-db-only", *self._scan[-2:], *self._update).seconds
        self._state = machine.state()

    def once(self, moment: int) -> bool:
        """Kill one update; whether it was killed in time."""
        seconds = random.Random(moment).uniform(0.0, self._seconds)
        self._place_old()
        killed = self._machine.kill_after(seconds, "image", "--download-db-only", *self._scan[-2:], *self._update)
        between = findings(self._machine.run(*self._scan, "--skip-db-update"))
        assert between in ({OLD}, NEW), f"moment {moment}: {seconds:.4f} s"
        assert findings(self._machine.run(*self._scan, *self._update)) == NEW
        left = [path.name for path in self._machine.cache.rglob(".*") if path.is_dir() or path.suffix == ".partial"]
        assert (left, self._machine.state()) == ([], self._state), f"moment {moment}: {seconds:.4f} s"
        return killed

    def _place_old(self) -> None:
        shutil.rmtree(self._machine.cache, ignore_errors=True)
        self._machine.place_database()
        metadata = self._machine.cache / "db" / "metadata.json"
        metadata.write_text(json.dumps({**LASTING, "NextUpdate": "2020-01-01T00:00:00Z"}))


def eight_first_runs(machine: Machine, registry: MemoryRegistry) -> list[set[str]]:
    """Start eight scans at once on an empty cache; what each of them found."""
    update = publish_new(registry)
    raw_image([honest_layer(ALPINE)]).save_layout(machine.work / "image")
    scan = ("image", "--input", "image", "--quiet", "--format", "json", "--cache-dir", str(machine.cache))
    programs = [machine.start(*scan, *update) for _ in range(8)]
    ended = []
    for program in programs:
        out, err = program.communicate(timeout=120)
        ended.append(Ended(code=program.returncode, out=out, err=err.decode(), peak=0, seconds=0.0))
    return [findings(each) for each in ended]
