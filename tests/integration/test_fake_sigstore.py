"""The Sigstore of the tests is accepted by real clients: cosign and sigstore-python sign and verify against it.

What they refuse is what its switches say is wrong. Needs `cosign` 3 on PATH or the package `sigstore`, and loopback alone.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from tests.support.registry import MemoryRegistry
from tests.support.sigstore.accounts import ACCOUNTS, Account, google
from tests.support.sigstore.cosign import STATEMENT, Cosign
from tests.support.sigstore.fake import FakeSigstore, Files
from tests.support.sigstore.log import Generation
from tests.support.sigstore.switches import Switch
from tests.support.sigstore.tokens import decode

V1, V2 = Generation.V1, Generation.V2
needs_cosign = pytest.mark.skipif(shutil.which("cosign") is None, reason="cosign is not on PATH")
needs_sigstore = pytest.mark.skipif(importlib.util.find_spec("sigstore") is None, reason="sigstore is not installed")
pytestmark = pytest.mark.integration

WAYS: Final[Mapping[str, Mapping[str, Any]]] = {
    "the first log": {"logs": [V1]},
    "the first log and a timestamp": {"logs": [V1], "timestamps": True},
    "the second log and a timestamp": {"logs": [V2], "timestamps": True},
    "a timestamp alone": {"logs": [], "timestamps": True},
}
HOW_TO_VERIFY: Final = {
    "a timestamp alone": ("--insecure-ignore-tlog", "--use-signed-timestamps"),
    "the second log and a timestamp": ("--use-signed-timestamps",),
}


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeSigstore]:
    with FakeSigstore() as running:
        yield running


@pytest.fixture
def cosign(tmp_path: Path) -> Cosign:
    return Cosign(tmp_path)


def attest_blob(cosign: Cosign, fake: FakeSigstore, files: Files, account: Account, code: int = 0) -> str:
    return cosign(
        "attest-blob", "--yes", "--identity-token", fake.instance.token(account), "--signing-config",
        files.signing_config, "--trusted-root", files.trusted_root, "--type", "vuln", "--predicate", "vuln.json",
        "--bundle", "bundle.json", "blob", code=code,
    )  # fmt: skip


def verify_blob(cosign: Cosign, files: Files, *more: str, account: Account, fake: FakeSigstore, code: int = 0) -> str:
    holder = fake.instance.authenticate(fake.instance.token(account))
    issuer = account.certificate_issuer or fake.instance.issuer
    name = str(getattr(holder.name, "value", ""))
    name = f"{account.claims['sub']}!example.test" if account.name == "username" else name
    return cosign(
        "verify-blob-attestation", "--bundle", "bundle.json", "--trusted-root", files.trusted_root,
        "--certificate-identity", name, "--certificate-oidc-issuer", issuer, "--type", "vuln", *more, "blob", code=code,
    )  # fmt: skip


@needs_cosign
class TestCosign:
    @pytest.mark.parametrize("way", WAYS)
    def test_signs_and_verifies_a_blob(self, fake: FakeSigstore, cosign: Cosign, tmp_path: Path, way: str) -> None:
        files = fake.write(tmp_path, **WAYS[way])
        attest_blob(cosign, fake, files, google())
        verify_blob(cosign, files, *HOW_TO_VERIFY.get(way, ()), account=google(), fake=fake)

    @pytest.mark.parametrize("way", WAYS)
    def test_signs_and_verifies_an_image(self, fake: FakeSigstore, cosign: Cosign, tmp_path: Path, way: str) -> None:
        files = fake.write(tmp_path, **WAYS[way])
        with MemoryRegistry() as registry:
            image = f"{registry.host}/app@{registry.put_image('app').digest}"
            token = fake.instance.token(google())
            cosign(
                "attest", "--yes", "--identity-token", token, "--signing-config", files.signing_config,
                "--trusted-root", files.trusted_root, "--type", "vuln", "--predicate", "vuln.json", image,
            )  # fmt: skip
            cosign(
                "verify-attestation", "--trusted-root", files.trusted_root, "--type", "vuln",
                "--certificate-identity", "alice@gmail.test", "--certificate-oidc-issuer",
                "https://accounts.google.com", *HOW_TO_VERIFY.get(way, ()), image,
            )  # fmt: skip

    @pytest.mark.parametrize("way", WAYS)
    def test_signs_with_a_key_and_verifies(self, fake: FakeSigstore, cosign: Cosign, tmp_path: Path, way: str) -> None:
        files = fake.write(tmp_path, **WAYS[way], keyless=False)
        cosign("generate-key-pair")
        cosign(
            "attest-blob", "--yes", "--key", "cosign.key", "--signing-config", files.signing_config, "--trusted-root",
            files.trusted_root, "--type", "vuln", "--predicate", "vuln.json", "--bundle", "bundle.json", "blob",
        )  # fmt: skip
        cosign(
            "verify-blob-attestation", "--bundle", "bundle.json", "--trusted-root", files.trusted_root, "--key",
            "cosign.pub", "--type", "vuln", *HOW_TO_VERIFY.get(way, ()), "blob",
        )  # fmt: skip

    @pytest.mark.parametrize("account", ACCOUNTS.values(), ids=ACCOUNTS)
    def test_every_account_ends_in_a_certificate_with_its_issuer(
        self, fake: FakeSigstore, cosign: Cosign, tmp_path: Path, account: Account
    ) -> None:
        files = fake.write(tmp_path)
        attest_blob(cosign, fake, files, account)
        verify_blob(cosign, files, account=account, fake=fake)

    def test_writes_and_verifies_the_older_format(self, fake: FakeSigstore, cosign: Cosign, tmp_path: Path) -> None:
        files = fake.write(tmp_path)
        with MemoryRegistry() as registry:
            image = f"{registry.host}/app@{registry.put_image('app').digest}"
            cosign(
                "attest", "--yes", "--identity-token", fake.instance.token(google()), "--new-bundle-format=false",
                "--use-signing-config=false", "--fulcio-url", fake.url, "--rekor-url", fake.url, "--type", "vuln",
                "--trusted-root", files.trusted_root, "--predicate", "vuln.json", image,
            )  # fmt: skip
            cosign(
                "verify-attestation", "--new-bundle-format=false", "--trusted-root", files.trusted_root, "--type", "vuln",
                "--certificate-identity", "alice@gmail.test", "--certificate-oidc-issuer",
                "https://accounts.google.com", "--rekor-url", fake.url, image,
            )  # fmt: skip

    def test_trusts_what_the_mirror_distributes(self, fake: FakeSigstore, cosign: Cosign, tmp_path: Path) -> None:
        files = fake.write(tmp_path)
        cosign("initialize", "--mirror", fake.tuf_url, "--root", files.tuf_root)
        cosign(
            "attest-blob", "--yes", "--identity-token", fake.instance.token(google()), "--type", "vuln", "--predicate",
            "vuln.json", "--bundle", "bundle.json", "blob",
        )  # fmt: skip
        cosign(
            "verify-blob-attestation", "--bundle", "bundle.json", "--certificate-identity", "alice@gmail.test",
            "--certificate-oidc-issuer", "https://accounts.google.com", "--type", "vuln", "blob",
        )  # fmt: skip

    def test_follows_rotations_of_the_mirrors_root(self, cosign: Cosign, tmp_path: Path) -> None:
        with FakeSigstore() as fake:
            files = fake.write(tmp_path)
            fake.tuf.rotate(5)
            cosign("initialize", "--mirror", fake.tuf_url, "--root", files.tuf_root)

    @pytest.mark.parametrize("role", ["root", "timestamp", "snapshot", "targets"])
    def test_refuses_trust_data_that_ended(self, cosign: Cosign, tmp_path: Path, role: str) -> None:
        with FakeSigstore() as fake:
            files = fake.write(tmp_path)
            fake.tuf.expire(role)
            assert "expired" in cosign("initialize", "--mirror", fake.tuf_url, "--root", files.tuf_root, code=1)

    def test_gives_up_when_its_own_entry_is_in_the_log_already(
        self, fake: FakeSigstore, cosign: Cosign, tmp_path: Path
    ) -> None:
        files = fake.write(tmp_path, switches=[Switch.CONFLICT])
        assert "409" in attest_blob(cosign, fake, files, google(), code=1)

    def test_tries_again_after_some_failures(self, fake: FakeSigstore, cosign: Cosign, tmp_path: Path) -> None:
        files = fake.write(tmp_path)
        fault = fake.fail(503, times=1, path="/api/v2/signingCert")
        attest_blob(cosign, fake, files, google())
        assert fault.times == 0


@needs_sigstore
class TestSigstorePython:
    @pytest.mark.parametrize("way", [way for way in WAYS if way != "a timestamp alone"])
    def test_signs_and_verifies(self, fake: FakeSigstore, way: str) -> None:
        from sigstore.dsse import Statement
        from sigstore.models import ClientTrustConfig
        from sigstore.oidc import IdentityToken
        from sigstore.sign import SigningContext
        from sigstore.verify import Verifier, policy

        trust = ClientTrustConfig.from_json(json.dumps(fake.instance.client_trust(**WAYS[way])))
        token = IdentityToken(fake.instance.token(google()))
        with SigningContext.from_trust_config(trust).signer(token) as signer:
            bundle = signer.sign_dsse(Statement(STATEMENT))
        identity = policy.Identity(identity="alice@gmail.test", issuer="https://accounts.google.com")
        kind, payload = Verifier(trusted_root=trust.trusted_root).verify_dsse(bundle, identity)
        assert (kind, payload) == ("application/vnd.in-toto+json", STATEMENT)


def test_it_runs_by_hand(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "tests.support.sigstore"]
    root = Path(__file__).resolve().parents[2]
    arguments = ["--folder", str(tmp_path), "--rekor", "v2", "--timestamps"]
    with subprocess.Popen([*program, *arguments], cwd=root, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout
            url = running.stdout.readline().split()[-1]
            done = subprocess.run(
                [*program, "--token", "gitlab", "--url", url], cwd=root, capture_output=True, check=True
            )
        finally:
            running.send_signal(signal.SIGINT)
    claims = json.loads(decode(done.stdout.split(b".")[1].decode()))
    assert (running.returncode, claims["iss"]) == (0, "https://gitlab.com")
    config = json.loads((tmp_path / "signing_config.json").read_bytes())
    assert [service["majorApiVersion"] for service in config["rekorTlogUrls"]] == [2]
