"""`sbom`: scan what an SBOM lists."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Final

from assaymark.cli.command import Command
from assaymark.cli.database_flags import add_database_flags
from assaymark.cli.filter_flags import add_filter_flags
from assaymark.cli.flags import Filled
from assaymark.cli.global_flags import SCANNING
from assaymark.cli.named_signers import add_named_signer_flags, names_signer
from assaymark.cli.network_flags import add_network_flags
from assaymark.cli.sbom_flags import SIGNER
from assaymark.cli.scan_flags import add_scan_flags
from assaymark.cli.trivy_flags import add_sbom_search_flags
from assaymark.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from assaymark.cli.console import Console

DESCRIPTION: Final = """\
Scan an SBOM for known vulnerabilities of the packages that it lists. CycloneDX (JSON or XML) and SPDX (JSON or
tag-value) are read, whoever wrote them; SBOMs of Trivy tell most. So are attestations of them, as cosign and others
write them: `--key` or an identity says who must have signed, and exit code 7 that nobody proved it. What the SBOM lists
and cannot be matched is named in the report."""


def _configure(parser: ArgumentParser) -> None:
    parser.description = DESCRIPTION
    about = "an SBOM (CycloneDX JSON or XML, SPDX JSON or tag-value), or an attestation of one"
    parser.add_argument("path", nargs="?", default="", metavar="FILE", help=about)
    add_scan_flags(parser, files=False)
    group = parser.add_argument_group("Attestation flags")
    add_named_signer_flags(group, SIGNER, "the SBOM", as_cosign=True)
    about = "the authorities and logs to believe (default: those of the TUF mirror)"
    group.add_argument("--trusted-root", action=Filled, default="", metavar="FILE", help=about)
    add_sbom_search_flags(parser)
    add_filter_flags(parser)
    add_database_flags(parser)
    add_network_flags(parser)


def _run(args: Namespace, console: Console) -> int:
    from assaymark.artifact.sbom import open_sbom
    from assaymark.cli.attested_sboms import opened_sbom
    from assaymark.cli.scanning import Scanning
    from assaymark.scan import scan_sbom

    scanning = Scanning(args, console, "sbom")
    if scanning.update_only():
        return ExitCode.DONE
    if not args.path:
        raise UsageError("no SBOM to scan", hint="assaymark sbom bom.cdx.json")
    if args.path == "-":
        raise UsageError("an SBOM is read from a file, and `-` names none", hint="… | assaymark sbom /dev/stdin")
    names_signer(args, SIGNER, as_cosign=True)  # half an identity ends the command before anything is read
    sbom = opened_sbom(open_sbom(args.path), args, console, scanning.connections)
    with scanning.database() as source:
        scan = scan_sbom(sbom, source, wanted=scanning.wanted, means=scanning.means)
    scan = scanning.with_invocation(scanning.judged(scan, bom=sbom.data))
    scanning.write(scan)
    return scanning.exit_code(scan)


COMMAND: Final = Command(
    name="sbom",
    summary="scan what an SBOM lists",
    group=SCANNING,
    configure=_configure,
    run=_run,
)
