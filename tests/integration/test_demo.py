"""The demo in an empty home: every step does what it claims, and one that does not ends it."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.integration

SCRIPT = Path(__file__).parents[2] / "scripts" / "demo.py"
PROGRAM = Path(sys.executable).with_name("assaymark")


def load_demo() -> ModuleType:
    spec = importlib.util.spec_from_file_location("demo", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["demo"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(not PROGRAM.exists(), reason="assaymark is not installed beside the interpreter")
def test_the_demo_shows_every_step_and_ends_well(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    out = tmp_path / "out"
    environ = {"HOME": str(tmp_path / "home"), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, SCRIPT, "--out", out], env=environ, capture_output=True, text=True, check=False, timeout=110
    )
    assert (done.returncode, "failed" in done.stderr) == (0, False), done.stdout + done.stderr
    commands = [line.split()[2] for line in done.stdout.splitlines() if line.startswith("$ assaymark ")]
    assert commands == [
        *("image", "image", "generate-key-pair", "attest", "verify-attestation"),
        *("attest", "image", "tree", "verify-attestation", "verify-attestation"),
        *("verify-attestation", "verify-attestation", "tree", "verify-attestation", "image"),
    ]
    assert re.findall(r"refused with exit code (\d)", done.stdout) == ["7", "7", "7", "8"]
    assert re.findall(r"error \[([A-Z_]+)\]", done.stdout) == ["NO_ATTESTATION", "SUBJECT_MISMATCH", "UNREADABLE"]
    assert "CVE-2021-36159" in done.stdout
    assert '"predicateType": "https://cosign.sigstore.dev/attestation/vuln/v1"' in done.stdout
    assert sorted(path.name for path in out.iterdir()) == [
        *("another-cache", "cosign.key", "cosign.pub", "home", "image", "one-step.json", "vuln.json"),
    ]
    assert list((tmp_path / "home").iterdir()) == []


def test_a_refusal_that_does_not_happen_ends_the_demo(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    demo = load_demo()
    session = demo.Session(tmp_path, dict(os.environ), colour=False)
    with pytest.raises(demo.BrokenStepError, match="ended with 0, not refused with 7"):
        session.refused("true", code=7, says="")
    with pytest.raises(demo.BrokenStepError, match="was refused and still printed 3 bytes"):
        session.refused("sh", "-c", "echo no; exit 7", code=7, says="")
    with pytest.raises(demo.BrokenStepError, match="without saying `SUBJECT`"):
        session.refused("sh", "-c", "exit 7", code=7, says="SUBJECT")
    with pytest.raises(demo.BrokenStepError, match="ended with 3 instead of 0"):
        session.run("sh", "-c", "exit 3")
    assert capfd.readouterr().out.count("\n$ ") == 4


def test_a_record_without_its_findings_is_not_shown_as_one() -> None:
    demo = load_demo()
    empty = {"scanner": {"result": {"Results": None}}}
    with pytest.raises(demo.BrokenStepError, match="the record misses"):
        demo.check_record(empty)
