"""Key references, the values of `--key`: from `cosign.pub`, `env://NAME` or `https://…` to a key.

A reference without a scheme is the path of a file. Schemes are extension points (`assaymark.attest.keys.scheme`); a
name that none of them claims is that of an external program, and never a path.
"""

from __future__ import annotations

import re

from assaymark.attest.keys.private import Signer
from assaymark.attest.keys.public import PublicKey
from assaymark.attest.keys.scheme import EVERY_OTHER, KeyContext, KeyScheme, key_schemes
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


def create_key(reference: str, context: KeyContext) -> PublicKey:
    """Make a key where `reference` says, and give its public half.

    Raises:
        UsageError: no keys are made there, or the reference is not usable.
        SigningError: the key cannot be made.
        NetworkError: the service refused or was not reached.
    """
    scheme = _find_scheme(reference)
    if scheme.create is None:
        forms = ", ".join(f"`{each.form}`" for each in key_schemes() if each.create is not None)
        raise UsageError(f"no keys are made in `{reference}`", hint=f"keys are made in files, and in {forms}")
    return scheme.create(reference, context)


def scheme_name(reference: str) -> str:
    """What stands in front of `://` in lower case; empty for a path."""
    if reference.startswith("pkcs11:"):
        return "pkcs11"
    match = _SCHEME.match(reference)
    return match[1].lower() if match else ""


def _find_scheme(reference: str) -> KeyScheme:
    if not reference:
        raise UsageError("the key reference is empty", hint="give a path, `env://NAME` or `https://…`")
    wanted = scheme_name(reference)
    if not wanted:  # the path of a file, for which no other scheme is loaded
        from assaymark.attest.keys.schemes.path import KEY_SCHEME

        return KEY_SCHEME
    schemes = {name: scheme for scheme in key_schemes() for name in scheme.names}
    return schemes.get(wanted) or schemes[EVERY_OTHER]
