"""PKCS#11 URIs (RFC 7512) as cosign takes them, read and written.

    pkcs11:token=LABEL;slot-id=7;id=%01;object=LABEL?module-path=/usr/lib/libsofthsm2.so&pin-value=1234

Rules:

- `token`, `serial`, `manufacturer`, `model` and `slot-id` choose the token, `id` and `object` the key on it; what is
  given must all match (RFC 7512, 2.3). At least one of `token`, `serial` and `slot-id`, and one of `id` and `object`.
- `%xx` stands for a byte; `+` stands for itself (2.3), where cosign takes it for a space. No attribute twice.
- `;` separates path attributes, `&` query attributes; cosign takes both in both, and so does this.
- `module-path`, or else `COSIGN_PKCS11_MODULE_PATH`, is the absolute path of the token's library.
- The PIN is `pin-value`, else the first line of the file `pin-source`, else `COSIGN_PKCS11_PIN`, else it is asked for.
- Other attributes (`type`, `library-version`, vendors' own) say nothing that is needed here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, unquote_to_bytes

import msgspec

from assaymark.errors import UsageError
from assaymark.net.secret import Secret

SCHEME: Final = "pkcs11:"
FORM: Final = "pkcs11:token=LABEL;object=LABEL?module-path=PATH"
MODULE_VARIABLE: Final = "COSIGN_PKCS11_MODULE_PATH"
_HINT: Final = f"write `{FORM}`, with `slot-id=N` and `id=%01` where labels are not enough"
_SEPARATORS: Final = re.compile("[;&]")
_BROKEN_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
# RFC 7512, 2.3, without `&` and `+`, which cosign takes for a separator and a space
_PATH_SAFE: Final = ":[]@!$'()*,="
_QUERY_SAFE: Final = ":[]@!$'()*,=/?|"
_PIN: Final = re.compile(r"(?i)([:?&;]pin-value=)[^&;]*")
_PIN_ATTRIBUTE: Final = re.compile(r"(?i)(?:^|(?<=[&;]))pin-value=[^&;]*[&;]?")
_SLOT_DIGITS: Final = 20  # of 64 bits


class TokenChoice(msgspec.Struct, frozen=True, kw_only=True):
    """Which token; empty attributes match every one.

    Attributes:
        slot: its number, as the library counts.
    """

    label: str = ""
    serial: str = ""
    manufacturer: str = ""
    model: str = ""
    slot: int | None = None

    def __str__(self) -> str:
        """For messages."""
        parts = [self.label, self.serial, "" if self.slot is None else f"slot {self.slot}", self.model]
        return ", ".join(part for part in parts if part)


class KeyChoice(msgspec.Struct, frozen=True, kw_only=True):
    """Which key on a token; empty attributes match every one."""

    label: str = ""
    id: bytes = b""

    def __str__(self) -> str:
        """For messages."""
        parts = [self.label, f"id {self.id.hex()}" if self.id else ""]
        return ", ".join(part for part in parts if part)


class TokenUri(msgspec.Struct, frozen=True, kw_only=True):
    """One key on one token.

    Attributes:
        module: the library's absolute path.
        pin: from `pin-value`; empty where there is none.
        pin_file: from `pin-source`.
    """

    token: TokenChoice
    key: KeyChoice
    module: str
    pin: Secret = Secret()
    pin_file: str = ""


def parse_token_uri(reference: str, environment: Mapping[str, str]) -> TokenUri:
    """The key that a `pkcs11:` URI names.

    Raises:
        UsageError: it is malformed, or leaves open which token, key or library is meant.
    """
    path, _, query = reference[len(SCHEME) :].partition("?")
    shown = without_pin(reference)
    found = {**_attributes(path, shown), **_attributes(query, shown)}
    token = TokenChoice(
        label=_text(found, "token", shown),
        serial=_text(found, "serial", shown),
        manufacturer=_text(found, "manufacturer", shown),
        model=_text(found, "model", shown),
        slot=_slot(_text(found, "slot-id", shown)),
    )
    key = KeyChoice(label=_text(found, "object", shown), id=found.get("id", b""))
    if not (token.label or token.serial or token.slot is not None):
        raise UsageError(f"`{shown}` does not say which token: `token`, `serial` or `slot-id`", hint=_HINT)
    if not (key.label or key.id):
        raise UsageError(f"`{shown}` does not say which key: `object` or `id`", hint=_HINT)
    return TokenUri(
        token=token,
        key=key,
        module=check_module(_text(found, "module-path", shown) or environment.get(MODULE_VARIABLE, "")),
        pin=Secret(_text(found, "pin-value", shown)),
        pin_file=_text(found, "pin-source", shown).removeprefix("file://").removeprefix("file:"),
    )


def check_module(path: str) -> str:
    """`path`, where it can be that of a library: absolute, so that nobody's working folder chooses what is loaded.

    Raises:
        UsageError: it is empty or relative.
    """
    if not path:
        hint = f"give `module-path=/…/libsofthsm2.so`, or set {MODULE_VARIABLE}"
        raise UsageError("the library of the token is not known", hint=hint)
    if not path.startswith("/"):
        raise UsageError(f"the token's library `{path}` is not an absolute path")
    return path


def format_token_uri(uri: TokenUri) -> str:
    """The URI that names `uri`'s key again; without the PIN, because it is meant to be shown and kept."""
    path = {
        "token": _quote(uri.token.label),
        "serial": _quote(uri.token.serial) if not uri.token.label else "",
        "slot-id": "" if uri.token.slot is None else str(uri.token.slot),
        "id": "".join(f"%{byte:02x}" for byte in uri.key.id),
        "object": _quote(uri.key.label),
    }
    attributes = ";".join(f"{name}={value}" for name, value in path.items() if value)
    return f"{SCHEME}{attributes}?module-path={quote(uri.module, safe=_QUERY_SAFE)}"


def without_pin(reference: str) -> str:
    """`reference` as it may be shown."""
    return _PIN.sub(r"\1***", reference)


def drop_pin(reference: str) -> str:
    """`reference` as it may be typed again by whoever knows the PIN, or needs none."""
    path, _, query = reference[len(SCHEME) :].partition("?")
    path, query = (_PIN_ATTRIBUTE.sub("", part).rstrip("&;") for part in (path, query))
    return f"{SCHEME}{path}?{query}" if query else f"{SCHEME}{path}"


def _quote(text: str) -> str:
    return quote(text, safe=_PATH_SAFE)


def _attributes(part: str, shown: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for attribute in filter(None, _SEPARATORS.split(part)):
        name, equals, value = attribute.partition("=")
        if not equals or _BROKEN_ESCAPE.search(attribute):
            raise UsageError(f"`{shown}` is not a PKCS#11 URI", hint=_HINT)
        if name in found:
            raise UsageError(f"`{shown}` has the attribute `{name}` twice", hint=_HINT)
        found[name] = unquote_to_bytes(value)
    return found


def _text(found: Mapping[str, bytes], name: str, shown: str) -> str:
    try:
        return found.get(name, b"").decode()
    except UnicodeDecodeError as exc:
        raise UsageError(f"the attribute `{name}` of `{shown}` is not UTF-8") from exc


def _slot(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _SLOT_DIGITS):
        raise UsageError(f"the slot `{text[:40]}` is not a number")
    return int(text)
