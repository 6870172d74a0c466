"""Repositories as targets: a work tree on this machine, or a repository somewhere else that is cloned for the scan.

Rules:
    1. What exists as a path is scanned as it lies there, whatever it is. A bare repository has no work tree, so one is
       made of it; the reference finds nothing there.
    2. Anything else is an address: `https`, `http`, `ssh`, `git` or `file` with `://`, `user@host:path` (ssh), and
       without a scheme https (`github.com/o/r`). What looks like a path and does not exist is said to be missing.
    3. The clone has one commit (`--depth 1`), all of history with `--commit`. It lies in a private folder that is gone
       afterwards, however that comes; what a killed process left is removed by the next one.
    4. `GITHUB_TOKEN`, else `GITLAB_TOKEN`, is the password of an http address that has none itself, under the
       reference's user name: only for the address's host, only when the server asks, and only over TLS or to this
       machine. Nothing is handed to the user's credential helpers for keeping then.
    5. Files are written as the commit has them: `info/attributes` switches off line ends, filters and encodings.
    6. The report has the address as it was typed, without a password.
"""

from __future__ import annotations

import fcntl
import os
import re
import shlex
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

import msgspec

from assaymark.artifact.directory import clean_target, open_directory
from assaymark.artifact.git_program import TRANSPORTS, Git
from assaymark.errors import ArtifactError, LocalError, OfflineError, UsageError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.artifact import Directory
from assaymark.model.progress import NoProgress, Progress, running
from assaymark.net.address import is_loopback
from assaymark.net.tls import TlsOptions
from assaymark.net.url import shown
from assaymark.safeio.files import local_error, write_atomic

USER: Final = "fanal-aquasecurity-scan"
"""The reference's; services of this kind take any name beside a token."""

_SCRATCH: Final = "assaymark-git-"
_ATTRIBUTES: Final = b"* -text -eol -ident -filter -working-tree-encoding -merge -diff\n"
_ABANDONED_SECONDS: Final = 60.0
"""A folder without a lock is no longer about to be locked."""

_COMMIT = re.compile(r"[0-9a-fA-F]{4,64}\Z")
_SSH_ADDRESS = re.compile(r"(?:[A-Za-z0-9._-]+@)?[A-Za-z0-9._-]+:(?!:)[^\s].*\Z")
_USER_INFO = re.compile(r"\A([A-Za-z][A-Za-z0-9+.-]*://)[^/?#]*@")


class RepositoryRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What shall be scanned, and how it may be reached.

    Attributes:
        target: a path or an address.
        branch, tag, commit: what to check out of a clone; empty for what its server calls `HEAD`.
        environ: the user's variables.
        tls: whom connections trust.
        offline: no clone from elsewhere.
        scratch: where the clone is made; the system's temporary folder where None.
    """

    target: str
    branch: str = ""
    tag: str = ""
    commit: str = ""
    environ: Mapping[str, str] = {}
    tls: TlsOptions = TlsOptions()
    offline: bool = False
    scratch: Path | None = None
    progress: Progress = NoProgress()
    limits: Limits = DEFAULT_LIMITS


@contextmanager
def open_repository(request: RepositoryRequest) -> Iterator[Directory]:
    """The tree that `request` names; a clone of it is gone after the block.

    Raises:
        UsageError: an address that is not understood, or a revision that cannot be one.
        LocalError: there is no such path, it cannot be read, or there is no `git`.
        NetworkError: the repository or its revision cannot be had.
        ArtifactError: it has no commit, or is too large.
    """
    if is_local(request.target) and not _is_bare(Path(request.target)):
        yield open_directory(request.target, limits=request.limits)
        return
    address = _address(request.target)
    if request.offline and urlsplit(address).scheme != "file":
        raise OfflineError(
            f"`{shown(request.target)}` must be cloned, and `--offline` forbids every connection",
            hint="leave out `--offline`, or give a work tree on this machine",
        )
    with _scratch_folder(request.scratch) as scratch:
        tree = scratch / "tree"
        _clone(address, tree, request)
        found = open_directory(str(tree), limits=request.limits)
        named_by_host = found.name != str(tree)
        yield found if named_by_host else msgspec.structs.replace(found, name=_name(request.target))


def is_local(target: str) -> bool:
    """Whether the target is a path on this machine."""
    try:
        return Path(target or ".").exists()
    except (OSError, ValueError):
        return False


def _is_bare(path: Path) -> bool:
    return all((path / name).exists() for name in ("HEAD", "objects", "refs")) and not (path / ".git").exists()


def _name(target: str) -> str:
    """What the report calls it: as typed; a user name alone is no secret, and part of an ssh address."""
    if is_local(target):
        return clean_target(target)
    return _USER_INFO.sub(r"\1", target) if _has_secret(target) else target


def _has_secret(address: str) -> bool:
    parts = urlsplit(address)
    return "@" in parts.netloc and (parts.scheme.lower() in ("http", "https") or ":" in parts.netloc.rpartition("@")[0])


def _address(target: str) -> str:
    """What `git` is given.

    Raises:
        UsageError, LocalError: it is none (rule 2).
    """
    if is_local(target):
        return "file://" + quote(str(Path(target).resolve()))
    if any(character < " " or character == "\x7f" for character in target):
        raise UsageError("the address of the repository holds control characters")
    scheme, separator, _ = target.partition("://")
    if separator:
        if scheme.lower() not in TRANSPORTS:
            raise UsageError(f"repositories are not read over `{scheme[:20]}`", hint=f"one of {', '.join(TRANSPORTS)}")
        return target
    if target.startswith(("/", ".", "~")) or ("/" not in target and ":" not in target):
        raise LocalError(f"there is no file or folder `{target}`")
    if "::" in target or target.startswith("-"):
        raise UsageError(f"`{target[:100]}` is no address of a repository")
    return target if _SSH_ADDRESS.match(target) and not _has_port(target) else f"https://{target}"


def _has_port(target: str) -> bool:
    """`host:8443/o/r` is https; `host:o/r` is ssh."""
    return re.match(r"[^/@]+:\d{1,5}/", target) is not None


# the clone


def _clone(address: str, tree: Path, request: RepositoryRequest) -> None:
    with running(request.progress, "cloning the repository", unit=""):
        git = _git(address, tree.parent, request)
        depth = () if request.commit else ("--depth=1",)
        revision = request.tag or request.branch
        chosen = (f"--branch={revision}", "--single-branch") if revision else ()
        git.run(
            "clone", "--quiet", "--no-checkout", "--template=", *depth, *chosen, "--", address, str(tree),
            failure=f"cannot clone `{shown(request.target)}`" + (f" at `{revision}`" if revision else ""),
            hint="check the address and the revision; GITHUB_TOKEN, GITLAB_TOKEN or your own git opens private ones",
        )  # fmt: skip
        _choose(git, tree, request)
        info = tree / ".git" / "info"
        info.mkdir(exist_ok=True)
        write_atomic(info / "attributes", _ATTRIBUTES, durable=False)
        git.run("-C", str(tree), "reset", "--quiet", "--hard", failure="cannot write the work tree", kind=ArtifactError)
        git.check_size()


def _choose(git: Git, tree: Path, request: RepositoryRequest) -> None:
    """Make `HEAD` what was asked for: `git clone --branch` takes a tag for a branch, and a branch for a tag.

    Raises:
        ArtifactError: there is no such branch, tag or commit.
    """
    within = ("-C", str(tree))
    if request.commit:
        if not _COMMIT.match(request.commit):
            raise UsageError(f"`{request.commit[:100]}` is not the name of a commit", hint="4 to 64 hexadecimal digits")
        _detach(git, within, request.commit, f"the repository has no commit `{request.commit}`")
    elif request.tag:
        reference = f"refs/tags/{request.tag}"
        if not git.find(*within, "rev-parse", "--verify", "--quiet", reference):
            git.run(
                *within, "fetch", "--quiet", "--depth=1", "origin", f"+{reference}:{reference}",
                failure=f"the repository has no tag `{request.tag}`",
            )  # fmt: skip
        _detach(git, within, reference, f"the tag `{request.tag}` is on no commit")
    elif not git.find(*within, "rev-parse", "--verify", "--quiet", "HEAD^{commit}"):
        raise ArtifactError(f"`{shown(request.target)}` has no commit")
    elif request.branch and git.find(*within, "symbolic-ref", "HEAD") != f"refs/heads/{request.branch}":
        raise ArtifactError(f"the repository has no branch `{request.branch}`", hint="`--tag` takes a tag")


def _detach(git: Git, within: tuple[str, str], revision: str, failure: str) -> None:
    commit = git.find(*within, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if not commit:
        raise ArtifactError(failure)
    git.run(*within, "update-ref", "--no-deref", "HEAD", commit, failure=failure, kind=ArtifactError)


def _git(address: str, scratch: Path, request: RepositoryRequest) -> Git:
    settings: tuple[str, ...] = ()
    if urlsplit(address).scheme.lower() in ("http", "https"):
        settings = _credentials(address, scratch, request.environ)
    return Git(scratch, environ=request.environ, tls=request.tls, settings=settings, limits=request.limits)


def _credentials(address: str, scratch: Path, environ: Mapping[str, str]) -> tuple[str, ...]:
    """The settings that answer a server's question with the user's token (rule 4)."""
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    if "@" in parts.netloc:
        return ("credential.helper=",)  # or the helpers would keep what was typed
    token = environ.get("GITHUB_TOKEN") or environ.get("GITLAB_TOKEN") or ""
    if not token or not (parts.scheme.lower() == "https" or is_loopback(parts.hostname or "")):
        return ()
    file = scratch / "credentials"
    line = f"{parts.scheme.lower()}://{USER}:{quote(token, safe='')}@{host}\n"
    write_atomic(file, line.encode(), mode=0o600, durable=False)
    return ("credential.helper=", f"credential.helper=store --file={shlex.quote(str(file))}")


# its folder


@contextmanager
def _scratch_folder(parent: Path | None) -> Iterator[Path]:
    """A private folder that is held by a lock while we live, and removed."""
    base = parent or Path(tempfile.gettempdir())
    _sweep(base)
    try:
        folder = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=base))
    except OSError as exc:
        raise local_error("create a temporary folder in", base, exc) from exc
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def _sweep(base: Path) -> None:
    """Remove what processes left that were killed: folders of ours that nobody holds."""
    with suppress(OSError):
        for folder in base.glob(f"{_SCRATCH}*"):
            status = folder.lstat()
            if status.st_uid == os.getuid() and time.time() - status.st_mtime > _ABANDONED_SECONDS:
                _remove_abandoned(folder)


def _remove_abandoned(folder: Path) -> None:
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(descriptor)
