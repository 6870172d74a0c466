"""An AWS KMS in memory (AWS JSON 1.1, `TrentService`): keys, aliases, states, and signatures of requests that are checked.

It signs what the real one signs: a digest, when that is what it was given. The check of Signature Version 4 is the
vendor's own code run over what came.
"""

from __future__ import annotations

import uuid
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.support.loopback import Answer, Request

REGION: Final = "eu-central-1"
ACCOUNT: Final = "111122223333"
ACCESS_KEY: Final = "AKIDEXAMPLE"
SECRET_KEY: Final = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
CREDENTIALS: Final = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "AWS_REGION": REGION}

_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "256": hashes.SHA256(),
    "384": hashes.SHA384(),
    "512": hashes.SHA512(),
}
_RSA: Final = tuple(f"RSASSA_{kind}_SHA_{bits}" for kind in ("PKCS1_V1_5", "PSS") for bits in _HASHES)
_SPECS: Final[dict[str, tuple[Any, tuple[str, ...]]]] = {
    "ECC_NIST_P256": (ec.SECP256R1(), ("ECDSA_SHA_256",)),
    "ECC_NIST_P384": (ec.SECP384R1(), ("ECDSA_SHA_384",)),
    "ECC_NIST_P521": (ec.SECP521R1(), ("ECDSA_SHA_512",)),
    "ECC_SECG_P256K1": (ec.SECP256K1(), ("ECDSA_SHA_256",)),
    "RSA_2048": (2048, _RSA),
}


class Refusal(Exception):
    """An error reply, by its name."""


@dataclass
class Key:
    """One key; `state` and `usage` may be changed at will."""

    spec: str
    usage: str = "SIGN_VERIFY"
    state: str = "Enabled"
    identifier: str = field(default_factory=lambda: str(uuid.uuid4()))

    def __post_init__(self) -> None:
        kind, self.algorithms = _SPECS[self.spec]
        self.private: Any = (
            rsa.generate_private_key(65537, kind) if isinstance(kind, int) else ec.generate_private_key(kind)
        )

    @property
    def arn(self) -> str:
        return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{self.identifier}"

    @property
    def spki(self) -> bytes:
        return bytes(self.private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))

    @property
    def description(self) -> dict[str, Any]:
        return {
            "KeyId": self.identifier,
            "Arn": self.arn,
            "KeyUsage": self.usage,
            "KeyState": self.state,
            "KeySpec": self.spec,
            "CustomerMasterKeySpec": self.spec,
            "SigningAlgorithms": list(self.algorithms),
        }

    def sign(self, algorithm: str, message: bytes) -> bytes:
        if algorithm not in self.algorithms:
            raise Refusal("InvalidKeyUsageException")
        chosen = _HASHES[algorithm[-3:]]
        if len(message) != chosen.digest_size:
            raise Refusal("ValidationException")
        if algorithm.startswith("ECDSA"):
            return bytes(self.private.sign(message, ec.ECDSA(Prehashed(chosen))))
        pss = padding.PSS(padding.MGF1(chosen), chosen.digest_size)
        form = padding.PKCS1v15() if "PKCS1" in algorithm else pss
        return bytes(self.private.sign(message, form, Prehashed(chosen)))


class AwsKms:
    """The service; `serve` answers for `Loopback`.

    Attributes:
        keys: by identifier.
        aliases: `alias/…`, and the identifier it leads to.
        refused: the name of the error for every request that is about a key, while it is set.
    """

    def __init__(self) -> None:
        self.keys: dict[str, Key] = {}
        self.aliases: dict[str, str] = {}
        self.refused: tuple[str, str] | None = None

    def add(self, spec: str = "ECC_NIST_P256", *, alias: str = "", **settings: str) -> Key:
        """A key, under an alias where one is given."""
        key = Key(spec, **settings)
        self.keys[key.identifier] = key
        if alias:
            self.aliases[f"alias/{alias}"] = key.identifier
        return key

    def serve(self, request: Request) -> Answer:
        """The reply to one request."""
        name = request.headers["x-amz-target"].removeprefix("TrentService.")
        try:
            _check_signature(request)
            if self.refused is not None:
                return _error(*self.refused)
            return Answer(document=getattr(self, f"_{name}")(request.json), headers=_JSON)
        except Refusal as exc:
            return _error(str(exc), f"about {request.json.get('KeyId', 'it')}")

    def _find(self, order: dict[str, Any]) -> Key:
        name = str(order["KeyId"])
        if name.startswith("arn:"):
            if f":{REGION}:" not in name:
                raise Refusal("NotFoundException")
            name = name.split(":", 5)[5].removeprefix("key/")
        key = self.keys.get(self.aliases.get(name, name))
        if key is None:
            raise Refusal("NotFoundException")
        return key

    def _DescribeKey(self, order: dict[str, Any]) -> dict[str, Any]:
        return {"KeyMetadata": self._find(order).description}

    def _GetPublicKey(self, order: dict[str, Any]) -> dict[str, Any]:
        key = self._usable(order)
        return {**key.description, "KeyId": key.arn, "PublicKey": b64encode(key.spki).decode()}

    def _Sign(self, order: dict[str, Any]) -> dict[str, Any]:
        key = self._usable(order)
        if order["MessageType"] != "DIGEST" or key.usage != "SIGN_VERIFY":
            raise Refusal("InvalidKeyUsageException")
        signature = key.sign(order["SigningAlgorithm"], b64decode(order["Message"]))
        return {
            "KeyId": key.arn,
            "Signature": b64encode(signature).decode(),
            "SigningAlgorithm": order["SigningAlgorithm"],
        }

    def _CreateKey(self, order: dict[str, Any]) -> dict[str, Any]:
        spec = order.get("KeySpec") or order["CustomerMasterKeySpec"]
        return {"KeyMetadata": self.add(spec, usage=order["KeyUsage"]).description}

    def _CreateAlias(self, order: dict[str, Any]) -> dict[str, Any]:
        if order["AliasName"] in self.aliases:
            raise Refusal("AlreadyExistsException")
        self.aliases[order["AliasName"]] = order["TargetKeyId"]
        return {}

    def _usable(self, order: dict[str, Any]) -> Key:
        key = self._find(order)
        if key.state != "Enabled":
            raise Refusal("DisabledException" if key.state == "Disabled" else "KMSInvalidStateException")
        return key


_JSON: Final = {"Content-Type": "application/x-amz-json-1.1"}


def _error(name: str, message: str) -> Answer:
    return Answer(400, {"__type": name, "message": message}, _JSON)


def _check_signature(request: Request) -> None:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    parts = dict(part.strip().split("=", 1) for part in request.headers["authorization"].partition(" ")[2].split(","))
    if not parts["Credential"].startswith(f"{ACCESS_KEY}/"):
        raise Refusal("UnrecognizedClientException")
    signed = {name: request.headers[name] for name in parts["SignedHeaders"].split(";")}
    again = AWSRequest("POST", f"http://{request.headers['host']}{request.path}", headers=signed, data=request.body)
    again.context.update(timestamp=request.headers["x-amz-date"], payload_signing_enabled=True)
    auth = SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), "kms", parts["Credential"].split("/")[2])
    text = auth.string_to_sign(again, auth.canonical_request(again))
    if auth.signature(text, again) != parts["Signature"]:
        raise Refusal("InvalidSignatureException")
