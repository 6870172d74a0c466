"""Providers by their discovery document, and ID tokens by the provider's keys."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from tests.support.registry import Fault
from tests.support.sigstore.fake import FakeSigstore
from tests.support.sigstore.switches import Switch
from tests.support.sigstore.tokens import encode, signing_key

from assaymark.attest.sigstore.oidc.issuer import Issuer, discover_issuer
from assaymark.attest.sigstore.oidc.jwks import Wanted, verify_token
from assaymark.attest.sigstore.oidc.pkce import Ties, url_safe
from assaymark.errors import NetworkError, SigningError
from assaymark.net.http import Http
from assaymark.net.secret import Secret

DISCOVERY, KEYS = "/auth/.well-known/openid-configuration", "/auth/keys"
NOW = time.time()
HASHES: dict[str, type[hashes.HashAlgorithm]] = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}
WANTED = Wanted(client="sigstore", nonce="n", access_token="access")


def test_a_provider_is_discovered(fake: FakeSigstore, http: Http) -> None:
    found = discover_issuer(http, f"{fake.url}/auth/")
    base = f"{fake.url}/auth"
    assert found == Issuer(
        name=base,
        authorization=f"{base}/auth",
        token=f"{base}/token",
        device=f"{base}/device/code",
        keys=f"{base}/keys",
        pkce=True,
    )


def document(fake: FakeSigstore, **changes: Any) -> dict[str, Any]:
    base = f"{fake.url}/auth"
    whole = {
        "issuer": base,
        "authorization_endpoint": f"{base}/a",
        "token_endpoint": f"{base}/t",
        "jwks_uri": f"{base}/k",
    }
    return {**whole, **changes}


def test_a_provider_that_says_little(fake: FakeSigstore, http: Http) -> None:
    fake.fault(Fault(path=DISCOVERY, status=200, body=json.dumps(document(fake)).encode()))
    found = discover_issuer(http, f"{fake.url}/auth")
    assert (found.device, found.pkce) == ("", False)


@pytest.mark.parametrize("host", ["login.microsoftonline.com", "login.microsoftonline.us"])
def test_entra_has_pkce_and_does_not_say_so(fake: FakeSigstore, http: Http, host: str) -> None:
    changed = document(fake, authorization_endpoint=f"https://{host}/tenant/oauth2/v2.0/authorize")
    fake.fault(Fault(path=DISCOVERY, status=200, body=json.dumps(changed).encode()))
    discover_issuer(http, f"{fake.url}/auth").require_pkce()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param(
            {"issuer": "https://other.test"}, "speaks for the issuer `https://other.test`", id="another issuer"
        ),
        pytest.param({"issuer": None}, "speaks for the issuer", id="no issuer"),
        pytest.param({"token_endpoint": None}, "token_endpoint", id="no endpoint"),
        pytest.param({"token_endpoint": "ftp://x.test"}, "not an http or https URL", id="an endpoint that is no URL"),
        pytest.param({"token_endpoint": "http://x.test/t"}, "plain http", id="an endpoint that anybody can read"),
        pytest.param(
            {"device_authorization_endpoint": 7}, "device_authorization_endpoint", id="an endpoint that is a number"
        ),
    ],
)
def test_other_documents_are_refused(fake: FakeSigstore, http: Http, changes: dict[str, Any], words: str) -> None:
    fake.fault(Fault(path=DISCOVERY, status=200, body=json.dumps(document(fake, **changes)).encode()))
    with pytest.raises(NetworkError, match=words):
        discover_issuer(http, f"{fake.url}/auth")


def test_a_provider_that_speaks_for_another(fake: FakeSigstore, http: Http) -> None:
    with pytest.raises(NetworkError, match=r"issuer\.mallory\.test"):
        discover_issuer(http, f"{fake.at(Switch.OTHER_DISCOVERY_ISSUER)}/auth")


def test_what_is_no_provider(fake: FakeSigstore, http: Http) -> None:
    with pytest.raises(NetworkError, match="status 404") as caught:
        discover_issuer(http, fake.url)
    assert "--oidc-issuer" in caught.value.hint


class Key:
    """A key of a provider: how it signs, and how it is published."""

    def __init__(self, algorithm: str) -> None:
        self.algorithm = algorithm
        curves: dict[str, type[ec.EllipticCurve]] = {"256": ec.SECP256R1, "384": ec.SECP384R1, "512": ec.SECP521R1}
        self.private: Any = signing_key("ours")
        if algorithm.startswith("ES"):
            self.private = ec.generate_private_key(curves[algorithm[2:]]())
        elif algorithm == "EdDSA":
            self.private = ed25519.Ed25519PrivateKey.generate()

    def sign(self, message: bytes) -> bytes:
        if self.algorithm == "EdDSA":
            return bytes(self.private.sign(message))
        hashed = HASHES[self.algorithm[2:]]()
        if self.algorithm.startswith("ES"):
            half = (self.private.key_size + 7) // 8
            numbers = decode_dss_signature(self.private.sign(message, ec.ECDSA(hashed)))
            return b"".join(number.to_bytes(half) for number in numbers)
        scheme = (
            padding.PSS(padding.MGF1(hashed), padding.PSS.DIGEST_LENGTH)
            if self.algorithm.startswith("PS")
            else padding.PKCS1v15()
        )
        return bytes(self.private.sign(message, scheme, hashed))

    def published(self, **changes: Any) -> dict[str, Any]:
        public = self.private.public_key()
        if self.algorithm == "EdDSA":
            members: dict[str, Any] = {"kty": "OKP", "crv": "Ed25519", "x": encode(public.public_bytes_raw())}
        elif self.algorithm.startswith("ES"):
            half, numbers = (public.key_size + 7) // 8, public.public_numbers()
            names = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
            point = {name: encode(getattr(numbers, name).to_bytes(half)) for name in ("x", "y")}
            members = {"kty": "EC", "crv": names[self.algorithm], **point}
        else:
            numbers = public.public_numbers()
            members = {"kty": "RSA", "n": encode(numbers.n.to_bytes(256)), "e": "AQAB"}
        return {"kid": "1", "use": "sig", **members, **changes}

    def token(self, fake: FakeSigstore, header: dict[str, Any] | None = None, **changes: Any) -> Secret:
        size = "512" if self.algorithm == "EdDSA" else self.algorithm[2:]
        digest = hashlib.new(f"sha{size}", b"access").digest()
        claims = {
            "iss": f"{fake.url}/auth",
            "sub": "alice",
            "aud": "sigstore",
            "exp": NOW + 60,
            "nonce": "n",
            "at_hash": encode(digest[: len(digest) // 2]),
            **changes,
        }
        parts = [
            {"alg": self.algorithm, "kid": "1"} if header is None else header,
            {k: v for k, v in claims.items() if v is not None},
        ]
        signed = ".".join(encode(json.dumps(part).encode()) for part in parts)
        return Secret(f"{signed}.{encode(self.sign(signed.encode()))}")


def verify(fake: FakeSigstore, http: Http, token: Secret, keys: Any, wanted: Wanted = WANTED) -> str:
    fake.fault(Fault(path=KEYS, status=200, body=json.dumps(keys).encode()))
    issuer = discover_issuer(http, f"{fake.url}/auth")
    return verify_token(http, issuer, token, wanted, now=NOW).claims.subject


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512", "PS256", "PS512", "ES256", "ES384", "ES512", "EdDSA"])
def test_every_algorithm_verifies(fake: FakeSigstore, http: Http, algorithm: str) -> None:
    key = Key(algorithm)
    assert verify(fake, http, key.token(fake), {"keys": [key.published()]}) == "alice"


def test_the_right_key_is_found(fake: FakeSigstore, http: Http) -> None:
    key, others = (
        Key("RS256"),
        [Key("ES256").published(), {"kty": "RSA", "n": "!", "e": "AQAB"}, "nonsense", Key("EdDSA").published(kid="2")],
    )
    assert (
        verify(fake, http, key.token(fake, {"alg": "RS256"}), {"keys": [*others, key.published(use=None)]}) == "alice"
    )


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"kid": "2"}, id="another name"),
        pytest.param({"use": "enc"}, id="a key for encryption"),
        pytest.param({"kty": "oct"}, id="a shared secret"),
        pytest.param({"n": encode(bytes(256))}, id="another number"),
        pytest.param({"n": encode(b"\xff" * 128)}, id="a weak key"),
        pytest.param({"e": encode(b"\xff" * 8)}, id="an absurd exponent"),
        pytest.param({"n": None}, id="no number"),
    ],
)
def test_a_key_that_does_not_fit(fake: FakeSigstore, http: Http, changes: dict[str, Any]) -> None:
    key = Key("RS256")
    with pytest.raises(SigningError, match="not signed by a key of the provider"):
        verify(fake, http, key.token(fake), {"keys": [key.published(**changes)]})


def test_the_algorithm_must_fit_the_kind_of_key(fake: FakeSigstore, http: Http) -> None:
    """A token that claims ES384 for a key on P-256, or PKCS#1 for a PSS signature."""
    for key, claimed in (
        (Key("ES256"), "ES384"),
        (Key("PS256"), "RS256"),
        (Key("RS256"), "RS512"),
        (Key("EdDSA"), "ES256"),
    ):
        token = key.token(fake, {"alg": claimed, "kid": "1"})
        with pytest.raises(SigningError, match="not signed"):
            verify(fake, http, token, {"keys": [key.published()]})


def test_a_signature_of_another_length(fake: FakeSigstore, http: Http) -> None:
    key = Key("ES256")
    signed, _, signature = key.token(fake).reveal().rpartition(".")
    longer = encode(base64.urlsafe_b64decode(signature + "==") + b"\0")
    with pytest.raises(SigningError, match="not signed"):
        verify(fake, http, Secret(f"{signed}.{longer}"), {"keys": [key.published()]})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"iss": "https://other.test"}, "names the issuer", id="another issuer"),
        pytest.param({"aud": "other"}, "not meant for", id="another client"),
        pytest.param({"aud": ["sigstore", "other"], "azp": "other"}, "another program", id="given to another client"),
        pytest.param({"exp": NOW - 120}, "expired", id="an end that is past"),
        pytest.param({"exp": None}, "expired", id="no end"),
        pytest.param({"nonce": "other"}, "nonce", id="another nonce"),
        pytest.param({"nonce": None}, "nonce", id="no nonce"),
        pytest.param({"at_hash": "other"}, "at_hash", id="another access token"),
    ],
)
def test_what_the_token_says_must_fit(fake: FakeSigstore, http: Http, changes: dict[str, Any], words: str) -> None:
    key = Key("RS256")
    with pytest.raises(SigningError, match=words) as caught:
        verify(fake, http, key.token(fake, **changes), {"keys": [key.published()]})
    assert caught.value.reason == "TOKEN_NOT_VERIFIED"


def test_what_need_not_be_there(fake: FakeSigstore, http: Http) -> None:
    key = Key("RS256")
    token = key.token(fake, nonce=None, at_hash=None, aud=["sigstore", "other"])
    assert verify(fake, http, token, {"keys": [key.published()]}, Wanted(client="sigstore")) == "alice"


@pytest.mark.parametrize("keys", [{}, {"keys": "x"}, {"keys": [{}] * 101}], ids=["none", "text", "too many"])
def test_keys_that_are_none(fake: FakeSigstore, http: Http, keys: Any) -> None:
    with pytest.raises(NetworkError, match="list of up to 100 keys"):
        verify(fake, http, Key("RS256").token(fake), keys)


def test_keys_that_cannot_be_got(fake: FakeSigstore, http: Http) -> None:
    issuer = discover_issuer(http, f"{fake.url}/auth")
    moved = msgspec.structs.replace(issuer, keys=f"{fake.url}/nowhere")
    with pytest.raises(NetworkError, match="status 404"):
        verify_token(http, moved, Key("RS256").token(fake), WANTED, now=NOW)


def test_the_challenge_of_the_specification() -> None:
    """RFC 7636, appendix B."""
    ties = Ties(verifier="dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", state="", nonce="")
    assert ties.challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert url_safe(b"\xff\xfe\xfd\xfc") == "__79_A"
