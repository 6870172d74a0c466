"""What a transparency log wrote down: the bodies of its entries, and whether they are about what is verified.

| kind | log | says |
|---|---|---|
| hashedrekord 0.0.1 | Rekor v1 | digest of the artifact, signature, PEM of key or certificate |
| hashedrekord 0.0.2 | Rekor v2 | the same; for an envelope, the digest of its pre-authentication encoding |
| dsse 0.0.1 | Rekor v1 | digests of the envelope's text and of its payload; signatures with the PEM of each |
| dsse 0.0.2 | Rekor v2 | digest of the payload; signatures with their verifiers (written by cosign 2.6 and 3.0) |
| intoto 0.0.1 | Rekor v1 | digests of the envelope's text and of its payload, PEM; no signature |
| intoto 0.0.2 | Rekor v1 | the same, and the signatures, in base64 twice, with the PEM of each |

Sources: sigstore/rekor `pkg/types`, sigstore/rekor-tiles `api/proto`.

Rules: the entry's kind and version are those of its body (nobody signed the former); content, signature and key are
compared, each with a reason of its own (CVE-2022-23649, CVE-2022-36056, CVE-2026-22703: a valid entry about something
else was accepted). An envelope's text is only known where the text itself was stored, at the `.att` tag. In a bundle
intoto 0.0.1, which says nothing else about the signature, needs one of the two spellings that cosign has written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from assaymark.attest.bundle import LogEntry
from assaymark.attest.keys.pem import parse_pem
from assaymark.attest.reasons import Reason, refuse
from assaymark.attest.sigstore.checkpoint import Generation
from assaymark.attest.strict import decode_base64, decode_document
from assaymark.limits import DEFAULT_LIMITS, Limits

_ALGORITHMS: Final = {"SHA2_256": "sha256", "SHA2_384": "sha384", "SHA2_512": "sha512"}
_KEY_LABELS: Final = frozenset({"PUBLIC KEY", "CERTIFICATE"})


class Verifier(msgspec.Struct, frozen=True, kw_only=True):
    """With what the log verified a signature.

    Attributes:
        der: a certificate, or a SubjectPublicKeyInfo.
        key_details: the algorithm as protobuf-specs names it; empty in Rekor v1.
    """

    der: bytes
    key_details: str = ""


class Digest(msgspec.Struct, frozen=True, kw_only=True):
    """A digest by the name that `hashlib` has for it."""

    algorithm: str
    value: bytes


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """A body as it was read; what its kind does not state is None.

    Attributes:
        signed: of what was signed: the artifact, or an envelope's pre-authentication encoding.
        payload: of an envelope's payload.
        envelope: of an envelope's exact text.
    """

    kind: str
    version: str
    verifiers: tuple[Verifier, ...]
    signatures: tuple[bytes, ...] | None = None
    signed: Digest | None = None
    payload: Digest | None = None
    envelope: Digest | None = None

    @property
    def generation(self) -> Generation:
        """Which Rekor writes such entries."""
        return _KINDS[self.kind, self.version][0]


def parse_body(entry: LogEntry, *, limits: Limits = DEFAULT_LIMITS) -> Body:
    """The body of `entry`.

    Raises:
        VerificationError: `LOG_ENTRY_MALFORMED`, or `LOG_ENTRY_KIND` for a kind that is unknown or not the entry's.
    """
    document = _decode(entry.body, limits)
    kind, version = _kind(document)
    known = _KINDS.get((kind, version))
    if known is None:
        raise refuse(Reason.LOG_ENTRY_KIND, f"entries of the kind `{kind[:40]} {version[:20]}` are not known")
    if (entry.kind, entry.kind_version) != (kind, version):
        stated = f"`{entry.kind[:40]} {entry.kind_version[:20]}`"
        raise refuse(Reason.LOG_ENTRY_KIND, f"the log entry says that it is {stated}, its body `{kind} {version}`")
    try:
        return known[1](_member(document, "spec"))
    except (ValueError, KeyError, TypeError) as exc:
        raise refuse(Reason.LOG_ENTRY_MALFORMED, f"the body of the log entry is malformed: {exc}") from exc


def read_kind(body: bytes, *, limits: Limits = DEFAULT_LIMITS) -> tuple[str, str]:
    """Kind and version as a body states them; for entries that come without.

    Raises:
        VerificationError: `LOG_ENTRY_MALFORMED`.
    """
    return _kind(_decode(body, limits))


def _decode(body: bytes, limits: Limits) -> dict[str, Any]:
    return decode_document(body, limits=limits, what="the body of the log entry", reason=Reason.LOG_ENTRY_MALFORMED)


def _kind(document: dict[str, Any]) -> tuple[str, str]:
    return str(document.get("kind", "")), str(document.get("apiVersion", ""))


def _read_hashedrekord_v1(spec: dict[str, Any]) -> Body:
    hashed, signature = _member(_member(spec, "data"), "hash"), _member(spec, "signature")
    return Body(
        kind="hashedrekord",
        version="0.0.1",
        verifiers=(_read_pem(_member(signature, "publicKey"), "content"),),
        signatures=(_data(signature, "content"),),
        signed=_read_hex(hashed),
    )


def _read_hashedrekord_v2(spec: dict[str, Any]) -> Body:
    record = _member(spec, "hashedRekordV002")
    signature = _member(record, "signature")
    return Body(
        kind="hashedrekord",
        version="0.0.2",
        verifiers=(_read_verifier(signature),),
        signatures=(_data(signature, "content"),),
        signed=_read_digest(_member(record, "data")),
    )


def _read_dsse_v1(spec: dict[str, Any]) -> Body:
    signatures = _list(spec, "signatures")
    return Body(
        kind="dsse",
        version="0.0.1",
        verifiers=tuple(_read_pem(signature, "verifier") for signature in signatures),
        signatures=tuple(_data(signature, "signature") for signature in signatures),
        payload=_read_hex(_member(spec, "payloadHash")),
        envelope=_read_hex(_member(spec, "envelopeHash")),
    )


def _read_dsse_v2(spec: dict[str, Any]) -> Body:
    record = _member(spec, "dsseV002")
    signatures = _list(record, "signatures")
    return Body(
        kind="dsse",
        version="0.0.2",
        verifiers=tuple(_read_verifier(signature) for signature in signatures),
        signatures=tuple(_data(signature, "content") for signature in signatures),
        payload=_read_digest(_member(record, "payloadHash")),
    )


def _read_intoto_v1(spec: dict[str, Any]) -> Body:
    content = _member(spec, "content")
    return Body(
        kind="intoto",
        version="0.0.1",
        verifiers=(_read_pem(spec, "publicKey"),),
        payload=_read_hex(_member(content, "payloadHash")),
        envelope=_read_hex(_member(content, "hash")),
    )


def _read_intoto_v2(spec: dict[str, Any]) -> Body:
    content = _member(spec, "content")
    signatures = _list(_member(content, "envelope"), "signatures")
    return Body(
        kind="intoto",
        version="0.0.2",
        verifiers=tuple(_read_pem(signature, "publicKey") for signature in signatures),
        signatures=tuple(_decode_twice(_data(signature, "sig")) for signature in signatures),
        payload=_read_hex(_member(content, "payloadHash")),
    )


_KINDS: Final[dict[tuple[str, str], tuple[Generation, Callable[[dict[str, Any]], Body]]]] = {
    ("hashedrekord", "0.0.1"): (Generation.V1, _read_hashedrekord_v1),
    ("hashedrekord", "0.0.2"): (Generation.V2, _read_hashedrekord_v2),
    ("dsse", "0.0.1"): (Generation.V1, _read_dsse_v1),
    ("dsse", "0.0.2"): (Generation.V2, _read_dsse_v2),
    ("intoto", "0.0.1"): (Generation.V1, _read_intoto_v1),
    ("intoto", "0.0.2"): (Generation.V1, _read_intoto_v2),
}


def _decode_twice(data: bytes) -> bytes:
    # a signature is DER and so never base64 by itself: what decodes no further was encoded once, as some clients do
    try:
        return decode_base64(data.decode("ascii"))
    except ValueError:
        return data


def _read_hex(document: dict[str, Any]) -> Digest:
    algorithm = document["algorithm"]
    if algorithm not in _ALGORITHMS.values():
        raise ValueError(f"`{str(algorithm)[:40]}` is no digest algorithm of logs")
    return Digest(algorithm=algorithm, value=bytes.fromhex(document["value"]))


def _read_digest(document: dict[str, Any]) -> Digest:
    algorithm = _ALGORITHMS.get(document["algorithm"])
    if algorithm is None:
        raise ValueError(f"`{str(document['algorithm'])[:40]}` is no digest algorithm of logs")
    return Digest(algorithm=algorithm, value=_data(document, "digest"))


def _read_pem(document: dict[str, Any], name: str) -> Verifier:
    pem = parse_pem(_data(document, name))
    if pem.label not in _KEY_LABELS:
        raise ValueError(f"`{name}` is a `{pem.label}`, neither key nor certificate")
    return Verifier(der=pem.body)


def _read_verifier(signature: dict[str, Any]) -> Verifier:
    verifier = _member(signature, "verifier")
    raw = [_data(_member(verifier, name), "rawBytes") for name in ("x509Certificate", "publicKey") if name in verifier]
    if len(raw) != 1:
        raise ValueError("there is not exactly one of `x509Certificate` and `publicKey`")
    return Verifier(der=raw[0], key_details=str(verifier.get("keyDetails", "")))


def _member(document: dict[str, Any], name: str) -> dict[str, Any]:
    value = document.get(name)
    if not isinstance(value, dict):
        raise ValueError(f"`{name}` is missing or not an object")  # noqa: TRY004 - the document is malformed
    return value


def _list(document: dict[str, Any], name: str) -> list[dict[str, Any]]:
    value = document.get(name)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ValueError(f"`{name}` is missing or not a list of objects")
    return value


def _data(document: dict[str, Any], name: str) -> bytes:
    value = document.get(name)
    if not isinstance(value, str):
        raise ValueError(f"`{name}` is missing or not a string")  # noqa: TRY004 - the document is malformed
    return decode_base64(value)
