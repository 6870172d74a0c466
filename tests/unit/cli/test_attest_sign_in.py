"""Signing in for `attest`, as a person does it: every account, every way in, and what goes wrong on the way."""

from __future__ import annotations

import socket
import webbrowser
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.browsers import Browser
from tests.support.commands import Ran, place_image, place_keys, run
from tests.support.consoles import BytesTerminal, recorded_console
from tests.support.registry import MemoryRegistry
from tests.support.sigstore.accounts import GITHUB, GOOGLE, MICROSOFT, github, google, microsoft
from tests.support.sigstore.fake import FakeSigstore
from tests.support.sigstore.switches import Switch

from assaymark.cli.main import main

WHO = "alice@mail.test"
ACCOUNTS = {GOOGLE: google, GITHUB: github, MICROSOFT: microsoft}
ROOT = "--trusted-root=trusted_root.json"
CERTIFICATE = "/api/v2/signingCert"
WAYS = {
    "by browser": ({"DISPLAY": ":0"}, ()),
    "by a code": ({"DISPLAY": ":0"}, ("--fulcio-auth-flow=device",)),
}


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as made:
        yield made


@pytest.fixture
def image(registry: MemoryRegistry) -> str:
    return place_image(registry)[0]


@pytest.fixture
def fake() -> Iterator[FakeSigstore]:
    with FakeSigstore() as running:
        yield running


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Browser:
    made = Browser()
    monkeypatch.setattr(webbrowser, "open", made)
    return made


@pytest.fixture(autouse=True)
def here(fake: FakeSigstore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a record and the fake's services."""
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path)
    fake.write(tmp_path)
    return tmp_path


def attest(fake: FakeSigstore, image: str, *flags: str, issuer: str = GOOGLE, answers: bytes, **environ: str) -> Ran:
    """`attest` by somebody at a terminal who has the account and answers so."""
    fake.provider.account = ACCOUNTS[issuer](WHO)
    recorded = recorded_console(
        environ={"HOME": "/nonexistent", "ASSAYMARK_CACHE_DIR": "cache", **environ}, terminal=True
    )
    recorded.console.stdin = BytesTerminal(answers)
    words = ("attest", "--type=vuln", "--predicate=vuln.json", "--signing-config=signing_config.json", ROOT, *flags)
    return Ran(main((*words, image), recorded.console), recorded.out, recorded.err)


def verify(image: str, issuer: str, *flags: str) -> Ran:
    who = ("--certificate-identity", WHO, "--certificate-oidc-issuer", issuer)
    return run("verify-attestation", "--type=vuln", ROOT, *who, *flags, image)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("issuer", ACCOUNTS)
def test_every_account_signs_with_its_own_issuer(
    fake: FakeSigstore, browser: Browser, image: str, issuer: str, way: str
) -> None:
    environ, flags = WAYS[way]
    ran = attest(fake, image, *flags, issuer=issuer, answers=b"y\ny\n", **environ)
    browser.finish()
    assert (ran.code, len(browser.opened)) == (0, int(way == "by browser")), ran.err
    (found,) = verify(image, issuer, "--report=json").json["images"][0]["attestations"]
    assert (found["signer"]["identity"], found["signer"]["issuer"]) == (WHO, issuer)
    for other in set(ACCOUNTS) - {issuer}:
        refused = verify(image, other)
        assert (refused.code, refused.first.split(":")[0]) == (7, "error [WRONG_ISSUER]")


@pytest.mark.parametrize("way", WAYS)
def test_denied_consent(fake: FakeSigstore, browser: Browser, registry: MemoryRegistry, image: str, way: str) -> None:
    environ, flags = WAYS[way]
    with fake.broken(Switch.DENIED_CONSENT):
        ran = attest(fake, image, *flags, answers=b"y\ny\n", **environ)
        browser.finish()
    assert (ran.code, "error [LOGIN_DENIED]" in ran.err, CERTIFICATE in fake.paths("POST")) == (6, True, False), ran.err
    assert "nothing was signed" in ran.err
    assert len(registry.repository("app").manifests) == 1


def test_a_port_in_use(fake: FakeSigstore, browser: Browser, image: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://localhost:{taken.getsockname()[1]}/auth/callback"
        ran = attest(fake, image, f"--oidc-redirect-url={url}", answers=b"y\n", DISPLAY=":0")
        port = taken.getsockname()[1]
    assert (ran.code, browser.opened, CERTIFICATE in fake.paths("POST")) == (9, [], False), ran.err
    assert str(port) in ran.err


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param({}, id="no display"),
        pytest.param({"SSH_CONNECTION": "192.0.2.1 5 192.0.2.2 22"}, id="a session over SSH"),
        pytest.param({"SSH_CONNECTION": "192.0.2.1 5 192.0.2.2 22", "DISPLAY": ":10"}, id="over SSH with X11"),
    ],
)
def test_where_no_browser_is_a_code_is_shown(
    fake: FakeSigstore, browser: Browser, image: str, environ: dict[str, str]
) -> None:
    ran = attest(fake, image, answers=b"y\ny\n", **environ)
    assert (ran.code, browser.opened, "enter the code" in ran.err) == (0, [], True), ran.err
    assert verify(image, GOOGLE).code == 0


def test_a_browser_that_does_not_start_leaves_the_code_to_copy(
    fake: FakeSigstore, monkeypatch: pytest.MonkeyPatch, image: str
) -> None:
    monkeypatch.setattr(webbrowser, "open", Browser(works=False))
    ran = attest(fake, image, answers=b"\n", DISPLAY=":0")
    assert (ran.code, "No browser could be opened here" in ran.err) == (6, True), ran.err
    assert "--fulcio-auth-flow device" in ran.err
