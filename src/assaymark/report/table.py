"""The report for people: first what matters on one screen, then every finding.

The summary comes first (`assaymark.report.table_summary`), then the findings, grouped by target and severity, each with
the version that fixes it, the layer or file to touch, its title and a link; then, where they are wanted, what filters
took out, and who needs what is vulnerable. `--table-mode` chooses one of the two halves.

On a terminal the width decides what goes on one line, and a vulnerability that hits several packages is told once.
When piped, every finding is one whole line for `grep`, without shortening.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

from assaymark.model.report import Result, Scan
from assaymark.report.format import Format, Rendering
from assaymark.report.table_findings import FindingRows, suppressed_of
from assaymark.report.table_layers import Layers
from assaymark.report.table_summary import summary_lines
from assaymark.report.table_tree import tree_lines
from assaymark.report.wording import Paint


def write(scan: Scan, rendering: Rendering, stream: BinaryIO) -> None:
    """The whole table, in UTF-8."""
    paint = Paint(colour=rendering.colour, links=rendering.links)
    stream.writelines(line.rstrip().encode("utf-8", "replace") + b"\n" for line in lines(scan, rendering, paint))


def lines(scan: Scan, rendering: Rendering, paint: Paint) -> Iterator[str]:
    """The table's lines; blank ones stand between its parts."""
    layers = Layers(scan.report.metadata)
    if rendering.summary:
        yield from summary_lines(scan, layers, width=rendering.width, paint=paint)
    parts = [part for result in scan.report.results for part in _parts(result, layers, rendering, paint)]
    for number, part in enumerate(parts):
        if number or rendering.summary:
            yield ""
        yield from part


def _parts(result: Result, layers: Layers, rendering: Rendering, paint: Paint) -> Iterator[Iterator[str]]:
    """What is told of one target."""
    if rendering.detailed and result.vulnerabilities:
        yield FindingRows(result, layers, width=rendering.width, paint=paint).lines()
    if rendering.show_suppressed and result.modified_findings:
        yield suppressed_of(result, rendering.width, paint)
    if rendering.dependency_tree:
        tree = list(tree_lines(result, paint))
        if tree:
            yield iter(tree)


FORMAT: Final = Format(
    name="table", media_type="text/plain", summary="a summary and the findings, for people", write=write
)
