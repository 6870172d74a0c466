"""Asks a mirror what is to be trusted, by The Update Framework (TUF specification 1.0.34, section 5.3).

The workflow is `tuf`'s own client; what is ours is what surrounds it:

1. It starts from a root that somebody vouches for, pinned or given by the user. A mirror cannot choose where trust
   starts. Every rotation after it must be signed by the threshold of the root before it and by its own.
2. What was saved takes part as TUF's memory: a timestamp, a snapshot or a root that goes backwards is refused
   (rollback). It is laid out in a scratch folder, so that a crash or a second process never meets a half of it; in
   the cache where that can be written, else where the system keeps temporary files.
3. Two targets are taken: `trusted_root.json`, which must be there, and `signing_config.v0.2.json`, which may be.

Nothing here knows of refreshing or of ages: that is `trust_data`. This module loads `tuf`; import it late.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tuf.api.exceptions import DownloadError, DownloadHTTPError, RepositoryError
from tuf.ngclient.config import UpdaterConfig
from tuf.ngclient.fetcher import FetcherInterface
from tuf.ngclient.updater import Updater

from assaymark.attest.sigstore.mirror import (
    Mirror,
    StatusError,
    metadata_version,
    root_version,
    signed_part,
    unusable_root,
)
from assaymark.attest.sigstore.trust_cache import SCRATCH, RepositoryState
from assaymark.errors import LimitError, NetworkError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.safeio.files import local_error
from assaymark.safeio.readers import read_bounded

TRUSTED_ROOT: Final = "trusted_root.json"
SIGNING_CONFIG: Final = "signing_config.v0.2.json"
_SEEDED: Final = ("timestamp", "snapshot", "targets")


def update_repository(
    mirror: Mirror,
    root: bytes,
    *,
    seed: RepositoryState | None,
    folder: Path | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> RepositoryState:
    """What the mirror serves now, verified from `root` on.

    Args:
        mirror: who is asked.
        root: the TUF root to start from; it is trusted.
        seed: what was obtained there before.
        folder: where scratch files go; None for the system's place.
        limits: the bounds.

    Raises:
        NetworkError: the mirror cannot be reached or does not have what it must.
        VerificationError: what it serves does not verify, has expired, or goes backwards.
        LimitError: it serves too much.
        LocalError: there is no place for scratch files.
    """
    first = root_version(root, limits=limits) + 1
    try:
        with TemporaryDirectory(prefix=SCRATCH, dir=folder) as name:
            scratch = Path(name)
            _lay_out(scratch, seed, first=first, limits=limits)
            updater = _updater(scratch, mirror, root, limits)
            updater.refresh()
            return _state(scratch, updater, root, limits)
    except DownloadHTTPError as exc:
        raise NetworkError(str(exc)) from exc
    except (DownloadError, RepositoryError, ValueError) as exc:
        raise mirror.untrusted(str(exc)) from exc
    except OSError as exc:
        raise local_error("keep scratch files in", Path(str(exc.filename or "the temporary folder")), exc) from exc


class _Fetcher(FetcherInterface):
    """How `tuf` gets files: from a `Mirror`."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror

    def _fetch(self, url: str) -> Iterator[bytes]:
        # a generator: our own errors come out of its iteration as they are, and `fetch` would have wrapped them
        try:
            yield from self._mirror.stream(url.removeprefix(f"{self._mirror.url}/"))
        except StatusError as exc:
            raise DownloadHTTPError(str(exc), exc.status) from exc


def _lay_out(scratch: Path, seed: RepositoryState | None, *, first: int, limits: Limits) -> None:
    """Put what was obtained before where `tuf` looks for it; it verifies all of it again."""
    history = scratch / "metadata" / "root_history"
    history.mkdir(parents=True)
    (scratch / "targets").mkdir()
    if seed is None:
        return
    for data in seed.roots:
        version = metadata_version(data, limits=limits)
        if version >= first:
            (history / f"{version}.root.json").write_bytes(data)
    for role in _SEEDED:
        (scratch / "metadata" / f"{role}.json").write_bytes(getattr(seed, role))
    (scratch / "targets" / TRUSTED_ROOT).write_bytes(seed.trusted_root)
    (scratch / "targets" / SIGNING_CONFIG).write_bytes(seed.signing_config)


def _updater(scratch: Path, mirror: Mirror, root: bytes, limits: Limits) -> Updater:
    config = UpdaterConfig(
        max_root_rotations=limits.trust_root_rotations,
        root_max_length=limits.trust_metadata_bytes,
        timestamp_max_length=limits.trust_metadata_bytes,
        snapshot_max_length=limits.trust_metadata_bytes,
        targets_max_length=limits.trust_metadata_bytes,
    )
    try:
        return Updater(
            metadata_dir=str(scratch / "metadata"),
            metadata_base_url=mirror.url,
            target_dir=str(scratch / "targets"),
            target_base_url=f"{mirror.url}/targets",
            fetcher=_Fetcher(mirror),
            config=config,
            bootstrap=root,
        )
    except RepositoryError as exc:
        raise unusable_root(str(exc)) from exc


def _state(scratch: Path, updater: Updater, root: bytes, limits: Limits) -> RepositoryState:
    trusted_root = _target(updater, TRUSTED_ROOT, limits)
    if not trusted_root:
        raise ValueError(f"it has no `{TRUSTED_ROOT}`")
    roles = {role: (scratch / "metadata" / f"{role}.json").read_bytes() for role in ("root", *_SEEDED)}
    first, last = (metadata_version(data, limits=limits) for data in (root, roles.pop("root")))
    history = scratch / "metadata" / "root_history"
    roots = tuple((history / f"{version}.root.json").read_bytes() for version in range(first, last + 1))
    return RepositoryState(
        roots=roots,
        **roles,
        trusted_root=trusted_root,
        signing_config=_target(updater, SIGNING_CONFIG, limits),
        expires_at=min(_expiry(data, limits) for data in (roots[-1], *roles.values())),
    )


def _target(updater: Updater, name: str, limits: Limits) -> bytes:
    """A target, from what was laid out or from the mirror; nothing where the mirror has none."""
    target = updater.get_targetinfo(name)
    if target is None:
        return b""
    if target.length > limits.trust_target_bytes:
        raise LimitError(f"`{name}` has {target.length} bytes, more than the {limits.trust_target_bytes} that are read")
    path = Path(updater.find_cached_target(target) or updater.download_target(target))
    with path.open("rb") as stream:
        return read_bounded(stream, limit=limits.trust_target_bytes, what=name)


def _expiry(metadata: bytes, limits: Limits) -> float:
    return datetime.fromisoformat(str(signed_part(metadata, limits=limits).get("expires"))).timestamp()
