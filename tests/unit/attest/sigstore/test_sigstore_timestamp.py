"""Timestamps, part by part: tokens are built by hand, and each part is changed by itself."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from tests.support.sigstore import der

from assaymark.attest.sigstore.timestamp import VerifiedTimestamp, verify_timestamp
from assaymark.attest.sigstore.timestamp_token import parse_timestamp
from assaymark.attest.sigstore.trusted_root import Authority, Window
from assaymark.errors import VerificationError

MOMENT: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY: Final = timedelta(days=1)
SHA: Final = {
    1: "1.3.14.3.2.26",
    256: "2.16.840.1.101.3.4.2.1",
    384: "2.16.840.1.101.3.4.2.2",
    512: "2.16.840.1.101.3.4.2.3",
}
ECDSA: Final = {256: "1.2.840.10045.4.3.2", 384: "1.2.840.10045.4.3.3", 512: "1.2.840.10045.4.3.4"}
RSA: Final = {256: "1.2.840.113549.1.1.11", 384: "1.2.840.113549.1.1.12", 512: "1.2.840.113549.1.1.13"}
HASHES: Final = {256: hashes.SHA256(), 384: hashes.SHA384(), 512: hashes.SHA512()}
TST_INFO: Final = "1.2.840.113549.1.9.16.1.4"
PKCS9: Final = "1.2.840.113549.1.9"
SIGNED: Final = b"a signature"
KEYS: Final = [ec.generate_private_key(ec.SECP256R1()) for _ in range(3)]


def certificate(subject: str, issuer: str, key: Any, issuer_key: Any, *, ca: bool, days: int = 100) -> x509.Certificate:
    by, of = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in (issuer, subject))
    serial = int.from_bytes(hashlib.sha256(subject.encode()).digest()[:8], "big") >> 1
    builder = x509.CertificateBuilder(by, of, key.public_key(), serial, MOMENT - DAY, MOMENT + days * DAY)
    if ca:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    else:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    return builder.sign(issuer_key, hashes.SHA256())


ROOT = certificate("root", "root", KEYS[0], KEYS[0], ca=True)
MIDDLE = certificate("middle", "root", KEYS[1], KEYS[0], ca=True)
LEAF = certificate("leaf", "middle", KEYS[2], KEYS[1], ca=False)
TWIN = certificate("leaf", "middle", KEYS[0], KEYS[1], ca=False)  # same name and number, another key
ALONE = certificate("alone", "alone", KEYS[2], KEYS[2], ca=False)


def raw(each: x509.Certificate) -> bytes:
    return each.public_bytes(Encoding.DER)


def authority(*chain: x509.Certificate, window: Window | None = None) -> Authority:
    return Authority(uri="https://tsa.test", name="", certificates=tuple(map(raw, chain)), window=window or Window())


LISTED = authority(LEAF, MIDDLE, ROOT)


@dataclass(frozen=True)
class Parts:
    """What a token is made of; empty parts are left out."""

    signer: x509.Certificate = LEAF
    key: Any = KEYS[2]
    digest: int = 256
    imprint: int = 256
    signed: bytes = SIGNED
    time: bytes = b"20260301120000Z"
    version: int = 1
    certificates: tuple[bytes, ...] = ()
    named: bytes = b""
    named_algorithm: bytes = b""
    content_type: str = TST_INFO
    encapsulated: str = TST_INFO
    kind: str = "1.2.840.113549.1.7.2"
    status: int = 0
    more: bytes = b""
    signers: int = 1
    algorithm: str = ""
    revocations: bytes = b""


def token(parts: Parts) -> bytes:
    """A response with these parts, rightly signed."""
    information = _information(parts)
    attributes = _attributes(parts, information)
    algorithm, signature = _sign(parts, b"".join([b"\x31", der.tagged(0x31, attributes)[1:]]))
    signer = der.sequence(
        der.integer(1),
        der.sequence(parts.signer.issuer.public_bytes(), der.integer(parts.signer.serial_number)),
        der.algorithm(SHA[parts.digest], der.NULL),
        der.context(0, attributes),
        der.algorithm(algorithm),
        der.octets(signature),
    )
    data = der.sequence(
        der.integer(3),
        der.set_of(der.algorithm(SHA[parts.digest], der.NULL)),
        der.sequence(der.object_identifier(parts.encapsulated), der.context(0, der.octets(information))),
        der.context(0, b"".join(parts.certificates)) if parts.certificates else b"",
        der.context(1, parts.revocations) if parts.revocations else b"",
        der.set_of(*[signer] * parts.signers),
    )
    status = der.sequence(der.integer(parts.status))
    return der.sequence(status, der.sequence(der.object_identifier(parts.kind), der.context(0, data)))


def _information(parts: Parts) -> bytes:
    digest = hashlib.new("sha1" if parts.imprint == 1 else f"sha{parts.imprint}", parts.signed).digest()
    imprint = der.sequence(der.algorithm(SHA[parts.imprint], der.NULL), der.octets(digest))
    policy = der.object_identifier("1.2.3")
    return der.sequence(
        der.integer(parts.version), policy, imprint, der.integer(5), der.tagged(0x18, parts.time), parts.more
    )


def _attributes(parts: Parts, information: bytes) -> bytes:
    algorithm = "sha1" if parts.digest == 1 else f"sha{parts.digest}"
    digest = hashlib.new(algorithm, information).digest()
    listed = [
        der.sequence(der.object_identifier(f"{PKCS9}.3"), der.set_of(der.object_identifier(parts.content_type))),
        der.sequence(der.object_identifier(f"{PKCS9}.4"), der.set_of(der.octets(digest))),
    ]
    if parts.named:
        named = der.sequence(der.sequence(der.sequence(parts.named_algorithm, der.octets(parts.named))))
        listed.append(der.sequence(der.object_identifier(f"{PKCS9}.16.2.47"), der.set_of(named)))
    return b"".join(sorted(listed))


def _sign(parts: Parts, message: bytes) -> tuple[str, bytes]:
    if isinstance(parts.key, ed25519.Ed25519PrivateKey):
        return "1.3.101.112", parts.key.sign(message)
    size = max(parts.digest, 256)
    if isinstance(parts.key, rsa.RSAPrivateKey):
        return parts.algorithm or RSA[size], parts.key.sign(message, padding.PKCS1v15(), HASHES[size])
    return parts.algorithm or ECDSA[size], parts.key.sign(message, ec.ECDSA(HASHES[size]))


def verify(parts: Parts, *authorities: Authority) -> VerifiedTimestamp:
    return verify_timestamp(token(parts), authorities or (LISTED,), [SIGNED])


def reason(parts: Parts, *authorities: Authority) -> str:
    with pytest.raises(VerificationError) as caught:
        verify(parts, *authorities)
    return caught.value.reason


def with_key(key: Any) -> tuple[Parts, Authority]:
    leaf = certificate("leaf", "root", key, KEYS[0], ca=False)
    return Parts(signer=leaf, key=key), authority(leaf, ROOT)


class TestRight:
    @pytest.mark.parametrize(
        ("parts", "trusted"),
        [
            (Parts(), LISTED),
            (Parts(certificates=(raw(LEAF), raw(MIDDLE))), LISTED),
            (Parts(certificates=(raw(MIDDLE), raw(LEAF), raw(ROOT))), LISTED),
            (Parts(certificates=(raw(LEAF),)), authority(MIDDLE, ROOT)),
            (Parts(certificates=(raw(LEAF),)), authority(MIDDLE)),
            (Parts(signer=ALONE), authority(ALONE)),
            (Parts(digest=384, imprint=512), LISTED),
            (Parts(digest=512, imprint=384), LISTED),
            (Parts(named=hashlib.sha256(raw(LEAF)).digest()), LISTED),
            (
                Parts(named=hashlib.sha512(raw(LEAF)).digest(), named_algorithm=der.algorithm(SHA[512])),
                LISTED,
            ),
            (Parts(more=der.sequence(der.integer(1)) + der.integer(77), revocations=der.sequence()), LISTED),
        ],
        ids=[
            "the certificate is listed", "listed and enclosed", "enclosed in any order", "only its issuers are listed",
            "only its issuer is listed", "an authority by itself", "SHA-384", "SHA-512", "named", "named by SHA-512",
            "with accuracy, nonce and revocations",
        ],
    )  # fmt: skip
    def test_a_timestamp_is_verified(self, parts: Parts, trusted: Authority) -> None:
        assert verify(parts, trusted) == VerifiedTimestamp(authority=trusted, moment=MOMENT)

    @pytest.mark.parametrize("digest", [256, 384, 512])
    @pytest.mark.parametrize(
        "key",
        [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)],
        ids=["P-384", "RSA"],
    )
    def test_with_every_hash_and_kind_of_key(self, key: Any, digest: int) -> None:
        parts, trusted = with_key(key)
        assert verify(replace(parts, digest=digest), trusted).moment == MOMENT

    def test_with_rsa_that_leaves_the_hash_to_the_digest(self) -> None:
        parts, trusted = with_key(rsa.generate_private_key(65537, 2048))
        assert verify(replace(parts, digest=512, algorithm="1.2.840.113549.1.1.1"), trusted).moment == MOMENT

    def test_fractions_of_a_second_count(self) -> None:
        assert verify(Parts(time=b"20260301120000.25Z")).moment == MOMENT + timedelta(milliseconds=250)

    def test_of_two_entries_the_one_of_the_time_counts(self) -> None:
        old = authority(LEAF, MIDDLE, ROOT, window=Window(end=MOMENT - DAY))
        assert verify(Parts(), old, LISTED).authority == LISTED
        assert reason(Parts(), old, old) == "TIMESTAMP_OUTSIDE_AUTHORITY"

    def test_both_ends_of_the_authoritys_time_belong_to_it(self) -> None:
        assert verify(Parts(), authority(LEAF, MIDDLE, ROOT, window=Window(start=MOMENT, end=MOMENT))).moment == MOMENT


MALFORMED = {
    "another version": Parts(version=2),
    "a rejection": Parts(status=2),
    "granted with changes": Parts(status=1),
    "no signed data": Parts(kind="1.2.840.113549.1.7.1"),
    "another content": Parts(encapsulated="1.2.840.113549.1.7.1"),
    "attributes of another content": Parts(content_type="1.2.840.113549.1.7.1"),
    "two signers": Parts(signers=2),
    "no signer": Parts(signers=0),
    "a local time": Parts(time=b"20260301120000"),
    "a day that is not": Parts(time=b"20260230120000Z"),
    "certificates without end": Parts(certificates=(der.sequence(),) * 33),
    "a name of a certificate that is cut off": Parts(named=b"x", named_algorithm=b"\x30\x05"),
}


@pytest.mark.parametrize("parts", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_timestamps_are_refused(parts: Parts) -> None:
    assert reason(parts) == "TIMESTAMP_MALFORMED"


def test_attributes_that_are_missing_or_twice_are_refused() -> None:
    attribute = der.sequence(der.object_identifier(f"{PKCS9}.4"), der.set_of(der.octets(b"")))
    for attributes in (b"", attribute * 2):
        signer = der.sequence(
            der.integer(1), der.sequence(der.sequence(), der.integer(1)), der.algorithm(SHA[256]), der.context(0, attributes),
            der.algorithm(ECDSA[256]), der.octets(b""),
        )  # fmt: skip
        content = der.sequence(der.object_identifier(TST_INFO), der.context(0, der.octets(_information(Parts()))))
        data = der.sequence(der.integer(3), der.set_of(), content, der.set_of(signer))
        signed = der.sequence(der.object_identifier("1.2.840.113549.1.7.2"), der.context(0, data))
        with pytest.raises(ValueError, match="attribute"):
            parse_timestamp(der.sequence(der.sequence(der.integer(0)), signed))


@pytest.mark.parametrize("cut", [0, 1, 5, 100, -1])
def test_what_is_cut_off_is_malformed(cut: int) -> None:
    with pytest.raises(ValueError):
        parse_timestamp(token(Parts())[:cut])


CERTIFICATES = {
    "another certificate in its place": (Parts(certificates=(raw(TWIN),)), LISTED),
    "two certificates for one signer": (Parts(certificates=(raw(LEAF), raw(TWIN))), LISTED),
    "two, and only issuers listed": (Parts(certificates=(raw(LEAF), raw(TWIN))), authority(MIDDLE, ROOT)),
    "the name of another certificate": (Parts(named=hashlib.sha256(raw(TWIN)).digest()), LISTED),
    "a name by SHA-1": (Parts(named=hashlib.sha1(raw(LEAF)).digest(), named_algorithm=der.algorithm(SHA[1])), LISTED),
    "a key that is too weak": (with_key(rsa.generate_private_key(65537, 1024))[0], None),
}


@pytest.mark.parametrize(("parts", "trusted"), CERTIFICATES.values(), ids=CERTIFICATES.keys())
def test_another_certificate_than_the_right_one_is_refused(parts: Parts, trusted: Authority | None) -> None:
    assert reason(parts, trusted or authority(parts.signer)) == "TIMESTAMP_CERTIFICATE"


def test_a_certificate_that_cannot_be_read_is_refused() -> None:
    broken = raw(LEAF)
    place = broken.index(der.object_identifier("2.5.29.37"))
    broken = broken[:place] + der.object_identifier("2.5.29.19") + broken[place + 5 :]
    assert reason(Parts(certificates=(broken,)), authority(MIDDLE, ROOT)) == "TIMESTAMP_CERTIFICATE"


def test_a_certificate_without_a_purpose_is_refused() -> None:
    name = LEAF.subject
    plain = x509.CertificateBuilder(name, name, KEYS[2].public_key(), 9, MOMENT - DAY, MOMENT + DAY).sign(
        KEYS[2], hashes.SHA256()
    )
    assert reason(Parts(signer=plain), authority(plain)) == "TIMESTAMP_CERTIFICATE"


UNKNOWN = {
    "nobody is trusted": (Parts(), ()),
    "another authority is trusted": (Parts(), (authority(ALONE),)),
    "its issuers are listed, and it is not enclosed": (Parts(), (authority(MIDDLE, ROOT),)),
    "other issuers are listed": (Parts(certificates=(raw(LEAF),)), (authority(ROOT),)),
    "listed below others' issuers": (Parts(), (authority(LEAF, ROOT),)),
    "enclosed junk": (Parts(certificates=(der.sequence(),)), (authority(MIDDLE, ROOT),)),
    "enclosed, of version 1": (
        Parts(certificates=(der.sequence(der.sequence(der.integer(9), der.sequence(), der.sequence())),)),
        (authority(MIDDLE, ROOT),),
    ),
}


@pytest.mark.parametrize(("parts", "trusted"), UNKNOWN.values(), ids=UNKNOWN.keys())
def test_a_signer_that_nobody_trusts_is_unknown(parts: Parts, trusted: tuple[Authority, ...]) -> None:
    with pytest.raises(VerificationError) as caught:
        verify_timestamp(token(parts), trusted, [SIGNED])
    assert caught.value.reason == "UNKNOWN_TIMESTAMP_AUTHORITY"


@pytest.mark.parametrize(
    ("time", "window", "expected"),
    [
        (b"20260301120000Z", Window(start=MOMENT + DAY), "TIMESTAMP_OUTSIDE_AUTHORITY"),
        (b"20260301120000Z", Window(end=MOMENT - DAY), "TIMESTAMP_OUTSIDE_AUTHORITY"),
        (b"20290301120000Z", Window(), "TIMESTAMP_OUTSIDE_CERTIFICATE"),
        (b"20200301120000Z", Window(), "TIMESTAMP_OUTSIDE_CERTIFICATE"),
    ],
    ids=["before the authority", "after the authority", "after the certificate", "before the certificate"],
)
def test_a_time_outside_is_refused(time: bytes, window: Window, expected: str) -> None:
    assert reason(Parts(time=time), authority(LEAF, MIDDLE, ROOT, window=window)) == expected


def test_an_issuer_that_had_expired_is_refused() -> None:
    short = certificate("middle", "root", KEYS[1], KEYS[0], ca=True, days=2)
    assert reason(Parts(time=b"20260305120000Z"), authority(LEAF, short, ROOT)) == "TIMESTAMP_OUTSIDE_CERTIFICATE"


@pytest.mark.parametrize(
    "parts",
    [
        Parts(key=KEYS[1]),
        Parts(digest=1),
        Parts(imprint=1),
        Parts(algorithm=ECDSA[512]),
        Parts(algorithm="1.2.840.10045.4.1"),
        with_key(ed25519.Ed25519PrivateKey.generate())[0],
    ],
    ids=["another key", "a digest by SHA-1", "an imprint by SHA-1", "another hash", "ECDSA with SHA-1", "Ed25519"],
)
def test_a_signature_that_is_not_the_authoritys_is_refused(parts: Parts) -> None:
    trusted = LISTED if parts.signer is LEAF else authority(parts.signer, ROOT)
    assert reason(parts, trusted) == "BAD_TIMESTAMP"


def test_the_content_is_what_was_signed() -> None:
    data = token(Parts()).replace(b"20260301120000Z", b"20260301120001Z")
    with pytest.raises(VerificationError) as caught:
        verify_timestamp(data, [LISTED], [SIGNED])
    assert caught.value.reason == "BAD_TIMESTAMP"


def test_the_imprint_is_that_of_the_signature() -> None:
    assert reason(Parts(signed=b"another")) == "TIMESTAMP_MISMATCH"
    assert verify_timestamp(token(Parts()), [LISTED], [b"another", SIGNED]).moment == MOMENT
