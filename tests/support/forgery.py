"""Attestations that are what they should be, and every way of making them something else.

Keys are made anew for each run: what is tested are rules, not key material.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec

from assaymark.attest.attach import Attestation, sign_attestation
from assaymark.attest.dsse import IN_TOTO, Envelope, Signature, pre_authentication_encoding
from assaymark.attest.keys.private import PrivateKey, generate_key
from assaymark.attest.keys.public import Algorithm
from assaymark.attest.predicate import VULN_TYPE, find_predicate_type
from assaymark.attest.store.attestation import AttestationFormat, Candidate
from assaymark.attest.strict import decode_base64, encode_base64
from assaymark.attest.subject import ImageDigests, digests_of_descriptor
from assaymark.attest.verify import Expectation
from assaymark.model.descriptor import OCI_MANIFEST, Descriptor
from assaymark.model.digest import sha256_digest

IMAGE = Descriptor(media_type=OCI_MANIFEST, digest=sha256_digest(b"the image"), size=9)
OTHER_IMAGE = Descriptor(media_type=OCI_MANIFEST, digest=sha256_digest(b"another image"), size=13)
HEX = IMAGE.digest.removeprefix("sha256:")
RECORD = (
    b'{"invocation":{"parameters":null,"uri":"","event_id":"","builder.id":""},'
    b'"scanner":{"uri":"pkg:pypi/assaymark@1","version":"1","db":{"uri":"r/db@sha256:0","version":"2"},"result":{"N":12345678901234567890}},'
    b'"metadata":{"scanStartedOn":"2026-01-02T03:04:05Z","scanFinishedOn":"2026-01-02T03:04:06Z"}}'
)
CREATED = "2026-01-02T03:04:07Z"


def key(name: str = "ours", algorithm: Algorithm = Algorithm.ECDSA_P256) -> PrivateKey:
    """The key called `name`, the same in the whole run."""
    return _made(name, algorithm)


@cache
def _made(name: str, algorithm: Algorithm) -> PrivateKey:
    del name
    return generate_key(algorithm)


def attestation(*, signer: PrivateKey | None = None, subject: Descriptor = IMAGE, kind: str = "vuln") -> Attestation:
    """A good attestation of `RECORD`."""
    return sign_attestation(
        name="registry.test/app",
        subject=subject,
        predicate_type=find_predicate_type(kind),
        predicate=RECORD,
        signer=signer or key(),
    )


def statement(**changes: Any) -> dict[str, Any]:
    """The good statement as a document, with changes; a member that becomes None is left out."""
    document = {
        "_type": "https://in-toto.io/Statement/v0.1",
        "subject": [{"name": "registry.test/app", "digest": {"sha256": HEX}}],
        "predicateType": VULN_TYPE,
        "predicate": msgspec.json.decode(RECORD),
    }
    return {name: value for name, value in (document | changes).items() if value is not None}


def sealed(payload: bytes, *, signer: PrivateKey | None = None, payload_type: str = IN_TOTO) -> Envelope:
    """An envelope whose signature is good, whatever the payload is."""
    signature = (signer or key()).sign(pre_authentication_encoding(payload_type, payload))
    return Envelope(payload=payload, payload_type=payload_type, signatures=(Signature(sig=signature),))


def bundle_document(envelope: Envelope | None = None, *, signer: PrivateKey | None = None) -> dict[str, Any]:
    """A bundle as a document, to be bent."""
    envelope = envelope or sealed(msgspec.json.encode(statement()), signer=signer)
    return {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"publicKey": {"hint": (signer or key()).public.hint}},
        "dsseEnvelope": {
            "payload": encode_base64(envelope.payload),
            "payloadType": envelope.payload_type,
            "signatures": [{"sig": encode_base64(signature.sig)} for signature in envelope.signatures],
        },
    }


def candidate(data: bytes | dict[str, Any], kind: AttestationFormat = AttestationFormat.BUNDLE) -> Candidate:
    """`data` as it would be found beside an image."""
    encoded = data if isinstance(data, bytes) else msgspec.json.encode(data)
    return Candidate(format=kind, data=encoded, manifest=sha256_digest(b"manifest"), layer=sha256_digest(encoded))


def expectation(
    kind: str = "vuln", image: ImageDigests | None = None, *, signer: PrivateKey | None = None
) -> Expectation:
    """That our key attested a vulnerability record of the image."""
    return Expectation(
        keys=((signer or key()).public,),
        predicate_type=find_predicate_type(kind),
        image=image or digests_of_descriptor(IMAGE),
    )


def changed_payload(document: dict[str, Any], change: Callable[[bytes], bytes]) -> dict[str, Any]:
    """A bundle whose payload was changed after signing."""
    envelope = document["dsseEnvelope"]
    payload = change(decode_base64(envelope["payload"]))
    return document | {"dsseEnvelope": envelope | {"payload": encode_base64(payload)}}
