"""`generate-key-pair`: a P-256 key in cosign's encrypted file or in a key management service, and its public half."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from assaymark.cli.command import Command
from assaymark.cli.flags import add_switch
from assaymark.cli.keys import agree_to_replace, creating_context, new_password, show_key_forms
from assaymark.cli.network_flags import add_network_flags, network_from
from assaymark.errors import ExitCode, UsageError
from assaymark.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from assaymark.cli.console import Console


def _configure(parser: ArgumentParser) -> None:
    parser.description = (
        "Make a key pair for signing: PREFIX.key, encrypted with a password, and PREFIX.pub. The files are cosign's: "
        "either program uses the other's. The password comes from COSIGN_PASSWORD, a prompt, or stdin. With KEY or "
        "--kms the key is made there, or stored there, and only PREFIX.pub is written."
    )
    about = "where the key is made, instead of a file: %(forms)s"
    show_key_forms(parser.add_argument("place", nargs="?", default="", metavar="KEY", help=about), made=True)
    parser.add_argument(
        "--kms",
        default="",
        metavar="KEY",
        help="the same, in a key management service; one that exists is used as it is",
    )
    parser.add_argument(
        "--output-key-prefix",
        default="cosign",
        metavar="PREFIX",
        help="name of the files without ending (default cosign)",
    )
    add_switch(parser, "--yes", "-y", about="replace files that exist without asking")
    add_network_flags(parser)


def _run(args: Namespace, console: Console) -> int:
    if args.place and args.kms:
        raise UsageError(f"`{args.place}` and `--kms {args.kms}` exclude each other")
    place = args.place or args.kms
    return _make_elsewhere(place, args, console) if place else _make_files(args, console)


def _make_files(args: Namespace, console: Console) -> int:
    from assaymark.attest.keys.file import key_paths, write_key_pair
    from assaymark.attest.keys.private import generate_key

    prefix = Path(args.output_key_prefix)
    private, public = key_paths(prefix)
    agree_to_replace((private, public), console, yes=args.yes)
    write_key_pair(prefix, generate_key(), new_password(console))
    console.err(f"Private key written to {private}\nPublic key written to {public}")
    return ExitCode.DONE


def _make_elsewhere(place: str, args: Namespace, console: Console) -> int:
    from assaymark.attest.keys.file import key_paths
    from assaymark.attest.keys.reference import create_key
    from assaymark.safeio.files import write_atomic

    _, public = key_paths(Path(args.output_key_prefix))
    agree_to_replace((public,), console, yes=args.yes)
    network = network_from(args, console.environ, DEFAULT_LIMITS)
    key = create_key(place, creating_context(console, network, yes=args.yes))
    write_atomic(public, key.pem)
    console.err(f"Private key is in {place}\nPublic key written to {public}")
    return ExitCode.DONE


COMMAND: Final = Command(
    name="generate-key-pair",
    summary="make a key pair for signing (cosign.key and cosign.pub)",
    group="Keys",
    configure=_configure,
    run=_run,
)
