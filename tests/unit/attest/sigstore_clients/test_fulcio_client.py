"""Certificates: both proofs, what is taken of the answer, and refusals in plain words."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.support.registry import Fault
from tests.support.sigstore.accounts import github_actions, google
from tests.support.sigstore.fake import FakeSigstore
from tests.support.sigstore.switches import Switch

from assaymark.attest.keys.private import PrivateKey, generate_key
from assaymark.attest.keys.public import Algorithm
from assaymark.attest.sigstore.fulcio import Certificate, request_certificate, request_with_csr
from assaymark.attest.sigstore.oidc.token import IdentityToken
from assaymark.errors import NetworkError, SigningError
from assaymark.net.http import Http

PATH = "/api/v2/signingCert"


@pytest.fixture(scope="module")
def key() -> PrivateKey:
    return generate_key()


def names(certificate: Certificate) -> list[str]:
    leaf = x509.load_der_x509_certificate(certificate.leaf)
    found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return [str(name.value) for name in found]


def request(fake: FakeSigstore, http: Http, key: PrivateKey, token: IdentityToken) -> Certificate:
    return request_certificate(http, fake.url, token=token, signer=key)


def test_a_certificate_for_a_proof_of_possession(
    fake: FakeSigstore, http: Http, key: PrivateKey, token_of: Callable[..., IdentityToken]
) -> None:
    issued = request(fake, http, key, token_of())
    leaf = x509.load_der_x509_certificate(issued.leaf)
    assert names(issued) == ["alice@gmail.test"]
    assert leaf.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) == key.public.spki
    assert [x509.load_der_x509_certificate(part).subject for part in issued.chain] == [
        part.subject for part in fake.instance.authority.chain
    ]
    assert issued.expires == leaf.not_valid_after_utc.timestamp()


def test_the_token_goes_into_the_header_and_nowhere_else(
    fake: FakeSigstore, http: Http, key: PrivateKey, token_of: Callable[..., IdentityToken]
) -> None:
    token = token_of()
    request(fake, http, key, token)
    sent = fake.requests[-1]
    assert (sent.method, sent.path) == ("POST", PATH)
    assert sent.headers["authorization"] == f"Bearer {token.secret.reveal()}"
    document = json.loads(sent.body)["publicKeyRequest"]
    assert document["publicKey"] == {"algorithm": "ECDSA", "content": key.public.pem.decode()}


@pytest.mark.parametrize("algorithm", [Algorithm.ECDSA_P256, Algorithm.ECDSA_P384, Algorithm.RSA, Algorithm.ED25519])
def test_a_certificate_for_a_signing_request(
    fake: FakeSigstore, http: Http, token_of: Callable[..., IdentityToken], algorithm: Algorithm
) -> None:
    key = generate_key(algorithm)
    issued = request_with_csr(http, fake.url, token=token_of(github_actions()), key=key)
    assert names(issued) == ["https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main"]


def test_a_base_may_end_with_a_slash(
    fake: FakeSigstore, http: Http, key: PrivateKey, token_of: Callable[..., IdentityToken]
) -> None:
    assert names(request_certificate(http, f"{fake.url}/", token=token_of(), signer=key)) == ["alice@gmail.test"]


def test_a_server_that_stumbles_is_asked_again(
    fake: FakeSigstore, http: Http, key: PrivateKey, token_of: Callable[..., IdentityToken]
) -> None:
    fake.fail(503, path=PATH)
    assert names(request(fake, http, key, token_of())) == ["alice@gmail.test"]
    assert len(fake.paths("POST")) == 2


def test_a_server_that_is_down_is_said_to_be(
    fake: FakeSigstore, http: Http, key: PrivateKey, token_of: Callable[..., IdentityToken]
) -> None:
    fake.fail(503, times=-1, path=PATH)
    with pytest.raises(NetworkError, match=r"the certificate authority at .* answered with status 503"):
        request(fake, http, key, token_of())


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        pytest.param("token is expired", "fresh token", id="expired"),
        pytest.param('expected audience "sigstore" got ["x"]', "audience is `sigstore`", id="audience"),
        pytest.param("invalid aud claim", "audience", id="the claim by its name"),
        pytest.param("unsupported issuer: https://x", "--fulcio-url", id="issuer"),
        pytest.param(
            "The signature supplied in the request could not be verified as proof", "another provider", id="proof"
        ),
        pytest.param("There was an error processing the identity token", "the test", id="anything"),
    ],
)
def test_a_refusal_says_what_to_change(
    fake: FakeSigstore, http: Http, key: PrivateKey, token_of: Callable[..., IdentityToken], words: str, hint: str
) -> None:
    fake.fault(Fault(path=PATH, status=400, body=json.dumps({"code": 3, "message": words}).encode()))
    token = token_of()
    with pytest.raises(SigningError) as caught:
        request(fake, http, key, token)
    assert caught.value.reason == "CERTIFICATE_REFUSED"
    assert words in str(caught.value)
    assert hint in caught.value.hint
    assert token.secret.reveal() not in str(caught.value) + caught.value.hint


def test_a_refusal_without_words_is_one(
    fake: FakeSigstore, http: Http, key: PrivateKey, token_of: Callable[..., IdentityToken]
) -> None:
    fake.fault(Fault(path=PATH, status=403, body=b""))
    with pytest.raises(SigningError, match=r"refuses the identity of alice@gmail\.test"):
        request(fake, http, key, token_of())


def test_a_certificate_for_another_key_is_refused(
    fake: FakeSigstore, http: Http, key: PrivateKey, token_of: Callable[..., IdentityToken]
) -> None:
    with fake.broken(Switch.OTHER_KEY), pytest.raises(NetworkError, match="the certificate is for another key"):
        request(fake, http, key, token_of())


def chain(*certificates: Any) -> bytes:
    return json.dumps({"signedCertificateEmbeddedSct": {"chain": {"certificates": list(certificates)}}}).encode()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<html>", id="a page"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"{}", id="no chain"),
        pytest.param(chain(), id="an empty chain"),
        pytest.param(chain(7), id="a certificate that is a number"),
        pytest.param(chain("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"), id="a key"),
        pytest.param(chain("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"), id="no DER"),
        pytest.param(chain(*["x"] * 17), id="too many"),
    ],
)
def test_other_answers_are_refused(
    fake: FakeSigstore, http: Http, key: PrivateKey, token_of: Callable[..., IdentityToken], body: bytes
) -> None:
    fake.fault(Fault(path=PATH, status=200, body=body))
    with pytest.raises(NetworkError, match="the certificate authority"):
        request(fake, http, key, token_of())


def test_a_detached_sct_is_an_answer_too(
    fake: FakeSigstore, http: Http, key: PrivateKey, token_of: Callable[..., IdentityToken]
) -> None:
    holder = fake.instance.authenticate(token_of(google()).secret.reveal())
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    public: Any = load_der_public_key(key.public.spki)
    issued = fake.instance.certify(public, holder)
    listed = [part.public_bytes(Encoding.PEM).decode() for part in issued]
    answer = {"signedCertificateDetachedSct": {"chain": {"certificates": listed}, "signedCertificateTimestamp": ""}}
    fake.fault(Fault(path=PATH, status=200, body=json.dumps(answer).encode()))
    leaf = request(fake, http, key, token_of()).leaf
    assert base64.b64encode(leaf) == base64.b64encode(issued[0].public_bytes(Encoding.DER))
