"""rpm's package database (https://rpm.org): Red Hat, Fedora, SUSE, Amazon, Oracle, Azure, Photon and their relatives.

Which file it is depends on rpm's age: `Packages` (Berkeley DB), `Packages.db` (NDB) or `rpmdb.sqlite`
(`assaymark.inventory.rpm`). Rules:

1. A package's ID is `name@version-release.architecture`; without an architecture its text ends in the dot.
2. Dependencies are names; a name stands for the package that provided it last. What nobody provides is dropped, and
   so is the package itself.
3. An entry that cannot be read costs its package, and the report says so. A file that gives none is no database: what
   a lower layer holds stays.
4. What SQLite wrote last may be in its log, which is read when it lies beside the database in the same layer. A log
   that a layer holds alone cannot be applied, and that is said.
5. A rollback journal that still begins with its magic belongs to a change that was cut off
   (https://www.sqlite.org/lockingv3.html, "Hot Journals"). It is not played back, and that is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final, NamedTuple

import msgspec

from assaymark.errors import LimitError
from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.room import Room
from assaymark.inventory.rpm.content import Content
from assaymark.inventory.rpm.database import read_headers
from assaymark.inventory.rpm.header import Tag, parse_header
from assaymark.inventory.rpm.package import read_package
from assaymark.model.inventory import Found, OsPackages
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.package import Package

_NAMED: Final = 10  # troubles that are told one by one
_LOG: Final = "-wal"
_PATHS: Final = (
    "usr/lib/sysimage/rpm/Packages",
    "usr/lib/sysimage/rpm/Packages.db",
    "usr/lib/sysimage/rpm/rpmdb.sqlite",
    "usr/share/rpm/rpmdb.sqlite",
    "var/lib/rpm/Packages",
    "var/lib/rpm/Packages.db",
    "var/lib/rpm/rpmdb.sqlite",
)
_JOURNAL: Final = "-journal"
_JOURNAL_MAGIC: Final = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
_BESIDE: Final = tuple(path + end for path in _PATHS if path.endswith(".sqlite") for end in (_LOG, _JOURNAL))


class _Entry(NamedTuple):
    """A package, and the words that tie it to others."""

    package: Package
    provides: list[str]
    requires: list[str]


def _parse(source: Input) -> Iterator[Found]:
    if source.path.endswith(_LOG):
        _report_lone_log(source)
    elif source.path.endswith(_JOURNAL):
        _report_hot_journal(source)
    else:
        yield _database(source)


def _report_lone_log(source: Input) -> None:
    if source.file.size and source.tree.find(source.path.removesuffix(_LOG)) is None:
        message = "rpm: a write-ahead log whose database is in another layer was left out"
        source.report(Issue(code=IssueCode.ENTRY_IGNORED, message=message, path=source.path))


def _report_hot_journal(source: Input) -> None:
    """Rule 5."""
    with source.file.open() as stream:
        hot = stream.read(len(_JOURNAL_MAGIC)) == _JOURNAL_MAGIC
    if hot:
        message = "rpm: a rollback journal was not applied: the database may hold half of a change"
        source.report(Issue(code=IssueCode.ENTRY_IGNORED, message=message, path=source.path))


def _database(source: Input) -> OsPackages:
    """The packages of one database file."""
    troubles = _Troubles(source)
    entries: list[_Entry] = []
    try:
        for entry in _entries(source, troubles):
            entries.append(entry)
            if len(entries) > source.limits.packages_per_file:
                raise LimitError(f"more than {source.limits.packages_per_file} packages")
    except ValueError as exc:
        if not entries:
            raise
        troubles.give_up(str(exc))
    if troubles.count and not entries:
        raise ValueError(f"no package can be read; first of {troubles.count} reasons: {troubles.first}")
    troubles.finish()
    packages = tuple(_resolved(entries))
    files = tuple(path for package in packages for path in package.installed_files)
    return OsPackages(path=source.path, packages=packages, system_files=files)


def _entries(source: Input, troubles: _Troubles) -> Iterator[_Entry]:
    room = Room(source)
    with ExitStack() as stack:
        content = Content(stack.enter_context(source.file.open()), source.file.size)
        if content.size > source.limits.parsed_file_bytes:
            raise LimitError(f"`{source.path}` is longer than {source.limits.parsed_file_bytes} bytes")
        log = _log(source, stack, troubles)
        for data in read_headers(content, log, limits=source.limits, trouble=troubles.report):
            try:
                yield _entry(data, source, room, troubles)
            except ValueError as exc:
                troubles.report(str(exc))


def _log(source: Input, stack: ExitStack, troubles: _Troubles) -> Content | None:
    """Rule 4."""
    file = source.tree.find(source.path + _LOG)
    if file is None or not file.size:
        return None
    if file.size > source.limits.rpm_log_bytes:
        troubles.report(f"a write-ahead log longer than {source.limits.rpm_log_bytes} bytes was left out")
        return None
    return Content(stack.enter_context(file.open()), file.size)


def _entry(data: bytes, source: Input, room: Room, troubles: _Troubles) -> _Entry:
    header = parse_header(data, limits=source.limits)
    package = read_package(header, room, troubles.report)
    provides = header.texts(Tag.PROVIDENAME, fits=room.has_list_of)
    return _Entry(package, provides, header.texts(Tag.REQUIRENAME, fits=room.has_list_of))


def _resolved(entries: list[_Entry]) -> Iterator[Package]:
    """Rule 2."""
    provided = {word: package.id for package, words, _ in entries for word in words}
    for package, _, requires in entries:
        ids = {provided[word] for word in requires if word in provided}
        ids.discard(package.id)
        yield msgspec.structs.replace(package, depends_on=tuple(sorted(ids)))


class _Troubles:
    """What was wrong with entries of one file: the first ones are told, the others counted.

    Attributes:
        count: how many there were.
        first: what was wrong with the first.
    """

    def __init__(self, source: Input) -> None:
        self.count = 0
        self.first = ""
        self._source = source
        self._waiting: list[str] = []

    def report(self, message: str) -> None:
        """Note one more.

        Raises:
            ValueError: there were too many.
        """
        self.first = self.first or message
        self.count += 1
        if self.count <= _NAMED:
            self._waiting.append(message)
        if self.count > self._source.limits.rpm_troubles:
            raise ValueError(f"more than {self._source.limits.rpm_troubles} damaged entries; the first: {self.first}")

    def give_up(self, message: str) -> None:
        """Note why the rest of the file is not read."""
        self._waiting.append(f"the rest was given up: {message}")

    def finish(self) -> None:
        """Tell them, where the rest of the file was read."""
        if self.count > _NAMED:
            self._waiting.append(f"{self.count - _NAMED} more entries that cannot be read")
        for message in self._waiting:
            issue = Issue(code=IssueCode.FILE_MALFORMED, message=f"rpm: {message}", path=self._source.path)
            self._source.report(issue)


ANALYZER: Final = Analyzer(
    name="rpm",
    version=2,
    kind="os",
    paths=(*_PATHS, *_BESIDE),
    parse=_parse,
)
