"""Both formats come from one signing event, for an image and for each platform of an index."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.commands import attest, place_image, place_keys, run
from tests.support.images import build_image, build_index
from tests.support.registry import MemoryRegistry
from tests.support.sigstore.accounts import GOOGLE, google
from tests.support.sigstore.fake import FakeSigstore
from tests.support.workshop import ALPINE, Workshop

from assaymark.model.descriptor import OCI_INDEX

CERTIFICATE, LOG = "/api/v2/signingCert", "/api/v1/log/entries"
SERVICES = (
    "--signing-config=signing_config.json",
    "--trusted-root=trusted_root.json",
    "-y",
    "--attestation-format=both",
)
IDENTITY = ("--certificate-identity=alice@gmail.test", f"--certificate-oidc-issuer={GOOGLE}")


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as made:
        yield made


@pytest.fixture
def fake() -> Iterator[FakeSigstore]:
    with FakeSigstore() as running:
        yield running


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake: FakeSigstore) -> Path:
    """A working directory with keys, a record, and the services' files."""
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path)
    fake.write(tmp_path)
    return tmp_path


def proven(image: str) -> list[dict[str, Any]]:
    """The format, the log entries and the claims of everything that is verified, by format."""
    ran = run(
        *("verify-attestation", "--report=json", "--type=vuln", "--trusted-root=trusted_root.json", *IDENTITY, image),
        environ={"ASSAYMARK_CACHE_DIR": "cache"},
    )
    assert ran.code == 0, ran.err
    found = [item for each in ran.json["images"] for item in each["attestations"]]
    return [{"format": item["format"], "log": item["logEntries"], "signer": item["signer"]} for item in found]


def signatures(registry: MemoryRegistry, name: str) -> list[str]:
    """Every signature that is stored in the repository, in either format."""
    found = list[str]()
    for data in registry.repository(name).blobs.values():
        document = json.loads(data) if data.startswith(b'{"') else {}
        envelope = document.get("dsseEnvelope", document)
        if "signatures" in envelope:
            found.append(envelope["signatures"][0]["sig"])
    return found


def test_one_certificate_one_signature_one_log_entry(registry: MemoryRegistry, fake: FakeSigstore) -> None:
    image, _ = place_image(registry)
    ran = attest(*SERVICES, image, key="", environ={"SIGSTORE_ID_TOKEN": fake.instance.token(google())})
    assert (ran.code, fake.paths("POST")) == (0, [CERTIFICATE, LOG]), ran.err
    bundle, legacy = proven(image)
    assert (bundle.pop("format"), legacy.pop("format")) == ("bundle", "legacy")
    assert bundle["log"][0]["index"] == legacy["log"][0]["index"]
    assert bundle["signer"]["certificate"] == legacy["signer"]["certificate"]
    stored = signatures(registry, "app")
    assert (len(stored), len(set(stored))) == (2, 1)


def test_each_platform_is_signed_once(registry: MemoryRegistry, fake: FakeSigstore, here: Path) -> None:
    index = build_index([build_image([ALPINE]), build_image([ALPINE], platform="linux/arm64")])
    for image in index.images:
        for data in image.blobs.values():
            registry.put_blob("app", data)
        registry.put_manifest("app", image.manifest)
    registry.put_manifest("app", index.data, media_type=OCI_INDEX, tag="v1")
    name = f"{registry.host}/app:v1"
    ran = Workshop(here).run(
        *("image", "--attest", "--offline=false", "--skip-db-update", "-q", *SERVICES, name),
        SIGSTORE_ID_TOKEN=fake.instance.token(google()),
    )
    assert (ran.code, fake.paths("POST")) == (0, [CERTIFICATE, LOG] * 2), ran.err
    assert [item["format"] for item in proven(name)] == ["bundle", "legacy"] * 2
    stored = signatures(registry, "app")
    assert (len(stored), len(set(stored))) == (4, 2)
