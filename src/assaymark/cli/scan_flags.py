"""Flags that every scanning command takes: what comes out, what is looked at, and when a scan is good enough."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, _ActionsContainer
from typing import Final

from assaymark.cli.baseline import add_baseline_flag
from assaymark.cli.explaining import add_explain_flag
from assaymark.cli.flags import FlagParser, add_switch, add_values
from assaymark.cli.table_flags import add_table_flags
from assaymark.cli.template_flags import add_template_flags
from assaymark.cli.trivy_flags import UNSUPPORTED, add_trivy_flags
from assaymark.cli.unsupported_flags import refuse_unsupported
from assaymark.cli.vex_flags import add_vex_flags, check_vex_flags
from assaymark.errors import UsageError

DEFAULT_FORMAT: Final = "table"


def add_scan_flags(parser: ArgumentParser, *, files: bool = True) -> None:
    """Add them under their own headings.

    Args:
        parser: the command's own.
        files: whether the command walks through files, some of which can be skipped.
    """
    add_explain_flag(add_output_flags(parser))
    group = parser.add_argument_group("Scan flags")
    add_values(
        group,
        "--scanners",
        "--security-checks",
        about="what is looked for: vuln (default; for bills of materials nothing)",
    )
    if files:
        _add_file_flags(group)
    add_values(
        group,
        "--file-patterns",
        metavar="ANALYSER:REGEX",
        about="further files for an analyser, such as `pip:requirements-.*[.]txt`",
    )
    add_switch(group, "--offline-scan", about="ask no package repository while scanning (Maven's are asked for POMs)")
    add_values(
        group,
        "--maven-mirror",
        about="REPOSITORY=MIRROR: addresses to ask in the place of a Maven repository's, in order",
    )
    group.add_argument(
        "--detection-priority",
        choices=("precise", "comprehensive"),
        default="precise",
        help="comprehensive also reports what the system's package manager installed as language packages",
    )
    add_baseline_flag(group)
    add_switch(group, "--require-complete", about="exit 3 when something could not be looked at")
    add_vex_flags(parser)
    add_trivy_flags(parser)
    if isinstance(parser, FlagParser):
        parser.epilogue = what_is_known


def _add_file_flags(group: _ActionsContainer) -> None:
    add_values(group, "--skip-dirs", about="folders to skip (glob patterns, ** for any depth)", metavar="PATTERNS")
    add_values(group, "--skip-files", about="files to skip (glob patterns)", metavar="PATTERNS")
    group.add_argument(
        "--parallel", type=_count, default=0, metavar="N", help="layers at once (default: the processors)"
    )


def add_output_flags(parser: _ActionsContainer) -> _ActionsContainer:
    """Add the flags of reports under a heading of their own, which is returned."""
    group = parser.add_argument_group("Report flags")
    group.add_argument(
        "--format", "-f", default="", metavar="FORMAT", help="form of the report (default table); the list is below"
    )
    group.add_argument(
        "--output", "-o", default="", metavar="FILE", help="write the report to a file instead of stdout"
    )
    add_values(group, "--also", metavar="FORMAT=FILE", about="one more report of the same scan, to a file")
    add_template_flags(group)
    add_table_flags(group)
    add_switch(group, "--blank-record", about="cosign-vuln as the reference writes it: no provenance, times of writing")
    return group


def _count(text: str) -> int:
    if not text.isdecimal() or len(text) > 4:
        raise UsageError(f"`{text}` is not a number of layers", hint="0 takes as many as there are processors")
    return int(text)


def what_is_known() -> str:
    """The end of `--help`: what was found in the folders of formats, analysers and version orders."""
    from assaymark.inventory.select import analyzers
    from assaymark.versions.scheme import schemes

    others = {
        "Analysers": [", ".join(sorted(each.name for each in analyzers()))],
        "Version orders": [", ".join(each.name for each in schemes())],
    }
    return f"{formats_known()}\n{_listed(others)}"


def formats_known() -> str:
    """The end of `--help` of commands that only write reports."""
    from assaymark.report.format import formats

    return _listed({"Formats": [f"{each.name}: {each.summary}" for each in formats()]})


def _listed(lists: dict[str, list[str]]) -> str:
    lines = [
        line for title, entries in lists.items() for line in (f"{title}:", *(f"  {entry}" for entry in entries), "")
    ]
    return "\n".join(lines)


def check_scan_flags(args: Namespace) -> None:
    """Refuse what this program does not do.

    Raises:
        UsageError: another scanner than `vuln`, a flag of Trivy's that this version does not have, or flags that
            exclude each other.
    """
    for scanner in args.scanners:
        if scanner != "vuln":
            raise UsageError(
                f"`--scanners {scanner}`: assaymark finds vulnerabilities only",
                hint="leave it out, or say `--scanners vuln` (in a configuration file `scan.scanners: [vuln]`)",
            )
    refuse_unsupported(args, UNSUPPORTED)
    check_vex_flags(args)
