"""The trusted root: which logs and authorities are believed, and about which time.

Reads the JSON of sigstore/protobuf-specs, `sigstore_trustroot.proto`, v0.1. Rules: strict JSON in the ProtoJSON form;
the key of every log has a beginning of its validity (without one, "unbounded" and "forgotten" would look the same); the
ends of windows are part of them; the certificates of an authority stand in order, what signs first and the root last.
An entry whose kind of key nobody here can use is passed over and named in `unsupported`: a root may hold the next
generation beside the present one.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

import msgspec

from assaymark.attest.keys.pem import encode_pem
from assaymark.attest.keys.public import PKCS1_LABEL, PublicKey, parse_public_key, parse_spki
from assaymark.attest.protojson import Message
from assaymark.attest.reasons import Reason, refuse
from assaymark.attest.strict import decode_document
from assaymark.errors import UsageError
from assaymark.limits import DEFAULT_LIMITS, Limits

TRUSTED_ROOT_TYPE: Final = "application/vnd.dev.sigstore.trustedroot+json;version=0.1"
_TYPES: Final = frozenset({TRUSTED_ROOT_TYPE, "application/vnd.dev.sigstore.trustedroot.v0.1+json"})
_ROOT: Final = ("mediaType", "tlogs", "certificateAuthorities", "ctlogs", "timestampAuthorities")
_LOG: Final = ("baseUrl", "hashAlgorithm", "publicKey", "logId", "checkpointKeyId", "operator")
_AUTHORITY: Final = ("subject", "uri", "certChain", "validFor", "operator")
_HOST: Final = re.compile(
    r"[a-zA-Z][a-zA-Z0-9+.-]*://(?:[^/?#@]*@)?(\[[0-9a-fA-F:.]+\]|[^/?#:]+)(?::[0-9]+)?(?:[/?#]|\Z)"
)
_TIME: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})\Z"
)


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """A span of time, both ends included; None is open."""

    start: datetime | None = None
    end: datetime | None = None

    def contains(self, moment: datetime) -> bool:
        """Whether `moment` lies in it."""
        return (self.start is None or self.start <= moment) and (self.end is None or moment <= self.end)


class TrustedLog(msgspec.Struct, frozen=True, kw_only=True):
    """A transparency log or a certificate transparency log.

    Attributes:
        log_id: what entries and SCTs call it.
        checkpoint_key_id: what its checkpoints call its key, where that is no matter of computation.
    """

    base_url: str
    key: PublicKey
    log_id: bytes
    window: Window
    checkpoint_key_id: bytes = b""

    @property
    def host(self) -> str:
        """The name that a Rekor v2 signs checkpoints with: the host of its URL, without the port."""
        match = _HOST.match(self.base_url)
        return match[1].strip("[]") if match else ""


class Authority(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate authority or a timestamp authority.

    Attributes:
        certificates: DER, the root last.
    """

    uri: str
    name: str
    certificates: tuple[bytes, ...]
    window: Window


class TrustedRoot(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to believe.

    Attributes:
        unsupported: logs that were passed over, a line each.
    """

    logs: tuple[TrustedLog, ...] = ()
    certificate_authorities: tuple[Authority, ...] = ()
    ct_logs: tuple[TrustedLog, ...] = ()
    timestamp_authorities: tuple[Authority, ...] = ()
    unsupported: tuple[str, ...] = ()


def parse_trusted_root(data: bytes, *, limits: Limits = DEFAULT_LIMITS, what: str = "the trusted root") -> TrustedRoot:
    """The trusted root that `data` spells.

    Raises:
        VerificationError: `TRUSTED_ROOT_MALFORMED` or `DUPLICATE_KEYS`.
    """
    document = decode_document(data, limits=limits, what=what, reason=Reason.TRUSTED_ROOT_MALFORMED)
    try:
        return _read_root(Message(document, "trusted root", _ROOT), limits)
    except ValueError as exc:
        raise refuse(Reason.TRUSTED_ROOT_MALFORMED, f"{what} is malformed: {exc}") from exc


def parse_time(text: str) -> datetime:
    """The moment that `text` spells as RFC 3339 has it.

    Raises:
        ValueError: it is none.
    """
    match = _TIME.match(text)
    if match is None:
        raise ValueError(f"`{text[:40]}` is not a time as RFC 3339 writes it")
    fraction = (match[2] or ".0")[:7]  # nanoseconds are cut to microseconds
    moment = datetime.fromisoformat(f"{match[1]}{fraction.ljust(7, '0')}{match[3].replace('Z', '+00:00')}")
    try:
        return moment.astimezone(UTC)
    except OverflowError as exc:  # the first hours of the year 1, and the last ones of 9999, have no UTC here
        raise ValueError(f"`{text[:40]}` is no time of this calendar") from exc


def _read_root(message: Message, limits: Limits) -> TrustedRoot:
    if message.text("mediaType") not in _TYPES:
        raise ValueError(f"`{message.text('mediaType')[:100]}` is not the media type of a trusted root")
    unsupported: list[str] = []
    logs = {field: _read_logs(message, field, unsupported, limits) for field in ("tlogs", "ctlogs")}
    authorities = {
        field: tuple(
            _read_authority(Message(item, field, _AUTHORITY), limits)
            for item in message.items(field, limit=limits.trusted_entries)
        )
        for field in ("certificateAuthorities", "timestampAuthorities")
    }
    return TrustedRoot(
        logs=logs["tlogs"],
        ct_logs=logs["ctlogs"],
        certificate_authorities=authorities["certificateAuthorities"],
        timestamp_authorities=authorities["timestampAuthorities"],
        unsupported=tuple(unsupported),
    )


def _read_logs(message: Message, field: str, unsupported: list[str], limits: Limits) -> tuple[TrustedLog, ...]:
    logs = []
    for item in message.items(field, limit=limits.trusted_entries):
        entry = Message(item, field, _LOG)
        log = _read_log(entry)
        if isinstance(log, str):
            unsupported.append(f"`{entry.text('baseUrl')[:200]}`: {log}")
        else:
            logs.append(log)
    return tuple(logs)


def _read_log(entry: Message) -> TrustedLog | str:
    """The log, or why it cannot be used."""
    public = entry.message("publicKey", ("rawBytes", "keyDetails", "validFor"))
    log_id = entry.message("logId", ("keyId",))
    checkpoint_id = entry.message("checkpointKeyId", ("keyId",))
    if public is None or log_id is None or not public.data("rawBytes") or not log_id.data("keyId"):
        raise ValueError(f"the log `{entry.text('baseUrl')[:200]}` has no `publicKey` or no `logId`")
    window = _read_window(public)
    if window.start is None:
        raise ValueError(f"the key of the log `{entry.text('baseUrl')[:200]}` has no `validFor.start`")
    if entry.text("hashAlgorithm") != "SHA2_256":
        return f"hashes with `{entry.text('hashAlgorithm')[:40]}`, not with SHA2_256"
    try:
        key = _read_key(public)
    except (ValueError, UsageError) as exc:
        return f"`{public.text('keyDetails')[:60]}`: {exc}"
    return TrustedLog(
        base_url=entry.text("baseUrl"),
        key=key,
        log_id=log_id.data("keyId"),
        window=window,
        checkpoint_key_id=checkpoint_id.data("keyId") if checkpoint_id else b"",
    )


def _read_key(public: Message) -> PublicKey:
    raw = public.data("rawBytes")
    if public.text("keyDetails").startswith("PKCS1_RSA"):  # an old CT log of the staging instance
        return parse_public_key(encode_pem(PKCS1_LABEL, raw))
    return parse_spki(raw)


def _read_authority(entry: Message, limits: Limits) -> Authority:
    subject = entry.message("subject", ("organization", "commonName"))
    chain = entry.message("certChain", ("certificates",))
    listed = chain.items("certificates", limit=limits.chain_certificates) if chain else []
    certificates = tuple(Message(item, "certificates", ("rawBytes",)).data("rawBytes") for item in listed)
    if not certificates or not all(certificates):
        raise ValueError(f"the authority `{entry.text('uri')[:200]}` has no certificates, or an empty one")
    return Authority(
        uri=entry.text("uri"),
        name=subject.text("commonName") if subject else "",
        certificates=certificates,
        window=_read_window(entry),
    )


def _read_window(message: Message) -> Window:
    valid = message.message("validFor", ("start", "end"))
    if valid is None:
        return Window()
    return Window(
        start=parse_time(valid.text("start")) if valid.has("start") else None,
        end=parse_time(valid.text("end")) if valid.has("end") else None,
    )
