"""What is written: bundles that are read back as they were meant, and the annotations of the `.att` tag."""

from __future__ import annotations

import base64
import json

import msgspec

from assaymark.attest.bundle import InclusionProof, LogEntry, parse_bundle
from assaymark.attest.dsse import Envelope, Signature, encode_legacy
from assaymark.attest.keys.private import generate_key
from assaymark.attest.sigstore.material import material_of_layer
from assaymark.attest.sigstore.write import Gathered, encode_bundle, legacy_annotations, legacy_gaps

ENVELOPE = Envelope(payload=b"{}", signatures=(Signature(sig=b"signature"),))
BODY = b'{"apiVersion":"0.0.1","kind":"dsse","spec":{}}'
FIRST = LogEntry(
    log_index=5,
    log_id=b"l" * 32,
    kind="dsse",
    kind_version="0.0.1",
    integrated_time=1_700_000_000,
    promise=b"promise",
    proof=InclusionProof(log_index=4, root_hash=b"r" * 32, tree_size=9, hashes=(b"h" * 32,), checkpoint="note"),
    body=BODY,
)
# index 0 and an empty proof: protobuf's JSON leaves them out
SECOND = LogEntry(
    log_index=0,
    log_id=b"m" * 32,
    kind="hashedrekord",
    kind_version="0.0.2",
    integrated_time=0,
    promise=b"",
    proof=InclusionProof(log_index=0, root_hash=b"", tree_size=1, hashes=(), checkpoint="note"),
    body=BODY,
)


def test_a_bundle_with_everything_is_read_back() -> None:
    gathered = Gathered(
        public=generate_key().public, certificate=b"leaf", log_entries=(FIRST, SECOND), timestamps=(b"t1", b"t2")
    )
    bundle = parse_bundle(encode_bundle(ENVELOPE, gathered))
    assert (bundle.version, bundle.envelope, bundle.certificates) == (3, ENVELOPE, (b"leaf",))
    assert (bundle.log_entries, bundle.timestamps) == ((FIRST, SECOND), (b"t1", b"t2"))


def test_a_bundle_with_nothing_has_nothing_empty() -> None:
    public = generate_key().public
    document = json.loads(encode_bundle(ENVELOPE, Gathered(public=public)))
    assert document["verificationMaterial"] == {"publicKey": {"hint": public.hint}}


def test_what_is_zero_is_left_out() -> None:
    document = json.loads(encode_bundle(ENVELOPE, Gathered(public=generate_key().public, log_entries=(SECOND,))))
    entry = document["verificationMaterial"]["tlogEntries"][0]
    assert sorted(entry) == ["canonicalizedBody", "inclusionProof", "kindVersion", "logId"]
    assert entry["inclusionProof"] == {"treeSize": "1", "checkpoint": {"envelope": "note"}}


def test_an_entry_without_a_proof() -> None:
    bare = msgspec.structs.replace(FIRST, proof=None)
    document = json.loads(encode_bundle(ENVELOPE, Gathered(public=generate_key().public, log_entries=(bare,))))
    assert "inclusionProof" not in document["verificationMaterial"]["tlogEntries"][0]


def test_the_annotations_hold_one_of_each() -> None:
    gathered = Gathered(
        public=generate_key().public,
        certificate=b"leaf",
        chain=(b"intermediate", b"root"),
        log_entries=(SECOND, FIRST),
        timestamps=(b"t1", b"t2"),
    )
    annotations = legacy_annotations(gathered)
    assert annotations["dev.sigstore.cosign/chain"].count("BEGIN CERTIFICATE") == 2
    assert json.loads(annotations["dev.sigstore.cosign/bundle"]) == {
        "SignedEntryTimestamp": base64.b64encode(b"promise").decode(),
        "Payload": {
            "body": base64.b64encode(BODY).decode(),
            "integratedTime": 1_700_000_000,
            "logIndex": 5,
            "logID": "6c" * 32,
        },
    }
    read = material_of_layer(encode_legacy(ENVELOPE), annotations)
    assert (read.envelope, read.certificates, read.timestamps) == (ENVELOPE, (b"leaf",), (b"t1",))
    assert [(entry.log_index, entry.promise, entry.body) for entry in read.log_entries] == [(5, b"promise", BODY)]


def test_a_key_without_services_needs_no_annotations() -> None:
    assert legacy_annotations(Gathered(public=generate_key().public)) == {}


def test_what_the_tag_cannot_hold_is_said() -> None:
    public = generate_key().public
    assert legacy_gaps(Gathered(public=public, log_entries=(FIRST,), timestamps=(b"t",))) == ()
    many = Gathered(public=public, log_entries=(FIRST, FIRST, SECOND), timestamps=(b"t", b"u"))
    assert legacy_gaps(many) == (
        "1 entries of transparency logs of version 2",
        "1 more log entries",
        "1 more timestamps",
    )
