"""`diff` on what real cosign attested, verified with its key, on Debian's registry and in a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.support.commands import PASSWORD, place_keys, run
from tests.support.peers import NEEDS_COSIGN, NEEDS_REGISTRY, Cosign, docker_registry
from tests.support.scans import SSL, SSL_AGAIN, a_scan, rendered

from assaymark.model.descriptor import OCI_CONFIG, OCI_MANIFEST
from assaymark.model.reference import parse_reference
from assaymark.net.http import Http
from assaymark.oci.registry import Registry
from assaymark.report.format import Rendering

pytestmark = [pytest.mark.integration, NEEDS_COSIGN, NEEDS_REGISTRY]

HOW = {
    "bundle": ("--signing-config", "no-services.json"),
    "legacy": ("--new-bundle-format=false", "--use-signing-config=false", "--tlog-upload=false"),
}


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with docker_registry(tmp_path_factory.mktemp("registry")) as host:
        yield host


@pytest.fixture
def cosign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cosign:
    """cosign in the working directory, where there are two keys, and a report of one finding."""
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path, "ours", "theirs")
    (tmp_path / "report.json").write_bytes(rendered(a_scan(SSL), "json"))
    # as the reference writes it: no provenance, one time twice
    (tmp_path / "vuln.json").write_bytes(rendered(a_scan(SSL, SSL_AGAIN), "cosign-vuln", Rendering(blank_record=True)))
    return Cosign(tmp_path, password=PASSWORD)


def place_image(registry: str, name: str) -> str:
    reference = f"{registry}/{name}:v1"
    store = Registry(Http()).repository(parse_reference(reference))
    config = store.push_blob(json.dumps({"author": name}).encode(), media_type=OCI_CONFIG)
    parts = {"mediaType": OCI_CONFIG, "digest": config.digest, "size": config.size}
    document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": parts, "layers": []}
    store.push_manifest(msgspec.json.encode(document), media_type=OCI_MANIFEST, tag="v1")
    return reference


@pytest.mark.parametrize("format_", HOW)
def test_what_cosign_attested_is_verified_and_compared(registry: str, cosign: Cosign, format_: str) -> None:
    image = place_image(registry, f"diff-{format_}")
    flags = ("--key", "ours.key", "--type", "vuln", "--predicate", "vuln.json")
    cosign("attest", "-y", *flags, *HOW[format_], image)
    ran = run("diff", "--key", "ours.pub", "--exit-code", "4", "report.json", image)
    assert ran.code == 4
    assert "\nNew 1  Fixed 0  Unchanged 1\n" in ran.out
    assert run("diff", "--key", "theirs.pub", "report.json", image).code == 7
    Path("lines.jsonl").write_bytes(cosign("download", "attestation", image))
    assert "New 1  Fixed 0  Unchanged 1" in run("diff", "--key", "ours.pub", "report.json", "lines.jsonl").out
