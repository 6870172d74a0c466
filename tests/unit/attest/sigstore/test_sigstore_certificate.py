"""Signing certificates: every name and claim that counts, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from tests.support.sigstore import accounts, der
from tests.support.sigstore.authority import spki
from tests.support.sigstore.identities import ARC, OTHER_NAME
from tests.support.sigstore.signing import sign_envelope
from tests.support.single_faults import instance, statement

from assaymark.attest.keys.public import Algorithm, parse_spki
from assaymark.attest.sigstore.certificate import NameKind, SigningCertificate, parse_signing_certificate
from assaymark.errors import VerificationError

START = datetime(2026, 3, 1, tzinfo=UTC)
KEY = ec.generate_private_key(ec.SECP256R1())
CODE_SIGNING = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING])
ALICE = x509.RFC822Name("alice@example.test")
USAGE = {
    "digital_signature": True, "content_commitment": False, "key_encipherment": False, "data_encipherment": False,
    "key_agreement": False, "key_cert_sign": False, "crl_sign": False, "encipher_only": False, "decipher_only": False,
}  # fmt: skip


def claim(number: int, value: bytes) -> x509.UnrecognizedExtension:
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(f"{ARC}.{number}"), value)


def certificate(*names: x509.GeneralName, extensions: tuple[x509.ExtensionType, ...] = (), key: Any = KEY) -> bytes:
    """A certificate that signs itself, with code signing as its purpose unless the extensions say another."""
    name = x509.Name([])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(START)
        .not_valid_after(START + timedelta(minutes=10))
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=True)
    if not any(isinstance(extension, x509.ExtendedKeyUsage) for extension in extensions):
        builder = builder.add_extension(CODE_SIGNING, critical=False)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(Encoding.DER)


def reason(data: bytes) -> str:
    with pytest.raises(VerificationError) as caught:
        parse_signing_certificate(data)
    return caught.value.reason


def test_a_certificate_is_read_whole() -> None:
    extensions = (claim(1, b"https://issuer.test"), claim(8, der.utf8("https://issuer.test")), claim(2, b"push"))
    data = certificate(ALICE, extensions=(*extensions, claim(24, der.utf8("sub")), claim(99, b"to come")))
    assert parse_signing_certificate(data) == SigningCertificate(
        der=data,
        key=parse_spki(spki(KEY.public_key())),
        identity="alice@example.test",
        identity_kind=NameKind.EMAIL,
        issuer="https://issuer.test",
        claims=(("github-workflow-trigger", "push"), ("token-subject", "sub")),
        not_before=START,
        not_after=START + timedelta(minutes=10),
    )


@pytest.mark.parametrize(
    ("account", "kind", "identity", "claims"),
    [
        (accounts.google(), NameKind.EMAIL, "alice@gmail.test", {"token-subject"}),
        (accounts.spiffe(), NameKind.URI, "spiffe://example.test/ns/ci/sa/builder", {"token-subject"}),
        (accounts.username(), NameKind.OTHER, "alice!example.test", {"token-subject"}),
    ],
    ids=["a person", "a workload", "a user name"],
)
def test_what_fulcio_issues_is_read(account: accounts.Account, kind: NameKind, identity: str, claims: set[str]) -> None:
    made = sign_envelope(instance(), statement(), account=account)
    read = parse_signing_certificate(made.chain[0].public_bytes(Encoding.DER))
    assert (read.identity_kind, read.identity, {name for name, _ in read.claims}) == (kind, identity, claims)
    assert read.issuer == (account.certificate_issuer or account.issuer)


def test_a_workflow_of_github_has_every_claim() -> None:
    made = sign_envelope(instance(), statement(), account=accounts.github_actions())
    read = parse_signing_certificate(made.chain[0].public_bytes(Encoding.DER))
    names = [name for name, _ in read.claims]
    assert len(names) == len(set(names))
    assert {"github-workflow-ref", "build-signer-uri", "source-repository-visibility", "run-invocation-uri"} <= set(
        names
    )


def test_the_older_issuer_counts_where_there_is_no_newer() -> None:
    read = parse_signing_certificate(certificate(ALICE, extensions=(claim(1, b"https://issuer.test"),)))
    assert (read.issuer, read.claims) == ("https://issuer.test", ())


def test_both_ends_of_the_validity_belong_to_it() -> None:
    read = parse_signing_certificate(certificate(ALICE))
    moments = [START - timedelta(seconds=1), START, START + timedelta(minutes=10), START + timedelta(minutes=11)]
    assert [read.contains(moment) for moment in moments] == [False, True, True, False]


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (ec.generate_private_key(ec.SECP384R1()), Algorithm.ECDSA_P384),
        (rsa.generate_private_key(65537, 2048), Algorithm.RSA),
        (ed25519.Ed25519PrivateKey.generate(), Algorithm.ED25519),
    ],
    ids=["P-384", "RSA", "Ed25519"],
)
def test_every_kind_of_key_that_signs_may_be_certified(key: Any, algorithm: Algorithm) -> None:
    assert parse_signing_certificate(certificate(ALICE, key=key)).key.algorithm is algorithm


MALFORMED = {
    "no DER": b"certificate",
    "no name": certificate(),
    "two names": certificate(ALICE, x509.RFC822Name("bob@example.test")),
    "an empty name": certificate(x509.UniformResourceIdentifier("")),
    "a host's name": certificate(x509.DNSName("example.test")),
    "another kind of other name": certificate(x509.OtherName(x509.ObjectIdentifier("1.2.3"), der.utf8("alice"))),
    "an other name that is no text": certificate(x509.OtherName(x509.ObjectIdentifier(OTHER_NAME), der.octets(b"x"))),
    "a line break in the name": certificate(x509.OtherName(x509.ObjectIdentifier(OTHER_NAME), der.utf8("alice\nbob"))),
    "a NUL in the name": certificate(x509.OtherName(x509.ObjectIdentifier(OTHER_NAME), der.utf8("alice\0.test"))),
    "a control character in the issuer": certificate(ALICE, extensions=(claim(1, b"https://a\x1b[2J"),)),
    "a C1 control character in the issuer": certificate(ALICE, extensions=(claim(1, "https://a\x9b".encode()),)),
    "two issuers that differ": certificate(ALICE, extensions=(claim(1, b"https://a"), claim(8, der.utf8("https://b")))),
    "a newer issuer without its tag": certificate(ALICE, extensions=(claim(8, b"https://a"),)),
    "bytes behind a claim": certificate(ALICE, extensions=(claim(9, der.utf8("https://a") + b"\0"),)),
    "a claim that is no UTF-8": certificate(ALICE, extensions=(claim(9, der.tagged(der.UTF8, b"\xff")),)),
    "a weak key": certificate(ALICE, key=rsa.generate_private_key(65537, 1024)),
    "a curve that nobody uses": certificate(ALICE, key=ec.generate_private_key(ec.SECP256K1())),
    "a key of DSA": certificate(ALICE, key=dsa.generate_private_key(2048)),
    "an SCT list that is none": certificate(
        ALICE,
        extensions=(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2"), b"\4\0"),),
    ),
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED.keys())
def test_other_certificates_are_malformed(data: bytes) -> None:
    assert reason(data) == "CERTIFICATE_MALFORMED"


@pytest.mark.parametrize(
    "extensions",
    [
        (x509.BasicConstraints(ca=True, path_length=None),),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]),),
        (x509.KeyUsage(**USAGE | {"digital_signature": False, "key_agreement": True}),),
    ],
    ids=["an authority", "another purpose", "any purpose", "a key that does not sign"],
)
def test_certificates_that_are_for_something_else_are_refused(extensions: tuple[x509.ExtensionType, ...]) -> None:
    assert reason(certificate(ALICE, extensions=extensions)) == "CERTIFICATE_PURPOSE"


def test_a_certificate_that_states_no_purpose_is_refused() -> None:
    name = x509.Name([])
    builder = x509.CertificateBuilder(name, name, KEY.public_key(), 7, START, START + timedelta(minutes=10))
    built = builder.add_extension(x509.SubjectAlternativeName([ALICE]), critical=True).sign(KEY, hashes.SHA256())
    assert reason(built.public_bytes(Encoding.DER)) == "CERTIFICATE_PURPOSE"


def test_usages_that_say_the_same_are_fine() -> None:
    extensions = (x509.BasicConstraints(ca=False, path_length=None), x509.KeyUsage(**USAGE))
    assert parse_signing_certificate(certificate(ALICE, extensions=extensions)).identity == "alice@example.test"
