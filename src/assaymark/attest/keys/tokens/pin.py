"""Where the PIN of a token comes from, in this order.

1. `pin-value` of the URI. It stands in the process list and in the shell's history; a file or a variable does not.
2. The first line of the file that `pin-source` names (RFC 7512, 2.4).
3. `COSIGN_PKCS11_PIN`.
4. The token's own PIN pad, where it has one.
5. A prompt, where the token wants a PIN at all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from assaymark.attest.keys.scheme import KeyContext
from assaymark.attest.keys.tokens.library import Session, Token
from assaymark.attest.keys.tokens.uri import TokenUri
from assaymark.errors import LocalError, UsageError
from assaymark.safeio.readers import read_bounded

PIN_VARIABLE: Final = "COSIGN_PKCS11_PIN"
_PIN_BYTES: Final = 1024
_OTHERWISE: Final = f"set {PIN_VARIABLE}"


def log_in(session: Session, given: str, context: KeyContext) -> str | None:
    """Log in as the token's user; the PIN that did it, for keys that want it again.

    Args:
        session: with the token.
        given: the PIN that `given_pin` found; empty where there was none.
        context: whom to ask.

    Raises:
        UsageError: there is nobody to ask.
        SigningError: the PIN is wrong, or the token is locked.
    """
    token = session.token
    if not given and token.has_pin_pad:
        context.warn(f"type the PIN of the token `{token}` on its own keys")
        session.login(None)
        return None
    if not given and not token.needs_login:
        return None
    pin = given or _asked(token, context)
    session.login(pin)
    return pin


def given_pin(uri: TokenUri, context: KeyContext) -> str:
    """The PIN that was given beforehand; empty where there is none.

    Raises:
        LocalError: the file cannot be read.
    """
    pin = uri.pin.reveal() or (_read(uri.pin_file) if uri.pin_file else "") or context.environment.get(PIN_VARIABLE, "")
    if pin:
        context.conceal(pin)
    return pin


def _read(path: str) -> str:
    try:
        with Path(path).open("rb") as stream:
            text = read_bounded(stream, limit=_PIN_BYTES, what=f"the PIN file `{path}`").decode()
    except OSError as exc:
        raise LocalError(f"cannot read the PIN file `{path}`: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise UsageError(f"the PIN file `{path}` is not text") from exc
    return text.partition("\n")[0].removesuffix("\r")


def _asked(token: Token, context: KeyContext) -> str:
    pin = context.ask(f"Enter PIN for PKCS#11 token '{token}': ", _OTHERWISE)
    if not pin:
        raise UsageError(f"the token `{token}` wants a PIN", hint=_OTHERWISE)
    return pin
