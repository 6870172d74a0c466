"""Alpine's package database (apk v2 `installed`; https://wiki.alpinelinux.org/wiki/Apk_spec).

Lines are a letter, a colon and a value; an empty line ends a package. Read are P (name), V (version), o (origin, the
source package), L (licences), F and R (folder and file), D (dependencies), p (provides), A (architecture), C (checksum)
and m (maintainer). Rules:

1. A package without a name, or whose version is none in apk's order, is left out; of equal names the first stays.
2. Dependencies are names or provided words with a version behind `<`, `>`, `=`; those in `!` are conflicts. A word
   stands for the package that provided it last, a package's own name counting as provided by it. What nobody provides
   is dropped.
3. `C:Q1…` is a SHA-1 in base64, anything else an MD5.
4. The source has the version of the package.
5. All listed files belong to the system, those of packages that are left out too.
"""

from __future__ import annotations

import binascii
import posixpath
import re
from base64 import b64decode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from assaymark.errors import LimitError
from assaymark.inventory import licenses
from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.lines import file_lines
from assaymark.inventory.room import Room
from assaymark.model.inventory import Found, OsPackages
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.package import Package
from assaymark.safeio.text import decode_utf8
from assaymark.versions.apk import SCHEME
from assaymark.versions.scheme import VersionError

_OPERATOR: Final = re.compile("[<>=]")


@dataclass(slots=True)
class _Record:
    """The lines of one package."""

    values: dict[bytes, bytes] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)

    def text(self, letter: bytes) -> str:
        return decode_utf8(self.values.get(letter, b""))

    @property
    def id(self) -> str:
        return f"{self.text(b'P')}@{self.text(b'V')}"


def _parse(source: Input) -> Iterator[Found]:
    records: dict[str, _Record] = {}
    provided: dict[str, str] = {}
    system_files: list[str] = []
    for record in _records(source):
        system_files.extend(record.files)
        name = record.text(b"P")
        if not name or not _has_version(record, source):
            continue
        for word in record.text(b"p").split():
            provided[_OPERATOR.split(word, maxsplit=1)[0]] = record.id
        provided[name] = record.id
        records.setdefault(name, record)
        if len(records) > source.limits.packages_per_file:
            raise LimitError(f"more than {source.limits.packages_per_file} packages")
    yield OsPackages(
        path=source.path,
        packages=tuple(_package(name, record, provided) for name, record in records.items()),
        system_files=tuple(system_files),
    )


def _records(source: Input) -> Iterator[_Record]:
    """The packages of the database, empty ones included."""
    room = Room(source)
    record = _Record()
    folder = ""
    for line in file_lines(source):
        key = line[:2]
        if key == b"R:":
            if room.has_path(len(folder) + len(line)):
                record.files.append(_join(folder, decode_utf8(line[2:])))
        elif key == b"F:":
            folder = decode_utf8(line[2:])
        elif len(line) < 2:
            yield record
            record = _Record()
            folder = ""
        elif key in _LISTS:
            if room.has_list(len(line), line.count(b" ") + 1):
                record.values[key[:1]] = line[2:]
        elif key in _FIELDS:
            room.take_field(len(line))
            record.values[key[:1]] = line[2:]
    yield record


_FIELDS: Final = frozenset({b"P:", b"V:", b"o:", b"A:", b"C:", b"m:"})
_LISTS: Final = frozenset({b"L:", b"D:", b"p:"})


def _join(folder: str, name: str) -> str:
    path = f"{folder}/{name}" if folder else name
    return posixpath.normpath(path) if "//" in path or "/." in path or path[:1] in {".", "/"} else path


def _has_version(record: _Record, source: Input) -> bool:
    version = record.text(b"V")
    if not version:
        return False
    try:
        SCHEME.key(version)
    except VersionError:
        source.report(
            Issue(
                code=IssueCode.VERSION_UNPARSABLE,
                message=f"package `{record.text(b'P')}` has the version `{version}`, which apk cannot order",
                path=source.path,
            )
        )
        return False
    return True


def _package(name: str, record: _Record, provided: dict[str, str]) -> Package:
    origin = record.text(b"o")
    version = record.text(b"V")
    return Package(
        id=record.id,
        name=name,
        version=version,
        arch=record.text(b"A"),
        src_name=origin,
        src_version=version if origin else "",
        licenses=licenses.split_lax(record.text(b"L")),
        maintainer=record.text(b"m"),
        depends_on=_depends_on(record.text(b"D").split(), provided),
        digest=_digest(record.values.get(b"C", b"")),
        installed_files=tuple(record.files),
    )


def _depends_on(words: Iterable[str], provided: dict[str, str]) -> tuple[str, ...]:
    names = (_OPERATOR.split(word, maxsplit=1)[0] for word in words if not word.startswith("!"))
    return tuple(sorted({provided[name] for name in names if name in provided}))


def _digest(checksum: bytes) -> str:
    algorithm = "sha1" if checksum.startswith(b"Q1") else "md5"
    try:
        decoded = b64decode(checksum.removeprefix(b"Q1"), validate=True)
    except (binascii.Error, ValueError):
        return ""
    return f"{algorithm}:{decoded.hex()}" if checksum else ""


ANALYZER: Final = Analyzer(
    name="apk",
    version=1,
    kind="os",
    paths=("lib/apk/db/installed", "usr/lib/apk/db/installed"),
    parse=_parse,
)
