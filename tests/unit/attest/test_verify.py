"""Every step of verification, with at least one forgery each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.support.content import describe
from tests.support.forgery import (
    HEX,
    OTHER_IMAGE,
    RECORD,
    attestation,
    bundle_document,
    candidate,
    changed_payload,
    expectation,
    key,
    sealed,
    statement,
)

from assaymark.attest.attach import Attestation
from assaymark.attest.keys.algorithms import Scheme
from assaymark.attest.reasons import Reason
from assaymark.attest.store.attestation import AttestationFormat, Candidate, Unreadable
from assaymark.attest.strict import encode_base64
from assaymark.attest.subject import digests_of_descriptor, digests_of_manifest
from assaymark.attest.verify import UNCHECKED, Expectation, Verified, verify_attestations, verify_candidate
from assaymark.errors import VerificationError
from assaymark.model.descriptor import OCI_MANIFEST
from assaymark.oci.content import StoredManifest

LEGACY = AttestationFormat.LEGACY
NO_LOG = "not checked: transparency log: there is no log entry, and none is needed with a key"
Document = dict[str, Any]


def reason(item: Candidate, expected: Expectation | None = None) -> Reason | None:
    outcome = verify_candidate(item, expected or expectation())
    return None if isinstance(outcome, Verified) else outcome.reason


def signed(**changes: Any) -> Document:
    """A bundle around a changed statement, properly signed."""
    return bundle_document(sealed(msgspec.json.encode(statement(**changes))))


def with_envelope(**changes: Any) -> Document:
    document = bundle_document()
    return document | {"dsseEnvelope": document["dsseEnvelope"] | changes}


def with_material(**material: Any) -> Document:
    return bundle_document() | {"verificationMaterial": material}


def with_signatures(change: Callable[[list[Document]], list[Document]]) -> Document:
    document = bundle_document()
    return with_envelope(signatures=change(document["dsseEnvelope"]["signatures"]))


class TestWhatIsGood:
    def test_a_bundle_is_verified_and_its_bytes_are_handed_out(self) -> None:
        made = attestation()
        outcome = verify_candidate(candidate(made.bundle), expectation())
        assert isinstance(outcome, Verified)
        assert made.envelope.payload == outcome.payload
        assert outcome.statement.predicate == RECORD
        assert key().public.fingerprint == outcome.key
        assert Scheme.ECDSA_SHA256 is outcome.scheme
        assert outcome.notes == (NO_LOG,)

    def test_a_bundle_is_printed_as_cosign_prints_it(self) -> None:
        outcome = verify_candidate(candidate(attestation().bundle), expectation())
        assert isinstance(outcome, Verified)
        assert list(msgspec.json.decode(outcome.line)) == ["payload", "payloadType", "signatures"]
        assert b"\n" not in outcome.line

    def test_a_legacy_envelope_is_printed_as_it_is_stored(self) -> None:
        made = attestation()
        outcome = verify_candidate(candidate(made.legacy, LEGACY), expectation())
        assert isinstance(outcome, Verified)
        assert made.legacy == outcome.line

    def test_a_legacy_envelope_of_several_lines_is_printed_on_one(self) -> None:
        pretty = msgspec.json.format(attestation().legacy, indent=2)
        outcome = verify_candidate(candidate(pretty, LEGACY), expectation())
        assert isinstance(outcome, Verified)
        assert b"\n" not in outcome.line

    def test_of_several_subjects_one_is_enough(self) -> None:
        subjects = [{"digest": {"sha256": "0" * 64}}, {"digest": {"sha256": HEX}}]
        assert reason(candidate(signed(subject=subjects))) is None

    def test_a_full_type_does_not_look_into_the_predicate(self) -> None:
        bent = signed(predicate={"metadata": {"scanStartedOn": "yesterday"}})
        expected = expectation("https://cosign.sigstore.dev/attestation/vuln/v1")
        assert reason(candidate(bent), expected) is None

    def test_members_that_in_toto_does_not_know_are_noted(self) -> None:
        outcome = verify_candidate(candidate(signed(extra=1)), expectation())
        assert isinstance(outcome, Verified)
        assert outcome.notes == (NO_LOG, "cosign refuses the statement's members: extra")

    def test_without_claims_another_image_passes_and_that_is_noted(self) -> None:
        expected = msgspec.structs.replace(expectation(), image=None)
        outcome = verify_candidate(candidate(attestation(subject=OTHER_IMAGE).bundle), expected)
        assert isinstance(outcome, Verified)
        assert outcome.notes == (NO_LOG, UNCHECKED)

    def test_log_entries_and_timestamps_are_noted_and_prove_nothing(self) -> None:
        entry = {
            "logIndex": "1",
            "logId": {"keyId": ""},
            "kindVersion": {"kind": "dsse", "version": "0.0.1"},
            "inclusionProof": {"checkpoint": {"envelope": "x"}},
        }
        stamps = {"rfc3161Timestamps": [{"signedTimestamp": "AAAA"}]}
        bent = with_material(publicKey={}, tlogEntries=[entry], timestampVerificationData=stamps)
        outcome = verify_candidate(candidate(bent), expectation())
        assert isinstance(outcome, Verified)
        assert outcome.notes == (
            "not checked: transparency log: 1 log entry was ignored",
            "not checked: timestamp: 1 timestamp was ignored",
        )

    def test_the_keyid_that_cosign_accepts_is_accepted(self) -> None:
        named = with_signatures(lambda all_: [all_[0] | {"keyid": key().public.openssh_fingerprint}])
        assert reason(candidate(named)) is None

    def test_the_keyid_of_a_legacy_envelope_means_nothing(self) -> None:
        document = msgspec.json.decode(attestation().legacy)
        document["signatures"][0]["keyid"] = "whatever"
        assert reason(candidate(document, LEGACY)) is None

    def test_a_verified_does_not_change(self) -> None:
        made: Any = verify_candidate(candidate(attestation().bundle), expectation())
        with pytest.raises(AttributeError):
            made.payload = b"another"
        with pytest.raises(AttributeError):
            del made.payload

    def test_nobody_else_makes_a_verified(self) -> None:
        made = verify_candidate(candidate(attestation().bundle), expectation())
        assert isinstance(made, Verified)
        parts: Any = dict.fromkeys(("candidate", "content", "statement", "key", "scheme"))
        with pytest.raises(TypeError, match="only verification"):
            Verified(object(), **parts, subject_checked=True)


def _second_signature(all_: list[Document]) -> list[Document]:
    return [all_[0], {"sig": encode_base64(key("theirs").sign(b"anything"))}]


FORGERIES: dict[str, tuple[Document | bytes, Reason]] = {
    # 1: one reading
    "truncated bundle": (attestation().bundle[:-40], Reason.MALFORMED_BUNDLE),
    "trailing bytes": (attestation().bundle + b"{}", Reason.MALFORMED_BUNDLE),
    "byte order mark": (b"\xef\xbb\xbf" + attestation().bundle, Reason.MALFORMED_BUNDLE),
    "a list": (b"[]", Reason.MALFORMED_BUNDLE),
    "an unknown media type": (bundle_document() | {"mediaType": "text/html"}, Reason.MALFORMED_BUNDLE),
    "an unknown member": (bundle_document() | {"more": 1}, Reason.MALFORMED_BUNDLE),
    "duplicate keys in the bundle": (
        attestation().bundle.replace(b'"mediaType"', b'"mediaType":"x","mediaType"', 1),
        Reason.DUPLICATE_KEYS,
    ),
    "two envelopes in two spellings": (
        bundle_document() | {"dsse_envelope": bundle_document()["dsseEnvelope"]},
        Reason.MALFORMED_BUNDLE,
    ),
    "both contents": (bundle_document() | {"messageSignature": {}}, Reason.MALFORMED_BUNDLE),
    "no verification material": (
        {name: value for name, value in bundle_document().items() if name != "verificationMaterial"},
        Reason.MALFORMED_BUNDLE,
    ),
    "version 0.4": (
        bundle_document() | {"mediaType": "application/vnd.dev.sigstore.bundle.v0.4+json"},
        Reason.BUNDLE_VERSION,
    ),
    "version 0.2 in a registry": (
        bundle_document() | {"mediaType": "application/vnd.dev.sigstore.bundle+json;version=0.2"},
        Reason.BUNDLE_VERSION,
    ),
    "a signature of the image instead of an envelope": (
        {name: value for name, value in bundle_document().items() if name != "dsseEnvelope"} | {"messageSignature": {}},
        Reason.NOT_AN_ENVELOPE,
    ),
    # 2: a key, not a certificate
    "a certificate with a key's verification": (
        with_material(certificate={"rawBytes": "MAA="}),
        Reason.CERTIFICATE_NOT_KEY,
    ),
    "a key and a certificate": (
        with_material(publicKey={}, certificate={"rawBytes": "MAA="}),
        Reason.MALFORMED_BUNDLE,
    ),
    # 3: the payload type
    "the payload type was changed": (with_envelope(payloadType="application/json"), Reason.PAYLOAD_TYPE),
    "another payload type was signed": (
        bundle_document(sealed(msgspec.json.encode(statement()), payload_type="application/json")),
        Reason.PAYLOAD_TYPE,
    ),
    # 4: one signature
    "no signature": (with_envelope(signatures=[]), Reason.SIGNATURE_COUNT),
    "two signatures, good and bad": (with_signatures(_second_signature), Reason.SIGNATURE_COUNT),
    "two signatures, bad and good": (
        with_signatures(lambda all_: _second_signature(all_)[::-1]),
        Reason.SIGNATURE_COUNT,
    ),
    # 5: the key id
    "a foreign key id": (with_signatures(lambda all_: [all_[0] | {"keyid": "SHA256:x"}]), Reason.KEYID_MISMATCH),
    # 6: the signature
    "another key": (attestation(signer=key("theirs")).bundle, Reason.WRONG_KEY),
    "another key that claims to be ours": (
        bundle_document(sealed(msgspec.json.encode(statement()), signer=key("theirs"))),
        Reason.BAD_SIGNATURE,
    ),
    "a tampered payload": (
        changed_payload(bundle_document(), lambda payload: payload.replace(b"assaymark@1", b"assaymark@2")),
        Reason.BAD_SIGNATURE,
    ),
    "an empty payload": (with_envelope(payload=""), Reason.BAD_SIGNATURE),
    "a swapped envelope": (
        bundle_document() | {"dsseEnvelope": bundle_document(signer=key("theirs"))["dsseEnvelope"]},
        Reason.BAD_SIGNATURE,
    ),
    "a signature over the payload without its encoding": (
        with_envelope(signatures=[{"sig": encode_base64(key().sign(msgspec.json.encode(statement())))}]),
        Reason.BAD_SIGNATURE,
    ),
    "an empty signature": (with_envelope(signatures=[{"sig": ""}]), Reason.BAD_SIGNATURE),
    "r and s are zero": (
        with_envelope(signatures=[{"sig": encode_base64(bytes.fromhex("3006020100020100"))}]),
        Reason.BAD_SIGNATURE,
    ),
    # 7: the statement
    "a payload that is no JSON": (bundle_document(sealed(b"hello")), Reason.STATEMENT_MALFORMED),
    "a statement with a byte order mark": (
        bundle_document(sealed(b"\xef\xbb\xbf" + msgspec.json.encode(statement()))),
        Reason.STATEMENT_MALFORMED,
    ),
    "a statement in UTF-16": (
        bundle_document(sealed(msgspec.json.encode(statement()).decode().encode("utf-16"))),
        Reason.STATEMENT_MALFORMED,
    ),
    "a statement nested to the depth of 100,000": (
        bundle_document(sealed(b"[" * 100_000 + b"]" * 100_000)),
        Reason.STATEMENT_MALFORMED,
    ),
    "a statement and something behind it": (
        bundle_document(sealed(msgspec.json.encode(statement()) * 2)),
        Reason.STATEMENT_MALFORMED,
    ),
    "duplicate keys in the statement": (
        bundle_document(sealed(msgspec.json.encode(statement()).replace(b'{"_type"', b'{"_type":"","_type"'))),
        Reason.DUPLICATE_KEYS,
    ),
    "another statement type": (signed(_type="https://example.test/Statement"), Reason.STATEMENT_MALFORMED),
    "a known member in another letter case": (signed(Subject=[]), Reason.STATEMENT_MALFORMED),
    "no predicate type": (signed(predicateType=None), Reason.STATEMENT_MALFORMED),
    "no predicate": (signed(predicate=None), Reason.STATEMENT_MALFORMED),
    "no subjects": (signed(subject=[]), Reason.STATEMENT_MALFORMED),
    "subjects that are null": (signed(subject=None), Reason.STATEMENT_MALFORMED),
    "a hundred thousand subjects": (
        signed(subject=[{"digest": {"sha256": HEX}}] * 100_000),
        Reason.STATEMENT_MALFORMED,
    ),
    # 8: the type
    "another predicate type": (attestation(kind="custom").bundle, Reason.WRONG_TYPE),
    # 9: the subject
    "another image": (attestation(subject=OTHER_IMAGE).bundle, Reason.SUBJECT_MISMATCH),
    "upper-case hex": (signed(subject=[{"digest": {"sha256": HEX.upper()}}]), Reason.SUBJECT_MISMATCH),
    "an upper-case algorithm": (signed(subject=[{"digest": {"SHA256": HEX}}]), Reason.SUBJECT_MISMATCH),
    "the same hex under another algorithm": (signed(subject=[{"digest": {"gitCommit": HEX}}]), Reason.SUBJECT_MISMATCH),
    "the algorithm in front of the hex": (
        signed(subject=[{"digest": {"sha256": f"sha256:{HEX}"}}]),
        Reason.SUBJECT_MISMATCH,
    ),
    # 10: the predicate
    "a time that is none": (signed(predicate={"metadata": {"scanStartedOn": "now"}}), Reason.PREDICATE_MALFORMED),
    "a predicate that is a string": (signed(predicate="{}"), Reason.PREDICATE_MALFORMED),
}


@pytest.mark.parametrize(("forged", "expected"), FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_bundle_is_refused(forged: Document | bytes, expected: Reason) -> None:
    assert expected is reason(candidate(forged))


LEGACY_FORGERIES: dict[str, tuple[Document | bytes, Reason]] = {
    "no JSON": (b"{", Reason.MALFORMED_ENVELOPE),
    "a null": (b"null", Reason.MALFORMED_ENVELOPE),
    "no payload": ({"payloadType": "", "signatures": []}, Reason.MALFORMED_ENVELOPE),
    "no signatures": ({"payload": "", "payloadType": ""}, Reason.MALFORMED_ENVELOPE),
    "a signature that is no object": (
        {"payload": "", "payloadType": "", "signatures": [1]},
        Reason.MALFORMED_ENVELOPE,
    ),
    "a payload in another letter case": (
        msgspec.json.decode(attestation().legacy) | {"Payload": ""},
        Reason.MALFORMED_ENVELOPE,
    ),
    "two payloads": (
        attestation()
        .legacy.replace(b'{"payload', b'{"payload":"","payload', 1)
        .replace(b'"payload":"","payloadType"', b'"payloadType":"","payloadType"'),
        Reason.DUPLICATE_KEYS,
    ),
    "two signatures": (
        msgspec.json.decode(attestation().legacy) | {"signatures": [{"sig": "AAAA"}] * 2},
        Reason.SIGNATURE_COUNT,
    ),
    "another key": (attestation(signer=key("theirs")).legacy, Reason.BAD_SIGNATURE),
    "another image": (attestation(subject=OTHER_IMAGE).legacy, Reason.SUBJECT_MISMATCH),
    "a bundle where an envelope should be": (attestation().bundle, Reason.MALFORMED_ENVELOPE),
}


@pytest.mark.parametrize(("forged", "expected"), LEGACY_FORGERIES.values(), ids=LEGACY_FORGERIES.keys())
def test_a_forged_envelope_is_refused(forged: Document | bytes, expected: Reason) -> None:
    assert expected is reason(candidate(forged, LEGACY))


def test_a_good_sha256_beside_a_wrong_sha512_is_refused() -> None:
    data = b"the manifest"
    stored = StoredManifest(data=data, descriptor=describe(data, OCI_MANIFEST))
    image = digests_of_manifest(stored)
    digests = dict(image.digests)
    good = candidate(signed(subject=[{"digest": digests}]))
    bad = candidate(signed(subject=[{"digest": digests | {"sha512": "0" * 128}}]))
    only_other = candidate(signed(subject=[{"digest": {"sha512": digests["sha512"]}}]))
    expected = expectation(image=image)
    assert [reason(item, expected) for item in (good, bad, only_other)] == [
        None,
        Reason.SUBJECT_MISMATCH,
        Reason.SUBJECT_MISMATCH,
    ]
    assert digests_of_descriptor(stored.descriptor).digests == (("sha256", digests["sha256"]),)


class TestTheOutcome:
    def test_one_good_attestation_among_bad_ones_is_enough(self) -> None:
        made: Attestation = attestation()
        found = [candidate(b"{"), candidate(made.bundle), candidate(made.legacy, LEGACY)]
        outcome = verify_attestations(found, expectation())
        assert [item.format for item in outcome.require()] == [AttestationFormat.BUNDLE, LEGACY]
        assert [item.reason for item in outcome.rejected] == [Reason.MALFORMED_BUNDLE]

    @pytest.mark.parametrize(
        ("found", "expected", "text"),
        [
            pytest.param([], Reason.NO_ATTESTATION, "nothing is attached", id="nothing is there"),
            pytest.param(
                [candidate(attestation(kind="custom").bundle)], Reason.WRONG_TYPE, "attestation/v1`", id="another type"
            ),
            pytest.param(
                [candidate(attestation(kind="custom").bundle), candidate(FORGERIES["a tampered payload"][0])],
                Reason.BAD_SIGNATURE,
                "and 1 more",
                id="a failure says more than another type",
            ),
            pytest.param(
                [candidate(attestation(subject=OTHER_IMAGE).bundle), candidate(b"{")],
                Reason.SUBJECT_MISMATCH,
                "another image",
                id="what came furthest counts",
            ),
            pytest.param(
                [Unreadable(manifest=None, reason=Reason.UNREADABLE, message="the blob is gone")],
                Reason.UNREADABLE,
                "the blob is gone",
                id="what cannot be read is said",
            ),
        ],
    )
    def test_a_failure_names_its_reason(self, found: list[Candidate], expected: Reason, text: str) -> None:
        with pytest.raises(VerificationError, match=text) as caught:
            verify_attestations(found, expectation()).require()
        assert expected.value == caught.value.reason
        assert caught.value.exit_code == 7
