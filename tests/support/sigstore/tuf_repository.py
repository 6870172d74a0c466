"""A TUF repository in memory (consistent snapshots, one Ed25519 key for four roles), and what may happen to it.

repository = TufRepository({"trusted_root.json": data}, clock=clock)
repository.initial_root             # what a client starts from
repository.rotate(5)                # five roots that a client missed, each with new keys
repository.publish("trusted_root.json", newer)
repository.expire("timestamp")
repository.files["timestamp.json"]  # served as they are; an older state is a copy of `files`
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from securesystemslib.signer import CryptoSigner
from tests.support.sigstore.instance import Clock
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

ROLES: Final = ("root", "timestamp", "snapshot", "targets")


class TufRepository:
    """Roles, keys and the files that a mirror serves, by their paths under it."""

    def __init__(self, targets: Mapping[str, bytes], *, clock: Clock) -> None:
        self._clock = clock
        self._signer = CryptoSigner.generate_ed25519()
        self.files: dict[str, bytes] = {}
        expires = self._later(365)
        self._root = Root(expires=expires, consistent_snapshot=True)
        self._targets, self._snapshot = Targets(expires=expires), Snapshot(expires=expires)
        self._timestamp = Timestamp(expires=expires)
        self._trust(self._signer)
        self._write_root(self._signer)
        for name, data in targets.items():
            self._add(name, data)
        self._write_others()

    @property
    def initial_root(self) -> bytes:
        """The first root: what clients are given out of band."""
        return self.files["1.root.json"]

    def publish(self, name: str, data: bytes) -> None:
        """Add or replace a target."""
        self._add(name, data)
        self._targets.version += 1
        self._refresh()

    def rotate(self, times: int = 1) -> None:
        """Replace the key of every role; each root is signed by the key before it and by its own."""
        for _ in range(times):
            former, self._signer = self._signer, CryptoSigner.generate_ed25519()
            for role in ROLES:
                self._root.revoke_key(former.public_key.keyid, role)
            self._trust(self._signer)
            self._root.version += 1
            self._write_root(former, self._signer)
        self._targets.version += 1
        self._refresh()

    def expire(self, role: str, *, days: int = -1) -> None:
        """Publish a role again with another end: by default one that is past."""
        signed = {
            "root": self._root,
            "targets": self._targets,
            "snapshot": self._snapshot,
            "timestamp": self._timestamp,
        }[role]
        signed.expires = self._later(days)
        if role == "root":
            self._root.version += 1
            self._write_root(self._signer)
        if role == "targets":
            self._targets.version += 1
        self._refresh()

    def _refresh(self) -> None:
        self._snapshot.version += 1
        self._timestamp.version += 1
        self._write_others()

    def _add(self, name: str, data: bytes) -> None:
        target = TargetFile.from_data(name, data, ["sha256"])
        self._targets.targets[name] = target
        for path in target.get_prefixed_paths():
            self.files[f"targets/{path}"] = data

    def _trust(self, signer: CryptoSigner) -> None:
        for role in ROLES:
            self._root.add_key(signer.public_key, role)

    def _write_root(self, *signers: CryptoSigner) -> None:
        metadata = Metadata(self._root)
        for signer in signers:
            metadata.sign(signer, append=True)
        self.files[f"{self._root.version}.root.json"] = metadata.to_bytes()

    def _write_others(self) -> None:
        self._snapshot.meta["targets.json"] = MetaFile(version=self._targets.version)
        self._timestamp.snapshot_meta = MetaFile(version=self._snapshot.version)
        self._write(f"{self._targets.version}.targets.json", Metadata(self._targets))
        self._write(f"{self._snapshot.version}.snapshot.json", Metadata(self._snapshot))
        self._write("timestamp.json", Metadata(self._timestamp))

    def _write(self, name: str, metadata: Metadata[Targets] | Metadata[Snapshot] | Metadata[Timestamp]) -> None:
        metadata.sign(self._signer)
        self.files[name] = metadata.to_bytes()

    def _later(self, days: int) -> datetime:
        return (self._clock() + timedelta(days=days)).replace(microsecond=0)
