"""`pkcs11-tool list-keys-uris`: what `--key` takes for each private key on a token; never with the PIN in it."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Final

from assaymark.cli.command import Command
from assaymark.cli.keys import key_context
from assaymark.cli.token_flags import add_token_flags, library_from
from assaymark.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from assaymark.attest.keys.tokens.library import Token
    from assaymark.attest.keys.tokens.uri import KeyChoice
    from assaymark.cli.console import Console

_SLOT_DIGITS: Final = 20  # of 64 bits


def _configure(parser: ArgumentParser) -> None:
    parser.description = (
        "List the URIs of the private keys on a PKCS#11 token, as `--key` takes them. The PIN comes from --pin, "
        "COSIGN_PKCS11_PIN or a prompt, and is in no URI."
    )
    add_token_flags(parser)
    parser.add_argument("--slot-id", default="0", metavar="N", help="the slot that the token is in (default 0)")
    parser.add_argument("--pin", default="", help="the PIN; other users of this machine can see it on a command line")


def _run(args: Namespace, console: Console) -> int:
    from assaymark.attest.keys.tokens.keys import list_keys
    from assaymark.attest.keys.tokens.pin import PIN_VARIABLE, log_in
    from assaymark.attest.keys.tokens.uri import TokenChoice
    from assaymark.net.network import NoNetwork

    if not (args.slot_id.isascii() and args.slot_id.isdigit() and len(args.slot_id) <= _SLOT_DIGITS):
        raise UsageError(f"the slot `{args.slot_id[:40]}` is not a number")
    library = library_from(args, console)
    token = library.find(TokenChoice(slot=int(args.slot_id)))
    session = library.open(token)
    log_in(session, args.pin or console.environ.get(PIN_VARIABLE, ""), key_context(console, NoNetwork()))
    for position, key in enumerate(list_keys(session)):
        _show(console, position, token, key, module=library.path)
    session.close()
    return ExitCode.DONE


def _show(console: Console, position: int, token: Token, key: KeyChoice, *, module: str) -> None:
    from assaymark.attest.keys.tokens.uri import TokenChoice, TokenUri, format_token_uri
    from assaymark.report.plain import shown

    choice = TokenChoice(label=token.label, serial=token.serial, slot=token.slot)
    console.out(f"Object {position}")
    if key.label:
        console.out(f"  Label: {shown(key.label)}")
    if key.id:
        console.out(f"  ID: {key.id.hex()}")
    console.out(f"  URI: {format_token_uri(TokenUri(token=choice, key=key, module=module))}")


COMMAND: Final = Command(
    name="pkcs11-tool-list-keys-uris",
    summary="list the URIs of the keys on a PKCS#11 token",
    group="Keys",
    configure=_configure,
    run=_run,
)
