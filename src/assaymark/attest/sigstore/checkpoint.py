"""Checkpoints: what a log says that its tree is (C2SP `tlog-checkpoint` and `signed-note`).

    origin LF size LF base64(root hash) LF [other LF]… LF
    — name SP base64(key hash ‖ signature) LF …

Rules: the note's text, with its last line feed, is what is signed. A log signs with its name and a hash of its key;
lines of other names or keys belong to witnesses or to somebody else and are passed over, at least one line is the
log's, and each that claims to be is right.

- Rekor v1: the origin is `<name> - <number of the tree>`, and the signer's name is that name. The key's hash begins the
  SHA-256 of its SubjectPublicKeyInfo.
- Rekor v2: origin and signer's name are the host of the log's URL. The key's hash is that of `signed-note`: for Ed25519
  over name, algorithm and key, for ECDSA over the SubjectPublicKeyInfo, for RSA over both.
"""

from __future__ import annotations

import hashlib
import re
from enum import Enum
from typing import Final

import msgspec

from assaymark.attest.keys.algorithms import verify_signature
from assaymark.attest.keys.public import Algorithm, PublicKey
from assaymark.attest.reasons import Reason, refuse
from assaymark.attest.sigstore.trusted_root import TrustedLog
from assaymark.attest.strict import decode_base64
from assaymark.limits import DEFAULT_LIMITS, Limits

_V1_ORIGIN: Final = re.compile(r"(.+) - [0-9]{1,20}\Z")
_SIZE: Final = re.compile(r"(?:0|[1-9][0-9]{0,18})\Z")
_DASH: Final = "\N{EM DASH} "
_HASH_BYTES: Final = 32
_KEY_HASH_BYTES: Final = 4
_ED25519: Final = b"\x01"
_OTHER_ALGORITHM: Final = b"\xff"
_RSA_NAME: Final = b"PKIX-RSA-PKCS#1v1.5"


class Generation(Enum):
    """The generations of Rekor."""

    V1 = "1"
    V2 = "2"


class NoteSignature(msgspec.Struct, frozen=True, kw_only=True):
    """One line below a note."""

    name: str
    key_hash: bytes
    signature: bytes


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint as it was read.

    Attributes:
        text: what was signed.
    """

    origin: str
    size: int
    root: bytes
    text: bytes
    signatures: tuple[NoteSignature, ...]


def parse_checkpoint(note: str, *, limits: Limits = DEFAULT_LIMITS) -> Checkpoint:
    """The checkpoint that `note` spells.

    Raises:
        VerificationError: `CHECKPOINT_MALFORMED`.
    """
    try:
        return _read(note, limits)
    except ValueError as exc:
        raise refuse(Reason.CHECKPOINT_MALFORMED, f"the checkpoint of the log is malformed: {exc}") from exc


def verify_checkpoint(checkpoint: Checkpoint, log: TrustedLog, generation: Generation) -> None:
    """Verify that `log` signed the checkpoint.

    Raises:
        VerificationError: `CHECKPOINT_UNSIGNED` or `BAD_CHECKPOINT`.
    """
    name = _signer_name(checkpoint, log, generation)
    hashes = _key_hashes(log, name, generation)
    own = [line for line in checkpoint.signatures if line.name == name and line.key_hash in hashes]
    if not own:
        raise refuse(Reason.CHECKPOINT_UNSIGNED, f"the checkpoint is not signed by the log `{log.base_url}`")
    for line in own:
        if verify_signature(log.key, signature=line.signature, message=checkpoint.text) is None:
            raise refuse(Reason.BAD_CHECKPOINT, f"the signature on the checkpoint is not that of `{log.base_url}`")


def key_hash(key: PublicKey, name: str, generation: Generation) -> bytes:
    """What checkpoints of `name` call the key; the first four bytes of it stand in their signatures."""
    return hashlib.sha256(_hashed(key, name, generation)).digest()


def _read(note: str, limits: Limits) -> Checkpoint:
    if len(note) > limits.checkpoint_bytes:
        raise ValueError(f"it has {len(note)} characters, more than {limits.checkpoint_bytes}")
    text, separator, block = note.partition("\n\n")
    lines = text.split("\n")
    if not separator or len(lines) < 3:
        raise ValueError("there are no three lines and signatures below them")
    origin, size, root = lines[:3]
    if not origin or not _SIZE.match(size):
        raise ValueError("the first line is no origin, or the second no size")
    digest = decode_base64(root)
    if len(digest) != _HASH_BYTES:
        raise ValueError("the third line is no hash of 32 bytes")
    return Checkpoint(
        origin=origin,
        size=int(size),
        root=digest,
        text=text.encode() + b"\n",
        signatures=_read_signatures(block, limits),
    )


def _read_signatures(block: str, limits: Limits) -> tuple[NoteSignature, ...]:
    if not block:
        return ()
    if not block.endswith("\n"):
        raise ValueError("the last line has no end")
    lines = block[:-1].split("\n")
    if len(lines) > limits.checkpoint_signatures:
        raise ValueError(f"there are {len(lines)} signatures, more than {limits.checkpoint_signatures}")
    return tuple(_read_signature(line) for line in lines)


def _read_signature(line: str) -> NoteSignature:
    name, separator, encoded = line.removeprefix(_DASH).rpartition(" ")
    if not line.startswith(_DASH) or not separator or not name:
        raise ValueError("a line below the text is no signature")
    data = decode_base64(encoded)
    if len(data) <= _KEY_HASH_BYTES:
        raise ValueError("a signature is too short")
    return NoteSignature(name=name, key_hash=data[:_KEY_HASH_BYTES], signature=data[_KEY_HASH_BYTES:])


def _signer_name(checkpoint: Checkpoint, log: TrustedLog, generation: Generation) -> str:
    if generation is Generation.V1:
        match = _V1_ORIGIN.match(checkpoint.origin)
        if match is None:
            raise refuse(Reason.CHECKPOINT_UNSIGNED, f"`{checkpoint.origin[:200]}` is not the origin of a log's tree")
        return match[1]
    if not log.host or checkpoint.origin != log.host:
        text = f"the checkpoint is of `{checkpoint.origin[:200]}`, not of the log `{log.base_url}`"
        raise refuse(Reason.CHECKPOINT_UNSIGNED, text)
    return log.host


def _key_hashes(log: TrustedLog, name: str, generation: Generation) -> set[bytes]:
    computed = key_hash(log.key, name, generation)
    named = {log.checkpoint_key_id[:_KEY_HASH_BYTES]} if log.checkpoint_key_id else set()
    return {computed[:_KEY_HASH_BYTES]} | named


def _hashed(key: PublicKey, name: str, generation: Generation) -> bytes:
    if generation is Generation.V1:
        return key.spki
    if key.algorithm is Algorithm.ED25519:
        return name.encode() + b"\n" + _ED25519 + key.material
    if key.algorithm is Algorithm.RSA:
        return name.encode() + b"\n" + _OTHER_ALGORITHM + _RSA_NAME + key.spki
    return key.spki
