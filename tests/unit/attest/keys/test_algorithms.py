"""Every kind of key signs and verifies as cosign's does."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from nacl.bindings import (
    crypto_sign_ed25519ph_final_create,
    crypto_sign_ed25519ph_state,
    crypto_sign_ed25519ph_update,
    crypto_sign_seed_keypair,
)
from tests.support.forgery import key

from assaymark.attest.keys.algorithms import (
    Scheme,
    check_point,
    encode_ecdsa,
    is_signature,
    verify_digests,
    verify_signature,
)
from assaymark.attest.keys.private import PrivateKey
from assaymark.attest.keys.public import Algorithm, PublicKey

MESSAGE = b"DSSEv1 0  0 "
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@pytest.mark.parametrize(
    ("algorithm", "scheme"),
    [
        (Algorithm.ECDSA_P256, Scheme.ECDSA_SHA256),
        (Algorithm.ECDSA_P384, Scheme.ECDSA_SHA256),
        (Algorithm.ECDSA_P521, Scheme.ECDSA_SHA256),
        (Algorithm.RSA, Scheme.RSA_PKCS1_SHA256),
        (Algorithm.ED25519, Scheme.ED25519),
    ],
)
def test_we_sign_what_cosign_verifies(algorithm: Algorithm, scheme: Scheme) -> None:
    signer = key("ours", algorithm)
    signature = signer.sign(MESSAGE)
    assert scheme is verify_signature(signer.public, signature=signature, message=MESSAGE)
    assert verify_signature(signer.public, signature=signature, message=MESSAGE + b"!") is None
    assert verify_signature(key("theirs", algorithm).public, signature=signature, message=MESSAGE) is None
    assert verify_signature(signer.public, signature=b"", message=MESSAGE) is None


@pytest.mark.parametrize(
    ("curve", "digest", "scheme"),
    [
        (ec.SECP384R1(), SHA384(), Scheme.ECDSA_SHA384),
        (ec.SECP521R1(), SHA512(), Scheme.ECDSA_SHA512),
        (ec.SECP256R1(), SHA384(), None),
        (ec.SECP384R1(), SHA512(), None),
    ],
    ids=["P-384 with its hash", "P-521 with its hash", "P-256 with another hash", "P-384 with another hash"],
)
def test_the_hash_of_the_curve_is_verified(
    curve: ec.EllipticCurve, digest: SHA384 | SHA512, scheme: Scheme | None
) -> None:
    private = ec.generate_private_key(curve)
    signature = private.sign(MESSAGE, ec.ECDSA(digest))
    assert scheme is verify_signature(PrivateKey(private).public, signature=signature, message=MESSAGE)


def test_ed25519ph_is_verified() -> None:
    private = ed25519.Ed25519PrivateKey.generate()
    seed = private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    state = crypto_sign_ed25519ph_state()
    crypto_sign_ed25519ph_update(state, MESSAGE)
    signature = crypto_sign_ed25519ph_final_create(state, crypto_sign_seed_keypair(seed)[1])
    public = PrivateKey(private).public
    assert Scheme.ED25519PH is verify_signature(public, signature=signature, message=MESSAGE)
    assert verify_signature(public, signature=signature, message=MESSAGE + b"!") is None


class TestOneSpelling:
    """A second encoding of a signature would be a second signature."""

    signer = key()
    signature = signer.sign(MESSAGE)

    def refused(self, signature: bytes) -> bool:
        return verify_signature(self.signer.public, signature=signature, message=MESSAGE) is None

    def test_trailing_bytes(self) -> None:
        assert self.refused(self.signature + b"\0")

    def test_ber_lengths(self) -> None:
        assert self.refused(bytes([0x30, 0x81]) + self.signature[1:])

    def test_a_third_number(self) -> None:
        assert self.refused(bytes([0x30, self.signature[1] + 3]) + self.signature[2:] + b"\x02\x01\x01")

    @pytest.mark.parametrize("number", [0, P256_ORDER, P256_ORDER + 1])
    def test_numbers_outside_the_group(self, number: int) -> None:
        r, s = decode_dss_signature(self.signature)
        assert [
            self.refused(encode_dss_signature(number, s)),
            self.refused(encode_dss_signature(r, number)),
        ] == [True, True]

    def test_a_number_moved_by_the_order(self) -> None:
        r, s = decode_dss_signature(self.signature)
        assert self.refused(encode_dss_signature(r + P256_ORDER, s))


def test_a_point_off_the_curve_is_found() -> None:
    good = key().public
    bent = PublicKey(algorithm=good.algorithm, spki=good.spki, material=b"\x04" + bytes(64))
    check_point(good)
    check_point(key("ours", Algorithm.ED25519).public)
    with pytest.raises(ValueError):
        check_point(bent)
    assert verify_signature(bent, signature=key().sign(MESSAGE), message=MESSAGE) is None


def test_a_pss_signature_is_none() -> None:
    from cryptography.hazmat.primitives.asymmetric import padding

    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    signature = private.sign(MESSAGE, padding.PSS(padding.MGF1(SHA256()), 32), SHA256())
    assert verify_signature(PrivateKey(private).public, signature=signature, message=MESSAGE) is None


class TestDigests:
    @pytest.mark.parametrize(
        "algorithm", [Algorithm.ECDSA_P256, Algorithm.ECDSA_P384, Algorithm.ECDSA_P521, Algorithm.RSA]
    )
    def test_what_was_signed_is_verified_by_its_digest_alone(self, algorithm: Algorithm) -> None:
        signer = key("ours", algorithm)
        signature, digest = signer.sign(MESSAGE), hashlib.sha256(MESSAGE).digest()
        scheme = verify_signature(signer.public, signature=signature, message=MESSAGE)
        assert scheme is not None
        assert verify_digests(signer.public, signature=signature, digests={"sha256": digest}) is scheme
        assert verify_digests(signer.public, signature=signature, digests={"sha256": bytes(32)}) is None
        assert verify_digests(signer.public, signature=signature[:-1], digests={"sha256": digest}) is None
        assert verify_digests(signer.public, signature=signature, digests={"sha512": bytes(64)}) is None
        assert verify_digests(signer.public, signature=signature, digests={}) is None

    def test_the_hash_of_the_curve_comes_first(self) -> None:
        private = ec.generate_private_key(ec.SECP384R1())
        signature = private.sign(MESSAGE, ec.ECDSA(SHA384()))
        digests = {name: hashlib.new(name, MESSAGE).digest() for name in ("sha256", "sha384", "sha512")}
        public = PrivateKey(private).public
        assert verify_digests(public, signature=signature, digests=digests) is Scheme.ECDSA_SHA384

    def test_a_digest_of_another_length_verifies_nothing(self) -> None:
        signer = key("ours", Algorithm.ECDSA_P256)
        signature = signer.sign(MESSAGE)
        assert verify_digests(signer.public, signature=signature, digests={"sha256": b"short"}) is None

    def test_ed25519_takes_no_digest(self) -> None:
        signer = key("ours", Algorithm.ED25519)
        digests = {name: hashlib.new(name, MESSAGE).digest() for name in ("sha256", "sha512")}
        assert verify_digests(signer.public, signature=signer.sign(MESSAGE), digests=digests) is None


@pytest.mark.parametrize("algorithm", [Algorithm.ECDSA_P256, Algorithm.RSA])
def test_a_specification_may_name_the_hash(algorithm: Algorithm) -> None:
    signer = key("ours", algorithm)
    signature = signer.sign(MESSAGE)
    outcomes = [
        is_signature(signer.public, signature=signature, message=MESSAGE, algorithm=name)
        for name in ("sha256", "sha384", "sha512")
    ]
    assert outcomes == [True, False, False]


def test_ed25519_has_no_hash_to_name() -> None:
    signer = key("ours", Algorithm.ED25519)
    assert not is_signature(signer.public, signature=signer.sign(MESSAGE), message=MESSAGE, algorithm="sha512")


@pytest.mark.parametrize("size", [32, 48, 66])
def test_halves_of_one_length_become_der(size: int) -> None:
    r, s = (1 << 8 * size - 1) + 1, 7
    assert decode_dss_signature(encode_ecdsa(r.to_bytes(size, "big") + s.to_bytes(size, "big"))) == (r, s)


@pytest.mark.parametrize("raw", [b"", b"123"])
def test_what_has_no_halves(raw: bytes) -> None:
    with pytest.raises(ValueError, match="two halves"):
        encode_ecdsa(raw)
