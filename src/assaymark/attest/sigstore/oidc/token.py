"""Identity tokens (OpenID Connect Core 1.0, section 2; JWT, RFC 7519): what they say, and whether they will do.

A token that the user or the surroundings give is read without checking its signature: the certificate authority does
that, and a forged one only fails there. It is looked at here so that what will become public can be shown, and so that
a token that must fail is explained before anything is sent. (A token that we get by signing in is verified:
`assaymark.attest.sigstore.oidc.jwks`.)

Rules: three parts of URL-safe base64; header and claims are strict JSON; the algorithm is an asymmetric one
(`none` and shared secrets prove nothing to anybody); the token itself is a `Secret` that no message and no log shows.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final, final

import msgspec

from assaymark.attest.strict import decode_base64
from assaymark.errors import ArtifactError, SigningError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.net.secret import Secret
from assaymark.safeio.json import decode_strict
from assaymark.safeio.text import printable

AUDIENCE: Final = "sigstore"

_FORM: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\Z")
_ASYMMETRIC: Final = re.compile(r"(?:RS|PS|ES)(?:256|384|512)\Z|EdDSA\Z")
_SKEW_SECONDS: Final = 60.0
_MOMENT: Final = "%Y-%m-%d %H:%M:%S"


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """What a token says about whom.

    Attributes:
        expires, not_before: seconds since 1970; zero where the token does not say.
        connector: the account's provider behind an issuer that federates several (`federated_claims.connector_id`).
        texts: every claim that is a string, for what a certificate will repeat of them.
    """

    issuer: str
    subject: str
    audiences: tuple[str, ...]
    expires: float
    not_before: float
    email: str
    email_verified: bool
    connector: str
    texts: tuple[tuple[str, str], ...]

    @property
    def identity(self) -> str:
        """What possession of the key is proven for: the address where there is one, else the subject."""
        return self.email or self.subject

    @property
    def account_issuer(self) -> str:
        """Who knows the account: what a certificate of the public instance names as its issuer."""
        return self.connector or self.issuer


@final
class IdentityToken:
    """A token and what it says.

    Attributes:
        source: where it came from, for messages.
    """

    __slots__ = ("claims", "secret", "source")

    def __init__(self, secret: Secret, claims: Claims, source: str) -> None:
        self.secret = secret
        self.claims = claims
        self.source = source

    def __repr__(self) -> str:
        return f"IdentityToken({self.claims.identity!r} by {self.claims.issuer!r}, from {self.source})"


def looks_like_token(text: str) -> bool:
    """Whether `text` is spelled like a token, and not like the path of a file."""
    return _FORM.match(text) is not None


def parse_token(secret: Secret, *, source: str, limits: Limits = DEFAULT_LIMITS) -> IdentityToken:
    """The token that `secret` spells.

    Raises:
        SigningError: `TOKEN_MALFORMED`: it is no JWT, or one that proves nothing to anybody.
    """
    try:
        header, payload, _ = split_token(secret, limits=limits)
        _check_algorithm(header)
        return IdentityToken(secret, _read_claims(payload), source)
    except ValueError as exc:
        raise SigningError(
            f"the identity token from {source} cannot be used: {exc}",
            hint="give an OpenID Connect ID token (a signed JWT), not an access token or another secret",
            reason="TOKEN_MALFORMED",
        ) from exc


def split_token(secret: Secret, *, limits: Limits = DEFAULT_LIMITS) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    """Header, claims and signature of a JWT.

    Raises:
        ValueError: it is none.
    """
    text = secret.reveal()
    if len(text) > limits.token_bytes or not looks_like_token(text):
        raise ValueError("it is not a JWT in its compact form")
    head, body, signature = text.split(".")
    return _read_part(head, limits), _read_part(body, limits), decode_base64(signature)


def check_claims(token: IdentityToken, *, now: float, audience: str = AUDIENCE) -> None:
    """Whether a certificate authority can accept the token.

    Raises:
        SigningError: `TOKEN_EXPIRED`, `TOKEN_NOT_YET_VALID`, `TOKEN_AUDIENCE`, `TOKEN_ISSUER`, `TOKEN_SUBJECT` or
            `EMAIL_NOT_VERIFIED`, with what to change.
    """
    claims, source = token.claims, token.source
    if not claims.issuer.startswith(("https://", "http://")):
        raise _unfit("TOKEN_ISSUER", f"the token from {source} names no issuer with a URL", _FRESH)
    if claims.expires and claims.expires <= now:
        text = f"the identity token from {source} expired at {_moment(claims.expires)} UTC; it is {_moment(now)} UTC"
        raise _unfit("TOKEN_EXPIRED", text, "get a fresh token just before signing; they last minutes")
    if claims.not_before > now + _SKEW_SECONDS:
        text = f"the identity token from {source} is valid from {_moment(claims.not_before)} UTC; it is {_moment(now)}"
        raise _unfit("TOKEN_NOT_YET_VALID", text, "check this machine's clock")
    if audience not in claims.audiences:
        named = ", ".join(f"`{printable(name[:100])}`" for name in claims.audiences[:5]) or "nobody"
        text = f"the identity token from {source} is meant for {named} (`aud`), not for `{audience}`"
        raise _unfit("TOKEN_AUDIENCE", text, _audience_hint(claims.issuer, audience))
    if not claims.identity:
        raise _unfit("TOKEN_SUBJECT", f"the identity token from {source} has neither `email` nor `sub`", _FRESH)
    if claims.email and not claims.email_verified:
        text = f"`{printable(claims.issuer)}` says that `{printable(claims.email)}` is not verified (`email_verified`)"
        raise _unfit("EMAIL_NOT_VERIFIED", text, "confirm the address at the provider, then sign in again")


_FRESH: Final = "ask the provider for an ID token with the scope `openid email`"


def _unfit(reason: str, text: str, hint: str) -> SigningError:
    return SigningError(text, hint=hint, reason=reason)


def _audience_hint(issuer: str, audience: str) -> str:
    if issuer == "https://token.actions.githubusercontent.com":
        return f"ask for it with `&audience={audience}` at the end of `ACTIONS_ID_TOKEN_REQUEST_URL`"
    if issuer == "https://accounts.google.com":
        return f"use `gcloud auth print-identity-token --audiences={audience} --include-email`"
    if "gitlab" in issuer:
        return f"in .gitlab-ci.yml: `id_tokens: {{SIGSTORE_ID_TOKEN: {{aud: {audience}}}}}`"
    if issuer == "https://agent.buildkite.com":
        return f"use `buildkite-agent oidc request-token --audience {audience}`"
    return f"ask the provider for a token with the audience `{audience}`, or name yours with `--oidc-client-id`"


def _moment(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, tz=UTC).strftime(_MOMENT)
    except (ValueError, OverflowError, OSError):
        return f"{seconds:.0f} seconds after 1970"


def _check_algorithm(header: dict[str, Any]) -> None:
    algorithm = str(header.get("alg", ""))
    if _ASYMMETRIC.match(algorithm) is None:
        raise ValueError(f"its algorithm is `{printable(algorithm[:20])}`, with which nobody can check it")


def _read_part(text: str, limits: Limits) -> dict[str, Any]:
    try:
        value = decode_strict(decode_base64(text), limits=limits, what="a part of it")
    except ArtifactError as exc:
        raise ValueError(str(exc)) from exc
    if not isinstance(value, dict):
        raise ValueError("a part of it is not a JSON object")  # noqa: TRY004 - the document is malformed
    return value


def _read_claims(claims: dict[str, Any]) -> Claims:
    audience = claims.get("aud", [])
    audiences = audience if isinstance(audience, list) else [audience]
    federated = claims.get("federated_claims")
    connector = federated.get("connector_id") if isinstance(federated, dict) else ""
    texts = {name: value for name, value in claims.items() if isinstance(value, str)}
    return Claims(
        issuer=texts.get("iss", ""),
        subject=texts.get("sub", ""),
        audiences=tuple(item for item in audiences if isinstance(item, str)),
        expires=_seconds(claims, "exp"),
        not_before=_seconds(claims, "nbf"),
        email=texts.get("email", ""),
        # some providers spell the boolean as a string
        email_verified=claims.get("email_verified") in (True, "true", "True"),
        connector=connector if isinstance(connector, str) and "://" in connector else "",
        texts=tuple(sorted(texts.items())),
    )


def _seconds(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name, 0)
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise ValueError(f"its `{name}` is not a number")  # noqa: TRY004 - the document is malformed
    return float(value)
