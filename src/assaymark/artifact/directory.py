"""Directories as targets: `fs` and `rootfs`.

Rules:
    1. The name in the report is the host name in `etc/hostname` below the root where that file says one, else the
       target as the user named it, cleaned. A link is followed only inside the root: a hostile tree must not name the
       report after a file of the host.
    2. A file as target makes its folder the root, and is the only file that is looked at.
    3. A root that is a git work tree brings its facts.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from posixpath import normpath
from typing import Final

from assaymark.artifact.git import find_git_facts
from assaymark.errors import LocalError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.artifact import Directory
from assaymark.safeio.files import local_error

_HOSTNAME_BYTES: Final = 4096


def open_directory(target: str, *, limits: Limits = DEFAULT_LIMITS) -> Directory:
    """The tree or the single file that `target` names.

    Raises:
        LocalError: there is none, or it can be neither walked nor read.
    """
    name = clean_target(target)
    path = Path(name)
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as exc:
        raise LocalError(f"there is no file or folder `{target}`") from exc
    except (OSError, ValueError) as exc:
        raise local_error("read", path, exc if isinstance(exc, OSError) else OSError(str(exc))) from exc
    if stat.S_ISREG(mode):
        return Directory(name=name, root=path.parent, single=path.name)
    if not stat.S_ISDIR(mode):
        raise LocalError(f"`{target}` is neither a folder nor a regular file")
    return Directory(name=_host_name(path) or name, root=path, git=find_git_facts(path, limits=limits))


def clean_target(target: str) -> str:
    """The target without empty, `.` and `..` parts where they can be left out (Go's `filepath.Clean`)."""
    cleaned = normpath(target or ".")
    return "/" + cleaned.lstrip("/") if cleaned.startswith("/") else cleaned


def _host_name(root: Path) -> str:
    """What `etc/hostname` of the tree says; empty where it says nothing, or lies outside."""
    try:
        path = (root / "etc" / "hostname").resolve(strict=True)
        if not path.is_relative_to(root.resolve(strict=True)):
            return ""
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW), "rb") as stream:
            regular = stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
            data = stream.read(_HOSTNAME_BYTES + 1) if regular else b""
    except (OSError, RuntimeError):  # RuntimeError: a loop of links
        return ""
    return data.decode("utf-8", "replace").strip() if len(data) <= _HOSTNAME_BYTES else ""
