"""Timestamps: the request as RFC 3161 has it, and an answer that answers it."""

from __future__ import annotations

import hashlib
import os

import pytest
from rfc3161_client import decode_timestamp_response
from tests.support.registry import Fault
from tests.support.sigstore.fake import FakeSigstore
from tests.support.sigstore.switches import Switch
from tests.support.sigstore.timestamping import parse_request

from assaymark.attest.sigstore.tsa_client import request_timestamp, timestamp_query
from assaymark.errors import NetworkError
from assaymark.net.http import Http

PATH = "/api/v1/timestamp"
SIGNATURE = b"a signature"


def test_a_signature_is_stamped(fake: FakeSigstore, http: Http) -> None:
    stamp = request_timestamp(http, fake.url + PATH, SIGNATURE, random=os.urandom)
    info = decode_timestamp_response(stamp).tst_info
    assert info.message_imprint.message == hashlib.sha256(SIGNATURE).digest()
    sent = fake.requests[-1]
    assert sent.headers["content-type"] == "application/timestamp-query"
    assert sent.headers["accept"] == "application/timestamp-reply"
    assert parse_request(sent.body).certificates


@pytest.mark.parametrize(
    ("nonce", "encoded"),
    [
        pytest.param(1, "020101", id="a small nonce"),
        pytest.param(0x80, "02020080", id="one whose first bit is set"),
        pytest.param((1 << 64) - 1, "020900ffffffffffffffff", id="the largest"),
    ],
)
def test_the_query_is_der(nonce: int, encoded: str) -> None:
    imprint = bytes(range(32))
    query = timestamp_query(imprint, nonce)
    algorithm = "300d060960864801650304020105000420" + imprint.hex()
    assert query[2:].hex() == "0201013031" + algorithm + encoded + "0101ff"
    assert query[:2] == bytes([0x30, len(query) - 2])
    assert parse_request(query).nonce == nonce


@pytest.mark.parametrize(
    ("switch", "words"),
    [
        pytest.param(Switch.TSA_REFUSED, "not granted", id="it refuses"),
        pytest.param(Switch.TSA_WRONG_HASH, "something else", id="it stamps something else"),
        pytest.param(Switch.TSA_SHA1, "something else", id="it stamps another hash"),
        pytest.param(Switch.TSA_WRONG_NONCE, "nonce", id="it answers an old request"),
    ],
)
def test_what_does_not_answer_the_request_is_refused(
    fake: FakeSigstore, http: Http, switch: Switch, words: str
) -> None:
    with fake.broken(switch), pytest.raises(NetworkError, match=words):
        request_timestamp(http, fake.url + PATH, SIGNATURE, random=os.urandom)


@pytest.mark.parametrize("body", [b"", b"<html>", b"\x30\x03\x02\x01\x00", b"\x30\x80"])
def test_what_is_no_timestamp_is_refused(fake: FakeSigstore, http: Http, body: bytes) -> None:
    fake.fault(Fault(path=PATH, status=200, body=body))
    with pytest.raises(NetworkError, match="the timestamp authority"):
        request_timestamp(http, fake.url + PATH, SIGNATURE, random=os.urandom)


def test_an_authority_that_stumbles_is_asked_again(fake: FakeSigstore, http: Http) -> None:
    fake.fail(503, path=PATH)
    assert request_timestamp(http, fake.url + PATH, SIGNATURE, random=os.urandom)


def test_an_authority_that_is_down_is_said_to_be(fake: FakeSigstore, http: Http) -> None:
    fake.fail(500, times=-1, path=PATH)
    with pytest.raises(NetworkError, match="status 500") as caught:
        request_timestamp(http, fake.url + PATH, SIGNATURE, random=os.urandom)
    assert "--timestamp-server-url" in caught.value.hint
