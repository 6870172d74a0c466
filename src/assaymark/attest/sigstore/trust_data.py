"""Decides which trust data is used: a trusted root and a signing configuration, and how old they may be.

1. What a mirror confirmed within a day (`Limits.trust_refresh_seconds`) and has not let expire is used as it was saved,
   without a request. What is older is renewed; so is any on demand (`Renewal.NOW`), when something was signed with a
   log or an authority that is not known yet.
2. Trust starts from a root that is vouched for: `TUF_ROOT_JSON`'s, else the one that `initialize` wrote down, else, for
   the public-good instance, the pinned one, else the one that cosign was initialised with. Saved data whose chain of
   roots does not begin there, or pass through there, is not used.
3. `--offline` asks nobody: what was saved is used, else, for the public-good instance, the facts of the package; the
   newer of the two. Either warns when it is older than a week (`trust_old_seconds`).
4. When the mirror cannot be reached or what it serves cannot be trusted, the same data is used with a warning, but only
   until it expires or is 30 days old (`trust_grace_seconds`), whichever is later: whoever controls the network must not
   be able to hold back for ever that a key is no longer trusted. Then it is an error, and `--offline` is the way for
   those who know better. The mirror is not asked again for ten minutes (`trust_retry_seconds`).
5. Several processes ask a mirror once: the second waits and takes what the first obtained.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import Final

import msgspec

from assaymark.attest.sigstore.mirror import Mirror, root_version
from assaymark.attest.sigstore.public_good import public_good
from assaymark.attest.sigstore.trust_cache import (
    Saved,
    TrustPlace,
    exclusive,
    find_file,
    find_place,
    read_saved,
    write_saved,
)
from assaymark.errors import ArtifactError, Error, LocalError, NetworkError, OfflineError, UsageError, VerificationError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.digest import sha256_digest
from assaymark.net.network import Network
from assaymark.net.url import shown
from assaymark.safeio.text import printable

Clock = Callable[[], float]
"""Seconds since 1970."""

_HOUR: Final = 3600
_DAY: Final = 24 * _HOUR


class Renewal(Enum):
    """When the mirror is asked."""

    WHEN_DUE = "when due"
    NOW = "now"


class TrustSource(Enum):
    """Where trust data came from in this run."""

    MIRROR = "mirror"
    SAVED = "saved"
    BUILT_IN = "built-in"


class TrustData(msgspec.Struct, frozen=True, kw_only=True):
    """What is trusted.

    Attributes:
        trusted_root: `trusted_root.json`.
        signing_config: `signing_config.v0.2.json`; empty where the mirror has none.
        mirror: whose.
        source: how it came here.
        confirmed_at: when the mirror last vouched for it, in seconds since 1970.
        warnings: what the user should know, a sentence each.
    """

    trusted_root: bytes
    signing_config: bytes
    mirror: str
    source: TrustSource
    confirmed_at: float
    warnings: tuple[str, ...] = ()

    def age(self, now: float) -> str:
        """How long ago that was, for people: `3 days`."""
        return age_text(now - self.confirmed_at)


class Anchor(msgspec.Struct, frozen=True, kw_only=True):
    """The root that trust starts from.

    Attributes:
        digest: of its bytes.
        version: its version, where it is pinned; it is then downloaded.
        data: the bytes themselves; empty where it is pinned.
    """

    digest: str
    version: int = 0
    data: bytes = b""


class _Loader(msgspec.Struct, frozen=True, kw_only=True):
    """What every step of loading needs.

    Attributes:
        started: the time of the call.
        note: a warning that was due before anything was decided.
    """

    place: TrustPlace
    network: Network
    clock: Clock
    limits: Limits
    started: float
    note: tuple[str, ...] = ()


def load_trust(
    folder: Path,
    environ: Mapping[str, str],
    *,
    network: Network,
    clock: Clock,
    limits: Limits = DEFAULT_LIMITS,
    renewal: Renewal = Renewal.WHEN_DUE,
) -> TrustData:
    """The trust data of the mirror that the user means.

    Args:
        folder: `<cache>/assaymark/sigstore`.
        environ: the variables (`TUF_ROOT`, `TUF_MIRROR`, `TUF_ROOT_JSON`).
        network: how the mirror is reached, if it has to be.
        clock: the time.
        limits: the bounds.
        renewal: whether saved data that is not due yet is enough.

    Raises:
        OfflineError: without a network there is nothing for this mirror.
        NetworkError: the mirror cannot be reached, and there is nothing recent enough.
        VerificationError: what it serves cannot be trusted, and there is nothing recent enough.
        UsageError: nothing says where trust in this mirror starts.
        LocalError: files of the user's cannot be read.
    """
    place = find_place(folder, environ, limits=limits)
    loader = _Loader(place=place, network=network, clock=clock, limits=limits, started=clock())
    try:
        kept = read_saved(place, limits=limits)
    except ArtifactError as exc:  # whatever it was, the mirror has it still
        loader, kept = msgspec.structs.replace(loader, note=(f"{exc}: it was not used",)), None
    anchor = _find_anchor(place, limits)
    saved = kept if kept is not None and _passes_through(kept, anchor) else None
    if saved is not None and renewal is Renewal.WHEN_DUE:
        if is_current(saved, loader.started, limits):
            return _from_saved(saved)
        if _failed_lately(saved, loader.started, limits) and _in_grace(saved, loader.started, limits):
            return _fall_back(loader, anchor, saved, LocalError(saved.failure))
    try:
        return _renew(loader, anchor, kept)
    except OfflineError as exc:
        return _without_network(loader, anchor, saved, exc)
    except (NetworkError, VerificationError, ArtifactError, LocalError) as exc:
        return _fall_back(loader, anchor, saved, exc)


def is_current(saved: Saved, now: float, limits: Limits) -> bool:
    """Rule 1; a clock that went backwards makes nothing current."""
    return 0 <= now - saved.confirmed_at < limits.trust_refresh_seconds and now < saved.state.expires_at


def age_text(seconds: float) -> str:
    """A span of time for people."""
    if seconds < _HOUR:
        return "less than an hour"
    count, unit = (int(seconds // _HOUR), "hour") if seconds < 2 * _DAY else (int(seconds // _DAY), "day")
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def obtain(
    place: TrustPlace,
    anchor: Anchor,
    *,
    before: Saved | None,
    writable: bool,
    network: Network,
    clock: Clock,
    limits: Limits,
) -> Saved:
    """What the mirror serves now, on top of what was obtained `before`.

    Raises:
        NetworkError, VerificationError, ArtifactError, LocalError: as `mirror` and `tuf` say.
    """
    mirror = Mirror(place.mirror, network)
    known: dict[str, bytes] = {sha256_digest(root): root for root in before.state.roots} if before else {}
    root = anchor.data or known.get(anchor.digest)
    root = root or mirror.fetch_root(version=anchor.version, digest=anchor.digest, limits=limits)
    newest = before.state.roots[-1] if before and anchor.digest in known else root
    following = root_version(newest, limits=limits) + 1
    mirror.knock(f"{following}.root.json", limit=limits.trust_metadata_bytes)

    from assaymark.attest.sigstore.tuf import update_repository

    seed, scratch = before.state if before else None, place.folder if writable else None
    state = update_repository(mirror, root, seed=seed, folder=scratch, limits=limits)
    return Saved(mirror=place.mirror, state=state, confirmed_at=clock())


def pinned_anchor() -> Anchor:
    """Where trust in the public-good instance starts."""
    return Anchor(digest=public_good().root_digest, version=public_good().root_version)


def given_anchor(root: bytes) -> Anchor:
    """Where the user says that trust starts."""
    return Anchor(digest=sha256_digest(root), data=root)


def _find_anchor(place: TrustPlace, limits: Limits) -> Anchor:
    """Rule 2."""
    if place.root:
        return given_anchor(place.root)
    chosen = find_file(place.chosen_root, limit=limits.trust_metadata_bytes)
    if chosen is not None:
        return given_anchor(chosen)
    if place.mirror == public_good().mirror:
        return pinned_anchor()
    cosigns = find_file(place.cosigns_root, limit=limits.trust_metadata_bytes)
    if cosigns is not None:
        return given_anchor(cosigns)
    raise UsageError(
        f"nothing says where trust in the mirror `{shown(place.mirror)}` starts",
        hint=f"run `assaymark initialize --mirror {shown(place.mirror)} --root FILE`, or set TUF_ROOT_JSON",
    )


def _passes_through(saved: Saved, anchor: Anchor) -> bool:
    return any(sha256_digest(root) == anchor.digest for root in saved.state.roots)


def _renew(loader: _Loader, anchor: Anchor, kept: Saved | None) -> TrustData:
    """Rule 5, and what follows from success and from failure; `kept` is what was there before the lock was held."""
    place = loader.place
    with exclusive(place) as writable:
        before = _read_again(loader)
        chained = before is not None and _passes_through(before, anchor)
        if before is not None and chained and before != kept and before.confirmed_at >= loader.started:
            return _from_saved(before)  # another process has been there in the meantime
        try:
            fresh = obtain(
                place,
                anchor,
                before=before,
                writable=writable,
                network=loader.network,
                clock=loader.clock,
                limits=loader.limits,
            )
        except OfflineError:
            raise
        except (NetworkError, VerificationError, ArtifactError) as exc:
            if before is not None and chained and writable:
                failed = msgspec.structs.replace(before, failed_at=loader.clock(), failure=str(exc))
                with suppress(LocalError):  # the disk is full: the next run asks again
                    write_saved(place, failed)
            raise
        notes = (*loader.note, *(_keep(place, fresh) if writable else ()))
    return _from_saved(fresh, source=TrustSource.MIRROR, warnings=notes)


def _read_again(loader: _Loader) -> Saved | None:
    try:
        return read_saved(loader.place, limits=loader.limits)
    except ArtifactError:
        return None


def _keep(place: TrustPlace, saved: Saved) -> tuple[str, ...]:
    try:
        write_saved(place, saved)
    except LocalError as exc:
        return (f"the trust data could not be saved: {exc}",)
    return ()


def _from_saved(saved: Saved, *, source: TrustSource = TrustSource.SAVED, warnings: tuple[str, ...] = ()) -> TrustData:
    return TrustData(
        trusted_root=saved.state.trusted_root,
        signing_config=saved.state.signing_config,
        mirror=saved.mirror,
        source=source,
        confirmed_at=saved.confirmed_at,
        warnings=warnings,
    )


def _built_in(mirror: str) -> TrustData:
    facts = public_good()
    return TrustData(
        trusted_root=facts.trusted_root,
        signing_config=facts.signing_config,
        mirror=mirror,
        source=TrustSource.BUILT_IN,
        confirmed_at=facts.as_of,
    )


def _newest(place: TrustPlace, anchor: Anchor, saved: Saved | None) -> TrustData | None:
    """What there is without asking anybody."""
    found = [_from_saved(saved)] if saved is not None else []
    if anchor == pinned_anchor():
        found.append(_built_in(place.mirror))
    return max(found, key=lambda data: data.confirmed_at, default=None)


def _without_network(loader: _Loader, anchor: Anchor, saved: Saved | None, refusal: OfflineError) -> TrustData:
    """Rule 3."""
    data = _newest(loader.place, anchor, saved)
    if data is None:
        raise OfflineError(
            f"no trust data of `{shown(loader.place.mirror)}` was ever saved here: {refusal}",
            hint="run once with a network, or give a file with `--trusted-root`",
        ) from refusal
    age = loader.started - data.confirmed_at
    old = not 0 <= age < loader.limits.trust_old_seconds
    warnings = (f"offline: {_described(data, loader.started)}",) if old else ()
    return msgspec.structs.replace(data, warnings=(*loader.note, *warnings))


def _fall_back(loader: _Loader, anchor: Anchor, saved: Saved | None, failure: Error) -> TrustData:
    """Rule 4."""
    now, limits = loader.started, loader.limits
    usable = [_from_saved(saved)] if saved is not None and _in_grace(saved, now, limits) else []
    if anchor == pinned_anchor() and _is_recent(public_good().as_of, now, limits):
        usable.append(_built_in(loader.place.mirror))
    at_hand = _newest(loader.place, anchor, saved)
    if at_hand is None:
        raise failure
    if not usable:
        raise _too_old(at_hand, now, failure) from failure
    data = max(usable, key=lambda found: found.confirmed_at)
    why = f"`{shown(loader.place.mirror)}` could not be asked what is trusted now ({printable(str(failure))})"
    return msgspec.structs.replace(data, warnings=(*loader.note, f"{why}: {_described(data, now)}"))


def _too_old(data: TrustData, now: float, failure: Error) -> Error:
    return type(failure)(
        f"{failure}; the trust data at hand is {data.age(now)} old",
        hint="to believe it all the same, write it to a file: `assaymark trusted-root create --offline "
        "--with-default-services --out FILE`, and give that with `--trusted-root FILE`",
        reason=failure.reason,
    )


def _described(data: TrustData, now: float) -> str:
    if data.source is TrustSource.BUILT_IN:
        return f"the trust data of this release is used, which is {data.age(now)} old"
    return f"trust data is used that the mirror confirmed {data.age(now)} ago"


def _failed_lately(saved: Saved, now: float, limits: Limits) -> bool:
    return 0 <= now - saved.failed_at < limits.trust_retry_seconds


def _in_grace(saved: Saved, now: float, limits: Limits) -> bool:
    return saved.confirmed_at <= now < saved.state.expires_at or _is_recent(saved.confirmed_at, now, limits)


def _is_recent(confirmed_at: float, now: float, limits: Limits) -> bool:
    return 0 <= now - confirmed_at < limits.trust_grace_seconds
