"""The fake issuer's flows, as real clients go through them: browser with PKCE, device, ambient tokens.

Cosign opens its browser through a program named `xdg-open`, which here fetches the address as a browser would.
"""

from __future__ import annotations

import base64
import gc
import importlib.util
import json
import shutil
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from tests.support.sigstore import accounts, tokens
from tests.support.sigstore.accounts import Account
from tests.support.sigstore.ambient import SECRET
from tests.support.sigstore.cosign import Cosign
from tests.support.sigstore.fake import FakeSigstore
from tests.support.sigstore.signing import sign_envelope
from tests.support.sigstore.switches import Switch

pytestmark = pytest.mark.integration
needs_cosign = pytest.mark.skipif(shutil.which("cosign") is None, reason="cosign is not on PATH")
needs_sigstore = pytest.mark.skipif(importlib.util.find_spec("sigstore") is None, reason="sigstore is not installed")

CONNECTORS: Final = {
    "google": "https://accounts.google.com",
    "github": "https://github.com/login/oauth",
    "microsoft": "https://login.microsoftonline.com",
}
FETCH: Final = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=10).read()"
# the address is fetched after the opener has ended: cosign does not answer its redirect before
BROWSER: Final = """#!{python}
import subprocess, sys
null = subprocess.DEVNULL
subprocess.Popen([sys.executable, "-c", {fetch!r}, sys.argv[1]], stdin=null, stdout=null, stderr=null)
"""
BROWSER_FAULTS: Final = {
    Switch.NO_PKCE: "PKCE is not supported",
    Switch.OTHER_DISCOVERY_ISSUER: "did not match",
    Switch.DENIED_CONSENT: "invalid_grant",  # it redeems the code that it did not get
    Switch.WRONG_STATE: "invalid state",
    Switch.WRONG_NONCE: "nonce",
    Switch.WRONG_AT_HASH: "access token hash",
    Switch.WRONG_AUDIENCE: "expected audience",
    Switch.EXPIRED_TOKEN: "token is expired",
    Switch.ALG_NONE: "algorithm",
    Switch.FOREIGN_TOKEN_KEY: "failed to verify signature",
    Switch.UNVERIFIED_EMAIL: "not verified",
}
DEVICE_FAULTS: Final = {
    Switch.NO_PKCE: "PKCE is not supported",
    Switch.DENIED_CONSENT: "access_denied",
    Switch.DEVICE_EXPIRED: "expired_token",
    Switch.WRONG_AUDIENCE: "expected audience",
}


@pytest.fixture
def fake() -> Iterator[FakeSigstore]:
    with FakeSigstore() as running:
        yield running


@pytest.fixture
def cosign(tmp_path: Path) -> Cosign:
    program = tmp_path / "bin" / "xdg-open"
    program.parent.mkdir()
    program.write_text(BROWSER.format(python=sys.executable, fetch=FETCH))
    program.chmod(0o755)
    return Cosign(tmp_path)


def attest(cosign: Cosign, fake: FakeSigstore, folder: Path, flow: str, *switches: Switch, code: int = 0) -> str:
    files = fake.write(folder, switches=switches)
    return cosign(
        "attest-blob", "--yes", "--fulcio-auth-flow", flow, "--signing-config", files.signing_config, "--trusted-root",
        files.trusted_root, "--type", "vuln", "--predicate", "vuln.json", "--bundle", "bundle.json", "blob", code=code,
    )  # fmt: skip


def verify(cosign: Cosign, account: Account, issuer: str, *, code: int = 0) -> str:
    return cosign(
        "verify-blob-attestation", "--bundle", "bundle.json", "--trusted-root", "trusted_root.json",
        "--certificate-identity", account.claims["email"], "--certificate-oidc-issuer", issuer, "--type", "vuln", "blob",
        code=code,
    )  # fmt: skip


@needs_cosign
class TestCosign:
    @pytest.mark.parametrize("flow", ["normal", "device"])
    @pytest.mark.parametrize("connector", CONNECTORS)
    def test_people_end_in_their_providers_issuer(
        self, fake: FakeSigstore, cosign: Cosign, tmp_path: Path, connector: str, flow: str
    ) -> None:
        fake.provider.account = accounts.ACCOUNTS[connector]
        attest(cosign, fake, tmp_path, flow)
        for name, issuer in CONNECTORS.items():
            verify(cosign, fake.provider.account, issuer, code=name != connector)

    @pytest.mark.parametrize(
        ("job", "account"),
        [
            ("github-actions", accounts.github_actions()),
            ("buildkite", accounts.buildkite()),
            ("gitlab", accounts.gitlab()),
        ],
    )
    def test_jobs_need_no_token(self, fake: FakeSigstore, tmp_path: Path, job: str, account: Account) -> None:
        cosign = Cosign(tmp_path, fake.environment(job))
        files = fake.write(tmp_path)
        cosign(
            "attest-blob", "--yes", "--signing-config", files.signing_config, "--trusted-root", files.trusted_root,
            "--type", "vuln", "--predicate", "vuln.json", "--bundle", "bundle.json", "blob",
        )  # fmt: skip
        name = fake.instance.authenticate(fake.instance.token(account)).name.value
        cosign(
            "verify-blob-attestation", "--bundle", "bundle.json", "--trusted-root", files.trusted_root,
            "--certificate-identity", name, "--certificate-oidc-issuer", account.issuer, "--type", "vuln", "blob",
        )  # fmt: skip

    @pytest.mark.parametrize("switch", BROWSER_FAULTS)
    def test_browser_flow_refuses(self, fake: FakeSigstore, cosign: Cosign, tmp_path: Path, switch: Switch) -> None:
        fake.provider.account = accounts.google()
        said = attest(cosign, fake, tmp_path, "normal", switch, code=1)
        assert BROWSER_FAULTS[switch] in said

    @pytest.mark.parametrize("switch", DEVICE_FAULTS)
    def test_device_flow_refuses(self, fake: FakeSigstore, cosign: Cosign, tmp_path: Path, switch: Switch) -> None:
        fake.provider.account = accounts.google()
        said = attest(cosign, fake, tmp_path, "device", switch, code=1)
        assert DEVICE_FAULTS[switch] in said

    @pytest.mark.parametrize("switch", [Switch.WRONG_AUDIENCE, Switch.EXPIRED_TOKEN, Switch.FOREIGN_TOKEN_KEY])
    def test_a_bad_token_gets_no_certificate(
        self, fake: FakeSigstore, cosign: Cosign, tmp_path: Path, switch: Switch
    ) -> None:
        files = fake.write(tmp_path)
        said = cosign(
            "attest-blob", "--yes", "--identity-token", fake.instance.token(accounts.google(), switch),
            "--signing-config", files.signing_config, "--trusted-root", files.trusted_root, "--type", "vuln",
            "--predicate", "vuln.json", "--bundle", "bundle.json", "blob", code=1,
        )  # fmt: skip
        assert "processing the identity token" in said


@needs_sigstore
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_sigstore_python_signs_in_with_a_browser(fake: FakeSigstore, monkeypatch: pytest.MonkeyPatch) -> None:
    import webbrowser

    from sigstore.oidc import Issuer

    fake.provider.account = accounts.github()
    monkeypatch.setattr(webbrowser, "open", browse)
    token = Issuer(fake.instance.issuer).identity_token()
    assert token.federated_issuer == "https://github.com/login/oauth"
    gc.collect()  # it leaves its listening socket open


class TestProvider:
    """What no client of others proves."""

    FORM: Final = {"client_id": "sigstore", "code_verifier": "v" * 43}
    CHALLENGE: Final = "7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM"

    def query(self, **changes: str) -> str:
        good = {
            "client_id": "sigstore", "redirect_uri": "http://localhost:1/auth/callback", "response_type": "code",
            "scope": "openid email", "state": "s", "nonce": "n", "code_challenge": self.CHALLENGE,
            "code_challenge_method": "S256",
        }  # fmt: skip
        return urlencode({**good, **changes})

    def test_a_person_chooses_who_to_be(self, fake: FakeSigstore) -> None:
        page = get(f"{fake.instance.issuer}/auth?{self.query()}")[1].decode()
        assert [name for name in accounts.ACCOUNTS if f">{name}</a>" in page] == [
            "google",
            "github",
            "microsoft",
            "plain",
        ]

    @pytest.mark.parametrize(
        ("changes", "status"),
        [
            pytest.param({"redirect_uri": "https://mallory.test/"}, 400, id="a redirect that is not to this machine"),
            pytest.param({"client_id": "other"}, 404, id="another client"),
        ],
    )
    def test_does_not_redirect(self, fake: FakeSigstore, changes: dict[str, str], status: int) -> None:
        assert get(f"{fake.instance.issuer}/auth?{self.query(**changes)}")[0] == status

    def test_a_code_is_good_once_and_only_with_its_verifier(self, fake: FakeSigstore) -> None:
        fake.provider.account = accounts.google()
        oob = {"redirect_uri": "urn:ietf:wg:oauth:2.0:oob"}
        form = {**self.FORM, **oob, "grant_type": "authorization_code"}
        replies = []
        for verifier in ("x" * 43, "v" * 43):
            page = get(f"{fake.instance.issuer}/auth?{self.query(**oob)}")[1].decode()
            form |= {"code": page.partition("<code>")[2].partition("</code>")[0], "code_verifier": verifier}
            replies += [post(f"{fake.instance.issuer}/token", form)[0] for _ in range(2)]
        assert replies == [400, 400, 200, 400]

    def test_a_device_waits_for_consent(self, fake: FakeSigstore) -> None:
        fake.provider.polls = 0
        challenge = {"client_id": "sigstore", "code_challenge": self.CHALLENGE, "code_challenge_method": "S256"}
        document = json.loads(post(f"{fake.instance.issuer}/device/code", challenge)[1])
        form = {**self.FORM, "device_code": document["device_code"]}
        form["grant_type"] = "urn:ietf:params:oauth:grant-type:device_code"
        assert post(f"{fake.instance.issuer}/token", form) == (401, b'{"error": "authorization_pending"}')
        get(f"{document['verification_uri_complete']}&account=microsoft")
        reply = json.loads(post(f"{fake.instance.issuer}/token", form)[1])
        claims = tokens.verify(reply["id_token"], tokens.signing_key(tokens.OURS))
        assert claims["federated_claims"]["connector_id"] == "https://login.microsoftonline.com"


class TestAmbient:
    def test_github_actions(self, fake: FakeSigstore) -> None:
        job = fake.environment("github-actions")
        url, secret = job["ACTIONS_ID_TOKEN_REQUEST_URL"], job["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]
        reply = get(f"{url}&audience=sigstore", Authorization=f"bearer {secret}")
        assert self.issuer(fake, json.loads(reply[1])["value"]) == "https://token.actions.githubusercontent.com"
        assert get(url)[0] == 401

    def test_buildkite(self, fake: FakeSigstore) -> None:
        job = fake.environment("buildkite")
        url = f"{job['BUILDKITE_AGENT_ENDPOINT']}/jobs/{job['BUILDKITE_JOB_ID']}/oidc/tokens"
        headers = {"Authorization": f"Token {job['BUILDKITE_AGENT_ACCESS_TOKEN']}"}
        reply = open_url(urllib.request.Request(url, b'{"audience":"sigstore"}', headers))
        assert self.issuer(fake, json.loads(reply[1])["token"]) == "https://agent.buildkite.com"

    def test_google(self, fake: FakeSigstore) -> None:
        path = "/computeMetadata/v1/instance/service-accounts/default/identity?audience=sigstore&format=full"
        status, token = get(fake.url + path, **{"Metadata-Flavor": "Google"})
        assert (status, self.issuer(fake, token.decode())) == (200, "https://accounts.google.com")
        assert get(fake.url + path)[0] == 403

    def test_google_impersonation(self, fake: FakeSigstore) -> None:
        url = f"{fake.url}/v1/projects/-/serviceAccounts/robot@project.test:generateIdToken"
        headers = {"Authorization": f"Bearer {SECRET}"}
        reply = open_url(urllib.request.Request(url, b'{"audience":"sigstore","includeEmail":true}', headers))
        claims = tokens.verify(json.loads(reply[1])["token"], tokens.signing_key(tokens.OURS))
        assert claims["email"] == "robot@project.test"

    def issuer(self, fake: FakeSigstore, token: str) -> str:
        fake.instance.authenticate(token)
        return str(tokens.verify(token, tokens.signing_key(tokens.OURS))["iss"])


class TestHttp:
    def test_switches_stand_in_addresses(self, fake: FakeSigstore) -> None:
        assert get(f"{fake.at(Switch.UNAVAILABLE)}/api/v1/log")[0] == 503
        assert get(f"{fake.url}/fault/no-such-switch/api/v1/log")[0] == 404
        assert get(f"{fake.at(Switch.SLOW)}/api/v1/log")[0] == 200

    def test_a_retry_finds_what_it_logged_before(self, fake: FakeSigstore) -> None:
        made = sign_envelope(fake.instance, b"{}")
        pem = made.annotations["dev.sigstore.cosign/certificate"]
        proposal = {
            "apiVersion": "0.0.1",
            "kind": "dsse",
            "spec": {"proposedContent": {"envelope": made.envelope.decode(), "verifiers": [encode(pem.encode())]}},
        }
        request = urllib.request.Request(f"{fake.url}/api/v1/log/entries", json.dumps(proposal).encode())
        with pytest.raises(urllib.error.HTTPError) as caught, urllib.request.urlopen(request, timeout=10):
            pass
        with caught.value as error:
            assert error.code == 409
            [entry] = json.loads(get(fake.url + error.headers["Location"])[1]).values()
        assert made.logged
        assert (entry["body"], entry["logIndex"]) == (encode(made.logged.body), made.logged.index)


def browse(url: str) -> bool:
    threading.Thread(target=get, args=(url,), daemon=True).start()
    return True


def encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def get(url: str, **headers: str) -> tuple[int, bytes]:
    return open_url(urllib.request.Request(url, headers=headers))


def post(url: str, form: dict[str, Any]) -> tuple[int, bytes]:
    return open_url(urllib.request.Request(url, urlencode(form).encode()))


def open_url(request: urllib.request.Request) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
