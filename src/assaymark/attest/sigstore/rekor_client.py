"""Writing to transparency logs: Rekor version 1 (sigstore/rekor, `openapi.yaml`) and 2 (sigstore/rekor-tiles).

Version 1 gets the whole envelope and logs `dsse` 0.0.1: the SHA-256 of the envelope's exact text and of its payload,
each signature, and the certificate or key. An equivalent entry that exists already is a 409 whose `Location` leads to
it; that entry is ours as well, and is fetched. So a request may be sent twice: the second finds what the first left.

Version 2 gets, and logs, `hashedrekord` 0.0.2: the hash of the pre-authentication encoding, the signature, and the
certificate or key. It answers when a checkpoint covers the entry, which may take some seconds. The hash is fixed by the
key (`keyDetails`), so only keys that sign with that hash can be logged.

Rules: what would be refused for its size is not sent (`Limits.log_upload_bytes`). The entry that comes back must be
about our signature and our payload; whether the log is honest is for the verification to say.
"""

from __future__ import annotations

import hashlib
import re
from binascii import unhexlify
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from assaymark.attest.bundle import InclusionProof, LogEntry
from assaymark.attest.dsse import Envelope, encode_legacy, pre_authentication_encoding
from assaymark.attest.keys.pem import encode_pem
from assaymark.attest.keys.public import Algorithm, PublicKey
from assaymark.attest.sigstore.reply import JSON, Answer, ask, data_of, join, number_of, object_of, text_of
from assaymark.attest.sigstore.signing_config import Log
from assaymark.attest.strict import decode_base64, encode_base64
from assaymark.errors import ArtifactError, SigningError
from assaymark.limits import DEFAULT_LIMITS, KIB, MIB, Limits
from assaymark.net.network import Network
from assaymark.net.url import parse_url
from assaymark.safeio.json import decode_strict

_UUID: Final = re.compile(r"(?:[0-9a-f]{16})?[0-9a-f]{64}\Z")  # tree id, where there are several, and leaf hash
_ENTRIES: Final = "api/v1/log/entries"
_VERIFIER_BYTES: Final = 16 * KIB  # a certificate or key in PEM in base64; Fulcio's have 1 to 3 KiB
_HASHES: Final = 64

_KEY_DETAILS: Final = {
    Algorithm.ECDSA_P256: "PKIX_ECDSA_P256_SHA_256",
    Algorithm.RSA: "PKIX_RSA_PKCS1V15_{bits}_SHA256",
}


class Verifier(msgspec.Struct, frozen=True, kw_only=True):
    """Who signed, as logs are told.

    Attributes:
        certificate: DER; empty where a key signed.
    """

    public: PublicKey
    certificate: bytes = b""

    @property
    def pem(self) -> bytes:
        """The certificate or the key."""
        return encode_pem("CERTIFICATE", self.certificate) if self.certificate else self.public.pem


def proposal(log: Log, envelope: Envelope, verifier: Verifier) -> bytes:
    """The exact body of the request to `log`: what its operator gets to see.

    Raises:
        SigningError: `LOG_KEY`: this key cannot be logged there.
    """
    if log.version == 1:
        content = {"envelope": encode_legacy(envelope).decode(), "verifiers": [encode_base64(verifier.pem)]}
        document: dict[str, Any] = {"apiVersion": "0.0.1", "kind": "dsse", "spec": {"proposedContent": content}}
        return msgspec.json.encode(document)
    request = {
        "digest": _digest(envelope),
        "signature": {"content": encode_base64(envelope.signatures[0].sig), "verifier": _spell_verifier(verifier)},
    }
    return msgspec.json.encode({"hashedRekordRequestV002": request})


def logged_body(log: Log, envelope: Envelope, verifier: Verifier) -> bytes:
    """The exact bytes that `log` will publish, in canonical JSON (RFC 8785; all of it is ASCII)."""
    signature = encode_base64(envelope.signatures[0].sig)
    if log.version == 1:
        spec: dict[str, Any] = {
            "envelopeHash": _spell_hash(encode_legacy(envelope)),
            "payloadHash": _spell_hash(envelope.payload),
            "signatures": [{"signature": signature, "verifier": encode_base64(verifier.pem)}],
        }
        return _canonical({"apiVersion": "0.0.1", "kind": "dsse", "spec": spec})
    logged = {
        "data": {"algorithm": "SHA2_256", "digest": _digest(envelope)},
        "signature": {"content": signature, "verifier": _spell_verifier(verifier)},
    }
    return _canonical({"apiVersion": "0.0.2", "kind": "hashedrekord", "spec": {"hashedRekordV002": logged}})


def check_loggable(log: Log, payload_size: int, public: PublicKey, *, limits: Limits = DEFAULT_LIMITS) -> None:
    """Whether `log` will take an envelope of so many bytes by such a key, before anything is signed or published.

    Raises:
        SigningError: `LOG_TOO_LARGE` or `LOG_KEY`.
    """
    if log.version == 1:
        # base64 of the payload inside the envelope's text; everything else in the request is small
        check_size(log, 4 * ((payload_size + 2) // 3) + _VERIFIER_BYTES, limits=limits)
    else:
        _key_details(public)


def check_size(log: Log, size: int, *, limits: Limits = DEFAULT_LIMITS) -> None:
    """Whether `log` takes a request of `size` bytes.

    Raises:
        SigningError: `LOG_TOO_LARGE`.
    """
    if size <= limits.log_upload_bytes:
        return
    raise SigningError(
        f"the attestation makes a request of {size / MIB:.1f} MiB, and the transparency log `{log.url}` takes "
        f"{limits.log_upload_bytes / MIB:.1f} MiB",
        hint="`--compact` signs a vulnerability record in short and stores the full report beside the image; or leave "
        "findings out (`--severity`, `--ignore-unfixed`), choose a log of version 2, which takes only a hash "
        "(`--signing-config`), or sign with a key and `--log none`",
        reason="LOG_TOO_LARGE",
    )


def upload(
    network: Network, log: Log, envelope: Envelope, verifier: Verifier, *, limits: Limits = DEFAULT_LIMITS
) -> LogEntry:
    """Write `envelope` to `log`; the entry that it got, or had already.

    Raises:
        SigningError: the log cannot take it.
        NetworkError: the log cannot be reached, refuses, or answers something else.
    """
    body = proposal(log, envelope, verifier)
    check_size(log, len(body), limits=limits)
    if log.version == 1:
        answer = _post(network, join(log.url, _ENTRIES), body, limits)
        if answer.status == 409:
            answer = _existing(network, answer, log, limits)
    else:
        answer = _post(network, join(log.url, "api/v2/log/entries"), body, limits)
    if not answer.good:
        raise answer.failure(hint="the log may be down; what was signed is not lost")
    try:
        document = answer.document(limits=limits)
        entry = _read_v1(document) if log.version == 1 else _read_v2(document)
        _check_ours(entry, envelope, limits)
    except (ValueError, ArtifactError) as exc:
        raise answer.malformed(str(exc)) from exc
    return entry


def fetch_entry(network: Network, url: str, index: int, *, limits: Limits = DEFAULT_LIMITS) -> LogEntry:
    """The entry at `index` of the log of version 1 at `url`, with its proof.

    Raises:
        NetworkError: the log cannot be reached, has none, or answers something else.
    """
    where = f"{join(url, _ENTRIES)}?logIndex={index}"
    answer = ask(network, "GET", where, service="the transparency log", limit=limits.log_reply_bytes, accept=JSON)
    if not answer.good:
        raise answer.failure(hint="`--rekor-url` names the log that the entry is in")
    try:
        return _read_v1(answer.document(limits=limits))
    except (ValueError, ArtifactError) as exc:
        raise answer.malformed(str(exc)) from exc


def _post(network: Network, url: str, body: bytes, limits: Limits) -> Answer:
    limit = limits.log_reply_bytes
    return ask(network, "POST", url, service="the transparency log", limit=limit, body=body)


def _existing(network: Network, answer: Answer, log: Log, limits: Limits) -> Answer:
    """The entry that a 409 speaks of; `Location` must lead to an entry of the same log."""
    location = answer.headers.get("location")
    base = parse_url(join(log.url, _ENTRIES))
    target = parse_url(location, base=base) if location else None
    if target is None or target.origin != base.origin or not _UUID.match(target.target.rpartition("/")[2]):
        raise answer.malformed("an equal entry exists, and `Location` does not lead to it")
    service, limit = "the transparency log", limits.log_reply_bytes
    return ask(network, "GET", target.full, service=service, limit=limit, accept=JSON)


def _digest(envelope: Envelope) -> str:
    encoded = pre_authentication_encoding(envelope.payload_type, envelope.payload)
    return encode_base64(hashlib.sha256(encoded).digest())


def _spell_hash(data: bytes) -> dict[str, str]:
    return {"algorithm": "sha256", "value": hashlib.sha256(data).hexdigest()}


def _canonical(document: dict[str, Any]) -> bytes:
    return msgspec.json.encode(document, order="sorted")


def _spell_verifier(verifier: Verifier) -> dict[str, Any]:
    details = {"keyDetails": _key_details(verifier.public)}
    if verifier.certificate:
        return {"x509Certificate": {"rawBytes": encode_base64(verifier.certificate)}, **details}
    return {"publicKey": {"rawBytes": encode_base64(verifier.public.spki)}, **details}


def _key_details(public: PublicKey) -> str:
    """What Rekor 2 calls the key together with the hash that it must sign with; ours sign with SHA-256."""
    name = _KEY_DETAILS.get(public.algorithm)
    bits = public.rsa_numbers()[0].bit_length() if public.algorithm is Algorithm.RSA else 0
    if name is None or (bits and bits not in (2048, 3072, 4096)):
        spelled = f"{public.algorithm.value}{f' of {bits} bits' if bits else ''}"
        raise SigningError(
            f"a transparency log of version 2 cannot take signatures by a key of the kind {spelled}",
            hint="use an ECDSA P-256 key, RSA of 2048, 3072 or 4096 bits, or a log of version 1",
            reason="LOG_KEY",
        )
    return name.format(bits=bits)


def _read_v1(document: Mapping[str, Any]) -> LogEntry:
    """`{uuid: entry}`; the outer index is that of the whole log, the proof's that of one shard."""
    if len(document) != 1 or not _UUID.match(next(iter(document))):
        raise ValueError("it is not exactly one entry under its identifier")
    entry = object_of(document, next(iter(document)))
    verification = object_of(entry, "verification")
    body = data_of(entry, "body")
    proof = object_of(verification, "inclusionProof")
    return _entry(
        entry,
        body,
        log_id=unhexlify(text_of(entry, "logID")),
        promise=data_of(verification, "signedEntryTimestamp"),
        proof=_read_proof(proof, text_of(proof, "checkpoint"), unhexlify),
    )


def _read_v2(document: Mapping[str, Any]) -> LogEntry:
    """A TransparencyLogEntry in the JSON form of Protocol Buffers, as bundles hold it."""
    body = data_of(document, "canonicalizedBody")
    proof = object_of(document, "inclusionProof")
    checkpoint = text_of(object_of(proof, "checkpoint"), "envelope")
    return _entry(
        document,
        body,
        log_id=data_of(object_of(document, "logId"), "keyId"),
        promise=b"",
        proof=_read_proof(proof, checkpoint, decode_base64),
    )


def _entry(
    document: Mapping[str, Any], body: bytes, *, log_id: bytes, promise: bytes, proof: InclusionProof
) -> LogEntry:
    logged = _read_body(body)
    return LogEntry(
        log_index=number_of(document, "logIndex"),
        log_id=log_id,
        kind=text_of(logged, "kind"),
        kind_version=text_of(logged, "apiVersion"),
        integrated_time=number_of(document, "integratedTime"),
        promise=promise,
        proof=proof,
        body=body,
    )


def _read_proof(proof: Mapping[str, Any], checkpoint: str, decode: Any) -> InclusionProof:
    listed = proof.get("hashes") or []
    if not isinstance(listed, list) or len(listed) > _HASHES or not all(isinstance(item, str) for item in listed):
        raise ValueError(f"`hashes` is not a list of up to {_HASHES} hashes")
    root = proof.get("rootHash", "")
    return InclusionProof(
        log_index=number_of(proof, "logIndex"),
        root_hash=decode(root) if isinstance(root, str) else b"",
        tree_size=number_of(proof, "treeSize"),
        hashes=tuple(decode(item) for item in listed),
        checkpoint=checkpoint,
    )


def _read_body(body: bytes, *, limits: Limits = DEFAULT_LIMITS) -> dict[str, Any]:
    value = decode_strict(body, limits=limits, what="the logged body")
    if not isinstance(value, dict):
        raise ValueError("the logged body is not a JSON object")  # noqa: TRY004 - the document is malformed
    return value


def _check_ours(entry: LogEntry, envelope: Envelope, limits: Limits) -> None:
    """That the log logged what we sent, and not merely something."""
    spec = object_of(_read_body(entry.body, limits=limits), "spec")
    signature = encode_base64(envelope.signatures[0].sig)
    if (entry.kind, entry.kind_version) == ("dsse", "0.0.1"):
        payload = object_of(spec, "payloadHash").get("value")
        listed = spec.get("signatures")
        signatures = [item.get("signature") for item in listed if isinstance(item, dict)] if listed else []
        ours = payload == hashlib.sha256(envelope.payload).hexdigest() and signatures == [signature]
    elif (entry.kind, entry.kind_version) == ("hashedrekord", "0.0.2"):
        logged = object_of(spec, "hashedRekordV002")
        ours = object_of(logged, "signature").get("content") == signature
    else:
        raise ValueError(f"the entry has the kind `{entry.kind[:20]}` `{entry.kind_version[:20]}`")
    if not ours:
        raise ValueError("the entry is about another signature")
