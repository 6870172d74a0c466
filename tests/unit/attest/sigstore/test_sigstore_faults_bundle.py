"""One fault each in bundle, envelope, signature, statement and expectation: refused for that fault, the twin accepted."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from tests.support.sigstore.accounts import MICROSOFT
from tests.support.sigstore.entries import base64_text
from tests.support.sigstore.signing import Signed, sign_envelope
from tests.support.sigstore.switches import Switch
from tests.support.single_faults import (
    ALICE,
    LOG,
    SIGNATURE,
    STAMPS,
    Case,
    drop,
    fault,
    flip,
    instance,
    managed_key,
    outcome,
    public,
    put,
    rewrite,
    signed,
    statement,
    twin_outcome,
)

from assaymark.attest.predicate import find_predicate_type
from assaymark.attest.sigstore.artifact import blob_of_data
from assaymark.attest.sigstore.identity import Exact, Expression, Identity, UnsafeAnyIdentity

OTHER_KEY = ec.generate_private_key(ec.SECP256R1())
SOMEBODY = {"identities": (Identity(name=Exact("bob@gmail.test"), issuer=ALICE.issuer),)}
ELSEWHERE = {"identities": (Identity(name=ALICE.name, issuer=Exact(MICROSOFT)),)}
PART = {"identities": (Identity(name=Expression("alice"), issuer=ALICE.issuer),)}
CLAIM = {
    "identities": (
        Identity(name=ALICE.name, issuer=ALICE.issuer, claims=(("source-repository-uri", Exact("https://x.test")),)),
    )
}


def of(payload: bytes, **parts: Any) -> Any:
    return lambda: sign_envelope(instance(), payload, **parts)


def without_pae() -> Signed:
    """A signature over the payload itself."""
    made = signed("key-none")
    raw = managed_key().sign(statement(), ec.ECDSA(hashes.SHA256()))
    made.bundle["dsseEnvelope"]["signatures"] = [{"sig": base64_text(raw)}]
    return made


def both_materials(document: dict[str, Any]) -> None:
    document["verificationMaterial"]["publicKey"] = {"hint": "x"}


def as_chain(document: dict[str, Any]) -> None:
    material = document["verificationMaterial"]
    material["x509CertificateChain"] = {"certificates": [material.pop("certificate")]}


def repeated(*path: str | int, times: int) -> Any:
    return rewrite(*path, by=lambda listed: listed * times)


READING = {
    "a version to come": fault(
        "BUNDLE_VERSION", edit=put("mediaType", value="application/vnd.dev.sigstore.bundle.v0.4+json")
    ),
    "another document": fault("MALFORMED_BUNDLE", edit=put("mediaType", value="application/json")),
    "a member that nobody knows": fault("MALFORMED_BUNDLE", edit=put("extra", value=1)),
    "an envelope and an artifact's signature": fault(
        "MALFORMED_BUNDLE", edit=put("messageSignature", value={"signature": "AA=="})
    ),
    "no content": fault("MALFORMED_BUNDLE", edit=drop("dsseEnvelope")),
    "no material": fault("MALFORMED_BUNDLE", edit=drop("verificationMaterial")),
    "a key and a certificate": fault("MALFORMED_BUNDLE", edit=both_materials),
    "neither key nor certificate": fault("MALFORMED_BUNDLE", edit=drop("verificationMaterial", "certificate")),
    "a chain in 0.3": fault("MALFORMED_BUNDLE", edit=as_chain),
    "an empty certificate": fault(
        "MALFORMED_BUNDLE", edit=put("verificationMaterial", "certificate", "rawBytes", value="")
    ),
    "33 log entries": fault("MALFORMED_BUNDLE", edit=repeated(*LOG[:-1], times=33)),
    "33 timestamps": fault("MALFORMED_BUNDLE", base="v1+tsa", edit=repeated(*STAMPS, times=33)),
    "a negative index": fault("MALFORMED_BUNDLE", edit=put(*LOG, "logIndex", value="-1")),
    "JSON that is cut off": fault("MALFORMED_BUNDLE", text=lambda data: data[:-1]),
    "more behind the JSON": fault("MALFORMED_BUNDLE", text=lambda data: data + b"{}"),
    "two envelopes": fault(
        "DUPLICATE_KEYS", text=lambda data: data.replace(b'"dsseEnvelope":', b'"dsseEnvelope":{},"dsseEnvelope":', 1)
    ),
    "no proof": fault("PROOF_MISSING", Switch.NO_PROOF),
    "no promise in 0.1": fault("PROMISE_MISSING", Switch.NO_SET, base="0.1"),
}

ENVELOPE = {
    "another type of payload": fault("PAYLOAD_TYPE", made=of(statement(), payload_type="text/plain")),
    "a type that was changed": fault("PAYLOAD_TYPE", edit=put("dsseEnvelope", "payloadType", value="text/plain")),
    "no signature": fault("SIGNATURE_COUNT", edit=put("dsseEnvelope", "signatures", value=[])),
    "two signatures": fault("SIGNATURE_COUNT", edit=repeated("dsseEnvelope", "signatures", times=2)),
    "a certificate where a key is expected": fault(
        "CERTIFICATE_NOT_KEY", expected={"identities": None, "keys": (public(managed_key()),)}
    ),
    "a key where an identity is expected": fault(
        "KEY_NOT_CERTIFICATE", base="key", expected={"keys": (), "identities": (ALICE,)}
    ),
    "an artifact's signature where an attestation is expected": fault(
        "NOT_AN_ENVELOPE", base="blob", expected={"predicate_type": find_predicate_type("vuln")}
    ),
}

SIGNATURES = {
    "one bit": fault("BAD_SIGNATURE", edit=flip(*SIGNATURE)),
    "nothing": fault("BAD_SIGNATURE", edit=put(*SIGNATURE, value="")),
    "a byte more": fault("BAD_SIGNATURE", edit=rewrite(*SIGNATURE, by=lambda sig: sig.rstrip("=") + "AAAA")),
    "another payload": fault("BAD_SIGNATURE", edit=put("dsseEnvelope", "payload", value=base64_text(b"{}"))),
    "a certificate for another key": fault("BAD_SIGNATURE", Switch.OTHER_KEY),
    "the payload itself was signed": fault("BAD_SIGNATURE", base="key-none", made=without_pae),
    "one bit, by a key": fault("BAD_SIGNATURE", base="key-none", edit=flip(*SIGNATURE)),
    "another key than the one expected": fault("WRONG_KEY", base="key", expected={"keys": (public(OTHER_KEY),)}),
    "none of several keys": fault("WRONG_KEY", base="key", expected={"keys": (public(OTHER_KEY),) * 2}),
    "the name of another key": fault(
        "KEYID_MISMATCH", edit=put("dsseEnvelope", "signatures", 0, "keyid", value="SHA256:x")
    ),
    "another artifact": fault("ARTIFACT_MISMATCH", base="blob", expected={"artifact": blob_of_data(b"other")}),
    "another artifact, and no digest to tell": fault(
        "BAD_SIGNATURE",
        base="blob",
        edit=drop("messageSignature", "messageDigest"),
        expected={"artifact": blob_of_data(b"other")},
    ),
    "a digest that is not the artifact's": fault(
        "MESSAGE_DIGEST_MISMATCH", base="blob", edit=flip("messageSignature", "messageDigest", "digest")
    ),
    "one bit of an artifact's signature": fault(
        "BAD_SIGNATURE", base="blob", edit=flip("messageSignature", "signature")
    ),
}

STATEMENTS = {
    "no statement": fault("STATEMENT_MALFORMED", made=of(b"[]")),
    "two predicates": fault(
        "DUPLICATE_KEYS", made=of(statement().replace(b'"predicate"', b'"predicate": 1, "predicate"', 1))
    ),
    "a known member in another letter case": fault("STATEMENT_MALFORMED", made=of(statement(Subject=[]))),
    "another type": fault("WRONG_TYPE", made=of(statement(predicateType="https://example.test/other"))),
    "another type is expected": fault("WRONG_TYPE", expected={"predicate_type": find_predicate_type("vuln")}),
    "another subject": fault(
        "SUBJECT_MISMATCH", made=of(statement(subject=[{"name": "x", "digest": {"sha256": "0" * 64}}]))
    ),
    "another artifact is expected": fault("SUBJECT_MISMATCH", expected={"artifact": blob_of_data(b"other")}),
    "a predicate that is no object": fault("PREDICATE_MALFORMED", made=of(statement(predicate="text"))),
}

IDENTITIES = {
    "another person is expected": fault("WRONG_IDENTITY", expected=SOMEBODY),
    "another issuer is expected": fault("WRONG_ISSUER", expected=ELSEWHERE),
    "an expression for a part of the name": fault("WRONG_IDENTITY", expected=PART),
    "a claim that the certificate does not make": fault("WRONG_CLAIM", expected=CLAIM),
    "a claim, and anybody is welcome": fault(
        "WRONG_CLAIM", expected={"identities": UnsafeAnyIdentity(claims=CLAIM["identities"][0].claims)}
    ),
    "nobody is expected": fault("IDENTITY_REQUIRED", expected={"identities": None}),
    "an empty list of people": fault("IDENTITY_REQUIRED", expected={"identities": ()}),
    "a certificate for another person": fault("WRONG_IDENTITY", Switch.OTHER_SAN),
    "a certificate by another issuer's word": fault("WRONG_ISSUER", Switch.OTHER_ISSUER_EXTENSION),
}

CASES = [*READING.items(), *ENVELOPE.items(), *SIGNATURES.items(), *STATEMENTS.items(), *IDENTITIES.items()]


@pytest.mark.parametrize("case", [case for _, case in CASES], ids=[name for name, _ in CASES])
def test_one_fault_is_refused_for_what_it_is_and_its_twin_accepted(case: Case) -> None:
    assert (outcome(case), twin_outcome(case.base)) == (case.reason, "")
