"""Where the identity token comes from: the order, and failing at once where nobody is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.browsers import Browser
from tests.support.people import QUICK, Somebody
from tests.support.sigstore.accounts import github_actions, google
from tests.support.sigstore.fake import FakeSigstore
from tests.support.sigstore.switches import Switch

from assaymark.attest.sigstore.oidc.desktop import find_browser, has_browser, open_in_browser
from assaymark.attest.sigstore.oidc.flow import Client
from assaymark.attest.sigstore.oidc.provider import Ambient
from assaymark.attest.sigstore.oidc.sources import Flow, Options, obtain_token
from assaymark.attest.sigstore.oidc.token import IdentityToken
from assaymark.errors import SigningError, UsageError
from assaymark.net.http import Http
from assaymark.net.network import NoNetwork
from assaymark.net.secret import Secret


class Desk:
    """One user at one machine."""

    def __init__(self, fake: FakeSigstore, http: Http, root: Path) -> None:
        self.fake = fake
        self.browser: Browser | None = Browser(account="google")
        self.somebody = Somebody(account="github")
        self.ambient = Ambient(environment={}, network=http, metadata=NoNetwork(), root=root, limits=QUICK)

    def obtain(self, *switches: Switch, variables: dict[str, str] | None = None, **options: Any) -> IdentityToken:
        """The token, with these options."""
        whole = Options(**{"issuer": f"{self.fake.at(*switches)}/auth", "terminal": True, **options})
        here = msgspec.structs.replace(self.ambient, environment=variables or {})
        try:
            return obtain_token(whole, ambient=here, person=self.somebody.person(self.browser))
        finally:
            if self.browser:
                self.browser.finish()


@pytest.fixture
def desk(fake: FakeSigstore, http: Http, tmp_path: Path) -> Desk:
    return Desk(fake, http, tmp_path)


def test_a_token_that_is_given_wins(desk: Desk) -> None:
    raw = desk.fake.instance.token(google())
    token = desk.obtain(token=Secret(raw), variables=desk.fake.environment("github-actions"))
    assert (token.secret.reveal(), token.source) == (raw, "`--identity-token`")
    assert desk.fake.requests == []


def test_a_token_may_stand_in_a_file(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(desk.fake.instance.token(google()) + "\n")
    assert desk.obtain(token=Secret(str(path))).source == f"`{path}`"


@pytest.mark.parametrize("given", ["hunter2", "x" * 5000, "a\0b", "."])
def test_what_is_neither_is_not_shown(desk: Desk, given: str) -> None:
    with pytest.raises(UsageError) as caught:
        desk.obtain(token=Secret(given))
    assert str(caught.value) == "`--identity-token` is neither an identity token nor the path of a file"


def test_the_surroundings_come_next(desk: Desk) -> None:
    variables = {**desk.fake.environment("github-actions"), "SIGSTORE_ID_TOKEN": desk.fake.instance.token(google())}
    assert desk.obtain(variables=variables).source == "github-actions"
    assert desk.obtain(variables=variables, provider="envvar").source == "envvar"


def test_the_surroundings_may_be_left_out(desk: Desk) -> None:
    variables = {"SIGSTORE_ID_TOKEN": desk.fake.instance.token(github_actions())}
    token = desk.obtain(variables=variables, ambient=False)
    assert token.claims.account_issuer == "https://accounts.google.com"
    assert desk.obtain(variables=variables, ambient=False, provider="envvar").source == "envvar"


def test_a_provider_that_is_not_here(desk: Desk) -> None:
    with pytest.raises(SigningError, match="`spiffe` is not here") as caught:
        desk.obtain(provider="spiffe")
    assert caught.value.reason == "NO_IDENTITY"
    with pytest.raises(UsageError, match="not known") as unknown:
        desk.obtain(provider="google")
    assert "`google-workload-identity`" in unknown.value.hint


def test_a_person_with_a_browser_uses_it(desk: Desk) -> None:
    assert desk.obtain(connector="google").claims.account_issuer == "https://accounts.google.com"
    assert desk.browser is not None
    assert "connector_id=https%3A%2F%2Faccounts.google.com" in desk.browser.opened[0]


def test_a_person_without_a_browser_uses_a_code(desk: Desk) -> None:
    desk.browser = None
    assert desk.obtain().claims.account_issuer == "https://github.com/login/oauth"
    assert "enter the code" in desk.somebody.said[0]


def test_the_flow_may_be_chosen(desk: Desk) -> None:
    assert desk.obtain(flow=Flow.DEVICE).claims.account_issuer == "https://github.com/login/oauth"
    assert desk.obtain(flow=Flow.NORMAL).claims.account_issuer == "https://accounts.google.com"
    with pytest.raises(UsageError, match="needs a token"):
        desk.obtain(flow=Flow.TOKEN)
    with pytest.raises(UsageError, match="secret"):
        desk.obtain(flow=Flow.CLIENT_CREDENTIALS, client=Client(id="x"), terminal=False)


@pytest.mark.parametrize(
    "options", [{}, {"flow": Flow.NORMAL}, {"flow": Flow.NORMAL, "confirmed": True}, {"flow": Flow.DEVICE}]
)
def test_without_a_terminal_it_fails_at_once(desk: Desk, options: dict[str, Any]) -> None:
    with pytest.raises(SigningError, match="no identity to sign with") as caught:
        desk.obtain(terminal=False, **options)
    assert caught.value.reason == "NO_IDENTITY"
    assert "--identity-token" in caught.value.hint
    assert desk.fake.requests == []


def test_a_build_is_told_what_it_lacks(desk: Desk) -> None:
    with pytest.raises(SigningError) as caught:
        desk.obtain(terminal=False, variables={"GITHUB_ACTIONS": "true"})
    assert "id-token: write" in caught.value.hint


def test_who_said_yes_gets_a_code_in_the_output(desk: Desk) -> None:
    assert desk.obtain(terminal=False, confirmed=True).claims.account_issuer == "https://github.com/login/oauth"


def test_a_provider_without_codes_is_used_through_the_browser(desk: Desk) -> None:
    import json

    from tests.support.registry import Fault

    base = f"{desk.fake.url}/auth"
    document = {
        "issuer": base,
        "authorization_endpoint": f"{base}/auth",
        "token_endpoint": f"{base}/token",
        "jwks_uri": f"{base}/keys",
        "code_challenge_methods_supported": ["S256"],
    }
    body = json.dumps(document).encode()
    desk.fake.fault(Fault(path="/auth/.well-known", status=200, body=body, times=-1))
    desk.browser = None
    assert desk.obtain().claims.account_issuer == "https://github.com/login/oauth"
    with pytest.raises(SigningError, match="no sign-in by code"):
        desk.obtain(flow=Flow.DEVICE)


def test_without_an_issuer_nobody_signs_in(desk: Desk) -> None:
    with pytest.raises(UsageError, match="no identity provider to sign in at"):
        desk.obtain(issuer="")


@pytest.mark.parametrize(
    ("environment", "platform", "expected"),
    [
        pytest.param({"DISPLAY": ":0"}, "linux", True, id="a screen"),
        pytest.param({"WAYLAND_DISPLAY": "w"}, "linux", True, id="another kind of screen"),
        pytest.param({}, "linux", False, id="no screen"),
        pytest.param({}, "darwin", True, id="always a screen"),
        pytest.param({"DISPLAY": ":10", "SSH_CONNECTION": "x"}, "linux", False, id="the screen of another machine"),
        pytest.param({"SSH_TTY": "x"}, "darwin", False, id="another machine"),
        pytest.param({"BROWSER": "x", "SSH_TTY": "x"}, "linux", True, id="the user says so"),
    ],
)
def test_whether_there_is_a_browser(environment: dict[str, str], platform: str, *, expected: bool) -> None:
    assert has_browser(environment, platform=platform) is expected
    assert (find_browser(environment, platform=platform) is open_in_browser) is expected


def test_a_browser_that_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    import webbrowser

    opened: list[str] = []

    def start(url: str) -> bool:
        opened.append(url)
        if len(opened) > 1:
            raise webbrowser.Error("could not locate runnable browser")
        return True

    monkeypatch.setattr(webbrowser, "open", start)
    assert open_in_browser("https://x.test")
    assert not open_in_browser("https://x.test")
