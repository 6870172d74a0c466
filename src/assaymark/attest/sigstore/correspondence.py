"""Whether a log entry is about the signature at hand: the same content, the same signature, the same key.

A log proves that something was written down, not what for. So everything that the entry says is compared with what is
verified, on every path (promise, proof, online), and each difference has its own reason: `LOG_ENTRY_CONTENT`,
`LOG_ENTRY_SIGNATURE`, `LOG_ENTRY_KEY`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

from assaymark.attest.dsse import encode_legacy, encode_line
from assaymark.attest.keys.public import Algorithm, PublicKey
from assaymark.attest.reasons import Reason, refuse
from assaymark.attest.sigstore.checkpoint import Generation
from assaymark.attest.sigstore.entry import Body, Digest
from assaymark.attest.sigstore.material import Material

# sigstore/protobuf-specs, `sigstore_common.proto`, `PublicKeyDetails`
_KEY_DETAILS: Final = {
    Algorithm.ECDSA_P256: {"PKIX_ECDSA_P256_SHA_256"},
    Algorithm.ECDSA_P384: {"PKIX_ECDSA_P384_SHA_384", "PKIX_ECDSA_P384_SHA_256"},
    Algorithm.ECDSA_P521: {"PKIX_ECDSA_P521_SHA_512", "PKIX_ECDSA_P521_SHA_256"},
    Algorithm.ED25519: {"PKIX_ED25519", "PKIX_ED25519_PH"},
}
_ENVELOPE_KINDS: Final = frozenset({("hashedrekord", "0.0.2"), ("dsse", "0.0.1"), ("dsse", "0.0.2")})
_INTOTO: Final = frozenset({("intoto", "0.0.1"), ("intoto", "0.0.2")})


def check_correspondence(body: Body, material: Material, key: PublicKey, artifact: Mapping[str, bytes]) -> None:
    """Compare a log entry with what is verified.

    Args:
        body: of the entry.
        material: what is verified.
        key: what the signature was verified with: the certificate's, or the user's.
        artifact: digests of what a message signature is over.

    Raises:
        VerificationError: `LOG_ENTRY_CONTENT`, `LOG_ENTRY_SIGNATURE` or `LOG_ENTRY_KEY`.
    """
    if not _is_content(body, material, artifact):
        raise refuse(Reason.LOG_ENTRY_CONTENT, "the log entry is about something else than what was signed")
    if body.signatures is not None and body.signatures != (material.signature,):
        raise refuse(Reason.LOG_ENTRY_SIGNATURE, "the log entry is about another signature")
    expected = material.certificates[0] if material.certificates else key.spki
    if [verifier.der for verifier in body.verifiers] != [expected]:
        what = "certificate" if material.certificates else "key"
        raise refuse(Reason.LOG_ENTRY_KEY, f"the log entry names another {what}")
    details = body.verifiers[0].key_details
    if body.generation is Generation.V2 and details not in _key_details(key):
        raise refuse(
            Reason.LOG_ENTRY_KEY, f"the log entry names the algorithm `{details[:60]}`, which is not the key's"
        )


def _is_content(body: Body, material: Material, artifact: Mapping[str, bytes]) -> bool:
    kind = body.kind, body.version
    if material.envelope is None:
        return kind[0] == "hashedrekord" and body.signed is not None and _is_artifact(body.signed, artifact)
    if kind not in _ENVELOPE_KINDS | _INTOTO:
        return False
    if body.signed is not None:
        return _is_digest(body.signed, material.signed_envelope)
    if body.payload is None or not _is_digest(body.payload, material.envelope.payload):
        return False
    return body.envelope is None or _is_text(body.envelope, material, required=body.signatures is None)


def _is_text(digest: Digest, material: Material, *, required: bool) -> bool:
    """Whether an envelope's text has the digest; in a bundle the text is unknown, so that it counts only if it must."""
    if material.stored is not None:
        return _is_digest(digest, material.stored)
    if not required:
        return True
    assert material.envelope is not None
    return any(_is_digest(digest, text) for text in (encode_legacy(material.envelope), encode_line(material.envelope)))


def _is_digest(digest: Digest, data: bytes) -> bool:
    return hashlib.new(digest.algorithm, data).digest() == digest.value


def _is_artifact(digest: Digest, artifact: Mapping[str, bytes]) -> bool:
    return artifact.get(digest.algorithm) == digest.value


def _key_details(key: PublicKey) -> set[str]:
    if key.algorithm is Algorithm.RSA:
        return {f"PKIX_RSA_PKCS1V15_{key.rsa_numbers()[0].bit_length()}_SHA256"}
    return _KEY_DETAILS[key.algorithm]
