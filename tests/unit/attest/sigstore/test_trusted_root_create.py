"""Trusted roots from certificates and keys: what is believed of them, and which files are refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.support.sigstore.instance import Instance
from tests.support.sigstore.log import Generation

from assaymark.attest.keys.pem import encode_pem
from assaymark.attest.sigstore.trusted_root import TrustedRoot, Window, parse_trusted_root
from assaymark.attest.sigstore.trusted_root_create import (
    add_logs,
    encode_trusted_root,
    parse_certificate_authority,
    parse_timestamp_authority,
    parse_trusted_log,
)
from assaymark.errors import UsageError

SPEC = "url=https://ca.test,certificate-chain=chain.pem"
LOG = "url=https://log.test,public-key=log.pem,start-time=2026-01-01T00:00:00Z"
START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def instance() -> Instance:
    return Instance("https://sigstore.test")


def files(*certificates: x509.Certificate) -> Callable[[str], bytes]:
    """A reader that has one file with these certificates, and text around them."""
    data = b"\n# ours\n".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)
    return lambda _: data


def key_file(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> Callable[[str], bytes]:
    data = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return lambda _: data


def test_what_is_written_is_read_as_what_was_given(instance: Instance) -> None:
    read = files(*instance.authority.chain)
    authority = parse_certificate_authority("--fulcio", SPEC, read)
    stamps = parse_timestamp_authority("--tsa", SPEC, files(*instance.timestamps.chain))
    log = parse_trusted_log("--rekor", LOG, key_file(ec.generate_private_key(ec.SECP384R1()).public_key()))
    root = TrustedRoot(
        logs=(log,), certificate_authorities=(authority,), ct_logs=(log,), timestamp_authorities=(stamps,)
    )
    assert root == parse_trusted_root(encode_trusted_root(root))


def test_the_whole_instance_survives_being_read_and_written(instance: Instance) -> None:
    first = parse_trusted_root(json.dumps(instance.trusted_root()).encode())
    again = parse_trusted_root(encode_trusted_root(first))
    assert first.logs == again.logs
    assert [each.certificates for each in first.certificate_authorities] == [
        each.certificates for each in again.certificate_authorities
    ]


def test_authorities_begin_with_their_root_or_with_what_signs_for_them(instance: Instance) -> None:
    authority = parse_certificate_authority("--fulcio", SPEC, files(*instance.authority.chain))
    stamps = parse_timestamp_authority("--tsa", SPEC, files(*instance.timestamps.chain))
    assert Window(start=instance.authority.root.not_valid_before_utc) == authority.window
    assert Window(start=instance.timestamps.chain[0].not_valid_before_utc) == stamps.window
    given = parse_certificate_authority(
        "--fulcio", f"{SPEC},start-time=2026-01-01T00:00:00Z", files(*instance.authority.chain)
    )
    assert Window(start=START) == given.window


def test_a_log_is_called_by_its_key_or_by_its_checkpoints(instance: Instance) -> None:
    log = instance.logs[Generation.V2]
    data = encode_pem("PUBLIC KEY", log.public_key)

    def read(_: str) -> bytes:
        return data

    assert hashlib.sha256(log.public_key).digest() == parse_trusted_log("--rekor", LOG, read).log_id
    assert log.key_id == parse_trusted_log("--rekor", f"{LOG},origin=sigstore.test", read).log_id


def test_a_log_that_is_given_replaces_its_namesake() -> None:
    read = key_file(ec.generate_private_key(ec.SECP256R1()).public_key())
    old, new = (parse_trusted_log("--rekor", f"{LOG}{end}", read) for end in ("", ",end-time=2027-01-01T00:00:00Z"))
    other = parse_trusted_log("--rekor", LOG, key_file(ec.generate_private_key(ec.SECP256R1()).public_key()))
    assert (new, other) == add_logs([old], [new, other])


def test_certificates_that_are_no_authority_are_refused(instance: Instance) -> None:
    chain, stamps = instance.authority.chain, instance.timestamps.chain
    cases = {
        "`--fulcio`: the certificates of `chain.pem` are not in order": files(*reversed(chain)),
        "`--fulcio`: the first certificate of `chain.pem` is no authority's": files(*stamps),
        "`--fulcio`: `chain.pem` has 0 certificates, not 1 to 16": lambda _: (
            b"-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n"
        ),
        "`--fulcio`: `chain.pem` has 17 certificates, not 1 to 16": files(*[chain[1]] * 17),
        "`--fulcio`: `chain.pem` cannot be used: there is no PEM block": lambda _: b"",
        "`--fulcio`: `chain.pem` cannot be used: the last PEM block has no end": lambda _: (
            files(chain[1])("") + b"-----BEGIN CERTIFICATE-----\nAA"
        ),
    }
    for message, read in cases.items():
        with pytest.raises(UsageError) as caught:
            parse_certificate_authority("--fulcio", SPEC, read)
        assert message == str(caught.value)


def test_a_timestamp_authority_needs_what_signs_and_who_issued_it(instance: Instance) -> None:
    leaf, root = instance.timestamps.chain
    for chain in ([leaf], [root], list(instance.authority.chain)):
        with pytest.raises(UsageError, match="is not the certificate that signs and its issuers behind it"):
            parse_timestamp_authority("--tsa", SPEC, files(*chain))


def test_keys_without_a_name_in_trusted_roots_are_refused() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2056).public_key()
    with pytest.raises(UsageError, match="a log's RSA key has 2048, 3072 or 4096 bits"):
        parse_trusted_log("--rekor", LOG, key_file(key))
