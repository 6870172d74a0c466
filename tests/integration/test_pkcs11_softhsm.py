"""Keys in tokens of SoftHSM: they sign, cosign verifies, and every failure says what is the matter."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from tests.support.commands import PASSWORD, place_keys, run
from tests.support.images import build_image
from tests.support.peers import NEEDS_COSIGN, NEEDS_REGISTRY, Cosign, docker_registry
from tests.support.softhsm import ED25519, MODULE, NEEDS_SOFTHSM, P384, PIN, Card, make_token, softhsm

from assaymark.attest.keys.algorithms import verify_signature
from assaymark.attest.keys.reference import load_public_key, load_signer
from assaymark.attest.keys.scheme import KeyContext
from assaymark.errors import Error, LocalError, SigningError, UsageError
from assaymark.model.reference import parse_reference
from assaymark.net.http import Http
from assaymark.oci.registry import Registry

pytestmark = [pytest.mark.integration, NEEDS_SOFTHSM]
AT = f"?module-path={MODULE}"
SIGNING = {
    "p256": "object=p256",
    "p384": "id=%02",
    "rsa": "object=rsa;id=%03",
    "wants the PIN each time": "object=always",
}


def certificate() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "other")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.fixture(scope="module", autouse=True)
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with softhsm(tmp_path_factory.mktemp("softhsm")):
        slots = [make_token(label) for label in ("first card", "twin cards", "twin cards")]
        card = Card(slots[0])
        card.ec("p256", b"\1")
        card.ec("p384", b"\2", curve=P384)
        card.rsa("rsa", b"\3")
        card.ec("always", b"\4", CKA_ALWAYS_AUTHENTICATE=True)
        card.ec("twin", b"\5")
        card.ec("twin", b"\6")
        card.ec("mute", b"\7", CKA_SIGN=False)
        card.ec("bare", b"\x08", public=False)
        card.rsa("bare rsa", b"\x09", public=False)
        card.ec("certified", b"\x0a", public=False)
        card.certificate("certified", b"\x0a", certificate())
        card.ec("renewed", b"\x0d", public=False)
        for _ in range(2):
            card.certificate("disputed", b"\x0e", certificate())
        renewed = certificate()
        for _ in range(2):
            card.certificate("renewed", b"\x0d", renewed)
        card.ec("edwards", b"\x0b", curve=ED25519)
        card.rsa("weak", b"\x0c", bits=1024)
        card.close()
        yield


@pytest.fixture(autouse=True)
def logged_out() -> Iterator[None]:
    yield
    gc.collect()  # a session that a failed test's traceback holds would leave the token open to the next


def context(pin: str = PIN, **environment: str) -> KeyContext:
    return KeyContext(environment={"COSIGN_PKCS11_PIN": pin, **environment} if pin else environment)


def reference(key: str, *, token: str = "first%20card") -> str:
    return f"pkcs11:token={token};{key}{AT}"


@pytest.mark.parametrize("key", SIGNING.values(), ids=SIGNING.keys())
def test_a_key_signs_and_is_verified_without_the_pin(key: str) -> None:
    signer = load_signer(reference(key), context())
    for message in (b"", b"a message", b"x" * 100_000):
        assert verify_signature(signer.public, signature=signer.sign(message), message=message) is not None
    assert load_public_key(reference(key), context(pin="")) == signer.public


def test_an_rsa_key_is_its_own_public_half() -> None:
    signer = load_signer(reference("object=bare%20rsa"), context())
    assert verify_signature(signer.public, signature=signer.sign(b"m"), message=b"m") is not None
    assert load_public_key(reference("object=bare%20rsa"), context()) == signer.public


def test_the_pin_is_asked_for_once_and_concealed(tmp_path: Path) -> None:
    asked: list[str] = []

    def ask(prompt: str, _otherwise: str) -> str:
        asked.append(prompt)
        return PIN

    load_signer(reference("object=p256"), KeyContext(environment={}, ask=ask)).sign(b"m")
    assert asked == ["Enter PIN for PKCS#11 token 'first card': "]
    (tmp_path / "pin").write_text(f"{PIN}\n")
    concealed: list[str] = []
    there = KeyContext(environment={}, conceal=concealed.append)
    load_signer(reference("object=p256") + f"&pin-source={tmp_path / 'pin'}", there).sign(b"m")
    assert concealed == [PIN]


FAILURES: dict[str, tuple[str, KeyContext, type[Error], str, str]] = {
    "no such token": (reference("object=p256", token="none"), context(), UsageError, "", "there is no token `none`"),
    "two such tokens": (reference("object=x", token="twin%20cards"), context(), UsageError, "", "2 tokens match"),
    "no such key": (reference("object=none"), context(), SigningError, "KEY_NOT_FOUND", "no private key `none`"),
    "two such keys": (reference("object=twin"), context(), UsageError, "", "2 private keys"),
    "nobody to ask": (reference("object=p256"), context(pin=""), UsageError, "", "nobody to ask"),
    "may not sign": (reference("object=mute"), context(), SigningError, "KEY_USAGE", "may not sign"),
    "no public half": (reference("object=bare"), context(), SigningError, "KEY_PUBLIC_MISSING", "public half"),
    "Ed25519": (reference("object=edwards"), context(), SigningError, "KEY_UNSUPPORTED", "neither EC nor RSA"),
    "a weak key": (reference("object=weak"), context(), SigningError, "KEY_UNSUPPORTED", "2048 to 4096 bits"),
    "no such file": (f"pkcs11:token=x;object=y?module-path={MODULE}x", context(), LocalError, "", "is not there"),
    "no such PIN file": (reference("object=p256") + "&pin-source=/none", context(), LocalError, "", "PIN file `/none`"),
}


@pytest.mark.parametrize(("key", "there", "kind", "reason", "text"), FAILURES.values(), ids=FAILURES.keys())
def test_what_is_wrong_is_said(key: str, there: KeyContext, kind: type[Error], reason: str, text: str) -> None:
    with pytest.raises(Error, match=text) as caught:
        load_signer(key, there)
    assert (type(caught.value), caught.value.reason, PIN in str(caught.value)) == (kind, reason, False)


def test_a_certificate_of_another_key_is_found_out() -> None:
    signer = load_signer(reference("object=certified"), context())
    with pytest.raises(SigningError, match="does not verify") as caught:
        signer.sign(b"m")
    assert caught.value.reason == "TOKEN_KEY_MISMATCH"
    with pytest.raises(SigningError, match="public half"):
        load_signer(reference("object=certified"), context(COSIGN_PKCS11_IGNORE_CERTIFICATE="1"))


def test_certificates_that_disagree_verify_nothing() -> None:
    with pytest.raises(UsageError, match="2 keys in certificates on the token `first card` match `disputed`"):
        load_public_key(reference("object=disputed"), context())
    assert load_public_key(reference("object=renewed"), context())


def test_a_wrong_pin_is_said_and_not_shown() -> None:
    with pytest.raises(SigningError, match="PIN of the token `first card` is wrong") as caught:
        load_signer(reference("object=p256") + "&pin-value=111111", context())
    assert (caught.value.reason, "111111" in str(caught.value)) == ("KEY_PIN", False)


def test_a_file_that_is_no_library(tmp_path: Path) -> None:
    (tmp_path / "x.so").write_bytes(b"text")
    with pytest.raises(LocalError, match=r"not a PKCS#11 library"):
        load_signer(f"pkcs11:token=x;object=y?module-path={tmp_path / 'x.so'}", context())


def test_hidden_objects_are_found_with_the_pin() -> None:
    with pytest.raises(SigningError, match="no public key `bare`"):
        load_public_key(reference("object=bare"), context(pin=""))


def test_the_tools_list_what_there_is() -> None:
    listed = run("pkcs11-tool", "list-tokens", "--module-path", MODULE)
    assert (listed.code, listed.out.count("  Label: twin cards\n"), "Label: first card" in listed.out) == (0, 2, True)
    slot = listed.out.split("\n  Label: first card")[0].rpartition(" ")[2]
    keys = run("pkcs11-tool", "list-keys-uris", "--slot-id", slot, environ=environment())
    uris = [line.strip().removeprefix("URI: ") for line in keys.lines if "URI: " in line]
    assert (keys.code, len(uris), PIN in keys.out) == (0, 13, False)
    assert f"pkcs11:token=first%20card;slot-id={slot};id=%01;object=p256{AT}" in uris
    assert run("pkcs11-tool", "list-keys-uris", "--slot-id", "x").code == 2


def environment() -> dict[str, str]:
    return {"COSIGN_PKCS11_MODULE_PATH": MODULE, "COSIGN_PKCS11_PIN": PIN}


@NEEDS_COSIGN
@NEEDS_REGISTRY
@pytest.mark.parametrize("key", ["object=p256", "object=rsa", "object=p384"])
def test_cosign_verifies_what_a_token_signed(key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path)
    cosign = Cosign(tmp_path, password=PASSWORD)
    uri = f"pkcs11:token=first%20card;{key}"
    assert run("public-key", "--key", uri, "--outfile", "token.pub", environ=environment()).code == 0
    with docker_registry(tmp_path) as host:
        image = f"{host}/token:v1"
        build_image([{"file": b""}]).push(Registry(Http()).repository(parse_reference(image)), tag="v1")
        ran = run("attest", "--key", uri, "--type", "vuln", "--predicate", "vuln.json", image, environ=environment())
        assert (ran.code, PIN in ran.err) == (0, False), ran.err
        flags = ("--type", "vuln", "--insecure-ignore-tlog", image)
        assert cosign("verify-attestation", "--key", "token.pub", *flags)
        verified = run(
            "verify-attestation", "--key", uri, "--type", "vuln", image, environ={"COSIGN_PKCS11_MODULE_PATH": MODULE}
        )
        assert verified.code == 0, verified.err
        open_pin = ("--key", f"{uri}?module-path={MODULE}&pin-value={PIN}", "--type", "vuln", "--report", "json")
        told = run("verify-attestation", *open_pin, image)
        assert (told.code, PIN in told.out + told.err, "pin-value=***" in told.out) == (0, False, True), told.err
