"""What is written after signing with logs, timestamps or a certificate, in both formats.

- The Sigstore bundle v0.3 (sigstore/protobuf-specs): 64-bit integers as strings, members that are zero or empty left
  out, one certificate and no chain.
- The annotations of a layer at the `.att` tag (cosign, "Storage" and "Timestamps"): certificate and chain in PEM, one
  log entry with its promise, one timestamp. That format can hold one log entry of version 1 and one timestamp, and no
  more; what it cannot hold is left out and said by `legacy_gaps`. The envelope stored beside them must be, byte for
  byte, the one that was logged: `assaymark.attest.dsse.encode_legacy` makes both.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from assaymark.attest.bundle import BUNDLE_V03, Bundle, LogEntry, MessageSignature
from assaymark.attest.dsse import Envelope, bundle_envelope
from assaymark.attest.keys.pem import encode_pem
from assaymark.attest.keys.public import PublicKey
from assaymark.attest.sigstore.material import CERTIFICATE, LOG_ENTRY, TIMESTAMP
from assaymark.attest.strict import encode_base64

CHAIN: Final = "dev.sigstore.cosign/chain"  # written for others: nothing here reads it


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """What a verifier needs besides the envelope.

    Attributes:
        public: the key that signed.
        certificate: DER of the leaf; empty where a managed key signed.
        chain: DER of its issuers, up to the root.
    """

    public: PublicKey
    certificate: bytes = b""
    chain: tuple[bytes, ...] = ()
    log_entries: tuple[LogEntry, ...] = ()
    timestamps: tuple[bytes, ...] = ()


def encode_bundle(envelope: Envelope, gathered: Gathered) -> bytes:
    """The bundle v0.3 of an attestation as JSON."""
    return _encode({"dsseEnvelope": bundle_envelope(envelope)}, _identity(gathered), gathered)


def encode_message_bundle(message: MessageSignature, gathered: Gathered) -> bytes:
    """The bundle v0.3 of a signature over an artifact as JSON."""
    return _encode(_spell_message(message), _identity(gathered), gathered)


def encode_again(bundle: Bundle) -> bytes:
    """A bundle that was read, as v0.3: the leaf alone of its certificates, and nothing of how it was spelled."""
    content = _spell_message(bundle.message) if bundle.message is not None else {}
    if bundle.envelope is not None:
        content = {"dsseEnvelope": bundle_envelope(bundle.envelope)}
    leaf = bundle.certificates[:1]
    identity = {"certificate": {"rawBytes": encode_base64(leaf[0])}} if leaf else {"publicKey": {"hint": bundle.hint}}
    return _encode(content, identity, bundle)


def _identity(gathered: Gathered) -> dict[str, Any]:
    if gathered.certificate:
        return {"certificate": {"rawBytes": encode_base64(gathered.certificate)}}
    return {"publicKey": {"hint": gathered.public.hint}}


def _spell_message(message: MessageSignature) -> dict[str, Any]:
    stated = {"algorithm": message.algorithm, "digest": encode_base64(message.digest)}
    digest = {"messageDigest": stated} if message.digest else {}
    return {"messageSignature": {**digest, "signature": encode_base64(message.signature)}}


def _encode(content: dict[str, Any], identity: dict[str, Any], held: Gathered | Bundle) -> bytes:
    stamps = [{"signedTimestamp": encode_base64(stamp)} for stamp in held.timestamps]
    evidence = {
        "tlogEntries": [_spell_entry(entry) for entry in held.log_entries],
        "timestampVerificationData": {"rfc3161Timestamps": stamps} if stamps else {},
    }
    return msgspec.json.encode(
        {
            "mediaType": BUNDLE_V03,
            "verificationMaterial": identity | _filled(evidence),
            **content,
        }
    )


def legacy_annotations(gathered: Gathered) -> dict[str, str]:
    """The annotations of the layer at the `.att` tag that hold what was gathered."""
    annotations = {}
    if gathered.certificate:
        annotations[CERTIFICATE] = encode_pem("CERTIFICATE", gathered.certificate).decode("ascii")
        annotations[CHAIN] = b"".join(encode_pem("CERTIFICATE", issuer) for issuer in gathered.chain).decode("ascii")
    promised = next((entry for entry in gathered.log_entries if entry.promise), None)
    if promised is not None:
        annotations[LOG_ENTRY] = _json(_spell_promise(promised))
    if gathered.timestamps:
        annotations[TIMESTAMP] = _json({"SignedRFC3161Timestamp": encode_base64(gathered.timestamps[0])})
    return annotations


def legacy_gaps(gathered: Gathered) -> tuple[str, ...]:
    """What the `.att` tag cannot hold of what was gathered, in words."""
    unpromised = sum(1 for entry in gathered.log_entries if not entry.promise)
    promised = len(gathered.log_entries) - unpromised
    gaps = []
    if unpromised:
        gaps.append(f"{unpromised} entries of transparency logs of version 2")
    if promised > 1:
        gaps.append(f"{promised - 1} more log entries")
    if len(gathered.timestamps) > 1:
        gaps.append(f"{len(gathered.timestamps) - 1} more timestamps")
    return tuple(gaps)


def _spell_entry(entry: LogEntry) -> dict[str, Any]:
    return _filled(
        {
            "logIndex": _spell_count(entry.log_index),
            "logId": {"keyId": encode_base64(entry.log_id)},
            "kindVersion": {"kind": entry.kind, "version": entry.kind_version},
            "integratedTime": _spell_count(entry.integrated_time),
            "inclusionPromise": {"signedEntryTimestamp": encode_base64(entry.promise)} if entry.promise else {},
            "inclusionProof": _spell_proof(entry),
            "canonicalizedBody": encode_base64(entry.body),
        }
    )


def _spell_proof(entry: LogEntry) -> dict[str, Any]:
    if entry.proof is None:
        return {}
    proof = entry.proof
    return _filled(
        {
            "logIndex": _spell_count(proof.log_index),
            "rootHash": encode_base64(proof.root_hash),
            "treeSize": _spell_count(proof.tree_size),
            "hashes": [encode_base64(item) for item in proof.hashes],
            "checkpoint": {"envelope": proof.checkpoint},
        }
    )


def _spell_promise(entry: LogEntry) -> dict[str, Any]:
    payload = {
        "body": encode_base64(entry.body),
        "integratedTime": entry.integrated_time,
        "logIndex": entry.log_index,
        "logID": entry.log_id.hex(),
    }
    return {"SignedEntryTimestamp": encode_base64(entry.promise), "Payload": payload}


def _spell_count(number: int) -> str:
    return str(number) if number else ""


def _filled(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value}


def _json(document: dict[str, Any]) -> str:
    return msgspec.json.encode(document).decode()
