"""`--explain CVE`: in place of a report, why a vulnerability is in it, or is not.

The scan is made as usual, but filters are applied only afterwards, so that what they leave out can be told. Nothing is
signed, and the exit code does not speak of findings. `--format json` is for programs.
"""

from __future__ import annotations

from argparse import Namespace, _ActionsContainer
from typing import TYPE_CHECKING, Final

from assaymark.cli.flags import add_values
from assaymark.errors import UsageError

if TYPE_CHECKING:
    from assaymark.cli.console import Console
    from assaymark.matching.explain import Watched
    from assaymark.matching.filters import FilterOptions
    from assaymark.model.report import Scan

_FORMATS: Final = ("", "table", "json")


def add_explain_flag(group: _ActionsContainer) -> None:
    """Add the flag."""
    add_values(
        group,
        "--explain",
        metavar="CVE",
        about="in place of the report, tell why a vulnerability is in it, or is not: package, version, advisory",
    )


def check_explain_flag(args: Namespace) -> None:
    """Refuse what an explanation is not.

    Raises:
        UsageError: another format, further reports, or a signature was asked for.
    """
    if not args.explain:
        return
    if args.format not in _FORMATS:
        raise UsageError(f"`--explain` has no format `{args.format}`", hint="table or json")
    others = {"--also": args.also, "--attest": getattr(args, "attest", False), "--baseline": args.baseline}
    beside = next((name for name, value in others.items() if value), "")
    if beside:
        raise UsageError(f"`--explain` and `{beside}` exclude each other", hint="an explanation is no report")


def write_explanations(scan: Scan, watched: Watched, filters: FilterOptions, args: Namespace, console: Console) -> None:
    """The explanation of every vulnerability that was asked for."""
    from assaymark.cli.files import open_output
    from assaymark.matching.explain import explain
    from assaymark.report.explanation import explanation_lines, explanations_json
    from assaymark.report.table_layers import Layers
    from assaymark.report.wording import Paint

    explanations = [explain(name, scan.report, watched, filters) for name in args.explain]
    paint, layers = Paint(colour=console.colour and not args.output), Layers(scan.report.metadata)
    console.stop_progress()
    with open_output(args.output, console) as stream:
        if args.format == "json":
            stream.write(explanations_json(explanations))
            return
        for number, explanation in enumerate(explanations):
            lines = [*([""] if number else []), *explanation_lines(explanation, layers, paint)]
            stream.write("".join(f"{line.rstrip()}\n" for line in lines).encode("utf-8", "replace"))
