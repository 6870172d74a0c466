"""One fault each in certificates, certificate logs, transparency logs and timestamps: the twin is accepted."""

from __future__ import annotations

import dataclasses
from base64 import b64decode
from typing import Any

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from tests.support.sigstore.entries import base64_text, dsse_v001_unverified
from tests.support.sigstore.instance import Instance
from tests.support.sigstore.log import Generation
from tests.support.sigstore.signing import Signed, sign_envelope
from tests.support.sigstore.switches import NONE, Switch
from tests.support.sigstore.timestamping import TimestampAuthority
from tests.support.single_faults import (
    CHECKPOINT,
    LOG,
    MOMENT,
    PROOF,
    STAMPS,
    Case,
    drop,
    entry,
    fault,
    flip,
    instance,
    outcome,
    put,
    rewrite,
    signed,
    statement,
    twin_outcome,
)

from assaymark.attest.sigstore.expectation import Demand

YEARS_AGO = {"start": "2020-01-01T00:00:00Z", "end": "2020-12-31T23:59:59.999Z"}
YEARS_AHEAD = {"start": "2030-01-01T00:00:00Z"}
CERTIFICATE = ("verificationMaterial", "certificate", "rawBytes")


def with_entry_of(made: Signed, other: Signed) -> Signed:
    made.bundle["verificationMaterial"]["tlogEntries"] = other.bundle["verificationMaterial"]["tlogEntries"]
    return made


def replayed() -> Signed:
    """The entry of another statement."""
    return with_entry_of(signed("v1"), sign_envelope(instance(), statement(predicate={"result": "bad"})))


def logged_again() -> Signed:
    """The entry of another signature over the same statement by the same key and certificate."""
    first = signed("v1")
    second = sign_envelope(instance(), statement(), key=first.key)
    text = second.envelope
    body = dsse_v001_unverified(text, first.chain[0].public_bytes(Encoding.PEM))
    return _with_body(first, instance().log(Generation.V1, body).bundled())


def logged_for_another() -> Signed:
    """The entry of this very signature under another's certificate."""
    first, other = signed("v1"), signed("v1")
    body = dsse_v001_unverified(first.envelope, other.chain[0].public_bytes(Encoding.PEM))
    return _with_body(first, instance().log(Generation.V1, body).bundled())


def _with_body(made: Signed, listed: dict[str, Any]) -> Signed:
    made.bundle["verificationMaterial"]["tlogEntries"] = [listed]
    return made


def with_stamp(data: bytes) -> Any:
    return put(*STAMPS, 0, "signedTimestamp", value=base64_text(data))


def with_root_in_chain() -> Signed:
    made = signed("0.2")
    chain = made.bundle["verificationMaterial"]["x509CertificateChain"]["certificates"]
    chain.append({"rawBytes": base64_text(made.chain[-1].public_bytes(Encoding.DER))})
    return made


def leaf_of(certificate: x509.Certificate) -> Any:
    return put(*CERTIFICATE, value=base64_text(certificate.public_bytes(Encoding.DER)))


def body_of(**changes: Any) -> Any:
    """An edit of the body's top level."""

    def edit(document: dict[str, Any]) -> None:
        body = msgspec.json.decode(b64decode(entry(document)["canonicalizedBody"]))
        entry(document)["canonicalizedBody"] = base64_text(msgspec.json.encode(body | changes))

    return edit


def other_details(document: dict[str, Any]) -> None:
    text = b64decode(entry(document)["canonicalizedBody"]).replace(b"PKIX_ECDSA_P256_SHA_256", b"PKIX_ED25519")
    entry(document)["canonicalizedBody"] = base64_text(text)


def note(old: str, new: str) -> Any:
    return rewrite(*CHECKPOINT, by=lambda text: text.replace(old, new))


def without_signatures(text: str) -> str:
    return text.partition("\n\n")[0] + "\n\n"


CERTIFICATES = {
    "issued by an authority of the same name": fault("UNTRUSTED_CERTIFICATE", Switch.WRONG_CA),
    "issued by nobody who is trusted": fault("UNTRUSTED_CERTIFICATE", trust=put("certificateAuthorities", value=[])),
    "not a certificate": fault("CERTIFICATE_MALFORMED", edit=put(*CERTIFICATE, value="AAAA")),
    "a byte behind the certificate": fault(
        "CERTIFICATE_MALFORMED", edit=rewrite(*CERTIFICATE, by=lambda raw: base64_text(b64decode(raw) + b"\0"))
    ),
    "an authority's own certificate": fault("CERTIFICATE_MALFORMED", edit=leaf_of(instance().authority.intermediate)),
    "for another purpose": fault("CERTIFICATE_PURPOSE", Switch.NO_CODE_SIGNING),
    "with its root": fault("ROOT_IN_CHAIN", base="0.2", made=with_root_in_chain),
    "expired when it signed": fault("TIME_OUTSIDE_CERTIFICATE", Switch.EXPIRED_LEAF),
    "not yet valid when it signed": fault("TIME_OUTSIDE_CERTIFICATE", Switch.FUTURE_LEAF),
    "expired when it was stamped": fault("TIME_OUTSIDE_CERTIFICATE", Switch.EXPIRED_LEAF, base="v2+tsa"),
    "logged an hour too late": fault("TIME_OUTSIDE_CERTIFICATE", Switch.LATE_ENTRY),
    "an authority that was believed years ago": fault(
        "AUTHORITY_OUTSIDE_VALIDITY", trust=put("certificateAuthorities", 0, "validFor", value=YEARS_AGO)
    ),
    "an authority of years to come": fault(
        "AUTHORITY_OUTSIDE_VALIDITY", trust=put("certificateAuthorities", 0, "validFor", value=YEARS_AHEAD)
    ),
    "an authority of five minutes later": fault(
        "AUTHORITY_OUTSIDE_VALIDITY",
        trust=put("certificateAuthorities", 0, "validFor", value={"start": "2026-03-01T12:05:00Z"}),
    ),
    "a chain that is none": fault(
        "CERTIFICATE_MALFORMED",
        base="0.2",
        edit=put("verificationMaterial", "x509CertificateChain", "certificates", 1, "rawBytes", value="AAAA"),
    ),
    "no SCT": fault("SCT_MISSING", Switch.NO_SCT),
    "an SCT over another certificate": fault("BAD_SCT", Switch.WRONG_SCT),
    "an SCT under another log's key": fault(
        "BAD_SCT",
        trust=put("ctlogs", 0, "publicKey", "rawBytes", value=base64_text(instance().logs[Generation.V1].public_key)),
    ),
    "an SCT of a log that nobody trusts": fault("UNKNOWN_CT_LOG", Switch.OTHER_CT_LOG),
    "an SCT of before the log's time": fault("CT_LOG_OUTSIDE_VALIDITY", Switch.OLD_SCT),
    "an SCT of after the log's time": fault(
        "CT_LOG_OUTSIDE_VALIDITY", trust=put("ctlogs", 0, "publicKey", "validFor", value=YEARS_AGO)
    ),
}

FIRST_GENERATION = {
    "no entry": fault("NO_LOG_ENTRY", edit=drop("verificationMaterial", "tlogEntries")),
    "an entry twice": fault("LOG_ENTRY_DUPLICATE", edit=rewrite(*LOG[:-1], by=lambda listed: listed * 2)),
    "a body that is no JSON": fault("LOG_ENTRY_MALFORMED", edit=put(*LOG, "canonicalizedBody", value="AAAA")),
    "a body without what it is about": fault("LOG_ENTRY_MALFORMED", edit=body_of(spec={})),
    "a kind that is not the body's": fault("LOG_ENTRY_KIND", edit=put(*LOG, "kindVersion", "kind", value="intoto")),
    "a version that is not the body's": fault(
        "LOG_ENTRY_KIND", edit=put(*LOG, "kindVersion", "version", value="0.0.2")
    ),
    "no kind": fault("LOG_ENTRY_KIND", edit=put(*LOG, "kindVersion", value={})),
    "a kind that nobody knows": fault("LOG_ENTRY_KIND", edit=body_of(kind="rekord")),
    "an entry about something else": fault("LOG_ENTRY_CONTENT", Switch.OTHER_ENTRY),
    "the entry of another statement": fault("LOG_ENTRY_CONTENT", made=replayed),
    "the entry of another signature": fault("LOG_ENTRY_SIGNATURE", made=logged_again),
    "the entry of another certificate": fault("LOG_ENTRY_KEY", made=logged_for_another),
    "a log that nobody trusts": fault("UNKNOWN_LOG", Switch.OTHER_LOG),
    "the name of another log": fault("UNKNOWN_LOG", edit=flip(*LOG, "logId", "keyId")),
    "a log that was believed years ago": fault(
        "LOG_OUTSIDE_VALIDITY", trust=put("tlogs", 0, "publicKey", "validFor", value=YEARS_AGO)
    ),
    "a promise that is wrong": fault("BAD_PROMISE", Switch.BAD_SET),
    "another time than was promised": fault(
        "BAD_PROMISE", edit=rewrite(*LOG, "integratedTime", by=lambda time: str(int(time) + 1))
    ),
    "another index than was promised": fault(
        "BAD_PROMISE", edit=rewrite(*LOG, "logIndex", by=lambda index: str(int(index) + 1))
    ),
    "no promise, and so no time": fault("NO_TRUSTED_TIME", Switch.NO_SET),
    "a hash of the proof": fault("BAD_PROOF", Switch.BAD_PROOF),
    "a hash too few": fault("BAD_PROOF", edit=rewrite(*PROOF, "hashes", by=lambda hashes: hashes[:-1])),
    "a hash too many": fault("BAD_PROOF", edit=rewrite(*PROOF, "hashes", by=lambda hashes: [*hashes, hashes[0]])),
    "the proof's index": fault("BAD_PROOF", edit=put(*PROOF, "logIndex", value="0")),
    "an index beyond the tree": fault("BAD_PROOF", edit=put(*PROOF, "logIndex", value="4000000000")),
    "the proof's root": fault("BAD_PROOF", edit=flip(*PROOF, "rootHash")),
    "the proof's tree": fault("BAD_PROOF", edit=put(*PROOF, "treeSize", value="4000000000")),
    "no checkpoint": fault("CHECKPOINT_MISSING", Switch.NO_CHECKPOINT),
    "a checkpoint's signature": fault("BAD_CHECKPOINT", Switch.BAD_CHECKPOINT),
    "a checkpoint's text": fault("BAD_CHECKPOINT", edit=note("\n\n", "\nmore\n\n")),
    "a checkpoint of another tree": fault("CHECKPOINT_MISMATCH", Switch.OTHER_ROOT),
    "a checkpoint with another signer": fault("CHECKPOINT_UNSIGNED", edit=note("— sigstore.test", "— other.test")),
    "a checkpoint without a signature": fault("CHECKPOINT_UNSIGNED", edit=rewrite(*CHECKPOINT, by=without_signatures)),
    "a checkpoint that is none": fault("CHECKPOINT_MALFORMED", edit=put(*CHECKPOINT, value="x")),
}

SECOND = {
    "2: no proof": fault("PROOF_MISSING", Switch.NO_PROOF),
    "2: a hash of the proof": fault("BAD_PROOF", Switch.BAD_PROOF),
    "2: another index than the proof's": fault(
        "BAD_PROOF", edit=rewrite(*LOG, "logIndex", by=lambda index: str(int(index) + 1))
    ),
    "2: a time, which nobody signed": fault(
        "LOG_ENTRY_MALFORMED", edit=put(*LOG, "integratedTime", value=str(int(MOMENT.timestamp())))
    ),
    "2: an entry about something else": fault("LOG_ENTRY_CONTENT", Switch.OTHER_ENTRY),
    "2: an algorithm that is not the key's": fault("LOG_ENTRY_KEY", edit=other_details),
    "2: a log that nobody trusts": fault("UNKNOWN_LOG", Switch.OTHER_LOG),
    "2: a log of years to come": fault(
        "LOG_OUTSIDE_VALIDITY", trust=put("tlogs", 1, "publicKey", "validFor", value=YEARS_AHEAD)
    ),
    "2: no checkpoint": fault("CHECKPOINT_MISSING", Switch.NO_CHECKPOINT),
    "2: a checkpoint's signature": fault("BAD_CHECKPOINT", Switch.BAD_CHECKPOINT),
    "2: a checkpoint of another tree": fault("CHECKPOINT_MISMATCH", Switch.OTHER_ROOT),
    "2: a checkpoint with another signer": fault("CHECKPOINT_UNSIGNED", edit=note("— sigstore", "— other")),
    "2: a checkpoint of another origin": fault(
        "CHECKPOINT_UNSIGNED", edit=rewrite(*CHECKPOINT, by=lambda text: f"x{text}")
    ),
    "2: a log without a name": fault("CHECKPOINT_UNSIGNED", trust=put("tlogs", 1, "baseUrl", value="")),
    "2: no timestamp": fault("NO_TRUSTED_TIME", edit=drop("verificationMaterial", "timestampVerificationData")),
}

STAMPED = {
    "a timestamp of something else": fault("TIMESTAMP_MISMATCH", Switch.TSA_WRONG_HASH),
    "a timestamp by SHA-1": fault("BAD_TIMESTAMP", Switch.TSA_SHA1),
    "a timestamp's signature": fault("BAD_TIMESTAMP", Switch.TSA_BAD_SIGNATURE),
    "a timestamp that was refused": fault("TIMESTAMP_MALFORMED", Switch.TSA_REFUSED),
    "a timestamp that is none": fault("TIMESTAMP_MALFORMED", edit=with_stamp(b"\x30\x00")),
    "a timestamp from before the authority's time": fault("TIMESTAMP_OUTSIDE_AUTHORITY", Switch.TSA_OUTSIDE_WINDOW),
    "an authority that was believed years ago": fault(
        "TIMESTAMP_OUTSIDE_AUTHORITY", trust=put("timestampAuthorities", 0, "validFor", value=YEARS_AGO)
    ),
    "a timestamp by nobody who is trusted": fault(
        "UNKNOWN_TIMESTAMP_AUTHORITY", Switch.TSA_UNTRUSTED_LEAF, expected={"timestamp": Demand.REQUIRED}
    ),
    "a timestamp of an hour later": fault(
        "TIME_OUTSIDE_CERTIFICATE",
        made=lambda: _stamped_at(MOMENT.replace(hour=13)),
    ),
}


def _stamped_at(moment: Any) -> Signed:
    made = signed("v1+tsa")
    with_stamp(instance().timestamps.stamp(made.signature, moment))(made.bundle)
    return made


WANTED = {
    "no timestamp where one is demanded": fault("NO_TIMESTAMP", expected={"timestamp": Demand.REQUIRED}),
    "no entry where one is demanded of a key": fault(
        "NO_LOG_ENTRY", base="key-none", expected={"log": Demand.REQUIRED}
    ),
    "no time at all": fault(
        "NO_TRUSTED_TIME", base="none+tsa", edit=drop("verificationMaterial", "timestampVerificationData")
    ),
    "a stamp by nobody who is trusted, and no other time": fault(
        "UNKNOWN_TIMESTAMP_AUTHORITY", Switch.TSA_UNTRUSTED_LEAF, base="none+tsa"
    ),
    "a promise that is wrong, to a key": fault("BAD_PROMISE", Switch.BAD_SET, base="key"),
    "a proof that is wrong, to a key": fault("BAD_PROOF", Switch.BAD_PROOF, base="key-v2"),
    "a log whose key has no beginning": fault(
        "TRUSTED_ROOT_MALFORMED", trust=drop("tlogs", 0, "publicKey", "validFor", "start")
    ),
    "an authority whose certificate is none": fault(
        "TRUSTED_ROOT_MALFORMED",
        trust=put("certificateAuthorities", 0, "certChain", "certificates", 0, "rawBytes", value="AAAA"),
    ),
}

CASES = [
    *CERTIFICATES.items(),
    *FIRST_GENERATION.items(),
    *((name, dataclasses.replace(case, base="v2+tsa")) for name, case in SECOND.items()),
    *((f"{name}, beside a log", dataclasses.replace(case, base="v1+tsa")) for name, case in STAMPED.items()),
    *WANTED.items(),
]


@pytest.mark.parametrize("case", [case for _, case in CASES], ids=[name for name, _ in CASES])
def test_one_fault_is_refused_for_what_it_is_and_its_twin_accepted(case: Case) -> None:
    assert (outcome(case), twin_outcome(case.base)) == (case.reason, "")


@pytest.mark.parametrize(
    "authority",
    [
        {"critical": False},
        {"usages": (ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING)},
        {"usages": (ExtendedKeyUsageOID.CODE_SIGNING,)},
    ],
    ids=["not critically for timestamps", "for something else besides", "for something else"],
)
def test_a_certificate_that_must_not_sign_timestamps_is_refused(authority: dict[str, Any]) -> None:
    unfit = TimestampAuthority(MOMENT, **authority)
    made = signed("v1+tsa")
    with_stamp(unfit.stamp(made.signature, MOMENT, switches=NONE))(made.bundle)

    def believe(document: dict[str, Any]) -> None:
        listed = [{"rawBytes": base64_text(each.public_bytes(Encoding.DER))} for each in unfit.chain]
        document["timestampAuthorities"][0]["certChain"]["certificates"] = listed

    assert outcome(Case("", base="v1+tsa", made=lambda: made, trust=believe)) == "TIMESTAMP_CERTIFICATE"


def test_an_entry_with_index_0_and_an_empty_proof_is_verified() -> None:
    fresh = Instance(clock=lambda: MOMENT, seeded=False)
    made = sign_envelope(fresh, statement(), log=Generation.V2, timestamp=True)
    assert "logIndex" not in entry(made.bundle)
    trust = fresh.trusted_root()

    def believe(document: dict[str, Any]) -> None:
        document.update(trust)

    assert outcome(Case("", base="v2+tsa", made=lambda: made, trust=believe)) == ""
