"""Trusted signers in the configuration file: the bare command passes for them, and for nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.commands import Ran, attest, place_image, place_keys, run
from tests.support.registry import MemoryRegistry
from tests.support.sigstore.accounts import GITHUB, GOOGLE, github
from tests.support.sigstore.attached import Attested
from tests.support.sigstore.fake import FakeSigstore

ALICE = f"verify:\n  identities:\n    - {{identity: alice@gmail.test, issuer: {GOOGLE}}}\n"
BOB = ALICE.replace("alice", "bob")


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeSigstore]:
    with FakeSigstore() as running:
        yield running


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as made:
        yield made


@pytest.fixture
def image(fake: FakeSigstore, registry: MemoryRegistry) -> Attested:
    """An image that Alice attested."""
    made = Attested(registry)
    made.attach(made.sign(fake.instance))
    return made


@pytest.fixture(autouse=True)
def here(fake: FakeSigstore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with two keys, a record and a trusted root."""
    monkeypatch.chdir(tmp_path)
    fake.write(tmp_path)
    place_keys(tmp_path, "ours", "theirs")
    return tmp_path


def verify(*arguments: str) -> Ran:
    """The tutorial's own line."""
    words = ("verify-attestation", "--type", "vuln", "--trusted-root=trusted_root.json", *arguments)
    return run(*words, environ={"COSIGN_EXPERIMENTAL": "1"})


def test_the_bare_command_passes_for_a_trusted_identity(here: Path, image: Attested) -> None:
    (here / "assaymark.yaml").write_text(ALICE)
    ran = verify(image.text)
    assert (ran.code, len(ran.lines)) == (0, 1), ran.err
    assert ran.err.splitlines()[:2] == [
        "settings come from `assaymark.yaml`, too",
        "who must have signed is what `assaymark.yaml` says",
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(BOB, "WRONG_IDENTITY", id="another name"),
        pytest.param(ALICE.replace(GOOGLE, GITHUB), "WRONG_ISSUER", id="another issuer"),
        pytest.param(ALICE.replace("}", ", claims: {runner-environment: x}}"), "WRONG_CLAIM", id="a claim"),
        pytest.param("verify: {keys: [ours.pub]}\n", "CERTIFICATE_NOT_KEY", id="a key alone"),
    ],
)
def test_anybody_else_is_refused_for_the_right_reason(here: Path, image: Attested, text: str, reason: str) -> None:
    (here / "assaymark.yaml").write_text(text)
    ran = verify(image.text)
    assert (ran.code, ran.out, f"error [{reason}]: `{image.text}`" in ran.err) == (7, "", True), ran.err


def test_the_hint_names_the_file(here: Path, image: Attested) -> None:
    (here / "assaymark.yaml").write_text(BOB)
    assert verify(image.text).err.splitlines()[-1] == (
        "hint: `assaymark.yaml` says who must have signed, because no flag does"
    )


def test_without_a_file_it_is_the_way_out(image: Attested) -> None:
    ran = verify(image.text)
    assert (ran.code, "`verify: identities:` into `assaymark.yaml`" in ran.err) == (7, True)


class TestFlagsWin:
    def test_an_identity(self, here: Path, image: Attested) -> None:
        (here / "assaymark.yaml").write_text(BOB)
        who = ("--certificate-identity=alice@gmail.test", f"--certificate-oidc-issuer={GOOGLE}")
        assert verify(*who, image.text).code == 0

    def test_the_file_does_not_save_another_identity(self, here: Path, image: Attested) -> None:
        (here / "assaymark.yaml").write_text(ALICE)
        who = ("--certificate-identity=bob@gmail.test", f"--certificate-oidc-issuer={GOOGLE}")
        assert verify(*who, image.text).first.startswith("settings")
        assert "error [WRONG_IDENTITY]" in verify(*who, image.text).err
        assert "error [CERTIFICATE_NOT_KEY]" in verify("--key=ours.pub", image.text).err

    def test_a_claim_needs_its_owner(self, here: Path, image: Attested) -> None:
        (here / "assaymark.yaml").write_text(ALICE)
        ran = verify("--certificate-claim=runner-environment=x", image.text)
        assert (ran.code, "nobody is named whose it is" in ran.err) == (2, True)


def test_keys_and_identities_of_one_file(
    fake: FakeSigstore, here: Path, registry: MemoryRegistry, image: Attested
) -> None:
    (here / "conf").mkdir()
    (here / "ours.pub").rename(here / "conf" / "ours.pub")
    (here / "conf" / "signers.yaml").write_text("verify:\n  keys: [ours.pub]\n" + ALICE.partition("\n")[2])
    other, _ = place_image(registry, "other")
    attest(other)
    third = Attested(registry, "third")
    third.attach(third.sign(fake.instance, account=github()))
    ran = verify("--config=conf/signers.yaml", image.text, other)
    assert (ran.code, len(ran.lines)) == (0, 2), ran.err
    ran = verify("--config=conf/signers.yaml", image.text, other, third.text)
    assert (ran.code, f"1 of 3 images are not verified: `{third.text}`" in ran.err) == (7, True)


def test_a_key_in_the_file_asks_nobody_for_trust_data(here: Path, registry: MemoryRegistry) -> None:
    (here / "assaymark.yaml").write_text("verify: {keys: [theirs.pub, ours.pub]}\n")
    image, _ = place_image(registry)
    attest(image)
    assert run("verify-attestation", "--type=vuln", image).code == 0


def test_a_mistake_in_an_expression_names_its_line(here: Path, image: Attested) -> None:
    (here / "assaymark.yaml").write_text(ALICE.replace("identity: alice@gmail.test", "identity-regexp: '('"))
    ran = verify(image.text)
    assert (ran.code, "`identity-regexp` in `assaymark.yaml`, line 3, `(` is not a regular" in ran.err) == (2, True)
