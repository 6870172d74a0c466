"""`save` into a folder in which somebody has attested since."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.commands import Ran, attest, place_image, place_keys, run
from tests.support.registry import MemoryRegistry

LEGACY = "--attestation-format=legacy"


def verify(key: str, kind: str = "vuln") -> Ran:
    return run("verify-attestation", f"--key={key}", f"--type={kind}", "--local-image", "folder")


def test_what_was_attached_in_the_folder_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path, "ours", "theirs")
    with MemoryRegistry() as registry:
        image, _ = place_image(registry)
        attest(image, LEGACY)
        assert run("save", "--dir=folder", image).code == 0
        assert attest("folder", "--local-image", LEGACY, key="theirs.key").code == 0
        assert run("save", "--dir=folder", image).code == 0  # it has everything that comes
        attest(image, LEGACY, type="custom")
        refused = run("save", "--dir=folder", image)
        assert (refused.code, "has 1 that would be lost" in refused.err, "--force" in refused.err) == (2, True, True)
        assert (verify("theirs.pub").code, verify("ours.pub", "custom").code) == (0, 7)
        assert run("save", "--dir=folder", "--force", image).code == 0
        assert (verify("theirs.pub").code, verify("ours.pub", "custom").code) == (7, 0)
