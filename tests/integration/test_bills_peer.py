"""Bills of materials beside the reference's own program: what it finds in ours, and we in its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.support.workshop import ALPINE, FINDINGS, Workshop, found_in

from assaymark.limits import DEFAULT_LIMITS
from assaymark.safeio.json import decode_go

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(shutil.which("trivy") is None, reason="trivy is not on PATH"),
]
FORMS = ("cyclonedx", "spdx", "spdx-json")
FLASK = "usr/lib/python3/site-packages/flask-0.12.dist-info/METADATA"
IMAGE = {**ALPINE, FLASK: "Metadata-Version: 2.1\nName: flask\nVersion: 0.12\n"}
EXPECTED = sorted([*FINDINGS, "CVE-2018-1000656"])


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """The working directory is the workshop's folder."""
    monkeypatch.chdir(tmp_path)
    return Workshop(tmp_path)


def trivy(shop: Workshop, *arguments: str) -> bytes:
    flags = ["--quiet", "--cache-dir", str(shop.cache), "--skip-db-update", "--skip-java-db-update", "--offline-scan"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(shop.folder)}
    command = ["trivy", *arguments, *flags, "--scanners", "vuln"]
    done = subprocess.run(command, capture_output=True, env=environment, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.mark.parametrize("form", FORMS)
def test_the_reference_finds_everything_in_our_bills(shop: Workshop, form: str) -> None:
    (shop.folder / "bill").write_text(shop.run("image", "--input", shop.image(IMAGE), f"--format={form}").out)
    report = decode_go(trivy(shop, "sbom", "--format", "json", "bill"), limits=DEFAULT_LIMITS)
    assert sorted(found_in(report)) == EXPECTED


@pytest.mark.parametrize("form", ["cyclonedx", "spdx-json"])
def test_we_find_everything_in_the_reference_s_bills(shop: Workshop, form: str) -> None:
    (shop.folder / "bill").write_bytes(trivy(shop, "image", "--input", shop.image(IMAGE), "--format", form))
    assert sorted(shop.run("sbom", "--format=json", "./bill").findings) == EXPECTED
