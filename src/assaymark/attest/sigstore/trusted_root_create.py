"""Trusted roots of one's own: made from the certificates and keys of services, and written as JSON.

The documents are those of sigstore/protobuf-specs, `sigstore_trustroot.proto`, v0.1, in the ProtoJSON form, and mean
what `cosign trusted-root create` writes from the same flags. Rules:

- a certificate authority is its certificates in order, the root last; each is an authority and issued by the next. It
  is believed from the root's own beginning unless a time is given;
- a timestamp authority is the same with the certificate that signs in front; it is believed from that one's beginning;
- a log is its key, and is believed from the time that must be given. It is called by the SHA-256 of its key, or, with
  an `origin`, by the hash that checkpoints of that name carry (Rekor 2 and static certificate logs);
- logs and authorities are written in the order in which they began; a log that is given replaces one of the same id.

cosign takes certificates in any order and of any kind, and the root that it writes is then found wrong when the first
signature is verified.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import msgspec

from assaymark.attest.keys.pem import parse_pems
from assaymark.attest.keys.public import Algorithm, PublicKey, parse_public_key
from assaymark.attest.sigstore.certificate import is_authority, load_certificate
from assaymark.attest.sigstore.checkpoint import Generation, key_hash
from assaymark.attest.sigstore.path import is_issued_by, load_chain
from assaymark.attest.sigstore.service_spec import ServiceSpec, parse_spec
from assaymark.attest.sigstore.signing_config import spell_time
from assaymark.attest.sigstore.trusted_root import TRUSTED_ROOT_TYPE, Authority, TrustedLog, TrustedRoot, Window
from assaymark.attest.strict import encode_base64
from assaymark.errors import UsageError
from assaymark.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    from cryptography import x509

ReadFile = Callable[[str], bytes]
"""The content of a file by its name."""

_AUTHORITY: Final = ("url", "certificate-chain")
_LOG: Final = ("url", "public-key", "start-time")
_RSA_BITS: Final = (2048, 3072, 4096)
_KEY_DETAILS: Final = {
    Algorithm.ECDSA_P256: "PKIX_ECDSA_P256_SHA_256",
    Algorithm.ECDSA_P384: "PKIX_ECDSA_P384_SHA_384",
    Algorithm.ECDSA_P521: "PKIX_ECDSA_P521_SHA_512",
    Algorithm.ED25519: "PKIX_ED25519",
}


def parse_certificate_authority(flag: str, text: str, read: ReadFile, *, limits: Limits = DEFAULT_LIMITS) -> Authority:
    """The certificate authority that `text`, the value of `flag`, names.

    Raises:
        UsageError: it is none, or its certificates are no chain of authorities.
    """
    spec = parse_spec(flag, text, required=_AUTHORITY, optional=("start-time", "end-time"))
    chain = _read_chain(spec, read, limits)
    if not is_authority(chain[0][1]):  # the others are, having issued it
        raise UsageError(f"`{flag}`: the first certificate of `{spec.text('certificate-chain')}` is no authority's")
    return _authority(spec, chain, begun=chain[-1][1].not_valid_before_utc)


def parse_timestamp_authority(flag: str, text: str, read: ReadFile, *, limits: Limits = DEFAULT_LIMITS) -> Authority:
    """The timestamp authority that `text`, the value of `flag`, names.

    Raises:
        UsageError: it is none, or its certificates are not one that signs and a chain of authorities behind it.
    """
    spec = parse_spec(flag, text, required=_AUTHORITY, optional=("start-time", "end-time"))
    chain = _read_chain(spec, read, limits)
    leaf = chain[0][1]
    if is_authority(leaf) or len(chain) == 1:
        raise UsageError(
            f"`{flag}`: `{spec.text('certificate-chain')}` is not the certificate that signs and its issuers behind it"
        )
    return _authority(spec, chain, begun=leaf.not_valid_before_utc)


def parse_trusted_log(flag: str, text: str, read: ReadFile) -> TrustedLog:
    """The transparency log, or certificate log, that `text`, the value of `flag`, names.

    Raises:
        UsageError: it is none, or its key is of a kind that trusted roots have no name for.
    """
    spec = parse_spec(flag, text, required=_LOG, optional=("end-time", "origin"))
    name = spec.text("public-key")
    key = parse_public_key(read(name), what=name)
    if not _key_details(key):
        raise UsageError(f"`{flag}`: a log's RSA key has 2048, 3072 or 4096 bits")
    origin = spec.text("origin")
    log_id = key_hash(key, origin, Generation.V2) if origin else hashlib.sha256(key.spki).digest()
    return TrustedLog(base_url=spec.url, key=key, log_id=log_id, window=spec.window)


def add_logs(logs: Iterable[TrustedLog], given: Iterable[TrustedLog]) -> tuple[TrustedLog, ...]:
    """`logs` with those that are `given`, which replace others of the same id."""
    return tuple({log.log_id: log for log in (*logs, *given)}.values())


def encode_trusted_root(root: TrustedRoot) -> bytes:
    """The trusted root as JSON for people and programs; what cannot be used here (`unsupported`) is not in it.

    Raises:
        VerificationError: `TRUSTED_ROOT_MALFORMED`: a certificate in it is none.
    """
    document = {
        "mediaType": TRUSTED_ROOT_TYPE,
        "tlogs": [_spell_log(log) for log in sorted(root.logs, key=_beginning)],
        "certificateAuthorities": _spell_authorities(root.certificate_authorities),
        "ctlogs": [_spell_log(log) for log in sorted(root.ct_logs, key=_beginning)],
        "timestampAuthorities": _spell_authorities(root.timestamp_authorities),
    }
    return msgspec.json.format(msgspec.json.encode({name: value for name, value in document.items() if value})) + b"\n"


def _read_chain(spec: ServiceSpec, read: ReadFile, limits: Limits) -> list[tuple[bytes, x509.Certificate]]:
    """The certificates with their DER, each issued by the next."""
    name = spec.text("certificate-chain")
    try:
        blocks = [pem.body for pem in parse_pems(read(name)) if pem.label == "CERTIFICATE"]
        chain = [(der, load_certificate(der)) for der in blocks[: limits.chain_certificates + 1]]
    except ValueError as exc:
        raise UsageError(f"`{spec.flag}`: `{name}` cannot be used: {exc}", hint="give certificates in PEM") from exc
    if not 1 <= len(chain) <= limits.chain_certificates:
        raise UsageError(
            f"`{spec.flag}`: `{name}` has {len(blocks)} certificates, not 1 to {limits.chain_certificates}"
        )
    for (_, certificate), (_, issuer) in pairwise(chain):
        if not is_issued_by(certificate, issuer):
            raise UsageError(
                f"`{spec.flag}`: the certificates of `{name}` are not in order",
                hint="each is followed by the one that issued it, and the root is the last",
            )
    return chain


def _authority(spec: ServiceSpec, chain: list[tuple[bytes, x509.Certificate]], *, begun: datetime) -> Authority:
    window = spec.window
    return Authority(
        uri=spec.url,
        name=_subject(chain[-1][1])["commonName"],
        certificates=tuple(der for der, _ in chain),
        window=Window(start=window.start or begun, end=window.end),
    )


def _spell_log(log: TrustedLog) -> dict[str, Any]:
    public = {
        "rawBytes": encode_base64(log.key.spki),
        "keyDetails": _key_details(log.key),
        "validFor": _spell_window(log.window),
    }
    checkpoint = {"keyId": encode_base64(log.checkpoint_key_id)} if log.checkpoint_key_id else {}
    return {
        "baseUrl": log.base_url,
        "hashAlgorithm": "SHA2_256",
        "publicKey": public,
        "logId": {"keyId": encode_base64(log.log_id)},
        **({"checkpointKeyId": checkpoint} if checkpoint else {}),
    }


def _spell_authorities(authorities: Iterable[Authority]) -> list[dict[str, Any]]:
    return [_spell_authority(authority) for authority in sorted(authorities, key=_beginning)]


def _spell_authority(authority: Authority) -> dict[str, Any]:
    subject = _subject(load_chain(authority)[-1])
    return {
        "subject": {name: value for name, value in subject.items() if value},
        "uri": authority.uri,
        "certChain": {"certificates": [{"rawBytes": encode_base64(der)} for der in authority.certificates]},
        "validFor": _spell_window(authority.window),
    }


def _spell_window(window: Window) -> dict[str, str]:
    return {name: spell_time(moment) for name, moment in (("start", window.start), ("end", window.end)) if moment}


def _subject(certificate: x509.Certificate) -> dict[str, str]:
    """Organization and common name, as a trusted root names an authority; empty where the certificate has none."""
    from cryptography.x509.oid import NameOID

    wanted = {"organization": NameOID.ORGANIZATION_NAME, "commonName": NameOID.COMMON_NAME}
    found = {name: certificate.subject.get_attributes_for_oid(oid) for name, oid in wanted.items()}
    return {name: str(attributes[0].value) if attributes else "" for name, attributes in found.items()}


def _key_details(key: PublicKey) -> str:
    """What protobuf-specs calls the kind of key; empty where it has no name for it."""
    if key.algorithm is not Algorithm.RSA:
        return _KEY_DETAILS[key.algorithm]
    bits = key.rsa_numbers()[0].bit_length()
    return f"PKIX_RSA_PKCS1V15_{bits}_SHA256" if bits in _RSA_BITS else ""


def _beginning(believed: TrustedLog | Authority) -> datetime:
    return believed.window.start or datetime.min.replace(tzinfo=UTC)
