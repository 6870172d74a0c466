"""Keys on a token: which one is meant, its public half, and signatures with it.

| key | mechanism (PKCS#11 Current Mechanisms v2.40) | what is handed over |
|---|---|---|
| EC P-256, P-384, P-521 | CKM_ECDSA (2.3.6) | the SHA-256 digest; the answer r‖s becomes DER |
| RSA | CKM_RSA_PKCS (2.1.6) | DigestInfo of SHA-256 (RFC 8017, 9.2), as PKCS#1 v1.5 has it |

Rules:

- The digest is computed here: every token has these two mechanisms, few have those that hash, and cosign does the same.
- The public half is the public key object with the private key's `CKA_ID` (without one: its label), else the numbers of
  an RSA private key, else the certificate beside it, unless `COSIGN_PKCS11_IGNORE_CERTIFICATE` is 1.
- Every signature is verified before it is given away: a certificate that belongs to another key is found at once.
"""

from __future__ import annotations

import hashlib
import sys
from threading import Lock
from typing import Any, Final, final

from assaymark.attest.keys.algorithms import check_point, verify_signature
from assaymark.attest.keys.der import (
    BIT_STRING,
    INTEGER,
    NULL,
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    DerReader,
    encode,
)
from assaymark.attest.keys.public import Algorithm, PublicKey, parse_spki
from assaymark.attest.keys.tokens.library import Session
from assaymark.attest.keys.tokens.uri import KeyChoice
from assaymark.errors import SigningError, UsageError
from assaymark.safeio.text import printable

LIST_KEYS: Final = "`assaymark pkcs11-tool list-keys-uris --slot-id N` shows them"

# attributes, classes, kinds and mechanisms by the numbers of the specification's header
_CLASS, _LABEL, _ID, _VALUE, _KEY_TYPE, _SIGN = 0x0, 0x3, 0x102, 0x11, 0x100, 0x108
_MODULUS, _EXPONENT, _EC_PARAMS, _EC_POINT, _ALWAYS_AUTHENTICATE = 0x120, 0x122, 0x180, 0x181, 0x202
_CERTIFICATE, _PUBLIC, _PRIVATE = 1, 2, 3
_RSA, _EC = 0, 3
_CKM_RSA_PKCS, _CKM_ECDSA = 0x1, 0x1041

_ID_EC_PUBLIC_KEY: Final = bytes.fromhex("2a8648ce3d0201")
_ID_RSA: Final = bytes.fromhex("2a864886f70d010101")
_BARE_POINTS: Final = frozenset({65, 97, 133})
_SHA256_DIGEST_INFO: Final = bytes.fromhex("3031300d060960864801650304020105000420")  # RFC 8017, 9.2, note 1


@final
class TokenSigner:
    """A private key that stays on its token."""

    __slots__ = ("_key", "_lock", "_pin", "_session", "public")

    def __init__(self, session: Session, key: Any, public: PublicKey, *, pin: str | None) -> None:
        self.public: PublicKey = public
        self._session = session
        self._key = key
        self._pin = pin if session.read(key, _ALWAYS_AUTHENTICATE) == b"\1" else None
        self._lock = Lock()  # a session does one thing at a time

    def __repr__(self) -> str:
        return f"TokenSigner({self.public.algorithm.value}, {self.public.fingerprint})"

    def sign(self, message: bytes) -> bytes:
        """A signature over `message`.

        Raises:
            SigningError: the token refuses, is gone, or signs with another key than its public half says.
        """
        digest = hashlib.sha256(message).digest()
        with self._lock:
            if self.public.algorithm is Algorithm.RSA:
                signature = self._token(_CKM_RSA_PKCS, _SHA256_DIGEST_INFO + digest)
            else:
                signature = _ecdsa_der(self._token(_CKM_ECDSA, digest))
        if verify_signature(self.public, signature=signature, message=message) is None:
            hint = "COSIGN_PKCS11_IGNORE_CERTIFICATE=1 leaves certificates on the token alone"
            text = f"what the token `{self._session.token}` signed does not verify with the public key that it shows"
            raise SigningError(text, hint=hint, reason="TOKEN_KEY_MISMATCH")
        return signature

    def _token(self, mechanism: int, data: bytes) -> bytes:
        return self._session.sign(self._key, mechanism, data, pin=self._pin)


def open_signer(session: Session, choice: KeyChoice, *, pin: str | None, certificates: bool = True) -> TokenSigner:
    """The private key that `choice` names, in a session that is logged in.

    Raises:
        UsageError: there is more than one such key.
        SigningError: there is none, it may not sign, or is of a kind that cannot sign here.
    """
    found = session.find([(_CLASS, _PRIVATE), *_template(choice)])
    if not found:
        text = f"there is no private key `{_shown(choice)}` on the token `{session.token}`"
        raise SigningError(text, hint=LIST_KEYS, reason="KEY_NOT_FOUND")
    if len(found) > 1:
        raise _ambiguous(session, choice, "private keys", len(found))
    key = found[0]
    if session.read(key, _SIGN) == b"\0":
        text = f"the key `{_shown(choice)}` on the token `{session.token}` may not sign (CKA_SIGN is false)"
        raise SigningError(text, reason="KEY_USAGE")
    own = KeyChoice(id=session.read(key, _ID)) if session.read(key, _ID) else choice
    public = find_public_key(session, own, certificates=certificates, private=key)
    if public is None:
        text = f"the token `{session.token}` does not show the public half of the key `{_shown(choice)}`"
        hint = "store its public key object or its certificate beside it, with the same id"
        raise SigningError(text, hint=hint, reason="KEY_PUBLIC_MISSING")
    return TokenSigner(session, key, public, pin=pin)


def find_public_key(
    session: Session, choice: KeyChoice, *, certificates: bool = True, private: Any = None
) -> PublicKey | None:
    """The public key that `choice` names; None where the token shows none.

    Raises:
        UsageError: there is more than one.
        SigningError: it is of a kind that is not used here, or malformed.
    """
    found = session.find([(_CLASS, _PUBLIC), *_template(choice)])
    if len(found) > 1:
        raise _ambiguous(session, choice, "public keys", len(found))
    try:
        if found:
            return _public_key(session, found[0])
        if private is not None and _number(session.read(private, _KEY_TYPE)) == _RSA:
            return _rsa_key(session, private)
        held = session.find([(_CLASS, _CERTIFICATE), *_template(choice)]) if certificates else []
        keys = {key.spki: key for key in (_certified_key(session.read(each, _VALUE)) for each in held)}
    except ValueError as exc:
        text = f"the key `{_shown(choice)}` on the token `{session.token}` is not accepted: {exc}"
        raise SigningError(text, reason="KEY_UNSUPPORTED") from exc
    if len(keys) > 1:  # a renewed certificate has the same key, and that is one answer
        raise _ambiguous(session, choice, "keys in certificates", len(keys))
    return next(iter(keys.values()), None)


def list_keys(session: Session) -> list[KeyChoice]:
    """The private keys that have an id or a label, in the token's order."""
    choices = []
    for found in session.find([(_CLASS, _PRIVATE)]):
        label = session.read(found, _LABEL).decode("utf-8", "replace")
        choice = KeyChoice(label=label, id=session.read(found, _ID))
        if choice.label or choice.id:
            choices.append(choice)
    return choices


def _template(choice: KeyChoice) -> list[tuple[int, Any]]:
    label = [(_LABEL, choice.label)] if choice.label else []
    return [*label, *([(_ID, choice.id)] if choice.id else [])]


def _ambiguous(session: Session, choice: KeyChoice, what: str, count: int) -> UsageError:
    text = f"{count} {what} on the token `{session.token}` match `{_shown(choice)}`"
    return UsageError(text, hint=f"name both `id` and `object` in the URI; {LIST_KEYS}")


def _shown(choice: KeyChoice) -> str:
    return printable(str(choice))


def _public_key(session: Session, found: Any) -> PublicKey:
    kind = _number(session.read(found, _KEY_TYPE))
    if kind == _RSA:
        return _rsa_key(session, found)
    if kind != _EC:
        raise ValueError("it is neither EC nor RSA")
    point = session.read(found, _EC_POINT)
    if len(point) not in _BARE_POINTS:  # wrapped, as the specification wants it (2.3.3); some tokens do not
        reader = DerReader(point)
        point = reader.take(OCTET_STRING)
        reader.finish()
    identifier = encode(OBJECT_IDENTIFIER, _ID_EC_PUBLIC_KEY) + session.read(found, _EC_PARAMS)
    key = parse_spki(_spki(identifier, point))
    check_point(key)
    return key


def _rsa_key(session: Session, found: Any) -> PublicKey:
    numbers = (_integer(session.read(found, _MODULUS)), _integer(session.read(found, _EXPONENT)))
    identifier = encode(OBJECT_IDENTIFIER, _ID_RSA) + encode(NULL, b"")
    return parse_spki(_spki(identifier, encode(SEQUENCE, b"".join(numbers))))


def _certified_key(certificate: bytes) -> PublicKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from cryptography.x509 import load_der_x509_certificate

    try:
        public = load_der_x509_certificate(certificate).public_key()
    except UnsupportedAlgorithm as exc:
        raise ValueError("its certificate holds a key of another kind") from exc
    return parse_spki(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _spki(identifier: bytes, key: bytes) -> bytes:
    return encode(SEQUENCE, encode(SEQUENCE, identifier) + encode(BIT_STRING, b"\0" + key))


def _ecdsa_der(pair: bytes) -> bytes:
    """Two numbers of equal length (PKCS#11, 2.3.1) as the DER that signatures are exchanged in (RFC 3279, 2.2.3)."""
    half = len(pair) // 2
    return encode(SEQUENCE, _integer(pair[:half]) + _integer(pair[half:]))


def _integer(number: bytes) -> bytes:
    content = number.lstrip(b"\0") or b"\0"
    return encode(INTEGER, b"\0" + content if content[0] & 0x80 else content)


def _number(native: bytes) -> int:
    """A CK_ULONG, in the byte order of this machine; -1 where the object has none."""
    return int.from_bytes(native, sys.byteorder) if native else -1
