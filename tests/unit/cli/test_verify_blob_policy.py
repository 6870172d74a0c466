"""`verify-blob-attestation` with a policy."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.support.commands import Ran, place_keys, run
from tests.support.policies import finding, record


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file, and an attestation of it with a finding."""
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path)
    (tmp_path / "blob").write_bytes(b"what is attested")
    found = record([finding()], finished=datetime.now(UTC) - timedelta(hours=1), complete=True)
    (tmp_path / "record.json").write_text(json.dumps(found))
    made = ("--type=vuln", "--predicate=record.json", "--bundle=bundle.json", "blob")
    assert run("attest-blob", "--key=ours.key", *made).code == 0
    return tmp_path


def verify(*flags: str) -> Ran:
    return run("verify-blob-attestation", "--key=ours.pub", "--type=vuln", "--bundle=bundle.json", *flags, "blob")


def test_what_passes() -> None:
    ran = verify("--max-severity=HIGH", "--max-age=1d", "--trust-signer-time")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.splitlines()[-3:] == [
        "  - how old it is rests on the signer's word: no log and no timestamp authority saw it",
        "  - the policy is satisfied",
        "Verified OK",
    ]
    document = verify("--max-severity=HIGH", "--max-age=1d", "--trust-signer-time", "--report=json").json
    assert (document["verified"], document["policy"]) == (True, [])
    assert document["attestations"][0]["notes"][-1].startswith("how old it is rests on")
    assert "how old it is rests on" in verify("--max-age=1d", "--trust-signer-time", "--report=text").out


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (("--max-severity=LOW",), "POLICY_SEVERITY"),
        (("--deny=CVE-2024-0001",), "POLICY_DENIED"),
        (("--max-age=1d",), "POLICY_AGE_UNPROVEN"),
        (("--policy=p.yaml",), "POLICY_SEVERITY"),
    ],
)
def test_what_does_not(here: Path, flags: tuple[str, ...], reason: str) -> None:
    (here / "p.yaml").write_text("max-severity: NONE\n")
    ran = verify(*flags)
    assert (ran.code, ran.out, ran.first.startswith(f"error [{reason}]: ")) == (7, "", True)
    document = verify(*flags, "--report=json").json
    assert (document["verified"], document["reason"], document["policy"][0]["reason"]) == (False, reason, reason)


def test_every_broken_rule_is_told() -> None:
    ran = verify("--max-severity=LOW", "--deny=CVE-2024-0001")
    assert sorted(line[:20] for line in ran.err.splitlines() if line.startswith("  - [")) == [
        "  - [POLICY_DENIED] `"[:20],
        "  - [POLICY_SEVERITY]"[:20],
    ]


def test_platforms_that_a_policy_requires_are_not_passed_over(here: Path) -> None:
    (here / "p.yaml").write_text("max-severity: HIGH\nrequire-platforms: [linux/amd64]\n")
    ran = verify("--policy=p.yaml")
    assert (ran.code, ran.first) == (2, "error: `require-platforms` is about images, and a file has no platform")


def test_what_is_about_images_is_no_flag_here() -> None:
    assert (
        verify("--require-platforms=linux/amd64").first == "error: unknown argument `--require-platforms=linux/amd64`"
    )
    assert verify("--all").first == "error: unknown argument `--all`"
