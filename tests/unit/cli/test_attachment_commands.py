"""`download attestation` and `tree` as a user types them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.commands import attest, place_image, place_keys, run
from tests.support.registry import MemoryRegistry

VULN = "https://cosign.sigstore.dev/attestation/vuln/v1"


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as made:
        yield made


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path)
    return tmp_path


class TestDownload:
    def test_bundles_then_envelopes(self, registry: MemoryRegistry) -> None:
        image, _ = place_image(registry)
        attest(image, "--attestation-format=both")
        ran = run("download", "attestation", image)
        assert (ran.code, ran.err) == (0, "")
        assert [next(iter(json.loads(line))) for line in ran.lines] == ["mediaType", "payloadType"]

    @pytest.mark.parametrize(
        ("kind", "code"), [("vuln", 0), (VULN, 0), ("custom", 7)], ids=["a name", "a URI", "another type"]
    )
    def test_of_one_type(self, registry: MemoryRegistry, kind: str, code: int) -> None:
        image, _ = place_image(registry)
        attest(image)
        assert run("download", "attestation", "--predicate-type", kind, image).code == code

    def test_nothing_is_a_failure_with_a_reason(self, registry: MemoryRegistry) -> None:
        image, _ = place_image(registry)
        ran = run("download", "attestation", image)
        assert (ran.code, ran.first) == (7, f"error [NO_ATTESTATION]: no attestation is attached to `{image}`")

    def test_of_one_platform(self, registry: MemoryRegistry) -> None:
        image, child = place_image(registry)
        size = len(registry.repository("app").manifests[child][0])
        entry = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": child, "size": size}
        registry.put_index("app", "all", [entry | {"platform": {"os": "linux", "architecture": "arm64"}}])
        attest(image)
        index = f"{registry.host}/app:all"
        assert run("download", "attestation", index).code == 7
        assert run("download", "attestation", "--platform=linux/arm64", index).code == 0
        assert run("download", "attestation", "--platform=linux/arm64", image).code == 0
        ran = run("download", "attestation", "--platform=linux/s390x", index)
        assert (ran.code, "`--platform` can be linux/arm64" in ran.err) == (8, True)

    def test_what_cannot_be_read_is_said(self, registry: MemoryRegistry) -> None:
        image, digest = place_image(registry)
        attest(image, "--attestation-format=legacy")
        stored = registry.repository("app").tags[f"{digest.replace(':', '-')}.att"]
        layer = json.loads(registry.repository("app").manifests[stored][0])["layers"][0]["digest"]
        del registry.repository("app").blobs[layer]
        ran = run("download", "attestation", image)
        assert (ran.code, ran.first.startswith("warning: left out [UNREADABLE]")) == (7, True)


class TestTree:
    def test_tags_then_referrers_in_a_fixed_order(self, registry: MemoryRegistry) -> None:
        image, digest = place_image(registry)
        attest(image, "--attestation-format=both")
        ran = run("tree", image)
        at = f"{registry.host}/app"
        heads = [line for line in ran.lines if not line.startswith(" ")]
        assert heads[:2] == [f"📦 {at}@{digest}", f"└── 💾 attestations: {at}:{digest.replace(':', '-')}.att"]
        assert heads[2].startswith(f"└── 🔗 {VULN}: {at}@sha256:")
        assert ran.out == run("tree", "--registry-referrers-mode=oci-1-1", image).out

    def test_as_json(self, registry: MemoryRegistry) -> None:
        image, digest = place_image(registry)
        attest(image)
        document = run("tree", "-o", "json", image).json
        assert (document["digest"], [item["kind"] for item in document["attachments"]]) == (digest, [VULN])

    def test_every_platform_of_an_index(self, registry: MemoryRegistry) -> None:
        image, child = place_image(registry)
        size = len(registry.repository("app").manifests[child][0])
        entry = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": child, "size": size}
        registry.put_index("app", "all", [entry | {"platform": {"os": "linux", "architecture": "arm64"}}])
        attest(image)
        index = f"{registry.host}/app:all"
        document = run("tree", "--format=json", index).json
        (platform,) = document["platforms"]
        assert (document["attachments"], platform["platform"], platform["digest"]) == ([], "linux/arm64", child)
        assert [item["kind"] for item in platform["attachments"]] == [VULN]
        heads = [line for line in run("tree", index).lines if line.startswith("📦")]
        assert heads[1] == f"📦 {registry.host}/app@{child} (linux/arm64)"
        alone = run("tree", "--platform=linux/arm64", "-o=json", index).json
        assert (alone["digest"], alone["platforms"]) == (child, [])

    def test_nothing(self, registry: MemoryRegistry) -> None:
        image, _ = place_image(registry)
        assert run("tree", image).lines[1:] == ["nothing is attached"]

    def test_the_variable_of_cosign_is_honoured(self, registry: MemoryRegistry) -> None:
        image, _ = place_image(registry)
        elsewhere = {"COSIGN_REPOSITORY": f"{registry.host}/else"}
        attest(image, environ=elsewhere)
        assert f"{registry.host}/else@sha256:" in run("tree", image, environ=elsewhere).out
