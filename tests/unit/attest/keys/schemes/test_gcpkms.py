"""Keys in Google Cloud KMS."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.support.kms_gcp import KEY, LOCATION, RING, GoogleKms, Refusal, place_account
from tests.support.loopback import Answer, Loopback

from assaymark.attest.keys.algorithms import Scheme, verify_signature
from assaymark.attest.keys.reference import create_key, load_public_key, load_signer
from assaymark.attest.keys.scheme import KeyContext
from assaymark.errors import AuthenticationError, Error, NetworkError, OfflineError, SigningError, UsageError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.net.http import Http
from assaymark.net.network import NoNetwork

LIMITS = msgspec.structs.replace(DEFAULT_LIMITS, first_byte_seconds=2.0, retry_budget_seconds=0.2)
REFERENCE = f"gcpkms://{KEY}"


class Google:
    """The service, its address, and a context that remembers what the user was told."""

    def __init__(self, kms: GoogleKms, server: Loopback) -> None:
        self.kms = kms
        self.server = server
        self.warnings: list[str] = []

    @property
    def context(self) -> KeyContext:
        return KeyContext(environment=os.environ, network=Http(), warn=self.warnings.append, limits=LIMITS)

    @property
    def asked(self) -> list[str]:
        """What was asked, from the key on."""
        paths = [f"{each.method} {each.path.partition('?')[0]}" for each in self.server.requests]
        return [path.replace(f"/v1/{KEY}", "") for path in paths]


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Google]:
    for name in [name for name in os.environ if name.startswith(("GOOGLE_", "CLOUDSDK_"))]:
        monkeypatch.delenv(name)
    kms = GoogleKms()
    with Loopback(kms.serve) as server:
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(place_account(tmp_path)))
        monkeypatch.setenv("CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS", f"{server.url}/")
        yield Google(kms, server)


@pytest.mark.parametrize(
    ("algorithm", "scheme", "told"),
    [
        ("EC_SIGN_P256_SHA256", Scheme.ECDSA_SHA256, ""),
        ("EC_SIGN_P384_SHA384", Scheme.ECDSA_SHA384, "--signature-digest-algorithm sha384"),
        ("RSA_SIGN_PKCS1_2048_SHA256", Scheme.RSA_PKCS1_SHA256, ""),
    ],
)
def test_each_kind_of_key_signs_as_cosign_reads_it(google: Google, algorithm: str, scheme: Scheme, told: str) -> None:
    version = google.kms.add(algorithm)
    signer = load_signer(REFERENCE, google.context)
    signature = signer.sign(b"message")
    assert verify_signature(signer.public, signature=signature, message=b"message") is scheme
    assert signer.public.spki == google.kms.spki(version)
    assert [told in warning for warning in google.warnings] == ([True] if told else [])
    assert google.asked == [
        "GET ",
        "GET /cryptoKeyVersions",
        "GET /cryptoKeyVersions/1/publicKey",
        "POST /cryptoKeyVersions/1:asymmetricSign",
    ]


@pytest.mark.parametrize("form", ["versions", "cryptoKeyVersions"])
def test_a_version_is_named_and_nothing_else_is_asked(google: Google, form: str) -> None:
    old = google.kms.add()
    google.kms.add()
    assert load_public_key(f"{REFERENCE}/{form}/1", google.context).spki == google.kms.spki(old)
    assert google.asked == ["GET /cryptoKeyVersions/1/publicKey"]


def test_the_newest_enabled_version_by_its_number(google: Google) -> None:
    names = [google.kms.add() for _ in range(11)]
    google.kms.disable(names[10])
    signer = load_signer(REFERENCE, google.context)
    google.kms.add()
    assert signer.public.spki == google.kms.spki(names[9])
    assert verify_signature(signer.public, signature=signer.sign(b"m"), message=b"m")


def test_a_key_is_made_once_with_its_ring(google: Google) -> None:
    made = create_key(REFERENCE, google.context)
    assert create_key(REFERENCE, google.context) == made
    version = f"{KEY}/cryptoKeyVersions/1"
    assert (google.kms.rings, google.kms.purposes, list(google.kms.versions)) == (
        {RING},
        {KEY: "ASYMMETRIC_SIGN"},
        [version],
    )
    assert (google.kms.spki(version), google.kms.versions[version][1]) == (made.spki, "EC_SIGN_P256_SHA256")
    create_key(f"gcpkms://{RING}/cryptoKeys/second", google.context)
    assert (
        sum(
            each.method == "POST" and each.path.startswith(f"/v1/{LOCATION}/keyRings?")
            for each in google.server.requests
        )
        == 1
    )
    with pytest.raises(UsageError, match="names a version, which Google chooses"):
        create_key(f"{REFERENCE}/versions/1", google.context)


@pytest.mark.parametrize(
    ("status", "error", "reason", "told"),
    [
        ("UNAUTHENTICATED", AuthenticationError, "", "refused the credentials"),
        ("PERMISSION_DENIED", AuthenticationError, "", "refused the credentials"),
        ("NOT_FOUND", SigningError, "KEY_NOT_FOUND", "has no such key"),
        ("FAILED_PRECONDITION", SigningError, "KEY_DISABLED", "has disabled the key"),
        ("RESOURCE_EXHAUSTED", NetworkError, "", "asks for fewer requests"),
        ("UNAVAILABLE", NetworkError, "", "cannot be reached"),
        ("INTERNAL", NetworkError, "", "answered with an error"),
        ("INVALID_ARGUMENT", NetworkError, "", "answered with an error"),
    ],
)
def test_what_the_service_refuses_is_said(
    google: Google, status: str, error: type[Error], reason: str, told: str
) -> None:
    google.kms.add()
    signer = load_signer(REFERENCE, google.context)
    google.kms.refused = Refusal(status, "because\x1b[2J\nof it")
    with pytest.raises(error, match=told) as caught:
        signer.sign(b"message")
    assert (type(caught.value), caught.value.reason) == (error, reason)
    assert str(caught.value).endswith(r"because\x1b[2J")


def test_a_reply_that_is_no_json(google: Google) -> None:
    google.server.outage = Answer(403, "?")
    with pytest.raises(NetworkError, match="answered with an error"):
        load_public_key(REFERENCE, google.context)


@pytest.mark.parametrize(
    ("algorithm", "reason"),
    [
        ("RSA_SIGN_PSS_2048_SHA256", "KEY_UNSUPPORTED"),
        ("RSA_SIGN_PKCS1_4096_SHA512", "KEY_UNSUPPORTED"),
        ("EC_SIGN_ED25519", "KEY_UNSUPPORTED"),
    ],
)
def test_algorithms_that_cosign_does_not_read(google: Google, algorithm: str, reason: str) -> None:
    google.kms.add(algorithm)
    with pytest.raises(SigningError, match=f"signs with {algorithm}, which cosign does not verify") as caught:
        load_signer(REFERENCE, google.context)
    assert caught.value.reason == reason


def test_keys_that_do_not_sign(google: Google) -> None:
    google.kms.add(purpose="ENCRYPT_DECRYPT")
    with pytest.raises(SigningError, match="its purpose is ENCRYPT_DECRYPT"):
        load_signer(REFERENCE, google.context)
    google.kms.disable(google.kms.add(key=f"{RING}/cryptoKeys/off"))
    with pytest.raises(SigningError, match="no version is enabled"):
        load_signer(f"gcpkms://{RING}/cryptoKeys/off", google.context)


def test_another_accounts_key_is_refused(google: Google, tmp_path: Path) -> None:
    google.kms.add()
    account = json.loads((tmp_path / "account.json").read_text())
    other = rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "account.json").write_text(json.dumps({**account, "private_key": other.decode()}))
    with pytest.raises(AuthenticationError, match="invalid authentication credentials") as caught:
        load_public_key(REFERENCE, google.context)
    assert "gcloud auth application-default login" in caught.value.hint


def test_no_account_at_all(google: Google, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none"))
    with pytest.raises(AuthenticationError, match="was not found"):
        load_public_key(REFERENCE, google.context)


def test_endpoints(google: Google, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS", "http://kms.example")
    with pytest.raises(UsageError, match="is not an https URL"):
        load_public_key(REFERENCE, google.context)
    monkeypatch.setenv("CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS", "https://127.0.0.1:1")
    with pytest.raises(NetworkError, match="Google Cloud KMS cannot be reached"):
        load_public_key(REFERENCE, google.context)


@pytest.mark.parametrize(
    "reference", ["gcpkms://", f"gcpkms://{RING}", f"{REFERENCE}/versions/x", f"{REFERENCE}/", f"{REFERENCE}/x/1"]
)
def test_what_is_no_reference(google: Google, reference: str) -> None:
    with pytest.raises(UsageError, match="is not a key in Google Cloud KMS"):
        load_signer(reference, google.context)


def test_offline_nothing_is_asked(google: Google) -> None:
    with pytest.raises(OfflineError, match="Google Cloud KMS makes connections of its own"):
        load_public_key(REFERENCE, KeyContext(environment=os.environ, network=NoNetwork()))
    assert google.asked == []


def test_the_library_is_missing(google: Google, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "google.cloud.kms_v1", None)
    with pytest.raises(UsageError, match="need what is not installed") as caught:
        load_public_key(REFERENCE, google.context)
    assert caught.value.hint == "install it: pip install 'assaymark[kms-gcp]'"
