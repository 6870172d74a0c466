"""Vulnerability records as policies are asked about them, and the facts of such records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

NOW: Final = datetime(2026, 6, 2, 12, tzinfo=UTC)
SCANNED: Final = NOW - timedelta(days=1)
"""When the scan of `record` ended."""


def ago(**parts: float) -> datetime:
    """A moment before `NOW`."""
    return NOW - timedelta(**parts)


def spelled(moment: datetime) -> str:
    """As records spell it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def finding(
    identifier: str = "CVE-2024-0001",
    severity: str = "HIGH",
    *,
    package: str = "openssl",
    fixed: str = "",
    aliases: Sequence[str] = (),
) -> dict[str, Any]:
    """A finding of a report."""
    written = {
        "VulnerabilityID": identifier,
        "VendorIDs": list(aliases),
        "PkgName": package,
        "InstalledVersion": "1",
        "FixedVersion": fixed,
        "Severity": severity,
    }
    return {name: value for name, value in written.items() if value}


def record(
    findings: Sequence[dict[str, Any]] = (),
    *,
    finished: datetime = SCANNED,
    complete: bool | None = None,
    flags: dict[str, Any] | None = None,
    result: Any = None,
    **parameters: Any,
) -> dict[str, Any]:
    """A record of a scan, whose database is half a day older; `parameters` are those of the invocation."""
    coverage = {} if complete is None else {"coverage": {"complete": complete}}
    started = finished - timedelta(seconds=2)
    database = finished.replace(hour=0) if finished.hour else finished - timedelta(hours=12)
    return {
        "invocation": {
            "parameters": {
                "flags": flags or {},
                "database": {"updatedAt": spelled(database)},
                **coverage,
                **parameters,
            },
            "uri": "",
            "event_id": "",
            "builder.id": "",
        },
        "scanner": {
            "uri": "pkg:pypi/scanner",
            "version": "1",
            "db": {"uri": "", "version": "2"},
            "result": result
            if result is not None
            else {"SchemaVersion": 2, "Results": [{"Target": "os", "Vulnerabilities": list(findings)}]},
        },
        "metadata": {"scanStartedOn": spelled(started), "scanFinishedOn": spelled(finished)},
    }
