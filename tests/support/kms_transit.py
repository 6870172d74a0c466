"""The transit engine of Vault and OpenBao in memory: keys with versions, tokens, namespaces, mounts.

Replies and errors are those that OpenBao 2.6 gives to the same requests.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.support.loopback import Answer, Request

TOKEN: Final = "s.ROOTTOKEN"
_CURVES: Final[dict[str, ec.EllipticCurve]] = {
    "ecdsa-p256": ec.SECP256R1(),
    "ecdsa-p384": ec.SECP384R1(),
    "ecdsa-p521": ec.SECP521R1(),
}
_ROUTE: Final = re.compile(r"/v1/(?P<mount>.+)/(?P<what>keys|sign|verify)/(?P<key>[^/]+)(?:/+(?P<hash>sha2-256))?")


@dataclass
class Key:
    """One key and its versions, oldest first."""

    kind: str
    versions: list[Any] = field(default_factory=list)
    deleted: bool = False

    def __post_init__(self) -> None:
        self.rotate()

    def rotate(self) -> None:
        """Add a version."""
        if self.kind in _CURVES:
            self.versions.append(ec.generate_private_key(_CURVES[self.kind]))
        elif self.kind == "ed25519":
            self.versions.append(ed25519.Ed25519PrivateKey.generate())
        elif self.kind.startswith("rsa-"):
            self.versions.append(rsa.generate_private_key(65537, int(self.kind[4:])))
        else:
            self.versions.append(None)

    def public(self, version: int) -> str:
        """As the service writes it: PEM, or base64 of the 32 bytes."""
        public = self.versions[version - 1].public_key()
        if self.kind == "ed25519":
            return b64encode(public.public_bytes_raw()).decode()
        return str(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())

    @property
    def description(self) -> dict[str, Any]:
        numbers = range(1, len(self.versions) + 1)
        keys = {
            str(number): 1795259626 if self.versions[0] is None else {"name": "x", "public_key": self.public(number)}
            for number in numbers
        }
        return {"keys": keys, "latest_version": len(keys), "soft_deleted": self.deleted, "type": self.kind}


class Transit:
    """The service; `serve` answers for `Loopback`.

    Attributes:
        keys: by mount and name.
        namespace: the only one there is.
    """

    def __init__(self, *, mount: str = "transit", namespace: str = "") -> None:
        self.mount = mount
        self.namespace = namespace
        self.keys: dict[str, Key] = {}

    def add(self, name: str, kind: str = "ecdsa-p256") -> Key:
        """A key."""
        self.keys[name] = Key(kind)
        return self.keys[name]

    def serve(self, request: Request) -> Answer:
        """The reply to one request."""
        token = request.headers.get("x-vault-token") or request.headers.get("authorization", "").removeprefix("Bearer ")
        if request.headers.get("x-vault-namespace", "").strip("/") != self.namespace:
            return _errors(404, "namespace not found")
        if token != TOKEN:
            return _errors(403, "permission denied")
        match = _ROUTE.fullmatch(unquote(request.path))
        if match is None or match["mount"] != self.mount:
            return _errors(404, f'no handler for route "{request.path}". route entry not found.')
        if match["what"] == "keys":
            return self._describe(request, match["key"])
        key = self.keys.get(match["key"])
        if key is None:
            return _errors(400, "signing key not found")
        if key.versions[0] is None:
            return _errors(400, f"key type {key.kind} does not support signing")
        return self._sign(key, request.json) if match["what"] == "sign" else self._verify(key, request.json)

    def _describe(self, request: Request, name: str) -> Answer:
        if request.method != "GET" and name not in self.keys:
            self.add(name, request.json["type"])
        if name not in self.keys:
            return Answer(404, {"errors": []})
        return Answer(document={"data": self.keys[name].description, "warnings": None})

    def _sign(self, key: Key, order: dict[str, Any]) -> Answer:
        number = int(order.get("key_version") or 0) or len(key.versions)
        private, message = key.versions[number - 1], b64decode(order["input"], validate=True)
        if key.kind == "ed25519":
            signature = private.sign(message)
        elif not order["prehashed"] or len(message) != 32:
            return _errors(400, "the input is no digest")
        elif key.kind in _CURVES:
            signature = private.sign(message, ec.ECDSA(Prehashed(SHA256())))
        else:
            form: Any = padding.PKCS1v15()
            if order.get("signature_algorithm") != "pkcs1v15":
                form = padding.PSS(padding.MGF1(SHA256()), padding.PSS.MAX_LENGTH)
            signature = private.sign(message, form, Prehashed(SHA256()))
        text = f"vault:v{number}:{b64encode(signature).decode()}"
        return Answer(document={"data": {"key_version": number, "signature": text}})

    def _verify(self, key: Key, order: dict[str, Any]) -> Answer:
        number, _, text = str(order["signature"]).removeprefix("vault:v").partition(":")
        public, message = key.versions[int(number) - 1].public_key(), b64decode(order["input"])
        try:
            if key.kind in _CURVES:
                public.verify(b64decode(text), message, ec.ECDSA(Prehashed(SHA256())))
            else:
                public.verify(b64decode(text), message, padding.PKCS1v15(), Prehashed(SHA256()))
        except Exception:
            return Answer(document={"data": {"valid": False}})
        return Answer(document={"data": {"valid": True}})


def _errors(status: int, *texts: str) -> Answer:
    return Answer(status, {"errors": list(texts)})
