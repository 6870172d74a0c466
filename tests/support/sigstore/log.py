"""A transparency log, first generation (Rekor v1) or second (tiles): what both are, and where they differ.

The first promises inclusion with a signed entry timestamp, counts across shards (so an entry has two indexes) and names
its tree in checkpoints. The second signs nothing but checkpoints, under its host's name.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import rfc8785
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from tests.support.sigstore.authority import LIFETIME, spki
from tests.support.sigstore.entries import Body, base64_text
from tests.support.sigstore.merkle_tree import MerkleTree, leaf_hash
from tests.support.sigstore.switches import Switch, Switches

SHARD_OFFSET: Final = 4_163_431
"""How many entries lie in older shards of the first-generation log."""
TREE_ID: Final = 0x30D9F8E1A2B3C4D5


class Generation(StrEnum):
    V1 = "rekor-v1"
    V2 = "rekor-v2"


@dataclass(frozen=True)
class Proof:
    """An inclusion proof with its checkpoint; `checkpoint` is empty when there is none."""

    index: int
    root: bytes
    size: int
    hashes: tuple[bytes, ...]
    checkpoint: str


@dataclass(frozen=True)
class Logged:
    """An entry as the log tells of it; times, promises and proofs that are absent are 0, empty and None."""

    kind: str
    version: str
    body: bytes
    log_id: bytes
    index: int
    time: int
    promise: bytes
    proof: Proof | None

    @property
    def uuid(self) -> str:
        """The tree's number and the leaf's hash."""
        return f"{TREE_ID:016x}{leaf_hash(self.body).hex()}"

    def bundled(self) -> dict[str, Any]:
        """A TransparencyLogEntry in ProtoJSON, zeros left out."""
        entry: dict[str, Any] = {
            "logIndex": str(self.index),
            "logId": {"keyId": base64_text(self.log_id)},
            "kindVersion": {"kind": self.kind, "version": self.version},
            "integratedTime": str(self.time),
            "inclusionPromise": {"signedEntryTimestamp": base64_text(self.promise)},
            "inclusionProof": self._bundled_proof(),
            "canonicalizedBody": base64_text(self.body),
        }
        absent = {"inclusionPromise": not self.promise, "inclusionProof": self.proof is None}
        return {name: value for name, value in entry.items() if value != "0" and not absent.get(name)}

    def listed(self) -> dict[str, Any]:
        """The entry as Rekor's first interface gives it."""
        verification: dict[str, Any] = {}
        if self.promise:
            verification["signedEntryTimestamp"] = base64_text(self.promise)
        if self.proof:
            verification["inclusionProof"] = {
                "logIndex": self.proof.index,
                "rootHash": self.proof.root.hex(),
                "treeSize": self.proof.size,
                "hashes": [hash_.hex() for hash_ in self.proof.hashes],
                "checkpoint": self.proof.checkpoint,
            }
        return {
            "body": base64_text(self.body),
            "integratedTime": self.time,
            "logID": self.log_id.hex(),
            "logIndex": self.index,
            "verification": verification,
        }

    def _bundled_proof(self) -> dict[str, Any]:
        if self.proof is None:
            return {}
        proof = {
            "logIndex": str(self.proof.index),
            "rootHash": base64_text(self.proof.root),
            "treeSize": str(self.proof.size),
            "hashes": [base64_text(hash_) for hash_ in self.proof.hashes],
            "checkpoint": {"envelope": self.proof.checkpoint},
        }
        return {name: value for name, value in proof.items() if value not in ("0", [], {"envelope": ""})}


class Log:
    """One log: entries, its key, and a second key that nobody trusts."""

    def __init__(self, generation: Generation, *, host: str) -> None:
        self.generation = generation
        self.origin = f"{host} - {TREE_ID}" if generation is Generation.V1 else host
        self._key, self._other = (_generate(generation) for _ in range(2))
        self._tree, self._other_tree = MerkleTree(), MerkleTree()
        self._other_tree.append(b"the only leaf of another tree")
        self._entries: list[tuple[Body, int]] = []

    @property
    def public_key(self) -> bytes:
        """SubjectPublicKeyInfo."""
        return spki(self._key.public_key())

    @property
    def key_id(self) -> bytes:
        """What bundles and trusted roots call the log."""
        return self._identify(self._key)

    @property
    def size(self) -> int:
        return len(self._entries)

    @property
    def checkpoint(self) -> str:
        """The signed note of the whole tree as it is now."""
        return self._note(self._key, self._tree.root(self.size), self.size)

    def add(self, body: Body, moment: datetime) -> int:
        """Log a body; returns its index in the tree."""
        self._entries.append((body, int(moment.timestamp())))
        return self._tree.append(body.data)

    def find(self, body: Body) -> int | None:
        """The index in the tree of an equal body, if it was logged."""
        return next((index for index, (logged, _) in enumerate(self._entries) if logged == body), None)

    def find_uuid(self, uuid: str) -> int | None:
        """The index in the tree of the entry with this identifier, with or without its tree's part."""
        wanted = uuid[-64:]
        return next((index for index, leaf in enumerate(self._tree.leaves) if leaf.hex() == wanted), None)

    def tell(self, index: int, *, switches: Switches) -> Logged:
        """What the log says of one entry."""
        time = self._entries[index][1]
        index = 0 if Switch.OTHER_ENTRY in switches else index
        body = self._entries[index][0]
        if Switch.LATE_ENTRY in switches:
            time += int((LIFETIME + timedelta(hours=1)).total_seconds())
        key = self._other if Switch.OTHER_LOG in switches else self._key
        first = self.generation is Generation.V1
        entry = Logged(
            kind=body.kind,
            version=body.version,
            body=body.data,
            log_id=self._identify(key),
            index=index + (SHARD_OFFSET if first else 0),
            time=time if first else 0,
            promise=b"",
            proof=None if Switch.NO_PROOF in switches else self._prove(key, index, switches),
        )
        return replace(entry, promise=_promise(key, entry, switches)) if isinstance(key, _Ecdsa) else entry

    def _prove(self, key: _Key, index: int, switches: Switches) -> Proof:
        path, root = self._tree.proof(index, self.size), self._tree.root(self.size)
        if Switch.BAD_PROOF in switches:
            path = [flipped(path[0]), *path[1:]] if path else [root]
        stated = self._other_tree.root(1) if Switch.OTHER_ROOT in switches else root
        note = self._note(key, stated, self.size, broken=Switch.BAD_CHECKPOINT in switches)
        return Proof(index, root, self.size, tuple(path), "" if Switch.NO_CHECKPOINT in switches else note)

    def _note(self, key: _Key, root: bytes, size: int, *, broken: bool = False) -> str:
        text = f"{self.origin}\n{size}\n{base64_text(root)}\n"
        signature = _sign(key, text.encode())
        if broken:
            signature = flipped(signature)
        name = self.origin.partition(" - ")[0]
        return f"{text}\n— {name} {base64_text(self._identify(key)[:4] + signature)}\n"

    def _identify(self, key: _Key) -> bytes:
        public = spki(key.public_key())
        if isinstance(key, _Ecdsa):
            return hashlib.sha256(public).digest()
        # signed notes: name, newline, the algorithm's number, the bare key
        return hashlib.sha256(self.origin.encode() + b"\n\x01" + public[-32:]).digest()


def flipped(data: bytes) -> bytes:
    """The same with its last bit flipped."""
    return data[:-1] + bytes([data[-1] ^ 1])


_Ecdsa = ec.EllipticCurvePrivateKey
_Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def _generate(generation: Generation) -> _Key:
    if generation is Generation.V1:
        return ec.generate_private_key(ec.SECP256R1())
    return ed25519.Ed25519PrivateKey.generate()


def _sign(key: _Key, data: bytes) -> bytes:
    return key.sign(data, ec.ECDSA(hashes.SHA256())) if isinstance(key, _Ecdsa) else key.sign(data)


def _promise(key: _Ecdsa, entry: Logged, switches: Switches) -> bytes:
    """A signed entry timestamp."""
    if Switch.NO_SET in switches:
        return b""
    signed = {name: value for name, value in entry.listed().items() if name != "verification"}
    promise = _sign(key, rfc8785.dumps(signed))
    return flipped(promise) if Switch.BAD_SET in switches else promise
