"""One scan of a whole index: what its platforms' scans found, together.

The record on an index must not look clean while one of its platforms is not: whoever reads only that record (cosign,
admission controllers, policies over `scanner.result`) sees every finding of every platform. Rules:

1. The results are those of all platforms, in the index's order; a target is preceded by its platform,
   `linux/arm64: app:1.0 (alpine 3.22.1)`. The operating system is stated where it is the same everywhere.
2. What belongs to one manifest alone (size, layers, configuration, image ID) is left out.
3. The scan is complete when all are; what was not looked at, and what a policy denies, is told with its platform.
4. `invocation.parameters.platforms` lists each platform with the digest of its manifest and that of the statement that
   was signed about it, so that the record of the index stands for exactly these.
5. It began with the first and ended with the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from assaymark.model.issue import Coverage, Denied, Issue, Unanalysed
from assaymark.model.report import Metadata, Report, Result, Scan


class PlatformScan(msgspec.Struct, frozen=True, kw_only=True):
    """A platform's scan.

    Attributes:
        name: as messages call the platform, `linux/arm64`.
        statement: the digest of the statement that was signed about it.
    """

    name: str
    scan: Scan
    statement: str


def merge_platforms(parts: Sequence[PlatformScan], *, subject: str) -> Scan:
    """The scan of the index with the digest `subject`, which consists of `parts`, at least one, in its order."""
    first = parts[0].scan
    systems = {part.scan.report.metadata.os for part in parts}
    called = first.report.metadata
    return Scan(
        report=Report(
            schema_version=first.report.schema_version,
            scanner=first.report.scanner,
            report_id=first.report.report_id,
            created_at=first.report.created_at,
            artifact_name=first.report.artifact_name,
            artifact_type=first.report.artifact_type,
            metadata=Metadata(
                os=systems.pop() if len(systems) == 1 else None,
                repo_tags=called.repo_tags,
                repo_digests=called.repo_digests,
                reference=called.reference,
            ),
            results=tuple(_of_platform(result, part.name) for part in parts for result in part.scan.report.results),
            coverage=_coverage(parts),
        ),
        invocation=first.invocation,
        database=first.database,
        started=first.started,
        finished=parts[-1].scan.finished,
        subject=subject,
    )


def listed_platforms(parts: Sequence[PlatformScan]) -> list[dict[str, Any]]:
    """Rule 4."""
    return [{"platform": part.name, "digest": part.scan.subject, "statement": part.statement} for part in parts]


def _of_platform(result: Result, platform: str) -> Result:
    return msgspec.structs.replace(result, target=f"{platform}: {result.target}")


def _coverage(parts: Sequence[PlatformScan]) -> Coverage:
    stated = [(part.name, part.scan.report.coverage) for part in parts if part.scan.report.coverage is not None]
    issues = list[Issue]()
    documents = {document: None for _, coverage in stated for document in coverage.vex}
    for platform, coverage in stated:
        issues += [msgspec.structs.replace(issue, message=f"{platform}: {issue.message}") for issue in coverage.issues]
    return Coverage(
        complete=len(stated) == len(parts) and all(coverage.complete for _, coverage in stated),
        issues=tuple(issues),
        not_analysed=_not_analysed([coverage for _, coverage in stated]),
        vex=tuple(documents),
        denied=_denied(stated),
    )


def _denied(stated: Sequence[tuple[str, Coverage]]) -> tuple[Denied, ...]:
    """Findings under the targets of rule 1; what is about the scan is the same for all platforms, and told once."""
    return tuple(
        dict.fromkeys(
            each if each.about else msgspec.structs.replace(each, target=f"{platform}: {each.target}")
            for platform, coverage in stated
            for each in coverage.denied
        )
    )


def _not_analysed(stated: Sequence[Coverage]) -> tuple[Unanalysed, ...]:
    """Kinds with the number of their files on all platforms."""
    found: dict[str, Unanalysed] = {}
    for kind in (kind for coverage in stated for kind in coverage.not_analysed):
        known = found.get(kind.kind)
        found[kind.kind] = msgspec.structs.replace(known, count=known.count + kind.count) if known else kind
    return tuple(found.values())
