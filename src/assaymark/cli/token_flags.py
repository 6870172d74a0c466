"""The flags of `pkcs11-tool`: cosign's, and the library that they lead to."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser, Namespace
from typing import TYPE_CHECKING

from assaymark.cli.flags import add_switch

if TYPE_CHECKING:
    from assaymark.attest.keys.tokens.library import Library
    from assaymark.cli.console import Console


def add_token_flags(parser: ArgumentParser) -> None:
    """Add what both commands take."""
    parser.add_argument(
        "--module-path",
        default="",
        metavar="PATH",
        help="absolute path of the token's library (default: COSIGN_PKCS11_MODULE_PATH)",
    )
    add_switch(parser, "--no-input", "-f", about=SUPPRESS)  # cosign's, which asks nothing here either


def library_from(args: Namespace, console: Console) -> Library:
    """The library that the flags or the environment name.

    Raises:
        UsageError: none, or one by a relative path.
        LocalError: it cannot be loaded.
    """
    from assaymark.attest.keys.tokens.library import Library
    from assaymark.attest.keys.tokens.uri import MODULE_VARIABLE, check_module

    return Library(check_module(args.module_path or console.environ.get(MODULE_VARIABLE, "")))
