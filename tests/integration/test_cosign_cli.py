"""Our commands and cosign's side by side, as users type them, on Debian's registry.

What one program attests the other verifies, keys are exchanged, nothing is lost when both attest to one image, and ten
forgeries are refused by both: by ours with exit code 7 and a reason.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.commands import PASSWORD, Ran, attest, place_keys, run, verify
from tests.support.forgery import CREATED, RECORD, key
from tests.support.peers import NEEDS_COSIGN, NEEDS_REGISTRY, Cosign, docker_registry

from assaymark.attest.dsse import IN_TOTO, pre_authentication_encoding
from assaymark.attest.keys.private import PrivateKey
from assaymark.attest.store.bundle_store import push_bundle
from assaymark.attest.store.legacy_store import push_legacy
from assaymark.attest.strict import decode_base64, encode_base64
from assaymark.model.descriptor import OCI_CONFIG, OCI_MANIFEST, Descriptor
from assaymark.model.reference import parse_reference
from assaymark.net.http import Http
from assaymark.oci.content import ContentStore
from assaymark.oci.registry import Registry

pytestmark = [pytest.mark.integration, NEEDS_COSIGN, NEEDS_REGISTRY]

THEIR_BUNDLE = ("--signing-config", "no-services.json")
THEIR_LEGACY = ("--new-bundle-format=false", "--use-signing-config=false", "--tlog-upload=false")
FORMATS = pytest.mark.parametrize("format_", ["bundle", "legacy"])
VULN = "https://cosign.sigstore.dev/attestation/vuln/v1"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with docker_registry(tmp_path_factory.mktemp("registry")) as host:
        yield host


@pytest.fixture
def cosign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cosign:
    """cosign in the working directory, where there are two keys of ours and a record."""
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path, "ours", "theirs")
    return Cosign(tmp_path, password=PASSWORD)


class Image:
    """A small image of its own in the registry."""

    def __init__(self, registry: str, name: str) -> None:
        self.reference = f"{registry}/{name}:v1"
        self.store: ContentStore = Registry(Http()).repository(parse_reference(self.reference))
        config = self.store.push_blob(json.dumps({"author": name}).encode(), media_type=OCI_CONFIG)
        parts = {"mediaType": OCI_CONFIG, "digest": config.digest, "size": config.size}
        document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": parts, "layers": []}
        self.subject: Descriptor = self.store.push_manifest(
            msgspec.json.encode(document), media_type=OCI_MANIFEST, tag="v1"
        )

    def place(self, format_: str, data: bytes) -> None:
        """Store something beside the image as an attestation is stored."""
        if format_ == "legacy":
            push_legacy(self.store, self.subject, data, predicate_type=VULN)
        else:
            push_bundle(self.store, self.subject, data, predicate_type=VULN, created=CREATED)


def theirs(cosign: Cosign, image: Image, *, keyfile: str = "ours.pub", code: int = 0) -> list[bytes]:
    """What `cosign verify-attestation` prints."""
    flags = ("--key", keyfile, "--type", "vuln", "--insecure-ignore-tlog")
    return cosign("verify-attestation", *flags, image.reference, code=code).splitlines()


@pytest.mark.parametrize("flags", [(), ("--attestation-format=both",), THEIR_LEGACY], ids=["bundle", "both", "legacy"])
def test_what_we_attest_cosign_verifies_by_the_line_that_we_print(
    registry: str, cosign: Cosign, flags: tuple[str, ...]
) -> None:
    image = Image(registry, f"line-{len(flags)}")
    told = attest(*flags, image.reference).err
    (line,) = [line for line in told.splitlines() if line.startswith("  cosign ")]
    printed = cosign(*line.split()[1:]).splitlines()
    assert len(printed) == 1
    assert printed[0].decode() in verify(image.reference).lines


@FORMATS
def test_what_cosign_attests_we_verify_and_print_alike(registry: str, cosign: Cosign, format_: str) -> None:
    image = Image(registry, f"theirs-{format_}")
    how = THEIR_LEGACY if format_ == "legacy" else THEIR_BUNDLE
    cosign("attest", "-y", "--key", "ours.key", "--type", "vuln", "--predicate", "vuln.json", *how, image.reference)
    ran = verify(image.reference)
    assert (ran.code, ran.lines) == (0, [line.decode() for line in theirs(cosign, image)])
    document = verify("--report=json", image.reference).json
    assert [item["format"] for item in document["images"][0]["attestations"]] == [format_]


def test_keys_are_exchanged(registry: str, cosign: Cosign, tmp_path: Path) -> None:
    image = Image(registry, "keys")
    cosign("generate-key-pair", "--output-key-prefix", "made")
    assert attest(image.reference, key="made.key").code == 0
    assert len(theirs(cosign, image, keyfile="made.pub")) == 1
    assert run("generate-key-pair", "--output-key-prefix", "mine").code == 0
    assert cosign("public-key", "--key", "mine.key") == (tmp_path / "mine.pub").read_bytes()
    assert run("public-key", "--key", "made.key").out == (tmp_path / "made.pub").read_text()


def test_nothing_is_lost_when_both_attest(registry: str, cosign: Cosign) -> None:
    image = Image(registry, "both")
    flags = ("--key", "ours.key", "--type", "vuln", "--predicate", "vuln.json")
    for _ in range(2):
        assert attest("--attestation-format=both", image.reference).code == 0
        cosign("attest", "-y", *flags, *THEIR_BUNDLE, image.reference)
        cosign("attest", "-y", *flags, *THEIR_LEGACY, image.reference)
    lines = verify(image.reference).lines
    assert (len(lines), len(theirs(cosign, image))) == (8, 4)
    assert len(verify("--new-bundle-format=false", image.reference).lines) == 4
    downloaded = [json.loads(line) for line in run("download", "attestation", image.reference).lines]
    printed = cosign("download", "attestation", image.reference).splitlines()
    assert sorted(map(json.dumps, downloaded)) == sorted(json.dumps(json.loads(line)) for line in printed)


def test_replacing_leaves_one_as_cosign_does(registry: str, cosign: Cosign) -> None:
    image = Image(registry, "replace")
    flags = ("--key", "ours.key", "--type", "vuln", "--predicate", "vuln.json", *THEIR_LEGACY)
    cosign("attest", "-y", *flags, image.reference)
    assert attest(*THEIR_LEGACY, "--replace", image.reference).code == 0
    assert len(theirs(cosign, image)) == 1
    cosign("attest", "-y", "--replace", *flags, image.reference)
    assert len(verify(image.reference).lines) == 1


def test_another_repository_is_found_by_both(registry: str, cosign: Cosign) -> None:
    image = Image(registry, "subject")
    elsewhere = {"COSIGN_REPOSITORY": f"{registry}/elsewhere"}
    assert attest("--attestation-format=both", image.reference, environ=elsewhere).code == 0
    flags = ("--key", "ours.pub", "--type", "vuln", "--insecure-ignore-tlog")
    assert len(cosign("verify-attestation", *flags, image.reference, environ=elsewhere).splitlines()) == 1
    assert verify(image.reference).code == 7


def test_dockers_media_types_are_read_by_cosign(registry: str, cosign: Cosign) -> None:
    image = Image(registry, "docker-types")
    assert attest(*THEIR_LEGACY, image.reference, environ={"COSIGN_DOCKER_MEDIA_TYPES": "1"}).code == 0
    assert len(theirs(cosign, image)) == 1


def test_a_folder_of_cosign_takes_our_attestation(registry: str, cosign: Cosign) -> None:
    image = Image(registry, "saved")
    assert attest(image.reference).code == 0
    cosign("save", "--dir", "saved", image.reference)
    assert attest("--local-image", "saved").code == 0
    assert len(verify("--local-image", "saved").lines) == 2
    flags = ("--key", "ours.pub", "--type", "vuln", "--insecure-ignore-tlog", "--local-image")
    assert len(cosign("verify-attestation", *flags, "saved").splitlines()) == 2


def test_a_read_only_registry(registry: str, cosign: Cosign, tmp_path_factory: pytest.TempPathFactory) -> None:
    del registry
    folder = tmp_path_factory.mktemp("read-only")
    with docker_registry(folder) as host:
        name = Image(host, "app").reference.partition("/")[2]
    with docker_registry(folder, read_only=True) as host:
        ran = attest("-q", f"{host}/{name}")
    assert (ran.code, "takes no pushes" in ran.first, "COSIGN_REPOSITORY" in ran.err) == (5, True, True)


# ten forgeries


def signed(image: Image, *, signer: PrivateKey | None = None, **changes: Any) -> bytes:
    """A statement with changes, as a legacy envelope whose signature is good."""
    digest = image.subject.digest.removeprefix("sha256:")
    statement = {
        "_type": "https://in-toto.io/Statement/v0.1",
        "subject": [{"name": "r/app", "digest": {"sha256": digest}}],
        "predicateType": VULN,
        "predicate": msgspec.json.decode(RECORD),
    }
    return envelope(msgspec.json.encode(statement | changes), signer=signer)


def envelope(payload: bytes, *, signer: PrivateKey | None = None) -> bytes:
    signature = (signer or key()).sign(pre_authentication_encoding(IN_TOTO, payload))
    return msgspec.json.encode(
        {
            "payload": encode_base64(payload),
            "payloadType": IN_TOTO,
            "signatures": [{"sig": encode_base64(signature)}],
        }
    )


def bundle(sealed: bytes, *, signer: PrivateKey | None = None) -> bytes:
    return msgspec.json.encode(
        {
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {"publicKey": {"hint": (signer or key()).public.hint}},
            "dsseEnvelope": msgspec.Raw(sealed),
        }
    )


def changed(sealed: bytes, **members: Any) -> bytes:
    return msgspec.json.encode(msgspec.json.decode(sealed) | members)


def tampered(image: Image) -> bytes:
    good = signed(image)
    payload = decode_base64(msgspec.json.decode(good)["payload"]).replace(b"assaymark@1", b"assaymark@2")
    return changed(good, payload=encode_base64(payload))


def two_signatures(image: Image) -> bytes:
    good = signed(image)
    first = msgspec.json.decode(good)["signatures"][0]
    return changed(good, signatures=[first, {"sig": encode_base64(key("theirs").sign(b"x"))}])


def duplicate_keys(image: Image) -> bytes:
    payload = decode_base64(msgspec.json.decode(signed(image))["payload"])
    return envelope(payload.replace(b'{"_type"', b'{"predicateType":"urn:x","_type"', 1))


def zeros(image: Image) -> bytes:
    return signed(image, subject=[{"name": image.reference, "digest": {"sha256": "0" * 64}}])


Forge = Callable[[Image], bytes]
ENVELOPES: dict[str, tuple[Forge, str, str]] = {
    "another key": (lambda image: signed(image, signer=key("theirs")), "BAD_SIGNATURE", "BAD_SIGNATURE"),
    "a tampered payload": (tampered, "BAD_SIGNATURE", "BAD_SIGNATURE"),
    "another payload type": (
        lambda image: changed(signed(image), payloadType="text/plain"),
        "PAYLOAD_TYPE",
        "PAYLOAD_TYPE",
    ),
    "two signatures": (two_signatures, "SIGNATURE_COUNT", "SIGNATURE_COUNT"),
    "truncated": (lambda image: signed(image)[:-30], "MALFORMED_BUNDLE", "MALFORMED_ENVELOPE"),
    "a wrong subject": (zeros, "SUBJECT_MISMATCH", "SUBJECT_MISMATCH"),
    "duplicate JSON keys": (duplicate_keys, "DUPLICATE_KEYS", "DUPLICATE_KEYS"),
    "another predicate type": (lambda image: signed(image, predicateType="urn:x"), "WRONG_TYPE", "WRONG_TYPE"),
}
COSIGN_ACCEPTS = {("legacy", "two signatures")}
"""What cosign's older reader lets pass; ours does not."""


def refused(image: Image, reason: str) -> Ran:
    """Our verification, which must fail for `reason`."""
    ran = verify(image.reference)
    assert (ran.code, ran.out, ran.first.startswith(f"error [{reason}]: `{image.reference}`")) == (7, "", True), ran.err
    assert verify("--report=json", image.reference).json["reason"] == reason
    return ran


@FORMATS
@pytest.mark.parametrize("name", ENVELOPES)
def test_forgeries_are_refused_by_both(registry: str, cosign: Cosign, name: str, format_: str) -> None:
    forge, in_bundle, in_legacy = ENVELOPES[name]
    image = Image(registry, f"forged-{format_}-{name.replace(' ', '-').lower()}")
    forged = forge(image)
    if format_ == "bundle":
        forged = bundle(signed(image))[:-30] if name == "truncated" else bundle(forged)
    image.place(format_, forged)
    refused(image, in_legacy if format_ == "legacy" else in_bundle)
    theirs(cosign, image, code=0 if (format_, name) in COSIGN_ACCEPTS else 1)


def test_an_attestation_of_another_image_is_refused_by_both(registry: str, cosign: Cosign) -> None:
    image, other = Image(registry, "here"), Image(registry, "there")
    assert attest(other.reference).code == 0
    copied = run("download", "attestation", other.reference).out.encode()
    image.place("bundle", copied)
    refused(image, "SUBJECT_MISMATCH")
    theirs(cosign, image, code=1)


def test_a_swapped_envelope_is_refused_by_both(registry: str, cosign: Cosign) -> None:
    image = Image(registry, "swapped")
    image.place("bundle", bundle(signed(image, signer=key("theirs")), signer=key()))
    refused(image, "BAD_SIGNATURE")
    theirs(cosign, image, code=1)


def test_the_wrong_key_is_named(registry: str, cosign: Cosign) -> None:
    image = Image(registry, "wrong-key")
    assert attest(image.reference, key="theirs.key").code == 0
    ran = refused(image, "WRONG_KEY")
    assert key("theirs").public.hint in ran.first
    theirs(cosign, image, code=1)
