"""Platforms of an index before real cosign: what either program attests the other verifies, by every digest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.commands import PASSWORD, place_keys, verify
from tests.support.images import BuiltIndex, build_image, build_index
from tests.support.peers import NEEDS_COSIGN, NEEDS_REGISTRY, Cosign, docker_registry
from tests.support.workshop import ALPINE, Ran, Workshop

from assaymark.attest.strict import decode_base64
from assaymark.model.reference import parse_reference
from assaymark.net.http import Http
from assaymark.oci.registry import Registry

pytestmark = [pytest.mark.integration, NEEDS_COSIGN, NEEDS_REGISTRY]

NAMES = ("linux/amd64", "linux/arm64", "linux/s390x")
THEIRS = ("--key", "ours.pub", "--type", "vuln", "--insecure-ignore-tlog")
FORMATS = pytest.mark.parametrize("format_", ["bundle", "legacy"])


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with docker_registry(tmp_path_factory.mktemp("registry")) as host:
        yield host


@pytest.fixture
def cosign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cosign:
    """cosign in the working directory, where there are a key of ours and a record."""
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path)
    return Cosign(tmp_path, password=PASSWORD)


class Shop:
    """An index of three platforms on a real registry, of which arm64 alone has findings."""

    def __init__(self, registry: str, name: str, folder: Path) -> None:
        self.workshop = Workshop(folder)
        fixed = {"lib/apk/db/installed": "P:musl\nV:1.1.22-r9\nA:x86_64\no:musl\n\n"}
        layers = {name: [ALPINE] if name == "linux/arm64" else [ALPINE, fixed] for name in NAMES}
        self.index: BuiltIndex = build_index([build_image(layers[name], platform=name) for name in NAMES])
        self.name = f"{registry}/{name}:v1"
        self.digest = self.index.push(Registry(Http()).repository(parse_reference(self.name)), tag="v1").digest
        self.pinned = [f"{registry}/{name}@{image.descriptor.digest}" for image in self.index.images]

    def attest(self, *flags: str) -> Ran:
        ran = self.workshop.run(
            *("image", "--attest", "--offline=false", "--skip-db-update", "-q", "--key=ours.key", *flags, self.name),
            COSIGN_PASSWORD=PASSWORD,
        )
        assert ran.code == 0, ran.err
        return ran


def predicate(line: bytes) -> Any:
    return json.loads(decode_base64(json.loads(line)["payload"]))["predicate"]


@FORMATS
def test_cosign_verifies_every_platform_and_the_index(
    registry: str, cosign: Cosign, tmp_path: Path, format_: str
) -> None:
    shop = Shop(registry, f"ours-{format_}", tmp_path)
    flags = ("--attestation-format", format_)
    shop.attest(*flags)
    found = []
    for pinned in shop.pinned:
        (line,) = cosign("verify-attestation", *THEIRS, pinned).splitlines()
        results = predicate(line)["scanner"]["result"]["Results"]
        found.append(sum(len(result.get("Vulnerabilities", [])) for result in results))
    assert found == [0, 3, 0]
    cosign("verify-attestation", *THEIRS, shop.name, code=1)
    shop.attest("--index", *flags)
    (line,) = cosign("verify-attestation", *THEIRS, shop.name).splitlines()
    results = predicate(line)["scanner"]["result"]["Results"]
    assert [len(result.get("Vulnerabilities", [])) for result in results] == found
    platforms = predicate(line)["invocation"]["parameters"]["platforms"]
    assert [each["platform"] for each in platforms] == list(NAMES)


@FORMATS
def test_what_cosign_attests_to_the_index_stands_as_with_cosign(
    registry: str, cosign: Cosign, tmp_path: Path, format_: str
) -> None:
    shop = Shop(registry, f"theirs-{format_}", tmp_path)
    how = {
        "bundle": ("--signing-config", "no-services.json"),
        "legacy": ("--new-bundle-format=false", "--use-signing-config=false", "--tlog-upload=false"),
    }[format_]
    signing = ("attest", "-y", "--key", "ours.key", "--type", "vuln", "--predicate", "vuln.json", *how)
    cosign(*signing, shop.name)
    assert [line.encode() for line in verify(shop.name).lines] == cosign(
        "verify-attestation", *THEIRS, shop.name
    ).splitlines()
    ran = verify("--platform=all", shop.name)
    assert (ran.code, ran.err.count("error [PLATFORM_NOT_ATTESTED]")) == (7, 3)
    for pinned in shop.pinned[:2]:
        cosign(*signing, pinned)
    assert len(verify("--platform=linux/amd64,linux/arm64", shop.name).lines) == 2
    assert verify("--platform=all", shop.name).first.startswith(
        f"error [PLATFORM_NOT_ATTESTED]: `{shop.name} (linux/s390x)`"
    )
