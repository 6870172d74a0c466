"""`doctor` as a user types it: what is told of registries, attestations and verifiers, and what is left untouched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.commands import Ran, attest, place_image, place_keys, run
from tests.support.registry import Behaviour, MemoryRegistry
from tests.support.scans import APK_TOOLS, a_scan, rendered
from tests.support.sigstore.accounts import GOOGLE, google
from tests.support.sigstore.attached import Attested
from tests.support.sigstore.cosign import statement_about
from tests.support.sigstore.fake import FakeSigstore
from tests.support.sigstore.signing import sign_envelope

from assaymark.attest.store.attestation import fallback_tag
from assaymark.model.descriptor import OCI_MANIFEST
from assaymark.model.digest import Digest

EMAIL = "alice@gmail.test"
SIGNED = "https://sigstore.dev/cosign/sign/v1"
VULN = "https://cosign.sigstore.dev/attestation/vuln/v1"


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as made:
        yield made


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeSigstore]:
    with FakeSigstore() as running:
        yield running


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with keys and a record of a scan."""
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path, "ours", "other")
    (tmp_path / "vuln.json").write_bytes(rendered(a_scan(APK_TOOLS), "cosign-vuln"))
    return tmp_path


def told(*arguments: str) -> Any:
    ran = run("doctor", "--format", "json", *arguments)
    assert ran.code == 0, ran.err
    return ran.json


def lines(ran: Ran) -> list[str]:
    assert ran.code == 0, ran.err
    return [line.strip() for line in ran.lines]


def test_an_image_without_anything(registry: MemoryRegistry) -> None:
    image, digest = place_image(registry)
    pinned = f"{registry.host}/app@{digest}"
    assert run("doctor", image) == Ran(
        0,
        f"image       {pinned}\n"
        f"registry    {registry.host}/app\n"
        "            referrers API: yes\n"
        "            fallback tag: none\n"
        "            cosign's tags: none\n"
        "            writes: not tried; `--probe-writes` does\n"
        "attached    no attestation\n",
        "",
    )


def test_a_registry_without_the_referrers_api() -> None:
    with MemoryRegistry(Behaviour(referrers=False)) as registry:
        image, digest = place_image(registry)
        attest("--attestation-format=both", image)
        storage = told(image)["storage"]
        assert storage == {
            "repository": f"{registry.host}/app",
            "referrersApi": False,
            "fallbackTag": fallback_tag(Digest(digest)),
            "fallbackEntries": 1,
            "unlisted": [],
            "tags": [".att"],
            "problem": "",
        }
        said = lines(run("doctor", image))
        assert "referrers API: no, an index at a tag stands in for it" in said
        assert f"fallback tag: `{fallback_tag(Digest(digest))}` lists 1 manifest" in said


def test_nothing_is_written_without_a_word(registry: MemoryRegistry) -> None:
    image, _ = place_image(registry)
    attest("--compact", image)
    before = len(registry.requests)
    run("doctor", image)
    assert {request.method for request in registry.requests[before:]} <= {"GET", "HEAD"}


def test_a_probe_says_before_what_it_does_and_leaves_nothing(registry: MemoryRegistry) -> None:
    image, digest = place_image(registry)
    ran = run("doctor", "--probe-writes", image)
    assert ran.err.startswith(f"three small manifests are pushed to `{registry.host}/app` under the tag `assaymark-pro")
    assert {"pushes: yes", "tags are immutable: no", "lists new referrers: yes", "deletes: yes"} <= set(lines(ran))
    content = registry.repository("app")
    assert (set(content.manifests), set(content.tags)) == ({digest}, {"v1"})


def test_a_probe_names_what_it_could_not_remove() -> None:
    with MemoryRegistry(Behaviour(deletes=False)) as registry:
        image, digest = place_image(registry)
        probe = told("--probe-writes", image)["probe"]
        assert (probe["deletes"], set(probe["left"])) == (False, set(registry.repository("app").manifests) - {digest})
        ran = run("doctor", "--probe-writes", image)
        assert "deletes: no" in lines(ran)
        assert "left behind, because it cannot be deleted: sha256:" in ran.out
        assert "refused to delete: " in ran.out


def test_a_key_that_nobody_named(registry: MemoryRegistry) -> None:
    image, _ = place_image(registry)
    attest("--compact", image)
    (found,) = told(image)["attestations"]
    assert (found["format"], found["predicateType"], found["scanned"]) == ("bundle", VULN, "2026-08-15T10:00:00.5Z")
    assert found["verification"] == {"verified": None, "signer": "", "reason": ""}
    assert (found["signer"]["kind"], found["createdBy"]) == ("key", "manifest")
    assert found["fullReport"].startswith("sha256:")
    verdicts = {each["verifier"]: each["verdict"] for each in found["verifiers"]}
    assert verdicts == {
        "cosign 3": "found with",
        "cosign 2": "found with",
        "sigstore-python": "not found",
        "policy-controller": "not found",
        "Kyverno": "found with",
    }
    said = lines(run("doctor", image))
    assert "cosign 3            found with --insecure-ignore-tlog (tested with 3.1.2)" in said
    assert "policy-controller   not found (documented, not tested)" in said
    assert "scan                2026-08-15T10:00:00.5Z" in "\n".join(said)


def test_with_a_key_it_is_verified(registry: MemoryRegistry) -> None:
    image, _ = place_image(registry)
    attest(image)
    attest("--type=custom", image)
    ours = told("--key", "ours.pub", image)["attestations"]
    assert [each["verification"] for each in ours] == [{"verified": True, "signer": "ours.pub", "reason": ""}] * 2
    (*_, other) = told("--key", "other.pub", image)["attestations"]
    assert other["verification"] == {"verified": False, "signer": "", "reason": "WRONG_KEY"}
    assert "signer              ours.pub (verified)" in lines(run("doctor", "--key", "ours.pub", image))
    assert "(refused [WRONG_KEY])" in run("doctor", "--key", "other.pub", image).out


def test_an_identity(registry: MemoryRegistry, fake: FakeSigstore, here: Path) -> None:
    fake.write(here)
    image = Attested(registry)
    image.attach(image.sign(fake.instance, account=google(EMAIL)))
    image.attach_legacy(image.sign(fake.instance, account=google(EMAIL)))
    root = ("--trusted-root", "trusted_root.json")
    bundle, layer = told(*root, image.text)["attestations"]
    assert (bundle["signer"]["identity"], bundle["createdBy"], bundle["logEntries"][0]["log"]) == (
        EMAIL,
        "log",
        fake.url,
    )
    assert [each["verdict"] for each in bundle["verifiers"][:3]] == ["found", "found with", "found with"]
    assert layer["verifiers"][0]["needs"] == ["--new-bundle-format=false"]
    assert f"signer              {EMAIL}, for whom {GOOGLE} vouched (not verified)" in lines(run("doctor", image.text))
    named = ("--certificate-identity", EMAIL, "--certificate-oidc-issuer", GOOGLE)
    verified = told(*root, *named, image.text)["attestations"]
    assert [each["verification"]["verified"] for each in verified] == [True, True]


def test_what_only_the_fallback_tag_lists_is_hidden(registry: MemoryRegistry) -> None:
    registry.behaviour.referrers = False
    image, digest = place_image(registry)
    attest(image)
    (stored,) = set(registry.repository("app").manifests) - {
        digest,
        registry.tag_digest("app", fallback_tag(Digest(digest))),
    }
    registry.behaviour.referrers = True
    registry.repository("app").manifests.pop(stored)
    assert told(image)["storage"]["unlisted"] == [stored]
    assert "hidden: 1 manifest at the fallback tag, where nobody looks with this API" in lines(run("doctor", image))


def test_an_index_of_referrers_that_is_none() -> None:
    with MemoryRegistry(Behaviour(referrers=False)) as registry:
        image, digest = place_image(registry)
        registry.put_manifest(
            "app",
            registry.repository("app").manifests[place_image(registry, tag="v2")[1]][0],
            tag=fallback_tag(Digest(digest)),
        )
        found = told(image)
        assert "not an index" in found["storage"]["problem"]
        assert found["troubles"][0]["reason"] == "UNREADABLE"


def test_an_index_of_platforms(registry: MemoryRegistry) -> None:
    _, digest = place_image(registry)
    child = {
        "mediaType": OCI_MANIFEST,
        "digest": digest,
        "size": len(registry.repository("app").manifests[digest][0]),
        "platform": {"os": "linux", "architecture": "amd64"},
    }
    registry.put_index("app", "all", [child])
    index = f"{registry.host}/app:all"
    assert "it is an index: `--platform` looks at the manifest of one platform" in lines(run("doctor", index))
    attest(f"{registry.host}/app@{digest}")
    assert told("--platform", "linux/amd64", index)["digest"] == digest
    assert len(told("--platform", "linux/amd64", index)["attestations"]) == 1


def test_names_that_would_move_the_cursor(registry: MemoryRegistry) -> None:
    image, _ = place_image(registry)
    attest("--type=urn:one", image)
    content = registry.repository("app")
    for digest, (data, media_type) in list(content.manifests.items()):
        if b"urn:one" in data:
            document = json.loads(data) | {"artifactType": "x\x1b[2J", "annotations": {}, "layers": []}
            registry.put_manifest("app", json.dumps(document).encode(), media_type=media_type)
            del content.manifests[digest]
    assert "besides     x\\x1b[2J, sha256:" in run("doctor", image).out


def test_what_cannot_be_read_is_told_with_its_reason(registry: MemoryRegistry) -> None:
    image, _ = place_image(registry)
    attest(image)
    content = registry.repository("app")
    for digest in [digest for digest, data in content.blobs.items() if b"dsseEnvelope" in data]:
        content.blobs[digest] = b"x" * len(content.blobs[digest])
    (trouble,) = told(image)["troubles"]
    assert trouble["reason"] == "UNREADABLE"
    assert "unreadable  [UNREADABLE] " in run("doctor", image).out


@pytest.mark.parametrize("name", ["127.0.0.1:9/app:1", "unknown"], ids=["nobody answers", "no such image"])
def test_without_an_answer_the_code_is_five(registry: MemoryRegistry, name: str) -> None:
    image = f"{registry.host}/app:none" if name == "unknown" else name
    assert run("doctor", image).code == 5


def test_a_folder(tmp_path: Path, registry: MemoryRegistry) -> None:
    image, digest = place_image(registry)
    attest(image)
    assert run("save", "--dir", str(tmp_path / "layout"), image).code == 0
    found = told("--local-image", str(tmp_path / "layout"))
    assert (found["digest"], len(found["attestations"]), found["storage"]["referrersApi"]) == (digest, 1, True)


def test_a_signature_of_the_image_is_no_attestation(registry: MemoryRegistry, fake: FakeSigstore, here: Path) -> None:
    image = Attested(registry)
    statement = json.loads(statement_about(image.digest)) | {"predicateType": SIGNED, "predicate": {}}
    image.attach(sign_envelope(fake.instance, json.dumps(statement).encode(), account=google(EMAIL)))
    image.attach_legacy(image.sign(fake.instance, account=google(EMAIL)))
    signature, layer = told(image.text)["attestations"]
    assert (signature["verifiers"], layer["verifiers"][0]["needs"]) == ([], ["--new-bundle-format=false"])
    assert "1. bundle, a signature of the image, not an attestation" in run("doctor", image.text).lines


def test_bundles_that_are_too_old_hide_nothing(registry: MemoryRegistry, fake: FakeSigstore) -> None:
    image = Attested(registry)
    image.attach(image.sign(fake.instance, account=google(EMAIL), version=2))
    image.attach_legacy(image.sign(fake.instance, account=google(EMAIL)))
    old, layer = told(image.text)["attestations"]
    assert [each["verifiers"][0]["verdict"] for each in (old, layer)] == ["not found", "found"]
