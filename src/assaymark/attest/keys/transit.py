"""The transit engine of Vault and OpenBao, as the schemes `hashivault` and `openbao` use it.

Reference: developer.hashicorp.com/vault/api-docs/secret/transit; openbao.org/api-docs/secret/transit is the same.
The calls are our own, through our client: `--offline`, proxies, certificates and limits hold for them.

Rules:

1. A reference is `NAME://KEY`; everything else is in the environment, where VAULT_… goes before BAO_… as in cosign:
   ADDR, TOKEN, NAMESPACE, CACERT, CAPATH, CLIENT_CERT, CLIENT_KEY, TLS_SERVER_NAME, SKIP_VERIFY.
2. TRANSIT_SECRET_ENGINE_PATH says where the engine is mounted (`transit`).
3. The newest version of the key signs, the same one throughout a command. VAULT_KEY_PREFIX (`vault:v2:`), which cosign
   verifies with, names the version whose public half verifies; without it that is the newest, too.
4. ECDSA is DER over SHA-256 on every curve, RSA is PKCS#1 v1.5 with SHA-256, and Ed25519 signs the message: what cosign
   verifies.
5. The token goes out as a bearer token, which redirects do not take to another origin; over plain http to this machine
   alone, unless SKIP_VERIFY says that the service need not prove who it is.
"""

from __future__ import annotations

import hashlib
import re
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

import msgspec

from assaymark.attest.keys.algorithms import Scheme
from assaymark.attest.keys.managed import (
    ManagedSigner,
    Service,
    Trouble,
    key_error,
    parse_managed_pem,
    parse_managed_spki,
    require_tls,
    warn_unchecked,
)
from assaymark.attest.keys.public import Algorithm, PublicKey
from assaymark.attest.keys.scheme import KeyContext, KeyScheme
from assaymark.attest.keys.vault_token import find_vault_token
from assaymark.errors import ArtifactError, Error, NetworkError, OfflineError, UsageError
from assaymark.net.tls import TlsOptions
from assaymark.net.url import parse_url
from assaymark.safeio.json import decode_strict

_KEY: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,200}[A-Za-z0-9_])?")
_PREFIX: Final = re.compile(r"vault:v([1-9][0-9]{0,8}):")
_SIGNATURE: Final = re.compile(r"vault:v[0-9]{1,9}:([A-Za-z0-9+/]+={0,2})")
_ED25519_HEAD: Final = bytes.fromhex("302a300506032b6570032100")  # RFC 8410, section 4: what stands before the 32 bytes
_STATUSES: Final = {
    401: Trouble.DENIED,
    403: Trouble.DENIED,
    404: Trouble.MISSING,
    429: Trouble.THROTTLED,
    503: Trouble.UNREACHABLE,  # sealed
}


def transit_scheme(name: str, service: Service) -> KeyScheme:
    """The scheme `name://KEY` of a service with a transit engine."""

    def verifier(reference: str, context: KeyContext) -> PublicKey:
        transit = _Transit(reference, context, service)
        return transit.public(_version(context.environment))[0]

    def signer(reference: str, context: KeyContext) -> ManagedSigner:
        transit = _Transit(reference, context, service)
        public, version = transit.public(0)
        scheme = Scheme.ED25519 if public.algorithm is Algorithm.ED25519 else Scheme.ECDSA_SHA256
        if public.algorithm is Algorithm.RSA:
            scheme = Scheme.RSA_PKCS1_SHA256
        return ManagedSigner(
            public,
            lambda message: transit.sign(message, scheme, version),
            reference=reference,
            context=context,
            scheme=scheme,
        )

    def create(reference: str, context: KeyContext) -> PublicKey:
        transit = _Transit(reference, context, service)
        transit.create()
        return transit.public(0)[0]

    return KeyScheme(names=(name,), form=f"{name}://KEY", verifier=verifier, signer=signer, create=create)


class _Transit:
    """One key of one engine."""

    def __init__(self, reference: str, context: KeyContext, service: Service) -> None:
        self._reference = reference
        self._context = context
        self._service = service
        self._key = reference.partition("://")[2]
        if _KEY.fullmatch(self._key) is None:
            raise UsageError(
                f"`{reference}` is not a key in {service.value}",
                hint="write the name of the key alone; TRANSIT_SECRET_ENGINE_PATH says where its engine is mounted",
            )
        if context.network is None:
            raise UsageError(f"{service.value} cannot be asked here", hint="give the path of a file")
        self._network = context.network
        self._tls = _tls(context.environment)
        address = _address(context, service)
        require_tls(parse_url(address), service.value, waived=self._tls.insecure, word="VAULT_SKIP_VERIFY=true")
        self._base = f"{address}/v1/{_engine(context.environment)}"
        if self._tls.insecure:
            warn_unchecked(context, "VAULT_SKIP_VERIFY or BAO_SKIP_VERIFY")
        self._headers = {
            "Accept": "application/json",
            "Authorization": f"Bearer {find_vault_token(context, service.value).reveal()}",
            "X-Vault-Request": "true",
        }
        namespace = _variable(context.environment, "NAMESPACE")
        if namespace:
            self._headers["X-Vault-Namespace"] = namespace

    def public(self, version: int) -> tuple[PublicKey, int]:
        """The public half of a version, and its number; of the newest one when `version` is 0."""
        data = self._ask("GET", f"keys/{self._key}")
        versions, newest = data.get("keys"), data.get("latest_version")
        if not isinstance(versions, dict) or not isinstance(newest, int):
            raise self._error(Trouble.FAILED, "the reply describes no key")
        if data.get("soft_deleted") is True:  # OpenBao alone
            raise self._error(Trouble.DISABLED, "it is deleted, and can be restored")
        version = version or newest
        entry = versions.get(str(version))
        if entry is None:
            raise self._error(Trouble.MISSING, f"there is no version {version}")
        text = entry.get("public_key") if isinstance(entry, dict) else None
        if not isinstance(text, str) or not text:
            raise self._error(Trouble.MISUSED, f"its type is {data.get('type')}")
        if data.get("type") != "ed25519":
            return parse_managed_pem(text.encode(), reference=self._reference), version
        try:
            spki = _ED25519_HEAD + a2b_base64(text, strict_mode=True)
        except Base64Error as exc:
            raise self._error(Trouble.FAILED, "the reply holds no public key") from exc
        return parse_managed_spki(spki, reference=self._reference), version

    def sign(self, message: bytes, scheme: Scheme, version: int) -> bytes:
        """The signature of a version over `message`."""
        path, order = f"sign/{self._key}", {"input": _base64(message), "prehashed": False}
        if scheme is not Scheme.ED25519:
            path += "/sha2-256"
            order = {"input": _base64(hashlib.sha256(message).digest()), "prehashed": True}
        more = {"key_version": version, "signature_algorithm": "pkcs1v15", "marshaling_algorithm": "asn1"}
        data = self._ask("POST", path, {**order, **more})
        match = _SIGNATURE.fullmatch(str(data.get("signature")))
        if match is None:
            raise self._error(Trouble.FAILED, "the reply holds no signature")
        return a2b_base64(match[1])

    def create(self) -> None:
        """Make the key, for ECDSA on P-256; one that exists stays as it is."""
        self._ask("POST", f"keys/{self._key}", {"type": "ecdsa-p256"})

    def _ask(self, method: str, path: str, order: dict[str, Any] | None = None) -> dict[str, Any]:
        """`data` of the reply; none of the three calls does harm when it is made twice."""
        limits, body = self._context.limits, None if order is None else msgspec.json.encode(order)
        headers = {**self._headers, "Content-Type": "application/json"} if body else self._headers
        try:
            with self._network.request(
                method, f"{self._base}/{path}", headers=headers, body=body, repeatable=True, tls=self._tls
            ) as response:
                status = response.status
                reply = response.bounded(limits.service_reply_bytes, what=f"the reply of {self._service.value}")
        except OfflineError:
            raise
        except NetworkError as exc:
            raise self._error(Trouble.UNREACHABLE, str(exc)) from exc
        try:
            document = decode_strict(reply, limits=limits) if reply else {}
        except ArtifactError:
            document = {}
        if not isinstance(document, dict):
            document = {}
        if not 200 <= status < 300:
            raise self._refusal(status, document)
        data = document.get("data")
        return data if isinstance(data, dict) else {}

    def _refusal(self, status: int, document: dict[str, Any]) -> Error:
        errors = document.get("errors")
        said = "; ".join(map(str, errors)) if isinstance(errors, list) and errors else f"HTTP status {status}"
        trouble = _STATUSES.get(status, Trouble.FAILED)
        if "does not support" in said:
            trouble = Trouble.MISUSED
        elif "signing key not found" in said:  # its reply to `sign` for a key that is not there has status 400
            trouble = Trouble.MISSING
        return self._error(trouble, said)

    def _error(self, trouble: Trouble, said: str) -> Error:
        return key_error(trouble, self._service, self._reference, said=said)


def _address(context: KeyContext, service: Service) -> str:
    address = _variable(context.environment, "ADDR").rstrip("/")
    if not address:
        raise UsageError(f"nothing says where {service.value} is", hint="set VAULT_ADDR or BAO_ADDR to its URL")
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
        raise UsageError(
            "VAULT_ADDR or BAO_ADDR is not an http or https URL", hint="write it like `https://vault.example:8200`"
        )
    return address


def _engine(environment: Mapping[str, str]) -> str:
    return quote(environment.get("TRANSIT_SECRET_ENGINE_PATH", "").strip("/") or "transit")


def _version(environment: Mapping[str, str]) -> int:
    prefix = environment.get("VAULT_KEY_PREFIX", "")
    match = _PREFIX.fullmatch(prefix)
    if prefix and match is None:
        raise UsageError(f"VAULT_KEY_PREFIX is `{prefix}`, which names no version", hint="write it like `vault:v2:`")
    return int(match[1]) if match else 0


def _tls(environment: Mapping[str, str]) -> TlsOptions:
    file, folder = _variable(environment, "CACERT"), _variable(environment, "CAPATH")
    files = sorted(Path(folder).iterdir()) if folder and Path(folder).is_dir() else []
    certificate, key = _variable(environment, "CLIENT_CERT"), _variable(environment, "CLIENT_KEY")
    return TlsOptions(
        authorities=(*((Path(file),) if file else ()), *(each for each in files if each.suffix in (".pem", ".crt"))),
        certificate=Path(certificate) if certificate else None,
        key=Path(key) if key else None,
        server_name=_variable(environment, "TLS_SERVER_NAME"),
        insecure=_variable(environment, "SKIP_VERIFY") in ("1", "t", "T", "true", "True", "TRUE"),
    )


def _variable(environment: Mapping[str, str], name: str) -> str:
    return environment.get(f"VAULT_{name}") or environment.get(f"BAO_{name}") or ""


def _base64(data: bytes) -> str:
    return b2a_base64(data, newline=False).decode("ascii")
