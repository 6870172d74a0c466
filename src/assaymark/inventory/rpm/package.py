"""The facts of an rpm header as an inventory holds them.

1. A package without a name or a version is listed as it is, and that is said: nobody's advisories can speak of it.
2. The source package is named by its file, `name-version-release.architecture.rpm`, cut from the end. It has no epoch
   of its own there: the binary package's stands in.
3. A package is official when its vendor is a distribution's, or (Amazon Linux leaves vendors out) when it has none and
   its release names Amazon. Only official packages tell their files, so that the language packages in others stay
   visible.
4. Files are base names with the numbers of their folders. Lists that do not fit each other are left out, and that is
   said; the package stays.
"""

from __future__ import annotations

import posixpath
import re
from typing import Final

import msgspec

from assaymark.inventory.room import Room
from assaymark.inventory.rpm.content import Trouble
from assaymark.inventory.rpm.header import Header, Tag
from assaymark.model.package import Package, PackageRepository

_NONE: Final = "(none)"
_VENDORS: Final = (
    "AlmaLinux",
    "Amazon Linux",
    "Amazon.com",
    "CentOS",
    "CloudLinux",
    "Fedora Project",
    "Microsoft Corporation",
    "Oracle America",
    "Red Hat",
    "Rocky",
    "SUSE",
    "VMware",
    "openSUSE",
)
_OFFICIAL: Final = PackageRepository(class_="official")
_THIRD_PARTY: Final = PackageRepository(class_="third-party")
_EPOCH: Final = re.compile(r"[+-]?[0-9]{1,18}")
_ODD_NAMES: Final = frozenset({"", ".", ".."})


def read_package(header: Header, room: Room, trouble: Trouble) -> Package:
    """The package of a header in a database, without its dependencies.

    Raises:
        ValueError: the header is malformed.
        LimitError: the fields of all packages together are too long.
    """
    package = read_facts(header, room)
    if not package.name or not package.version:
        trouble("a package without a name or a version")
    official = is_official(package.maintainer, package.release)
    digest = header.octets(Tag.SIGMD5).hex()
    return msgspec.structs.replace(
        package,
        id=f"{package.name}@{package.version}-{package.release}.{package.arch}",
        arch=package.arch or "None",
        repository=_OFFICIAL if official else _THIRD_PARTY,
        digest=f"md5:{digest}" if digest else "",
        installed_files=_told_files(header, package.name, room, trouble) if official else (),
    )


def read_facts(header: Header, room: Room) -> Package:
    """What a header says of a package, whether it is installed or not.

    Raises:
        ValueError: the header is malformed.
        LimitError: the fields of all packages together are too long.
    """
    name, version, release, arch = (header.text(tag) for tag in (Tag.NAME, Tag.VERSION, Tag.RELEASE, Tag.ARCH))
    vendor, terms, source_file = (_stated(header.text(tag)) for tag in (Tag.VENDOR, Tag.LICENSE, Tag.SOURCERPM))
    label = header.text(Tag.MODULARITYLABEL)
    room.take_field(sum(map(len, (name, version, release, arch, vendor, terms, source_file, label))))
    source, epoch = split_source(source_file), next(iter(header.numbers(Tag.EPOCH)), 0)
    return Package(
        name=name,
        version=version,
        release=release,
        epoch=epoch,
        arch=arch,
        src_name=source[0],
        src_version=source[1],
        src_release=source[2],
        src_epoch=epoch,
        licenses=(terms,) if terms else (),
        maintainer=vendor,
        modularitylabel=label,
    )


def parse_epoch(text: str) -> int:
    """An epoch that is written as text.

    Raises:
        ValueError: it is no number.
    """
    if _EPOCH.fullmatch(text) is None:
        raise ValueError(f"`{text[:80]}` is no epoch")
    return int(text)


def split_source(file_name: str) -> tuple[str, str, str]:
    """Name, version and release of a source package, by rule 2; all empty where the name has another shape."""
    rest, dot, _arch = file_name.removesuffix(".rpm").rpartition(".")
    rest, second, release = rest.rpartition("-")
    name, first, version = rest.rpartition("-")
    return (name, version, release) if dot and second and first else ("", "", "")


def is_official(vendor: str, release: str) -> bool:
    """Rule 3."""
    return vendor.startswith(_VENDORS) if vendor else "amzn" in release


def _stated(text: str) -> str:
    return "" if text == _NONE else text


def _told_files(header: Header, name: str, room: Room, trouble: Trouble) -> tuple[str, ...]:
    try:
        return _files(header, room)
    except ValueError as exc:
        trouble(f"installed files of `{name}`: {exc}")
        return ()


def _files(header: Header, room: Room) -> tuple[str, ...]:
    """Rule 4."""
    bases = header.texts(Tag.BASENAMES, fits=room.has_paths)
    folders = header.texts(Tag.DIRNAMES, fits=room.has_list_of)
    if not bases or not folders:
        return ()
    if header.count(Tag.DIRINDEXES) != len(bases):
        raise ValueError(f"{len(bases)} names and the folders of {header.count(Tag.DIRINDEXES)}")
    numbers = header.numbers(Tag.DIRINDEXES)
    if min(numbers) < 0 or max(numbers) >= len(folders):
        raise ValueError(f"a folder outside of the {len(folders)} that are named")
    prefixes = [_prefix(folder) for folder in folders]
    lengths = [len(prefix) for prefix in prefixes]
    if not room.has_paths(0, sum([lengths[number] for number in numbers])):
        return ()
    paths = [prefixes[number] + base for number, base in zip(numbers, bases, strict=True)]
    if _ODD_NAMES.isdisjoint(bases) and not any("/" in base for base in bases):
        return tuple(paths)
    return tuple(_clean(path) for path in paths)


def _prefix(folder: str) -> str:
    """What stands in front of the names in a folder."""
    clean = _clean(folder) if folder else ""
    return clean if clean in {"", "/"} else clean + "/"


def _clean(path: str) -> str:
    """A path without `.`, `..` and doubled slashes; two in front are one, as opposed to what POSIX allows."""
    return posixpath.normpath("/" + path.lstrip("/") if path.startswith("/") else path) if path else ""
