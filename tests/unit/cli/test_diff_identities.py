"""`diff` on a bundle that an identity signed: verified by name against a trusted root."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.commands import Ran, run
from tests.support.scans import SSL, SSL_AGAIN, a_scan, rendered
from tests.support.sigstore.accounts import GOOGLE
from tests.support.sigstore.fake import FakeSigstore
from tests.support.sigstore.signing import sign_envelope

VULN = "https://cosign.sigstore.dev/attestation/vuln/v1"
DIGEST = "ab" * 32


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeSigstore]:
    with FakeSigstore() as running:
        yield running


@pytest.fixture(autouse=True)
def here(fake: FakeSigstore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    fake.write(tmp_path)
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "app", "digest": {"sha256": DIGEST}}],
        "predicateType": VULN,
        "predicate": json.loads(rendered(a_scan(SSL, SSL_AGAIN), "cosign-vuln")),
    }
    signed = sign_envelope(fake.instance, json.dumps(statement).encode())
    Path("signed.bundle").write_bytes(signed.data)
    Path("report.json").write_bytes(rendered(a_scan(SSL), "json"))


def diff(name: str) -> Ran:
    who = ("--certificate-identity", name, "--certificate-oidc-issuer", GOOGLE, "--trusted-root", "trusted_root.json")
    return run("diff", *who, "report.json", "signed.bundle")


def test_who_signed_is_verified() -> None:
    ran = diff("alice@gmail.test")
    assert (ran.code, ran.err.count("warning")) == (0, 1), ran.err
    assert "warning: `report.json` is signed by nobody, so nothing of it is verified\n" in ran.err
    assert f"\n        sha256:{DIGEST}, scanned" in ran.out


def test_somebody_else_s_word_does_not_count() -> None:
    ran = diff("bob@gmail.test")
    assert (ran.code, ran.out, "error [WRONG_IDENTITY]: " in ran.err) == (7, "", True)
