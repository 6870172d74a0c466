"""Bringing the copy of a VEX repository up to date (vex-repo-spec 0.1), where the reference keeps it.

1. The manifest is at `<url>/.well-known/vex-repository.json`; on GitHub it is the file in the repository. It lists, for
   version 0.1, archives of the repository in order, and how often they change. It is kept
   beside the copy, and asked for again with every download.
2. A copy that is younger than that is not asked about. `cache.json` has the time of the last download.
3. An archive is a zip or a `tar.gz`; behind `//` stands the folder in it. Only its JSON files are written, under their
   names below that folder, into a new folder that takes the old one's place when it is whole.
4. Credentials go to the origin of the repository alone. Sizes and counts are bounded.
"""

from __future__ import annotations

import base64
import shutil
import zlib
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final
from urllib.parse import urlsplit

import msgspec

from assaymark.cli.flags import parse_duration
from assaymark.errors import ArtifactError, Error, LimitError, NetworkError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.safeio.files import local_error, private_temporary, write_atomic
from assaymark.safeio.json import decode_go_as
from assaymark.safeio.paths import clean_path
from assaymark.safeio.readers import read_bounded
from assaymark.safeio.tarheader import Kind
from assaymark.safeio.tarindex import read_tar_index
from assaymark.safeio.zip import ZipArchive

if TYPE_CHECKING:
    from assaymark.net.network import Network

VERSION: Final = "0.1"
MANIFEST: Final = "vex-repository.json"
_CACHE: Final = "cache.json"
_OK: Final = 200
_CHUNK: Final = 1 << 20


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """A repository as `repository.yaml` has it.

    Attributes:
        insecure: whether any certificate will do.
    """

    name: str
    url: str
    enabled: bool = True
    insecure: bool = False
    username: str = ""
    password: str = ""
    token: str = ""


class _Location(msgspec.Struct, frozen=True):
    url: str = ""


class _Version(msgspec.Struct, frozen=True, kw_only=True):
    spec_version: str = ""
    locations: tuple[_Location, ...] | None = None
    update_interval: str = "0"


class _Manifest(msgspec.Struct, frozen=True, kw_only=True):
    versions: tuple[_Version, ...] | None = None


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    updated: datetime = msgspec.field(name="UpdatedAt")


_MANIFEST: Final = msgspec.json.Decoder(_Manifest)
_KEPT: Final = msgspec.json.Decoder(_Kept)


def update_copy(
    origin: Origin, folder: Path, network: Network, *, clock: Callable[[], datetime], limits: Limits = DEFAULT_LIMITS
) -> bool:
    """Bring `folder`, which holds the manifest and the copy, up to date; whether anything was downloaded.

    Raises:
        NetworkError: no location gives an archive.
        ArtifactError: the manifest or the archive is malformed.
        LocalError: the folder cannot be written.
    """
    path = folder / MANIFEST
    if _is_fresh(folder, clock(), limits):
        return False
    data = _fetch(_manifest_url(origin.url), origin, network, limits)
    version = _version(data, origin.name, limits)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise local_error("create", folder, exc) from exc
    _download(origin, version, folder, network, limits)
    write_atomic(path, data)
    write_atomic(folder / _CACHE, msgspec.json.encode({"UpdatedAt": clock(), "ETags": {}}))
    return True


def _manifest_url(url: str) -> str:
    """Rule 1."""
    parts = urlsplit(url)
    if parts.hostname == "github.com":
        return f"https://raw.githubusercontent.com/{parts.path.strip('/')}/HEAD/{MANIFEST}"
    return f"{url.rstrip('/')}/.well-known/{MANIFEST}"


def _version(data: bytes, name: str, limits: Limits) -> _Version:
    manifest = decode_go_as(data, _MANIFEST, limits=limits, what=f"the manifest of `{name}`")
    version = next((each for each in manifest.versions or () if each.spec_version == VERSION), None)
    if version is None:
        raise ArtifactError(f"the VEX repository `{name}` has no version {VERSION}")
    return version


def _is_fresh(folder: Path, now: datetime, limits: Limits) -> bool:
    """Rule 2; what cannot be read is not fresh."""
    if not (folder / VERSION).is_dir():
        return False
    with suppress(OSError, ArtifactError, ArgumentTypeError):
        kept = decode_go_as(_read(folder / _CACHE, limits), _KEPT, limits=limits)
        interval = parse_duration(_version(_read(folder / MANIFEST, limits), folder.name, limits).update_interval)
        return kept.updated.tzinfo is not None and 0 <= (now - kept.updated).total_seconds() <= interval
    return False


def _read(path: Path, limits: Limits) -> bytes:
    with path.open("rb") as stream:
        return read_bounded(stream, limit=limits.manifest_bytes, what=str(path))


def _fetch(url: str, origin: Origin, network: Network, limits: Limits) -> bytes:
    with network.request("GET", url, headers=_credentials(url, origin)) as response:
        if response.status != _OK:
            raise NetworkError(f"`{response.url}` answered {response.status}")
        return response.bounded(limits.manifest_bytes, what=response.url)


def _credentials(url: str, origin: Origin) -> dict[str, str]:
    """Rule 4."""
    if urlsplit(url)[:2] != urlsplit(origin.url)[:2]:
        return {}
    if origin.token:
        return {"Authorization": f"Bearer {origin.token}"}
    if origin.username or origin.password:
        pair = base64.b64encode(f"{origin.username}:{origin.password}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}
    return {}


def _download(origin: Origin, version: _Version, folder: Path, network: Network, limits: Limits) -> None:
    failure: Error = ArtifactError(f"the VEX repository `{origin.name}` has no location to download it from")
    for location in version.locations or ():
        try:
            _download_from(location.url, origin, folder, network, limits)
        except (NetworkError, ArtifactError) as exc:
            failure = exc
        else:
            return
    raise failure


def _download_from(location: str, origin: Origin, folder: Path, network: Network, limits: Limits) -> None:
    """Rule 3."""
    scheme, _, rest = location.partition("://")
    address, _, inside = rest.partition("//")
    url = f"{scheme}://{address}"
    with private_temporary() as archive:
        with network.request("GET", url, headers=_credentials(url, origin)) as response:
            if response.status != _OK:
                raise NetworkError(f"`{response.url}` answered {response.status}")
            _copy(iter(lambda: response.read(_CHUNK), b""), archive, limits.vex_archive_bytes, url)
        archive.seek(0)
        name = urlsplit(url).path
        files = _zip_files(archive, limits, url) if name.endswith(".zip") else _tar_files(archive, limits, url)
        _replace(folder / VERSION, _below(files, clean_path(inside) or ""), limits)


def _copy(chunks: Iterator[bytes], stream: BinaryIO, limit: int, what: str) -> None:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise LimitError(f"`{what}` has more than {limit} bytes")
        stream.write(chunk)


def _zip_files(archive: BinaryIO, limits: Limits, what: str) -> Iterator[tuple[str, bytes]]:
    opened = ZipArchive(archive, limits=limits, what=what)
    for member in opened.members:
        if member.name.endswith(".json"):
            yield member.name, opened.read(member, limits.vex_bytes)


def _tar_files(archive: BinaryIO, limits: Limits, what: str) -> Iterator[tuple[str, bytes]]:
    with private_temporary() as tar:
        _copy(_inflated(archive, what), tar, limits.vex_unpacked_bytes, what)
        tar.seek(0)
        members = msgspec.structs.replace(limits, archive_members=limits.vex_index_entries)
        for name, member in read_tar_index(tar, limits=members, what=what).items():
            if member.kind is Kind.FILE and name.endswith(".json") and member.size <= limits.vex_bytes:
                tar.seek(member.offset)
                yield name, tar.read(member.size)


def _inflated(archive: BinaryIO, what: str) -> Iterator[bytes]:
    machine = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        while not machine.eof:
            data = machine.unconsumed_tail or archive.read(_CHUNK)
            if not data:
                raise ArtifactError(f"`{what}` breaks off")
            yield machine.decompress(data, _CHUNK)
    except zlib.error as exc:
        raise ArtifactError(f"`{what}` is neither a zip nor a tar.gz: {exc}") from exc


def _below(files: Iterator[tuple[str, bytes]], folder: str) -> Iterator[tuple[str, bytes]]:
    prefix = f"{folder}/" if folder else ""
    for name, data in files:
        path = clean_path(name)
        if path is not None and "\0" not in path and path.startswith(prefix):
            yield path.removeprefix(prefix), data


def _replace(target: Path, files: Iterator[tuple[str, bytes]], limits: Limits) -> None:
    """Rule 3: the new folder takes the place of the old one when it is whole."""
    incoming, aside = target.with_name(f".{target.name}.incoming"), target.with_name(f".{target.name}.previous")
    left = limits.vex_unpacked_bytes
    try:
        for folder in (incoming, aside):
            shutil.rmtree(folder, ignore_errors=True)
        incoming.mkdir(parents=True)
        for name, data in files:
            left -= len(data)
            if left < 0:
                raise LimitError(f"the VEX repository unpacks to more than {limits.vex_unpacked_bytes} bytes")
            path = incoming / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        if not (incoming / "index.json").is_file():
            raise ArtifactError("the archive of the VEX repository has no `index.json`")
        if target.exists():
            target.rename(aside)
        incoming.rename(target)
    except OSError as exc:
        raise local_error("write", target, exc) from exc
    finally:
        for folder in (incoming, aside):
            shutil.rmtree(folder, ignore_errors=True)
