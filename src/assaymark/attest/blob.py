"""Statements about files: made from a predicate, or taken as somebody else wrote them.

A statement that is made names the file by the last part of its path and one digest, as cosign does. A whole statement
(`--statement`) is signed byte for byte, after these checks, in order:

1. it is a statement that can be read in one way only: `STATEMENT_MALFORMED`, `DUPLICATE_KEYS`;
2. it has a subject with a digest in hexadecimal, by which it can be verified: `STATEMENT_MALFORMED`;
3. it is about the file that was named besides, if one was: `SUBJECT_MISMATCH`;
4. a vulnerability record in it is one that may be signed (`assaymark.attest.vuln`), any other predicate an object:
   `PREDICATE_…`.

A record that is about an image, and not about the file, is warned about in both: whoever verifies the file would read
of something else.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from assaymark.attest.attach import Attestation
from assaymark.attest.dsse import pre_authentication_encoding
from assaymark.attest.keys.algorithms import verify_signature
from assaymark.attest.predicate import (
    PREDICATE_TYPES,
    VULN_TYPE,
    PredicateType,
    check_predicate,
    find_predicate_type,
    prepare_predicate,
)
from assaymark.attest.sigstore.artifact import ALGORITHMS, Blob
from assaymark.attest.statement import Statement, Subject, build_statement, parse_statement
from assaymark.attest.vuln import Override, image_doubt
from assaymark.errors import SigningError, VerificationError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.descriptor import Descriptor
from assaymark.model.digest import Digest
from assaymark.safeio.json import decode_strict

MEDIA_TYPE: Final = "application/octet-stream"
_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2}){1,128}\Z")


class BlobStatement(msgspec.Struct, frozen=True, kw_only=True):
    """A statement that may be signed.

    Attributes:
        data: its exact bytes.
        name: what the file is called in it.
        subject: the digest by which it is verified.
        predicate_type: of its predicate.
        warnings: what the signer should know, a line each.
    """

    data: bytes
    name: str
    subject: Descriptor
    predicate_type: PredicateType
    warnings: tuple[str, ...] = ()


def state_blob(name: str, blob: Blob, kind: PredicateType, predicate: bytes) -> BlobStatement:
    """The statement that the file called `name` has this predicate, whose exact bytes stand in it."""
    subject = Subject(name=name, digests=blob.digests[:1])
    data = build_statement(subjects=[subject], predicate_type=kind.uri, predicate=predicate)
    return BlobStatement(
        data=data,
        name=name,
        subject=_descriptor(*blob.digests[0]),
        predicate_type=kind,
        warnings=_doubts(kind, predicate, subject),
    )


def take_statement(
    data: bytes,
    *,
    blob: Blob | None,
    allowed: frozenset[Override] = frozenset(),
    now: str,
    limits: Limits = DEFAULT_LIMITS,
) -> BlobStatement:
    """A whole statement, after checks 1 to 4.

    Args:
        data: the statement.
        blob: the file that it must be about; None where none was named.
        allowed: what the user lets pass of a vulnerability record.
        now: RFC 3339.
        limits: the bounds.

    Raises:
        SigningError: it may not be signed.
    """
    try:
        statement = parse_statement(data, limits=limits)
    except VerificationError as exc:
        raise SigningError(str(exc), reason=exc.reason) from exc
    subject, digest = _find_subject(statement)
    if blob is not None and not any(blob.are_meant_by(each) for each in statement.subjects):
        raise SigningError(
            "the statement is about another file",
            hint=f"its digests begin with {':'.join(digest)}; the file has {':'.join(blob.digests[0])}",
            reason="SUBJECT_MISMATCH",
        )
    warnings = _check_predicate(statement, allowed, now, limits)
    warnings = (*warnings, *_doubts(_kind(statement), statement.predicate, subject))
    if statement.extra:
        warnings = (*warnings, f"cosign refuses the statement's members: {', '.join(statement.extra)}")
    return BlobStatement(
        data=data,
        name=subject.name,
        subject=_descriptor(*digest),
        predicate_type=_kind(statement),
        warnings=warnings,
    )


def check_signed(attestation: Attestation) -> None:
    """Verify a signature that nobody has verified yet, with the public half of the key that made it.

    Raises:
        SigningError: it is not the key's.
    """
    envelope = attestation.envelope
    message = pre_authentication_encoding(envelope.payload_type, envelope.payload)
    if verify_signature(attestation.public, signature=envelope.signatures[0].sig, message=message) is None:
        raise SigningError("what was signed cannot be verified with the key's public half", reason="BAD_SIGNATURE")


def _find_subject(statement: Statement) -> tuple[Subject, tuple[str, str]]:
    """Check 2: the first subject with a digest, one that verification can compute where there is one."""
    found = [(subject, pair) for subject in statement.subjects for pair in subject.digests if _HEX.match(pair[1])]
    if not found:
        text = "the statement is malformed: no subject has a digest in hexadecimal"
        raise SigningError(text, reason="STATEMENT_MALFORMED")
    return next((each for each in found if each[1][0] in ALGORITHMS), found[0])


def _check_predicate(statement: Statement, allowed: frozenset[Override], now: str, limits: Limits) -> tuple[str, ...]:
    """Check 4."""
    kind = _kind(statement)
    if kind.uri == VULN_TYPE:
        return prepare_predicate(kind, statement.predicate, allowed=allowed, now=now, limits=limits).warnings
    try:
        check_predicate(kind, statement.predicate)
    except ValueError as exc:
        raise SigningError(f"the predicate is malformed: {exc}", reason="PREDICATE_MALFORMED") from exc
    return ()


def _doubts(kind: PredicateType, predicate: bytes, subject: Subject) -> tuple[str, ...]:
    """What a vulnerability record says against being about this file."""
    if kind.uri != VULN_TYPE:
        return ()
    digests = [f"{algorithm}:{value.lower()}" for algorithm, value in subject.digests]
    document = decode_strict(predicate, limits=DEFAULT_LIMITS, what="predicate")
    doubt = image_doubt(document, name=subject.name, digests=digests)
    return (doubt,) if doubt else ()


def _kind(statement: Statement) -> PredicateType:
    """A statement's type: by name where it is the vulnerability record's, which alone is looked into."""
    uri = statement.predicate_type
    return next((kind for kind in PREDICATE_TYPES if kind.uri == uri == VULN_TYPE), find_predicate_type(uri))


def _descriptor(algorithm: str, value: str) -> Descriptor:
    return Descriptor(media_type=MEDIA_TYPE, digest=Digest(f"{algorithm}:{value}"), size=0)
