"""`initialize`: choose the mirror that says whom to believe, and the root that trust in it starts from."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Final

from assaymark.cli.command import Command
from assaymark.cli.network_flags import add_network_flags
from assaymark.cli.unsupported_flags import Unsupported, add_unsupported, refuse_unsupported
from assaymark.errors import ExitCode

if TYPE_CHECKING:
    from assaymark.cli.console import Console

DESCRIPTION: Final = """\
Fetch the trust data that identities are verified with from a TUF mirror, and use that mirror from now on. Without
flags it is the public-good instance of Sigstore, whose root is pinned. Nothing is changed unless everything verifies.
`verify-attestation` fetches by itself."""

UNSUPPORTED: Final = (
    Unsupported(
        "--staging",
        "the staging instance of Sigstore has no pinned root here",
        "name its mirror, and a root that you have checked: `--mirror URL --root FILE --root-checksum DIGEST`",
        switch=True,
    ),
)


def _configure(parser: ArgumentParser) -> None:
    parser.description = DESCRIPTION
    parser.add_argument("--mirror", default="", metavar="URL", help="the TUF mirror (default: the public-good one)")
    parser.add_argument("--root", default="", metavar="FILE|URL", help="the TUF root that trust starts from")
    parser.add_argument("--root-checksum", default="", metavar="DIGEST", help="of --root: SHA-256, or sha512:…")
    parser.add_argument("--cache-dir", default="", metavar="DIR", help="where trust data is kept")
    add_unsupported(parser, UNSUPPORTED)
    add_network_flags(parser)


def _run(args: Namespace, console: Console) -> int:
    from assaymark.attest.sigstore.initialize import Choice, initialize
    from assaymark.cli.connections import Connections
    from assaymark.cli.trust import trust_folder
    from assaymark.limits import DEFAULT_LIMITS
    from assaymark.net.url import shown

    refuse_unsupported(args, UNSUPPORTED)
    data = initialize(
        trust_folder(args, console.environ),
        console.environ,
        Choice(mirror=args.mirror, root=args.root, checksum=args.root_checksum),
        network=Connections(args, console).network,
        clock=time.time,
        limits=DEFAULT_LIMITS,
    )
    for warning in data.warnings:
        console.warn(warning)
    console.note(f"trust data of `{shown(data.mirror)}` is used from now on")
    return ExitCode.DONE


COMMAND: Final = Command(
    name="initialize",
    summary="fetch trust data, and choose the mirror that it comes from",
    group="Attestations",
    configure=_configure,
    run=_run,
)
