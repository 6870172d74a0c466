"""Writing to transparency logs: both generations, what is sent and published, the 409, sizes and lies."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.support.registry import Fault
from tests.support.sigstore.fake import FakeSigstore
from tests.support.sigstore.switches import Switch

from assaymark.attest.dsse import Envelope, encode_legacy, sign_payload
from assaymark.attest.keys.private import PrivateKey, generate_key
from assaymark.attest.keys.public import Algorithm
from assaymark.attest.sigstore.fulcio import request_certificate
from assaymark.attest.sigstore.oidc.token import IdentityToken
from assaymark.attest.sigstore.rekor_client import Verifier, check_loggable, check_size, logged_body, proposal, upload
from assaymark.attest.sigstore.signing_config import Log
from assaymark.errors import NetworkError, SigningError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.net.http import Http

V1, V2 = "/api/v1/log/entries", "/api/v2/log/entries"
STATEMENT = b'{"_type":"https://in-toto.io/Statement/v0.1"}'


@pytest.fixture(scope="module")
def key() -> PrivateKey:
    return generate_key()


@pytest.fixture
def envelope(key: PrivateKey) -> Envelope:
    return sign_payload(STATEMENT, key)


def logs(fake: FakeSigstore) -> dict[int, Log]:
    return {version: Log(url=fake.url, version=version) for version in (1, 2)}


@pytest.mark.parametrize("version", [1, 2])
def test_an_entry_is_what_was_announced(
    fake: FakeSigstore, http: Http, key: PrivateKey, envelope: Envelope, version: int
) -> None:
    log, verifier = logs(fake)[version], Verifier(public=key.public)
    entry = upload(http, log, envelope, verifier)
    assert entry.body == logged_body(log, envelope, verifier)
    assert fake.requests[-1].body == proposal(log, envelope, verifier)
    assert (entry.kind, entry.kind_version) == {1: ("dsse", "0.0.1"), 2: ("hashedrekord", "0.0.2")}[version]
    assert bool(entry.promise) == bool(entry.integrated_time) == (version == 1)
    assert entry.proof is not None
    assert (entry.proof.tree_size, len(entry.proof.hashes)) == (2, 1)
    assert entry.log_id == [*fake.instance.logs.values()][version - 1].key_id


@pytest.mark.parametrize("version", [1, 2])
def test_a_certificate_stands_for_its_key(
    fake: FakeSigstore,
    http: Http,
    key: PrivateKey,
    envelope: Envelope,
    token_of: Callable[..., IdentityToken],
    version: int,
) -> None:
    leaf = request_certificate(http, fake.url, token=token_of(), signer=key).leaf
    verifier = Verifier(public=key.public, certificate=leaf)
    log = logs(fake)[version]
    assert upload(http, log, envelope, verifier).body == logged_body(log, envelope, verifier)


def test_the_log_of_version_1_sees_the_envelope_as_it_is_stored(envelope: Envelope, key: PrivateKey) -> None:
    sent = json.loads(proposal(Log(url="https://log.test"), envelope, Verifier(public=key.public)))
    assert sent["spec"]["proposedContent"]["envelope"].encode() == encode_legacy(envelope)


def test_the_log_of_version_2_sees_only_what_it_publishes(envelope: Envelope, key: PrivateKey) -> None:
    assert STATEMENT not in proposal(Log(url="https://log.test", version=2), envelope, Verifier(public=key.public))


@pytest.mark.parametrize("switched", [False, True], ids=["it was logged before", "the log says so of a new one"])
def test_an_entry_that_exists_is_fetched(
    fake: FakeSigstore, http: Http, key: PrivateKey, envelope: Envelope, *, switched: bool
) -> None:
    verifier = Verifier(public=key.public)
    if switched:
        with fake.broken(Switch.CONFLICT):
            found = upload(http, logs(fake)[1], envelope, verifier)
    else:
        before = upload(http, logs(fake)[1], envelope, verifier)
        found = upload(http, logs(fake)[1], envelope, verifier)
        assert found.log_index == before.log_index
    assert found.body == logged_body(logs(fake)[1], envelope, verifier)
    assert [request.method for request in fake.requests][-2:] == ["POST", "GET"]


@pytest.mark.parametrize(
    "location",
    [
        pytest.param("", id="nowhere"),
        pytest.param("https://elsewhere.test/api/v1/log/entries/" + "a" * 64, id="to another host"),
        pytest.param("/api/v1/log/entries/retrieve", id="to no entry"),
        pytest.param("/api/v1/log/entries/" + "a" * 63, id="to a short name"),
    ],
)
def test_a_location_that_leads_elsewhere_is_not_followed(
    fake: FakeSigstore, http: Http, key: PrivateKey, envelope: Envelope, location: str
) -> None:
    headers = {"Location": location} if location else {}
    fake.fault(Fault(path=V1, status=409, headers=headers, body=b"{}"))
    with pytest.raises(NetworkError, match="does not lead to it"):
        upload(http, logs(fake)[1], envelope, Verifier(public=key.public))
    assert len(fake.requests) == 1


def test_a_request_whose_answer_was_lost_is_sent_again(
    fake: FakeSigstore, http: Http, key: PrivateKey, envelope: Envelope
) -> None:
    """The entry is in the log, the second request gets a 409, and the entry is fetched."""
    verifier = Verifier(public=key.public)
    fake.fault(Fault(path=V1, cut_after=10, headers={"Content-Length": "5000"}, times=1))
    assert upload(http, logs(fake)[1], envelope, verifier).body == logged_body(logs(fake)[1], envelope, verifier)
    assert [(request.method, request.status) for request in fake.requests] == [
        ("POST", 201),
        ("POST", 409),
        ("GET", 200),
    ]


def test_an_answer_that_always_breaks_off_is_a_failure(
    fake: FakeSigstore, http: Http, key: PrivateKey, envelope: Envelope
) -> None:
    fake.fault(Fault(path=V1, cut_after=10, headers={"Content-Length": "5000"}, times=-1))
    with pytest.raises(NetworkError):
        upload(http, logs(fake)[1], envelope, Verifier(public=key.public))
    assert len(fake.requests) == 2


@pytest.mark.parametrize("path", [V1, V2])
def test_a_log_that_is_down_is_said_to_be(
    fake: FakeSigstore, http: Http, key: PrivateKey, envelope: Envelope, path: str
) -> None:
    with fake.broken(Switch.LOG_DOWN), pytest.raises(NetworkError, match="no healthy upstream") as caught:
        upload(http, logs(fake)[1 if path == V1 else 2], envelope, Verifier(public=key.public))
    assert "not lost" in caught.value.hint
    assert len(fake.paths("POST")) == 2


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("switch", [Switch.OTHER_ENTRY, Switch.NO_PROOF, Switch.NO_CHECKPOINT])
def test_an_answer_that_is_not_about_us_is_refused(
    fake: FakeSigstore, http: Http, key: PrivateKey, envelope: Envelope, version: int, switch: Switch
) -> None:
    with fake.broken(switch), pytest.raises(NetworkError, match="cannot be used"):
        upload(http, logs(fake)[version], envelope, Verifier(public=key.public))


def test_an_answer_without_a_promise_is_refused(
    fake: FakeSigstore, http: Http, key: PrivateKey, envelope: Envelope
) -> None:
    with fake.broken(Switch.NO_SET), pytest.raises(NetworkError, match="signedEntryTimestamp"):
        upload(http, logs(fake)[1], envelope, Verifier(public=key.public))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{}", id="no entry"),
        pytest.param(b'{"x":{}}', id="an entry under no identifier"),
        pytest.param(json.dumps({"a" * 64: {}}).encode(), id="an empty entry"),
        pytest.param(json.dumps({"a" * 64: {}, "b" * 64: {}}).encode(), id="two entries"),
        pytest.param(
            json.dumps({"a" * 64: {"verification": {}, "body": "bm90IEpTT04="}}).encode(),
            id="an entry without evidence",
        ),
    ],
)
def test_other_answers_are_refused(
    fake: FakeSigstore, http: Http, key: PrivateKey, envelope: Envelope, body: bytes
) -> None:
    fake.fault(Fault(path=V1, status=201, body=body))
    with pytest.raises(NetworkError, match="the transparency log"):
        upload(http, logs(fake)[1], envelope, Verifier(public=key.public))


def entry_like(envelope: Envelope, key: PrivateKey, **changes: Any) -> bytes:
    """An answer of version 2 that fits, with other members."""
    import base64

    body = logged_body(Log(url="x", version=2), envelope, Verifier(public=key.public))
    whole = {
        "logIndex": "7",
        "logId": {"keyId": "AAAA"},
        "inclusionProof": {"treeSize": "8", "hashes": ["AAAA"], "checkpoint": {"envelope": "text"}},
        "canonicalizedBody": base64.b64encode(body).decode(),
    }
    return json.dumps({**whole, **changes}).encode()


def test_numbers_and_hashes_may_be_left_out(
    fake: FakeSigstore, http: Http, key: PrivateKey, envelope: Envelope
) -> None:
    proof = {"checkpoint": {"envelope": "text"}}
    fake.fault(Fault(path=V2, status=201, body=entry_like(envelope, key, logIndex=0, inclusionProof=proof)))
    entry = upload(http, logs(fake)[2], envelope, Verifier(public=key.public))
    assert entry.proof is not None
    assert (entry.log_index, entry.proof.log_index, entry.proof.tree_size, entry.proof.hashes) == (0, 0, 0, ())


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"logIndex": "-1"}, id="a negative index"),
        pytest.param({"logIndex": 1 << 63}, id="an index beyond 64 bits"),
        pytest.param({"logIndex": True}, id="an index that is a truth"),
        pytest.param({"inclusionProof": {"hashes": "x", "checkpoint": {"envelope": "t"}}}, id="hashes that are text"),
        pytest.param(
            {"inclusionProof": {"hashes": ["AAAA"] * 65, "checkpoint": {"envelope": "t"}}}, id="too many hashes"
        ),
        pytest.param({"canonicalizedBody": "e30="}, id="an empty body"),
        pytest.param({"canonicalizedBody": "W10="}, id="a body that is a list"),
        pytest.param({"logId": None}, id="no log"),
    ],
)
def test_malformed_entries_are_refused(
    fake: FakeSigstore, http: Http, key: PrivateKey, envelope: Envelope, changes: dict[str, Any]
) -> None:
    fake.fault(Fault(path=V2, status=201, body=entry_like(envelope, key, **changes)))
    with pytest.raises(NetworkError, match="cannot be used"):
        upload(http, logs(fake)[2], envelope, Verifier(public=key.public))


def test_what_is_too_large_is_not_sent(fake: FakeSigstore, http: Http, key: PrivateKey) -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, log_upload_bytes=1 << 20)
    large = sign_payload(b"x" * (1 << 20), key)
    with pytest.raises(SigningError) as caught:
        upload(http, logs(fake)[1], large, Verifier(public=key.public), limits=limits)
    assert caught.value.reason == "LOG_TOO_LARGE"
    assert "takes 1.0 MiB" in str(caught.value)
    assert "--signing-config" in caught.value.hint
    assert fake.requests == []
    assert upload(http, logs(fake)[2], large, Verifier(public=key.public), limits=limits).kind == "hashedrekord"


def test_the_size_is_known_before_anything_is_signed(key: PrivateKey) -> None:
    """The estimate is never below the real request."""
    log, verifier = Log(url="https://log.test"), Verifier(public=key.public, certificate=b"c" * 4000)
    for size in (0, 1, 1000, 100_000):
        sent = len(proposal(log, sign_payload(b"x" * size, key), verifier))
        limits = msgspec.structs.replace(DEFAULT_LIMITS, log_upload_bytes=sent - 1)
        with pytest.raises(SigningError):
            check_loggable(log, size, key.public, limits=limits)
    check_size(log, DEFAULT_LIMITS.log_upload_bytes)
    check_loggable(log, 3_000_000, key.public)


@pytest.mark.parametrize("algorithm", [Algorithm.ECDSA_P384, Algorithm.ECDSA_P521, Algorithm.ED25519])
def test_keys_that_a_log_of_version_2_cannot_take_are_named(algorithm: Algorithm) -> None:
    public = generate_key(algorithm).public
    with pytest.raises(SigningError, match=algorithm.value) as caught:
        check_loggable(Log(url="https://log.test", version=2), 10, public)
    assert caught.value.reason == "LOG_KEY"
    check_loggable(Log(url="https://log.test"), 10, public)


def test_a_rsa_key_is_named_with_its_size(fake: FakeSigstore, http: Http) -> None:
    key = generate_key(Algorithm.RSA)
    envelope = sign_payload(STATEMENT, key)
    body = upload(http, logs(fake)[2], envelope, Verifier(public=key.public)).body
    assert b'"keyDetails":"PKIX_RSA_PKCS1V15_3072_SHA256"' in body
