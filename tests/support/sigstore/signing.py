"""Signing in this process, without a client and without HTTP: good bundles, and bundles with one fault.

    signed = sign_envelope(instance, statement)                                   # keyless, Rekor v1
    signed = sign_envelope(instance, statement, log=None, timestamp=True)
    signed = sign_envelope(instance, statement, switches={Switch.BAD_SET})
    signed.bundle                                                                 # a document: change it, then encode it

It shares nothing with the code it tests.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.support.sigstore import entries
from tests.support.sigstore.accounts import Account, google
from tests.support.sigstore.authority import spki
from tests.support.sigstore.entries import Body, base64_text, pae
from tests.support.sigstore.instance import Instance
from tests.support.sigstore.keys import SigningKey, key_details, sign_message
from tests.support.sigstore.log import Generation, Logged
from tests.support.sigstore.switches import Switch

IN_TOTO: Final = "application/vnd.in-toto+json"
DEFAULT_KINDS: Final = {Generation.V1: "dsse 0.0.1", Generation.V2: "hashedrekord 0.0.2"}


@dataclass(frozen=True)
class Signed:
    """A signature and all that was said of it.

    Attributes:
        bundle: the bundle's document; it belongs to the caller.
        key: what signed.
        chain: leaf, intermediate and root; empty where a managed key signed.
        envelope: the envelope's text; empty for a signature of a message.
        signature: the raw signature.
        logged: at most one entry.
        timestamp: a TimeStampResp, or empty.
    """

    bundle: dict[str, Any]
    key: SigningKey
    chain: tuple[x509.Certificate, ...]
    envelope: bytes
    signature: bytes
    logged: Logged | None
    timestamp: bytes

    @property
    def data(self) -> bytes:
        """The bundle's bytes."""
        return json.dumps(self.bundle, separators=(",", ":")).encode()

    @property
    def annotations(self) -> dict[str, str]:
        """What stands beside the envelope in the older storage."""
        texts = {"dev.cosignproject.cosign/signature": ""}
        if self.chain:
            leaf, *issuers = [certificate.public_bytes(Encoding.PEM).decode() for certificate in self.chain]
            texts |= {"dev.sigstore.cosign/certificate": leaf, "dev.sigstore.cosign/chain": "".join(issuers)}
        if self.logged:
            payload = {name: value for name, value in self.logged.listed().items() if name != "verification"}
            promise = {"SignedEntryTimestamp": base64_text(self.logged.promise), "Payload": payload}
            texts["dev.sigstore.cosign/bundle"] = json.dumps(promise)
        if self.timestamp:
            reply = {"SignedRFC3161Timestamp": base64_text(self.timestamp)}
            texts["dev.sigstore.cosign/rfc3161timestamp"] = json.dumps(reply)
        return texts


def sign_envelope(
    instance: Instance,
    payload: bytes,
    *,
    payload_type: str = IN_TOTO,
    account: Account | None = None,
    key: SigningKey | None = None,
    managed: bool = False,
    log: Generation | None = Generation.V1,
    kind: str = "",
    timestamp: bool = False,
    version: int = 3,
    switches: Collection[Switch] = (),
) -> Signed:
    """A signed envelope in a bundle.

    Args:
        instance: whose services are used.
        payload: what is signed.
        payload_type: its media type.
        account: who signs (Alice at Google), unless the key is managed.
        key: what signs; a new P-256 key where none is given.
        managed: the key is known to verifiers: no certificate.
        log: where it is logged; None for nowhere.
        kind: the log entry's kind and version, such as `intoto 0.0.2`.
        timestamp: whether a timestamp authority is asked.
        version: the 3 of bundle version 0.3; before it, whole chains are enclosed.
        switches: what goes wrong.
    """
    key = key or ec.generate_private_key(ec.SECP256R1())
    message = pae(payload_type, payload)
    signature, digest = sign_message(key, message)
    document = {
        "payload": base64_text(payload),
        "payloadType": payload_type,
        "signatures": [{"sig": base64_text(signature)}],
    }
    text = json.dumps(document, separators=(",", ":")).encode()
    chain = () if managed else _certify(instance, account, key, switches)
    body = _envelope_body(kind or DEFAULT_KINDS[log], text, digest, signature, key, chain) if log else None
    made = _witness(instance, key, chain, text, signature, log, body, timestamp, switches)
    made.bundle.update(_bundle(made, version), dsseEnvelope=document)
    return made


def sign_blob(
    instance: Instance,
    data: bytes,
    *,
    account: Account | None = None,
    key: SigningKey | None = None,
    managed: bool = False,
    log: Generation | None = Generation.V1,
    timestamp: bool = False,
    version: int = 3,
    switches: Collection[Switch] = (),
) -> Signed:
    """A signature of bytes in a bundle, logged as a hashed record; the arguments are those of `sign_envelope`."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    signature, digest = sign_message(key, data)
    chain = () if managed else _certify(instance, account, key, switches)
    body = _record(log, digest, signature, key, chain) if log else None
    made = _witness(instance, key, chain, b"", signature, log, body, timestamp, switches)
    content = {
        "messageDigest": {"algorithm": f"SHA2_{len(digest) * 8}", "digest": base64_text(digest)},
        "signature": base64_text(signature),
    }
    made.bundle.update(_bundle(made, version), messageSignature=content)
    return made


def _certify(
    instance: Instance, account: Account | None, key: SigningKey, switches: Collection[Switch]
) -> tuple[x509.Certificate, ...]:
    holder = instance.authenticate(instance.token(account or google()))
    return tuple(instance.certify(key.public_key(), holder, switches=frozenset(switches)))


def _envelope_body(
    kind: str, text: bytes, digest: bytes, signature: bytes, key: SigningKey, chain: tuple[x509.Certificate, ...]
) -> Body:
    if kind == "dsse 0.0.1":
        return entries.dsse_v001_unverified(text, _pem(key, chain))
    if kind == "intoto 0.0.1":
        return entries.intoto_v001(text, _pem(key, chain))
    if kind == "intoto 0.0.2":
        return entries.intoto_v002(text, _pem(key, chain))
    if kind == "dsse 0.0.2":
        payload = entries.envelope_payload(text)
        return entries.dsse_v002(payload, signature, _verifier(key, chain))
    return _record(Generation.V1 if kind == "hashedrekord 0.0.1" else Generation.V2, digest, signature, key, chain)


def _record(
    log: Generation, digest: bytes, signature: bytes, key: SigningKey, chain: tuple[x509.Certificate, ...]
) -> Body:
    if log is Generation.V1:
        return entries.hashedrekord_v001(digest, signature, _pem(key, chain))
    return entries.hashedrekord_v002(digest, signature, _verifier(key, chain))


def _pem(key: SigningKey, chain: tuple[x509.Certificate, ...]) -> bytes:
    if chain:
        return chain[0].public_bytes(Encoding.PEM)
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _verifier(key: SigningKey, chain: tuple[x509.Certificate, ...]) -> dict[str, Any]:
    details = {"keyDetails": key_details(key.public_key())}
    if chain:
        return {"x509Certificate": {"rawBytes": base64_text(chain[0].public_bytes(Encoding.DER))}, **details}
    return {"publicKey": {"rawBytes": base64_text(spki(key.public_key()))}, **details}


def _witness(
    instance: Instance,
    key: SigningKey,
    chain: tuple[x509.Certificate, ...],
    envelope: bytes,
    signature: bytes,
    log: Generation | None,
    body: Body | None,
    timestamp: bool,
    switches: Collection[Switch],
) -> Signed:
    faults = frozenset(switches)
    return Signed(
        bundle={},
        key=key,
        chain=chain,
        envelope=envelope,
        signature=signature,
        logged=instance.log(log, body, switches=faults) if log and body else None,
        timestamp=instance.timestamps.stamp(signature, instance.clock(), switches=faults) if timestamp else b"",
    )


def _bundle(made: Signed, version: int) -> dict[str, Any]:
    old = f"application/vnd.dev.sigstore.bundle+json;version=0.{version}"
    material: dict[str, Any] = _holder(made, version)
    if made.logged:
        material["tlogEntries"] = [made.logged.bundled()]
    if made.timestamp:
        stamps = [{"signedTimestamp": base64_text(made.timestamp)}]
        material["timestampVerificationData"] = {"rfc3161Timestamps": stamps}
    media_type = "application/vnd.dev.sigstore.bundle.v0.3+json" if version == 3 else old
    return {"mediaType": media_type, "verificationMaterial": material}


def _holder(made: Signed, version: int) -> dict[str, Any]:
    if not made.chain:
        digest = hashlib.sha256(spki(made.key.public_key())).digest()
        return {"publicKey": {"hint": base64_text(digest)}}
    raw = [{"rawBytes": base64_text(certificate.public_bytes(Encoding.DER))} for certificate in made.chain]
    if version == 3:
        return {"certificate": raw[0]}
    return {"x509CertificateChain": {"certificates": raw[:-1]}}
