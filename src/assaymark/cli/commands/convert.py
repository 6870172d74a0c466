"""`convert`: a stored report or record in another form, with the times that it has."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from assaymark.cli.baseline import add_baseline_flag
from assaymark.cli.command import Command
from assaymark.cli.filter_flags import add_filter_flags, filters_from
from assaymark.cli.flags import FlagParser, add_switch, add_values
from assaymark.cli.global_flags import SCANNING
from assaymark.cli.scan_flags import add_output_flags, formats_known
from assaymark.cli.trivy_flags import CONVERT_UNSUPPORTED, add_convert_flags
from assaymark.cli.unsupported_flags import refuse_unsupported
from assaymark.errors import UsageError
from assaymark.model.epoch import find_source_date

if TYPE_CHECKING:
    from assaymark.cli.console import Console
    from assaymark.matching.filters import FilterOptions
    from assaymark.model.report import Report, Result, Scan

DESCRIPTION: Final = """\
Write a stored report in another form. FILE is a JSON report, ours or Trivy's, a vulnerability record, or a Sigstore
bundle or envelope that holds one, of which nothing is verified; `-` reads stdin. Nothing is scanned again and no time
is changed: the filters apply to the findings that are there."""
EXAMPLES: Final = """\
Examples:
  assaymark convert report.json                                       the table of an earlier scan
  assaymark convert report.json --format sarif --output report.sarif
  assaymark convert vuln.json --format html --output report.html --severity HIGH,CRITICAL
"""


def _configure(parser: ArgumentParser) -> None:
    parser.description = DESCRIPTION
    parser.add_argument("path", nargs="?", default="", metavar="FILE", help="a JSON report or a vulnerability record")
    group = add_output_flags(parser)
    add_baseline_flag(group)
    add_switch(group, "--require-complete", about="exit 3 when something was not looked at")
    # the reference asks for it to know which columns its summary shall have
    add_values(group, "--scanners", "--security-checks", about="accepted; the report says what was looked for")
    add_filter_flags(parser, matches=False)
    add_convert_flags(parser)
    if isinstance(parser, FlagParser):
        parser.epilogue = lambda: f"{EXAMPLES}\n{formats_known()}"


def _run(args: Namespace, console: Console) -> int:
    from assaymark.cli.reporting import Reporting
    from assaymark.cli.told_scans import read_told_file
    from assaymark.matching.judging import with_denials

    refuse_unsupported(args, CONVERT_UNSUPPORTED)
    if not args.path:
        raise UsageError("no report to convert", hint="assaymark convert report.json --format sarif")
    now = find_source_date(console.environ) or datetime.now(UTC)
    filters = filters_from(args, now=now, environ=console.environ)
    reporting = Reporting(args, console, filters)
    scan = converted(read_told_file(args.path, console), filters.report)
    if any(each.format.is_bill for each in reporting.destinations) and _lists_nothing(scan.report):
        console.warn(
            "the report lists no packages, so only those with findings are in the bill of materials",
            hint="write the report with packages: `--list-all-pkgs`",
        )
    scan = with_denials(scan, filters.report.findings_policy)
    reporting.write(scan)
    return reporting.exit_code(scan)


def converted(scan: Scan, filters: FilterOptions) -> Scan:
    """The scan with the filters applied to what it found, and identifiers where old reports have none."""
    from msgspec.structs import replace

    from assaymark.matching.filters import filter_results

    results = filter_results(map(_identified, scan.report.results), filters, database=scan.database)
    return replace(scan, report=replace(scan.report, results=results))


def _identified(result: Result) -> Result:
    """The packages with a `UID` each, and the findings with their packages' identifiers."""
    from msgspec.structs import replace

    from assaymark.inventory.uid import package_uids

    bare = [package for package in result.packages if not package.identifier.uid]
    if not bare:
        return result
    uids = iter(package_uids(bare, [result.target] * len(bare)))
    packages = tuple(
        each if each.identifier.uid else replace(each, identifier=replace(each.identifier, uid=next(uids)))
        for each in result.packages
    )
    known = {(package.id, package.file_path): package.identifier for package in packages}
    findings = tuple(
        each
        if each.pkg_identifier.uid
        else replace(each, pkg_identifier=known.get((each.pkg_id, each.pkg_path), each.pkg_identifier))
        for each in result.vulnerabilities
    )
    return replace(result, packages=packages, vulnerabilities=findings)


def _lists_nothing(report: Report) -> bool:
    results = report.results
    return any(result.vulnerabilities for result in results) and not any(result.packages for result in results)


COMMAND: Final = Command(
    name="convert",
    summary="write a stored report in another form",
    group=SCANNING,
    configure=_configure,
    run=_run,
)
