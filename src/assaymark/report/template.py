"""Reports by a template of the user's own, in Go's text/template as the reference runs it (`--format template`).

`.` is the list of the report's results with every package and every finding, suppressed ones in `.ModifiedFindings`.
The language is in `assaymark.report.gotemplate`, what there is in `docs/reports.md`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Final

from assaymark.errors import UsageError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.report import Scan
from assaymark.report.format import Format, Rendering, Template

if TYPE_CHECKING:
    from assaymark.report.gotemplate.statements import Definition


def write(scan: Scan, rendering: Rendering, stream: BinaryIO) -> None:
    """What the template makes of the scan.

    Raises:
        UsageError: there is no template, or it cannot be carried out.
    """
    if rendering.template is None:
        raise UsageError("`template` needs a template", hint="give `--template @FILE`")
    carry_out(rendering.template, scan, stream)


def carry_out(template: Template, scan: Scan, stream: BinaryIO, *, limits: Limits = DEFAULT_LIMITS) -> None:
    """Run a template within bounds.

    Raises:
        UsageError: it is no template, asks for what is not there, or exceeds a limit.
    """
    from assaymark.report.gotemplate.parser import MAIN
    from assaymark.report.gotemplate.results import results_of
    from assaymark.report.gotemplate.run import Run
    from assaymark.report.gotemplate.times import parse_rfc3339

    run = Run(
        template.name,
        stream.write,
        now=parse_rfc3339(scan.report.created_at),
        environ=template.environment,
        withheld=template.withheld,
        limits=limits,
    )
    try:
        check(template, limits=limits)[MAIN].write(run, results_of(scan.report))
    except RecursionError as exc:
        raise run.fail("values or templates are too deep in each other") from exc
    run.flush()


def check(template: Template, *, limits: Limits = DEFAULT_LIMITS) -> dict[str, Definition]:
    """The tree of a template, whose grammar is right and whose functions exist.

    Raises:
        UsageError: it is no template.
    """
    from assaymark.report.gotemplate.lexer import SyntaxProblem
    from assaymark.report.gotemplate.library import functions
    from assaymark.report.gotemplate.parser import parse

    try:
        return parse(template.text, functions(), depth=limits.template_depth)
    except SyntaxProblem as exc:
        raise UsageError(f"template `{template.name}`, line {exc.line}: {exc}") from exc


FORMAT: Final = Format(
    name="template",
    media_type="text/plain",
    summary="your own template in Go's text/template (`--template @FILE`)",
    write=write,
)
