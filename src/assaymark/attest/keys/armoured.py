"""Schemes whose keys are PEM text, wherever it comes from."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from assaymark.attest.keys.algorithms import check_point
from assaymark.attest.keys.file import decrypt_key
from assaymark.attest.keys.private import Signer
from assaymark.attest.keys.public import PublicKey, parse_public_key
from assaymark.attest.keys.scheme import KeyContext, KeyScheme
from assaymark.errors import UsageError

Read = Callable[[str, KeyContext], bytes]
Create = Callable[[str, KeyContext], PublicKey]


def armoured_scheme(
    names: tuple[str, ...],
    form: str,
    read: Read,
    *,
    read_private: Read | None = None,
    read_password: Read | None = None,
    create: Create | None = None,
) -> KeyScheme:
    """The scheme whose references `read` turns into PEM text.

    Args:
        names: of the scheme.
        form: of its references.
        read: gives a public key.
        read_private: gives an encrypted key; as `read` does where None.
        read_password: gives the password that is kept beside it; the user knows it where None.
        create: of the scheme.
    """
    private = read_private or read

    def verifier(reference: str, context: KeyContext) -> PublicKey:
        return _parse(read(reference, context), reference)

    def signer(reference: str, context: KeyContext) -> Signer:
        password = partial(read_password, reference, context) if read_password else context.password
        return decrypt_key(private(reference, context), password, what=reference, limits=context.limits)

    return KeyScheme(names=names, form=form, verifier=verifier, signer=signer, create=create)


def _parse(data: bytes, reference: str) -> PublicKey:
    key = parse_public_key(data, what=reference)
    try:
        check_point(key)
    except ValueError as exc:
        raise UsageError(f"`{reference}` is not a public key: its point is not on the curve") from exc
    return key
