"""The JSON report: SchemaVersion 2, byte for byte as the reference writes it.

Two keys differ by design: `Scanner` stands in place of the reference's own name, and `Coverage` states what was not
looked at. Before writing, in this order: packages are left out unless they are wanted, findings that filters took out
are left out unless they are wanted, and a result without a target and without content is dropped. One line feed ends
the document.
"""

from __future__ import annotations

from typing import BinaryIO, Final

from msgspec.structs import replace

from assaymark.model.report import Report, Result, Scan
from assaymark.report.format import Format, Rendering
from assaymark.report.gostream import LongMembers, stream_go

LONG_MEMBERS: Final[LongMembers] = {
    Report: ("results",),
    Result: ("packages", "vulnerabilities", "modified_findings"),
}


def write(scan: Scan, rendering: Rendering, stream: BinaryIO) -> None:
    """The report alone; the scan's other facts belong to a record."""
    stream.writelines(stream_go(shaped(scan.report, rendering), LONG_MEMBERS))
    stream.write(b"\n")


def shaped(report: Report, rendering: Rendering) -> Report:
    """The report with what was asked for."""
    results = (_shaped_result(result, rendering) for result in report.results)
    return replace(report, results=tuple(result for result in results if _says_something(result)))


def _shaped_result(result: Result, rendering: Rendering) -> Result:
    return replace(
        result,
        packages=result.packages if rendering.list_all_packages else (),
        modified_findings=result.modified_findings if rendering.show_suppressed else (),
    )


def _says_something(result: Result) -> bool:
    return bool(result.target or result.packages or result.vulnerabilities or result.modified_findings)


FORMAT: Final = Format(
    name="json", media_type="application/json", summary="the whole report, field by field as Trivy's", write=write
)
