"""Google Cloud KMS in memory, with both of its faces: REST for us, gRPC for cosign.

Requests and replies are the vendor's own message types; what comes as JSON is read into them. The bearer token must be
the service account's own JSON web token, which both clients sign themselves.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from google.cloud import kms_v1
from tests.support.loopback import Answer, Request

EMAIL: Final = "signer@project.iam.gserviceaccount.com"
LOCATION: Final = "projects/project/locations/global"
RING: Final = f"{LOCATION}/keyRings/ring"
KEY: Final = f"{RING}/cryptoKeys/release"
_STATUSES: Final = {
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "FAILED_PRECONDITION": 400,
    "INVALID_ARGUMENT": 400,
    "RESOURCE_EXHAUSTED": 429,
    "UNAVAILABLE": 503,
    "INTERNAL": 500,
}
_ROUTES: Final = (
    ("GET", r"(?P<name>.+)/publicKey", "GetPublicKey"),
    ("GET", r"(?P<parent>.+)/cryptoKeyVersions", "ListCryptoKeyVersions"),
    ("GET", r"(?P<name>.+/cryptoKeyVersions/[^/]+)", "GetCryptoKeyVersion"),
    ("GET", r"(?P<name>.+/cryptoKeys/[^/]+)", "GetCryptoKey"),
    ("GET", r"(?P<name>.+/keyRings/[^/]+)", "GetKeyRing"),
    ("POST", r"(?P<name>.+):asymmetricSign", "AsymmetricSign"),
    ("POST", r"(?P<parent>.+)/cryptoKeys", "CreateCryptoKey"),
    ("POST", r"(?P<parent>.+)/keyRings", "CreateKeyRing"),
)
_SERVICE: Final = "google.cloud.kms.v1.KeyManagementService"


class Refusal(Exception):
    """A status and its words."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class GoogleKms:
    """The service; `serve` answers for `Loopback`, `grpc_server` over HTTP/2.

    Attributes:
        versions: private key, name of its algorithm, and whether it is enabled, by the version's name.
        purposes: by the key's name.
        refused: the reply to everything, while it is set.
    """

    def __init__(self) -> None:
        self.rings: set[str] = set()
        self.purposes: dict[str, str] = {}
        self.versions: dict[str, tuple[Any, str, bool]] = {}
        self.refused: Refusal | None = None

    def add(self, algorithm: str = "EC_SIGN_P256_SHA256", *, key: str = KEY, purpose: str = "ASYMMETRIC_SIGN") -> str:
        """A version of a key; its name."""
        self.rings.add(key.partition("/cryptoKeys/")[0])
        self.purposes[key] = purpose
        name = f"{key}/cryptoKeyVersions/{1 + sum(each.startswith(f'{key}/') for each in self.versions)}"
        self.versions[name] = (_private(algorithm), algorithm, True)
        return name

    def disable(self, version: str) -> None:
        """Disable a version."""
        self.versions[version] = (*self.versions[version][:2], False)

    def spki(self, version: str) -> bytes:
        """The public key of a version."""
        return bytes(
            self.versions[version][0].public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        )

    def call(self, method: str, order: Any, authorization: str) -> Any:
        """The reply to a message.

        Raises:
            Refusal: there is none.
        """
        if not _is_own_token(authorization.removeprefix("Bearer ")):
            raise Refusal("UNAUTHENTICATED", "Request had invalid authentication credentials.")
        if self.refused is not None:
            raise self.refused
        return getattr(self, f"_{method}")(order)

    def serve(self, request: Request) -> Answer:
        """The reply over REST."""
        parts = urlsplit(request.path)
        try:
            for method, pattern, name in _ROUTES:
                match = re.fullmatch(f"/v1/{pattern}", parts.path)
                if match and method == request.method:
                    fields = {**match.groupdict(), **{key: each[0] for key, each in parse_qs(parts.query).items()}}
                    order = _order(name, fields, request.json)
                    reply = self.call(name, order, request.headers.get("authorization", ""))
                    return Answer(document=json.loads(type(reply).to_json(reply)))
            raise Refusal("NOT_FOUND", "no such path")
        except Refusal as exc:
            code = _STATUSES[exc.status]
            return Answer(code, {"error": {"code": code, "message": exc.message, "status": exc.status}})

    def _GetCryptoKey(self, order: Any) -> Any:
        if order.name not in self.purposes:
            raise Refusal("NOT_FOUND", f"CryptoKey {order.name} not found.")
        return kms_v1.CryptoKey(name=order.name, purpose=self.purposes[order.name])

    def _GetKeyRing(self, order: Any) -> Any:
        if order.name not in self.rings:
            raise Refusal("NOT_FOUND", f"KeyRing {order.name} not found.")
        return kms_v1.KeyRing(name=order.name)

    def _CreateKeyRing(self, order: Any) -> Any:
        name = f"{order.parent}/keyRings/{order.key_ring_id}"
        self.rings.add(name)
        return kms_v1.KeyRing(name=name)

    def _CreateCryptoKey(self, order: Any) -> Any:
        if order.parent not in self.rings:
            raise Refusal("NOT_FOUND", f"KeyRing {order.parent} not found.")
        key = f"{order.parent}/cryptoKeys/{order.crypto_key_id}"
        made = order.crypto_key
        self.add(made.version_template.algorithm.name, key=key, purpose=made.purpose.name)
        return kms_v1.CryptoKey(name=key, purpose=made.purpose)

    def _ListCryptoKeyVersions(self, order: Any) -> Any:
        assert order.filter == "state=ENABLED"
        names = [name for name, version in self.versions.items() if name.startswith(f"{order.parent}/") and version[2]]
        ordered = sorted(names, reverse=order.order_by == "name desc")
        return kms_v1.ListCryptoKeyVersionsResponse(crypto_key_versions=[self._version(name) for name in ordered])

    def _GetCryptoKeyVersion(self, order: Any) -> Any:
        self._usable(order.name)
        return self._version(order.name)

    def _GetPublicKey(self, order: Any) -> Any:
        private, algorithm, _ = self._usable(order.name)
        pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        return kms_v1.PublicKey(name=order.name, pem=pem, algorithm=algorithm)

    def _AsymmetricSign(self, order: Any) -> Any:
        private, algorithm, _ = self._usable(order.name)
        name = algorithm.rpartition("_")[2].lower()
        digest = getattr(order.digest, name, b"")
        chosen = getattr(hashes, name.upper())()
        if len(digest) != chosen.digest_size:
            raise Refusal("INVALID_ARGUMENT", f"{algorithm} wants another digest")
        signature = (
            private.sign(digest, ec.ECDSA(Prehashed(chosen)))
            if algorithm.startswith("EC_")
            else private.sign(digest, padding.PKCS1v15(), Prehashed(chosen))
        )
        return kms_v1.AsymmetricSignResponse(
            name=order.name, signature=signature, signature_crc32c=_crc32c(signature), verified_digest_crc32c=True
        )

    def _version(self, name: str) -> Any:
        _, algorithm, enabled = self.versions[name]
        return kms_v1.CryptoKeyVersion(name=name, algorithm=algorithm, state="ENABLED" if enabled else "DISABLED")

    def _usable(self, name: str) -> tuple[Any, str, bool]:
        if name not in self.versions:
            raise Refusal("NOT_FOUND", f"CryptoKeyVersion {name} not found.")
        if not self.versions[name][2]:
            raise Refusal("FAILED_PRECONDITION", f"{name} is not enabled, current state is: DISABLED.")
        return self.versions[name]


@contextmanager
def grpc_server(kms: GoogleKms, certificate: Path, key: Path) -> Iterator[int]:
    """The same service over gRPC with TLS; its port."""
    import grpc  # type: ignore[import-untyped]  # it has no types

    def handler(method: str) -> Any:
        def serve(order: Any, context: Any) -> Any:
            token = dict(context.invocation_metadata()).get("authorization", "")
            try:
                return kms.call(method, order, token)
            except Refusal as exc:
                context.abort(getattr(grpc.StatusCode, exc.status), exc.message)

        kind = _order_type(method)
        return grpc.unary_unary_rpc_method_handler(
            serve, request_deserializer=kind.deserialize, response_serializer=lambda reply: type(reply).serialize(reply)
        )

    server = grpc.server(ThreadPoolExecutor(2))
    handlers = {name: handler(name) for _, _, name in _ROUTES}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, handlers),))
    pair = (key.read_bytes(), certificate.read_bytes())
    port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials((pair,)))
    server.start()
    try:
        yield port
    finally:
        server.stop(0).wait(5)


def place_account(folder: Path) -> Path:
    """The file of the service account, for GOOGLE_APPLICATION_CREDENTIALS."""
    pem = _account_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    account = {
        "type": "service_account",
        "project_id": "project",
        "private_key_id": "1",
        "private_key": pem,
        "client_email": EMAIL,
        "token_uri": "https://127.0.0.1:1/token",
    }
    path = folder / "account.json"
    path.write_text(json.dumps(account))
    return path


def _order_type(method: str) -> Any:
    return getattr(kms_v1, f"{method}Request")


def _order(method: str, fields: dict[str, str], body: Any) -> Any:
    """The message of a REST request: what the path, the query and the body say together."""
    kind = _order_type(method)
    order = kind.from_json(json.dumps(body)) if method == "AsymmetricSign" else kind()
    if method == "CreateCryptoKey":
        order.crypto_key = kms_v1.CryptoKey.from_json(json.dumps(body))
    names = {"keyRingId": "key_ring_id", "cryptoKeyId": "crypto_key_id", "filter": "filter", "orderBy": "order_by"}
    for name, value in fields.items():
        if name in ("name", "parent") or name in names:
            setattr(order, names.get(name, name), value)
    return order


def _crc32c(data: bytes) -> int:
    """RFC 3720, appendix B.4: Castagnoli's polynomial, reflected."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


def _private(algorithm: str) -> Any:
    if algorithm == "EC_SIGN_ED25519":
        return ed25519.Ed25519PrivateKey.generate()
    if algorithm.startswith("EC_"):
        return ec.generate_private_key(ec.SECP384R1() if "P384" in algorithm else ec.SECP256R1())
    return rsa.generate_private_key(65537, 2048)


@cache
def _account_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def _is_own_token(token: str) -> bool:
    signed, _, signature = token.rpartition(".")
    try:
        _account_key().public_key().verify(_bytes(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        claims = json.loads(_bytes(signed.partition(".")[2]))
    except (InvalidSignature, ValueError):
        return False
    return bool(claims["iss"] == EMAIL)


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
