"""`--vex repo`: the local copies of VEX repositories, where the reference keeps them.

1. `~/.trivy/vex/repository.yaml` lists them (`$XDG_DATA_HOME/.trivy/…` where that is set): `name`, `url`, `enabled`.
   Without the file there is one, the public VEX Hub.
2. A copy is `<cache>/vex/repositories/<name>/0.1/`, with `index.json` and the documents. It is read, and not updated:
   `trivy vex repo download` or any other means brings it there, and no network is asked.
3. A repository without a copy is told and left out. Names and locations stay in their folders, links included.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from assaymark.errors import ArtifactError, LocalError, UsageError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.safeio.files import local_error
from assaymark.safeio.readers import read_bounded

if TYPE_CHECKING:
    from assaymark.cli.console import Console
    from assaymark.matching.vex.repository import Repository
    from assaymark.matching.vex.source import VexSource

_VERSION: Final = "0.1"
_HUB: Final = {"name": "default", "url": "https://github.com/aquasecurity/vexhub", "enabled": True}


def find_repositories(cache: Path, console: Console) -> VexSource | None:
    """The enabled repositories that have a copy; None where there is none.

    Raises:
        UsageError: the list is none, or has a name that leads elsewhere.
        ArtifactError: an index is malformed.
        LocalError: a file cannot be read.
    """
    from assaymark.matching.vex.repository import RepositorySet

    found: list[Repository] = []
    for name, url in _enabled(console.environ):
        folder = cache / "vex" / "repositories" / name / _VERSION
        if (folder / "index.json").is_file():
            found.append(_repository(name, url, folder))
        else:
            hint = "this version does not download repositories: `trivy vex repo download` does"
            console.warn(f"the VEX repository `{name}` has no copy in `{folder}`, so it is not asked", hint=hint)
    return RepositorySet(found, on_trouble=console.warn, limits=DEFAULT_LIMITS) if found else None


def _repository(name: str, url: str, folder: Path) -> Repository:
    from assaymark.matching.vex.repository import Repository, read_index

    index = folder / "index.json"
    packages = read_index(_read(index, DEFAULT_LIMITS.json_bytes), what=str(index), limits=DEFAULT_LIMITS)
    root = folder.resolve()

    def open_document(location: str) -> bytes:
        path = (root / location).resolve()
        if not path.is_relative_to(root) or not path.is_file():
            raise ArtifactError(f"the VEX repository `{name}` has no document `{location[:200]}` in its folder")
        return _read(path, DEFAULT_LIMITS.vex_bytes)

    return Repository(name=name, url=url, packages=packages, open=open_document)


def _read(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as stream:
            return read_bounded(stream, limit=limit, what=str(path))
    except (OSError, ValueError) as exc:  # a location may hold a zero byte
        if isinstance(exc, OSError):
            raise local_error("read", path, exc) from exc
        raise LocalError(f"cannot read `{path}`: {exc}") from exc


def _enabled(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """Rule 1."""
    from assaymark.safeio.yaml import decode_yaml

    home = environ.get("XDG_DATA_HOME") or environ.get("HOME", "")
    path = Path(home) / ".trivy" / "vex" / "repository.yaml"
    listed: Any = [_HUB]
    if path.is_file():
        data = _read(path, DEFAULT_LIMITS.configuration_bytes)
        try:
            document = decode_yaml(data, limits=DEFAULT_LIMITS, what=str(path))
        except ArtifactError as exc:
            raise UsageError(str(exc), hint=exc.hint) from exc
        listed = document.get("repositories") if isinstance(document, dict) else None
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise UsageError(f"`{path}` lists no repositories", hint="`repositories:` and entries with `name:` and `url:`")
    return [_named(each, path) for each in listed if str(each.get("enabled", "")).lower() == "true"]


def _named(entry: Mapping[str, Any], path: Path) -> tuple[str, str]:
    name = str(entry.get("name") or "")
    pure = PurePosixPath(name)
    if not pure.parts or pure.is_absolute() or ".." in pure.parts or "\0" in name:
        raise UsageError(
            f"`{path}` has a repository called `{name[:100]}`", hint="a name without `/` in front and `..`"
        )
    return name, str(entry.get("url") or "")
