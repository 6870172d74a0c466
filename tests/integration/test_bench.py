"""`make bench` where no peer and no large database is: the table has our side, and says what is missing."""

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

SCRIPT = Path(__file__).parents[2] / "scripts" / "bench.py"
INPUTS = SCRIPT.with_name("bench_inputs.py")
PROGRAM = Path(sys.executable).with_name("assaymark")


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(not PROGRAM.exists(), reason="assaymark is not installed beside the interpreter")
def test_the_table_stands_without_peers(tmp_path: Path) -> None:
    image, database = tmp_path / "image", tmp_path / "work" / "sample"
    subprocess.run([sys.executable, INPUTS, "tiny", image], check=True)
    call = [sys.executable, str(SCRIPT), "--pairs", "1", "--image", str(image), "--work", str(tmp_path / "work")]
    if (SCRIPT.parents[2] / "shared").exists():  # the large database would be unpacked
        subprocess.run([sys.executable, "-c", MAKE_SAMPLE, str(SCRIPT), str(database)], check=True)
        call += ["--db", str(database), "--java-db", str(database)]
    environ = {"PATH": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run(call, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "`trivy` is not on PATH: nothing is compared with it." in done.stdout
    assert "`cosign` is not on PATH: nothing is compared with it." in done.stdout
    rows = [line.split("|")[1:-1] for line in done.stdout.splitlines() if line.startswith("| ")][1:]
    assert [row[0].strip() for row in rows] == [
        *("`--version` (trivy)", "`--version` (cosign)", "image (0 MiB), cold", "image (0 MiB), warm"),
        *("image (0 MiB), cold, `--pkg-types os`", "image (0 MiB), warm, `--pkg-types os`"),
        *("`attest`", "`verify-attestation`", "`verify-attestation`, 100 images", "`tree`"),
    ]
    assert all(re.fullmatch(r" [0-9.]+ s ", row[1]) and row[3] == "  " for row in rows)


MAKE_SAMPLE = """
import importlib.util, sys
from pathlib import Path
spec = importlib.util.spec_from_file_location("bench", sys.argv[1])
module = importlib.util.module_from_spec(spec)
sys.modules["bench"] = module
spec.loader.exec_module(module)
module.sample_database(Path(sys.argv[2]))
"""


@pytest.mark.parametrize(
    ("ratio", "target", "cells"),
    [
        pytest.param(0.4, 0.5, ("0.40", "≤ 0.5"), id="within the target"),
        pytest.param(0.6, 0.5, ("**0.60**", "≤ 0.5"), id="a missed target is bold"),
        pytest.param(3.0, 0.0, ("3.00", ""), id="nothing was promised"),
    ],
)
def test_a_ratio_is_judged(bench: ModuleType, ratio: float, target: float, cells: tuple[str, str]) -> None:
    assert cells == bench.judged(ratio, target)


def test_ratios_are_medians_of_pairs_and_not_ratios_of_medians(bench: ModuleType) -> None:
    ours, peer = bench.Runs([1.0, 2.0, 9.0], [10.0, 10.0, 40.0]), bench.Runs([2.0, 8.0, 3.0], [20.0, 40.0, 20.0])
    expected = "| a | 2.000 s | 3.000 s | 0.50 | ≤ 0.5 | 10 | 20 | 0.50 | ≤ 0.6 |"
    assert expected == bench.row(bench.Contest("a", [], [], bench.Target(0.5, 0.6)), ours, peer)


def test_a_program_that_fails_ends_the_measuring(bench: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"`sh -c echo why; exit 3` ended with 3\nwhy"):
        bench.run_once(["sh", "-c", "echo why; exit 3"], dict(os.environ), tmp_path / "log")
