"""The HTML report: one file that a security team sends to a manager.

It needs nothing but a browser and asks nobody for anything. Summary, charts, the worst findings, coverage and
provenance are plain HTML and are there without JavaScript; the script adds the whole list (sorted, filtered, with an
address for each view and each vulnerability) and the tree of packages. `assaymark.report.html_page` has the parts.

The same scan gives the same bytes: ages are counted up to the scan, not up to today.
"""

from __future__ import annotations

from typing import BinaryIO, Final

from msgspec.structs import replace

from assaymark.model.report import Scan
from assaymark.report.format import Format, Rendering
from assaymark.report.html_page.assembly import page
from assaymark.report.html_page.charts import charts
from assaymark.report.html_page.document import document_of
from assaymark.report.html_page.figures import figures_of
from assaymark.report.html_page.markup import embedded_json, joined
from assaymark.report.html_page.sections import (
    artifact_facts,
    coverage_of,
    notices,
    provenance_of,
    rows_of,
    title_of,
    upgrades_of,
    verdict,
)
from assaymark.report.json import shaped


def write(scan: Scan, rendering: Rendering, stream: BinaryIO) -> None:
    """The whole page, in UTF-8."""
    report = shaped(scan.report, rendering)
    scan = replace(scan, report=report)
    figures = figures_of(report, scan.started)
    texts = {
        "title": title_of(report),
        "artifact": report.artifact_name or "an artifact without a name",
        "scanner": f"{report.scanner.name} {report.scanner.version}",
        "notices": notices(scan),
        "verdict": verdict(figures, report),
        "facts": artifact_facts(scan),
        "charts": charts(figures),
        "upgrades": upgrades_of(report),
        "total": str(figures.total),
        "rows": rows_of(report),
        "coverage": coverage_of(report.coverage),
        "provenance": provenance_of(scan),
    }
    parts = {name: joined([text]).encode() for name, text in texts.items()}
    stream.write(page({**parts, "data": embedded_json(document_of(scan))}))


FORMAT: Final = Format(
    name="html", media_type="text/html", summary="one page for people: charts, a list to filter, packages", write=write
)
