"""Chooses a mirror and where trust in it starts, for good: what `cosign initialize` does.

1. The root is the file or URL that the user gives, else the pinned one of the public-good instance (a mirror of which
   is then meant).
2. A root from the web is whatever the web says: its checksum makes it the user's choice, and without one there is a
   warning. A checksum is SHA-256, or says which (`sha512:…`).
3. The mirror is asked at once, from that root and with no memory of earlier answers; only when everything verifies is
   the choice written down. Until then the old one stands.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from assaymark.attest.sigstore.public_good import public_good
from assaymark.attest.sigstore.trust_cache import (
    base_folder,
    exclusive,
    place_for,
    read_file,
    remember_choice,
    write_saved,
)
from assaymark.attest.sigstore.trust_data import Clock, TrustData, TrustSource, given_anchor, obtain, pinned_anchor
from assaymark.errors import DigestMismatchError, LocalError, NetworkError, UsageError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.net.network import Network
from assaymark.net.url import shown

_CHECKSUM: Final = re.compile(r"(?:(?P<sha256>(?:sha256:)?[0-9a-f]{64})|(?P<sha512>sha512:[0-9a-f]{128}))\Z")


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What the user wants.

    Attributes:
        mirror: its URL; empty for the public-good instance's.
        root: a path or a URL; empty for the pinned one.
        checksum: of the root; empty where the user gives none.
    """

    mirror: str = ""
    root: str = ""
    checksum: str = ""


def initialize(
    folder: Path,
    environ: Mapping[str, str],
    choice: Choice,
    *,
    network: Network,
    clock: Clock,
    limits: Limits = DEFAULT_LIMITS,
) -> TrustData:
    """Make the choice stand, and return what is trusted from now on.

    Args:
        folder: `<cache>/assaymark/sigstore`.
        environ: the variables (`TUF_ROOT`).
        choice: the mirror and the root.
        network: how both are reached.
        clock: the time.
        limits: the bounds.

    Raises:
        UsageError: the mirror or the checksum is none.
        NetworkError: the mirror or the root cannot be reached.
        DigestMismatchError: the root does not have the checksum.
        VerificationError: what the mirror serves does not verify from that root on.
        LocalError: the root cannot be read, the choice cannot be written.
    """
    base = base_folder(folder, environ)
    place = place_for(base, choice.mirror or public_good().mirror)
    if choice.checksum and not choice.root:
        raise UsageError("a checksum of the root needs the root", hint="give it with `--root`")
    root = _read_root(choice, network=network, limits=limits) if choice.root else b""
    with exclusive(place) as writable:
        if not writable:
            raise LocalError(f"`{base}` cannot be written", hint="set TUF_ROOT to a folder of your own")
        anchor = given_anchor(root) if root else pinned_anchor()
        saved = obtain(place, anchor, before=None, writable=True, network=network, clock=clock, limits=limits)
        pinned = not root and place.mirror == public_good().mirror
        remember_choice(base, place, root=b"" if pinned else saved.state.roots[0])
        write_saved(place, saved)
    warning = f"the root came from `{shown(choice.root)}` without a checksum: give one with `--root-checksum`"
    return TrustData(
        trusted_root=saved.state.trusted_root,
        signing_config=saved.state.signing_config,
        mirror=place.mirror,
        source=TrustSource.MIRROR,
        confirmed_at=saved.confirmed_at,
        warnings=(warning,) if _is_url(choice.root) and not choice.checksum else (),
    )


def _read_root(choice: Choice, *, network: Network, limits: Limits) -> bytes:
    checksum = _CHECKSUM.match(choice.checksum)
    if choice.checksum and checksum is None:
        raise UsageError(
            f"`{choice.checksum[:140]}` is not a checksum", hint="give 64 hex digits, `sha256:…` or `sha512:…`"
        )
    if _is_url(choice.root):
        with network.request("GET", choice.root) as response:
            if response.status != 200:
                raise NetworkError(f"`{shown(choice.root)}` gave HTTP status {response.status}")
            data = response.bounded(limits.trust_metadata_bytes, what=shown(choice.root))
    else:
        data = read_file(Path(choice.root).expanduser(), limit=limits.trust_metadata_bytes)
    if checksum is not None:
        _check(data, str(checksum.lastgroup), checksum.group().rpartition(":")[2], choice.root)
    return data


def _check(data: bytes, algorithm: str, expected: str, root: str) -> None:
    actual = hashlib.new(algorithm, data).hexdigest()
    if actual != expected:
        raise DigestMismatchError(f"`{shown(root)}` has the {algorithm} checksum `{actual}` instead of `{expected}`")


def _is_url(root: str) -> bool:
    return root.startswith(("https://", "http://"))
