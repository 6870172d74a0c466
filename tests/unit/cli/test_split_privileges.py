"""Scanning loads nothing that signs and opens no key; signing loads no scanner and fetches no layer.

Each run is a process of its own that writes down which modules it loaded and which files it opened (audit events).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from tests.support.bombs import honest_layer, raw_image
from tests.support.process import ALPINE, Ended, Machine
from tests.support.registry import MemoryRegistry
from tests.support.sigstore.accounts import google
from tests.support.sigstore.fake import FakeSigstore

RECORDED: Final = """
import atexit, sys
path = sys.argv.pop(1)
opened = set()
def hook(name, args):
    if name == "open" and isinstance(args[0], str):
        opened.add(args[0])
sys.addaudithook(hook)
atexit.register(lambda: open(path, "w").write("\\n".join([*sys.modules, *(f"file:{name}" for name in opened)])))
"""
COMMAND: Final = RECORDED + "\nsys.argv[0] = 'assaymark'\nfrom assaymark.cli.main import entry\nentry()\n"
SCANNER: Final = frozenset(
    {"scan", "pipeline", "artifact", "layers", "inventory", "advisories", "matching", "versions", "report"}
)
KEYS: Final = frozenset({"cryptography", "nacl", "_cffi_backend", "tuf", "securesystemslib", "rfc3161_client"})


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as made:
        image = raw_image([honest_layer(ALPINE)])
        for data in image.blobs.values():
            made.put_blob("a/b", data)
        made.put_manifest("a/b", image.manifest, tag="1")
        yield made


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """With a key pair, and with what a person has at home."""
    made = Machine(tmp_path)
    made.place_database()
    assert made.run("generate-key-pair", environ={"COSIGN_PASSWORD": "x"}).code == 0
    return made


def traces(machine: Machine, ended: Ended) -> tuple[set[str], set[str]]:
    """The modules of a run that went well, and the files that it opened."""
    assert ended.code == 0, ended.err
    lines = (machine.root / "traces").read_text().splitlines()
    files = {line.removeprefix("file:") for line in lines if line.startswith("file:")}
    return set(lines) - {f"file:{name}" for name in files}, files


def run(machine: Machine, *arguments: str, program: str = COMMAND, **environ: str) -> tuple[set[str], set[str]]:
    trace = str(machine.root / "traces")
    return traces(machine, machine.run(trace, *arguments, program=(sys.executable, "-c", program), environ=environ))


def ours(modules: set[str]) -> set[str]:
    """The first level below `assaymark`."""
    return {name.split(".")[1] for name in modules if name.startswith("assaymark.")}


def scan(machine: Machine, registry: MemoryRegistry) -> tuple[set[str], set[str]]:
    record = ("--format", "cosign-vuln", "--output", "vuln.json")
    return run(machine, "image", "--image-src=remote", f"{registry.host}/a/b:1", *record, *machine.flags)


def test_scanning_loads_nothing_that_signs(machine: Machine, registry: MemoryRegistry) -> None:
    modules, files = scan(machine, registry)
    assert "attest" not in ours(modules)
    assert modules & KEYS == set()
    assert json.loads((machine.work / "vuln.json").read_bytes())["scanner"]
    assert [name for name in files if name.endswith((".key", ".pub", ".pem"))] == []


def test_signing_loads_no_scanner_and_fetches_no_layer(machine: Machine, registry: MemoryRegistry) -> None:
    scan(machine, registry)
    before = len(registry.paths("GET"))
    modules, files = run(
        machine,
        *("attest", "--key", "cosign.key", "--type", "vuln", "--predicate", "vuln.json", f"{registry.host}/a/b:1"),
        COSIGN_PASSWORD="x",
    )
    assert ours(modules) & SCANNER - {"report"} == set()
    assert not any(str(machine.cache) in name for name in files)
    content = registry.repository("a/b")
    manifest = json.loads(content.manifests[content.tags["1"]][0])
    layers = {layer["digest"] for layer in manifest["layers"]}
    assert layers
    assert [path for path in registry.paths("GET")[before:] if any(digest in path for digest in layers)] == []


def test_signing_with_an_identity_loads_no_scanner(machine: Machine, registry: MemoryRegistry) -> None:
    scan(machine, registry)
    with FakeSigstore() as fake:
        files = fake.write(machine.root, timestamps=True)
        services = ("--signing-config", str(files.signing_config), "--trusted-root", str(files.trusted_root))
        modules, _ = run(
            machine,
            *("attest", "--yes", "--type", "vuln", "--predicate", "vuln.json", *services, f"{registry.host}/a/b:1"),
            SIGSTORE_ID_TOKEN=fake.instance.token(google()),
        )
    assert ours(modules) & SCANNER - {"report"} == set()


PROGRAM: Final = """
import assaymark
image = sys.argv[1]
"""
SCANS: Final = (
    RECORDED + PROGRAM + "assaymark.scan(image, database='cached').write('vuln.json', format='cosign-vuln')\n"
)
SIGNS: Final = RECORDED + PROGRAM + "assaymark.attest(image, open('vuln.json', 'rb').read(), key='cosign.key')\n"
PROVES: Final = RECORDED + PROGRAM + "assaymark.verify(image, key='cosign.pub').attestations[0].predicate\n"


def test_the_same_by_programs(machine: Machine, registry: MemoryRegistry) -> None:
    image, cache = f"{registry.host}/a/b:1", str(machine.cache)
    scanning, files = run(machine, image, program=SCANS, ASSAYMARK_CACHE_DIR=cache)
    signing, _ = run(machine, image, program=SIGNS, COSIGN_PASSWORD="x")
    proving, _ = run(machine, image, program=PROVES)
    assert ours(scanning) & {"attest", "cli"} == set()
    assert scanning & KEYS == set()
    assert [name for name in files if name.endswith((".key", ".pub", ".pem"))] == []
    for modules in (signing, proving):
        assert ours(modules) & (SCANNER | {"cli"}) == set()
