"""Sigstore bundles (sigstore/protobuf-specs, `sigstore_bundle.proto`): an envelope and what is needed to verify it.

Written: v0.3 with a public key's hint and nothing else. Read: 0.1, 0.2 and 0.3, both spellings of the media type.

Rules: strict JSON, then the ProtoJSON rules of `assaymark.attest.protojson`; exactly one content (an envelope or a
message signature) and exactly one kind of verification material. 0.1 asks for an inclusion promise in each log entry,
0.2 and later for an inclusion proof, and 0.3 forbids certificate chains. Log entries and timestamps are bounded in
number (CVE-2024-45395).
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from assaymark.attest.dsse import Envelope, Signature, bundle_envelope
from assaymark.attest.keys.public import PublicKey
from assaymark.attest.protojson import Message
from assaymark.attest.reasons import Reason, refuse
from assaymark.attest.strict import decode_document
from assaymark.limits import DEFAULT_LIMITS, Limits

BUNDLE_V03: Final = "application/vnd.dev.sigstore.bundle.v0.3+json"
BUNDLE_PREFIX: Final = "application/vnd.dev.sigstore.bundle"

_MEDIA_TYPE = re.compile(
    r"application/vnd\.dev\.sigstore\.bundle"
    r"(?:\+json;version=(?P<old>[0-9]{1,3}\.[0-9]{1,3})|\.v(?P<new>[0-9]{1,3}\.[0-9]{1,3})\+json)\Z"
)
_VERSIONS: Final = ("0.1", "0.2", "0.3")
_BUNDLE: Final = ("mediaType", "verificationMaterial", "messageSignature", "dsseEnvelope")
_MATERIAL: Final = ("publicKey", "x509CertificateChain", "certificate", "tlogEntries", "timestampVerificationData")
_ENVELOPE: Final = ("payload", "payloadType", "signatures")
_ENTRY: Final = (
    "logIndex",
    "logId",
    "kindVersion",
    "integratedTime",
    "inclusionPromise",
    "inclusionProof",
    "canonicalizedBody",
)
_PROOF: Final = ("logIndex", "rootHash", "treeSize", "hashes", "checkpoint")
_PROOF_HASHES: Final = 64  # the path to a leaf in a tree of up to 2^64 leaves
_CHAIN_CERTIFICATES: Final = 16
_SIGNATURES: Final = 16  # one is right; more are read to be counted


class InclusionProof(msgspec.Struct, frozen=True, kw_only=True):
    """That a log contains an entry (RFC 6962, section 2.1.1)."""

    log_index: int
    root_hash: bytes
    tree_size: int
    hashes: tuple[bytes, ...]
    checkpoint: str


class LogEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of a transparency log, as the bundle states it: nothing of it is verified by reading."""

    log_index: int
    log_id: bytes
    kind: str
    kind_version: str
    integrated_time: int
    promise: bytes
    proof: InclusionProof | None
    body: bytes


class MessageSignature(msgspec.Struct, frozen=True, kw_only=True):
    """A signature over an artifact itself.

    Attributes:
        algorithm: of the digest, as the bundle spells it (`SHA2_256`); empty where the bundle states no digest.
        digest: what the bundle says that was signed: a hint, which nothing vouches for.
    """

    signature: bytes
    algorithm: str = ""
    digest: bytes = b""


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """A bundle as it was read.

    Attributes:
        version: the 3 of 0.3.
        envelope: None where the content is a message signature.
        message: None where the content is an envelope.
        hint: what the bundle calls the public key; empty where it names none.
        certificates: DER, leaf first; empty where a key signed.
    """

    version: int
    envelope: Envelope | None
    message: MessageSignature | None = None
    hint: str = ""
    certificates: tuple[bytes, ...] = ()
    log_entries: tuple[LogEntry, ...] = ()
    timestamps: tuple[bytes, ...] = ()


def build_bundle(envelope: Envelope, public: PublicKey) -> bytes:
    """A v0.3 bundle of an envelope that a key signed."""
    return msgspec.json.encode(
        {
            "mediaType": BUNDLE_V03,
            "verificationMaterial": {"publicKey": {"hint": public.hint}},
            "dsseEnvelope": bundle_envelope(envelope),
        }
    )


def parse_bundle(data: bytes, *, limits: Limits = DEFAULT_LIMITS, what: str = "the bundle") -> Bundle:
    """The bundle that `data` spells.

    Raises:
        VerificationError: `MALFORMED_BUNDLE`, `DUPLICATE_KEYS` or `BUNDLE_VERSION`.
    """
    document = decode_document(data, limits=limits, what=what, reason=Reason.MALFORMED_BUNDLE)
    try:
        message = Message(document, "bundle", _BUNDLE)
        version = _version(message.text("mediaType"), what)
        return _read_bundle(message, version, limits)
    except ValueError as exc:
        raise refuse(Reason.MALFORMED_BUNDLE, f"{what} is malformed: {exc}") from exc


def _version(media_type: str, what: str) -> int:
    match = _MEDIA_TYPE.match(media_type)
    if match is None:
        raise ValueError(f"`{media_type[:100]}` is not the media type of a bundle")
    version = match["old"] or match["new"]
    if version not in (_VERSIONS if match["old"] else _VERSIONS[-1:]):
        raise refuse(Reason.BUNDLE_VERSION, f"{what} has version {version}; 0.1 to 0.3 can be read")
    return int(version[2:])


def _read_bundle(message: Message, version: int, limits: Limits) -> Bundle:
    if message.has("messageSignature") == message.has("dsseEnvelope"):
        raise ValueError("there is not exactly one of `dsseEnvelope` and `messageSignature`")
    material = message.message("verificationMaterial", _MATERIAL)
    if material is None:
        raise ValueError("there is no `verificationMaterial`")
    hint, certificates = _read_identity(material, version)
    envelope = message.message("dsseEnvelope", _ENVELOPE)
    signature = message.message("messageSignature", ("messageDigest", "signature"))
    entries = material.items("tlogEntries", limit=limits.log_entries)
    return Bundle(
        version=version,
        envelope=_read_envelope(envelope) if envelope else None,
        message=_read_message_signature(signature) if signature else None,
        hint=hint,
        certificates=certificates,
        log_entries=tuple(_read_entry(Message(entry, "tlogEntries", _ENTRY), version) for entry in entries),
        timestamps=_read_timestamps(material, limits),
    )


def _read_identity(material: Message, version: int) -> tuple[str, tuple[bytes, ...]]:
    public = material.message("publicKey", ("hint",))
    certificate = material.message("certificate", ("rawBytes",))
    chain = material.message("x509CertificateChain", ("certificates",))
    found = [message for message in (public, certificate, chain) if message is not None]
    if len(found) != 1:
        raise ValueError("there is not exactly one public key or certificate")
    if found[0] is public:
        return found[0].text("hint"), ()
    if found[0] is certificate:
        return "", (_certificate(found[0]),)
    if version >= 3:
        raise ValueError("version 0.3 has no certificate chains")
    return "", _read_chain(found[0])


def _read_chain(message: Message) -> tuple[bytes, ...]:
    listed = message.items("certificates", limit=_CHAIN_CERTIFICATES)
    if not listed:
        raise ValueError("the certificate chain is empty")
    return tuple(_certificate(Message(item, "certificates", ("rawBytes",))) for item in listed)


def _certificate(message: Message) -> bytes:
    der = message.data("rawBytes")
    if not der:
        raise ValueError("a certificate is empty")
    return der


def _read_envelope(message: Message) -> Envelope:
    signatures = [
        Message(item, "signatures", ("sig", "keyid")) for item in message.items("signatures", limit=_SIGNATURES)
    ]
    return Envelope(
        payload=message.data("payload"),
        payload_type=message.text("payloadType"),
        signatures=tuple(Signature(sig=item.data("sig"), keyid=item.text("keyid")) for item in signatures),
    )


def _read_message_signature(message: Message) -> MessageSignature:
    digest = message.message("messageDigest", ("algorithm", "digest"))
    return MessageSignature(
        signature=message.data("signature"),
        algorithm=digest.text("algorithm") if digest else "",
        digest=digest.data("digest") if digest else b"",
    )


def _read_entry(entry: Message, version: int) -> LogEntry:
    log_id = entry.message("logId", ("keyId",))
    kind = entry.message("kindVersion", ("kind", "version"))
    promise = entry.message("inclusionPromise", ("signedEntryTimestamp",))
    proof = entry.message("inclusionProof", _PROOF)
    if log_id is None or kind is None:
        raise ValueError("a log entry has no `logId` or no `kindVersion`")
    if version == 1 and promise is None:
        raise refuse(Reason.PROMISE_MISSING, "a log entry has no `inclusionPromise`, which version 0.1 demands")
    if version > 1 and proof is None:
        raise refuse(Reason.PROOF_MISSING, f"a log entry has no `inclusionProof`, which version 0.{version} demands")
    return LogEntry(
        log_index=entry.count("logIndex"),
        log_id=log_id.data("keyId"),
        kind=kind.text("kind"),
        kind_version=kind.text("version"),
        integrated_time=entry.count("integratedTime"),
        promise=promise.data("signedEntryTimestamp") if promise else b"",
        proof=_read_proof(proof) if proof else None,
        body=entry.data("canonicalizedBody"),
    )


def _read_proof(proof: Message) -> InclusionProof:
    checkpoint = proof.message("checkpoint", ("envelope",))
    return InclusionProof(
        log_index=proof.count("logIndex"),
        root_hash=proof.data("rootHash"),
        tree_size=proof.count("treeSize"),
        hashes=proof.data_items("hashes", limit=_PROOF_HASHES),
        checkpoint=checkpoint.text("envelope") if checkpoint else "",
    )


def _read_timestamps(material: Message, limits: Limits) -> tuple[bytes, ...]:
    data = material.message("timestampVerificationData", ("rfc3161Timestamps",))
    if data is None:
        return ()
    listed = data.items("rfc3161Timestamps", limit=limits.timestamps)
    return tuple(Message(item, "rfc3161Timestamps", ("signedTimestamp",)).data("signedTimestamp") for item in listed)
