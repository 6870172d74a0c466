"""`--vex repo`: VEX repositories, which are copied to where the reference keeps them.

1. Those that are enabled are asked, in the order of the list (`assaymark.cli.vex_origins`).
2. A copy is `<cache>/vex/repositories/<name>/0.1/`, with `index.json` and the documents. It is brought up to date first
   (`assaymark.cli.vex_download`), unless `--skip-vex-repo-update` says not to. Where that fails an old copy will do; it
   is told.
3. A repository without a copy is told and left out. Names and locations stay in their folders, links included.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from assaymark.cli.vex_download import VERSION, Origin, update_copy
from assaymark.cli.vex_origins import read_origins
from assaymark.errors import ArtifactError, LocalError, NetworkError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.safeio.files import local_error
from assaymark.safeio.readers import read_bounded

if TYPE_CHECKING:
    from assaymark.cli.connections import Connections
    from assaymark.cli.console import Console
    from assaymark.matching.vex.repository import Repository
    from assaymark.matching.vex.source import VexSource
    from assaymark.net.network import Network


def find_repositories(
    cache: Path, console: Console, *, network: Callable[[Origin], Network] | None
) -> VexSource | None:
    """The enabled repositories that have a copy; None where there is none.

    Args:
        cache: the cache folder.
        console: where troubles are told.
        network: for the downloads of a repository; None where copies are to stay as they are.

    Raises:
        UsageError: the list is none, or has a name that leads elsewhere.
        NetworkError: there is no copy, and none can be downloaded.
        ArtifactError: an index is malformed.
        LocalError: a file cannot be read or written.
    """
    from assaymark.matching.vex.repository import RepositorySet

    found: list[Repository] = []
    for origin in filter(_is_enabled, read_origins(console.environ)):
        home = home_of(origin, cache)
        if network is not None:
            _update(origin, home, network(origin), console)
        if has_copy(home):
            found.append(_repository(origin.name, origin.url, home / VERSION))
        else:
            hint = "leave out `--skip-vex-repo-update`"
            console.warn(f"the VEX repository `{origin.name}` has no copy in `{home}`, so it is not asked", hint=hint)
    return RepositorySet(found, on_trouble=console.warn, limits=DEFAULT_LIMITS) if found else None


def network_of(origin: Origin, args: Namespace, console: Console, connections: Connections) -> Network:
    """The way to a repository: as the flags say, unless the list says that any certificate will do."""
    if not origin.insecure:
        return connections.network
    from assaymark.cli.connections import Connections

    return Connections(Namespace(**{**vars(args), "insecure": True}), console).network


def home_of(origin: Origin, cache: Path) -> Path:
    """The folder of a repository's copy."""
    return cache / "vex" / "repositories" / origin.name


def has_copy(home: Path) -> bool:
    """Whether there is one that can be asked."""
    return (home / VERSION / "index.json").is_file()


def conceal(origin: Origin, console: Console) -> None:
    """Let no output tell the repository's credentials."""
    for secret in filter(None, (origin.password, origin.token)):
        console.redaction.add(secret)


def _is_enabled(origin: Origin) -> bool:
    return origin.enabled


def _update(origin: Origin, home: Path, network: Network, console: Console) -> None:
    conceal(origin, console)
    try:
        if update_copy(origin, home, network, clock=lambda: datetime.now(UTC)):
            console.note(f"the VEX repository `{origin.name}` is up to date: `{home}`")
    except (NetworkError, ArtifactError, LocalError) as exc:
        if not has_copy(home):
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
