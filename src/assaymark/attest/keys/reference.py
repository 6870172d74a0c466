"""Key references, the values of `--key`: from `cosign.pub`, `env://NAME` or `https://…` to a key.

A reference without a scheme is the path of a file. Schemes are extension points (`assaymark.attest.keys.scheme`); one
that cosign knows and this version does not is refused by name, never taken for a path.
"""

from __future__ import annotations

import re

from assaymark.attest.keys.private import Signer
from assaymark.attest.keys.public import PublicKey
from assaymark.attest.keys.scheme import KeyContext, KeyScheme, key_schemes
from assaymark.errors import UsageError

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


def load_public_key(reference: str, context: KeyContext) -> PublicKey:
    """The public key that `reference` names.

    Raises:
        UsageError: the reference or the key is not usable.
        LocalError: the file cannot be read.
        NetworkError: the key cannot be fetched.
    """
    return _find_scheme(reference).verifier(reference, context)


def load_signer(reference: str, context: KeyContext) -> Signer:
    """The private key that `reference` names.

    Raises:
        UsageError: the reference is not usable.
        SigningError: the key is damaged, weak, or does not open with the password.
        LocalError: the file cannot be read.
        NetworkError: the key cannot be fetched.
    """
    return _find_scheme(reference).signer(reference, context)


def scheme_name(reference: str) -> str:
    """What stands in front of `://` in lower case; empty for a path."""
    if reference.startswith("pkcs11:"):
        return "pkcs11"
    match = _SCHEME.match(reference)
    return match[1].lower() if match else ""


def _find_scheme(reference: str) -> KeyScheme:
    if not reference:
        raise UsageError("the key reference is empty", hint="give a path, `env://NAME` or `https://…`")
    name = scheme_name(reference)
    known = tuple(key_schemes())
    for scheme in known:
        if name in scheme.names:
            return scheme
    forms = ", ".join(f"`{scheme.form}`" for scheme in known)
    raise UsageError(f"keys of the scheme `{name}` are not supported yet", hint=f"these are: {forms}")
