"""Signing in on another device, and as a program with a secret."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from tests.support.people import QUICK, Somebody
from tests.support.registry import Fault
from tests.support.sigstore.accounts import google
from tests.support.sigstore.fake import FakeSigstore
from tests.support.sigstore.switches import Switch

from assaymark.attest.sigstore.oidc.client_credentials import sign_in_as_client
from assaymark.attest.sigstore.oidc.device import sign_in_by_device
from assaymark.attest.sigstore.oidc.flow import CONNECTORS, Client, SignIn
from assaymark.attest.sigstore.oidc.issuer import discover_issuer
from assaymark.errors import NetworkError, SigningError, UsageError
from assaymark.net.http import Http
from assaymark.net.secret import Secret

TOKEN = "/auth/token"


class Watch:
    """Time that passes only in sleep."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def sign_in(
    fake: FakeSigstore, http: Http, *switches: Switch, watch: Watch, somebody: Somebody | None = None, **changes: Any
) -> SignIn:
    issuer = discover_issuer(http, f"{fake.at(*switches)}/auth")
    whole = SignIn(
        network=http,
        issuer=issuer,
        person=(somebody or Somebody()).person(),
        limits=msgspec.structs.replace(QUICK, login_seconds=60.0),
        clock=watch,
        sleep=watch.sleep,
    )
    return msgspec.structs.replace(whole, **changes)


@pytest.mark.parametrize("name", sorted(CONNECTORS))
def test_an_account_signs_in_on_another_device(fake: FakeSigstore, http: Http, name: str) -> None:
    somebody, watch = Somebody(account=name), Watch()
    token = sign_in_by_device(sign_in(fake, http, watch=watch, somebody=somebody))
    assert token.claims.account_issuer == CONNECTORS[name]
    assert "enter the code FAKE-0000" in somebody.said[0]
    assert "user_code=FAKE-0000" in somebody.said[0]
    assert watch.slept == [1]


def test_the_provider_s_pace_is_kept(fake: FakeSigstore, http: Http) -> None:
    fake.provider.account, fake.provider.polls = google(), 3
    watch = Watch()
    sign_in_by_device(sign_in(fake, http, Switch.DEVICE_SLOW_DOWN, watch=watch))
    assert watch.slept == [6, 11, 16]


def test_nobody_waits_for_ever(fake: FakeSigstore, http: Http) -> None:
    watch = Watch()
    with pytest.raises(SigningError, match="in time") as caught:
        sign_in_by_device(sign_in(fake, http, watch=watch))
    assert caught.value.reason == "LOGIN_TIMEOUT"
    assert watch.now == 60.0


@pytest.mark.parametrize(
    ("switch", "reason"),
    [
        pytest.param(Switch.DENIED_CONSENT, "LOGIN_DENIED", id="a person who declines"),
        pytest.param(Switch.DEVICE_EXPIRED, "LOGIN_TIMEOUT", id="a code that ended"),
        pytest.param(Switch.NO_PKCE, "NO_PKCE", id="a provider without PKCE"),
        pytest.param(Switch.FOREIGN_TOKEN_KEY, "TOKEN_NOT_VERIFIED", id="a token by another key"),
    ],
)
def test_what_must_not_pass(fake: FakeSigstore, http: Http, switch: Switch, reason: str) -> None:
    fake.provider.account = google()
    with pytest.raises(SigningError) as caught:
        sign_in_by_device(sign_in(fake, http, switch, watch=Watch()))
    assert caught.value.reason == reason


def test_a_provider_without_codes(fake: FakeSigstore, http: Http) -> None:
    whole = sign_in(fake, http, watch=Watch())
    without = msgspec.structs.replace(whole, issuer=msgspec.structs.replace(whole.issuer, device=""))
    with pytest.raises(SigningError, match="no sign-in by code"):
        sign_in_by_device(without)


def test_a_client_that_is_not_known(fake: FakeSigstore, http: Http) -> None:
    with pytest.raises(NetworkError, match="invalid_client"):
        sign_in_by_device(sign_in(fake, http, watch=Watch(), client=Client(id="other")))


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({}, id="empty"),
        pytest.param({"device_code": "x", "user_code": "y"}, id="no page"),
        pytest.param({"device_code": "x", "user_code": "y", "verification_uri": "z", "interval": "soon"}, id="no pace"),
    ],
)
def test_a_code_that_is_none(fake: FakeSigstore, http: Http, document: dict[str, object]) -> None:
    fake.fault(Fault(path="/auth/device/code", status=200, body=json.dumps(document).encode()))
    with pytest.raises(NetworkError, match="cannot be used"):
        sign_in_by_device(sign_in(fake, http, watch=Watch()))


def test_a_program_signs_in_with_its_secret(fake: FakeSigstore, http: Http) -> None:
    raw = fake.instance.token(google())
    fake.fault(Fault(path=TOKEN, status=200, body=json.dumps({"id_token": raw}).encode()))
    client = Client(secret=Secret("s3cret"))
    token = sign_in_as_client(sign_in(fake, http, watch=Watch(), client=client))
    assert token.secret.reveal() == raw
    assert b"client_secret=s3cret" in next(request.body for request in fake.requests if request.path == TOKEN)


def test_a_program_without_a_secret(fake: FakeSigstore, http: Http) -> None:
    with pytest.raises(UsageError, match="secret"):
        sign_in_as_client(sign_in(fake, http, watch=Watch()))


def test_an_answer_without_a_token(fake: FakeSigstore, http: Http) -> None:
    fake.fault(Fault(path=TOKEN, status=200, body=b'{"access_token":"x"}'))
    with pytest.raises(NetworkError, match="id_token"):
        sign_in_as_client(sign_in(fake, http, watch=Watch(), client=Client(secret=Secret("s"))))


def test_a_secret_that_the_provider_does_not_know(fake: FakeSigstore, http: Http) -> None:
    fake.fault(Fault(path=TOKEN, status=401, body=b'{"error":"invalid_client"}'))
    with pytest.raises(SigningError, match="does not know this client") as caught:
        sign_in_as_client(sign_in(fake, http, watch=Watch(), client=Client(secret=Secret("s"))))
    assert "--oidc-client-secret-file" in caught.value.hint
