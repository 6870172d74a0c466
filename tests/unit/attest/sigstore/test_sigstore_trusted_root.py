"""Trusted roots: what is read, in which spellings, and what is refused or passed over."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.support.sigstore.authority import spki
from tests.support.sigstore.log import Generation
from tests.support.single_faults import Edit, drop, instance, put

from assaymark.attest.keys.public import Algorithm
from assaymark.attest.sigstore.trusted_root import TrustedLog, TrustedRoot, Window, parse_trusted_root
from assaymark.errors import VerificationError

RSA = rsa.generate_private_key(65537, 2048).public_key()
KEY = ("tlogs", 0, "publicKey")


def parse(*edits: Edit) -> TrustedRoot:
    document = instance().trusted_root()
    for edit in edits:
        edit(document)
    return parse_trusted_root(json.dumps(document).encode())


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc] # year, month, day, …


def test_a_trusted_root_is_read_whole() -> None:
    root = parse()
    first = instance().logs[Generation.V1]
    window = Window(start=utc(2026, 2, 28, 12))
    assert [log.host for log in (*root.logs, *root.ct_logs)] == ["sigstore.test"] * 3
    assert (root.logs[0].key.spki, root.logs[0].log_id, root.logs[0].window) == (first.public_key, first.key_id, window)
    assert [len(each.certificates) for each in (*root.certificate_authorities, *root.timestamp_authorities)] == [2, 2]
    assert root.certificate_authorities[0].window == window
    assert root.certificate_authorities[0].name == "fake"
    assert root.unsupported == ()


def test_an_empty_root_trusts_nobody() -> None:
    assert (
        parse_trusted_root(b'{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}')
        == TrustedRoot()
    )


def test_the_newer_media_type_and_snake_case_are_read() -> None:
    media_type = "application/vnd.dev.sigstore.trustedroot.v0.1+json"
    document = {"media_type": media_type, "certificate_authorities": []}
    assert parse_trusted_root(json.dumps(document).encode()) == TrustedRoot()


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2022-12-31T23:59:59.999Z", utc(2022, 12, 31, 23, 59, 59, 999_000)),
        ("2022-12-31T23:59:59Z", utc(2022, 12, 31, 23, 59, 59)),
        ("2022-12-31T23:59:59.123456789Z", utc(2022, 12, 31, 23, 59, 59, 123_456)),
        ("2023-01-01T01:59:59+02:00", utc(2022, 12, 31, 23, 59, 59)),
    ],
)
def test_times_are_read_as_they_are_written(text: str, moment: datetime) -> None:
    assert (
        parse(put("certificateAuthorities", 0, "validFor", value={"end": text})).certificate_authorities[0].window.end
        == moment
    )


def test_windows_include_their_ends() -> None:
    start, end = utc(2026, 1, 1), utc(2026, 2, 1)
    window = Window(start=start, end=end)
    moments = [utc(2025, 12, 31), start, utc(2026, 1, 15), end, utc(2026, 2, 1, 0, 0, 1)]
    assert [window.contains(moment) for moment in moments] == [False, True, True, True, False]
    assert Window().contains(start)


def test_an_authority_may_have_no_window() -> None:
    assert parse(drop("timestampAuthorities", 0, "validFor")).timestamp_authorities[0].window == Window()


def test_a_key_in_the_older_form_of_rsa_is_read() -> None:
    raw = b64encode(RSA.public_bytes(Encoding.DER, PublicFormat.PKCS1)).decode()
    root = parse(put(*KEY, "rawBytes", value=raw), put(*KEY, "keyDetails", value="PKCS1_RSA_PKCS1V5"))
    assert (root.logs[0].key.algorithm, root.logs[0].key.spki) == (Algorithm.RSA, spki(RSA))


def test_the_name_of_a_checkpoints_key_is_kept() -> None:
    assert parse(put("tlogs", 0, "checkpointKeyId", value={"keyId": "AAAA"})).logs[0].checkpoint_key_id == b"\0\0\0"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://rekor.sigstore.dev", "rekor.sigstore.dev"),
        ("http://127.0.0.1:3000/path", "127.0.0.1"),
        ("https://user@log.test/", "log.test"),
        ("https://[::1]:3000", "::1"),
        ("log.test", ""),
        ("", ""),
    ],
)
def test_the_host_is_that_of_the_url(url: str, host: str) -> None:
    log = parse().logs[0]
    assert TrustedLog(base_url=url, key=log.key, log_id=b"", window=Window()).host == host


@pytest.mark.parametrize(
    "edit",
    [
        put(*KEY, "rawBytes", value="AAAA"),
        put(*KEY, "keyDetails", value="PKCS1_RSA_PKCS1V5"),
        put("tlogs", 0, "hashAlgorithm", value="SHA3_256"),
    ],
    ids=["a key of another kind", "a key that is not what it says", "another hash"],
)
def test_a_log_that_cannot_be_used_is_passed_over_and_named(edit: Edit) -> None:
    root = parse(edit)
    assert (len(root.logs), len(root.unsupported)) == (1, 1)
    assert "http://sigstore.test" in root.unsupported[0]


MALFORMED: dict[str, Edit] = {
    "another document": put("mediaType", value="application/json"),
    "a version to come": put("mediaType", value="application/vnd.dev.sigstore.trustedroot+json;version=0.9"),
    "a member that nobody knows": put("extra", value=1),
    "a log without a key": drop("tlogs", 0, "publicKey"),
    "a log without a name": drop("ctlogs", 0, "logId"),
    "a log without key bytes": put(*KEY, "rawBytes", value=""),
    "a key without a window": drop(*KEY, "validFor"),
    "a key without a beginning": put(*KEY, "validFor", value={"end": "2030-01-01T00:00:00Z"}),
    "a time without a zone": put(*KEY, "validFor", value={"start": "2020-01-01T00:00:00"}),
    "a day that is not": put(*KEY, "validFor", value={"start": "2020-02-30T00:00:00Z"}),
    "an authority without certificates": put("certificateAuthorities", 0, "certChain", value={}),
    "an authority without a chain": drop("certificateAuthorities", 0, "certChain"),
    "an authority with an empty certificate": put(
        "certificateAuthorities", 0, "certChain", "certificates", 0, "rawBytes", value=""
    ),
    "an authority with a chain without end": put(
        "certificateAuthorities", 0, "certChain", "certificates", value=[{"rawBytes": "AA=="}] * 17
    ),
    "logs without end": put("tlogs", value=[{}] * 257),
}


@pytest.mark.parametrize("edit", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_roots_are_refused(edit: Edit) -> None:
    with pytest.raises(VerificationError) as caught:
        parse(edit)
    assert caught.value.reason == "TRUSTED_ROOT_MALFORMED"


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff"], ids=["nothing", "a list", "cut off", "no UTF-8"])
def test_what_is_no_document_is_refused(data: Any) -> None:
    with pytest.raises(VerificationError) as caught:
        parse_trusted_root(data)
    assert caught.value.reason == "TRUSTED_ROOT_MALFORMED"
