"""Trusted roots and signing configurations from the same flags: ours, and what real cosign makes of them and of ours.

Needs `cosign` 3 on PATH, and loopback alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.commands import run
from tests.support.peers import NEEDS_COSIGN
from tests.support.sigstore.accounts import GOOGLE, google
from tests.support.sigstore.cosign import Cosign
from tests.support.sigstore.fake import FakeSigstore
from tests.support.sigstore.parts import config_flags, root_flags

from assaymark.attest.sigstore.signing_config import parse_signing_config
from assaymark.attest.sigstore.trusted_root import parse_trusted_root

pytestmark = [pytest.mark.integration, NEEDS_COSIGN]


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeSigstore]:
    with FakeSigstore() as running:
        yield running


@pytest.fixture
def cosign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cosign:
    monkeypatch.chdir(tmp_path)
    return Cosign(tmp_path)


def by_id(document: dict[str, Any]) -> dict[str, Any]:
    """A trusted root whose logs that began at the same moment stand in one order: cosign's is random."""
    for section in ("tlogs", "ctlogs"):
        document[section].sort(key=lambda log: log["logId"]["keyId"])
    return document


def test_a_trusted_root_is_the_one_that_cosign_writes(fake: FakeSigstore, cosign: Cosign, tmp_path: Path) -> None:
    flags = root_flags(fake.instance, tmp_path)
    cosign("trusted-root", "create", *flags, "--out", "theirs.json")
    assert run("trusted-root", "create", *flags, "--out", "ours.json").code == 0
    ours, theirs = ((tmp_path / name).read_bytes() for name in ("ours.json", "theirs.json"))
    assert by_id(json.loads(theirs)) == by_id(json.loads(ours))


def test_times_of_certificates_stand_in_for_those_that_are_not_given(
    fake: FakeSigstore, cosign: Cosign, tmp_path: Path
) -> None:
    flags = [flag for flag in root_flags(fake.instance, tmp_path) if flag.startswith(("--fulcio", "--tsa"))]
    flags = [flag.partition(",start-time")[0] for flag in flags]
    flags[0] += ",end-time=2099-01-01T00:00:00.25+01:00"
    theirs = cosign("trusted-root", "create", *flags)
    assert json.loads(theirs) == run("trusted-root", "create", *flags).json


def test_a_signing_configuration_is_the_one_that_cosign_writes(
    fake: FakeSigstore, cosign: Cosign, tmp_path: Path
) -> None:
    flags = config_flags(fake.instance)
    cosign("signing-config", "create", *flags, "--out", "theirs.json")
    ran = run("signing-config", "create", *flags)
    assert parse_signing_config((tmp_path / "theirs.json").read_bytes()) == parse_signing_config(ran.out.encode())
    (tmp_path / "ours.json").write_text(ran.out)
    changed = ("--base-config", "ours.json", flags[0], "--no-default-tsa")
    theirs = cosign("signing-config", "create", *changed)
    ours = run("signing-config", "create", *changed)
    assert parse_signing_config(theirs.encode()) == parse_signing_config(ours.out.encode())


def test_cosign_signs_and_verifies_with_what_we_write(fake: FakeSigstore, cosign: Cosign, tmp_path: Path) -> None:
    assert run("trusted-root", "create", *root_flags(fake.instance, tmp_path), "--out", "root.json").code == 0
    assert run("signing-config", "create", *config_flags(fake.instance), "--out", "config.json").code == 0
    parse_trusted_root((tmp_path / "root.json").read_bytes())
    cosign(
        "attest-blob", "--yes", "--identity-token", fake.instance.token(google()), "--signing-config", "config.json",
        "--trusted-root", "root.json", "--type", "vuln", "--predicate", "vuln.json", "--bundle", "b.json", "blob",
    )  # fmt: skip
    told = cosign(
        "verify-blob-attestation", "--certificate-identity", "alice@gmail.test", "--certificate-oidc-issuer", GOOGLE,
        "--trusted-root", "root.json", "--type", "vuln", "--bundle", "b.json", "blob",
    )  # fmt: skip
    assert "Verified OK" in told
