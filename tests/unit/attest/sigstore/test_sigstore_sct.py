"""Signed certificate timestamps, beside what whole bundles test."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.sigstore import der
from tests.support.sigstore.authority import SCT_LIST, spki

from assaymark.attest.keys.public import parse_spki
from assaymark.attest.sigstore.certificate import load_certificate
from assaymark.attest.sigstore.sct import verify_scts
from assaymark.attest.sigstore.trusted_root import TrustedLog, Window
from assaymark.errors import VerificationError
from assaymark.limits import Limits

START = datetime(2026, 1, 1, tzinfo=UTC)
KEY = ec.generate_private_key(ec.SECP256R1())
ISSUER = spki(KEY.public_key())
NAME = x509.Name([])
LOGS = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
RSA_LOG = rsa.generate_private_key(65537, 2048)


def log(key: Any = LOGS[0], *, window: Window | None = None, log_id: bytes = b"") -> TrustedLog:
    public = spki(key.public_key())
    return TrustedLog(
        base_url="https://ct.test",
        key=parse_spki(public),
        log_id=log_id or hashlib.sha256(public).digest(),
        window=window or Window(start=START),
    )


def builder() -> x509.CertificateBuilder:
    made = x509.CertificateBuilder(NAME, NAME, KEY.public_key(), 7, START, START + timedelta(days=1))
    return made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=False)


def sct(
    key: Any = LOGS[0],
    *,
    time: int = int(START.timestamp()) * 1000 + 1,
    extensions: bytes = b"",
    issuer: bytes = ISSUER,
    algorithm: bytes = b"\4\3",
    signature: bytes = b"",
) -> bytes:
    """One SCT of the certificate that `builder` makes."""
    tbs = builder().sign(KEY, hashes.SHA256()).tbs_certificate_bytes
    stamp, more = time.to_bytes(8), len(extensions).to_bytes(2) + extensions
    message = b"\0\0" + stamp + b"\0\1" + hashlib.sha256(issuer).digest() + len(tbs).to_bytes(3) + tbs + more
    if isinstance(key, rsa.RSAPrivateKey):
        signed = key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    else:
        signed = key.sign(message, ec.ECDSA(hashes.SHA256()))
    signed = signature or signed
    log_id = hashlib.sha256(spki(key.public_key())).digest()
    return b"\0" + log_id + stamp + more + algorithm + len(signed).to_bytes(2) + signed


def flipped(data: bytes) -> bytes:
    """Give the bytes with the last one changed, whatever it was."""
    return data[:-1] + bytes([data[-1] ^ 1])


def certificate(*scts: bytes) -> x509.Certificate:
    listed = b"".join(len(each).to_bytes(2) + each for each in scts)
    value = der.octets(len(listed).to_bytes(2) + listed)
    made = (
        builder().add_extension(x509.UnrecognizedExtension(SCT_LIST, value), critical=False).sign(KEY, hashes.SHA256())
    )
    return load_certificate(made.public_bytes(Encoding.DER))


def reason(made: x509.Certificate, *logs: TrustedLog, **parts: Any) -> str:
    with pytest.raises(VerificationError) as caught:
        verify_scts(made, ISSUER, logs, **parts)
    return caught.value.reason


@pytest.mark.parametrize(
    ("made", "trusted"),
    [
        (sct(), log()),
        (sct(extensions=b"\0\0\5\0\0\0\0\1"), log()),
        (sct(RSA_LOG, algorithm=b"\4\1"), log(RSA_LOG)),
        (sct(time=int(START.timestamp()) * 1000), log()),
        (
            sct(time=int(START.timestamp()) * 1000 + 5),
            log(window=Window(start=START, end=START + timedelta(milliseconds=5))),
        ),
    ],
    ids=["ECDSA", "with extensions", "RSA", "at the beginning of the log's time", "at its end, to the millisecond"],
)
def test_a_right_sct_is_verified(made: bytes, trusted: TrustedLog) -> None:
    assert verify_scts(certificate(made), ISSUER, [trusted]) == (trusted,)


def test_scts_of_logs_that_nobody_trusts_are_passed_over() -> None:
    assert verify_scts(certificate(sct(LOGS[1]), sct()), ISSUER, [log()]) == (log(),)


def test_every_log_that_is_trusted_is_told() -> None:
    assert verify_scts(certificate(sct(LOGS[1]), sct()), ISSUER, [log(), log(LOGS[1])]) == (log(LOGS[1]), log())


def test_of_two_entries_for_one_log_the_one_of_the_time_counts() -> None:
    old = log(window=Window(start=datetime(2020, 1, 1, tzinfo=UTC), end=datetime(2020, 2, 1, tzinfo=UTC)))
    assert verify_scts(certificate(sct()), ISSUER, [old, log()]) == (log(),)


@pytest.mark.parametrize(
    "made",
    [
        sct(issuer=b"another issuer's key"),
        sct(signature=b"\x30\x06\x02\x01\x01\x02\x01\x01"),
        sct(algorithm=b"\4\1"),
        sct(algorithm=b"\5\3"),
        sct(time=2**64 - 1),
        flipped(sct()),
    ],
    ids=["of another issuer", "another signature", "named RSA", "named SHA-384", "in the far future", "a byte changed"],
)
def test_a_wrong_sct_of_a_trusted_log_is_refused(made: bytes) -> None:
    assert reason(certificate(made), log()) == "BAD_SCT"


def test_a_wrong_sct_is_not_made_good_by_another() -> None:
    assert reason(certificate(sct(LOGS[1]), sct(issuer=b"x")), log(), log(LOGS[1])) == "BAD_SCT"


def test_no_sct_is_no_proof() -> None:
    made = load_certificate(builder().sign(KEY, hashes.SHA256()).public_bytes(Encoding.DER))
    assert reason(made, log()) == "SCT_MISSING"
    assert reason(certificate(), log()) == "SCT_MISSING"


def test_scts_without_end_are_refused() -> None:
    assert reason(certificate(*[sct()] * 3), log(), limits=Limits(certificate_scts=2)) == "BAD_SCT"


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (Window(start=START + timedelta(days=1)), "CT_LOG_OUTSIDE_VALIDITY"),
        (Window(start=START - timedelta(days=1), end=START), "CT_LOG_OUTSIDE_VALIDITY"),
    ],
    ids=["before its time", "a millisecond after its time"],
)
def test_a_log_outside_its_time_is_refused(window: Window, expected: str) -> None:
    assert reason(certificate(sct()), log(window=window)) == expected
