"""Verification with certificates or keys, logs and timestamps: from material to a `Proof`, or to a reason why not.

Pure: nothing is opened, fetched or asked, and no clock is read. The steps (Sigstore client specification, section 4;
DSSE protocol; in-toto attestation validation model). The first that fails names the reason; what each prevents stands
in the module that makes it.

 1. The material can be read in one way only (`parse_bundle`, `material_of_layer`): `MALFORMED_…`, `DUPLICATE_KEYS`,
    `BUNDLE_VERSION`, and what a version demands: `PROMISE_MISSING`, `PROOF_MISSING`.
 2. A certificate signed where identities are believed, a key where keys are: `CERTIFICATE_NOT_KEY`,
    `KEY_NOT_CERTIFICATE`. Neither falls back to the other.
 3. An envelope has in-toto's payload type and one signature: `PAYLOAD_TYPE`, `SIGNATURE_COUNT`; a signature over an
    artifact is no attestation: `NOT_AN_ENVELOPE`.
 4. The certificate can be read, is for signing code, comes without its root, and an authority of the trusted root
    issued it at whatever time: `CERTIFICATE_MALFORMED`, `CERTIFICATE_PURPOSE`, `ROOT_IN_CHAIN`,
    `UNTRUSTED_CERTIFICATE`.
 5. The signature is right (`signature`): `WRONG_KEY`, `KEYID_MISMATCH`, `ARTIFACT_MISMATCH`, `BAD_SIGNATURE`,
    `MESSAGE_DIGEST_MISMATCH`.
 6. The log entries are right and about this signature (`rekor`): `LOG_…`, `…_PROMISE`, `…_PROOF`, `CHECKPOINT_…`,
    `UNKNOWN_LOG`, `NO_LOG_ENTRY`.
 7. The timestamps are right and of this signature (`timestamp`): `TIMESTAMP_…`, `BAD_TIMESTAMP`,
    `UNKNOWN_TIMESTAMP_AUTHORITY`, `NO_TIMESTAMP`.
 8. There is a trusted time, and at each of them the certificate was valid, its authority was believed with a valid
    path, and the log's key was in use: `NO_TRUSTED_TIME`, `TIME_OUTSIDE_CERTIFICATE`, `AUTHORITY_OUTSIDE_VALIDITY`,
    `LOG_OUTSIDE_VALIDITY`.
 9. A certificate log saw the certificate (`sct`): `SCT_MISSING`, `UNKNOWN_CT_LOG`, `CT_LOG_OUTSIDE_VALIDITY`,
    `BAD_SCT`.
10. The payload is a statement: `STATEMENT_MALFORMED`, `DUPLICATE_KEYS`.
11. The signer is one who is believed (`identity`): `IDENTITY_REQUIRED`, `WRONG_IDENTITY`, `WRONG_ISSUER`,
    `WRONG_CLAIM`.
12. The statement has the type that was asked for, is about the artifact, and its predicate is what its type promises:
    `WRONG_TYPE`, `SUBJECT_MISMATCH`, `PREDICATE_MALFORMED`.

For a key, steps 4, 9 and 11 do not exist, and step 8 is about the log's key alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from assaymark.attest.keys.algorithms import Scheme
from assaymark.attest.keys.public import PublicKey
from assaymark.attest.predicate import check_predicate
from assaymark.attest.reasons import Reason, refuse
from assaymark.attest.sigstore.artifact import raw_digests
from assaymark.attest.sigstore.certified import CertificateSteps
from assaymark.attest.sigstore.evidence import verify_log, verify_timestamps
from assaymark.attest.sigstore.expectation import Expectation
from assaymark.attest.sigstore.material import Material
from assaymark.attest.sigstore.proof import Check, CheckName, Evidence, Proof, prove
from assaymark.attest.sigstore.rekor import VerifiedEntry
from assaymark.attest.sigstore.signature import check_envelope, verify_content
from assaymark.attest.sigstore.timestamp import VerifiedTimestamp
from assaymark.attest.sigstore.trusted_root import TrustedRoot
from assaymark.attest.statement import Statement, parse_statement
from assaymark.errors import VerificationError
from assaymark.limits import DEFAULT_LIMITS, Limits


class _Times(msgspec.Struct, frozen=True, kw_only=True):
    """Steps 6 and 7 as they came out."""

    entries: tuple[VerifiedEntry, ...]
    timestamps: tuple[VerifiedTimestamp, ...]
    checks: tuple[Check, ...]

    @property
    def moments(self) -> tuple[datetime, ...]:
        integrated = [entry.integrated for entry in self.entries if entry.integrated is not None]
        return (*integrated, *(timestamp.moment for timestamp in self.timestamps))


def verify_material(
    material: Material, expected: Expectation, trust: TrustedRoot, *, limits: Limits = DEFAULT_LIMITS
) -> Proof:
    """Steps 2 to 12.

    Args:
        material: of a bundle (`material_of_bundle`) or a layer (`material_of_layer`).
        expected: what must be proven.
        trust: whom to believe; an empty `TrustedRoot()` is enough for a key with no log.
        limits: bounds.

    Raises:
        VerificationError: with the reason of the first step that fails; with several keys, that of the one that came
            furthest.
        UsageError: what is expected cannot be verified: a signature over an artifact without an artifact.
    """
    _check_kind(material, expected)
    if material.certificates:
        return _verify_with_certificate(material, expected, trust, limits)
    failures = []
    for key in expected.keys:
        try:
            return _verify_with_key(material, key, expected, trust, limits)
        except VerificationError as exc:
            failures.append(exc)
    raise max(failures, key=lambda failure: Reason(failure.reason).progress)


def _check_kind(material: Material, expected: Expectation) -> None:
    """Steps 2 and 3."""
    if material.certificates and expected.keys and expected.identities is None:
        raise refuse(Reason.CERTIFICATE_NOT_KEY, "expected a key's signature, and a certificate signed")
    if not material.certificates and not expected.keys:
        raise refuse(Reason.KEY_NOT_CERTIFICATE, "expected a certificate's signature, and a key signed")
    if material.envelope is not None:
        check_envelope(material.envelope)
    elif expected.predicate_type is not None:
        raise refuse(
            Reason.NOT_AN_ENVELOPE, "the bundle holds a signature over the artifact itself, not an attestation"
        )


def _verify_with_certificate(material: Material, expected: Expectation, trust: TrustedRoot, limits: Limits) -> Proof:
    steps = CertificateSteps.read(material.certificates, trust)
    scheme = verify_content(material, steps.certificate.key, expected.artifact)
    times = _verify_evidence(material, steps.certificate.key, expected, trust, limits)
    assumed = steps.check_times(times.moments, expected.assumed_time, times.checks)
    _check_log_windows(times)
    ct_logs, sct = steps.check_scts(expected.sct, trust, limits)
    statement = _read_statement(material, limits)
    signer, identity = steps.check_identity(expected.identities, ct_logs, assumed)
    checks = [_signature_check(scheme), *times.checks, steps.path_check(assumed), sct, identity]
    return prove(
        Evidence(
            signer=signer,
            scheme=scheme,
            envelope=material.envelope,
            statement=statement,
            entries=times.entries,
            timestamps=times.timestamps,
            checks=(*checks, *_check_statement(statement, expected)),
        )
    )


def _verify_with_key(
    material: Material, key: PublicKey, expected: Expectation, trust: TrustedRoot, limits: Limits
) -> Proof:
    scheme = verify_content(material, key, expected.artifact)
    if expected.key_log is not None:
        expected = msgspec.structs.replace(expected, log=expected.key_log)
    times = _verify_evidence(material, key, expected, trust, limits)
    _check_log_windows(times)
    statement = _read_statement(material, limits)
    return prove(
        Evidence(
            signer=key,
            scheme=scheme,
            envelope=material.envelope,
            statement=statement,
            entries=times.entries,
            timestamps=times.timestamps,
            checks=(_signature_check(scheme), *times.checks, *_check_statement(statement, expected)),
        )
    )


def _verify_evidence(
    material: Material, key: PublicKey, expected: Expectation, trust: TrustedRoot, limits: Limits
) -> _Times:
    """Steps 6 and 7."""
    artifact = raw_digests(expected.artifact) if expected.artifact is not None else {}
    entries, log = verify_log(material, key, artifact, trust, expected.log, limits=limits)
    timestamps, stamped = verify_timestamps(material, trust, expected.timestamp)
    return _Times(entries=entries, timestamps=timestamps, checks=(log, stamped))


def _check_log_windows(times: _Times) -> None:
    """Step 8, for entries that state no time of their own."""
    for entry in times.entries:
        if entry.integrated is None and not all(entry.log.window.contains(moment) for moment in times.moments):
            text = f"the log `{entry.log.base_url}` was not believed when the signature was made"
            raise refuse(Reason.LOG_OUTSIDE_VALIDITY, text)


def _read_statement(material: Material, limits: Limits) -> Statement | None:
    """Step 10."""
    return parse_statement(material.envelope.payload, limits=limits) if material.envelope is not None else None


def _check_statement(statement: Statement | None, expected: Expectation) -> Iterable[Check]:
    """Step 12."""
    if statement is None:
        return [Check(name=CheckName.SUBJECT, passed=True, detail="the signature is over the artifact itself")]
    return [
        _check_type(statement, expected),
        _check_subject(statement, expected),
        _check_predicate(statement, expected),
    ]


def _check_type(statement: Statement, expected: Expectation) -> Check:
    wanted = expected.predicate_type
    if wanted is None:
        return Check(name=CheckName.TYPE, passed=False, detail="no type was asked for")
    if statement.predicate_type != wanted.uri:
        text = f"the attestation has the type `{statement.predicate_type[:200]}`, not `{wanted.uri}`"
        raise refuse(Reason.WRONG_TYPE, text)
    return Check(name=CheckName.TYPE, passed=True, detail=wanted.uri)


def _check_subject(statement: Statement, expected: Expectation) -> Check:
    artifact = expected.artifact
    if artifact is None:
        return Check(name=CheckName.SUBJECT, passed=False, detail="no artifact was asked for")
    if not any(artifact.are_meant_by(subject) for subject in statement.subjects):
        raise refuse(Reason.SUBJECT_MISMATCH, "the attestation is about another artifact")
    return Check(name=CheckName.SUBJECT, passed=True, detail=":".join(artifact.digests[0]))


def _check_predicate(statement: Statement, expected: Expectation) -> Check:
    if expected.predicate_type is None:
        return Check(name=CheckName.PREDICATE, passed=False, detail="no type was asked for")
    try:
        check_predicate(expected.predicate_type, statement.predicate)
    except ValueError as exc:
        raise refuse(Reason.PREDICATE_MALFORMED, f"the predicate is malformed: {exc}") from exc
    return Check(name=CheckName.PREDICATE, passed=True, detail=expected.predicate_type.name)


def _signature_check(scheme: Scheme) -> Check:
    return Check(name=CheckName.SIGNATURE, passed=True, detail=scheme.value)
