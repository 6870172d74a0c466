"""`diff`: what changed from one scan to another, in reports, records and attestations."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Final

from assaymark.cli.command import Command
from assaymark.cli.evidence_flags import add_evidence_flags, check_evidence_flags
from assaymark.cli.filter_flags import SEVERITIES, exit_code
from assaymark.cli.flags import FlagParser, add_switch, add_values
from assaymark.cli.identity_flags import add_identity_flags, add_public_key_flag, check_identity_flags
from assaymark.cli.network_flags import add_network_flags
from assaymark.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from assaymark.cli.console import Console
    from assaymark.model.report import Scan
    from assaymark.report.diff import Difference

DESCRIPTION: Final = """\
Compare two scans and tell what is new, what is fixed, and what is rated otherwise. A and B are files or images. Files
are JSON reports, ours or Trivy's, vulnerability records, and Sigstore bundles and envelopes that hold one; `-` reads
stdin. Images have an attested record; the newest counts. With `--key` or an identity, attestations are verified
first. `--exit-code` is for new vulnerabilities, and for those that became worse."""
EXAMPLES: Final = """\
Examples:
  assaymark diff old.json new.json                         what an update changed
  assaymark diff --format markdown old.json new.json       the same for a pull request
  assaymark diff --exit-code 1 accepted.json new.json      fail for what is new
  assaymark diff --key cosign.pub IMAGE:1.1 IMAGE:1.2      by the records that are attached and verified
"""


def _configure(parser: ArgumentParser) -> None:
    parser.description = DESCRIPTION
    parser.add_argument("before", metavar="A", help="the earlier scan, or the agreed one")
    parser.add_argument("after", metavar="B", help="the scan that is judged")
    parser.add_argument(
        "--format", "-f", default="table", metavar="FORMAT", help="table, json, markdown or html (default table)"
    )
    parser.add_argument("--output", "-o", default="", metavar="FILE", help="write to a file instead of stdout")
    add_values(parser, "-s", "--severity", default=SEVERITIES, allowed=SEVERITIES, about="severities that count")
    add_switch(parser, "--unchanged", about="list what did not change, too")
    parser.add_argument(
        "--exit-code", type=exit_code, default=0, metavar="N", help="exit code when something is new (default: 0)"
    )
    add_switch(parser, "--local-image", about="images are folders with an OCI image layout: PATH[:TAG]")
    add_public_key_flag(parser)
    add_identity_flags(parser)
    add_evidence_flags(parser)
    add_network_flags(parser)
    # what verifying asks for: records alone, about the very image, in either format
    parser.set_defaults(type="vuln", check_claims=True, new_bundle_format=True)
    if isinstance(parser, FlagParser):
        parser.epilogue = lambda: EXAMPLES


def _run(args: Namespace, console: Console) -> int:
    from assaymark.report.diff import Kind, compare
    from assaymark.report.diff_formats import find_diff_format

    check_evidence_flags(args)
    check_identity_flags(args)
    find_diff_format(args.format)
    if args.before == args.after == "-":
        raise UsageError("stdin can be read once: A or B")
    before, after = _scan(args.before, args, console), _scan(args.after, args, console)
    difference = compare(before, after, severities=frozenset(args.severity))
    _write(difference, args, console)
    return args.exit_code if difference.of_kind(Kind.NEW, Kind.WORSE) else ExitCode.DONE


def _scan(text: str, args: Namespace, console: Console) -> Scan:
    from assaymark.cli.told_scans import is_file_name, read_told_file, read_told_image

    if not args.local_image and is_file_name(text):
        return read_told_file(text, console, args=args)
    from assaymark.cli.connections import Connections

    return read_told_image(text, args, console, Connections(args, console))


def _write(difference: Difference, args: Namespace, console: Console) -> None:
    from assaymark.cli.files import open_output
    from assaymark.report.diff_formats import find_diff_format
    from assaymark.report.format import Rendering

    to_terminal = not args.output
    rendering = Rendering(
        width=console.width if to_terminal else 0,
        colour=console.colour and to_terminal,
        links=console.links and to_terminal,
        unchanged=args.unchanged,
    )
    console.stop_progress()
    with open_output(args.output, console) as stream:
        find_diff_format(args.format)(difference, rendering, stream)


COMMAND: Final = Command(
    name="diff", summary="tell what changed from one scan to another", group="Reports", configure=_configure, run=_run
)
