"""Keys in Azure Key Vault: `azurekms://VAULT.vault.azure.net/KEY[/VERSION]`, through Microsoft's own libraries.

They are `azure-identity` and `azure-keyvault-keys`, the extra `kms-azure`. Reference: learn.microsoft.com,
"Azure Key Vault REST API", `Get Key`, `Sign`, `Create Key`.

Rules:

1. Credentials are the library's default chain: AZURE_CLIENT_ID and its kin, a workload's or a machine's identity, `az
   login`. AZURE_ENVIRONMENT names the cloud as it does for cosign: AZUREUSGOVERNMENT, AZURECHINACLOUD.
2. Without a version the newest one is used, and fixed for the whole command.
3. EC keys sign with the hash of their curve; RSA keys with RS256, whatever their size.
4. Keys in a hardware module (`EC-HSM`, `RSA-HSM`) are keys like all others.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from assaymark.attest.keys.algorithms import Scheme, encode_ecdsa
from assaymark.attest.keys.managed import (
    ManagedSigner,
    Service,
    Trouble,
    check_signing_algorithm,
    key_error,
    parse_managed_spki,
    require_network,
    vendor_library,
)
from assaymark.attest.keys.public import Algorithm, PublicKey
from assaymark.attest.keys.scheme import KeyContext, KeyScheme
from assaymark.errors import SigningError, UsageError

if TYPE_CHECKING:
    from azure.core.exceptions import HttpResponseError
    from azure.keyvault.keys import KeyVaultKey

_REFERENCE: Final = re.compile(
    r"azurekms://(?P<host>[^/\s@?#]+)/(?P<key>[0-9A-Za-z-]{1,127})(?:/(?P<version>[a-z0-9]{0,64}))?"
)
_AUTHORITIES: Final = {
    "AZUREUSGOVERNMENT": "login.microsoftonline.us",
    "AZUREUSGOVERNMENTCLOUD": "login.microsoftonline.us",
    "AZURECHINACLOUD": "login.chinacloudapi.cn",
}
_SIGNS: Final = {
    Algorithm.ECDSA_P256: ("ES256", Scheme.ECDSA_SHA256),
    Algorithm.ECDSA_P384: ("ES384", Scheme.ECDSA_SHA384),
    Algorithm.ECDSA_P521: ("ES512", Scheme.ECDSA_SHA512),
    Algorithm.RSA: ("RS256", Scheme.RSA_PKCS1_SHA256),
}


class _Vault:
    """One key of one vault, and who asks for it."""

    def __init__(self, reference: str, context: KeyContext) -> None:
        match = _REFERENCE.fullmatch(reference)
        if match is None:
            raise UsageError(
                f"`{reference}` is not a key in Azure Key Vault",
                hint="write `azurekms://VAULT.vault.azure.net/KEY`, and `/VERSION` behind it",
            )
        self.reference = reference
        self.name, self.version = match["key"], match["version"] or ""
        require_network(context, Service.AZURE.value)
        with vendor_library("kms-azure", scheme="azurekms", loggers=("azure", "msal", "urllib3", "requests")):
            from azure.identity import DefaultAzureCredential
            from azure.keyvault.keys import KeyClient
        limits = context.limits
        self._options: dict[str, Any] = {
            "connection_timeout": limits.connect_seconds,
            "read_timeout": limits.first_byte_seconds,
            "retry_total": limits.retry_tries - 1,
        }
        authority = _AUTHORITIES.get(context.environment.get("AZURE_ENVIRONMENT", ""))
        with _errors(reference):
            self._credential = DefaultAzureCredential(**({"authority": authority} if authority else {}))
            self._client = KeyClient(f"https://{match['host']}/", self._credential, **self._options)

    def key(self) -> KeyVaultKey:
        """The key, with its version."""
        with _errors(self.reference):
            return self._client.get_key(self.name, self.version or None)

    def find(self) -> KeyVaultKey | None:
        """The key; None where there is none."""
        try:
            return self.key()
        except SigningError as exc:
            if exc.reason != "KEY_NOT_FOUND":
                raise
            return None

    def create(self) -> KeyVaultKey:
        """Make the key, for ECDSA on P-256."""
        with _errors(self.reference):
            return self._client.create_ec_key(self.name, curve="P-256", key_operations=["sign", "verify"])

    def sign(self, key: KeyVaultKey, algorithm: str, digest: bytes) -> bytes:
        """What the vault signed, as it gives it."""
        from azure.keyvault.keys.crypto import CryptographyClient, SignatureAlgorithm

        with _errors(self.reference):
            client = CryptographyClient(key, self._credential, **self._options)
            return client.sign(SignatureAlgorithm(algorithm), digest).signature


def _verifier(reference: str, context: KeyContext) -> PublicKey:
    return _public(_Vault(reference, context).key(), reference)


def _signer(reference: str, context: KeyContext) -> ManagedSigner:
    vault = _Vault(reference, context)
    key = vault.key()
    public = _public(key, reference)
    if "sign" not in (key.key_operations or ()):
        said = f"it may {', '.join(map(str, key.key_operations or ()))}"
        raise key_error(Trouble.MISUSED, Service.AZURE, reference, said=said)
    algorithm, known = _SIGNS.get(public.algorithm, ("nothing", None))
    scheme = check_signing_algorithm(algorithm, scheme=known, reference=reference)
    digest = scheme.value.rpartition("-")[2]

    def sign(message: bytes) -> bytes:
        raw = vault.sign(key, algorithm, hashlib.new(digest, message).digest())
        if public.algorithm is Algorithm.RSA:
            return raw
        try:
            return encode_ecdsa(raw)
        except ValueError as exc:
            raise key_error(Trouble.FAILED, Service.AZURE, reference, said=str(exc)) from exc

    return ManagedSigner(public, sign, reference=reference, context=context, scheme=scheme)


def _create(reference: str, context: KeyContext) -> PublicKey:
    vault = _Vault(reference, context)
    if vault.version:
        raise UsageError(f"`{reference}` names a version, which Azure chooses", hint="leave it out")
    return _public(vault.find() or vault.create(), reference)


def _public(key: KeyVaultKey, reference: str) -> PublicKey:
    """The SubjectPublicKeyInfo of a JSON web key."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    web: Any = key.key
    kind = str(getattr(web.kty, "value", web.kty)).removesuffix("-HSM")
    curves: dict[str, type[ec.EllipticCurve]] = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1}
    curve = curves.get(str(getattr(web.crv, "value", web.crv)))
    try:
        if kind == "RSA":
            public: Any = rsa.RSAPublicNumbers(_number(web.e), _number(web.n)).public_key()
        elif kind == "EC" and curve is not None:
            public = ec.EllipticCurvePublicNumbers(_number(web.x), _number(web.y), curve()).public_key()
        else:
            raise key_error(Trouble.MISUSED, Service.AZURE, reference, said=f"its type is {kind} {web.crv or ''}")
    except ValueError as exc:
        raise key_error(Trouble.FAILED, Service.AZURE, reference, said=str(exc)) from exc
    return parse_managed_spki(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo), reference=reference)


def _number(data: bytes | None) -> int:
    return int.from_bytes(data or b"", "big")


@contextmanager
def _errors(reference: str) -> Iterator[None]:
    from azure.core import exceptions

    try:
        yield
    except exceptions.ClientAuthenticationError as exc:
        raise key_error(Trouble.DENIED, Service.AZURE, reference, said=exc.message) from exc
    except exceptions.HttpResponseError as exc:
        raise key_error(_trouble(exc), Service.AZURE, reference, said=exc.message) from exc
    except (exceptions.ServiceRequestError, exceptions.ServiceResponseError) as exc:
        raise key_error(Trouble.UNREACHABLE, Service.AZURE, reference, said=exc.message) from exc
    except (exceptions.AzureError, ValueError) as exc:
        raise key_error(Trouble.FAILED, Service.AZURE, reference, said=str(exc)) from exc


def _trouble(exc: HttpResponseError) -> Trouble:
    """By the status; the vault says 403 for a key that is disabled or may not sign, too."""
    message = exc.message.lower()
    if exc.status_code == 403 and "disabled" in message:
        return Trouble.DISABLED
    if exc.status_code == 403 and "not permitted on this key" in message:
        return Trouble.MISUSED
    statuses = {401: Trouble.DENIED, 403: Trouble.DENIED, 404: Trouble.MISSING, 429: Trouble.THROTTLED}
    return statuses.get(exc.status_code or 0, Trouble.FAILED)


KEY_SCHEME: Final = KeyScheme(
    names=("azurekms",),
    form="azurekms://VAULT.vault.azure.net/KEY",
    verifier=_verifier,
    signer=_signer,
    create=_create,
)
