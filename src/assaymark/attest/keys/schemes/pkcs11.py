"""Keys in PKCS#11 tokens: smart cards, hardware security modules, SoftHSM (`pkcs11:token=…;object=…`).

To sign, the token's PIN is needed; to verify, only when it was given anyway: public keys and certificates are public
objects on most tokens. The URI is described in `assaymark.attest.keys.tokens.uri`.
"""

from __future__ import annotations

from typing import Final

from assaymark.attest.keys.private import Signer
from assaymark.attest.keys.public import PublicKey
from assaymark.attest.keys.scheme import KeyContext, KeyScheme
from assaymark.attest.keys.tokens.keys import LIST_KEYS, find_public_key, open_signer
from assaymark.attest.keys.tokens.library import Library, Session
from assaymark.attest.keys.tokens.pin import given_pin, log_in
from assaymark.attest.keys.tokens.uri import FORM, TokenUri, parse_token_uri
from assaymark.errors import Error, SigningError

_IGNORE_CERTIFICATE: Final = "COSIGN_PKCS11_IGNORE_CERTIFICATE"


def _signer(reference: str, context: KeyContext) -> Signer:
    uri = parse_token_uri(reference, context.environment)
    session = _open(uri)
    try:
        pin = log_in(session, given_pin(uri, context), context)
        return open_signer(session, uri.key, pin=pin, certificates=_certificates(context))
    except Error:
        session.close()
        raise


def _verifier(reference: str, context: KeyContext) -> PublicKey:
    uri = parse_token_uri(reference, context.environment)
    session = _open(uri)
    try:
        public = find_public_key(session, uri.key, certificates=_certificates(context))
        pin = given_pin(uri, context)
        if public is None and pin:
            log_in(session, pin, context)
            public = open_signer(session, uri.key, pin=None, certificates=_certificates(context)).public
    finally:
        session.close()
    if public is None:
        text = f"there is no public key `{uri.key}` on the token `{session.token}`"
        hint = f"its objects may be hidden without the PIN (COSIGN_PKCS11_PIN); {LIST_KEYS}"
        raise SigningError(text, hint=hint, reason="KEY_NOT_FOUND")
    return public


def _open(uri: TokenUri) -> Session:
    library = Library(uri.module)
    return library.open(library.find(uri.token))


def _certificates(context: KeyContext) -> bool:
    return context.environment.get(_IGNORE_CERTIFICATE, "") != "1"


KEY_SCHEME: Final = KeyScheme(names=("pkcs11",), form=FORM, verifier=_verifier, signer=_signer)
