"""One layer's harvested files turned into its inventory, the value that the cache keeps.

1. Every file goes to the analysers that claim it, in byte order of the paths, so that the result does not depend on
   the order of an archive. A path that an analyser names exactly and that is a link is followed when nobody claims
   its target.
2. What one analyser cannot read in one file becomes an issue, and the rest goes on.
3. Packages get their analyser's name, normalised licences (applications only) and their UID, and are sorted.
4. Applications whose file belongs to an official package of the operating system of the *same* layer are dropped, and
   packages likewise: the package manager's own database is the better source. Comprehensive detection keeps them.
   What is not read at all is treated alike: a file of the system's packages is not missed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO, Final

import msgspec
from msgspec.structs import replace

from assaymark.errors import Error, LimitError, LocalError
from assaymark.inventory.analyzer import Analyzer, File, Host, Input, NoHost, Options, Tree
from assaymark.inventory.checksums import sha1_of
from assaymark.inventory.index import Index
from assaymark.inventory.ordering import package_order
from assaymark.inventory.uid import package_uids
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.inventory import Application, Found, JavaArchive, LayerInventory, OsPackages, UnreadFile
from assaymark.model.issue import Issue, IssueCode, Unanalysed
from assaymark.model.licenses import normalise_all
from assaymark.model.package import EMPTY_LIST, Package, Relationship

logger = logging.getLogger(__name__)

FORMAT: Final = 3
"""Version of `LayerInventory` and of what is computed here; part of the cache key."""

_SYSTEM_FILES: Final = frozenset(  # distroless Python 2 has no list of its files
    {
        "usr/lib/python2.7/argparse.egg-info",
        "usr/lib/python2.7/lib-dynload/Python-2.7.egg-info",
        "usr/lib/python2.7/wsgiref.egg-info",
    }
)


_SILENT: Final = frozenset({"pylock"})
"""Analysers whose indirect packages have no `Indirect` in the reference."""


class LayerFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What reading a layer tells about it; a directory has none of it.

    Attributes:
        issues: what the reading itself had to leave out.
        not_analysed, unread: from `Index.watch`.
        root: a directory's name as the user wrote it.
        is_stored: whether the reference keeps what it finds in such an artifact, which makes empty lists none.
    """

    digest: str = ""
    diff_id: str = ""
    size: int = 0
    whiteouts: tuple[str, ...] = ()
    opaque: tuple[str, ...] = ()
    issues: tuple[Issue, ...] = ()
    not_analysed: tuple[Unanalysed, ...] = ()
    unread: tuple[UnreadFile, ...] = ()
    root: str = ""
    is_stored: bool = False


NO_FACTS: Final = LayerFacts()


def analyse_layer(
    tree: Tree,
    facts: LayerFacts = NO_FACTS,
    *,
    index: Index,
    limits: Limits = DEFAULT_LIMITS,
    options: Options | None = None,
    host: Host | None = None,
) -> LayerInventory:
    """What the files of `tree` say; never fails because of what they hold."""
    options = options or Options()
    issues = [_placed(issue, facts) for issue in facts.issues]
    found: list[Found] = []

    def report(issue: Issue) -> None:
        issues.append(_placed(issue, facts))

    for file, analyzer in _work(tree, index):
        source = Input(
            file=file, tree=tree, limits=limits, options=options, report=report, root=facts.root, host=host or NoHost()
        )
        found.extend(finished(item, analyzer.name) for item in _run(analyzer, source))
    owned = frozenset() if options.comprehensive else _system_files(found, facts)
    return LayerInventory(
        digest=facts.digest,
        diff_id=facts.diff_id,
        size=facts.size,
        found=tuple(identified(_without(owned, found), is_stored=facts.is_stored)),
        whiteouts=facts.whiteouts,
        opaque=facts.opaque,
        issues=tuple(issues),
        not_analysed=facts.not_analysed,
        unread=tuple(file for file in facts.unread if file.path not in owned),
    )


def _placed(issue: Issue, facts: LayerFacts) -> Issue:
    return issue if issue.layer else replace(issue, layer=facts.diff_id)


def _work(tree: Tree, index: Index) -> Iterator[tuple[File, Analyzer]]:
    """Rule 1: each file with each analyser that parses it."""
    claimed: dict[str, tuple[File, list[Analyzer]]] = {}
    for file in tree.under(""):
        if parsers := index.parsers(file.path, file.mode):
            claimed[file.path] = file, parsers
    for path in index.exact_paths:
        if path not in claimed:
            target = tree.find(path)
            if target is not None and target.path not in claimed:
                claimed[path] = _Linked(path, target), index.parsers(path, target.mode)
    for _, (file, parsers) in sorted(claimed.items()):
        for analyzer in parsers:
            yield file, analyzer


class _Linked:
    """A file under the name of a link to it."""

    def __init__(self, path: str, target: File) -> None:
        self.path = path
        self.mode = target.mode
        self.size = target.size
        self._target = target

    def open(self) -> BinaryIO:
        return self._target.open()

    def read(self, limit: int | None = None) -> bytes:
        return self._target.read(limit)


def _run(analyzer: Analyzer, source: Input) -> Iterable[Found]:
    """Rule 2. A file that fails half-way contributes nothing."""
    try:
        found = list(analyzer.parse(source))
        return _with_checksum(found, source) if analyzer.is_file and source.options.checksums else found
    except Exception as exc:  # marked place: one analyser on one file; the report tells
        logger.debug("analyser %s on %s", analyzer.name, source.path, exc_info=True)
        code = _code(exc)
        reason = str(exc) if isinstance(exc, (Error, ValueError, OSError)) else f"{type(exc).__name__}: {exc}"
        source.report(Issue(code=code, message=f"{analyzer.name}: {reason}", path=source.path))
        return ()


def _with_checksum(found: list[Found], source: Input) -> list[Found]:
    """The applications, with the SHA-1 of their file at each package that has none of its own."""
    if not any(isinstance(item, Application) for item in found):
        return found
    with source.file.open() as stream:
        digest = sha1_of(stream)
    return [
        replace(item, packages=tuple(each if each.digest else replace(each, digest=digest) for each in item.packages))
        if isinstance(item, Application)
        else item
        for item in found
    ]


def _code(exc: Exception) -> IssueCode:
    if isinstance(exc, LimitError):
        return IssueCode.FILE_TOO_LARGE
    return IssueCode.FILE_UNREADABLE if isinstance(exc, (LocalError, OSError)) else IssueCode.FILE_MALFORMED


def finished(item: Found, analyzer: str) -> Found:
    """Rule 3 but for the UIDs; `analyzer` is its name."""
    if isinstance(item, OsPackages):
        packages = (replace(package, analyzed_by=analyzer) for package in item.packages)
    elif isinstance(item, Application):
        packages = (_normalised(package, analyzer) for package in item.packages)
    else:
        return item
    return replace(item, packages=tuple(sorted(packages, key=package_order)))


def _normalised(package: Package, analyzer: str) -> Package:
    """`Indirect` repeats the relationship for older readers of the report."""
    return replace(
        package,
        licenses=normalise_all(package.licenses),
        indirect=package.relationship is Relationship.INDIRECT and analyzer not in _SILENT,
        analyzed_by=analyzer,
    )


def identified(found: Iterable[Found], *, is_stored: bool = False) -> Iterator[Found]:
    """Rule 3: all packages with their UIDs; the lists that only rule 4 needs are dropped, and empty ones are plain."""
    items = list(found)
    holders = [item for item in items if isinstance(item, (OsPackages, Application))]
    packages = [package for item in holders for package in item.packages]
    if is_stored:
        packages = [_with_plain_lists(package) for package in packages]
    paths = [item.path if isinstance(item, Application) else "" for item in holders for _ in item.packages]
    uids = iter(package_uids(packages, paths))
    for item in items:
        if isinstance(item, OsPackages):
            yield OsPackages(path=item.path, packages=_with_uids(item.packages, uids))
        elif isinstance(item, Application):
            yield replace(item, packages=_with_uids(item.packages, uids))
        else:
            yield item


def _with_uids(packages: tuple[Package, ...], uids: Iterator[str]) -> tuple[Package, ...]:
    return tuple(
        replace(_with_plain_lists(package), identifier=replace(package.identifier, uid=next(uids)))
        for package in packages
    )


def _with_plain_lists(package: Package) -> Package:
    return replace(package, depends_on=()) if package.depends_on is EMPTY_LIST else package


def _system_files(found: Sequence[Found], facts: LayerFacts) -> frozenset[str]:
    """Rule 4: what belongs to the system, of the paths that are asked about; a system has half a million others."""
    asked = {file.path for file in facts.unread}
    for item in found:
        if isinstance(item, Application):
            asked.add(item.path)
            asked.update(package.file_path for package in item.packages)
        elif isinstance(item, JavaArchive):
            asked.add(item.path)  # packages of the system install whole archives
    listed = (path.removeprefix("/") for item in found if isinstance(item, OsPackages) for path in item.system_files)
    return frozenset(asked & _SYSTEM_FILES).union(path for path in listed if path in asked)


def _without(owned: frozenset[str], found: Iterable[Found]) -> Iterator[Found]:
    """Rule 4: `found` without applications and packages of these files."""
    for item in found:
        if isinstance(item, (Application, JavaArchive)) and item.path in owned:
            continue
        if isinstance(item, Application):
            packages = tuple(package for package in item.packages if package.file_path not in owned)
            yield replace(item, packages=packages)
        else:
            yield item
