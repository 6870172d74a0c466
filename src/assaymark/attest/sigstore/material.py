"""What is verified, whatever it was stored as: a signature, its content, and the material that came with it.

Reads Sigstore bundles (`assaymark.attest.bundle`), and layers at the `.att` tag with the annotations that cosign puts
beside them (sigstore/cosign, `specs/SIGNATURE_SPEC.md`): certificate, log entry with its promise, timestamp. Of the
chain annotation nothing is used: intermediates come from the trusted root.

Rules: annotations are strict JSON; an annotation that is empty is not there, because cosign 3 writes such.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from assaymark.attest.bundle import Bundle, LogEntry, MessageSignature
from assaymark.attest.dsse import Envelope, parse_envelope, pre_authentication_encoding
from assaymark.attest.keys.pem import parse_pem
from assaymark.attest.reasons import Reason, refuse
from assaymark.attest.sigstore.entry import read_kind
from assaymark.attest.strict import decode_base64, decode_document
from assaymark.limits import DEFAULT_LIMITS, Limits

CERTIFICATE: Final = "dev.sigstore.cosign/certificate"
LOG_ENTRY: Final = "dev.sigstore.cosign/bundle"
TIMESTAMP: Final = "dev.sigstore.cosign/rfc3161timestamp"
_KEY_ID: Final = re.compile(r"[0-9a-f]{64}\Z")
_MAX_NUMBER: Final = 1 << 53  # what is signed is JCS, whose numbers are doubles


class Material(msgspec.Struct, frozen=True, kw_only=True):
    """A claim and its evidence; nothing of it is verified by reading.

    Attributes:
        envelope: None for a signature over an artifact itself.
        message: None for an envelope.
        stored: the exact text of the envelope, where that was what was stored.
        certificates: DER, leaf first; empty where a key signed.
        hint: what a bundle calls the key.
    """

    envelope: Envelope | None
    message: MessageSignature | None = None
    stored: bytes | None = None
    certificates: tuple[bytes, ...] = ()
    hint: str = ""
    log_entries: tuple[LogEntry, ...] = ()
    timestamps: tuple[bytes, ...] = ()

    @property
    def signature(self) -> bytes:
        """The one signature."""
        if self.envelope is not None:
            return self.envelope.signatures[0].sig
        assert self.message is not None
        return self.message.signature

    @property
    def signed_envelope(self) -> bytes:
        """What is signed of an envelope."""
        assert self.envelope is not None
        return pre_authentication_encoding(self.envelope.payload_type, self.envelope.payload)


def material_of_bundle(bundle: Bundle) -> Material:
    """The material in a bundle."""
    return Material(
        envelope=bundle.envelope,
        message=bundle.message,
        certificates=bundle.certificates,
        hint=bundle.hint,
        log_entries=bundle.log_entries,
        timestamps=bundle.timestamps,
    )


def material_of_layer(data: bytes, annotations: Mapping[str, str], *, limits: Limits = DEFAULT_LIMITS) -> Material:
    """The material of a layer at the `.att` tag.

    Raises:
        VerificationError: `MALFORMED_ENVELOPE`, `CERTIFICATE_MALFORMED`, `LOG_ENTRY_MALFORMED`, `TIMESTAMP_MALFORMED`
            or `DUPLICATE_KEYS`.
    """
    certificate, entry, timestamp = (annotations.get(name, "") for name in (CERTIFICATE, LOG_ENTRY, TIMESTAMP))
    return Material(
        envelope=parse_envelope(data, limits=limits),
        stored=data,
        certificates=(_read_certificate(certificate),) if certificate else (),
        log_entries=(_read_entry(entry, limits),) if entry else (),
        timestamps=(_read_timestamp(timestamp, limits),) if timestamp else (),
    )


def material_of_signature(
    message: MessageSignature, annotations: Mapping[str, str], *, limits: Limits = DEFAULT_LIMITS
) -> Material:
    """The material of a signature over an artifact, with what annotations would hold beside it.

    Raises:
        VerificationError: `CERTIFICATE_MALFORMED`, `TIMESTAMP_MALFORMED` or `DUPLICATE_KEYS`.
    """
    certificate, timestamp = annotations.get(CERTIFICATE, ""), annotations.get(TIMESTAMP, "")
    return Material(
        envelope=None,
        message=message,
        certificates=(_read_certificate(certificate),) if certificate else (),
        timestamps=(_read_timestamp(timestamp, limits),) if timestamp else (),
    )


def _read_certificate(text: str) -> bytes:
    try:
        return _certificate(text)
    except ValueError as exc:
        raise refuse(Reason.CERTIFICATE_MALFORMED, f"the annotation `{CERTIFICATE}` is no certificate: {exc}") from exc


def _certificate(text: str) -> bytes:
    pem = parse_pem(text.encode())
    if pem.label != "CERTIFICATE":
        raise ValueError(f"it is a `{pem.label}`")
    return pem.body


def _read_entry(text: str, limits: Limits) -> LogEntry:
    what = f"the annotation `{LOG_ENTRY}`"
    document = decode_document(text.encode(), limits=limits, what=what, reason=Reason.LOG_ENTRY_MALFORMED)
    try:
        entry = _entry(document)
    except ValueError as exc:
        raise refuse(Reason.LOG_ENTRY_MALFORMED, f"{what} is malformed: {exc}") from exc
    kind, version = read_kind(entry.body, limits=limits)
    return msgspec.structs.replace(entry, kind=kind, kind_version=version)


def _entry(document: dict[str, Any]) -> LogEntry:
    payload = document.get("Payload")
    if not isinstance(payload, dict):
        raise ValueError("`Payload` is missing or not an object")  # noqa: TRY004 - the document is malformed
    log_id = _text(payload, "logID")
    if not _KEY_ID.match(log_id):
        raise ValueError("`logID` is not 64 hexadecimal digits")
    return LogEntry(
        log_index=_number(payload, "logIndex"),
        log_id=bytes.fromhex(log_id),
        kind="",
        kind_version="",
        integrated_time=_number(payload, "integratedTime"),
        promise=decode_base64(_text(document, "SignedEntryTimestamp")),
        proof=None,
        body=decode_base64(_text(payload, "body")),
    )


def _read_timestamp(text: str, limits: Limits) -> bytes:
    what = f"the annotation `{TIMESTAMP}`"
    document = decode_document(text.encode(), limits=limits, what=what, reason=Reason.TIMESTAMP_MALFORMED)
    try:
        return decode_base64(_text(document, "SignedRFC3161Timestamp"))
    except ValueError as exc:
        raise refuse(Reason.TIMESTAMP_MALFORMED, f"{what} is malformed: {exc}") from exc


def _text(document: dict[str, Any], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str):
        raise ValueError(f"`{name}` is missing or not a string")  # noqa: TRY004 - the document is malformed
    return value


def _number(document: dict[str, Any], name: str) -> int:
    value = document.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MAX_NUMBER:
        raise ValueError(f"`{name}` is not a number from 0 to 2^53")
    return value
