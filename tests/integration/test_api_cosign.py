"""What a program attests is what real cosign verifies, and the other way round, on Debian's registry."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.commands import PASSWORD, place_keys
from tests.support.images import build_image
from tests.support.peers import NEEDS_COSIGN, NEEDS_REGISTRY, Cosign, docker_registry
from tests.support.workshop import ALPINE, FINDINGS, Workshop

import assaymark
from assaymark.model.reference import parse_reference
from assaymark.net.http import Http
from assaymark.oci.registry import Registry

pytestmark = [pytest.mark.integration, NEEDS_COSIGN, NEEDS_REGISTRY]

VERIFY = {"bundle": (), "legacy": ("--new-bundle-format=false",)}


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with docker_registry(tmp_path_factory.mktemp("registry")) as host:
        yield host


@pytest.fixture
def cosign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cosign:
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path)
    return Cosign(tmp_path, password=PASSWORD)


@pytest.fixture
def settings(tmp_path: Path) -> assaymark.Settings:
    return assaymark.Settings(
        cache_dir=Workshop(tmp_path).cache, environ={"HOME": str(tmp_path), "COSIGN_PASSWORD": PASSWORD}
    )


def place(registry: str, name: str) -> str:
    reference = f"{registry}/{name}:v1"
    build_image([ALPINE]).push(Registry(Http()).repository(parse_reference(reference)), tag="v1")
    return reference


@pytest.mark.parametrize("format_", VERIFY)
def test_cosign_verifies_what_a_program_attested(
    registry: str, cosign: Cosign, settings: assaymark.Settings, format_: Any
) -> None:
    image = place(registry, f"api-{format_}")
    report = assaymark.scan(image, settings=settings)
    done = assaymark.attest(image, report, key="ours.key", format=format_, settings=settings)
    flags = ("--key", "ours.pub", "--type", "vuln", "--insecure-ignore-tlog", *VERIFY[format_])
    printed = cosign("verify-attestation", *flags, done.image)
    statement = json.loads(base64.b64decode(json.loads(printed.splitlines()[0])["payload"]))
    assert (
        statement["predicate"]["scanner"]["result"] == json.loads(report.to_bytes("cosign-vuln"))["scanner"]["result"]
    )


@pytest.mark.parametrize("format_", VERIFY)
def test_a_program_verifies_what_cosign_attested(
    registry: str, cosign: Cosign, settings: assaymark.Settings, format_: str
) -> None:
    image = place(registry, f"cosign-{format_}")
    report = assaymark.scan(image, settings=settings)
    report.write("vuln.json", format="cosign-vuln")
    Path("no-services.json").write_text('{"mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json"}')
    how = {
        "bundle": ("--signing-config", "no-services.json"),
        "legacy": ("--new-bundle-format=false", "--use-signing-config=false", "--tlog-upload=false"),
    }
    cosign("attest", "-y", "--key", "ours.key", "--type", "vuln", "--predicate", "vuln.json", *how[format_], image)
    (found,) = assaymark.verify(image, key="ours.pub", settings=settings).attestations
    assert found.format == format_
    assert [each.vulnerability_id for each in found.report.findings] == FINDINGS
