"""What ties an answer to our question: PKCE (RFC 7636), state (RFC 6749, section 10.12), nonce (OpenID Connect)."""

from __future__ import annotations

import hashlib
from binascii import b2a_base64
from collections.abc import Callable

import msgspec


class Ties(msgspec.Struct, frozen=True, kw_only=True):
    """Fresh random values for one sign-in.

    Attributes:
        verifier: stays here until the code is exchanged.
        state: comes back with the browser.
        nonce: comes back inside the token.
    """

    verifier: str
    state: str
    nonce: str

    @property
    def challenge(self) -> str:
        """What is shown of the verifier, by the method S256."""
        return url_safe(hashlib.sha256(self.verifier.encode("ascii")).digest())


def fresh_ties(random: Callable[[int], bytes]) -> Ties:
    """New values: 48 random bytes for the verifier (64 characters), 32 for each of the others."""
    return Ties(verifier=url_safe(random(48)), state=url_safe(random(32)), nonce=url_safe(random(32)))


def url_safe(data: bytes) -> str:
    """Base64 in the URL-safe alphabet without padding."""
    text = b2a_base64(data, newline=False).decode("ascii")
    return text.rstrip("=").replace("+", "-").replace("/", "_")
