"""What transparency logs keep: the canonical bodies of every kind of entry, and the proposals that become them.

Logs verify what they are given: a signature that its verifier does not accept is refused with 400, as by the real ones.
Bodies are JSON in canonical form (RFC 8785). Sources: Rekor, `types.md` and `pkg/types`; rekor-tiles, `api/proto`.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import rfc8785
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key

Verifier = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey

_HASHES: Final[Mapping[int, tuple[str, hashes.HashAlgorithm]]] = {
    32: ("SHA2_256", hashes.SHA256()),
    48: ("SHA2_384", hashes.SHA384()),
    64: ("SHA2_512", hashes.SHA512()),
}


@dataclass(frozen=True)
class Body:
    """A canonical body and what it is."""

    kind: str
    version: str
    data: bytes


def base64_text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def pae(payload_type: str, payload: bytes) -> bytes:
    """What is signed of an envelope (DSSE, pre-authentication encoding)."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def propose_v1(proposal: Mapping[str, Any]) -> Body:
    """The body that the first generation makes of a proposal: dsse 0.0.1 or hashedrekord 0.0.1.

    Raises:
        ValueError: it is of another kind, or what it says does not verify.
    """
    kind, version, spec = proposal["kind"], proposal["apiVersion"], proposal["spec"]
    if (kind, version) == ("dsse", "0.0.1"):
        content = spec["proposedContent"]
        verifiers = [_decode(verifier) for verifier in content["verifiers"]]
        return dsse_v001(content["envelope"].encode(), verifiers)
    if (kind, version) == ("hashedrekord", "0.0.1"):
        digest = bytes.fromhex(spec["data"]["hash"]["value"])
        pem = _decode(spec["signature"]["publicKey"]["content"])
        signature = _decode(spec["signature"]["content"])
        verify_digest(load_verifier(pem), signature, digest)
        return hashedrekord_v001(digest, signature, pem)
    raise ValueError(f"entries of kind {kind} {version} are not taken")


def propose_v2(request: Mapping[str, Any]) -> Body:
    """The body that the second generation makes of a request: hashedrekord 0.0.2.

    Raises:
        ValueError: it is of another kind, or what it says does not verify.
    """
    if set(request) != {"hashedRekordRequestV002"}:
        raise ValueError("only a `hashedRekordRequestV002` is taken")
    record = request["hashedRekordRequestV002"]
    digest, verifier = _decode(record["digest"]), record["signature"]["verifier"]
    signature = _decode(record["signature"]["content"])
    verify_digest(_raw_verifier(verifier), signature, digest)
    return hashedrekord_v002(digest, signature, verifier)


def dsse_v001(envelope: bytes, verifiers: list[bytes]) -> Body:
    """Of an envelope's exact text; each signature is listed with the verifier (PEM) that accepts it.

    Raises:
        ValueError: a signature that none accepts.
    """
    document = _envelope(envelope)
    signed = pae(document["payloadType"], _decode(document["payload"]))
    accepting = [_accepting(verifiers, _decode(entry["sig"]), signed) for entry in document["signatures"]]
    return _dsse_v001(envelope, document, accepting)


def dsse_v001_unverified(envelope: bytes, pem: bytes) -> Body:
    """The same for one verifier that is not asked, so that bodies of bad signatures can be made."""
    return _dsse_v001(envelope, _envelope(envelope), [pem])


def envelope_payload(envelope: bytes) -> bytes:
    """The payload in an envelope's text."""
    return _decode(_envelope(envelope)["payload"])


def intoto_v001(envelope: bytes, pem: bytes) -> Body:
    """What cosign 1 logged."""
    payload = _decode(_envelope(envelope)["payload"])
    content = {"hash": _hashed(envelope), "payloadHash": _hashed(payload)}
    return _body("intoto", "0.0.1", {"content": content, "publicKey": base64_text(pem)})


def intoto_v002(envelope: bytes, pem: bytes) -> Body:
    """What other clients logged: signatures are in base64 twice."""
    document = _envelope(envelope)
    signatures = [
        {"publicKey": base64_text(pem), "sig": base64_text(entry["sig"].encode())} for entry in document["signatures"]
    ]
    content = {
        "envelope": {"payloadType": document["payloadType"], "signatures": signatures},
        "hash": _hashed(envelope),
        "payloadHash": _hashed(_decode(document["payload"])),
    }
    return _body("intoto", "0.0.2", {"content": content})


def hashedrekord_v001(digest: bytes, signature: bytes, pem: bytes) -> Body:
    algorithm = _HASHES[len(digest)][0].replace("SHA2_", "sha")
    spec = {
        "data": {"hash": {"algorithm": algorithm, "value": digest.hex()}},
        "signature": {"content": base64_text(signature), "publicKey": {"content": base64_text(pem)}},
    }
    return _body("hashedrekord", "0.0.1", spec)


def hashedrekord_v002(digest: bytes, signature: bytes, verifier: Mapping[str, Any]) -> Body:
    record = {
        "data": {"algorithm": _HASHES[len(digest)][0], "digest": base64_text(digest)},
        "signature": {"content": base64_text(signature), "verifier": dict(verifier)},
    }
    return _body("hashedrekord", "0.0.2", {"hashedRekordV002": record})


def dsse_v002(payload: bytes, signature: bytes, verifier: Mapping[str, Any]) -> Body:
    """What cosign 2.6 and 3.0 logged in the second generation."""
    record = {
        "payloadHash": {"algorithm": "SHA2_256", "digest": base64_text(hashlib.sha256(payload).digest())},
        "signatures": [{"content": base64_text(signature), "verifier": dict(verifier)}],
    }
    return _body("dsse", "0.0.2", {"dsseV002": record})


def load_verifier(pem: bytes) -> Verifier:
    """The key of a certificate or public key in PEM.

    Raises:
        ValueError: it is neither, or of an algorithm that logs do not take.
    """
    is_certificate = b"BEGIN CERTIFICATE" in pem
    key = x509.load_pem_x509_certificate(pem).public_key() if is_certificate else load_pem_public_key(pem)
    return _known(key)


def verify_message(key: Verifier, signature: bytes, message: bytes) -> None:
    """Verify a signature over a message, with SHA-256 where the key takes a hash.

    Raises:
        ValueError: it does not verify.
    """
    if isinstance(key, ed25519.Ed25519PublicKey):
        try:
            key.verify(signature, message)
        except InvalidSignature as exc:
            raise ValueError("the signature does not verify") from exc
    else:
        verify_digest(key, signature, hashlib.sha256(message).digest())


def verify_digest(key: Verifier, signature: bytes, digest: bytes) -> None:
    """Verify a signature over what has this digest.

    Raises:
        ValueError: it does not verify.
    """
    algorithm = Prehashed(_HASHES[len(digest)][1])
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, digest, ec.ECDSA(algorithm))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, digest, padding.PKCS1v15(), algorithm)
        else:
            raise ValueError("pure Ed25519 signs no digests")
    except InvalidSignature as exc:
        raise ValueError("the signature does not verify") from exc


def _accepting(verifiers: list[bytes], signature: bytes, message: bytes) -> bytes:
    for pem in verifiers:
        try:
            verify_message(load_verifier(pem), signature, message)
        except ValueError:
            continue
        return pem
    raise ValueError("no verifier accepts a signature of the envelope")


def _raw_verifier(verifier: Mapping[str, Any]) -> Verifier:
    if "x509Certificate" in verifier:
        certificate = x509.load_der_x509_certificate(_decode(verifier["x509Certificate"]["rawBytes"]))
        return _known(certificate.public_key())
    return _known(load_der_public_key(_decode(verifier["publicKey"]["rawBytes"])))


def _known(key: object) -> Verifier:
    if not isinstance(key, Verifier):
        raise ValueError("the key is of an algorithm that is not taken")
    return key


def _envelope(text: bytes) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(text)
    if not document["signatures"]:
        raise ValueError("the envelope is not signed")
    return document


def _dsse_v001(envelope: bytes, document: Mapping[str, Any], verifiers: list[bytes]) -> Body:
    spec = {
        "envelopeHash": _hashed(envelope),
        "payloadHash": _hashed(_decode(document["payload"])),
        "signatures": [
            {"signature": entry["sig"], "verifier": base64_text(pem)}
            for entry, pem in zip(document["signatures"], verifiers, strict=True)
        ],
    }
    return _body("dsse", "0.0.1", spec)


def _hashed(data: bytes) -> dict[str, str]:
    return {"algorithm": "sha256", "value": hashlib.sha256(data).hexdigest()}


def _decode(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _body(kind: str, version: str, spec: dict[str, Any]) -> Body:
    return Body(kind, version, rfc8785.dumps({"apiVersion": version, "kind": kind, "spec": spec}))
