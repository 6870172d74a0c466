"""in-toto statements (in-toto/attestation, spec v1 and v0.1): what is claimed about what.

Written with `_type` v0.1, as cosign does for every attestation: cosign and its users read both. The bytes of the
predicate stand in the statement exactly as they were given; cosign sends numbers through float64 on the way.

Rules for reading:

- strict JSON (`assaymark.attest.strict`); an object with one of the two types;
- one to `Limits.subjects` subjects, each with one to `Limits.digests_per_subject` digests, all strings;
- a `predicateType`, and a `predicate` that is there;
- members that the specification does not know are ignored, as it demands of consumers ("monotonic principle"); cosign
  refuses them, so `Statement.extra` names them. A known name in another letter case is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from assaymark.attest.reasons import Reason, refuse
from assaymark.attest.strict import decode_document, refuse_case_variants
from assaymark.limits import DEFAULT_LIMITS, Limits

STATEMENT_V01: Final = "https://in-toto.io/Statement/v0.1"
STATEMENT_V1: Final = "https://in-toto.io/Statement/v1"
_TYPES: Final = frozenset({STATEMENT_V01, STATEMENT_V1})
_MEMBERS: Final = ("_type", "subject", "predicateType", "predicate")
_SUBJECT_MEMBERS: Final = ("name", "digest")


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What a statement is about: a name that nothing depends on, and digests as (algorithm, hex) pairs."""

    name: str = ""
    digests: tuple[tuple[str, str], ...]


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """A statement as it was read.

    Attributes:
        type: the statement's own type.
        predicate: the exact bytes of the predicate.
        extra: members that the specification does not know.
    """

    type: str
    subjects: tuple[Subject, ...]
    predicate_type: str
    predicate: bytes
    extra: tuple[str, ...] = ()


class _Predicate(msgspec.Struct):
    predicate: msgspec.Raw


_PREDICATE: Final = msgspec.json.Decoder(_Predicate)


def build_statement(*, subjects: Iterable[Subject], predicate_type: str, predicate: bytes) -> bytes:
    """A statement with the exact bytes of `predicate`, which are JSON (white space around them is dropped)."""
    listed = [{"name": subject.name, "digest": dict(subject.digests)} for subject in subjects]
    encode = msgspec.json.encode
    return b'{"_type":%b,"subject":%b,"predicateType":%b,"predicate":%b}' % (
        encode(STATEMENT_V01),
        encode(listed),
        encode(predicate_type),
        predicate.strip(b" \t\r\n"),
    )


def parse_statement(payload: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Statement:
    """The statement that `payload` spells.

    Raises:
        VerificationError: `STATEMENT_MALFORMED` or `DUPLICATE_KEYS`.
    """
    document = decode_document(payload, limits=limits, what="the statement", reason=Reason.STATEMENT_MALFORMED)
    try:
        return _read_statement(document, payload, limits)
    except ValueError as exc:
        raise refuse(Reason.STATEMENT_MALFORMED, f"the statement is malformed: {exc}") from exc


def _read_statement(document: Mapping[str, Any], payload: bytes, limits: Limits) -> Statement:
    refuse_case_variants(document, _MEMBERS, what="the statement")
    kind = document.get("_type")
    if kind not in _TYPES:
        raise ValueError("`_type` is not that of an in-toto statement")
    predicate_type = document.get("predicateType")
    if not isinstance(predicate_type, str) or not predicate_type:
        raise ValueError("`predicateType` is missing or not a string")
    if document.get("predicate") is None:
        raise ValueError("`predicate` is missing or null")
    return Statement(
        type=str(kind),
        subjects=_read_subjects(document.get("subject"), limits),
        predicate_type=predicate_type,
        predicate=bytes(_PREDICATE.decode(payload).predicate),
        extra=tuple(sorted(document.keys() - set(_MEMBERS))),
    )


def _read_subjects(listed: object, limits: Limits) -> tuple[Subject, ...]:
    if not isinstance(listed, list) or not listed:
        raise ValueError("`subject` is not a list with something in it")
    if len(listed) > limits.subjects:
        raise ValueError(f"there are {len(listed)} subjects, more than {limits.subjects}")
    return tuple(_read_subject(subject, limits) for subject in listed)


def _read_subject(subject: object, limits: Limits) -> Subject:
    if not isinstance(subject, dict):
        raise ValueError("a subject is not an object")  # noqa: TRY004 - the document is malformed
    refuse_case_variants(subject, _SUBJECT_MEMBERS, what="a subject")
    digests, name = subject.get("digest"), subject.get("name", "")
    if not isinstance(digests, dict) or not 1 <= len(digests) <= limits.digests_per_subject:
        raise ValueError(f"a subject does not have 1 to {limits.digests_per_subject} digests")
    if not isinstance(name, str) or not all(isinstance(value, str) for value in digests.values()):
        raise ValueError("a subject's name or digest is not a string")
    return Subject(name=name, digests=tuple(digests.items()))
