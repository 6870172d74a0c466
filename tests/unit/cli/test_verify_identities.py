"""`verify-attestation` with identities: who passes, who does not and why, and what is said of it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.commands import Ran, run
from tests.support.registry import MemoryRegistry
from tests.support.sigstore.accounts import (
    GITHUB,
    GITHUB_ACTIONS,
    GOOGLE,
    MICROSOFT,
    github,
    github_actions,
    google,
    microsoft,
)
from tests.support.sigstore.attached import Attested
from tests.support.sigstore.fake import FakeSigstore, Files
from tests.support.sigstore.log import Generation
from tests.support.sigstore.switches import Switch

WHO = ("--certificate-identity", "alice@gmail.test")
ALICE = (*WHO, "--certificate-oidc-issuer", GOOGLE)
WORKFLOW = "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main"
V1, V2 = Generation.V1, Generation.V2


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeSigstore]:
    with FakeSigstore() as running:
        yield running


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as made:
        yield made


@pytest.fixture
def image(registry: MemoryRegistry) -> Attested:
    return Attested(registry)


@pytest.fixture(autouse=True)
def files(fake: FakeSigstore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    monkeypatch.chdir(tmp_path)
    return fake.write(tmp_path)


def verify(*arguments: str, root: str = "trusted_root.json", **environ: str) -> Ran:
    flags = ("--trusted-root", root) if root else ()
    return run("verify-attestation", "--type", "vuln", *flags, *arguments, environ=environ)


WAYS: dict[str, dict[str, Any]] = {
    "a bundle in the first log": {"log": V1},
    "a bundle in the first log with a timestamp": {"log": V1, "timestamp": True},
    "a bundle in the second log with a timestamp": {"log": V2, "timestamp": True},
    "an older bundle": {"log": V1, "version": 1},
    "an old bundle": {"log": V1, "version": 2},
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_the_right_identity_passes(fake: FakeSigstore, image: Attested, way: dict[str, Any]) -> None:
    image.attach(image.sign(fake.instance, **way))
    ran = verify(*ALICE, image.text)
    assert (ran.code, len(ran.lines)) == (0, 1), ran.err


@pytest.mark.parametrize("timestamp", [False, True], ids=["a promise", "a promise and a timestamp"])
def test_the_older_storage_passes(fake: FakeSigstore, image: Attested, timestamp: bool) -> None:
    signed = image.sign(fake.instance, kind="dsse 0.0.1", timestamp=timestamp)
    image.attach_legacy(signed)
    ran = verify(*ALICE, image.text)
    assert (ran.code, ran.out.encode()) == (0, signed.envelope + b"\n"), ran.err
    assert verify(*ALICE, "--new-bundle-format=false", image.text).out == ran.out


def test_stderr_says_what_was_checked(fake: FakeSigstore, image: Attested) -> None:
    signed = image.sign(fake.instance)
    image.attach(signed)
    ran = verify(*ALICE, image.text)
    assert signed.logged is not None
    told = ran.err.splitlines()
    assert told[:4] == [
        f"verified {image.text.removesuffix(':v1')}@{image.digest}:",
        f"  - 1 attestation signed by `alice@gmail.test`, for whom `{GOOGLE}` vouched",
        "  - the statement is about this image's digest",
        f"  - transparency log: entry {signed.logged.index} of `{fake.url}`",
    ]
    assert [line[4:].partition(":")[0] for line in told[4:]] == ["certificate", "certificate log", "trusted time"]


def test_stderr_says_of_each_attestation_what_vouches_for_it(fake: FakeSigstore, image: Attested) -> None:
    first, second = image.sign(fake.instance), image.sign(fake.instance, timestamp=True)
    for signed in (first, second):
        image.attach(signed)
    assert first.logged is not None
    assert second.logged is not None
    told = verify(*ALICE, image.text).err.splitlines()
    who = f"  - 1 attestation signed by `alice@gmail.test`, for whom `{GOOGLE}` vouched:"
    assert (told[1], told.count(who)) == ("  - the statement is about this image's digest", 2)
    blocks = "\n".join(told).split(who)[1:]
    for signed, block in zip((first, second), sorted(blocks, key=lambda text: "timestamp" in text), strict=True):
        assert signed.logged is not None
        assert block.splitlines()[1] == f"      - transparency log: entry {signed.logged.index} of `{fake.url}`"
        assert block.count("trusted time: ") == 1


def test_the_report_for_programs(fake: FakeSigstore, image: Attested) -> None:
    image.attach(image.sign(fake.instance, timestamp=True))
    (found,) = verify(*ALICE, "--report", "json", image.text).json["images"][0]["attestations"]
    assert {name: found["signer"][name] for name in ("identity", "identityKind", "issuer")} == {
        "identity": "alice@gmail.test",
        "identityKind": "email",
        "issuer": GOOGLE,
    }
    assert found["logEntries"][0]["log"] == fake.url
    assert found["trustedTime"] in {found["logEntries"][0]["integratedTime"], found["timestamps"][0]["time"]}
    assert all(check["passed"] for check in found["checks"])
    assert found["record"]["database"]["version"] == "2"


def test_the_report_for_people(fake: FakeSigstore, image: Attested) -> None:
    image.attach(image.sign(fake.instance))
    told = verify(*ALICE, "--report", "text", image.text).lines
    assert told[1] == f"signed by   `alice@gmail.test`, for whom `{GOOGLE}` vouched"
    assert told[2].startswith("signed on   20")


CONNECTORS = {GOOGLE: google, GITHUB: github, MICROSOFT: microsoft}


@pytest.mark.parametrize("asked", CONNECTORS)
@pytest.mark.parametrize("signed", CONNECTORS)
def test_each_connector_vouches_for_its_own(fake: FakeSigstore, image: Attested, signed: str, asked: str) -> None:
    image.attach(image.sign(fake.instance, account=CONNECTORS[signed]("alice@mail.test")))
    ran = verify("--certificate-identity", "alice@mail.test", "--certificate-oidc-issuer", asked, image.text)
    assert ran.code == (0 if asked == signed else 7)
    assert ("error [WRONG_ISSUER]" in ran.err) == (asked != signed)


Refusal = tuple[tuple[str, ...], dict[str, Any], str, str]
REFUSALS: dict[str, Refusal] = {
    "another name": (
        ("--certificate-identity=bob@gmail.test", "--certificate-oidc-issuer", GOOGLE),
        {},
        "WRONG_IDENTITY",
        "is `alice@gmail.test`, not `bob@gmail.test`",
    ),
    "an expression for a part": (
        ("--certificate-identity-regexp=lice", "--certificate-oidc-issuer", GOOGLE),
        {},
        "WRONG_IDENTITY",
        "matches only a part of it; expressions are for the whole text here, unlike in cosign",
    ),
    "another issuer by an expression": (
        (*WHO, "--certificate-oidc-issuer-regexp", r"https://github\.com/.*"),
        {},
        "WRONG_ISSUER",
        "does not match",
    ),
    "a claim that is not there": (
        (*ALICE, "--certificate-github-workflow-ref=refs/heads/main"),
        {},
        "WRONG_CLAIM",
        "nothing about `github-workflow-ref`",
    ),
    "another type": ((*ALICE, "--type=openvex"), {}, "WRONG_TYPE", "attestation/vuln/v1"),
    "no log": (ALICE, {"log": None, "timestamp": True}, "NO_LOG_ENTRY", ""),
    "neither log nor timestamp": ((*ALICE, "--insecure-ignore-tlog"), {"log": None}, "NO_TRUSTED_TIME", ""),
    "a log that is ignored tells no time": ((*ALICE, "--private-infrastructure"), {}, "NO_TRUSTED_TIME", ""),
    "no timestamp": ((*ALICE, "--use-signed-timestamps"), {}, "NO_TIMESTAMP", ""),
    "no certificate log": (ALICE, {"switches": {Switch.NO_SCT}}, "SCT_MISSING", ""),
    "a log that nobody trusts": (ALICE, {"switches": {Switch.OTHER_LOG}}, "UNKNOWN_LOG", ""),
    "another authority": (ALICE, {"switches": {Switch.WRONG_CA}}, "UNTRUSTED_CERTIFICATE", ""),
    "a bad promise": (ALICE, {"switches": {Switch.BAD_SET}}, "BAD_PROMISE", ""),
}


@pytest.mark.parametrize(("flags", "parts", "reason", "told"), REFUSALS.values(), ids=REFUSALS.keys())
def test_refusals(
    fake: FakeSigstore, image: Attested, flags: tuple[str, ...], parts: dict[str, Any], reason: str, told: str
) -> None:
    image.attach(image.sign(fake.instance, **parts))
    ran = verify(*flags, image.text)
    assert (ran.code, ran.out, ran.first.split(":")[0]) == (7, "", f"error [{reason}]")
    assert told in ran.first
    assert verify(*flags, "--report=json", image.text).json["reason"] == reason


Waived = tuple[tuple[str, ...], dict[str, Any], str]
WAIVED: dict[str, Waived] = {
    "the log": (
        ("--insecure-ignore-tlog",),
        {"timestamp": True, "switches": {Switch.BAD_SET}},
        "transparency log: 1 log entry was ignored",
    ),
    "a log that is not there": (
        ("--insecure-ignore-tlog", "--use-signed-timestamps"),
        {"log": None, "timestamp": True},
        "transparency log: 0 log entries were ignored",
    ),
    "the certificate log": (
        ("--insecure-ignore-sct",),
        {"switches": {Switch.NO_SCT}},
        "certificate log: certificate logs were ignored",
    ),
}


@pytest.mark.parametrize(("flags", "parts", "told"), WAIVED.values(), ids=WAIVED.keys())
def test_a_waived_check_is_said_to_be_skipped(
    fake: FakeSigstore, image: Attested, flags: tuple[str, ...], parts: dict[str, Any], told: str
) -> None:
    image.attach(image.sign(fake.instance, **parts))
    ran = verify(*ALICE, *flags, image.text)
    assert (ran.code, f"  - not checked: {told}" in ran.err.splitlines()) == (0, True)
    (found,) = verify(*ALICE, *flags, "--report=json", image.text).json["images"][0]["attestations"]
    assert f"not checked: {told}" in found["notes"]


def test_no_waiver_takes_away_another_check(fake: FakeSigstore, image: Attested) -> None:
    image.attach(image.sign(fake.instance, timestamp=True, switches={Switch.NO_SCT, Switch.BAD_SET}))
    assert "error [SCT_MISSING]" in verify(*ALICE, "--insecure-ignore-tlog", image.text).err
    assert "error [BAD_PROMISE]" in verify(*ALICE, "--insecure-ignore-sct", image.text).err


class TestClaims:
    def test_of_a_workflow(self, fake: FakeSigstore, image: Attested) -> None:
        image.attach(image.sign(fake.instance, account=github_actions()))
        who = ("--certificate-identity", WORKFLOW, "--certificate-oidc-issuer", GITHUB_ACTIONS)
        right = ("--certificate-github-workflow-repository=acme/app", "--certificate-github-workflow-trigger=push")
        claim = ("--certificate-claim", "runner-environment=github-hosted")
        assert verify(*who, *right, *claim, image.text).code == 0
        ran = verify(*who, *right, "--certificate-claim", "runner-environment=self-hosted", image.text)
        assert ran.first.startswith("error [WRONG_CLAIM]")

    def test_expressions_for_the_whole_name(self, fake: FakeSigstore, image: Attested) -> None:
        image.attach(image.sign(fake.instance, account=github_actions()))
        name = r"https://github\.com/acme/app/\.github/workflows/.*"
        who = ("--certificate-identity-regexp", name, "--certificate-oidc-issuer", GITHUB_ACTIONS)
        assert verify(*who, image.text).code == 0

    def test_a_loose_host_is_a_warning(self, fake: FakeSigstore, image: Attested) -> None:
        image.attach(image.sign(fake.instance, account=github_actions()))
        who = ("--certificate-identity-regexp", "https://github.com/acme/.*")
        ran = verify(*who, "--certificate-oidc-issuer", GITHUB_ACTIONS, image.text)
        assert (ran.code, "matches any character" in ran.first) == (0, True)


class TestNobodyNamed:
    @pytest.mark.parametrize("environ", [{}, {"COSIGN_EXPERIMENTAL": "1"}], ids=["bare", "experimental"])
    def test_the_signer_is_shown_and_the_command_can_be_pasted(
        self, fake: FakeSigstore, image: Attested, environ: dict[str, str]
    ) -> None:
        image.attach(image.sign(fake.instance))
        ran = verify(image.text, **environ)
        assert (ran.code, ran.out) == (7, "")
        assert ran.first.startswith("error [IDENTITY_REQUIRED]: nobody was named")
        assert f"signed by `alice@gmail.test`, for whom `{GOOGLE}` vouched" in ran.first
        command = shlex.split(ran.err.splitlines()[1].rpartition("whom you expect: ")[2])
        assert command[0] == "assaymark"
        assert run(*command[1:]).code == 0

    def test_the_document(self, fake: FakeSigstore, registry: MemoryRegistry) -> None:
        images = [Attested(registry, name) for name in ("one", "two")]
        for each, account in zip(images, (google(), github()), strict=True):
            each.attach(each.sign(fake.instance, account=account))
        document = verify("--report=json", *(each.text for each in images)).json
        assert document["reason"] == "IDENTITY_REQUIRED"
        assert document["signers"] == [
            {"identity": "alice@gmail.test", "issuer": GOOGLE},
            {"identity": "alice@users.github.test", "issuer": GITHUB},
        ]
        assert [(each["verified"], each["attestations"]) for each in document["images"]] == [(False, []), (False, [])]

    def test_every_other_step_comes_first(self, fake: FakeSigstore, image: Attested) -> None:
        image.attach(image.sign(fake.instance, switches={Switch.BAD_SET}))
        assert verify(image.text).first.startswith("error [BAD_PROMISE]")
        assert verify("--any-identity", image.text).first.startswith("error [BAD_PROMISE]")

    def test_anybody_has_to_be_said(self, fake: FakeSigstore, image: Attested) -> None:
        image.attach(image.sign(fake.instance))
        ran = verify("--any-identity", image.text)
        assert (ran.code, "  - not checked: identity: anybody was accepted" in ran.err) == (0, True)


def test_several_images_and_a_mixed_one(fake: FakeSigstore, registry: MemoryRegistry) -> None:
    images = [Attested(registry, name) for name in ("one", "two")]
    for each in images:
        each.attach(each.sign(fake.instance), each.sign(fake.instance, account=github()))
        each.attach_legacy(each.sign(fake.instance, kind="intoto 0.0.2"))
    ran = verify(*ALICE, *(each.text for each in images))
    assert (ran.code, len(ran.lines), ran.err.count("refused [WRONG_IDENTITY]")) == (0, 4, 2)


def test_an_attestation_of_another_image(fake: FakeSigstore, registry: MemoryRegistry) -> None:
    image, other = Attested(registry), Attested(registry, "other")
    image.attach(other.sign(fake.instance))
    assert verify(*ALICE, image.text).first.startswith("error [SUBJECT_MISMATCH]")
    ran = verify(*ALICE, "--check-claims=false", image.text)
    assert (ran.code, "whether it is about this image was NOT checked" in ran.err) == (0, True)


UNUSABLE: dict[str, tuple[tuple[str, ...], str]] = {
    "a key and anybody": (("--key=k.pub", "--any-identity"), "error: `--key` and `--any-identity` exclude"),
    "a name too many": ((*ALICE, "--certificate-identity-regexp=x"), "error: it is not clear which issuer"),
    "an issuer too many": ((*ALICE, "--certificate-oidc-issuer-regexp=x"), "error: it is not clear which issuer"),
    "one issuer for two names": ((*WHO, *ALICE), "error: it is not clear which issuer"),
    "names before issuers": (
        ("--certificate-identity=a", "--certificate-identity=b", *("--certificate-oidc-issuer=x",) * 2),
        "error: it is not clear which issuer",
    ),
    "pairs in different orders": (
        (*ALICE, "--certificate-oidc-issuer=x", "--certificate-identity=b"),
        "error: it is not clear which issuer",
    ),
    "an empty name": (("--certificate-identity=", "--certificate-oidc-issuer=x"), "error: `--certificate-identity` is"),
    "an empty key": (("--key=",), "error: `--key` is empty"),
    "anybody and somebody": ((*ALICE, "--any-identity"), "error: `--certificate-identity` and `--any-identity`"),
    "no issuer": (WHO, "error: `--certificate-identity` needs `--certificate-oidc-issuer`"),
    "an issuer alone": (("--certificate-oidc-issuer=x",), "error: `--certificate-oidc-issuer` needs"),
    "a key's claims": (("--key=k.pub", "--certificate-claim=issuer=x"), "error: a key has no identity"),
    "half a claim": ((*ALICE, "--certificate-claim=x"), "error: `--certificate-claim x` is no claim"),
    "an unknown claim": ((*ALICE, "--certificate-claim=x=y"), "error: `x` is not a claim of a certificate"),
    "no expression": (
        ("--certificate-identity-regexp=(", "--certificate-oidc-issuer=x"),
        "error: `--certificate-identity-regexp` `(` is not a regular expression",
    ),
    "a log that is demanded and ignored": (
        (*ALICE, "--require-log", "--insecure-ignore-tlog"),
        "error: `--require-log` and `--insecure-ignore-tlog` exclude",
    ),
    "a search of the log": ((*ALICE, "--rekor-url=x"), "error: `--rekor-url`: searching"),
}


@pytest.mark.parametrize(("flags", "told"), UNUSABLE.values(), ids=UNUSABLE.keys())
def test_what_cannot_be_used(registry: MemoryRegistry, flags: tuple[str, ...], told: str) -> None:
    ran = verify(*flags, f"{registry.host}/app:v1")
    assert (ran.code, ran.out, ran.first[: len(told)], registry.requests) == (2, "", told, [])
