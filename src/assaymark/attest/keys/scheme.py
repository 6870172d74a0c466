"""The extension point of key references: what stands in front of `://` chooses the file that reads the rest.

A scheme is one file in `assaymark/attest/keys/schemes/` that ends in `KEY_SCHEME`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from assaymark.attest.keys.private import Signer
from assaymark.attest.keys.public import PublicKey
from assaymark.errors import UsageError
from assaymark.extensions import discover
from assaymark.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    from assaymark.net.network import Network


EVERY_OTHER: Final = "*"
"""The name of the one scheme that takes what no other claims."""


def _no_password() -> bytes:
    return b""


def _ignore(_text: str) -> None:
    return None


def _refuse(_question: str) -> bool:
    return False


def _nobody(_prompt: str, otherwise: str) -> str:
    raise UsageError("a PIN is needed and there is nobody to ask", hint=otherwise)


class KeyContext(msgspec.Struct, frozen=True, kw_only=True):
    """What a scheme may use, and nothing else.

    Attributes:
        environment: the variables of the process.
        network: for keys that are fetched; None where none may be.
        password: asks for the password of an encrypted key, at most once.
        warn: takes one line that the user should read.
        confirm: asks the user, in one sentence, whether what a `create` finds in its place may be replaced.
        ask: a secret other than the password, given the prompt and what to do where nobody can be asked.
        conceal: takes a secret that must appear in no output.
    """

    environment: Mapping[str, str]
    network: Network | None = None
    password: Callable[[], bytes] = _no_password
    warn: Callable[[str], None] = _ignore
    confirm: Callable[[str], bool] = _refuse
    ask: Callable[[str, str], str] = _nobody
    conceal: Callable[[str], None] = _ignore
    limits: Limits = DEFAULT_LIMITS


class KeyScheme(msgspec.Struct, frozen=True, kw_only=True):
    """One way to name a key.

    Attributes:
        names: what stands in front of `://`; the path of a file has none, and `EVERY_OTHER` is a name too.
        form: how it is written, for messages and documentation.
        verifier: the public key that a reference names.
        signer: the private key that a reference names.
        create: makes a key in the place that a reference names, and says its public half. A key management service
            makes the key itself; where the place only stores, the key is made here and sealed with the context's
            password. None where keys are not made.
        gives_keys: whether what is kept there can be used from here, for signing or verification.
    """

    names: tuple[str, ...]
    form: str
    verifier: Callable[[str, KeyContext], PublicKey]
    signer: Callable[[str, KeyContext], Signer]
    create: Callable[[str, KeyContext], PublicKey] | None = None
    gives_keys: bool = True


def key_schemes() -> Iterator[KeyScheme]:
    """Every scheme, in order of the files' names."""
    return discover("assaymark.attest.keys.schemes", "KEY_SCHEME", KeyScheme)
