"""Signing in through the browser: the whole way, and everything that can come between."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
import pytest
from tests.support.browsers import Browser, fetch
from tests.support.people import QUICK, Somebody
from tests.support.sigstore.fake import FakeSigstore
from tests.support.sigstore.switches import Switch

from assaymark.attest.sigstore.oidc.browser import sign_in_by_browser
from assaymark.attest.sigstore.oidc.flow import CONNECTORS, SignIn
from assaymark.attest.sigstore.oidc.issuer import discover_issuer
from assaymark.attest.sigstore.oidc.token import check_claims
from assaymark.errors import LocalError, SigningError, UsageError
from assaymark.net.http import Http
from assaymark.net.loopback import listen

Enter = Callable[..., SignIn]


@pytest.fixture
def enter(fake: FakeSigstore, http: Http) -> Iterator[Enter]:
    """Makes a sign-in at the fake, for a person with this browser."""
    browsers: list[Browser] = []

    def make(browser: Browser | None, *switches: Switch, somebody: Somebody | None = None, **changes: Any) -> SignIn:
        browsers.extend([browser] if browser else [])
        issuer = discover_issuer(http, f"{fake.at(*switches)}/auth")
        person = (somebody or Somebody()).person(browser)
        return msgspec.structs.replace(SignIn(network=http, issuer=issuer, person=person, limits=QUICK), **changes)

    yield make
    for browser in browsers:
        browser.finish()


@pytest.mark.parametrize("name", sorted(CONNECTORS))
def test_an_account_signs_in(enter: Enter, name: str) -> None:
    browser = Browser(account=name)
    token = sign_in_by_browser(enter(browser, connector=CONNECTORS[name]))
    check_claims(token, now=time.time())
    assert token.claims.account_issuer == CONNECTORS[name]
    browser.finish()
    assert browser.pages[0][0] == 200
    assert "You are signed in" in browser.pages[0][1]


def test_what_is_asked_of_the_provider(fake: FakeSigstore, enter: Enter) -> None:
    browser = Browser(account="google")
    sign_in_by_browser(enter(browser, connector="https://accounts.google.com"))
    query = {name: values[0] for name, values in parse_qs(urlsplit(browser.opened[0]).query).items()}
    redirect = urlsplit(query["redirect_uri"])
    assert (redirect.hostname, redirect.path) == ("localhost", "/auth/callback")
    assert query["scope"] == "openid email"
    assert query["code_challenge_method"] == "S256"
    assert query["connector_id"] == "https://accounts.google.com"
    assert min(len(query["state"]), len(query["nonce"]), len(query["code_challenge"])) == 43
    form = parse_qs(fake.requests[-2].body.decode())
    assert sorted(form) == ["client_id", "code", "code_verifier", "grant_type", "redirect_uri"]


def test_every_sign_in_is_tied_anew(enter: Enter) -> None:
    browsers = [Browser(account="google"), Browser(account="google")]
    for browser in browsers:
        sign_in_by_browser(enter(browser))
    ties = [parse_qs(urlsplit(browser.opened[0]).query) for browser in browsers]
    assert all(ties[0][name] != ties[1][name] for name in ("state", "nonce", "code_challenge"))


@pytest.mark.parametrize(
    ("switch", "reason"),
    [
        pytest.param(Switch.NO_PKCE, "NO_PKCE", id="a provider without PKCE"),
        pytest.param(Switch.DENIED_CONSENT, "LOGIN_DENIED", id="a person who declines"),
        pytest.param(Switch.WRONG_NONCE, "TOKEN_NOT_VERIFIED", id="a token of another sign-in"),
        pytest.param(Switch.WRONG_AT_HASH, "TOKEN_NOT_VERIFIED", id="an access token of another sign-in"),
        pytest.param(Switch.WRONG_AUDIENCE, "TOKEN_NOT_VERIFIED", id="a token for another client"),
        pytest.param(Switch.EXPIRED_TOKEN, "TOKEN_NOT_VERIFIED", id="an old token"),
        pytest.param(Switch.FOREIGN_TOKEN_KEY, "TOKEN_NOT_VERIFIED", id="a token by another key"),
        pytest.param(Switch.ALG_NONE, "TOKEN_MALFORMED", id="a token that nobody signed"),
    ],
)
def test_what_must_not_pass(enter: Enter, switch: Switch, reason: str) -> None:
    with pytest.raises(SigningError) as caught:
        sign_in_by_browser(enter(Browser(account="google"), switch))
    assert caught.value.reason == reason
    assert caught.value.hint


def test_an_unverified_address_signs_in_and_cannot_sign(enter: Enter) -> None:
    token = sign_in_by_browser(enter(Browser(account="google"), Switch.UNVERIFIED_EMAIL))
    with pytest.raises(SigningError, match="is not verified"):
        check_claims(token, now=token.claims.expires - 1)


def test_an_answer_with_another_state_is_not_ours(enter: Enter) -> None:
    """Nobody comes back in time; the person is asked for a code, and has none."""
    quick = msgspec.structs.replace(QUICK, login_seconds=0.5)
    browser, somebody = Browser(account="google"), Somebody()
    with pytest.raises(SigningError, match="no code was given"):
        sign_in_by_browser(enter(browser, Switch.WRONG_STATE, somebody=somebody, limits=quick))
    browser.finish()
    assert browser.pages == [(400, browser.pages[0][1])]
    assert "Nobody came back" in somebody.said[-2]


def test_a_page_that_guesses_does_not_end_the_wait(enter: Enter) -> None:
    class Meddler(Browser):
        def __init__(self) -> None:
            super().__init__(account="google")
            self.answers: list[int] = []

        def _visit(self, url: str) -> None:
            redirect = parse_qs(urlsplit(url).query)["redirect_uri"][0]
            for query in ({"code": "x"}, {"code": "x", "state": "guess"}, {"error": "access_denied", "state": "guess"}):
                self.answers.append(fetch(f"{redirect}?{urlencode(query)}")[0])
            super()._visit(url)

    browser = Meddler()
    assert sign_in_by_browser(enter(browser)).claims.email == "alice@gmail.test"
    assert browser.answers == [400, 400, 400]


@pytest.mark.parametrize("browser", [None, Browser(works=False)], ids=["there is none", "it does not start"])
def test_without_a_browser_the_code_is_copied(fake: FakeSigstore, enter: Enter, browser: Browser | None) -> None:
    somebody = Somebody(account="github")
    token = sign_in_by_browser(enter(browser, somebody=somebody))
    assert token.claims.email == "alice@users.github.test"
    assert "redirect_uri=urn" in somebody.said[0]
    assert parse_qs(fake.requests[-2].body.decode())["redirect_uri"] == ["urn:ietf:wg:oauth:2.0:oob"]


def test_a_port_in_use_is_named(enter: Enter) -> None:
    with listen("/other") as occupied, pytest.raises(LocalError, match=f"port {occupied.port}") as caught:
        sign_in_by_browser(enter(Browser(), redirect=f"http://localhost:{occupied.port}/auth/callback"))
    assert "--oidc-redirect-url" in caught.value.hint


def test_a_redirect_of_the_user_s_choice(enter: Enter) -> None:
    with listen("/other") as probe:
        port = probe.port
    redirect = f"http://localhost:{port}/my/path"
    browser = Browser(account="google")
    assert sign_in_by_browser(enter(browser, redirect=redirect)).claims.email == "alice@gmail.test"
    assert parse_qs(urlsplit(browser.opened[0]).query)["redirect_uri"] == [redirect]


@pytest.mark.parametrize(
    "redirect", ["https://localhost/x", "http://example.test/x", "localhost:80", "http://localhost/x?y"]
)
def test_a_redirect_that_cannot_be_listened_on(enter: Enter, redirect: str) -> None:
    with pytest.raises(UsageError, match="--oidc-redirect-url"):
        sign_in_by_browser(enter(Browser(), redirect=redirect))


def test_another_provider_s_answer_is_refused(enter: Enter) -> None:
    """RFC 9207: the answer names who gives it."""

    class Mixed(Browser):
        def _visit(self, url: str) -> None:
            query = parse_qs(urlsplit(url).query)
            answer = urlencode({"code": "x", "state": query["state"][0], "iss": "https://mallory.test"})
            self.pages.append(fetch(f"{query['redirect_uri'][0]}?{answer}")[:2])

    with pytest.raises(SigningError, match="another provider"):
        sign_in_by_browser(enter(Mixed()))


def test_a_code_that_the_provider_does_not_know(enter: Enter) -> None:
    somebody = Somebody(code="invented")
    with pytest.raises(SigningError, match="invalid_grant") as caught:
        sign_in_by_browser(enter(None, somebody=somebody))
    assert caught.value.reason == "LOGIN_FAILED"
