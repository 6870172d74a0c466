"""Signing in as a program with a secret of its own (RFC 6749, section 4.4): `--fulcio-auth-flow client_credentials`.

For private issuers whose answer to this grant carries an ID token; the public one has no such clients.
"""

from __future__ import annotations

from assaymark.attest.sigstore.oidc.flow import SCOPE, SignIn
from assaymark.attest.sigstore.oidc.issuer import post_form
from assaymark.attest.sigstore.oidc.token import IdentityToken
from assaymark.errors import UsageError


def sign_in_as_client(sign_in: SignIn) -> IdentityToken:
    """The token of the client itself.

    Raises:
        UsageError: the client has no secret.
        SigningError: the provider refuses, or the token does not verify.
        NetworkError: the provider cannot be reached.
    """
    if not sign_in.client.secret:
        raise UsageError(
            "signing in as a program needs the secret of a client at the provider",
            hint="give `--oidc-client-id` and `--oidc-client-secret-file`",
        )
    form = {
        "grant_type": "client_credentials",
        "client_id": sign_in.client.id,
        "client_secret": sign_in.client.secret.reveal(),
        "scope": SCOPE,
    }
    answer = post_form(sign_in.network, sign_in.issuer, sign_in.issuer.token, form, limits=sign_in.limits)
    return sign_in.token_in(answer)
