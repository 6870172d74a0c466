"""`db export`: put a database on a registry of one's own."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from assaymark.cli.command import Command
from assaymark.cli.database_flags import cache_of
from assaymark.cli.flags import FlagParser
from assaymark.cli.kept_databases import DATABASES, add_cache_flag, find_named
from assaymark.cli.network_flags import add_network_flags
from assaymark.errors import ArtifactError, ExitCode, NetworkError

if TYPE_CHECKING:
    from assaymark.advisories.cache import CacheFolder
    from assaymark.cli.connections import Connections
    from assaymark.cli.console import Console
    from assaymark.oci.content import ContentStore

DESCRIPTION: Final = """\
Put a vulnerability database on a registry, as an artifact that `--db-repository` takes: the one in the cache, or a kept
one by its digest. Where the published bytes are kept, or still where they came from, the digest stays the same, and
records that name it can be replayed from there. Else, and for a database that was placed by hand, the artifact is made
anew and has another digest, which is told. The reference with digest is printed."""
EXAMPLES: Final = """\
Examples:
  assaymark db export registry.internal/trivy-db                   the database in the cache, under the tag 2
  assaymark db export --digest sha256:4f2a… registry.internal/trivy-db:2026-11-21
"""


def _configure(parser: ArgumentParser) -> None:
    parser.description = DESCRIPTION
    parser.add_argument("target", metavar="REGISTRY/REPOSITORY[:TAG]", help="where it goes (default tag: 2)")
    parser.add_argument(
        "--digest", default="", metavar="DIGEST", help="a kept database (default: the one in the cache)"
    )
    add_cache_flag(parser)
    add_network_flags(parser)
    if isinstance(parser, FlagParser):
        parser.epilogue = lambda: EXAMPLES


def _run(args: Namespace, console: Console) -> int:
    from assaymark.advisories.fetch import repository_references
    from assaymark.advisories.kept import digest_of
    from assaymark.advisories.publish import copy_database, make_database
    from assaymark.cli.connections import Connections
    from assaymark.limits import DEFAULT_LIMITS

    connections = Connections(args, console)
    chosen = _chosen(args.digest, cache_of(args, console.environ))
    [reference] = repository_references([args.target])
    target = connections.registry().repository(reference)
    source = _published(chosen, connections, console)
    if source is not None:
        digest = copy_database(source, target, digest_of(chosen.uri), limits=DEFAULT_LIMITS, tag=reference.tag)
    else:
        digest = make_database(chosen.files, target, limits=DEFAULT_LIMITS, tag=reference.tag)
        if not chosen.uri:
            console.note("it was placed by hand, so nobody knew its digest; this is the digest of the export")
    console.out(f"{reference.context}@{digest}")
    return ExitCode.DONE


class _Chosen(NamedTuple):
    """What is exported: its files, where they came from, and the layout with the published bytes where it is kept."""

    files: CacheFolder
    uri: str
    artifact: Path | None


def _chosen(digest: str, cache: CacheFolder) -> _Chosen:
    from assaymark.advisories.kept import digest_of, find_kept
    from assaymark.advisories.origin import find_origin
    from assaymark.limits import DEFAULT_LIMITS

    if digest:
        kept = find_named(digest, cache)
        return _Chosen(kept.cache, kept.uri, kept.artifact if kept.is_exportable else None)
    origin = find_origin(cache, cache.file)[0] if cache.file.is_file() else None
    if origin is None:
        return _Chosen(cache, "", None)
    found = find_kept(cache, digest_of(origin.uri), limits=DEFAULT_LIMITS)
    return _Chosen(cache, origin.uri, found.artifact if found is not None and found.is_exportable else None)


def _published(chosen: _Chosen, connections: Connections, console: Console) -> ContentStore | None:
    """Who has the published bytes; None, and told, where nobody has."""
    from assaymark.advisories.kept import digest_of
    from assaymark.model.reference import parse_reference
    from assaymark.oci.layout import Layout

    if chosen.artifact is not None:
        return Layout(chosen.artifact)
    if not chosen.uri:
        return None
    source = connections.registry().repository(parse_reference(chosen.uri))
    try:
        source.manifest(digest_of(chosen.uri))
    except (NetworkError, ArtifactError) as exc:
        console.warn(f"the export has another digest, because the published bytes cannot be had: {exc}")
        return None
    return source


COMMAND: Final = Command(
    name="db-export", summary="put a database on a registry", group=DATABASES, configure=_configure, run=_run
)
