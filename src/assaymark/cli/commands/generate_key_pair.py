"""`generate-key-pair`: a P-256 key in cosign's encrypted file, and its public half."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from assaymark.cli.command import Command
from assaymark.cli.cosign_flags import GENERATING, add_unsupported, refuse_unsupported
from assaymark.cli.flags import add_switch
from assaymark.cli.keys import agree_to_replace, new_password
from assaymark.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from assaymark.cli.console import Console


def _configure(parser: ArgumentParser) -> None:
    parser.description = (
        "Make a key pair for signing: PREFIX.key, encrypted with a password, and PREFIX.pub. The files are cosign's: "
        "either program uses the other's. The password comes from COSIGN_PASSWORD, a prompt, or stdin."
    )
    parser.add_argument("place", nargs="?", default="", help=SUPPRESS)  # cosign: k8s://…, gitlab://…
    parser.add_argument(
        "--output-key-prefix",
        default="cosign",
        metavar="PREFIX",
        help="name of the files without ending (default cosign)",
    )
    add_switch(parser, "--yes", "-y", about="replace files that exist without asking")
    add_unsupported(parser, GENERATING)


def _run(args: Namespace, console: Console) -> int:
    from assaymark.attest.keys.file import key_paths, write_key_pair
    from assaymark.attest.keys.private import generate_key

    refuse_unsupported(args, GENERATING)
    if args.place:
        hint = "`--output-key-prefix` says where the files go"
        raise UsageError(f"`{args.place}`: keys are made in files only, by this version", hint=hint)
    prefix = Path(args.output_key_prefix)
    private, public = key_paths(prefix)
    agree_to_replace((private, public), console, yes=args.yes)
    write_key_pair(prefix, generate_key(), new_password(console))
    console.err(f"Private key written to {private}\nPublic key written to {public}")
    return ExitCode.DONE


COMMAND: Final = Command(
    name="generate-key-pair",
    summary="make a key pair for signing (cosign.key and cosign.pub)",
    group="Keys",
    configure=_configure,
    run=_run,
)
