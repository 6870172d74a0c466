"""The gates catch what they are there for: a planted violation of every import contract, and of the length limit."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

VIOLATIONS = {
    "stages do not import each other": ("matching/planted.py", "import assaymark.report.format"),
    "data flows down: command line over pipelines over stages over services over model": (
        "model/planted.py",
        "import assaymark.safeio",
    ),
    "only net opens sockets": ("layers/planted.py", "import socket"),
    "only attest touches keys and certificates": ("report/planted.py", "import cryptography"),
    "verifying never loads the scanner": ("attest/planted.py", "import assaymark.inventory"),
    "nothing scanned is executed or unpickled": ("inventory/planted.py", "import subprocess"),
}


def contracts() -> list[str]:
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return [contract["name"] for contract in document["tool"]["importlinter"]["contracts"]]


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--config", folder / "pyproject.toml"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "src"), "NO_COLOR": "1", "COLUMNS": "400"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_contract_has_a_planted_violation() -> None:
    assert sorted(VIOLATIONS) == sorted(contracts())


@pytest.mark.parametrize("contract", VIOLATIONS)
def test_a_planted_violation_breaks_its_contract(contract: str, copied: Path) -> None:
    name, line = VIOLATIONS[contract]
    (copied / "src" / "assaymark" / name).write_text(f'"""Planted."""\n\n{line}\n', encoding="utf-8")

    outcome = lint_imports(copied)

    broken = [line for line in outcome.stdout.splitlines() if "BROKEN" in line]
    assert outcome.returncode == 1, outcome.stdout + outcome.stderr
    assert any(contract in line for line in broken), outcome.stdout


def test_a_file_of_401_lines_fails_the_length_check(copied: Path) -> None:
    check = [sys.executable, str(ROOT / "scripts" / "check_lengths.py"), str(copied)]
    assert subprocess.run(check, check=False, capture_output=True).returncode == 0

    (copied / "src" / "assaymark" / "model" / "long.py").write_text("x = 1\n" * 401, encoding="utf-8")

    outcome = subprocess.run(check, check=False, capture_output=True, text=True)
    assert (outcome.returncode, outcome.stdout) == (1, "src/assaymark/model/long.py: 401 lines, the limit is 400\n")
