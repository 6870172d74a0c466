"""Indexes that want to be expensive, to hide a platform, or to write on the terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.commands import PASSWORD, attest, place_keys, verify
from tests.support.images import build_image
from tests.support.registry import MemoryRegistry
from tests.support.workshop import ALPINE, Ran, Workshop

from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.descriptor import OCI_INDEX, OCI_MANIFEST

AMD = {"os": "linux", "architecture": "amd64"}
CONTROLS = "\x1b]0;owned\x07\x1b[2J\n::error::done"


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as made:
        yield made


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path)
    return Workshop(tmp_path)


def entry(registry: MemoryRegistry, **more: Any) -> dict[str, Any]:
    """An image with findings, as an index lists it."""
    image = build_image([ALPINE])
    for data in image.blobs.values():
        registry.put_blob("app", data)
    placed = registry.put_manifest("app", image.manifest)
    return {"mediaType": OCI_MANIFEST, "digest": placed.digest, "size": placed.size, "platform": AMD, **more}


def nested(registry: MemoryRegistry, *entries: dict[str, Any]) -> dict[str, Any]:
    placed = registry.put_index("app", "", entries)
    return {"mediaType": OCI_INDEX, "digest": placed.digest, "size": placed.size}


def scan(shop: Workshop, registry: MemoryRegistry, *flags: str) -> Ran:
    reaching = ("--offline=false", "--skip-db-update", "--key=ours.key")
    return shop.run("image", "--attest", *reaching, *flags, f"{registry.host}/app:v1", COSIGN_PASSWORD=PASSWORD)


def test_indexes_of_empty_indexes(shop: Workshop, registry: MemoryRegistry) -> None:
    """A thousand entries a level would be a million requests for nothing."""
    inner = nested(registry)
    for _ in range(2):
        inner = nested(registry, *[inner] * 999)
    registry.put_index("app", "v1", [inner])
    name = f"{registry.host}/app:v1"
    for ran in (scan(shop, registry), verify(name), verify("--platform=all", name)):
        assert (ran.code, f"lists more than {DEFAULT_LIMITS.index_entries} manifests" in ran.err) == (8, True)
    assert len(registry.requests) < 5 * DEFAULT_LIMITS.index_entries


@pytest.mark.parametrize("flags", [(), ("--report=json",)], ids=["envelopes", "JSON"])
@pytest.mark.parametrize("system", ["", "unknown"], ids=["of nothing", "of a builder's attestation"])
def test_an_index_without_platforms_proves_nothing(
    shop: Workshop,
    registry: MemoryRegistry,
    system: str,
    flags: tuple[str, ...],
) -> None:
    """Every platform of none is verified."""
    listed = [entry(registry, platform={"os": system, "architecture": system})] if system else []
    registry.put_index("app", "v1", listed)
    ran = verify("--platform=all", *flags, f"{registry.host}/app:v1")
    assert (ran.code, '"verified": true' in ran.out) == (7, False)
    assert ran.first.startswith("error [PLATFORM_NOT_OFFERED]")


def test_indexes_in_indexes_without_end(shop: Workshop, registry: MemoryRegistry) -> None:
    inner = entry(registry)
    for _ in range(DEFAULT_LIMITS.index_depth + 1):
        inner = nested(registry, inner)
    registry.put_index("app", "v1", [inner])
    ran = scan(shop, registry)
    assert (ran.code, "nests indexes deeper than" in ran.err, ran.out) == (8, True, "")


@pytest.mark.parametrize(
    "more",
    [
        {"annotations": {"vnd.docker.reference.type": "attestation-manifest"}},
        {"artifactType": "application/vnd.in-toto+json"},
        {"platform": None},
        {"platform": {"os": "linux", "architecture": "unknown"}},
        {"platform": {"os": "Unknown", "architecture": "unknown"}},
    ],
    ids=["an annotation", "an artifact type", "no platform", "no architecture", "letters of another case"],
)
def test_a_manifest_that_can_be_run_does_not_hide(shop: Workshop, registry: MemoryRegistry, more: Any) -> None:
    hidden = entry(registry, **more)
    config = json.dumps(AMD).encode()
    shown = registry.put_image("app", config=config)
    shown_entry = {"mediaType": OCI_MANIFEST, "digest": shown.digest, "size": shown.size, "platform": AMD}
    registry.put_index("app", "v1", [shown_entry, hidden])
    assert attest(f"{registry.host}/app@{shown.digest}").code == 0
    ran = verify(f"{registry.host}/app:v1")
    assert (ran.code, ran.out, ran.first.startswith("error [PLATFORM_NOT_ATTESTED]")) == (7, "", True)


def test_names_of_platforms_do_not_write_on_the_terminal(shop: Workshop, registry: MemoryRegistry) -> None:
    registry.put_index("app", "v1", [entry(registry, platform={"os": CONTROLS, "architecture": CONTROLS})] * 2)
    scanned = scan(shop, registry)
    name = f"{registry.host}/app:v1"
    flags = ((), ("--platform=linux/s390x",), ("--require-platforms=linux/amd64",))
    verified = [verify(*each, name) for each in flags]
    assert [scanned.code, *(ran.code for ran in verified)] == [0, 0, 7, 7]
    for text in (scanned.out, scanned.err, *(text for ran in verified for text in (ran.out, ran.err))):
        assert "\x1b" not in text
        assert "\x07" not in text
        assert not [line for line in text.splitlines() if line.startswith("::error::")]


def test_a_thousand_names_of_one_manifest_are_one_scan(shop: Workshop, registry: MemoryRegistry) -> None:
    listed = [entry(registry, platform={"os": "linux", "architecture": f"a{number}"}) for number in range(999)]
    registry.put_index("app", "v1", listed)
    ran = scan(shop, registry, "-q", "--format=json")
    assert (ran.code, ran.err.count("attached as bundle")) == (0, 1)
    assert max(map(len, ran.err.splitlines())) < 2_000
