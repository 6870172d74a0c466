"""A comparison for programs.

Keys, which stay as they are:

| key | meaning |
|---|---|
| `before`, `after` | `artifact`, `type`, `digest`, `scannedOn`, `scanner`, `database` (`uri`, `version`, `updatedAt`), `complete` (null where unknown), `findings` |
| `doubts` | what makes the comparison worth less, a sentence each |
| `counts` | how many changes of each kind |
| `changes` | all of them, unchanged ones included |

A change has `kind` (`new`, `severity raised`, `severity lowered`, `suppressed`, `fixed`, `no longer listed`,
`unchanged`), `cause` (`package added`, `another version`, `package removed`, `newly known`, `no longer suppressed`, or
empty where it is not known), `otherVersions` of the package in the scan that lacks the finding, `id`, `package`,
`class`, `type`, and of each scan that has the finding, `before` and `after`: `severity`, `installed`, `fixed`,
`status`, `target`, `file`, `suppressed`.
"""  # noqa: E501 - rows of a table

from __future__ import annotations

from typing import Any, BinaryIO

import msgspec

from assaymark.model.report import Scan
from assaymark.report.diff import Change, Difference, Kind, Occurrence
from assaymark.report.format import Rendering


def write_json(difference: Difference, rendering: Rendering, stream: BinaryIO) -> None:
    """The whole document, indented, with a line feed at its end."""
    del rendering
    document = {
        "before": _scan(difference.before),
        "after": _scan(difference.after),
        "doubts": difference.doubts,
        "counts": {kind.value: len(difference.of_kind(kind)) for kind in Kind},
        "changes": [_change(change) for change in difference.changes],
    }
    stream.write(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")


def _scan(scan: Scan) -> dict[str, Any]:
    report, database = scan.report, scan.database
    return {
        "artifact": report.artifact_name,
        "type": report.artifact_type,
        "digest": scan.subject,
        "scannedOn": scan.finished,
        "scanner": f"{report.scanner.name} {report.scanner.version}".strip(),
        "database": {"uri": database.uri, "version": database.version, "updatedAt": database.updated_at},
        "complete": report.coverage.complete if report.coverage else None,
        "findings": sum(len(result.vulnerabilities) for result in report.results),
    }


def _change(change: Change) -> dict[str, Any]:
    found = change.latest
    return {
        "kind": change.kind.value,
        "cause": change.cause.value,
        "otherVersions": change.versions,
        "id": found.finding.vulnerability_id,
        "package": found.finding.pkg_name,
        "class": found.class_,
        "type": found.type,
        "title": found.finding.title,
        "url": found.finding.primary_url,
        "before": _side(change.before),
        "after": _side(change.after),
    }


def _side(each: Occurrence | None) -> dict[str, str] | None:
    if each is None:
        return None
    return {
        "severity": each.finding.severity,
        "installed": each.finding.installed_version,
        "fixed": each.finding.fixed_version,
        "status": each.finding.status,
        "target": each.target,
        "file": each.file,
        "suppressed": each.suppressed,
    }
