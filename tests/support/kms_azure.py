"""Azure Key Vault and the token service in front of it, in memory: one server that answers for both hosts' names.

It is reached through the proxy of `tests.support.proxy`, so that the vault has its real name. A request without a token
gets the vault's challenge first, as every client expects it.
"""

from __future__ import annotations

import re
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.support.loopback import Answer, Loopback, Request
from tests.support.proxy import Proxy
from tests.support.tls import Authority

HOST: Final = "release.vault.azure.net"
LOGIN: Final = "login.microsoftonline.com"
TENANT: Final = "6f3f8b1e-0000-4000-8000-000000000001"
SECRET: Final = "the-client-secret"
CREDENTIALS: Final = {
    "AZURE_TENANT_ID": TENANT,
    "AZURE_CLIENT_ID": "6f3f8b1e-0000-4000-8000-000000000002",
    "AZURE_CLIENT_SECRET": SECRET,
}
_TOKEN: Final = "azure-access-token"
_CURVES: Final[dict[str, ec.EllipticCurve]] = {
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
    "P-256K": ec.SECP256K1(),
}
_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "256": hashes.SHA256(),
    "384": hashes.SHA384(),
    "512": hashes.SHA512(),
}
_ROUTE: Final = re.compile(r"/keys/(?P<name>[^/]+)(?:/(?P<rest>(?!sign$|verify$)[^/]*))?(?:/(?P<verb>sign|verify))?")


@dataclass
class Key:
    """One version of a key; `enabled` and `operations` may be changed at will."""

    kind: str = "EC"
    curve: str = "P-256"
    enabled: bool = True
    operations: tuple[str, ...] = ("sign", "verify")
    version: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __post_init__(self) -> None:
        self.private: Any = (
            ec.generate_private_key(_CURVES[self.curve])
            if self.kind.startswith("EC")
            else rsa.generate_private_key(65537, 2048)
        )

    @property
    def spki(self) -> bytes:
        return bytes(self.private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))

    def web_key(self, name: str) -> dict[str, Any]:
        """The bundle that describes it."""
        numbers = self.private.public_key().public_numbers()
        web: dict[str, Any] = {"kid": f"https://{HOST}/keys/{name}/{self.version}", "kty": self.kind}
        if self.kind.startswith("EC"):
            size = (self.private.curve.key_size + 7) // 8
            web |= {"crv": self.curve, "x": _text(numbers.x, size), "y": _text(numbers.y, size)}
        else:
            web |= {"n": _text(numbers.n, 256), "e": "AQAB"}
        attributes = {"enabled": self.enabled, "created": 1, "updated": 1, "recoveryLevel": "Purgeable"}
        return {"key": {**web, "key_ops": list(self.operations)}, "attributes": attributes}

    def sign(self, algorithm: str, digest: bytes) -> bytes:
        chosen = _HASHES[algorithm[-3:]]
        if algorithm.startswith("RS"):
            return bytes(self.private.sign(digest, padding.PKCS1v15(), Prehashed(chosen)))
        size = (self.private.curve.key_size + 7) // 8
        halves = decode_dss_signature(self.private.sign(digest, ec.ECDSA(Prehashed(chosen))))
        return b"".join(half.to_bytes(size, "big") for half in halves)

    def verifies(self, algorithm: str, digest: bytes, signature: bytes) -> bool:
        public, chosen = self.private.public_key(), Prehashed(_HASHES[algorithm[-3:]])
        half = len(signature) // 2
        try:
            if algorithm.startswith("RS"):
                public.verify(signature, digest, padding.PKCS1v15(), chosen)
            else:
                numbers = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
                public.verify(encode_dss_signature(*numbers), digest, ec.ECDSA(chosen))
        except InvalidSignature:
            return False
        return True


class AzureVault:
    """The service; `serve` answers for `Loopback`.

    Attributes:
        keys: the versions of each key by name, oldest first.
    """

    def __init__(self) -> None:
        self.keys: dict[str, list[Key]] = {}

    def add(self, name: str = "key", **settings: Any) -> Key:
        """A new version of a key."""
        key = Key(**settings)
        self.keys.setdefault(name, []).append(key)
        return key

    def serve(self, request: Request) -> Answer:
        """The reply to one request."""
        if request.headers["host"].partition(":")[0] == LOGIN:
            return _login(request)
        if request.headers.get("authorization") != f"Bearer {_TOKEN}":
            challenge = f'Bearer authorization="https://{LOGIN}/{TENANT}", resource="https://vault.azure.net"'
            return Answer(401, _error("Unauthorized", "no token"), {"WWW-Authenticate": challenge})
        match = _ROUTE.fullmatch(urlsplit(request.path).path)
        if match is None:
            return Answer(404, _error("NotFound", "no such path"))
        if match["rest"] == "create":
            made = self.add(match["name"], kind=request.json["kty"], operations=tuple(request.json["key_ops"]))
            return Answer(document=made.web_key(match["name"]))
        versions = [key for key in self.keys.get(match["name"], ()) if (match["rest"] or key.version) == key.version]
        if not versions:
            return Answer(404, _error("KeyNotFound", f"A key with (name/id) {match['name']} was not found."))
        return _use(versions[-1], match["name"], match["verb"], request)


@contextmanager
def azure(folder: Path, vault: AzureVault) -> Iterator[tuple[Loopback, dict[str, str]]]:
    """The server, and the variables with which every client finds it under the real names."""
    authority = Authority(folder)
    with Loopback(vault.serve, tls=authority.server(HOST, LOGIN)) as server:
        routes = {f"{name}:443": server.port for name in (HOST, LOGIN)}
        with Proxy(routes) as proxy:
            file = str(authority.file)
            trust = {"REQUESTS_CA_BUNDLE": file, "SSL_CERT_FILE": file}
            yield server, {**CREDENTIALS, **trust, "HTTPS_PROXY": proxy.url, "NO_PROXY": "127.0.0.1"}


def _use(key: Key, name: str, verb: str | None, request: Request) -> Answer:
    if not key.enabled:
        return Answer(403, _error("Forbidden", "Operation get is not allowed on a disabled key."))
    if verb is None:
        return Answer(document=key.web_key(name))
    if verb not in key.operations:
        return Answer(403, _error("Forbidden", f"Operation {verb} is not permitted on this key."))
    if verb == "verify":
        order = request.json
        return Answer(document={"value": key.verifies(order["alg"], _bytes(order["digest"]), _bytes(order["value"]))})
    signature = key.sign(request.json["alg"], _bytes(request.json["value"]))
    return Answer(document={"kid": key.web_key(name)["key"]["kid"], "value": _encode(signature)})


def _login(request: Request) -> Answer:
    path = urlsplit(request.path).path
    base = f"https://{LOGIN}/{TENANT}"
    if path == "/common/discovery/instance":
        cloud = {"preferred_network": LOGIN, "preferred_cache": "login.windows.net", "aliases": [LOGIN]}
        document = {"tenant_discovery_endpoint": f"{base}/v2.0/.well-known/openid-configuration", "metadata": [cloud]}
        return Answer(document=document)
    if path.endswith("/openid-configuration"):
        parts = {"authorization": "authorize", "token": "token", "device_authorization": "devicecode"}
        ends = {f"{name}_endpoint": f"{base}/oauth2/v2.0/{part}" for name, part in parts.items()}
        return Answer(document={**ends, "issuer": f"{base}/v2.0"})
    form = parse_qs(request.body.decode())
    if form.get("client_secret") != [SECRET]:
        return Answer(401, {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret."})
    return Answer(document={"access_token": _TOKEN, "token_type": "Bearer", "expires_in": 3600, "ext_expires_in": 3600})


def _error(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


def _text(number: int, size: int) -> str:
    return _encode(number.to_bytes(size, "big"))


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
