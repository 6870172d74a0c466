"""The same artifact, database and flags give the same bytes: whatever the cache, the order of hashes, the number of
threads and the version of Python; times and random identifiers aside."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from tests.support.images import Entries, Entry, File, build_image
from tests.support.jars import jar
from tests.support.process import Machine
from tests.support.pythons import VARIABLE, other_pythons
from tests.support.workshop import ALPINE, FACTS, NOON

pytestmark = pytest.mark.integration

FORMATS: Final = ("json", "cosign-vuln", "sarif", "csv", "table", "html", "junit", "cyclonedx", "spdx-json", "markdown")
_CLOCKED: Final = frozenset({"table", "html", "junit", "markdown"})
"""Formats that tell when the scan was made, by the real clock."""
_CLOCK: Final = re.compile(rb"20[0-9]{2}-[0-9]{2}-[0-9]{2}[ T][0-9:]{8}|in [0-9.]+ s|[0-9.]+ s</dd>")
_IDENTIFIER: Final = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A machine with an image of many kinds of packages, some of which cannot be read."""
    made = Machine(tmp_path_factory.mktemp("determinism"))
    made.place_database(FACTS)
    (made.work / ".trivyignore").write_text("CVE-2020-28928\n")
    modules = {
        f"app/node_modules/{name}/package.json": json.dumps({"name": name, "version": "1.0.0", "license": "MIT"})
        for name in ("left", "right", "up", "down")
    }
    site = "usr/lib/python3.12/site-packages"
    packages: dict[str, Entry] = {
        f"{site}/{name}-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nLicense: MIT\n\n"
        for name in ("one", "two", "three", "four")
    }
    layers: list[Entries] = [
        {**ALPINE, "etc/os-release": "ID=alpine\nVERSION_ID=3.10.9\n"},
        modules,
        {
            **packages,
            "app/requirements.txt": "flask==0.12\nrequests==2.0\n",
            "app/package-lock.json": "{",
        },
        {"app/node_modules/up/.wh.package.json": "", "app/Gemfile.lock": "GEM\n  specs:\n    rake (1.0)\n"},
        {"srv/a.jar": File(jar({"META-INF/MANIFEST.MF": "Manifest-Version: 1.0\n"}))},
    ]
    build_image(layers).save_docker(made.work / "image.tar", tags=["shop/app:1"])
    return made


def scan(
    machine: Machine, folder: Path, *flags: str, python: str = sys.executable, seed: str = "0"
) -> Mapping[str, bytes]:
    """Every report of one scan, by format."""
    folder.mkdir()
    also = [word for name in FORMATS for word in ("--also", f"{name}={folder / name}")]
    ended = machine.run(
        *("image", "--offline", "--quiet", "--skip-db-update", "--input", "image.tar", "--output", str(folder / "out")),
        *("--cache-dir", str(machine.cache), *also, *flags),
        environ={"PYTHONHASHSEED": seed, "SOURCE_DATE_EPOCH": NOON},
        program=(python, "-m", "assaymark"),
    )
    assert ended.code == 0, ended.err
    return {name: told(name, (folder / name).read_bytes()) for name in FORMATS}


def told(name: str, document: bytes) -> bytes:
    """The document without what differs by nature."""
    if name == "cosign-vuln":
        record: dict[str, Any] = json.loads(document)
        record["metadata"], record["scanner"]["result"]["ReportID"] = {}, ""
        record["invocation"]["parameters"]["flags"] = {}
        return json.dumps(record).encode()
    if name in _CLOCKED:
        document = _CLOCK.sub(b"TIME", document)
    return _IDENTIFIER.sub(b"ID", document)


@pytest.fixture(scope="module")
def first(machine: Machine) -> Mapping[str, bytes]:
    return scan(machine, machine.root / "first", "--cache-backend", "memory", "--parallel", "1")


OTHERWISE: Mapping[str, tuple[Sequence[str], str]] = {
    "again": (("--cache-backend", "memory", "--parallel", "1"), "0"),
    "in another order of hashes": (("--cache-backend", "memory"), "1"),
    "in yet another order of hashes": (("--cache-backend", "memory"), "4294967295"),
    "with many threads": (("--cache-backend", "memory", "--parallel", "8"), "7"),
    "into an empty cache": ((), "0"),
    "from a full cache": (("--parallel", "2"), "3"),
}


@pytest.mark.parametrize(("flags", "seed"), OTHERWISE.values(), ids=OTHERWISE.keys())
def test_the_same_bytes(
    machine: Machine, first: Mapping[str, bytes], tmp_path: Path, flags: Sequence[str], seed: str
) -> None:
    assert scan(machine, tmp_path / "reports", *flags, seed=seed) == first


def test_the_same_bytes_from_another_folder(machine: Machine, first: Mapping[str, bytes], tmp_path: Path) -> None:
    other = Machine(tmp_path / "other")
    other.place_database(FACTS)
    for name in ("image.tar", ".trivyignore"):
        (other.work / name).write_bytes((machine.work / name).read_bytes())
    assert scan(other, tmp_path / "reports") == first


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14"])
def test_the_same_bytes_with_another_python(
    machine: Machine, first: Mapping[str, bytes], tmp_path: Path, version: str
) -> None:
    python = other_pythons().get(version)
    if python is None:
        pytest.skip(f"no other Python {version} with the dependencies is here ({VARIABLE} names interpreters)")
    assert scan(machine, tmp_path / "reports", "--cache-backend", "memory", python=python) == first
