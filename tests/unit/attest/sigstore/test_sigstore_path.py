"""Certificate paths: who may have issued what, for which purpose, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from assaymark.attest.sigstore.certificate import public_key_info
from assaymark.attest.sigstore.path import find_issuers, is_issued_by, is_valid_path, load_chain
from assaymark.attest.sigstore.trusted_root import Authority, Window
from assaymark.errors import VerificationError

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
CODE_SIGNING = ExtendedKeyUsageOID.CODE_SIGNING
CA = x509.BasicConstraints(ca=True, path_length=None)
KEYS = [ec.generate_private_key(ec.SECP256R1()) for _ in range(3)]


def usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=signs, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificate(
    subject: str,
    issuer: str,
    key: Any,
    issuer_key: Any,
    *extensions: x509.ExtensionType,
    days: tuple[int, int] = (0, 100),
    critical: bool = True,
) -> x509.Certificate:
    builder = x509.CertificateBuilder(
        name(issuer),
        name(subject),
        key.public_key(),
        x509.random_serial_number(),
        START + days[0] * DAY,
        START + days[1] * DAY,
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(issuer_key, None if isinstance(issuer_key, ed25519.Ed25519PrivateKey) else hashes.SHA256())


ROOT = certificate("root", "root", KEYS[0], KEYS[0], CA, usage(signs=True))
MIDDLE = certificate("middle", "root", KEYS[1], KEYS[0], CA, usage(signs=True), days=(10, 90))
LEAF = certificate("leaf", "middle", KEYS[2], KEYS[1], days=(20, 30))


def authority(*chain: x509.Certificate, window: Window | None = None) -> Authority:
    certificates = tuple(each.public_bytes(Encoding.DER) for each in chain)
    return Authority(uri="https://ca.test", name="", certificates=certificates, window=window or Window())


def issuers(leaf: x509.Certificate, *chain: x509.Certificate) -> list[tuple[x509.Certificate, ...]]:
    return [issuer.chain for issuer in find_issuers(leaf, [authority(*chain)], CODE_SIGNING)]


class TestIssuers:
    def test_the_chain_is_followed_to_the_root(self) -> None:
        assert issuers(LEAF, MIDDLE, ROOT) == [(MIDDLE, ROOT)]

    def test_an_authority_that_lists_no_root_ends_where_its_list_ends(self) -> None:
        assert issuers(LEAF, MIDDLE) == [(MIDDLE,)]

    def test_a_leaf_may_be_issued_by_the_root_itself(self) -> None:
        leaf = certificate("leaf", "root", KEYS[2], KEYS[0])
        assert issuers(leaf, MIDDLE, ROOT) == [(ROOT,)]

    def test_every_authority_that_issued_it_is_found(self) -> None:
        both = [authority(MIDDLE, ROOT), authority(ROOT), authority(MIDDLE, ROOT, window=Window(end=START))]
        assert [issuer.authority for issuer in find_issuers(LEAF, both, CODE_SIGNING)] == [both[0], both[2]]

    def test_the_issuers_key_is_told(self) -> None:
        (issuer,) = find_issuers(LEAF, [authority(MIDDLE, ROOT)], CODE_SIGNING)
        assert issuer.public_key_info == public_key_info(MIDDLE)

    @pytest.mark.parametrize(
        "middle",
        [
            certificate("other", "root", KEYS[1], KEYS[0], CA, usage(signs=True)),
            certificate("middle", "root", KEYS[2], KEYS[0], CA, usage(signs=True)),
            certificate("middle", "root", KEYS[1], KEYS[0], usage(signs=True)),
            certificate("middle", "root", KEYS[1], KEYS[0], x509.BasicConstraints(ca=False, path_length=None)),
            certificate("middle", "root", KEYS[1], KEYS[0], CA, usage(signs=False)),
            certificate("middle", "root", KEYS[1], KEYS[2], CA, usage(signs=True)),
            certificate("middle", "other", KEYS[1], KEYS[0], CA, usage(signs=True)),
            certificate("middle", "root", KEYS[1], KEYS[0], CA, x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])),
        ],
        ids=[
            "another name", "another key", "no authority", "expressly no authority", "no right to sign certificates",
            "not signed by the root", "not issued by the root", "an authority for something else",
        ],
    )  # fmt: skip
    def test_an_intermediate_that_may_not_have_issued_it_is_none(self, middle: x509.Certificate) -> None:
        assert issuers(LEAF, middle, ROOT) == []

    @pytest.mark.parametrize("purpose", [CODE_SIGNING, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])
    def test_an_authority_for_the_purpose_or_for_any_is_fine(self, purpose: x509.ObjectIdentifier) -> None:
        middle = certificate("middle", "root", KEYS[1], KEYS[0], CA, x509.ExtendedKeyUsage([purpose]))
        assert issuers(LEAF, middle, ROOT) == [(middle, ROOT)]

    def test_a_key_that_signs_nothing_does_not_verify(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        assert not is_issued_by(LEAF, certificate("middle", "root", key, KEYS[0], CA))

    def test_a_certificate_that_is_none_is_the_trusted_roots_fault(self) -> None:
        with pytest.raises(VerificationError) as caught:
            load_chain(Authority(uri="", name="", certificates=(b"x",), window=Window()))
        assert caught.value.reason == "TRUSTED_ROOT_MALFORMED"


class TestTime:
    @pytest.mark.parametrize(
        ("days", "valid"),
        [(19, False), (20, True), (25, True), (30, True), (31, False), (95, False), (101, False)],
        ids=["before", "at the beginning", "between", "at the end", "after", "after the issuer", "after the root"],
    )
    def test_every_part_is_valid_at_the_moment(self, days: int, valid: bool) -> None:
        (issuer,) = find_issuers(LEAF, [authority(MIDDLE, ROOT)], CODE_SIGNING)
        assert is_valid_path(LEAF, issuer, START + days * DAY) is valid

    @pytest.mark.parametrize("days", [(0, 50), (0, 15)], ids=["a leaf of before the issuer", "never together"])
    def test_a_leaf_that_outlives_its_issuer_gains_nothing(self, days: tuple[int, int]) -> None:
        leaf = certificate("leaf", "middle", KEYS[2], KEYS[1], days=days)
        (issuer,) = find_issuers(leaf, [authority(MIDDLE, ROOT)], CODE_SIGNING)
        assert not is_valid_path(leaf, issuer, START + 5 * DAY)

    @pytest.mark.parametrize(
        ("window", "overlaps"),
        [
            (Window(), True),
            (Window(start=START + 30 * DAY), True),
            (Window(start=START + 31 * DAY), False),
            (Window(end=START + 20 * DAY), True),
            (Window(end=START + 19 * DAY), False),
        ],
    )
    def test_whether_there_was_a_moment_for_both(self, window: Window, overlaps: bool) -> None:
        (issuer,) = find_issuers(LEAF, [authority(MIDDLE, ROOT, window=window)], CODE_SIGNING)
        assert issuer.overlaps(START + 20 * DAY, START + 30 * DAY) is overlaps

    def test_a_chain_that_was_never_valid_with_the_leaf_does_not_overlap(self) -> None:
        (issuer,) = find_issuers(LEAF, [authority(MIDDLE, ROOT)], CODE_SIGNING)
        assert not issuer.overlaps(START + 91 * DAY, START + 92 * DAY)


class TestExtensions:
    def path(self, leaf: x509.Certificate, *chain: x509.Certificate) -> bool:
        (issuer,) = find_issuers(leaf, [authority(*chain)], CODE_SIGNING)
        return is_valid_path(leaf, issuer, START + 25 * DAY)

    def test_a_critical_extension_that_nobody_knows_is_refused(self) -> None:
        unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0")
        built = [
            certificate("leaf", "middle", KEYS[2], KEYS[1], unknown, critical=critical) for critical in (True, False)
        ]
        assert [self.path(leaf, MIDDLE, ROOT) for leaf in built] == [False, True]

    def test_a_path_that_is_too_long_is_refused(self) -> None:
        short = certificate(
            "root", "root", KEYS[0], KEYS[0], x509.BasicConstraints(ca=True, path_length=0), usage(signs=True)
        )
        assert not self.path(LEAF, MIDDLE, short)

    def test_names_outside_the_constraints_are_refused(self) -> None:
        only = x509.NameConstraints(permitted_subtrees=[x509.DNSName("example.test")], excluded_subtrees=None)
        middle = certificate("middle", "root", KEYS[1], KEYS[0], CA, usage(signs=True), only)
        names = [x509.SubjectAlternativeName([x509.DNSName(host)]) for host in ("a.example.test", "evil.test")]
        leaves = [certificate("leaf", "middle", KEYS[2], KEYS[1], each) for each in names]
        assert [self.path(leaf, middle, ROOT) for leaf in leaves] == [True, False]

    def test_keys_of_every_kind_make_a_path(self) -> None:
        key = ed25519.Ed25519PrivateKey.generate()
        assert self.path(certificate("leaf", "middle", key, KEYS[1]), MIDDLE, ROOT)
