"""Templates for tests: the report that the corpus is about, and what a template makes of a scan."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
from tests.support.scans import a_scan

from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.report import Report, Scan
from assaymark.report.format import Template
from assaymark.report.template import carry_out

CORPUS = Path(__file__).parents[1] / "corpus" / "templates"
REPORT = CORPUS / "report.json"
_THEIRS = b'"Trivy": {\n    "Version"'
_OURS = b'"Scanner": {\n    "Name": "x",\n    "Version"'


class Case(NamedTuple):
    """A template and what is known of it: what it prints as JSON, or why it is refused."""

    template: str
    outcome: str


def cases(name: str) -> Iterator[Case]:
    """The records of a file of the corpus."""
    lines = [line for line in (CORPUS / name).read_text().splitlines() if line and not line.startswith("# ")]
    for template, outcome in zip(lines[::2], lines[1::2], strict=True):
        yield Case(template, outcome[2:])


def scan_of(report: Path = REPORT) -> Scan:
    """A report of the reference as a scan of ours."""
    data = report.read_bytes().replace(_THEIRS, _OURS, 1)
    return a_scan(report=msgspec.json.decode(data, type=Report))


def written(
    text: str,
    scan: Scan | None = None,
    *,
    environment: dict[str, str] | None = None,
    withheld: frozenset[str] = frozenset(),
    limits: Limits = DEFAULT_LIMITS,
) -> bytes:
    """What the template `shop.tpl` writes."""
    template = Template(name="shop.tpl", text=text, environment=environment or {}, withheld=withheld)
    stream = io.BytesIO()
    carry_out(template, scan or scan_of(), stream, limits=limits)
    return stream.getvalue()
