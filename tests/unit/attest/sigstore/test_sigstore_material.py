"""Layers at the `.att` tag with their annotations: what is read of them, and the whole verification."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from tests.support.sigstore.log import Generation
from tests.support.sigstore.signing import Signed, sign_envelope
from tests.support.sigstore.switches import Switch
from tests.support.single_faults import MOMENT, expectation, instance, managed_key, statement, trusted_root

from assaymark.attest.bundle import parse_bundle
from assaymark.attest.sigstore.expectation import Demand
from assaymark.attest.sigstore.material import CERTIFICATE, LOG_ENTRY, TIMESTAMP, material_of_bundle, material_of_layer
from assaymark.attest.sigstore.verify import verify_material
from assaymark.errors import VerificationError

KINDS = ["dsse 0.0.1", "intoto 0.0.1", "intoto 0.0.2"]


def sign(**parts: Any) -> Signed:
    return sign_envelope(instance(), statement(), **parts)


def outcome(made: Signed, base: str = "v1", data: bytes = b"", **changes: Any) -> str:
    try:
        material = material_of_layer(data or made.envelope, made.annotations | changes.pop("annotations", {}))
        verify_material(material, expectation(base, **changes), trusted_root())
    except VerificationError as exc:
        return exc.reason
    return ""


def annotated(**members: Any) -> dict[str, str]:
    document = json.loads(sign().annotations[LOG_ENTRY])
    payload = document["Payload"] | members
    return {LOG_ENTRY: json.dumps({"SignedEntryTimestamp": document["SignedEntryTimestamp"], "Payload": payload})}


class TestWhole:
    @pytest.mark.parametrize("kind", KINDS)
    def test_an_identity_is_verified_with_its_log_entry(self, kind: str) -> None:
        assert outcome(sign(kind=kind)) == ""

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_key_is_verified_with_its_log_entry(self, kind: str) -> None:
        assert outcome(sign(kind=kind, managed=True, key=managed_key()), "key", log=Demand.REQUIRED) == ""

    def test_a_key_needs_nothing_beside_it(self) -> None:
        assert outcome(sign(managed=True, key=managed_key(), log=None), "key") == ""

    @pytest.mark.parametrize(
        "whole", [False, True], ids=["of the signature, as cosign 3", "of the envelope, as cosign 2"]
    )
    def test_timestamps_are_verified(self, whole: bool) -> None:
        made = sign(log=None)
        stamp = instance().timestamps.stamp(made.envelope if whole else made.signature, MOMENT)
        annotation = {TIMESTAMP: json.dumps({"SignedRFC3161Timestamp": b64encode(stamp).decode()})}
        assert outcome(made, annotations=annotation, log=Demand.CHECKED, timestamp=Demand.REQUIRED) == ""

    def test_a_timestamp_of_something_else_is_refused(self) -> None:
        stamp = instance().timestamps.stamp(b"x", MOMENT)
        annotation = {TIMESTAMP: json.dumps({"SignedRFC3161Timestamp": b64encode(stamp).decode()})}
        assert outcome(sign(), annotations=annotation) == "TIMESTAMP_MISMATCH"

    @pytest.mark.parametrize("kind", ["dsse 0.0.1", "intoto 0.0.1"])
    def test_an_envelope_that_was_written_anew_is_not_the_logged_one(self, kind: str) -> None:
        made = sign(kind=kind)
        anew = json.dumps(json.loads(made.envelope), indent=1).encode()
        assert outcome(made, data=anew) == "LOG_ENTRY_CONTENT"

    @pytest.mark.parametrize("kind", KINDS)
    def test_the_entry_of_another_statement_is_refused(self, kind: str) -> None:
        other = sign_envelope(instance(), statement(predicate={}), kind=kind)
        annotation = {LOG_ENTRY: other.annotations[LOG_ENTRY]}
        assert outcome(sign(kind=kind), annotations=annotation) == "LOG_ENTRY_CONTENT"

    def test_a_promise_that_is_wrong_is_refused(self) -> None:
        assert outcome(sign(switches={Switch.BAD_SET})) == "BAD_PROMISE"

    def test_no_entry_is_no_evidence(self) -> None:
        assert outcome(sign(), annotations={LOG_ENTRY: ""}) == "NO_LOG_ENTRY"

    def test_a_certificate_of_somebody_else_does_not_fit(self) -> None:
        annotation = {CERTIFICATE: sign().annotations[CERTIFICATE]}
        assert outcome(sign(), annotations=annotation) == "BAD_SIGNATURE"

    def test_a_keyid_means_nothing_here(self) -> None:
        made = sign(managed=True, key=managed_key(), log=None)
        document = json.loads(made.envelope)
        document["signatures"][0]["keyid"] = "whatever"
        assert outcome(made, "key", data=json.dumps(document).encode()) == ""

    def test_an_entry_of_the_second_generation_has_no_proof_here(self) -> None:
        made = sign(log=Generation.V2, timestamp=True)
        assert made.logged is not None
        listed = {"SignedEntryTimestamp": "", "Payload": {**made.logged.listed(), "verification": None}}
        assert outcome(made, annotations={LOG_ENTRY: json.dumps(listed)}) == "PROOF_MISSING"

    def test_an_entry_without_a_promise_is_no_evidence(self) -> None:
        made = sign(switches={Switch.NO_SET})
        assert outcome(made) == "PROOF_MISSING"


class TestReading:
    def test_empty_annotations_are_not_there(self) -> None:
        material = material_of_layer(sign().envelope, {CERTIFICATE: "", LOG_ENTRY: "", TIMESTAMP: ""})
        assert (material.certificates, material.log_entries, material.timestamps) == ((), (), ())

    def test_a_bundle_and_a_layer_say_the_same(self) -> None:
        made = sign()
        layer, bundle = material_of_layer(made.envelope, made.annotations), material_of_bundle(parse_bundle(made.data))
        assert layer.certificates == bundle.certificates
        assert layer.signature == bundle.signature
        assert layer.signed_envelope == bundle.signed_envelope
        (first,), (second,) = layer.log_entries, bundle.log_entries
        assert (first.body, first.log_id, first.log_index, first.promise) == (
            second.body, second.log_id, second.log_index, second.promise,
        )  # fmt: skip
        assert (first.kind, first.kind_version, first.proof) == (second.kind, second.kind_version, None)

    @pytest.mark.parametrize(
        ("annotations", "reason"),
        [
            ({CERTIFICATE: "x"}, "CERTIFICATE_MALFORMED"),
            ({CERTIFICATE: "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"}, "CERTIFICATE_MALFORMED"),
            ({LOG_ENTRY: "x"}, "LOG_ENTRY_MALFORMED"),
            ({LOG_ENTRY: "{}"}, "LOG_ENTRY_MALFORMED"),
            ({LOG_ENTRY: '{"Payload":1,"Payload":2}'}, "DUPLICATE_KEYS"),
            (annotated(logID="x"), "LOG_ENTRY_MALFORMED"),
            (annotated(logID=None), "LOG_ENTRY_MALFORMED"),
            (annotated(logIndex=-1), "LOG_ENTRY_MALFORMED"),
            (annotated(logIndex=True), "LOG_ENTRY_MALFORMED"),
            (annotated(integratedTime="1"), "LOG_ENTRY_MALFORMED"),
            (annotated(integratedTime=2**60), "LOG_ENTRY_MALFORMED"),
            (annotated(body="!"), "LOG_ENTRY_MALFORMED"),
            (annotated(body="AAAA"), "LOG_ENTRY_MALFORMED"),
            ({TIMESTAMP: "[]"}, "TIMESTAMP_MALFORMED"),
            ({TIMESTAMP: "{}"}, "TIMESTAMP_MALFORMED"),
            ({TIMESTAMP: '{"SignedRFC3161Timestamp":"!"}'}, "TIMESTAMP_MALFORMED"),
        ],
    )
    def test_malformed_annotations_are_refused(self, annotations: dict[str, str], reason: str) -> None:
        with pytest.raises(VerificationError) as caught:
            material_of_layer(sign().envelope, annotations)
        assert caught.value.reason == reason
