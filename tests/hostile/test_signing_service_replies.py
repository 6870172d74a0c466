"""Signing services that lie, flood or never end: one clear line each, bounded reading, no secret elsewhere."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from tests.support.people import Somebody
from tests.support.registry import Fault
from tests.support.sigstore.accounts import google
from tests.support.sigstore.fake import FakeSigstore

from assaymark.attest.dsse import sign_payload
from assaymark.attest.keys.private import generate_key
from assaymark.attest.sigstore.fulcio import request_certificate
from assaymark.attest.sigstore.oidc.browser import sign_in_by_browser
from assaymark.attest.sigstore.oidc.device import sign_in_by_device
from assaymark.attest.sigstore.oidc.flow import SignIn
from assaymark.attest.sigstore.oidc.issuer import discover_issuer
from assaymark.attest.sigstore.oidc.provider import Ambient
from assaymark.attest.sigstore.oidc.providers.github_actions import PROVIDER
from assaymark.attest.sigstore.oidc.token import parse_token
from assaymark.attest.sigstore.rekor_client import Verifier, upload
from assaymark.attest.sigstore.signing_config import Log
from assaymark.attest.sigstore.tsa_client import request_timestamp
from assaymark.errors import NetworkError, SigningError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.net.http import Http
from assaymark.net.network import NoNetwork
from assaymark.net.secret import Secret

LIMITS = msgspec.structs.replace(
    DEFAULT_LIMITS,
    service_reply_bytes=100_000,
    log_reply_bytes=100_000,
    token_bytes=100_000,
    retry_tries=1,
    stall_seconds=0.3,
    login_seconds=3.0,
)
KEY = generate_key()
Asks = dict[str, Callable[[], object]]


@pytest.fixture
def fake() -> Iterator[FakeSigstore]:
    with FakeSigstore() as running:
        yield running


@pytest.fixture
def asks(fake: FakeSigstore) -> Asks:
    """Every question that is asked of a service, under a part of its path."""
    http = Http(limits=LIMITS, sleep=lambda _: None)
    envelope, verifier = sign_payload(b"{}", KEY), Verifier(public=KEY.public)
    token = parse_token(Secret(fake.instance.token(google())), source="a test")
    issuer = discover_issuer(http, f"{fake.url}/auth")
    sign_in = SignIn(network=http, issuer=issuer, person=Somebody(account="google").person(), limits=LIMITS)
    job = Ambient(environment=fake.environment("github-actions"), network=http, metadata=NoNetwork(), limits=LIMITS)
    return {
        "/signingCert": lambda: request_certificate(http, fake.url, token=token, signer=KEY, limits=LIMITS),
        "/api/v1/log": lambda: upload(http, Log(url=fake.url), envelope, verifier, limits=LIMITS),
        "/api/v2/log": lambda: upload(http, Log(url=fake.url, version=2), envelope, verifier, limits=LIMITS),
        "/api/v1/timestamp": lambda: request_timestamp(
            http, f"{fake.url}/api/v1/timestamp", b"s", random=os.urandom, limits=LIMITS
        ),
        "/.well-known": lambda: discover_issuer(http, f"{fake.url}/auth", limits=LIMITS),
        "/auth/keys": lambda: sign_in_by_browser(sign_in),
        "/auth/token": lambda: sign_in_by_browser(sign_in),
        "/auth/device/code": lambda: sign_in_by_device(sign_in),
        "/ambient/github": lambda: PROVIDER.token(job),
    }


PATHS = (
    "/signingCert",
    "/api/v1/log",
    "/api/v2/log",
    "/api/v1/timestamp",
    "/.well-known",
    "/auth/keys",
    "/auth/token",
    "/auth/device/code",
    "/ambient/github",
)
FAULTS = [
    pytest.param({"status": 200, "endless": True}, id="an answer without end"),
    pytest.param({"status": 400, "endless": True}, id="an error without end"),
    pytest.param({"status": 200, "body": b" " * 100_001}, id="a byte too many"),
    pytest.param({"status": 200, "body": b"[" * 99_000}, id="deep nesting"),
    pytest.param({"status": 200, "body": b'{"a":1,"a":2}'}, id="a key twice"),
    pytest.param({"status": 200, "body": b'"text"'}, id="text"),
    pytest.param({"status": 200, "body": b"\xff\xfe"}, id="no text"),
    pytest.param({"status": 200, "body": b'{"a":1e999}'}, id="a number beyond all bounds"),
    pytest.param({"status": 500, "body": b"<html>\x1b[2J" + b"x" * 5000}, id="a page that clears the screen"),
    pytest.param(
        {"status": 400, "body": b'{"message":"\\u001b]0;gone\\u0007\\u202e"}'}, id="a message for the terminal"
    ),
    pytest.param({"status": 200, "body": b"{}", "byte_delay": 0.4}, id="a drip"),
    pytest.param({"status": 307, "headers": {"Location": "http://169.254.169.254/"}}, id="sent to a metadata server"),
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("fault", FAULTS)
def test_every_answer_ends_in_one_clear_line(fake: FakeSigstore, asks: Asks, path: str, fault: dict[str, Any]) -> None:
    fake.fault(Fault(**{"body": b"", **fault}, path=path, times=-1))
    begun = time.monotonic()
    with pytest.raises((NetworkError, SigningError)) as caught:
        asks[path]()
    said = str(caught.value) + caught.value.hint
    assert time.monotonic() - begun < 3
    assert len(said) < 1500
    assert all(character >= " " and character not in "\x7f\u202e" for character in said)


@pytest.mark.parametrize("path", PATHS)
def test_what_is_posted_follows_nobody_elsewhere(fake: FakeSigstore, asks: Asks, path: str) -> None:
    """Tokens, codes and verifiers stand in headers and forms; none of them reaches the host that is named."""
    with FakeSigstore() as other:
        fake.fault(Fault(path=path, status=307, headers={"Location": f"{other.url}/caught"}, body=b"", times=-1))
        with pytest.raises((NetworkError, SigningError)):
            asks[path]()
        for request in other.requests:
            assert (request.method, request.body) == ("GET", b"")
            assert "authorization" not in request.headers
