"""The signature itself: over an envelope, or over an artifact.

Rules: an envelope has in-toto's payload type and exactly one signature; in a bundle its `keyid`, if any, is the
OpenSSH fingerprint of the key, as cosign demands, and at the `.att` tag it means nothing. The digest that a bundle
states for an artifact is a hint: it is compared with the artifact, and the signature is verified over the artifact.
"""

from __future__ import annotations

from typing import Final, NoReturn

from assaymark.attest.bundle import MessageSignature
from assaymark.attest.dsse import IN_TOTO, Envelope
from assaymark.attest.keys.algorithms import Scheme, verify_digests, verify_signature
from assaymark.attest.keys.public import PublicKey
from assaymark.attest.reasons import Reason, refuse
from assaymark.attest.sigstore.artifact import Artifact, Blob, raw_digests
from assaymark.attest.sigstore.material import Material
from assaymark.errors import UsageError

_ALGORITHMS: Final = {"SHA2_256": "sha256", "SHA2_384": "sha384", "SHA2_512": "sha512"}


def check_envelope(envelope: Envelope) -> None:
    """What an envelope must be before its signature is looked at.

    Raises:
        VerificationError: `PAYLOAD_TYPE` or `SIGNATURE_COUNT`.
    """
    if envelope.payload_type != IN_TOTO:
        raise refuse(Reason.PAYLOAD_TYPE, f"the payload is `{envelope.payload_type[:100]}`, not `{IN_TOTO}`")
    if len(envelope.signatures) != 1:
        raise refuse(Reason.SIGNATURE_COUNT, f"there are {len(envelope.signatures)} signatures; one is right")


def verify_content(material: Material, key: PublicKey, artifact: Artifact | None) -> Scheme:
    """How `key` signed the content.

    Raises:
        VerificationError: `KEYID_MISMATCH`, `WRONG_KEY`, `BAD_SIGNATURE`, `ARTIFACT_MISMATCH` or
            `MESSAGE_DIGEST_MISMATCH`.
        UsageError: a signature over an artifact, and no artifact.
    """
    if material.message is not None:
        if artifact is None:
            raise UsageError("a signature over an artifact cannot be verified without the artifact")
        return _verify_message(material, material.message, key, artifact)
    _check_keyid(material, key)
    scheme = verify_signature(key, signature=material.signature, message=material.signed_envelope)
    if scheme is None:
        _refuse_key(material, key, "payload")
    return scheme


def _check_keyid(material: Material, key: PublicKey) -> None:
    assert material.envelope is not None
    keyid = material.envelope.signatures[0].keyid
    if material.stored is None and keyid and keyid != key.openssh_fingerprint:
        text = f"the `keyid` `{keyid[:100]}` is not that of the key, and cosign refuses it"
        raise refuse(Reason.KEYID_MISMATCH, text)


def _verify_message(material: Material, message: MessageSignature, key: PublicKey, artifact: Artifact) -> Scheme:
    digests = raw_digests(artifact)
    stated = digests.get(_ALGORITHMS.get(message.algorithm, ""))
    differs = bool(message.digest) and stated is not None and stated != message.digest
    scheme = verify_digests(key, signature=message.signature, digests=digests)
    if scheme is None and isinstance(artifact, Blob) and artifact.data is not None:
        scheme = verify_signature(key, signature=message.signature, message=artifact.data)
    if differs:
        if scheme is None:
            raise refuse(Reason.ARTIFACT_MISMATCH, "the signature is over another artifact")
        raise refuse(Reason.MESSAGE_DIGEST_MISMATCH, "the digest in the bundle is not that of the signed artifact")
    if scheme is None:
        _refuse_key(material, key, "artifact")
    return scheme


def _refuse_key(material: Material, key: PublicKey, what: str) -> NoReturn:
    if material.hint and material.hint != key.hint:
        text = f"the signature is not the key's: the bundle names the key `{material.hint[:100]}`"
        raise refuse(Reason.WRONG_KEY, text)
    raise refuse(Reason.BAD_SIGNATURE, f"the signature is not the key's over this {what}")
