"""A machine that asks a mirror what is to be trusted, and the instance that its release knows."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

from tests.support.mirrors import MirrorNetwork
from tests.support.sigstore.tuf_repository import TufRepository

from assaymark.attest.sigstore.public_good import PublicGood
from assaymark.attest.sigstore.trust_cache import Saved, find_place, read_saved
from assaymark.attest.sigstore.trust_data import Renewal, TrustData, TrustSource, load_trust
from assaymark.model.digest import sha256_digest
from assaymark.net.network import Network

DAY = 86400.0
MIRROR = "https://tuf.example"
ROOT, NEWER_ROOT, CONFIG = b'{"root":1}', b'{"root":2}', b'{"config":1}'
BUILT_IN = b'{"root":"built in"}'


class Machine:
    """A machine with a cache, a clock and a way to the mirror, and the instance that the package knows."""

    def __init__(self, folder: Path) -> None:
        self.repository = TufRepository(
            {"trusted_root.json": ROOT, "signing_config.v0.2.json": CONFIG}, clock=lambda: datetime.now(UTC)
        )
        self.network = MirrorNetwork(MIRROR, self.repository.files)
        self.now = self.born = float(int(time.time()))
        self.folder = folder
        self.environ: dict[str, str] = {}
        self.facts = PublicGood(
            as_of=self.now - 100 * DAY,
            mirror=MIRROR,
            root_version=1,
            root_digest=sha256_digest(self.repository.initial_root),
            trusted_root=BUILT_IN,
            signing_config=b"{}",
        )

    def load(
        self, *, after: float = 0, network: Network | None = None, renewal: Renewal = Renewal.WHEN_DUE
    ) -> TrustData:
        self.now += after
        return load_trust(
            self.folder, self.environ, network=network or self.network, clock=lambda: self.now, renewal=renewal
        )

    def asked(self) -> list[str]:
        """What the mirror was asked since the last call."""
        asked = list(self.network.asked)
        self.network.asked.clear()
        return asked

    def saved(self) -> Saved | None:
        return read_saved(find_place(self.folder, self.environ))

    def expected(
        self, root: bytes, source: TrustSource, *, confirmed: float, warnings: tuple[str, ...] = ()
    ) -> TrustData:
        """What is to be loaded."""
        return TrustData(
            trusted_root=root,
            signing_config=b"{}" if source is TrustSource.BUILT_IN else CONFIG,
            mirror=MIRROR,
            source=source,
            confirmed_at=confirmed,
            warnings=warnings,
        )
