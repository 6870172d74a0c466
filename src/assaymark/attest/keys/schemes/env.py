"""Keys in environment variables: `env://NAME` names the variable that holds the PEM text."""

from __future__ import annotations

from typing import Final

from assaymark.attest.keys.armoured import armoured_scheme
from assaymark.attest.keys.scheme import KeyContext
from assaymark.errors import UsageError


def _read(reference: str, context: KeyContext) -> bytes:
    name = reference.partition("://")[2]
    value = context.environment.get(name)
    if value is None:
        raise UsageError(f"the environment variable `{name}` of `{reference}` is not set")
    return value.encode()


KEY_SCHEME: Final = armoured_scheme(("env",), "env://NAME", _read)
