"""Identity providers by their discovery document (OpenID Connect Discovery 1.0, sections 3 and 4; RFC 8414).

Rules: the document names the very issuer that was asked (a provider cannot speak for another); its endpoints are https,
or as plain as an issuer on loopback is; an issuer on the public network cannot send us into a private one.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from assaymark.attest.sigstore.reply import Answer, ask, join, text_of
from assaymark.errors import NetworkError, SigningError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.net.address import Locality, is_loopback
from assaymark.net.network import Network
from assaymark.net.url import parse_url
from assaymark.safeio.text import printable

SERVICE: Final = "the identity provider"
_PKCE: Final = "S256"
# Entra ID takes proofs of possession of the code and does not say so in its document
_SILENT: Final = ("https://login.microsoftonline.com/", "https://login.microsoftonline.us/")


class Issuer(msgspec.Struct, frozen=True, kw_only=True):
    """A provider and where it is asked.

    Attributes:
        device: where a code for another device is got; empty where it offers none.
        pkce: whether it binds a code to who asked for it (RFC 7636).
        nearest: how near its endpoints may be.
    """

    name: str
    authorization: str
    token: str
    device: str
    keys: str
    pkce: bool
    nearest: Locality = Locality.LOOPBACK

    def require_pkce(self) -> None:
        """Fail where the provider leaves codes to whoever catches them.

        Raises:
            SigningError: `NO_PKCE`.
        """
        if not self.pkce:
            raise SigningError(
                f"the identity provider `{printable(self.name)}` does not offer PKCE (S256), without which another "
                "program on this machine could steal the sign-in",
                hint="enable PKCE for the client at the provider, or give a token with `--identity-token`",
                reason="NO_PKCE",
            )


def discover_issuer(network: Network, url: str, *, limits: Limits = DEFAULT_LIMITS) -> Issuer:
    """The provider at `url`.

    Raises:
        NetworkError: it cannot be reached, or its document is malformed or another provider's.
    """
    nearest = network.locality(parse_url(url).host)
    nearest = Locality.PRIVATE if nearest is Locality.UNKNOWN else nearest  # what a proxy reaches is its business
    target = join(url, ".well-known/openid-configuration")
    answer = ask(network, "GET", target, service=SERVICE, limit=limits.token_bytes)
    if not answer.good:
        raise answer.failure(hint="is it the URL of an OpenID Connect issuer? `--oidc-issuer` chooses one")
    document = answer.document(limits=limits)
    named = document.get("issuer")
    if not isinstance(named, str) or named.rstrip("/") != url.rstrip("/"):
        raise answer.malformed(f"it speaks for the issuer `{str(named)[:200]}`, not for `{url}`")
    try:
        return _read(document, named, nearest)
    except (ValueError, NetworkError) as exc:
        raise answer.malformed(str(exc)) from exc


def post_form(network: Network, issuer: Issuer, url: str, form: dict[str, str], *, limits: Limits) -> Answer:
    """Send `form` to an endpoint of `issuer`; whatever the status, once: codes can be used one time only."""
    from urllib.parse import urlencode

    return ask(
        network,
        "POST",
        url,
        service=SERVICE,
        limit=limits.token_bytes,
        body=urlencode({name: value for name, value in form.items() if value}).encode("ascii"),
        content_type="application/x-www-form-urlencoded",
        repeatable=False,
        nearest=issuer.nearest,
    )


def _read(document: dict[str, Any], name: str, nearest: Locality) -> Issuer:
    authorization = _endpoint(document, "authorization_endpoint", name)
    methods = document.get("code_challenge_methods_supported")
    offered = isinstance(methods, list) and _PKCE in methods
    device = document.get("device_authorization_endpoint")
    return Issuer(
        name=name,
        authorization=authorization,
        token=_endpoint(document, "token_endpoint", name),
        device=_endpoint(document, "device_authorization_endpoint", name) if device else "",
        keys=_endpoint(document, "jwks_uri", name),
        pkce=offered or authorization.startswith(_SILENT),
        nearest=nearest,
    )


def _endpoint(document: dict[str, Any], field: str, issuer: str) -> str:
    url = text_of(document, field)
    target = parse_url(url)
    plain = target.scheme == "http" and not is_loopback(target.host)
    if plain and target.origin != parse_url(issuer).origin:
        raise ValueError(f"`{field}` is plain http")
    return url
