"""Passwords and key references on the command line, in cosign's order.

`COSIGN_PASSWORD` when it is set (an empty value counts), else a prompt on a terminal, else the first line of stdin; one
line feed at its end does not belong to the password.
"""

from __future__ import annotations

from argparse import Action, _ActionsContainer
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from assaymark.cli.flags import Filled
from assaymark.errors import LocalError, UsageError

if TYPE_CHECKING:
    from assaymark.attest.keys.scheme import KeyContext
    from assaymark.cli.console import Console
    from assaymark.net.network import Network

PASSWORD_VARIABLE: Final = "COSIGN_PASSWORD"  # noqa: S105 - the variable's name
_PROMPT: Final = "Enter password for private key: "
_PROMPT_AGAIN: Final = "Enter password for private key again: "


class _KeyForms:
    """Every way to write a key, or a place where keys are made: found when somebody reads the help and not before."""

    def __init__(self, *, made: bool) -> None:
        self._made = made

    def __str__(self) -> str:
        from assaymark.attest.keys.scheme import key_schemes

        known = sorted(key_schemes(), key=lambda scheme: scheme.names != ("",))  # files first
        return ", ".join(each.form for each in known if (each.create if self._made else each.gives_keys))


def add_key_flag(parser: _ActionsContainer, *, about: str, more: str = "") -> None:
    """`--key`, with what a key may be between `about` and `more`."""
    action = parser.add_argument("--key", action=Filled, default="", metavar="KEY", help=f"{about}: %(forms)s{more}")
    show_key_forms(action)


def show_key_forms(action: Action, *, made: bool = False) -> None:
    """Let `%(forms)s` in a help text be what a key may be, or where keys are made.

    argparse fills help texts in from the attributes of the action.
    """
    vars(action)["forms"] = _KeyForms(made=made)


def key_password(console: Console) -> bytes:
    """The password that opens a key.

    Raises:
        UsageError: the variable is not set and there is nobody to ask.
    """
    if PASSWORD_VARIABLE in console.environ:
        return console.environ[PASSWORD_VARIABLE].encode("utf-8", "surrogateescape")
    return console.ask_password(_PROMPT).encode("utf-8", "surrogateescape")


def new_password(console: Console) -> bytes:
    """The password of a key that is being written; on a terminal it is asked for twice.

    Raises:
        UsageError: the two differ.
    """
    password = key_password(console)
    if PASSWORD_VARIABLE not in console.environ and console.can_ask:
        again = console.ask_password(_PROMPT_AGAIN).encode("utf-8", "surrogateescape")
        if again != password:
            raise UsageError("the two passwords differ")
    return password


def key_context(console: Console, network: Network) -> KeyContext:
    """What key references may use during one command; the password is asked for at most once."""
    from assaymark.attest.keys.scheme import KeyContext

    return KeyContext(
        environment=console.environ,
        network=network,
        password=cache(lambda: key_password(console)),
        warn=console.warn,
        ask=lambda prompt, otherwise: console.ask_password(prompt, otherwise=otherwise),
        conceal=console.redaction.add,
    )


def creating_context(console: Console, network: Network, *, yes: bool) -> KeyContext:
    """What making a key may use; with `yes` nobody is asked before something is replaced."""
    import msgspec

    return msgspec.structs.replace(
        key_context(console, network),
        password=cache(lambda: new_password(console)),
        confirm=lambda question: yes or console.confirm(question),
    )


def agree_to_replace(paths: tuple[Path, ...], console: Console, *, yes: bool) -> None:
    """Ask before a key file is replaced.

    Raises:
        LocalError: a file is there and the answer was not yes.
    """
    present = [path for path in paths if path.exists() or path.is_symlink()]
    if not present or yes:
        return
    if not console.confirm(f"the file `{present[0]}` already exists; overwrite it?"):
        raise LocalError(
            f"`{present[0]}` exists and was left as it is", hint="remove it, choose another prefix, or use `--yes`"
        )
