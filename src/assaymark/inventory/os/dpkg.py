"""Debian's package database (dpkg `status`; deb822(5), deb-md5sums(5), debian-policy 5.3).

`var/lib/dpkg/status` holds every package; distroless images keep one file each in `status.d`. Rules:

1. A package is installed unless its `Status` has the word `deinstall` or `purge`; without a `Status` it is.
2. It is left out without a name or a version, or when its version or its source's is none in Debian's order.
3. `Source: name (version)`; both default to the package's own.
4. In one file packages are told apart by `name@version`; the last one stays (foreign architectures collapse).
5. `Depends`: names between `,` and `|`, versions cut off; resolved inside the same file, sorted.
6. Installed files come from `<name>.md5sums` or `<name>:<architecture>.md5sums`, in `status.d` or `info`. Packages of
   other vendors (by maintainer, `data/third-party.txt`) get none, so that the language packages in them stay visible.
7. `available` knows the digests of archives.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

from assaymark.errors import Error, LimitError
from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.fields import Fields, read_paragraphs
from assaymark.inventory.lines import file_lines, long_line
from assaymark.inventory.room import Room
from assaymark.model.inventory import Found, OsPackages
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.package import Package, PackageRepository
from assaymark.safeio.text import decode_utf8
from assaymark.versions.deb import SCHEME
from assaymark.versions.scheme import VersionError

_FOLDER: Final = "var/lib/dpkg"
_AVAILABLE: Final = f"{_FOLDER}/available"
_SOURCE: Final = re.compile(r"(\S*)(?: \((.*)\))?")
_ESSENTIAL: Final = frozenset({b"package", b"status", b"version", b"source"})
_WANTED: Final = _ESSENTIAL | {b"depends", b"maintainer", b"architecture"}
_WANTED_AVAILABLE: Final = frozenset({b"package", b"version", b"sha256"})
_OFFICIAL: Final = PackageRepository(class_="official")
_THIRD_PARTY: Final = PackageRepository(class_="third-party")


def _parse(source: Input) -> Iterator[Found]:
    packages: dict[str, tuple[Package, str]] = {}
    room = Room(source)
    for fields in _paragraphs(source):
        package = _package(fields, source)
        if package is not None:
            depends = fields.one(b"depends")
            room.take_field(fields.size - len(depends))
            words = bool(depends) + depends.count(",") + depends.count("|")
            packages[package.id] = (package, depends if room.has_list(len(depends), words) else "")
        if len(packages) > source.limits.packages_per_file:
            raise LimitError(f"more than {source.limits.packages_per_file} packages")
    ids = {package.name: package.id for package, _ in packages.values()}
    digests = _digests(source)
    owned = _OwnedFiles(source, room)
    finished = tuple(
        _finished(package, depends=_depends_on(depends, ids), digest=digests.get(package.id, ""), owned=owned)
        for package, depends in packages.values()
    )
    yield OsPackages(path=source.path, packages=finished, system_files=tuple(owned.seen))


def _paragraphs(source: Input) -> Iterator[Fields]:
    def name_only(start: bytes) -> bytes | None:
        """A field that is too long is left empty; only four of them decide whether a package is found."""
        name, colon, _ = start.partition(b":")
        essential = name.lower() in _ESSENTIAL
        source.report(long_line(source, source.path, start, blocking=essential))
        return name + colon if colon and not name[:1].isspace() else None

    def cut(name: bytes) -> None:
        message = f"a field `{decode_utf8(name)}` longer than {source.limits.field_bytes} bytes was cut off"
        blocking = name in _ESSENTIAL
        source.report(Issue(code=IssueCode.ENTRY_IGNORED, message=message, path=source.path, blocking=blocking))

    lines = file_lines(source, on_long=name_only)
    return read_paragraphs(lines, _WANTED, limits=source.limits, on_cut=cut)


def _package(fields: Fields, source: Input) -> Package | None:
    """The package of one paragraph, without what other files know of it."""
    if {"deinstall", "purge"} & set(fields.one(b"status").split()):
        return None
    name, version = fields.one(b"package"), fields.one(b"version")
    if not name or not version:
        return None
    origin = _SOURCE.match(fields.one(b"source"))
    src_name, src_version = (origin[1], origin[2] or "") if origin else ("", "")
    try:
        epoch, upstream, release = _split_version(version)
        src_epoch, src_upstream, src_release = _split_version(src_version.strip() or version)
    except VersionError as exc:
        message = f"package `{name}` was left out: {exc}"
        source.report(Issue(code=IssueCode.VERSION_UNPARSABLE, message=message, path=source.path))
        return None
    return Package(
        id=f"{name}@{version}",
        name=name,
        version=upstream,
        release=release,
        epoch=epoch,
        arch=fields.one(b"architecture"),
        src_name=src_name or name,
        src_version=src_upstream,
        src_release=src_release,
        src_epoch=src_epoch,
        maintainer=fields.one(b"maintainer"),
    )


def _split_version(version: str) -> tuple[int, str, str]:
    """Epoch, upstream version and revision.

    Raises:
        VersionError: it is no Debian version.
    """
    SCHEME.key(version)
    epoch, colon, rest = version.strip().partition(":")
    if not colon:
        epoch, rest = "0", version.strip()
    upstream, hyphen, revision = rest.rpartition("-")
    return (int(epoch), upstream, revision) if hyphen else (int(epoch), rest, "")


def _depends_on(depends: str, ids: dict[str, str]) -> tuple[str, ...]:
    names = {part.partition("(")[0].strip() for part in depends.replace("|", ",").split(",")}
    return tuple(sorted(ids[name] for name in names if name in ids))


def _finished(package: Package, *, depends: tuple[str, ...], digest: str, owned: _OwnedFiles) -> Package:
    third_party = _is_third_party(package.maintainer)
    return msgspec.structs.replace(
        package,
        depends_on=depends,
        digest=digest,
        repository=_THIRD_PARTY if third_party else _OFFICIAL,
        installed_files=() if third_party else owned.of(package),
    )


def _digests(source: Input) -> dict[str, str]:
    """The digests in `available`, by ID."""
    file = source.tree.find(_AVAILABLE)
    if file is None:
        return {}
    lines = file_lines(source, file=file, on_long=lambda _start: None)
    digests = {}
    for fields in read_paragraphs(lines, _WANTED_AVAILABLE, limits=source.limits):
        checksum = fields.one(b"sha256")
        if checksum:
            digests[f"{fields.one(b'package')}@{fields.one(b'version')}"] = f"sha256:{checksum}"
    return digests


class _OwnedFiles:
    """The files that the packages of one status file own."""

    def __init__(self, source: Input, room: Room) -> None:
        self._source = source
        self._room = room
        self.seen: list[str] = []

    def of(self, package: Package) -> tuple[str, ...]:
        """The paths of `package`, with a leading slash, sorted."""
        for name in (package.name, f"{package.name}:{package.arch}"):
            paths = self._listed(name)
            if paths is not None:
                self.seen.extend(paths)
                return tuple(paths)
        return ()

    def _listed(self, name: str) -> list[str] | None:
        """What `<name>.md5sums` lists; None where there is no such file."""
        if "/" in name:
            return None
        for folder in ("status.d", "info"):
            file = self._source.tree.find(f"{_FOLDER}/{folder}/{name}.md5sums")
            if file is not None:
                try:
                    return self._paths(file_lines(self._source, file=file))
                except (Error, ValueError) as exc:
                    self._ignored(file.path, str(exc))
                    return None
        return None

    def _paths(self, lines: Iterable[bytes]) -> list[str]:
        paths = []
        for line in lines:
            _, gap, path = line.partition(b"  ")
            if not gap:
                raise ValueError(f"no path in the line `{decode_utf8(line[:80])}`")
            if self._room.has_path(len(path)):
                paths.append("/" + decode_utf8(path))
        paths.sort()
        return paths

    def _ignored(self, path: str, message: str) -> None:
        issue = Issue(code=IssueCode.ENTRY_IGNORED, message=f"installed files: {message}", path=path, blocking=False)
        self._source.report(issue)


def _is_third_party(maintainer: str) -> bool:
    whole, parts = _third_parties()
    return maintainer in whole or any(part in maintainer for part in parts)


@cache
def _third_parties() -> tuple[frozenset[str], tuple[str, ...]]:
    """`data/third-party.txt`: maintainers that are equal to a text (`=` in front), or hold it."""
    text = (files("assaymark.inventory") / "data" / "third-party.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    whole = frozenset(line[1:] for line in lines if line.startswith("="))
    return whole, tuple(line for line in lines if not line.startswith("="))


ANALYZER: Final = Analyzer(
    name="dpkg",
    version=1,
    kind="os",
    paths=(f"{_FOLDER}/status", f"{_FOLDER}/status.d/*", "!*.md5sums"),
    needs=(_AVAILABLE, f"{_FOLDER}/info/*.md5sums", f"{_FOLDER}/status.d/*.md5sums"),
    parse=_parse,
)
