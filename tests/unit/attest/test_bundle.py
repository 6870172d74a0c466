"""Bundles, in every spelling of their JSON that is allowed."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from typing import Any

import msgspec
import pytest
from tests.support.forgery import bundle_document, key, sealed

from assaymark.attest.bundle import Bundle, InclusionProof, LogEntry, MessageSignature, build_bundle, parse_bundle
from assaymark.attest.dsse import IN_TOTO, Envelope, Signature
from assaymark.attest.strict import decode_base64, encode_base64
from assaymark.errors import VerificationError

ENTRY: dict[str, Any] = {
    "logIndex": "7",
    "logId": {"keyId": "AAAA"},
    "kindVersion": {"kind": "dsse", "version": "0.0.1"},
    "integratedTime": "1700000000",
    "inclusionPromise": {"signedEntryTimestamp": "AQ=="},
    "inclusionProof": {
        "logIndex": 3,
        "rootHash": "Ag==",
        "treeSize": "8",
        "hashes": ["Aw==", "BA=="],
        "checkpoint": {"envelope": "note"},
    },
    "canonicalizedBody": "e30=",
}
READ = LogEntry(
    log_index=7,
    log_id=b"\0\0\0",
    kind="dsse",
    kind_version="0.0.1",
    integrated_time=1_700_000_000,
    promise=b"\1",
    proof=InclusionProof(log_index=3, root_hash=b"\2", tree_size=8, hashes=(b"\3", b"\4"), checkpoint="note"),
    body=b"{}",
)
NOTHING: dict[str, Any] = {"logId": {}, "kindVersion": {}, "inclusionProof": {}}
OLD = "application/vnd.dev.sigstore.bundle+json;version=0."


def bundle(media_type: str = "", **material: Any) -> bytes:
    document = bundle_document()
    material = material or {"publicKey": {"hint": "h"}}
    return msgspec.json.encode(
        document | {"verificationMaterial": material, "mediaType": media_type or document["mediaType"]}
    )


def without(name: str) -> dict[str, Any]:
    return {member: value for member, value in ENTRY.items() if member != name}


def test_what_is_built_can_be_read() -> None:
    envelope = sealed(b"payload")
    assert Bundle(version=3, envelope=envelope, hint=key().public.hint) == parse_bundle(
        build_bundle(envelope, key().public)
    )


def test_a_key_id_survives() -> None:
    envelope = Envelope(payload=b"p", signatures=(Signature(sig=b"s", keyid="k"),))
    assert envelope == parse_bundle(build_bundle(envelope, key().public)).envelope


def test_an_entry_is_read_whole() -> None:
    read = parse_bundle(bundle(publicKey={}, tlogEntries=[ENTRY]))
    assert read.log_entries == (READ,)


def test_what_is_absent_is_zero() -> None:
    read = parse_bundle(bundle(publicKey={}, tlogEntries=[NOTHING], timestampVerificationData={}))
    proof = InclusionProof(log_index=0, root_hash=b"", tree_size=0, hashes=(), checkpoint="")
    assert read.log_entries == (
        LogEntry(
            log_index=0, log_id=b"", kind="", kind_version="", integrated_time=0, promise=b"", proof=proof, body=b""
        ),
    )


def test_snake_case_null_and_url_safe_base64_are_understood() -> None:
    document = {
        "media_type": bundle_document()["mediaType"],
        "verification_material": {
            "public_key": {"hint": "h"},
            "certificate": None,
            "timestamp_verification_data": {"rfc3161_timestamps": [{"signed_timestamp": "-_8"}]},
        },
        "dsse_envelope": {"payload": "-_8=", "payload_type": IN_TOTO, "signatures": [{"sig": "AA"}]},
    }
    assert parse_bundle(msgspec.json.encode(document)) == Bundle(
        version=3,
        envelope=Envelope(payload=b"\xfb\xff", signatures=(Signature(sig=b"\0"),)),
        hint="h",
        timestamps=(b"\xfb\xff",),
    )


@pytest.mark.parametrize(
    ("data", "version", "certificates"),
    [
        (bundle(OLD + "1", x509CertificateChain={"certificates": [{"rawBytes": "AA=="}] * 2}), 1, (b"\0", b"\0")),
        (bundle(OLD + "1", publicKey={}, tlogEntries=[without("inclusionProof")]), 1, ()),
        (bundle(OLD + "2", certificate={"rawBytes": "AA=="}, tlogEntries=[without("inclusionPromise")]), 2, (b"\0",)),
        (bundle(OLD + "3", certificate={"rawBytes": "AA=="}), 3, (b"\0",)),
    ],
    ids=["a chain in 0.1", "a promise in 0.1", "a proof in 0.2", "0.3 with the older name"],
)
def test_older_bundles_are_read(data: bytes, version: int, certificates: tuple[bytes, ...]) -> None:
    read = parse_bundle(data)
    assert (read.version, read.certificates) == (version, certificates)


MALFORMED = {
    "an image's signature that is no base64": msgspec.json.encode(
        {name: value for name, value in bundle_document().items() if name != "dsseEnvelope"}
        | {"messageSignature": {"signature": "!"}}
    ),
    "no media type": bundle("x"),
    "no key and no certificate": bundle(tlogEntries=[]),
    "a chain in 0.3": bundle(x509CertificateChain={"certificates": [{"rawBytes": "AA=="}]}),
    "an empty chain": bundle(OLD + "1", x509CertificateChain={}),
    "an empty certificate": bundle(certificate={}),
    "a chain of a hundred": bundle(OLD + "1", x509CertificateChain={"certificates": [{"rawBytes": "AA=="}] * 100}),
    "an entry without a log": bundle(publicKey={}, tlogEntries=[without("logId")]),
    "an entry without a kind": bundle(publicKey={}, tlogEntries=[without("kindVersion")]),
    "an entry that is a string": bundle(publicKey={}, tlogEntries=["x"]),
    "ten thousand entries": bundle(publicKey={}, tlogEntries=[ENTRY] * 10_000),
    "entries that are no list": bundle(publicKey={}, tlogEntries={}),
    "ten thousand timestamps": bundle(publicKey={}, timestampVerificationData={"rfc3161Timestamps": [{}] * 10_000}),
    "a negative index": bundle(publicKey={}, tlogEntries=[ENTRY | {"logIndex": "-1"}]),
    "an index beyond 64 bits": bundle(publicKey={}, tlogEntries=[ENTRY | {"logIndex": str(2**63)}]),
    "an index that is true": bundle(publicKey={}, tlogEntries=[ENTRY | {"logIndex": True}]),
    "an index in words": bundle(publicKey={}, tlogEntries=[ENTRY | {"logIndex": "seven"}]),
    "a body that is no base64": bundle(publicKey={}, tlogEntries=[ENTRY | {"canonicalizedBody": "!"}]),
    "a hint that is a number": bundle(publicKey={"hint": 1}),
    "one key in two spellings": bundle(publicKey={}, public_key={}),
    "a known member in another letter case": bundle(PublicKey={}),
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_bundles_are_refused(data: bytes) -> None:
    with pytest.raises(VerificationError) as caught:
        parse_bundle(data)
    assert caught.value.reason == "MALFORMED_BUNDLE"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (bundle(publicKey={}, tlogEntries=[without("inclusionProof")]), "PROOF_MISSING"),
        (bundle(OLD + "1", publicKey={}, tlogEntries=[without("inclusionPromise")]), "PROMISE_MISSING"),
        (bundle("application/vnd.dev.sigstore.bundle.v0.4+json", publicKey={}), "BUNDLE_VERSION"),
        (bundle("application/vnd.dev.sigstore.bundle+json;version=99.9", publicKey={}), "BUNDLE_VERSION"),
        (bundle("application/vnd.dev.sigstore.bundle.v0.2+json", publicKey={}), "BUNDLE_VERSION"),
    ],
    ids=["no proof in 0.3", "no promise in 0.1", "0.4", "99.9", "0.2 with the newer name"],
)
def test_what_a_version_demands_has_its_own_reason(data: bytes, reason: str) -> None:
    with pytest.raises(VerificationError) as caught:
        parse_bundle(data)
    assert caught.value.reason == reason


def test_line_breaks_in_the_base64_of_a_bundle_count_for_nothing() -> None:
    (entry,) = parse_bundle(bundle(publicKey={}, tlogEntries=[ENTRY | {"canonicalizedBody": "AA\nEC\r\n"}])).log_entries
    assert entry.body == b"\0\1\2"


def test_a_signature_over_an_artifact_is_read() -> None:
    document = {name: value for name, value in bundle_document().items() if name != "dsseEnvelope"}
    document["messageSignature"] = {"messageDigest": {"algorithm": "SHA2_256", "digest": "AQ=="}, "signature": "Ag=="}
    read = parse_bundle(msgspec.json.encode(document))
    assert (read.envelope, read.message) == (
        None,
        MessageSignature(signature=b"\2", algorithm="SHA2_256", digest=b"\1"),
    )


class TestBase64:
    @pytest.mark.parametrize("size", range(8))
    def test_every_spelling_is_read(self, size: int) -> None:
        data = bytes(range(248, 248 + size))
        spellings = {b64encode(data), urlsafe_b64encode(data), b64encode(data).rstrip(b"=")}
        assert {data} == {decode_base64(spelling.decode()) for spelling in spellings}
        assert encode_base64(data) == b64encode(data).decode()

    @pytest.mark.parametrize("text", ["A", "AB", "AA=", "AAA==", "AA== ", "A\nA==", "=", "AA==AA==", "é"])
    def test_nothing_else_is(self, text: str) -> None:
        with pytest.raises(ValueError):
            decode_base64(text)
