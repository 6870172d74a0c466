"""CSV: a row for each finding (RFC 4180, UTF-8, a header, every cell in quotes).

Spreadsheets take a cell that begins with `=`, `+`, `-` or `@` for a formula, quotes or not (CWE-1236; OWASP, "CSV
Injection"). Such a cell gets an apostrophe in front; so does what stands behind a semicolon, where programs of some
countries begin a cell. That changes a few real names (`@babel/core`); the column `purl` has them unchanged.

A table has no place for what was not looked at: the command tells it on stderr, and `--require-complete` makes it an
error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from assaymark.model.finding import Finding
from assaymark.model.report import Result, Scan
from assaymark.report.format import Format, Rendering
from assaymark.report.inert import line, package_address, web_address

_COLUMNS: Final = (
    "target",
    "type",
    "package",
    "installed_version",
    "fixed_version",
    "vulnerability",
    "severity",
    "score",
    "status",
    "title",
    "url",
    "path",
    "purl",
    "layer",
    "published",
)
_FORMULA: Final = re.compile(r"(^\s*|;\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")  # the last four are full-width


def write(scan: Scan, rendering: Rendering, stream: BinaryIO) -> None:
    """The header and the rows, in the report's order."""
    del rendering
    stream.write(_row(_COLUMNS))
    for result in scan.report.results:
        stream.writelines(map(_row, _rows(result)))


def _rows(result: Result) -> Iterator[tuple[str, ...]]:
    for finding in result.vulnerabilities:
        yield (
            result.target,
            result.type,
            finding.pkg_name,
            finding.installed_version,
            finding.fixed_version,
            finding.vulnerability_id,
            finding.severity,
            _score(finding),
            finding.status,
            finding.title,
            web_address(finding.primary_url),
            finding.pkg_path,
            package_address(finding.pkg_identifier.purl),
            finding.layer.digest or finding.layer.diff_id,
            finding.published_date,
        )


def _score(finding: Finding) -> str:
    """The CVSS v3 score of the source that the severity comes from, else the NVD's; empty where there is neither."""
    for source in (finding.severity_source, "nvd"):
        cvss = finding.cvss.get(source)
        if cvss is not None and cvss.v3_score:
            return f"{cvss.v3_score:.1f}"
    return ""


def _row(cells: tuple[str, ...]) -> bytes:
    return (",".join(map(_cell, cells)) + "\r\n").encode()


def _cell(text: str) -> str:
    safe = _FORMULA.sub(r"\1'", line(text))
    return '"' + safe.replace('"', '""') + '"'


FORMAT: Final = Format(name="csv", media_type="text/csv", summary="a row for each finding", write=write)
