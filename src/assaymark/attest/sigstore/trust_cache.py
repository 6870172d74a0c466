"""Where trust data is kept between runs, and for which mirror.

The folder is `<cache>/assaymark/sigstore`, or the one that `TUF_ROOT` names. In it:

- `remote.json`, `{"mirror": URL}`: the mirror that `initialize` chose, in cosign's own form, so that either program's
  `initialize` counts for both when they share a `TUF_ROOT`;
- `<mirror>/trust`: everything that was obtained from one mirror, in a single file that is replaced as a whole. Its
  first line is the digest of the rest: a file that was cut off or has decayed is no trust data. The name of the folder
  is cosign's (`URLToPath` of sigstore-go): the URL without its scheme, in lower case, `-` for `/` and `:`;
- `<mirror>/chosen.root.json`: the TUF root that `initialize` was told to start from;
- `<mirror>/root.json`, cosign's: the TUF root that it starts from, and we too where only cosign was initialised;
- `<mirror>/lock`, held by the one process that asks the mirror; `.scratch-*`, its scratch files.

The mirror is that of `TUF_MIRROR`, else of `remote.json`, else the public-good instance's. `TUF_ROOT_JSON` names the
file of a TUF root to start from. The folder is the user's own, as a key ring is: whoever can write to it decides what
the user trusts (an initialised root lies there), so it is made for the user alone. The digest is against accidents.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from assaymark.attest.sigstore.public_good import public_good
from assaymark.errors import ArtifactError, LocalError, UsageError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.net.url import shown
from assaymark.safeio.files import PARTIAL, local_error, write_atomic
from assaymark.safeio.json import decode_go
from assaymark.safeio.lock import file_lock
from assaymark.safeio.readers import read_bounded

REMOTE: Final = "remote.json"
SCRATCH: Final = ".scratch-"
_UNUSUAL: Final = re.compile(r"[^a-z0-9._-]")
_NAME_CHARS: Final = 150
_DIGEST_LINE: Final = 65  # hex digits of a SHA-256 and a line feed


class RepositoryState(msgspec.Struct, frozen=True, kw_only=True):
    """What a mirror serves, verified.

    Attributes:
        roots: the TUF root that was started from, and every rotation after it.
        timestamp: the metadata of that role, as served.
        snapshot: likewise.
        targets: likewise.
        trusted_root: the target `trusted_root.json`.
        signing_config: the target `signing_config.v0.2.json`; empty where the mirror has none.
        expires_at: when the first of the four roles expires, in seconds since 1970.
    """

    roots: tuple[bytes, ...]
    timestamp: bytes
    snapshot: bytes
    targets: bytes
    trusted_root: bytes
    signing_config: bytes
    expires_at: float


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept.

    Attributes:
        mirror: where it is from.
        state: what was obtained there.
        confirmed_at: when the mirror last vouched for it, in seconds since 1970.
        failed_at: when the mirror was last asked in vain since then; zero where it was not.
        failure: why it was in vain.
    """

    mirror: str
    state: RepositoryState
    confirmed_at: float
    failed_at: float = 0
    failure: str = ""


class TrustPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A mirror and the folder for it.

    Attributes:
        mirror: its URL, without a slash at the end.
        folder: the mirror's own folder.
        root: the TUF root that `TUF_ROOT_JSON` demands; empty where it does not.
    """

    mirror: str
    folder: Path
    root: bytes = b""

    @property
    def file(self) -> Path:
        """What is kept of the mirror."""
        return self.folder / "trust"

    @property
    def chosen_root(self) -> Path:
        """The root that `initialize` wrote down."""
        return self.folder / "chosen.root.json"

    @property
    def cosigns_root(self) -> Path:
        """The root that cosign starts from, where the folder is cosign's too."""
        return self.folder / "root.json"


def find_place(folder: Path, environ: Mapping[str, str], *, limits: Limits = DEFAULT_LIMITS) -> TrustPlace:
    """Which mirror is meant, and where its data is kept.

    Args:
        folder: `<cache>/assaymark/sigstore`.
        environ: the variables.
        limits: the bounds.

    Raises:
        UsageError: a variable or `remote.json` names no mirror that can be used.
        LocalError: a file that was named cannot be read.
    """
    base = base_folder(folder, environ)
    mirror = environ.get("TUF_MIRROR", "") or _remembered_mirror(base, limits) or public_good().mirror
    named = environ.get("TUF_ROOT_JSON", "")
    root = read_file(Path(named).expanduser(), limit=limits.trust_metadata_bytes) if named else b""
    return place_for(base, mirror, root=root)


def base_folder(folder: Path, environ: Mapping[str, str]) -> Path:
    """`TUF_ROOT`, else `folder`."""
    named = environ.get("TUF_ROOT", "")
    return Path(named).expanduser() if named else folder


def place_for(base: Path, mirror: str, *, root: bytes = b"") -> TrustPlace:
    """The place of a mirror.

    Raises:
        UsageError: `mirror` is no URL that a mirror can have.
    """
    mirror = mirror.rstrip("/")
    scheme, separator, rest = mirror.partition("://")
    if not separator or scheme not in ("https", "http", "file") or not rest or not mirror.isascii():
        raise UsageError(
            f"`{shown(mirror)}` is not the URL of a mirror",
            hint="give an https:// or http:// URL, or file:// and the path of a folder",
        )
    return TrustPlace(mirror=mirror, folder=base / _folder_name(mirror), root=root)


def remember_choice(base: Path, place: TrustPlace, *, root: bytes) -> None:
    """Make this mirror the one that is meant from now on, and `root` where trust in it starts.

    Args:
        base: the folder of all mirrors.
        place: the mirror's.
        root: empty for the pinned one.

    Raises:
        LocalError: it cannot be written.
    """
    if root:
        write_atomic(place.chosen_root, root, mode=0o600)
        write_atomic(place.cosigns_root, root, mode=0o600)
    else:
        try:
            place.chosen_root.unlink(missing_ok=True)
        except OSError as exc:
            raise local_error("remove", place.chosen_root, exc) from exc
    write_atomic(base / REMOTE, msgspec.json.encode({"mirror": place.mirror}), mode=0o600)


def read_saved(place: TrustPlace, *, limits: Limits = DEFAULT_LIMITS) -> Saved | None:
    """What is kept of the mirror; None where nothing is.

    Raises:
        ArtifactError: the file is damaged.
        LocalError: it cannot be read.
    """
    data = find_file(place.file, limit=limits.trust_file_bytes)
    if data is None:
        return None
    body = data[_DIGEST_LINE:]
    if data[:_DIGEST_LINE] != _digest_line(body):
        raise ArtifactError(f"the trust data in `{place.file}` is damaged")
    try:
        saved = msgspec.json.decode(body, type=Saved)
    except (msgspec.DecodeError, UnicodeDecodeError):  # of another release
        return None
    return saved if saved.mirror == place.mirror else None


def write_saved(place: TrustPlace, saved: Saved) -> None:
    """Keep `saved`.

    Raises:
        LocalError: it cannot be written.
    """
    body = msgspec.json.encode(saved)
    write_atomic(place.file, _digest_line(body) + body, mode=0o600)


@contextmanager
def exclusive(place: TrustPlace) -> Iterator[bool]:
    """Be the one process that asks this mirror; says whether what it answers can be kept.

    A cache that cannot be written is read and not written, and then there is nothing to lock.

    Raises:
        LocalError: another process has been asking all the time.
    """
    try:
        place.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        writable = os.access(place.folder, os.W_OK | os.X_OK)
    except OSError:
        writable = False
    if not writable:
        yield False
        return
    with file_lock(place.folder / "lock"):
        _sweep(place.folder)
        yield True


def read_file(path: Path, *, limit: int) -> bytes:
    """The bytes of a file of the user's.

    Raises:
        LocalError: it cannot be read.
        LimitError: it is longer than `limit`.
    """
    try:
        with path.open("rb") as stream:
            return read_bounded(stream, limit=limit, what=str(path))
    except OSError as exc:
        raise local_error("read", path, exc) from exc


def find_file(path: Path, *, limit: int) -> bytes | None:
    """The bytes of a file, None where there is none.

    Raises:
        LocalError, LimitError: as `read_file`.
    """
    try:
        return read_file(path, limit=limit)
    except LocalError as exc:
        if isinstance(exc.__cause__, FileNotFoundError | NotADirectoryError):
            return None
        raise


def _remembered_mirror(base: Path, limits: Limits) -> str:
    path = base / REMOTE
    data = find_file(path, limit=limits.trust_metadata_bytes)
    if data is None:
        return ""
    try:
        document = decode_go(data, limits=limits, what=str(path))
    except ArtifactError as exc:
        raise LocalError(f"`{path}` cannot be read: {exc}", hint="run `assaymark initialize` again") from exc
    mirror = document.get("mirror") if isinstance(document, dict) else None
    if not isinstance(mirror, str):
        raise LocalError(f"`{path}` names no mirror", hint="run `assaymark initialize` again")
    return mirror


def _sweep(folder: Path) -> None:
    """Remove what processes left that were killed while they held the lock."""
    for left in folder.glob(f"{SCRATCH}*"):
        shutil.rmtree(left, ignore_errors=True)
    for left in folder.glob(PARTIAL):
        left.unlink(missing_ok=True)


def _folder_name(mirror: str) -> str:
    name = mirror.removeprefix("https://").removeprefix("http://").lower()
    name = _UNUSUAL.sub("-", name)
    if len(name) > _NAME_CHARS or not name.strip("."):
        name = f"{name[:_NAME_CHARS].strip('.')}-{hashlib.sha256(mirror.encode()).hexdigest()[:16]}"
    return name


def _digest_line(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest().encode() + b"\n"
