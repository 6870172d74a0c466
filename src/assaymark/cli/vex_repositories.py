"""`--vex repo`: VEX repositories, which are copied to where the reference keeps them.

1. `~/.trivy/vex/repository.yaml` lists them (`$XDG_DATA_HOME/.trivy/…` where that is set): `name`, `url`, `enabled`.
   Without the file there is one, the public VEX Hub.
2. A copy is `<cache>/vex/repositories/<name>/0.1/`, with `index.json` and the documents. It is brought up to date first
   (`assaymark.cli.vex_download`), unless `--skip-vex-repo-update` says not to. Where that fails an old copy will do; it
   is told.
3. A repository without a copy is told and left out. Names and locations stay in their folders, links included.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from assaymark.cli.vex_download import VERSION, Origin, update_copy
from assaymark.errors import ArtifactError, LocalError, NetworkError, UsageError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.safeio.files import local_error
from assaymark.safeio.readers import read_bounded

if TYPE_CHECKING:
    from assaymark.cli.console import Console
    from assaymark.matching.vex.repository import Repository
    from assaymark.matching.vex.source import VexSource
    from assaymark.net.network import Network

_HUB: Final = {"name": "default", "url": "https://github.com/aquasecurity/vexhub", "enabled": True}


def find_repositories(cache: Path, console: Console, *, network: Network | None) -> VexSource | None:
    """The enabled repositories that have a copy; None where there is none.

    Args:
        cache: the cache folder.
        console: where troubles are told.
        network: for downloads; None where copies are to stay as they are.

    Raises:
        UsageError: the list is none, or has a name that leads elsewhere.
        NetworkError: there is no copy, and none can be downloaded.
        ArtifactError: an index is malformed.
        LocalError: a file cannot be read or written.
    """
    from assaymark.matching.vex.repository import RepositorySet

    found: list[Repository] = []
    for origin in _enabled(console.environ):
        home = cache / "vex" / "repositories" / origin.name
        if network is not None:
            _update(origin, home, network, console)
        if (home / VERSION / "index.json").is_file():
            found.append(_repository(origin.name, origin.url, home / VERSION))
        else:
            hint = "leave out `--skip-vex-repo-update`"
            console.warn(f"the VEX repository `{origin.name}` has no copy in `{home}`, so it is not asked", hint=hint)
    return RepositorySet(found, on_trouble=console.warn, limits=DEFAULT_LIMITS) if found else None


def _update(origin: Origin, home: Path, network: Network, console: Console) -> None:
    for secret in filter(None, (origin.password, origin.token)):
        console.redaction.add(secret)
    try:
        if update_copy(origin, home, network, clock=lambda: datetime.now(UTC)):
            console.note(f"the VEX repository `{origin.name}` is up to date: `{home}`")
    except (NetworkError, ArtifactError, LocalError) as exc:
        if not (home / VERSION / "index.json").is_file():
            raise
        console.warn(f"the VEX repository `{origin.name}` is not updated: {exc}", hint=exc.hint)


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


def _enabled(environ: Mapping[str, str]) -> list[Origin]:
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
    return [_origin(each, path) for each in listed if str(each.get("enabled", "")).lower() == "true"]


def _origin(entry: Mapping[str, Any], path: Path) -> Origin:
    fields = {key: str(entry.get(key) or "") for key in ("name", "url", "username", "password", "token")}
    name = PurePosixPath(fields["name"])
    if not name.parts or name.is_absolute() or ".." in name.parts or "\0" in fields["name"]:
        hint = "a name without `/` in front and `..`"
        raise UsageError(f"`{path}` has a repository called `{fields['name'][:100]}`", hint=hint)
    return Origin(**fields)
