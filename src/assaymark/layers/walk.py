"""A directory on the host to the files that analysers want (`fs`, `rootfs`).

Rules:

1. Only regular files are offered, and no symbolic link is ever followed: not to a file, not to a directory, and not
   when a directory is exchanged for a link while we walk. Every step goes from an open directory to a name in it
   (`openat` with `O_NOFOLLOW`), from the root downward, when walking and again when a file is read.
2. What is opened is looked at before it is read, without waiting: a FIFO that takes a file's place is refused.
3. `**/.git` and, directly below the root, `proc`, `sys` and `dev` are skipped, and what `--skip-dirs` and
   `--skip-files` say.
4. What may not be read is an issue and no failure. Special files and links under a wanted name are noted.
5. The order is that of names, so two walks of one tree are the same.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from assaymark.errors import ArtifactError, LimitError
from assaymark.layers.around import surroundings
from assaymark.layers.descent import FOLDER, open_below
from assaymark.layers.kept import KeptFile
from assaymark.layers.notes import Notes
from assaymark.layers.sieves import Sieves, no_sieves, passes
from assaymark.layers.skip import NO_SKIPS, SkipRules
from assaymark.layers.tree import FileTree, Harvest
from assaymark.limits import Limits
from assaymark.model.issue import Issue, IssueCode
from assaymark.safeio.files import local_error
from assaymark.safeio.readers import read_bounded
from assaymark.safeio.text import decode_utf8

Wants = Callable[[str, int, int], bool]
"""Whether some analyser wants a file: its path, permission bits and size."""

DEFAULT_SKIPS: Final = SkipRules(("**/.git", "proc", "sys", "dev"))


class HostFile(msgspec.Struct, frozen=True):
    """A file of the walked directory, opened anew for each reading."""

    path: str
    mode: int
    size: int
    root: int
    host_path: str
    limits: Limits

    def open(self) -> BinaryIO:
        """A fresh stream, usable until the harvest is closed.

        Raises:
            ArtifactError: the file is gone, may not be read, or has become something else.
        """
        try:
            descriptor = open_below(self.root, self.host_path)
        except OSError as exc:
            raise ArtifactError(f"`{self.path}` cannot be read: {(exc.strerror or str(exc)).lower()}") from exc
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise ArtifactError(f"`{self.path}` is no regular file any more")
        return os.fdopen(descriptor, "rb")

    def read(self, limit: int | None = None) -> bytes:
        """The content.

        Raises:
            LimitError: it is longer than `limit` (`Limits.parsed_file_bytes` without one).
            ArtifactError: as for `open`.
        """
        with self.open() as stream:
            return read_bounded(stream, limit=self.limits.parsed_file_bytes if limit is None else limit, what=self.path)


def walk_directory(
    root: Path,
    *,
    wants: Wants,
    limits: Limits,
    on_issue: Callable[[Issue], None],
    claims: Wants | None = None,
    sieves: Sieves = no_sieves,
    skip_dirs: SkipRules = NO_SKIPS,
    skip_files: SkipRules = NO_SKIPS,
    single: str = "",
) -> Harvest:
    """Find the wanted files below `root`.

    Args:
        root: the directory; the only path that is taken as the user gave it, links included.
        wants: asked once for each regular file, in order of names.
        limits: the bounds.
        on_issue: takes what was not looked at.
        claims: like `wants` and without side effects, for names of what is no file; `wants` where None.
        sieves: what decides by its content whether a wanted file is kept.
        skip_dirs: directories to leave out, on top of the default ones.
        skip_files: files to leave out.
        single: look at this file of `root` and at nothing else.

    Raises:
        LocalError: the root is no directory that can be read.
        LimitError: there are too many files.
    """
    try:
        descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as exc:
        raise local_error("read", root, exc) from exc
    notes = Notes(on_issue, limits=limits)
    walk = _Walk(
        descriptor,
        notes,
        wants=wants,
        claims=claims or wants,
        sieves=sieves,
        skip_dirs=skip_dirs,
        skip_files=skip_files,
        limits=limits,
    )
    try:
        if single:
            walk.look_at(single)
        else:
            walk.walk(descriptor, "", 0)
        notes.finish()
    except BaseException:
        os.close(descriptor)
        raise
    tree = FileTree(walk.kept, _no_links, surroundings(root, single=bool(single)))
    return Harvest(tree, close=lambda: os.close(descriptor))


class _Walk:
    def __init__(
        self,
        root: int,
        notes: Notes,
        *,
        wants: Wants,
        claims: Wants,
        sieves: Sieves,
        skip_dirs: SkipRules,
        skip_files: SkipRules,
        limits: Limits,
    ) -> None:
        self.kept: dict[str, KeptFile] = {}
        self._root = root
        self._notes = notes
        self._wants = wants
        self._claims = claims
        self._sieves = sieves
        self._skip_dirs = skip_dirs
        self._skip_files = skip_files
        self._limits = limits
        self._entries = 0

    def walk(self, folder: int, path: str, depth: int) -> None:
        """Look at everything in the open directory `folder`, then at the directories in it."""
        below: list[tuple[str, str]] = []
        for name, entry, status in self._listing(folder, path):
            if not stat.S_ISDIR(status.st_mode):
                self._take(entry, status)
            elif not (DEFAULT_SKIPS.match(_name(entry)) or self._skip_dirs.match(_name(entry))):
                below.append((name, entry))
        for name, entry in below:
            self._descend(folder, name, entry, depth + 1)

    def look_at(self, path: str) -> None:
        """Look at one file."""
        try:
            self._take(path, os.stat(path, dir_fd=self._root, follow_symlinks=False))
        except OSError as exc:
            raise local_error("read", Path(path), exc) from exc

    def _descend(self, folder: int, name: str, path: str, depth: int) -> None:
        if depth >= self._limits.path_depth:
            self._notes.add("nested too deeply, not analysed", _name(path), blocking=True)
            return
        try:
            descriptor = os.open(name, FOLDER, dir_fd=folder)
        except OSError as exc:
            self._unreadable(path, exc)
            return
        try:
            self.walk(descriptor, path, depth)
        finally:
            os.close(descriptor)

    def _listing(self, folder: int, path: str) -> Iterator[tuple[str, str, os.stat_result]]:
        """Name, path and status of everything in a directory, in order of names."""
        try:
            names = sorted(os.listdir(folder))
        except OSError as exc:
            self._unreadable(path, exc)
            return
        self._entries += len(names)
        if self._entries > self._limits.tar_entries:
            raise LimitError(f"there are more than {self._limits.tar_entries} files")
        for name in names:
            entry = f"{path}/{name}" if path else name
            try:
                status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            except OSError as exc:
                self._unreadable(entry, exc)
            else:
                yield name, entry, status

    def _take(self, host_path: str, status: os.stat_result) -> None:
        path = _name(host_path)
        if self._skip_files.match(path):
            return
        if not stat.S_ISREG(status.st_mode):
            if self._claims(path, 0, 0):
                self._notes.add("a link or special file, not followed", path)
            return
        mode = stat.S_IMODE(status.st_mode)
        if self._wants(path, mode, status.st_size):
            file = HostFile(path, mode, status.st_size, self._root, host_path, self._limits)
            if not self._is_of_interest(file):
                return
            self.kept[path] = file
            if len(self.kept) > self._limits.wanted_files:
                raise LimitError(f"there are more than {self._limits.wanted_files} files to analyse")

    def _is_of_interest(self, file: HostFile) -> bool:
        """A file that cannot be read is: whoever parses it will say so."""
        sieves = self._sieves(file.path, file.mode)
        try:
            return not sieves or passes(sieves, file, self._limits)
        except (ArtifactError, OSError):
            return True

    def _unreadable(self, path: str, exc: OSError) -> None:
        if not isinstance(exc, FileNotFoundError):  # what went away while we walked is not there
            message = (exc.strerror or str(exc)).lower()
            self._notes.add(message, _name(path), code=IssueCode.FILE_UNREADABLE, blocking=True)


def _no_links(_: str) -> str | None:
    return None


def _name(host_path: str) -> str:
    """The path as reports show it: a name that is not UTF-8 is no text on the host."""
    return decode_utf8(os.fsencode(host_path))
