"""`download attestation`: what is attached, as JSON lines, without any verification.

Bundles come first, one compact line each, then the envelopes at the `.att` tag, re-serialised in cosign's order of
members. What cannot be read is handed out as `Unreadable`, for the caller to say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from assaymark.attest.bundle import parse_bundle
from assaymark.attest.dsse import Envelope, encode_legacy, parse_envelope
from assaymark.attest.reasons import Reason
from assaymark.attest.statement import parse_statement
from assaymark.attest.store.attestation import AttestationFormat, Candidate, Found, Unreadable
from assaymark.errors import VerificationError
from assaymark.limits import DEFAULT_LIMITS, Limits


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One attestation on one line; the predicate type is what it claims, empty where it is no statement."""

    data: bytes
    predicate_type: str
    candidate: Candidate


def attestation_lines(
    found: Iterable[Found], *, predicate_type: str = "", limits: Limits = DEFAULT_LIMITS
) -> Iterator[Line | Unreadable]:
    """Lines for everything in `found`, or for what claims to be of `predicate_type`."""
    for item in found:
        line = item if isinstance(item, Unreadable) else _line(item, limits)
        if isinstance(line, Unreadable) or predicate_type in {"", line.predicate_type}:
            yield line


def _line(candidate: Candidate, limits: Limits) -> Line | Unreadable:
    try:
        envelope, data = _read(candidate, limits)
    except VerificationError as exc:
        return Unreadable(manifest=candidate.manifest, reason=Reason(exc.reason), message=str(exc))
    return Line(data=data, predicate_type=_claimed_type(envelope, limits), candidate=candidate)


def _read(candidate: Candidate, limits: Limits) -> tuple[Envelope | None, bytes]:
    if candidate.format is AttestationFormat.LEGACY:
        envelope = parse_envelope(candidate.data, limits=limits)
        return envelope, encode_legacy(envelope)
    bundle = parse_bundle(candidate.data, limits=limits)
    return bundle.envelope, msgspec.json.format(candidate.data, indent=-1)


def _claimed_type(envelope: Envelope | None, limits: Limits) -> str:
    if envelope is None:
        return ""
    try:
        return parse_statement(envelope.payload, limits=limits).predicate_type
    except VerificationError:
        return ""
