"""What cosign signs without a key, `verify-attestation` verifies: both generations of the log, both storages, three issuers.

Needs `cosign` 3 on PATH, and loopback alone: the services are the Sigstore of the tests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from tests.support.commands import Ran, run
from tests.support.peers import NEEDS_COSIGN
from tests.support.registry import MemoryRegistry
from tests.support.sigstore.accounts import GITHUB, GOOGLE, MICROSOFT, Account, github, google, microsoft
from tests.support.sigstore.cosign import Cosign
from tests.support.sigstore.fake import FakeSigstore, Files
from tests.support.sigstore.log import Generation

pytestmark = [pytest.mark.integration, NEEDS_COSIGN]

V1, V2 = Generation.V1, Generation.V2
WAYS: Final[Mapping[str, Mapping[str, Any]]] = {
    "the first log": {"logs": [V1]},
    "the first log and a timestamp": {"logs": [V1], "timestamps": True},
    "the second log and a timestamp": {"logs": [V2], "timestamps": True},
    "a timestamp alone": {"logs": [], "timestamps": True},
}
HOW_TO_VERIFY: Final = {"a timestamp alone": ("--insecure-ignore-tlog", "--use-signed-timestamps")}
PEOPLE: Final = {GOOGLE: google, GITHUB: github, MICROSOFT: microsoft}
EMAIL: Final = "alice@mail.test"


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeSigstore]:
    with FakeSigstore() as running:
        yield running


@pytest.fixture
def cosign(tmp_path: Path) -> Cosign:
    return Cosign(tmp_path)


@pytest.fixture
def image() -> Iterator[str]:
    with MemoryRegistry() as registry:
        yield f"{registry.host}/app@{registry.put_image('app').digest}"


def attest(cosign: Cosign, fake: FakeSigstore, files: Files, image: str, account: Account, *more: str | Path) -> None:
    cosign(
        "attest", "--yes", "--identity-token", fake.instance.token(account), "--type", "vuln",
        "--predicate", "vuln.json", *more, "--trusted-root", files.trusted_root, image,
    )  # fmt: skip


def attest_legacy(cosign: Cosign, fake: FakeSigstore, image: str, account: Account, *more: str) -> None:
    cosign(
        "attest", "--yes", "--identity-token", fake.instance.token(account), "--type", "vuln",
        "--predicate", "vuln.json", "--new-bundle-format=false", "--use-signing-config=false",
        "--fulcio-url", fake.url, "--rekor-url", fake.url, *more, image,
    )  # fmt: skip


def verify(files: Files, image: str, *more: str, name: str = EMAIL, issuer: str = GOOGLE) -> Ran:
    who = ("--certificate-identity", name, "--certificate-oidc-issuer", issuer) if name else ()
    trust = ("--trusted-root", str(files.trusted_root))
    return run("verify-attestation", "--type", "vuln", *trust, *who, *more, image)


@pytest.mark.parametrize("way", WAYS)
def test_bundles(fake: FakeSigstore, cosign: Cosign, tmp_path: Path, image: str, way: str) -> None:
    files, how = fake.write(tmp_path, **WAYS[way]), HOW_TO_VERIFY.get(way, ())
    attest(cosign, fake, files, image, google(EMAIL), "--signing-config", files.signing_config)
    ran = verify(files, image, *how)
    assert (ran.code, len(ran.lines)) == (0, 1), ran.err
    assert verify(files, image, *how, name="bob@mail.test").first.startswith("error [WRONG_IDENTITY]")
    assert verify(files, image, *how, issuer=MICROSOFT).first.startswith("error [WRONG_ISSUER]")
    assert verify(files, image, *how, name="").first.startswith("error [IDENTITY_REQUIRED]")


@pytest.mark.parametrize("stamped", [False, True], ids=["a promise", "a promise and a timestamp"])
def test_the_older_storage(fake: FakeSigstore, cosign: Cosign, tmp_path: Path, image: str, stamped: bool) -> None:
    files = fake.write(tmp_path)
    (tmp_path / "home").mkdir()
    cosign("initialize", "--mirror", fake.tuf_url, "--root", files.tuf_root)
    more = ("--timestamp-server-url", f"{fake.url}/api/v1/timestamp") if stamped else ()
    attest_legacy(cosign, fake, image, google(EMAIL), *more)
    ran = verify(files, image)
    assert (ran.code, len(ran.lines)) == (0, 1), ran.err
    assert verify(files, image, name="bob@mail.test").first.startswith("error [WRONG_IDENTITY]")
    assert verify(files, image, issuer=GITHUB).first.startswith("error [WRONG_ISSUER]")


@pytest.mark.parametrize("signed", PEOPLE)
def test_each_connector_vouches_for_its_own(
    fake: FakeSigstore, cosign: Cosign, tmp_path: Path, image: str, signed: str
) -> None:
    files = fake.write(tmp_path)
    attest(cosign, fake, files, image, PEOPLE[signed](EMAIL), "--signing-config", files.signing_config)
    codes = {issuer: verify(files, image, issuer=issuer) for issuer in PEOPLE}
    assert {issuer: ran.code for issuer, ran in codes.items()} == {
        issuer: 0 if issuer == signed else 7 for issuer in PEOPLE
    }
    assert all("error [WRONG_ISSUER]" in ran.err for issuer, ran in codes.items() if issuer != signed)


def test_both_print_the_same_and_share_initialised_trust(
    fake: FakeSigstore, cosign: Cosign, tmp_path: Path, image: str
) -> None:
    files = fake.write(tmp_path)
    attest(cosign, fake, files, image, google(EMAIL), "--signing-config", files.signing_config)
    who = ("--certificate-identity", EMAIL, "--certificate-oidc-issuer", GOOGLE, "--type", "vuln")
    cosign("initialize", "--mirror", fake.tuf_url, "--root", files.tuf_root)
    environ = {"TUF_ROOT": str(tmp_path / ".sigstore" / "root")}
    ran = run("verify-attestation", *who, image, environ=environ)
    assert (ran.code, ran.lines[0] in cosign("verify-attestation", *who, image)) == (0, True), ran.err


def test_a_logged_key(fake: FakeSigstore, cosign: Cosign, tmp_path: Path, image: str) -> None:
    files = fake.write(tmp_path, keyless=False)
    cosign("generate-key-pair")
    cosign(
        "attest", "--yes", "--key", "cosign.key", "--type", "vuln", "--predicate", "vuln.json", "--signing-config",
        files.signing_config, "--trusted-root", files.trusted_root, image,
    )  # fmt: skip
    key = ("--key", str(tmp_path / "cosign.pub"))
    ran = verify(files, image, *key, "--require-log", "--report", "json", name="")
    (found,) = ran.json["images"][0]["attestations"]
    assert (ran.code, found["logEntries"][0]["log"]) == (0, fake.url)
    assert run("verify-attestation", "--type", "vuln", *key, image).code == 0
