"""`public-key`: the public half of a key, as PEM on stdout."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Final

from assaymark.cli.command import Command
from assaymark.cli.cosign_flags import HARDWARE
from assaymark.cli.keys import add_key_flag, key_context
from assaymark.cli.network_flags import add_network_flags, network_from
from assaymark.cli.unsupported_flags import add_unsupported, refuse_unsupported
from assaymark.errors import ExitCode, UsageError
from assaymark.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from assaymark.cli.console import Console


def _configure(parser: ArgumentParser) -> None:
    parser.description = (
        "Print the public half of a private key, wherever it is kept. The password of a key in a file comes from "
        "COSIGN_PASSWORD, a prompt, or stdin."
    )
    add_key_flag(parser, about="the private key")
    parser.add_argument("--outfile", default="", metavar="FILE", help="write it to a file instead of stdout")
    add_unsupported(parser, HARDWARE)
    add_network_flags(parser)


def _run(args: Namespace, console: Console) -> int:
    from assaymark.attest.keys.reference import load_signer
    from assaymark.cli.files import open_output

    refuse_unsupported(args, HARDWARE)
    if not args.key:
        raise UsageError("no `--key`", hint="give the private key: `--key cosign.key`")
    context = key_context(console, network_from(args, console.environ, DEFAULT_LIMITS))
    pem = load_signer(args.key, context).public.pem
    with open_output(args.outfile, console) as stream:
        stream.write(pem)
    return ExitCode.DONE


COMMAND: Final = Command(
    name="public-key", summary="print the public half of a key", group="Keys", configure=_configure, run=_run
)
