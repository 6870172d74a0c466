"""Several keys and identities in one command: any of those that are named may have signed, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.commands import Ran, attest, place_image, place_keys, run
from tests.support.registry import MemoryRegistry
from tests.support.sigstore.accounts import GITHUB, GOOGLE, github, google
from tests.support.sigstore.attached import Attested
from tests.support.sigstore.fake import FakeSigstore
from tests.support.sigstore.switches import Switch

ALICE = ("--certificate-identity", "alice@gmail.test", "--certificate-oidc-issuer", GOOGLE)
HUBERT = ("--certificate-identity", "alice@users.github.test", "--certificate-oidc-issuer", GITHUB)


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeSigstore]:
    with FakeSigstore() as running:
        yield running


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as made:
        yield made


@pytest.fixture(autouse=True)
def here(fake: FakeSigstore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with three keys, a record and a trusted root."""
    monkeypatch.chdir(tmp_path)
    fake.write(tmp_path)
    place_keys(tmp_path, "ours", "theirs", "other")
    return tmp_path


def verify(*arguments: str, root: bool = False, **environ: str) -> Ran:
    flags = ("--trusted-root=trusted_root.json",) if root else ()
    return run("verify-attestation", "--type=vuln", *flags, *arguments, environ=environ)


class TestKeys:
    def test_any_of_them_may_have_signed(self, registry: MemoryRegistry) -> None:
        image, _ = place_image(registry)
        attest(image, key="theirs.key")
        attest(image)
        ran = verify("--key=other.pub", "--key=theirs.pub", image)
        assert (ran.code, len(ran.lines)) == (0, 1), ran.err
        assert "  - 1 attestation signed by the key `theirs.pub`" in ran.err.splitlines()
        both = verify("--key=ours.pub", "--key=theirs.pub", "--report=json", image).json["images"][0]
        assert {each["signer"]["key"] for each in both["attestations"]} == {"ours.pub", "theirs.pub"}

    def test_none_of_them_did(self, registry: MemoryRegistry) -> None:
        image, _ = place_image(registry)
        attest(image)
        ran = verify("--key=other.pub", "--key=theirs.pub", image)
        assert (ran.code, ran.first.split(":")[0]) == (7, "error [WRONG_KEY]")

    def test_one_that_cannot_be_read_ends_the_command(self, registry: MemoryRegistry) -> None:
        image, _ = place_image(registry)
        attest(image)
        assert verify("--key=ours.pub", "--key=missing.pub", image).code == 9

    def test_of_a_variable_and_its_flag_the_flag_counts(self, registry: MemoryRegistry) -> None:
        image, _ = place_image(registry)
        attest(image)
        assert verify(image, COSIGN_KEY="ours.pub").code == 0
        assert verify("--key=theirs.pub", image, COSIGN_KEY="ours.pub").code == 7


class TestIdentities:
    @pytest.mark.parametrize(
        "order",
        [
            (*ALICE, *HUBERT),
            (*ALICE[2:], *ALICE[:2], *HUBERT[2:], *HUBERT[:2]),
            (*ALICE, "--certificate-identity-regexp", r"alice@users\.github\.test", *HUBERT[2:]),
        ],
        ids=["names first", "issuers first", "with an expression"],
    )
    def test_each_with_its_own_issuer(
        self, fake: FakeSigstore, registry: MemoryRegistry, order: tuple[str, ...]
    ) -> None:
        image = Attested(registry)
        image.attach(image.sign(fake.instance, account=google()), image.sign(fake.instance, account=github()))
        ran = verify(*order, image.text, root=True)
        assert (ran.code, len(ran.lines)) == (0, 2), ran.err

    def test_a_name_does_not_borrow_the_issuer_of_another(self, fake: FakeSigstore, registry: MemoryRegistry) -> None:
        image = Attested(registry)
        image.attach(image.sign(fake.instance, account=google()))
        crossed = (*ALICE[:2], *HUBERT[2:], *HUBERT[:2], *ALICE[2:])
        ran = verify(*crossed, image.text, root=True)
        assert (ran.code, ran.first.split(":")[0]) == (7, "error [WRONG_ISSUER]")

    def test_a_claim_is_asked_of_every_one(self, fake: FakeSigstore, registry: MemoryRegistry) -> None:
        image = Attested(registry)
        image.attach(image.sign(fake.instance))
        ran = verify(*HUBERT, *ALICE, "--certificate-claim=runner-environment=x", image.text, root=True)
        assert ran.first.startswith("error [WRONG_CLAIM]")

    def test_variables_name_one(self, fake: FakeSigstore, registry: MemoryRegistry) -> None:
        image = Attested(registry)
        image.attach(image.sign(fake.instance))
        environ = {"COSIGN_CERTIFICATE_IDENTITY": ALICE[1], "COSIGN_CERTIFICATE_OIDC_ISSUER": GOOGLE}
        assert verify(image.text, root=True, **environ).code == 0
        ran = verify(*HUBERT[:2], *ALICE[:2], image.text, root=True, **environ)
        assert (ran.code, "must all be flags" in ran.first) == (2, True)


class TestBoth:
    def test_a_key_or_an_identity(self, fake: FakeSigstore, registry: MemoryRegistry) -> None:
        image = Attested(registry)
        image.attach(image.sign(fake.instance))
        image.attach_legacy(image.sign(fake.instance, account=github()))
        attest(image.text)
        ran = verify("--key=ours.pub", *ALICE, image.text, root=True)
        assert (ran.code, len(ran.lines), "refused [WRONG_IDENTITY]" in ran.err) == (0, 2, True), ran.err
        signers = verify("--key=ours.pub", *ALICE, "--report=json", image.text, root=True).json["images"][0]
        named = {each["signer"].get("key") or each["signer"]["identity"] for each in signers["attestations"]}
        assert named == {"ours.pub", "alice@gmail.test"}

    def test_each_has_its_own_demand_on_logs(self, fake: FakeSigstore, registry: MemoryRegistry) -> None:
        image = Attested(registry)
        image.attach(image.sign(fake.instance, log=None, timestamp=True))
        both = ("--key=ours.pub", *ALICE)
        assert verify(*both, image.text, root=True).first.startswith("error [NO_LOG_ENTRY]")
        attest(image.text)
        assert verify(*both, image.text, root=True).code == 0
        assert verify(*both, "--require-log", image.text, root=True).first.startswith("error [NO_LOG_ENTRY]")

    def test_a_key_saves_no_bad_certificate(self, fake: FakeSigstore, registry: MemoryRegistry) -> None:
        image = Attested(registry)
        image.attach(image.sign(fake.instance, switches={Switch.WRONG_CA}))
        ran = verify("--key=ours.pub", *ALICE, image.text, root=True)
        assert ran.first.startswith("error [UNTRUSTED_CERTIFICATE]")


@pytest.mark.parametrize(
    "flag",
    ["--trusted-root", "--certificate-github-workflow-ref", "--certificate-identity", "--certificate-oidc-issuer"],
)
def test_a_variable_that_is_not_set_leaves_out_no_check(flag: str) -> None:
    ran = run("verify-attestation", "--type", "vuln", "--key", "ours.pub", flag, "", "app")
    assert (ran.code, ran.first) == (2, f"error: `{flag}` is empty"), ran.err
