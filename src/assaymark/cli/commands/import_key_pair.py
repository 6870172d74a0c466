"""`import-key-pair`: a PEM private key of another program becomes cosign's encrypted file."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from assaymark.cli.command import Command
from assaymark.cli.files import read_input
from assaymark.cli.flags import add_switch
from assaymark.cli.keys import agree_to_replace, new_password
from assaymark.errors import ExitCode
from assaymark.limits import DEFAULT_LIMITS

if TYPE_CHECKING:
    from assaymark.cli.console import Console


def _configure(parser: ArgumentParser) -> None:
    parser.description = (
        "Encrypt a private key (PKCS#1, SEC 1 or PKCS#8 PEM: RSA 2048 to 4096, P-256, P-384, P-521, Ed25519) with a "
        "password and write it as PREFIX.key with PREFIX.pub. P-256 and RSA are the keys that every verifier reads."
    )
    parser.add_argument("--key", "-k", required=True, metavar="FILE", help="the PEM private key to import")
    parser.add_argument(
        "--output-key-prefix",
        "-o",
        default="import-cosign",
        metavar="PREFIX",
        help="name of the files without ending (default import-cosign)",
    )
    add_switch(parser, "--yes", "-y", about="replace files that exist without asking")


def _run(args: Namespace, console: Console) -> int:
    from assaymark.attest.keys.file import key_paths, write_key_pair
    from assaymark.attest.keys.importing import import_key

    key = import_key(read_input(args.key, console, limit=DEFAULT_LIMITS.key_bytes), what=args.key)
    prefix = Path(args.output_key_prefix)
    private, public = key_paths(prefix)
    agree_to_replace((private, public), console, yes=args.yes)
    write_key_pair(prefix, key, new_password(console))
    console.err(f"Private key written to {private}\nPublic key written to {public}")
    return ExitCode.DONE


COMMAND: Final = Command(
    name="import-key-pair",
    summary="import a PEM private key for signing",
    group="Keys",
    configure=_configure,
    run=_run,
)
