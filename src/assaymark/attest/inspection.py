"""What is in an attestation's file, read and not verified: for people who want to know what they have.

Reads what `assaymark.attest.local` reads. A part that cannot be read is named in `problems` instead of ending the rest:
one looks into a file because something is wrong with it. Names of services come from a trusted root that the caller
has at hand; that a log is known says nothing about the entry.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from assaymark.attest.bundle import LogEntry
from assaymark.attest.reasons import Reason
from assaymark.attest.sigstore.attestations import read_material
from assaymark.attest.sigstore.certificate import load_certificate, parse_signing_certificate
from assaymark.attest.sigstore.checkpoint import parse_checkpoint
from assaymark.attest.sigstore.timestamp_token import parse_timestamp
from assaymark.attest.statement import Statement, parse_statement
from assaymark.attest.store.attestation import AttestationFormat, Candidate
from assaymark.attest.strict import decode_document
from assaymark.errors import VerificationError
from assaymark.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    from assaymark.attest.sigstore.material import Material
    from assaymark.attest.sigstore.trusted_root import TrustedRoot


class _Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Keys in camel case."""


class SignerPart(_Part, frozen=True, kw_only=True):
    """Who signed, as the file says; a key has a hint, a certificate the rest.

    Attributes:
        serial: of the certificate, in hexadecimal.
        issued_by: the name of the authority that issued it, as the certificate says.
    """

    kind: str
    hint: str = ""
    identity: str = ""
    identity_kind: str = ""
    issuer: str = ""
    claims: dict[str, str] = {}
    not_before: str = ""
    not_after: str = ""
    serial: str = ""
    issued_by: str = ""
    sha256: str = ""


class ContentPart(_Part, frozen=True, kw_only=True):
    """What was signed: an envelope with a payload, or a file itself, of which `digest` is what the bundle says."""

    kind: str
    payload_type: str = ""
    payload_bytes: int = 0
    signatures: int = 0
    key_ids: tuple[str, ...] = ()
    digest: str = ""


class SubjectPart(_Part, frozen=True, kw_only=True):
    """What a statement is about."""

    name: str
    digests: dict[str, str]


class StatementPart(_Part, frozen=True, kw_only=True):
    """What a statement claims; `extra` are members that it should not have."""

    type: str
    subjects: tuple[SubjectPart, ...]
    predicate_type: str
    predicate_bytes: int
    extra: tuple[str, ...] = ()


class LogPart(_Part, frozen=True, kw_only=True):
    """An entry of a transparency log; `log` is empty where nobody knows the log."""

    log: str
    log_id: str
    index: int
    kind: str
    integrated_time: str
    promise: bool
    tree_size: int | None
    origin: str = ""
    witnesses: tuple[str, ...] = ()


class TimestampPart(_Part, frozen=True, kw_only=True):
    """A timestamp; `imprint` is the hash that it is of."""

    time: str
    imprint: str


class Inspection(_Part, frozen=True, kw_only=True):
    """What is in a file.

    Attributes:
        media_type: of a bundle; empty for what cosign 1 and 2 wrote.
        certificates: how many there are; those behind the first are its issuers.
        problems: what cannot be read, or is not as it should be, a line each.
    """

    format: str
    media_type: str
    signer: SignerPart
    certificates: int
    content: ContentPart
    statement: StatementPart | None
    log_entries: tuple[LogPart, ...]
    timestamps: tuple[TimestampPart, ...]
    problems: tuple[str, ...]


class Inspected(msgspec.Struct, frozen=True, kw_only=True):
    """An inspection, and the statement with its predicate's bytes, where there is one."""

    inspection: Inspection
    statement: Statement | None


def inspect_candidate(candidate: Candidate, known: TrustedRoot, *, limits: Limits = DEFAULT_LIMITS) -> Inspected:
    """What is in a candidate.

    Args:
        candidate: from `read_local`.
        known: whose logs have names.
        limits: the bounds.

    Raises:
        VerificationError: it cannot be read at all.
    """
    material = read_material(candidate, limits=limits)
    problems: list[str] = []
    statement = _find_statement(material, problems, limits)
    logs = {log.log_id: log.base_url for log in known.logs}
    inspection = Inspection(
        format=candidate.format.value,
        media_type=_media_type(candidate, limits),
        signer=_signer(material, problems),
        certificates=len(material.certificates),
        content=_content(material, problems),
        statement=_statement(statement) if statement else None,
        log_entries=tuple(_log(entry, logs, problems, limits) for entry in material.log_entries),
        timestamps=tuple(part for data in material.timestamps for part in _timestamp(data, problems)),
        problems=tuple(problems),
    )
    return Inspected(inspection=inspection, statement=statement)


def _media_type(candidate: Candidate, limits: Limits) -> str:
    if candidate.format is AttestationFormat.LEGACY:
        return ""
    document = decode_document(candidate.data, limits=limits, what="the bundle", reason=Reason.MALFORMED_BUNDLE)
    return str(document.get("mediaType") or document.get("media_type"))


def _find_statement(material: Material, problems: list[str], limits: Limits) -> Statement | None:
    if material.envelope is None:
        return None
    try:
        return parse_statement(material.envelope.payload, limits=limits)
    except VerificationError as exc:
        problems.append(str(exc))
        return None


def _signer(material: Material, problems: list[str]) -> SignerPart:
    if not material.certificates:
        return SignerPart(kind="key", hint=material.hint)
    der = material.certificates[0]
    digest = hashlib.sha256(der).hexdigest()
    try:
        leaf, loaded = parse_signing_certificate(der), load_certificate(der)
    except (VerificationError, ValueError) as exc:
        problems.append(str(exc))
        return SignerPart(kind="certificate", sha256=digest)
    return SignerPart(
        kind="certificate",
        identity=leaf.identity,
        identity_kind=leaf.identity_kind.value,
        issuer=leaf.issuer,
        claims=dict(leaf.claims),
        not_before=_time(leaf.not_before),
        not_after=_time(leaf.not_after),
        serial=f"{loaded.serial_number:x}",
        issued_by=loaded.issuer.rfc4514_string(),
        sha256=digest,
    )


def _content(material: Material, problems: list[str]) -> ContentPart:
    envelope, message = material.envelope, material.message
    if envelope is None:
        assert message is not None
        stated = f"{message.algorithm}:{message.digest.hex()}" if message.digest else ""
        return ContentPart(kind="signature of a file", signatures=1, digest=stated)
    if len(envelope.signatures) != 1:
        problems.append(f"there are {len(envelope.signatures)} signatures; one is right")
    return ContentPart(
        kind="envelope",
        payload_type=envelope.payload_type,
        payload_bytes=len(envelope.payload),
        signatures=len(envelope.signatures),
        key_ids=tuple(signature.keyid for signature in envelope.signatures if signature.keyid),
    )


def _statement(statement: Statement) -> StatementPart:
    subjects = [SubjectPart(name=subject.name, digests=dict(subject.digests)) for subject in statement.subjects]
    return StatementPart(
        type=statement.type,
        subjects=tuple(subjects),
        predicate_type=statement.predicate_type,
        predicate_bytes=len(statement.predicate),
        extra=statement.extra,
    )


def _log(entry: LogEntry, logs: dict[bytes, str], problems: list[str], limits: Limits) -> LogPart:
    origin, witnesses = "", list[str]()
    if entry.proof is not None and entry.proof.checkpoint:
        try:
            checkpoint = parse_checkpoint(entry.proof.checkpoint, limits=limits)
        except VerificationError as exc:
            problems.append(str(exc))
        else:
            origin, witnesses = checkpoint.origin, [line.name for line in checkpoint.signatures]
    return LogPart(
        log=logs.get(entry.log_id, ""),
        log_id=entry.log_id.hex(),
        index=entry.log_index,
        kind=f"{entry.kind} {entry.kind_version}",
        integrated_time=_seconds(entry.integrated_time, problems),
        promise=bool(entry.promise),
        tree_size=entry.proof.tree_size if entry.proof is not None else None,
        origin=origin,
        witnesses=tuple(witnesses),
    )


def _timestamp(data: bytes, problems: list[str]) -> tuple[TimestampPart, ...]:
    try:
        token = parse_timestamp(data)
    except ValueError as exc:
        problems.append(f"a timestamp is malformed: {exc}")
        return ()
    imprint = f"{token.imprint_algorithm or 'an unknown hash'}:{token.imprint.hex()}"
    return (TimestampPart(time=_time(token.moment), imprint=imprint),)


def _seconds(seconds: int, problems: list[str]) -> str:
    """A log entry's time; Rekor 2 states none."""
    if not seconds:
        return ""
    try:
        return _time(datetime.fromtimestamp(seconds, tz=UTC))
    except (OverflowError, ValueError, OSError):
        problems.append(f"a log entry states the time {seconds}, which is none")
        return ""


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
