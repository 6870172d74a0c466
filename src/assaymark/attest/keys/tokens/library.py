"""A token's own library, and sessions with the tokens that it knows (PKCS#11 v2.40, OASIS).

The library is native code that the user names and that runs inside this process; `PyKCS11` (the extra `hsm`) calls it.
Rules:

- A path that is no regular file is never handed to the loader.
- Exactly one token must match (RFC 7512, 2.3): with two the URI is too short, and nobody guesses.
- A PIN is tried once. A token counts wrong ones and locks; what it tells of the count (`CKF_USER_PIN_*`, 5.1) is said.
- Every failure of the library becomes an error with the token's label and the name of the return value, no more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar
from weakref import finalize

import msgspec

from assaymark.attest.keys.managed import vendor_library
from assaymark.attest.keys.tokens.uri import TokenChoice
from assaymark.errors import Error, LocalError, SigningError, UsageError
from assaymark.safeio.text import printable

LIST_TOKENS: Final = "`assaymark pkcs11-tool list-tokens` shows what is there"

_PIN_LOW: Final = 0x00010000  # CKF_USER_PIN_COUNT_LOW: at least one wrong PIN since the last right one
_PIN_FINAL: Final = 0x00020000  # CKF_USER_PIN_FINAL_TRY
_PIN_LOCKED: Final = 0x00040000  # CKF_USER_PIN_LOCKED
_LOGIN_REQUIRED: Final = 0x00000004
_PIN_PAD: Final = 0x00000100  # CKF_PROTECTED_AUTHENTICATION_PATH
_INITIALIZED: Final = 0x00000400  # CKF_TOKEN_INITIALIZED
_ALREADY_LOGGED_IN: Final = 0x00000100
_CONTEXT_SPECIFIC: Final = 2  # CKU_CONTEXT_SPECIFIC
_WRONG_PIN: Final = frozenset({0xA0, 0xA1, 0xA2})  # CKR_PIN_INCORRECT, CKR_PIN_INVALID, CKR_PIN_LEN_RANGE

_MEANINGS: Final[Mapping[int, tuple[str, str]]] = {
    0x31: ("does not have enough memory", "TOKEN_FAILED"),
    0x32: ("was taken out", "TOKEN_FAILED"),
    0x68: ("does not let this key sign", "KEY_USAGE"),
    0x70: ("cannot make such a signature with this key", "KEY_UNSUPPORTED"),
    0xA3: ("wants a new PIN: the old one has expired", "KEY_PIN"),
    0xA4: ("is locked after too many wrong PINs", "KEY_PIN"),
    0xE0: ("is not in its slot", "TOKEN_FAILED"),
    0x101: ("gives this key to nobody without the PIN", "KEY_PIN"),
    0x102: ("has no PIN yet", "KEY_PIN"),
}

Result = TypeVar("Result")


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """What a token says of itself.

    Attributes:
        flags: CK_TOKEN_INFO's.
    """

    slot: int
    label: str
    manufacturer: str
    model: str
    serial: str
    flags: int = 0

    @property
    def needs_login(self) -> bool:
        """Whether private keys are there only for who knows the PIN."""
        return bool(self.flags & _LOGIN_REQUIRED)

    @property
    def has_pin_pad(self) -> bool:
        """Whether the PIN is typed on the token."""
        return bool(self.flags & _PIN_PAD)

    def matches(self, choice: TokenChoice) -> bool:
        """Whether it is what `choice` asks for."""
        wanted = (choice.label, choice.serial, choice.manufacturer, choice.model)
        found = (self.label, self.serial, self.manufacturer, self.model)
        texts = all(not text or text == own for text, own in zip(wanted, found, strict=True))
        return texts and choice.slot in (None, self.slot)

    def __str__(self) -> str:
        """For messages: the label, or the slot of a token that has none."""
        return printable(self.label) or f"slot {self.slot}"


class Library:
    """A loaded library; it is finalised when nobody refers to it any more."""

    def __init__(self, path: str) -> None:
        self._binding = _binding()
        self.path = path
        if not Path(path).is_file():
            raise LocalError(f"the token's library `{self.path}` is not there")
        self._calls: Any = self._binding.PyKCS11Lib()
        try:
            self._calls.load(path)
        except self._binding.PyKCS11Error as exc:
            raise LocalError(f"`{self.path}` is not a PKCS#11 library that can be used: {exc}") from exc

    def tokens(self) -> tuple[Token, ...]:
        """Every initialised token that is in a slot."""
        # in this order: some libraries (Yubico's) learn of their slots only by being asked
        slots = self.guard(self.path, self._calls.getSlotList, True)  # noqa: FBT003  # their positional parameter
        found = (self._token(slot) for slot in slots)
        return tuple(token for token in found if token.flags & _INITIALIZED)

    def find(self, choice: TokenChoice) -> Token:
        """The one token that `choice` asks for.

        Raises:
            UsageError: there is none, or more than one.
        """
        found = [token for token in self.tokens() if token.matches(choice)]
        if not found:
            raise UsageError(f"there is no token `{choice}` behind `{self.path}`", hint=LIST_TOKENS)
        if len(found) > 1:
            hint = f"add `slot-id=N` or `serial=…` to the URI; {LIST_TOKENS}"
            raise UsageError(f"{len(found)} tokens match `{choice}`", hint=hint)
        return found[0]

    def open(self, token: Token) -> Session:
        """A session that reads what is public."""
        return Session(self, token, self.guard(token, self._calls.openSession, token.slot), self._binding)

    def refreshed(self, token: Token) -> Token:
        """The token as it is now."""
        return self._token(token.slot)

    def guard(self, what: object, call: Callable[..., Result], *arguments: Any) -> Result:
        """What `call` gives.

        Raises:
            SigningError: the library reports a failure.
        """
        try:
            return call(*arguments)
        except self._binding.PyKCS11Error as exc:
            raise self.failure(what, exc) from exc

    def failure(self, what: object, exc: Any) -> Error:
        """The error for a return value of the library."""
        meaning, reason = _MEANINGS.get(exc.value, (f"failed: {exc}", "TOKEN_FAILED"))
        return SigningError(f"the token `{what}` {meaning}", reason=reason)

    def _token(self, slot: int) -> Token:
        info = self.guard(f"slot {slot}", self._calls.getTokenInfo, slot)
        texts = [_padded(text) for text in (info.label, info.manufacturerID, info.model, info.serialNumber)]
        label, manufacturer, model, serial = texts
        return Token(
            slot=slot, label=label, manufacturer=manufacturer, model=model, serial=serial, flags=int(info.flags)
        )


class Session:
    """A connection with one token; it ends with the object or the program, and with the last one the login."""

    def __init__(self, library: Library, token: Token, calls: Any, binding: Any) -> None:
        self.token = token
        self._library = library
        self._calls = calls
        self._binding = binding
        self._end = finalize(self, _end, calls, binding.PyKCS11Error)

    def close(self) -> None:
        """End it; a token that is gone has ended it already."""
        self._end()

    def login(self, pin: str | None) -> None:
        """Show the PIN, or let it be typed on the token where it is None.

        Raises:
            SigningError: it is wrong, or the token is locked.
        """
        if self.token.flags & _PIN_LOCKED:
            raise SigningError(f"the token `{self.token}` is locked after too many wrong PINs", reason="KEY_PIN")
        try:
            self._calls.login(pin)
        except self._binding.PyKCS11Error as exc:
            if exc.value != _ALREADY_LOGGED_IN:
                raise self._refused(exc) from exc

    def find(self, template: Sequence[tuple[int, Any]]) -> list[Any]:
        """The objects with these attributes."""
        return list(self._library.guard(self.token, self._calls.findObjects, list(template)))

    def read(self, found: Any, attribute: int) -> bytes:
        """An attribute's bytes; empty where the object has none or does not tell."""
        try:
            value = self._calls.getAttributeValue(found, [attribute], True)[0]  # noqa: FBT003  # their parameter
        except self._binding.PyKCS11Error:
            return b""
        return bytes(value) if value is not None else b""

    def sign(self, key: Any, mechanism: int, data: bytes, *, pin: str | None) -> bytes:
        """What the token makes of `data`; `pin` for keys that want it for each signature (CKA_ALWAYS_AUTHENTICATE)."""
        guard, native = self._library.guard, self._calls.lib
        method = self._binding.Mechanism(mechanism).to_native()
        message, signature = self._binding.ckbytelist(data), self._binding.ckbytelist()
        guard(self.token, self._checked, native.C_SignInit(self._calls.session, method, key))
        if pin is not None:
            try:
                self._calls.login(pin, _CONTEXT_SPECIFIC)
            except self._binding.PyKCS11Error as exc:
                raise self._refused(exc) from exc
        for _ in range(2):  # the size, then the signature (5.2)
            guard(self.token, self._checked, native.C_Sign(self._calls.session, message, signature))
        return bytes(signature)

    def _checked(self, code: int) -> None:
        if code:
            raise self._binding.PyKCS11Error(code)

    def _refused(self, exc: Any) -> Error:
        if exc.value not in _WRONG_PIN:
            return self._library.failure(self.token, exc)
        left = _tries_left(self._library.refreshed(self.token).flags)
        hint = "the PIN comes from `pin-value`, `pin-source`, `COSIGN_PKCS11_PIN`, or a prompt"
        return SigningError(f"the PIN of the token `{self.token}` is wrong{left}", hint=hint, reason="KEY_PIN")


def _binding() -> Any:
    with vendor_library("hsm", scheme="pkcs11"):
        import PyKCS11
    return PyKCS11


def _end(calls: Any, failure: type[Exception]) -> None:
    with suppress(failure):
        calls.closeSession()


def _tries_left(flags: int) -> str:
    if flags & _PIN_LOCKED:
        return ", and the token is locked now"
    if flags & _PIN_FINAL:
        return ": one try is left before the token locks"
    return ": few tries are left before the token locks" if flags & _PIN_LOW else ""


def _padded(text: Any) -> str:
    # CK_TOKEN_INFO pads with spaces; some libraries with zeros
    return str(text).rstrip("\0 ")
