"""Identity tokens: reading them, keeping them secret, and saying in plain words why one will not do."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.support.sigstore import tokens
from tests.support.sigstore.accounts import github, github_actions
from tests.support.sigstore.fake import FakeSigstore
from tests.support.sigstore.switches import Switch

from assaymark.attest.sigstore.oidc.token import Claims, IdentityToken, check_claims, parse_token
from assaymark.errors import SigningError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.net.secret import Secret

NOW = 1_800_000_000.0
GOOD = {"iss": "https://issuer.test", "sub": "alice", "aud": "sigstore", "exp": NOW + 600}


def jwt(claims: dict[str, Any] | str, header: dict[str, Any] | None = None) -> Secret:
    """A token that nobody signed: it is only read."""
    spelled = [header or {"alg": "RS256"}, claims]
    texts = [part if isinstance(part, str) else json.dumps(part) for part in spelled]
    return Secret(".".join([*(tokens.encode(text.encode()) for text in texts), tokens.encode(b"signature")]))


def token(**changes: Any) -> IdentityToken:
    claims = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    return parse_token(jwt(claims), source="a test")


def test_a_token_of_an_account_behind_the_public_issuer(fake: FakeSigstore) -> None:
    found = parse_token(Secret(fake.instance.token(github(), lifetime=_minutes(5))), source="a test").claims
    assert (found.identity, found.account_issuer) == ("alice@users.github.test", "https://github.com/login/oauth")
    assert (found.issuer, found.email_verified) == (f"{fake.url}/auth", True)


def _minutes(count: int) -> Any:
    from datetime import timedelta

    return timedelta(minutes=count)


def test_a_token_of_a_workflow(token_of: Callable[..., IdentityToken]) -> None:
    claims = token_of(github_actions()).claims
    assert claims.identity == claims.subject == "repo:acme/app:ref:refs/heads/main"
    assert claims.account_issuer == "https://token.actions.githubusercontent.com"


def test_every_claim_has_its_place() -> None:
    read = token(aud=["sigstore", 7], exp=NOW, nbf=5.5, email="a@b", email_verified="true", federated_claims=[]).claims
    assert read == Claims(
        issuer="https://issuer.test",
        subject="alice",
        audiences=("sigstore",),
        expires=NOW,
        not_before=5.5,
        email="a@b",
        email_verified=True,
        connector="",
        texts=(("email", "a@b"), ("email_verified", "true"), ("iss", "https://issuer.test"), ("sub", "alice")),
    )


def test_a_token_is_never_shown() -> None:
    secret = jwt(GOOD)
    shown = repr(parse_token(secret, source="a test"))
    assert shown == "IdentityToken('alice' by 'https://issuer.test', from a test)"
    assert secret.reveal() not in shown


@pytest.mark.parametrize(
    "secret",
    [
        pytest.param(Secret("ya29.opaque"), id="an access token"),
        pytest.param(Secret("a.b"), id="two parts"),
        pytest.param(Secret("a.b.c.d.e"), id="an encrypted token"),
        pytest.param(Secret("Bearer " + jwt(GOOD).reveal()), id="a whole header field"),
        pytest.param(jwt(GOOD, {"alg": "none"}), id="an algorithm that proves nothing"),
        pytest.param(jwt(GOOD, {"alg": "HS256"}), id="a shared secret"),
        pytest.param(jwt(GOOD, {"alg": ["RS256"]}), id="no algorithm"),
        pytest.param(jwt("[]"), id="claims that are a list"),
        pytest.param(jwt('{"sub":"a","sub":"b"}'), id="a claim twice"),
        pytest.param(jwt({**GOOD, "exp": "tomorrow"}), id="a time that is no number"),
        pytest.param(jwt({**GOOD, "exp": True}), id="a time that is a truth"),
    ],
)
def test_what_is_no_identity_token_is_refused_without_being_shown(secret: Secret) -> None:
    with pytest.raises(SigningError) as caught:
        parse_token(secret, source="a test")
    assert caught.value.reason == "TOKEN_MALFORMED"
    assert secret.reveal() not in str(caught.value) + caught.value.hint


def test_an_endless_token_is_refused() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, token_bytes=100)
    with pytest.raises(SigningError, match="compact form"):
        parse_token(jwt({**GOOD, "x": "y" * 100}), source="a test", limits=limits)


def test_a_good_token_passes() -> None:
    check_claims(token(), now=NOW)
    check_claims(token(aud=["other", "sigstore"], exp=None), now=NOW)
    check_claims(token(email="a@b", email_verified=True), now=NOW)
    check_claims(token(aud="mine"), now=NOW, audience="mine")


@pytest.mark.parametrize(
    ("changes", "reason", "words", "hint"),
    [
        pytest.param(
            {"exp": NOW - 60}, "TOKEN_EXPIRED", "expired at 2027-01-15 07:59:00 UTC", "fresh token", id="it has ended"
        ),
        pytest.param({"nbf": NOW + 3600}, "TOKEN_NOT_YET_VALID", "valid from", "clock", id="it has not begun"),
        pytest.param(
            {"aud": "npm"}, "TOKEN_AUDIENCE", "meant for `npm`", "--oidc-client-id", id="it is for somebody else"
        ),
        pytest.param({"aud": None}, "TOKEN_AUDIENCE", "meant for nobody", "audience", id="it is for nobody"),
        pytest.param(
            {"aud": "x", "iss": "https://token.actions.githubusercontent.com"},
            "TOKEN_AUDIENCE",
            "`x`",
            "&audience=sigstore",
            id="a workflow asked for another audience",
        ),
        pytest.param(
            {"aud": "x", "iss": "https://gitlab.com"}, "TOKEN_AUDIENCE", "`x`", "id_tokens", id="a pipeline did"
        ),
        pytest.param(
            {"aud": "x", "iss": "https://accounts.google.com"},
            "TOKEN_AUDIENCE",
            "`x`",
            "--audiences=sigstore",
            id="gcloud did",
        ),
        pytest.param(
            {"aud": "x", "iss": "https://agent.buildkite.com"},
            "TOKEN_AUDIENCE",
            "`x`",
            "--audience sigstore",
            id="an agent did",
        ),
        pytest.param({"iss": None}, "TOKEN_ISSUER", "no issuer", "openid", id="no issuer"),
        pytest.param({"sub": None}, "TOKEN_SUBJECT", "neither `email` nor `sub`", "openid", id="nobody"),
        pytest.param(
            {"email": "a@b"},
            "EMAIL_NOT_VERIFIED",
            "`a@b` is not verified",
            "confirm",
            id="an address that may be another's",
        ),
        pytest.param(
            {"exp": 1e300, "nbf": 1e299}, "TOKEN_NOT_YET_VALID", "seconds after 1970", "clock", id="an absurd time"
        ),
    ],
)
def test_what_will_not_do_is_explained(changes: dict[str, Any], reason: str, words: str, hint: str) -> None:
    with pytest.raises(SigningError) as caught:
        check_claims(token(**changes), now=NOW)
    assert caught.value.reason == reason
    assert words in str(caught.value)
    assert hint in caught.value.hint


def test_the_faults_of_the_fake_are_found(token_of: Callable[..., IdentityToken]) -> None:
    import time

    for switch, reason in (
        (Switch.EXPIRED_TOKEN, "TOKEN_EXPIRED"),
        (Switch.WRONG_AUDIENCE, "TOKEN_AUDIENCE"),
        (Switch.UNVERIFIED_EMAIL, "EMAIL_NOT_VERIFIED"),
    ):
        with pytest.raises(SigningError) as caught:
            check_claims(token_of(None, switch), now=time.time())
        assert caught.value.reason == reason
    with pytest.raises(SigningError, match="`none`"):
        token_of(None, Switch.ALG_NONE)
