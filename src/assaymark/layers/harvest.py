"""One layer to the files that analysers want, in one pass over the stream.

Decompression runs ahead on a thread, the hash of the diff_id and the walk over the headers follow. Rules:

1. Names are cleaned (`safeio.paths`); one that leads out of the root is ignored with a note (CVE-2007-4559 and its
   kin).
2. `.wh..wh..opq` makes its directory opaque, `.wh.name` deletes `name` from lower layers, whatever the entry's type and
   also below a skipped directory (image-spec, "Whiteouts"); a whiteout without a name, or of `.` or `..`, is ignored
   with a note.
3. Only regular files are offered. What is wanted only for what it may hold is looked at, and left if it does not. A
   path that comes again counts as what it was last: file, directory or link; what replaces a directory takes away what
   was below it.
4. A skipped directory counts from its own header onward, as in the reference.
5. A wanted path that exists only as a link, or behind a link to a directory, gets the content of the file that it
leads to in
   this layer, when nobody wants that file under its own name. The file may lie before the link in the stream, so the
   layer is then read again, which nearly no layer needs.
6. At the end the hash must be the diff_id that the configuration claims, in each pass; nothing is returned otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, Final

from assaymark.errors import DigestMismatchError, LimitError
from assaymark.layers.decompress import open_tar_stream
from assaymark.layers.kept import Storage, StoredFile
from assaymark.layers.links import AliasSearch, Link, Links
from assaymark.layers.notes import Notes
from assaymark.layers.sieves import Sieves, holds, no_sieves, peek
from assaymark.layers.skip import NO_SKIPS, SkipRules
from assaymark.layers.tar import Entry, TarReader
from assaymark.layers.tree import FileTree, Harvest
from assaymark.limits import Limits
from assaymark.model.digest import DiffId, hasher
from assaymark.model.issue import Issue, IssueCode
from assaymark.safeio.paths import clean_path
from assaymark.safeio.tarheader import Kind

Wants = Callable[[str, int, int], bool]
"""Whether some analyser wants a file: its path, permission bits and size."""

_WHITEOUT: Final = ".wh."
_OPAQUE: Final = ".wh..wh..opq"
_OBJECT_BYTES: Final = 100  # what a short string costs on top of its characters


def harvest(
    reopen: Callable[[], AbstractContextManager[BinaryIO]],
    *,
    diff_id: DiffId,
    wants: Wants,
    limits: Limits,
    on_issue: Callable[[Issue], None],
    claims: Wants | None = None,
    sieves: Sieves = no_sieves,
    skip_dirs: SkipRules = NO_SKIPS,
    skip_files: SkipRules = NO_SKIPS,
    spill: Path | None = None,
) -> Harvest:
    """Read one layer.

    Args:
        reopen: opens the stored bytes, front to back; called a second time only for rule 5.
        diff_id: what the uncompressed stream must hash to.
        wants: asked once for each regular file, in order of the stream.
        limits: the bounds.
        on_issue: takes what was ignored or not kept.
        claims: like `wants` and without side effects, for paths of links (with mode and size 0); `wants` where None.
        sieves: what decides by its content whether a wanted file is kept.
        skip_dirs: directories to leave out.
        skip_files: files to leave out.
        spill: folder for the temporary file of large files; the system's where None.

    Raises:
        DigestMismatchError: the stream does not have the diff_id.
        ArtifactError: the layer is damaged.
        LimitError: it exceeds a bound.
    """
    storage = Storage(limits=limits, folder=spill)
    notes = Notes(on_issue, limits=limits, layer=diff_id)
    try:
        first = _Collector(
            storage, notes, wants=wants, sieves=sieves, skip_dirs=skip_dirs, skip_files=skip_files, limits=limits
        )
        size = _read(reopen, diff_id, limits, first.take)
        first.finish()
        aliases = first.aliases(claims or wants)
        if aliases:
            second = _AliasCollector(storage, notes, aliases, limits=limits)
            _read(reopen, diff_id, limits, second.take)
            first.kept.update(second.kept())
        notes.finish()
    except BaseException:
        storage.close()
        raise
    return Harvest(
        FileTree(first.kept, first.links.resolve),
        close=storage.close,
        whiteouts=tuple(first.whiteouts),
        opaque=tuple(first.opaque),
        size=size,
        diff_id=diff_id,
    )


def _read(
    reopen: Callable[[], AbstractContextManager[BinaryIO]],
    diff_id: DiffId,
    limits: Limits,
    take: Callable[[Entry, TarReader], None],
) -> int:
    """One pass: hand every entry to `take`, verify the stream, and return its size."""
    hash_ = hasher(diff_id)
    size = 0

    def hashed(chunks: Iterator[bytes]) -> Iterator[bytes]:
        nonlocal size
        for chunk in chunks:
            hash_.update(chunk)
            size += len(chunk)
            yield chunk

    with reopen() as stored, open_tar_stream(stored, limits=limits, what=diff_id) as chunks:
        reader = TarReader(hashed(chunks), limits=limits, what=diff_id)
        for entry in reader:
            take(entry, reader)
    actual = f"{diff_id.partition(':')[0]}:{hash_.hexdigest()}"
    if actual != diff_id:
        raise DigestMismatchError(
            f"layer `{diff_id}` has the uncompressed digest `{actual}`, which the configuration contradicts",
            reason="DIFF_ID_MISMATCH",
        )
    return size


class _Collector:
    """The first pass: keeps wanted files, and remembers what links may lead to.

    Every remembered path has the number of the entry that made it, so that a directory that became something else is
    recognised at the end, without an index of what lies below what.
    """

    def __init__(
        self,
        storage: Storage,
        notes: Notes,
        *,
        wants: Wants,
        sieves: Sieves,
        skip_dirs: SkipRules,
        skip_files: SkipRules,
        limits: Limits,
    ) -> None:
        self.kept: dict[str, StoredFile] = {}
        self.links = Links(limits=limits)
        self.whiteouts: dict[str, None] = {}
        self.opaque: dict[str, None] = {}
        self._number = 0
        self._made: dict[str, int] = {}  # what is no directory, by the number of its entry
        self._others: set[str] = set()  # regular files that nobody wants
        self._skipped: set[str] = set()
        self._kept_path_bytes = 0
        self._other_path_bytes = 0
        self._storage = storage
        self._notes = notes
        self._wants = wants
        self._sieves = sieves
        self._skip_dirs = skip_dirs
        self._skip_files = skip_files
        self._limits = limits

    def take(self, entry: Entry, reader: TarReader) -> None:
        """Look at one entry of the stream."""
        self._number += 1
        path = clean_path(entry.name)
        if path is None:
            self._note_nameless(entry)
        elif path.count("/") >= self._limits.path_depth:
            self._notes.add("nested too deeply, not analysed", path, blocking=True)
        elif _WHITEOUT in path and path.rpartition("/")[2].startswith(_WHITEOUT):
            self._take_whiteout(path)
        else:
            if path in self._made:
                self._forget(path)
            if entry.kind is Kind.FILE:
                self._take_file(path, entry, reader)
            elif entry.kind is Kind.FOLDER:
                self._take_folder(path)
            else:
                self._take_other(path, entry)

    def finish(self) -> None:
        """Forget the kept files below what is a directory no longer."""
        for path in [path for path in self.kept if self._is_hidden(path)]:
            del self.kept[path]

    def aliases(self, claims: Wants) -> dict[str, list[str]]:
        """Files that nobody wants by name, each with the wanted paths that lead to it."""
        search = AliasSearch(self.links, sorted(self._others), lambda path: claims(path, 0, 0), limits=self._limits)
        found: dict[str, list[str]] = {}
        for alias, path in search.run().items():
            if alias not in self.kept and not self._is_skipped(alias) and not self._is_hidden(path):
                found.setdefault(path, []).append(alias)
        if self._other_path_bytes <= self._limits.layer_path_bytes:
            self._note_dangling(claims)
        if self.links.exhausted or self._other_path_bytes > self._limits.layer_path_bytes:
            self._notes.add("not every link was followed", "")
        return found

    def _note_dangling(self, claims: Wants) -> None:
        """A wanted name whose link leads in a circle, to another layer or to the host is not passed over."""
        for path in self.links:
            if not claims(path, 0, 0) or self._is_skipped(path):
                continue
            target = self.links.resolve(path)
            if self.links.exhausted:
                return
            if target not in self._made:
                self._notes.add("a link that leads to no file of its layer, not followed", path)

    def _note_nameless(self, entry: Entry) -> None:
        if ".." in entry.name:
            self._notes.add("outside root, ignored", entry.name)
        elif entry.kind is not Kind.FOLDER:
            self._notes.add("an entry without a name, ignored", entry.name)

    def _take_whiteout(self, path: str) -> None:
        folder, _, name = path.rpartition("/")
        target = name[len(_WHITEOUT) :]
        self._charge(path)
        if name == _OPAQUE:
            self.opaque[folder] = None
        elif target in {"", ".", ".."}:
            self._notes.add("a whiteout of nothing, ignored", path)
        else:
            self.whiteouts[f"{folder}/{target}" if folder else target] = None

    def _take_folder(self, path: str) -> None:
        if self._skip_dirs and self._skip_dirs.match(path):
            self._charge(path)
            self._skipped.add(path)

    def _take_file(self, path: str, entry: Entry, reader: TarReader) -> None:
        if self._is_skipped(path):
            return
        if not self._wants(path, entry.mode, entry.size):
            self._leave(path)
            return
        sieves, content = self._sieves(path, entry.mode), reader.content()
        if sieves:
            head, content = peek(content)
            sieves = [sieve for sieve in sieves if sieve.begins(head)]
            if not sieves:
                self._leave(path)
                return
        if entry.size > self._limits.wanted_file_bytes:
            _note_too_large(self._notes, path, self._limits)
            return
        file = self._storage.keep(path, entry.mode, entry.size, content)
        if sieves and not holds(sieves, file, self._limits):
            self._storage.give_back(file)
            self._leave(path)
        else:
            self._keep(path, file)

    def _keep(self, path: str, file: StoredFile) -> None:
        self._charge(path)
        self.kept[path] = file
        self._made[path] = self._number
        if len(self.kept) > self._limits.wanted_files:
            raise LimitError(f"a layer has more than {self._limits.wanted_files} files to analyse")

    def _leave(self, path: str) -> None:
        """A file that nobody wants; a link may lead to it all the same."""
        if self._remember(path, 0):
            self._others.add(path)

    def _take_other(self, path: str, entry: Entry) -> None:
        hard = entry.kind is Kind.HARDLINK
        target = clean_path(entry.target) if hard else entry.target
        if hard and target is None:
            self._notes.add("a hard link that leads outside root, ignored", path)
        if self._remember(path, len(target or "")) and target and entry.kind is not Kind.SPECIAL:
            self.links.add(path, Link(target, hard))

    def _charge(self, path: str) -> None:
        """Account for a path that must be remembered."""
        self._kept_path_bytes += len(path) + _OBJECT_BYTES
        if self._kept_path_bytes > self._limits.layer_path_bytes:
            raise LimitError(f"the names in a layer have more than {self._limits.layer_path_bytes} bytes together")

    def _remember(self, path: str, more: int) -> bool:
        """Whether there is room for a path that only links need."""
        self._other_path_bytes += len(path) + more + _OBJECT_BYTES
        if self._other_path_bytes > self._limits.layer_path_bytes:
            return False
        self._made[path] = self._number
        return True

    def _is_skipped(self, path: str) -> bool:
        if self._skipped and any(folder in self._skipped for folder in _folders(path)):
            return True
        return self._skip_files.match(path)

    def _is_hidden(self, path: str) -> bool:
        number = self._made.get(path, 0)
        return any(self._made.get(folder, 0) > number for folder in _folders(path))

    def _forget(self, path: str) -> None:
        del self._made[path]
        self.kept.pop(path, None)
        self._others.discard(path)
        self.links.discard(path)


class _AliasCollector:
    """The second pass: keeps the files that wanted paths lead to."""

    def __init__(self, storage: Storage, notes: Notes, aliases: dict[str, list[str]], *, limits: Limits) -> None:
        self._storage = storage
        self._notes = notes
        self._aliases = aliases
        self._limits = limits
        self._files: dict[str, StoredFile] = {}

    def take(self, entry: Entry, reader: TarReader) -> None:
        """Keep the entry if it is the target of an alias."""
        path = clean_path(entry.name)
        if path not in self._aliases or entry.kind is not Kind.FILE:
            return
        if entry.size > self._limits.wanted_file_bytes:
            _note_too_large(self._notes, self._aliases[path][0], self._limits)
            return
        self._files[path] = self._storage.keep(path, entry.mode, entry.size, reader.content())

    def kept(self) -> dict[str, StoredFile]:
        """The files by the paths that lead to them."""
        return {alias: file.renamed(alias) for path, file in self._files.items() for alias in self._aliases[path]}


def _note_too_large(notes: Notes, path: str, limits: Limits) -> None:
    message = f"larger than {limits.wanted_file_bytes} bytes, not analysed"
    notes.add(message, path, code=IssueCode.FILE_TOO_LARGE, blocking=True)


def _folders(path: str) -> Iterator[str]:
    """The directories above `path`, the nearest first."""
    end = path.rfind("/")
    while end > 0:
        yield path[:end]
        end = path.rfind("/", 0, end)
