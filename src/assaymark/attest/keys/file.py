"""cosign's encrypted key file, both ways.

PEM with the label `ENCRYPTED SIGSTORE PRIVATE KEY` (written and read) or `ENCRYPTED COSIGN PRIVATE KEY` (read) around
compact JSON:

    {"kdf":{"name":"scrypt","params":{"N":65536,"r":8,"p":1},"salt":…},
     "cipher":{"name":"nacl/secretbox","nonce":…},"ciphertext":…}

The password goes through scrypt (RFC 7914) to the 32-byte key of a NaCl secretbox (XSalsa20-Poly1305) that holds
unencrypted PKCS#8. The file is always encrypted, if need be with the empty password.

Rules: only the three scrypt settings that cosign has ever written are accepted, because a file that may choose its own
can ask for all memory of the machine (GHSA-2c7c-3mj9-8fqh is the same hole in PBES2). The private half is written with
mode 0600, both halves atomically.
"""

from __future__ import annotations

import hashlib
import secrets
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from assaymark.attest.keys.pem import encode_pem, parse_pem
from assaymark.attest.keys.private import PrivateKey, parse_private_der
from assaymark.errors import ArtifactError, LocalError, SigningError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.safeio.files import write_atomic
from assaymark.safeio.json import decode_strict

LABEL: Final = "ENCRYPTED SIGSTORE PRIVATE KEY"
LABELS: Final = frozenset({LABEL, "ENCRYPTED COSIGN PRIVATE KEY"})
SCRYPT_SETTINGS: Final = frozenset({(32768, 8, 1), (65536, 8, 1), (131072, 8, 1)})
_WRITTEN: Final = (65536, 8, 1)
_SCRYPT_MEMORY: Final = 256 * 1024 * 1024
_NONCE_BYTES: Final = 24
_SALT_BYTES: Final = 32

Random = Callable[[int], bytes]


def encrypt_key(key: PrivateKey, password: bytes, *, random: Random = secrets.token_bytes) -> bytes:
    """The key file of `key`, as PEM."""
    from nacl.bindings import crypto_secretbox

    salt, nonce = random(_SALT_BYTES), random(_NONCE_BYTES)
    cost, block, parallel = _WRITTEN
    document = {
        "kdf": {"name": "scrypt", "params": {"N": cost, "r": block, "p": parallel}, "salt": _base64(salt)},
        "cipher": {"name": "nacl/secretbox", "nonce": _base64(nonce)},
        "ciphertext": _base64(crypto_secretbox(key.to_pkcs8(), nonce, _derive(password, salt, _WRITTEN))),
    }
    return encode_pem(LABEL, msgspec.json.encode(document))


def decrypt_key(
    data: bytes, password: Callable[[], bytes], *, what: str, limits: Limits = DEFAULT_LIMITS
) -> PrivateKey:
    """The key in the key file `data`; the password is asked for once the file is known to be one.

    Raises:
        SigningError: it is no such file, is damaged, asks for other scrypt settings, or the password is wrong.
    """
    body = _sealed_body(data, what)
    try:
        settings, salt, nonce, ciphertext = _parse_document(decode_strict(body, limits=limits, what=what))
    except (ValueError, ArtifactError) as exc:
        raise SigningError(f"the key file `{what}` is damaged: {exc}", reason="KEY_MALFORMED") from exc
    if settings not in SCRYPT_SETTINGS:
        raise SigningError(
            f"the key file `{what}` asks for the scrypt settings N={settings[0]}, r={settings[1]}, p={settings[2]}",
            hint="only those that cosign writes are accepted: N of 32768, 65536 or 131072 with r=8 and p=1",
            reason="KEY_SCRYPT",
        )
    return parse_private_der(_open_box(ciphertext, nonce, _derive(password(), salt, settings), what))


def write_key_pair(prefix: Path, key: PrivateKey, password: bytes, *, random: Random = secrets.token_bytes) -> None:
    """Write `<prefix>.key` (encrypted, mode 0600) and `<prefix>.pub`, replacing what is there.

    Raises:
        LocalError: the files cannot be written.
    """
    private, public = key_paths(prefix)
    write_atomic(private, encrypt_key(key, password, random=random), mode=0o600)
    write_atomic(public, key.public.pem, mode=0o644)


def key_paths(prefix: Path) -> tuple[Path, Path]:
    """Where `write_key_pair` writes: the encrypted key, and the public key."""
    return prefix.with_name(prefix.name + ".key"), prefix.with_name(prefix.name + ".pub")


def find_exposure(path: Path) -> str:
    """A warning where others than its owner can read the key file; empty where they cannot."""
    try:
        mode = path.stat().st_mode & 0o777
    except OSError as exc:
        raise LocalError(f"cannot read `{path}`: {exc.strerror}") from exc
    if mode & 0o077:
        return f"the key file `{path}` is open to others (mode {mode:04o}); `chmod 600` closes it"
    return ""


def _sealed_body(data: bytes, what: str) -> bytes:
    try:
        pem = parse_pem(data)
    except ValueError as exc:
        raise SigningError(f"`{what}` is not a key file: {exc}", reason="KEY_MALFORMED") from exc
    if pem.label in LABELS:
        return pem.body
    hint = "a public key cannot sign: give the `.key` file"
    if pem.label.endswith("PRIVATE KEY"):
        hint = "`assaymark import-key-pair --key FILE` makes an encrypted key file of it"
    raise SigningError(
        f"`{what}` is not an encrypted key file: it holds a `{pem.label}`", hint=hint, reason="KEY_LABEL"
    )


def _parse_document(document: Any) -> tuple[tuple[int, int, int], bytes, bytes, bytes]:
    kdf, cipher = _member(document, "kdf", dict), _member(document, "cipher", dict)
    if kdf.get("name") != "scrypt" or cipher.get("name") != "nacl/secretbox":
        raise ValueError("it names another kdf or cipher than `scrypt` and `nacl/secretbox`")
    params = _member(kdf, "params", dict)
    settings = (_member(params, "N", int), _member(params, "r", int), _member(params, "p", int))
    nonce = _bytes(cipher, "nonce")
    if len(nonce) != _NONCE_BYTES:
        raise ValueError("the nonce does not have 24 bytes")
    return settings, _bytes(kdf, "salt"), nonce, _bytes(document, "ciphertext")


def _member(document: Any, name: str, kind: type[Any]) -> Any:
    value = document.get(name) if isinstance(document, Mapping) else None
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ValueError(f"`{name}` is missing or of the wrong type")  # noqa: TRY004 - the file is malformed
    return value


def _bytes(document: Any, name: str) -> bytes:
    return a2b_base64(_member(document, name, str), strict_mode=True)


def _derive(password: bytes, salt: bytes, settings: tuple[int, int, int]) -> bytes:
    cost, block, parallel = settings
    return hashlib.scrypt(password, salt=salt, n=cost, r=block, p=parallel, maxmem=_SCRYPT_MEMORY, dklen=32)


def _open_box(ciphertext: bytes, nonce: bytes, key: bytes, what: str) -> bytes:
    from nacl.bindings import crypto_secretbox_open
    from nacl.exceptions import CryptoError

    try:
        return crypto_secretbox_open(ciphertext, nonce, key)
    except CryptoError as exc:
        raise SigningError(
            f"the key file `{what}` does not open: wrong password, or the file was changed",
            hint="the password comes from `COSIGN_PASSWORD`, or from a prompt when that is not set",
            reason="KEY_PASSWORD",
        ) from exc


def _base64(data: bytes) -> str:
    return b2a_base64(data, newline=False).decode("ascii")
