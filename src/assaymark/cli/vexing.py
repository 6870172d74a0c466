"""VEX in a scanning command: documents are read before the scan, and after it their use is told.

1. Files are read first: a document that is none must not cost a scan. What is attached to an image is asked for last,
   when its digest is known.
2. `Coverage.VEX` of the report says of every statement what became of it. On stderr `--show-suppressed` and `--debug`
   say the same; without them one line counts.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from assaymark.cli.files import read_input
from assaymark.cli.vex_flags import OCI, REPOSITORIES
from assaymark.limits import DEFAULT_LIMITS
from assaymark.report.plain import shown
from assaymark.report.wording import amount

if TYPE_CHECKING:
    from assaymark.cli.connections import Connections
    from assaymark.cli.console import Console
    from assaymark.matching.vex.source import VexSource
    from assaymark.model.report import Scan
    from assaymark.model.vex import VexDocument, VexStatement

_TOLD: Final = 200
_DOCUMENTS_TOLD: Final = 20


def read_vex(args: Namespace, console: Console, connections: Connections) -> dict[str, VexSource]:
    """What the files and the repositories say that `--vex` names, by its values.

    Raises:
        UsageError: the list of repositories cannot be understood.
        LocalError: a file cannot be read.
        ArtifactError: one is no VEX document, or no index of a repository.
    """
    found = {name: _source(name, args, console, connections) for name in args.vex if name != OCI}
    return {name: source for name, source in found.items() if source is not None}


def _source(name: str, args: Namespace, console: Console, connections: Connections) -> VexSource | None:
    if name in REPOSITORIES:
        from assaymark.cli.database_flags import cache_of
        from assaymark.cli.vex_repositories import find_repositories, network_of

        skipped = args.skip_vex_repo_update
        network = None if skipped else partial(network_of, args=args, console=console, connections=connections)
        return find_repositories(cache_of(args, console.environ).root, console, network=network)
    from assaymark.matching.vex.format import read_vex as read_document
    from assaymark.matching.vex.source import SingleDocument

    data = read_input(name, console, limit=DEFAULT_LIMITS.vex_bytes)
    what = "stdin" if name == "-" else name
    return SingleDocument(read_document(data, source=name, what=what, limits=DEFAULT_LIMITS))


def vex_sources(
    scan: Scan, read: Mapping[str, VexSource], args: Namespace, console: Console, connections: Connections
) -> list[VexSource]:
    """All sources in the order of `--vex`; what is attached to the image is fetched and verified now.

    Raises:
        UsageError: the image has no name on a registry.
        Error: the registry cannot be asked, or a key, an expression or the trust data cannot be used.
    """
    sources: list[VexSource] = []
    for name in dict.fromkeys(args.vex):
        if name != OCI:
            sources += [read[name]] if name in read else []
            continue
        from assaymark.cli.vex_attached import find_attached_vex

        attached = find_attached_vex(scan, args, console, connections)
        if attached is not None:
            sources.append(attached)
    return sources


def tell_vex(scan: Scan, args: Namespace, console: Console) -> None:
    """Rule 2; of many documents, as repositories have them, those that were used come first."""
    documents = scan.report.coverage.vex if scan.report.coverage else ()
    ordered = sorted(documents, key=lambda each: not any(said.findings for said in each.statements))
    for document in ordered[:_DOCUMENTS_TOLD]:
        used = [each for each in document.statements if each.findings]
        count = sum(each.findings for each in used)
        unused = len(document.statements) - len(used) + document.unlisted
        console.note(
            f"VEX `{shown(document.source)}`: {amount(len(used), 'statement')} took out {amount(count, 'finding')}, "
            f"{amount(unused, 'statement')} took out none"
        )
        if args.show_suppressed or args.debug:
            for line in _lines(document):
                console.note(f"  {shown(line)}")
    if len(documents) > _DOCUMENTS_TOLD:
        more = amount(len(documents) - _DOCUMENTS_TOLD, "document")
        console.note(f"VEX: {more} more; the JSON report's `Coverage` lists them")


def _lines(document: VexDocument) -> Iterator[str]:
    statements = sorted(document.statements, key=lambda each: not each.findings)
    yield from map(_line, statements[:_TOLD])
    more = len(statements) - _TOLD + document.unlisted if len(statements) > _TOLD else document.unlisted
    if more:
        yield f"{more} more; the JSON report's `Coverage` lists {len(document.statements)}"


def _line(statement: VexStatement) -> str:
    said = f"{statement.vulnerability or 'no vulnerability'} {statement.status.replace('_', ' ')}"
    if not statement.findings:
        return f"{said}: not used: {statement.reason}"
    lenient = f", matched by {statement.match}" if statement.match else ""
    return f"{said}: used for {amount(statement.findings, 'finding')}{lenient}"
