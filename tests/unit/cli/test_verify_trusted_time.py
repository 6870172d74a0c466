"""`verify-attestation` with logs and timestamp authorities whose clocks the test sets: age, supported times, the newest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.support.commands import Ran, run
from tests.support.policies import finding, record
from tests.support.registry import MemoryRegistry
from tests.support.sigstore.accounts import GOOGLE
from tests.support.sigstore.attached import Attested
from tests.support.sigstore.entries import base64_text
from tests.support.sigstore.instance import Instance
from tests.support.sigstore.log import Generation
from tests.support.sigstore.signing import Signed, sign_envelope

ALICE = ("--certificate-identity", "alice@gmail.test", "--certificate-oidc-issuer", GOOGLE)
NOW = datetime.now(UTC).replace(microsecond=0)
FOUND = [finding("CVE-2024-0001", "HIGH")]
WEEK = ("--max-age", "7d")


def ago(**parts: float) -> datetime:
    return NOW - timedelta(**parts)


class World:
    """An image, and a Sigstore instance of forty days ago whose clock moves as it is told."""

    def __init__(self, registry: MemoryRegistry, folder: Path) -> None:
        self.moment = ago(days=40)
        self.instance = Instance(clock=lambda: self.moment)
        self.image = Attested(registry)
        self.key = ec.generate_private_key(ec.SECP256R1())
        spki = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (folder / "key.pub").write_bytes(spki)
        (folder / "root.json").write_text(json.dumps(self.instance.trusted_root()))

    def sign(
        self, *, signed: datetime, scanned: datetime, findings: Any = (), managed: bool = False, **parts: Any
    ) -> Signed:
        """An attestation that was signed at one time about a scan that ended at another."""
        self.moment = signed
        statement = {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "a", "digest": {"sha256": self.image.digest.removeprefix("sha256:")}}],
            "predicateType": "https://cosign.sigstore.dev/attestation/vuln/v1",
            "predicate": record(list(findings), finished=scanned, complete=True),
        }
        key: dict[str, Any] = {"key": self.key, "managed": True} if managed else {}
        return sign_envelope(self.instance, json.dumps(statement).encode(), **key, **parts)

    def attach(self, **parts: Any) -> None:
        self.image.attach(self.sign(**parts))

    def verify(self, *flags: str, who: tuple[str, ...] = ALICE) -> Ran:
        common = ("--type", "vuln", "--trusted-root", "root.json", *who)
        return run("verify-attestation", *common, *flags, self.image.text)

    def reason(self, *flags: str, who: tuple[str, ...] = ALICE) -> str:
        """The reason of a refusal; empty where it passes."""
        ran = self.verify(*flags, "--report=json", who=who)
        assert (ran.code == 7) is not bool(ran.json["verified"])
        return str(ran.json.get("reason", ""))


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.chdir(tmp_path)
    with MemoryRegistry() as registry:
        yield World(registry, tmp_path)


WAYS: dict[str, dict[str, Any]] = {
    "by the first log": {"log": Generation.V1},
    "by a timestamp": {"log": Generation.V2, "timestamp": True},
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_age_is_measured_on_trusted_time(world: World, way: dict[str, Any]) -> None:
    world.attach(signed=ago(days=8), scanned=ago(days=8), **way)
    assert world.reason(*WEEK) == "POLICY_AGE"
    assert "it was signed 8d" in world.verify(*WEEK).first
    assert world.reason("--max-age", "9d") == ""


def test_a_scan_that_ended_after_its_record_was_signed_is_refused_whatever_is_asked(world: World) -> None:
    world.attach(signed=ago(days=2), scanned=ago(days=1))
    for flags in ((), WEEK, ("--max-severity=HIGH",), ("--max-severity=HIGH", "--all")):
        assert world.reason(*flags) == "SCAN_TIME_NOT_SUPPORTED"
    ran = world.verify()
    assert (ran.code, ran.out, ran.first.startswith("error [SCAN_TIME_NOT_SUPPORTED]")) == (7, "", True)


def test_beside_one_that_is_right_it_is_a_warning_without_a_policy(world: World) -> None:
    world.attach(signed=ago(days=2), scanned=ago(days=1))
    world.attach(signed=ago(days=3), scanned=ago(days=3))
    ran = world.verify()
    assert (ran.code, len(ran.lines)) == (0, 1)
    assert "refused [SCAN_TIME_NOT_SUPPORTED]" in ran.first
    (rejected,) = world.verify("--report=json").json["images"][0]["rejected"]
    assert rejected["reason"] == "SCAN_TIME_NOT_SUPPORTED"


def test_signing_an_old_scan_today_does_not_make_it_young(world: World) -> None:
    world.attach(signed=ago(hours=1), scanned=ago(days=30))
    assert world.reason() == ""
    assert world.reason(*WEEK) == "SCAN_TIME_NOT_SUPPORTED"
    assert world.reason("--max-age", "31d") == ""


def test_a_key_whose_entry_nobody_looks_at_has_no_trusted_time(world: World) -> None:
    world.attach(signed=ago(days=1), scanned=ago(days=1), managed=True)
    who = ("--key", "key.pub")
    assert world.reason(*WEEK, who=who) == ""
    assert world.reason(*WEEK, "--insecure-ignore-tlog", who=who) == "POLICY_AGE_UNPROVEN"
    ran = world.verify(*WEEK, "--insecure-ignore-tlog", "--trust-signer-time", who=who)
    assert (ran.code, "rests on the signer's word: no log and no timestamp authority" in ran.err) == (0, True)


class TestTheNewest:
    def test_a_passing_scan_after_a_failing_one(self, world: World) -> None:
        world.attach(signed=ago(days=3), scanned=ago(days=3), findings=FOUND)
        world.attach(signed=ago(days=1), scanned=ago(days=1))
        ran = world.verify("--max-severity=LOW")
        assert (ran.code, "superseded, of " in ran.err, "signer's word" in ran.err) == (0, True, False)

    def test_a_failing_scan_after_a_passing_one(self, world: World) -> None:
        world.attach(signed=ago(days=3), scanned=ago(days=3))
        world.attach(signed=ago(days=1), scanned=ago(days=1), findings=FOUND)
        assert world.reason("--max-severity=LOW") == "POLICY_SEVERITY"

    def test_an_old_one_that_is_stamped_again_supersedes_nobody(self, world: World) -> None:
        """Whoever can write to the registry has the signature, and may ask a log or an authority for a new time."""
        old = world.sign(signed=ago(days=9), scanned=ago(days=9), managed=True)
        world.attach(signed=ago(days=3), scanned=ago(days=3), findings=FOUND, managed=True)
        world.moment = ago(hours=1)
        old.bundle["verificationMaterial"].pop("tlogEntries", None)
        old.bundle["verificationMaterial"]["timestampVerificationData"] = stamped(world, old)
        world.image.attach(old)
        who = ("--key", "key.pub")
        assert world.reason("--max-severity=LOW", who=who) == "POLICY_SEVERITY"
        assert world.reason("--max-severity=HIGH", *WEEK, who=who) == "SCAN_TIME_NOT_SUPPORTED"

    def test_both_formats_of_one_signature_are_one_voice(self, world: World) -> None:
        signed = world.sign(signed=ago(days=1), scanned=ago(days=1), kind="dsse 0.0.1")
        world.image.attach(signed)
        world.image.attach_legacy(signed)
        ran = world.verify("--max-severity=LOW")
        assert (ran.code, len(ran.lines), "superseded" in ran.err) == (0, 2, False)


def stamped(world: World, signed: Signed) -> dict[str, Any]:
    """A timestamp of the present over a signature, as a bundle holds it."""
    reply = world.instance.timestamps.stamp(signed.signature, world.moment)
    return {"rfc3161Timestamps": [{"signedTimestamp": base64_text(reply)}]}
