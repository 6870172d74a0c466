"""`--vex`: whose statements about vulnerabilities take findings out, in which order.

Each value is a file. The reference's other sources are answered with a message.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Final

from assaymark.cli.flags import add_values
from assaymark.errors import UsageError

_REFUSED: Final = {
    "oci": "documents attached to images are not read by this version",
    "repo": "repositories of VEX documents are not read by this version",
    "repository": "repositories of VEX documents are not read by this version",
    "sbom-ref": "documents that an SBOM links to are not fetched: whoever wrote it would choose what is reported",
}
_RELATIONSHIPS: Final = 5


def add_vex_flags(parser: ArgumentParser) -> None:
    """Add the flags, under a heading of their own."""
    group = parser.add_argument_group("VEX flags")
    add_values(
        group, "--vex", metavar="FILES", about="statements that take findings out: OpenVEX, CSAF or CycloneDX VEX"
    )


def check_vex_flags(args: Namespace) -> None:
    """Refuse what cannot be had.

    Raises:
        UsageError: a source that is not there, or packages that the way up needs are left out.
    """
    for source in args.vex:
        if source in _REFUSED:
            raise UsageError(f"`--vex {source}`: {_REFUSED[source]}", hint="download what you trust, and name the file")
    if args.vex and len(args.pkg_relationships) < _RELATIONSHIPS:
        raise UsageError(
            "`--vex` and `--pkg-relationships` exclude each other",
            hint="a statement about a product reaches a package through all that lies between",
        )
