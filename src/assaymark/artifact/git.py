"""The facts of a git work tree, read from its files: commit, branch, tags, remote (gitrepository-layout).

Nothing is executed: `git` reads configuration that can name programs, and what is scanned is hostile.

Rules:
    1. The folder itself must hold `.git`; parents are not searched. A `.git` file leads to the repository of a
       submodule or of a linked work tree only when that repository leads back to this folder, so that a hostile tree
       cannot put another repository's commit into the report. For the same reason every file must lie inside the
       repository after links.
    2. The branch is what `HEAD` names; a detached `HEAD` has none.
    3. Tags are those whose reference is the commit itself (annotated tags are not): loose ones in order of their
       files, then packed ones.
    4. The URL is the first of remote `upstream`, else of `origin`, without user-info.
    5. A tree without a readable commit is no repository.
"""

from __future__ import annotations

import logging
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from assaymark.artifact.git_config import read_config
from assaymark.artifact.git_objects import GitObjects
from assaymark.errors import ArtifactError
from assaymark.limits import Limits
from assaymark.model.artifact import GitFacts
from assaymark.safeio.readers import read_bounded

logger = logging.getLogger(__name__)

_HASH = re.compile(r"[0-9a-f]{40}\Z")
_REFERENCE_HOPS: Final = 10
_USER_INFO = re.compile(r"\A([A-Za-z][A-Za-z0-9+.-]*://)[^/?#]*@")

Config = dict[tuple[str, str, str], list[str]]


def find_git_facts(root: Path, *, limits: Limits) -> GitFacts | None:
    """The facts of the work tree whose root is `root`; None where it is none, or is too damaged to tell."""
    try:
        repository = _find_repository(root, limits)
        return None if repository is None else repository.facts()
    except (ArtifactError, OSError, RuntimeError, ValueError) as exc:  # RuntimeError: a loop of links
        logger.debug("`%s` is not read as a git work tree: %s", root, exc)
        return None


class _Repository:
    """A repository's files.

    Attributes:
        folder: where `HEAD` is.
        common: where references, objects and the configuration are; another folder for a linked work tree.
    """

    def __init__(self, folder: Path, common: Path, *, limits: Limits) -> None:
        self.folder = folder
        self.common = common
        self._limits = limits

    def facts(self) -> GitFacts:
        name, commit = self._resolve_head()
        objects = GitObjects(self.common / "objects", open_file=self.open, limits=self._limits)
        parsed = _parse_commit(objects.read(commit, "commit"))
        return GitFacts(
            repo_url=_remote_url(self.config()),
            branch=name.removeprefix("refs/heads/") if name.startswith("refs/heads/") else "",
            tags=tuple(tag for tag, target in self._tags() if target == commit),
            commit=commit,
            commit_msg=parsed.message,
            author=parsed.author,
            committer=parsed.committer,
        )

    def config(self) -> Config:
        try:
            return read_config(self.read(self.common / "config"))
        except FileNotFoundError:
            return {}

    def open(self, path: Path) -> BinaryIO:
        """A regular file that lies inside the repository after all links."""
        resolved = path.resolve(strict=True)
        if not any(resolved.is_relative_to(base) for base in (self.folder, self.common)):
            raise ArtifactError(f"`{path}` leads out of the repository")
        stream = os.fdopen(os.open(resolved, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW), "rb")
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            stream.close()
            raise ArtifactError(f"`{path}` is not a regular file")
        return stream

    def read(self, path: Path) -> str:
        with self.open(path) as stream:
            data = read_bounded(stream, limit=self._limits.json_bytes, what=str(path))
        return data.decode("utf-8", "replace")

    def _resolve_head(self) -> tuple[str, str]:
        """The last reference on the way from `HEAD`, and the commit that it names."""
        name, text = "HEAD", self.read(self.folder / "HEAD").strip()
        for _ in range(_REFERENCE_HOPS):
            if _HASH.match(text):
                return name, text
            name = text.removeprefix("ref:").strip()
            if not text.startswith("ref:") or not name.startswith("refs/") or ".." in name.split("/"):
                break
            text = self._reference(name)
        raise ArtifactError("`HEAD` leads to no commit")

    def _reference(self, name: str) -> str:
        for folder in (self.folder, self.common):
            try:
                return self.read(folder / name).strip()
            except (FileNotFoundError, NotADirectoryError):
                continue
        return dict(self._packed_references()).get(name, "")

    def _packed_references(self) -> Iterator[tuple[str, str]]:
        try:
            text = self.read(self.common / "packed-refs")
        except FileNotFoundError:
            return
        for line in text.splitlines():
            target, _, name = line.partition(" ")
            if _HASH.match(target) and name:  # lines with `#` are comments, those with `^` peel the tag before them
                yield name, target

    def _tags(self) -> Iterator[tuple[str, str]]:
        seen = set()
        prefix = "refs/tags/"
        for path in _files_below(self.common / "refs" / "tags"):
            name = path.relative_to(self.common / "refs" / "tags").as_posix()
            seen.add(name)
            yield name, self.read(path).strip()
        for reference, target in self._packed_references():
            name = reference.removeprefix(prefix)
            if reference.startswith(prefix) and name not in seen:
                yield name, target


def _files_below(folder: Path) -> Iterator[Path]:
    """Files in order of their names, folders in their place; links are not followed."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _files_below(Path(entry.path))
        elif entry.is_file(follow_symlinks=False):
            yield Path(entry.path)


def _find_repository(root: Path, limits: Limits) -> _Repository | None:
    marker = root / ".git"
    if not marker.exists():
        return None
    base = root.resolve(strict=True)
    resolved = marker.resolve(strict=True)
    if not resolved.is_relative_to(base):
        raise ArtifactError("`.git` leads out of the tree")
    if resolved.is_dir():
        return _Repository(resolved, resolved, limits=limits)
    return _linked_repository(base, resolved, limits)


def _linked_repository(root: Path, marker: Path, limits: Limits) -> _Repository:
    """The repository that a `.git` file names, when it names this folder in turn."""
    text = _Repository(marker.parent, marker.parent, limits=limits).read(marker)
    if not text.startswith("gitdir:"):
        raise ArtifactError("`.git` is neither a folder nor names one")
    folder = (root / text.removeprefix("gitdir:").strip()).resolve(strict=True)
    common = folder
    alone = _Repository(folder, folder, limits=limits)
    if (folder / "commondir").is_file():
        common = (folder / alone.read(folder / "commondir").strip()).resolve(strict=True)
        back = (folder / alone.read(folder / "gitdir").strip()).resolve()
    else:
        work_tree = alone.config().get(("core", "", "worktree"), [""])[-1]
        back = (folder / work_tree / ".git").resolve()
    if back != marker and not folder.is_relative_to(root):
        raise ArtifactError("the repository that `.git` names belongs to another work tree")
    return _Repository(folder, common, limits=limits)


class _Commit(msgspec.Struct, frozen=True):
    author: str
    committer: str
    message: str


def _parse_commit(data: bytes) -> _Commit:
    header, _, message = data.partition(b"\n\n")
    fields: dict[bytes, bytes] = {}
    for line in header.split(b"\n"):
        key, _, value = line.partition(b" ")
        fields.setdefault(key, value)
    author, committer = (_signature(fields.get(key, b"")) for key in (b"author", b"committer"))
    return _Commit(author, committer, message.decode("utf-8", "replace").strip())


def _signature(line: bytes) -> str:
    """`Name <email>` without the time behind it."""
    opening, closing = line.rfind(b"<"), line.rfind(b">")
    if opening == -1 or closing < opening:
        return " <>"
    name, email = line[:opening].strip(b" "), line[opening + 1 : closing]
    return f"{name.decode('utf-8', 'replace')} <{email.decode('utf-8', 'replace')}>"


def _remote_url(config: Config) -> str:
    urls = config.get(("remote", "upstream", "url")) or config.get(("remote", "origin", "url")) or [""]
    return _USER_INFO.sub(r"\1", urls[0])
