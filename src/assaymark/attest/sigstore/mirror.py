"""Gets files from a TUF mirror, before anybody knows whether they are genuine.

Rules:

1. Every request goes through our network: limits, proxies, certificates and `--offline` hold here too. A mirror may
   redirect (most stand in front of a store), but not to hosts that only we can reach.
2. `file://` mirrors are folders, for machines without a network; no name leads out of the folder, although names in
   signed metadata become parts of paths.
3. The first root is the pinned one or none: it has the digest that was pinned.
4. Whoever is about to load a client for what a mirror has can `knock` first: the first file is asked for, so that
   without a network nothing is loaded, and is remembered, so that it is asked for once.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from assaymark.attest.reasons import Reason, refuse
from assaymark.errors import ArtifactError, DigestMismatchError, LimitError, NetworkError, VerificationError
from assaymark.limits import Limits
from assaymark.model.digest import sha256_digest
from assaymark.net.address import Locality
from assaymark.net.network import Network
from assaymark.net.url import parse_url, shown
from assaymark.safeio.json import decode_go
from assaymark.safeio.paths import clean_path
from assaymark.safeio.text import printable

_CHUNK: Final = 64 * 1024
_FILE: Final = "file://"
_WHY_CHARS: Final = 300


class StatusError(NetworkError):
    """A mirror answered, and not with the file.

    Attributes:
        status: what it answered, in terms of HTTP.
    """

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class Mirror:
    """A mirror.

    Attributes:
        url: without a slash at the end.
    """

    def __init__(self, url: str, network: Network) -> None:
        self.url = url
        self._network = network
        self._early: dict[str, bytes | StatusError] = {}

    def __str__(self) -> str:
        return shown(self.url)

    def stream(self, path: str) -> Iterator[bytes]:
        """The file at `path`, a path relative to the mirror as it stands in a URL.

        Raises:
            StatusError: the mirror does not give it.
            NetworkError: nobody answers.
        """
        early = self._early.pop(path, None)
        if isinstance(early, StatusError):
            raise early
        if early is not None:
            return iter((early,))
        return self._read_file(path) if self.url.startswith(_FILE) else self._download(path)

    def read(self, path: str, *, limit: int) -> bytes:
        """The whole file.

        Raises:
            LimitError: it is longer than `limit`.
            NetworkError: as `stream`.
        """
        data = bytearray()
        for chunk in self.stream(path):
            data += chunk
            if len(data) > limit:
                raise LimitError(f"`{shown(self.url)}/{printable(path)}` is longer than {limit} bytes")
        return bytes(data)

    def knock(self, path: str, *, limit: int) -> None:
        """Ask for a file that `stream` will give later; that the mirror has none is an answer too.

        Raises:
            NetworkError: nobody answers.
            LimitError: it is longer than `limit`.
        """
        try:
            self._early[path] = self.read(path, limit=limit)
        except StatusError as exc:
            self._early[path] = exc

    def fetch_root(self, *, version: int, digest: str, limits: Limits) -> bytes:
        """The pinned version of the TUF root.

        Raises:
            NetworkError: the mirror does not give it.
            DigestMismatchError: the mirror gives something else.
        """
        data = self.read(f"{version}.root.json", limit=limits.trust_metadata_bytes)
        actual = sha256_digest(data)
        if actual != digest:
            raise DigestMismatchError(
                f"version {version} of the TUF root at `{self}` has digest `{actual}` instead of `{digest}`",
                hint="is this a mirror of the public-good instance? another one needs `initialize --root`",
            )
        return data

    def untrusted(self, why: str) -> VerificationError:
        """The error for what it serves; `why` may quote it."""
        why = printable(why)[:_WHY_CHARS]
        return refuse(Reason.TRUST_METADATA, f"what the mirror `{self}` serves cannot be trusted: {why}")

    def _download(self, path: str) -> Iterator[bytes]:
        url = f"{self.url}/{path}"
        with self._network.request("GET", url, nearest=self._nearest) as response:
            if response.status != 200:
                raise StatusError(f"`{shown(url)}` gave HTTP status {response.status}", status=response.status)
            yield from iter(lambda: response.read(_CHUNK), b"")

    @cached_property
    def _nearest(self) -> Locality:
        """Rule 1."""
        return min(self._network.locality(parse_url(self.url).host), Locality.PUBLIC)

    def _read_file(self, path: str) -> Iterator[bytes]:
        """Rule 2."""
        name = clean_path(unquote(path))
        file = Path(unquote(self.url.removeprefix(_FILE))) / (name or ".")
        if name is None or not file.is_file():
            raise StatusError(f"`{shown(self.url)}/{printable(path)}` is no file", status=404)
        with file.open("rb") as stream:
            yield from iter(lambda: stream.read(_CHUNK), b"")


def root_version(root: bytes, *, limits: Limits) -> int:
    """Which version a root to start from is.

    Raises:
        VerificationError: it is none.
    """
    try:
        return metadata_version(root, limits=limits)
    except (ArtifactError, ValueError) as exc:
        raise unusable_root(str(exc)) from exc


def unusable_root(why: str) -> VerificationError:
    """The error for a root to start from; `why` may quote it."""
    return refuse(Reason.TRUST_METADATA, f"the TUF root to start from cannot be used: {printable(why)[:_WHY_CHARS]}")


def metadata_version(metadata: bytes, *, limits: Limits) -> int:
    """The version that a role's metadata states.

    Raises:
        ArtifactError, ValueError: it states none.
    """
    version = signed_part(metadata, limits=limits).get("version")
    if not isinstance(version, int) or version < 1:
        raise ValueError("metadata without a version")
    return version


def signed_part(metadata: bytes, *, limits: Limits) -> dict[str, Any]:
    """What of a role's metadata is signed.

    Raises:
        ArtifactError, ValueError: it is no metadata.
    """
    document = decode_go(metadata, limits=limits, what="TUF metadata")
    signed = document.get("signed") if isinstance(document, dict) else None
    if not isinstance(signed, dict):
        raise ValueError("no TUF metadata")  # noqa: TRY004 - the document is malformed
    return signed
