"""VEX beside the reference: what was recorded is what it reports today, and documents that cosign attached count alike."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.peers import NEEDS_COSIGN, SIGNING_CONFIG
from tests.support.vex import openvex, statement
from tests.support.vex_cases import CORPUS, Case, Place, prepared, read_cases, run_ours, run_reference

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(shutil.which("trivy") is None, reason="the reference is not on PATH"),
]
CASES = [case for path in sorted(CORPUS.glob("*.txt")) for case in read_cases(path)]
DOCUMENT = openvex(
    statement("pkg:apk/alpine/zlib", name="CVE-2018-25032", justification="component_not_present"),
    author="us",
    version=1,
    timestamp="2026-01-01T00:00:00Z",
)


@pytest.fixture
def where(tmp_path: Path) -> Iterator[Place]:
    with prepared(tmp_path) as made:
        yield made


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_what_was_recorded_is_what_the_reference_reports(case: Case, where: Place) -> None:
    assert sorted(run_reference(case, where).splitlines()) == sorted(case.expected.splitlines())


@NEEDS_COSIGN
@pytest.mark.parametrize(
    "flags",
    [
        pytest.param("--new-bundle-format=true --signing-config=signing.json", id="a bundle"),
        pytest.param("--new-bundle-format=false --use-signing-config=false --tlog-upload=false", id="the tag"),
    ],
)
def test_a_document_that_cosign_attached_takes_out_the_same(where: Place, flags: str) -> None:
    def cosign(*arguments: str) -> None:
        environ = {**os.environ, "COSIGN_PASSWORD": "x", "HOME": str(where.folder)}
        ran = subprocess.run(["cosign", *arguments], cwd=where.folder, env=environ, capture_output=True, check=False)
        assert ran.returncode == 0, ran.stderr.decode()

    (where.folder / "vex.json").write_bytes(DOCUMENT)
    (where.folder / "signing.json").write_bytes(SIGNING_CONFIG)
    cosign("generate-key-pair")
    image = where.filled("{address}/team/app@{digest}")
    told = ("--type", "openvex", "--predicate", "vex.json", "--key", "cosign.key", "--allow-insecure-registry")
    cosign("attest", "--yes", *told, *flags.split(), image)

    theirs = run_reference(Case("", ("image", "--vex", "oci"), {}, "", ""), where)
    ours = run_ours(Case("", ("image", "--vex", "oci", "--vex-key", "cosign.pub"), {}, "", ""), where)

    assert "alpine out CVE-2018-25032 zlib | not_affected | component_not_present" in ours
    assert ours == theirs
