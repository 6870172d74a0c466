"""Templates beside the reference's own program: the corpus as it prints it today, and the templates that it ships.

The shipped templates are read where packages of the reference put them, or in the folder that
`ASSAYMARK_TRIVY_TEMPLATES` names; they are run on every recorded report beside the repository.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.support.templates import REPORT, Case, cases, scan_of, written

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(shutil.which("trivy") is None, reason="trivy is not on PATH"),
]
SHIPPED = Path(os.environ.get("ASSAYMARK_TRIVY_TEMPLATES", "/usr/local/share/trivy/templates"))
TEMPLATES = sorted(SHIPPED.glob("*.tpl"))
CASES = Path(__file__).parents[2].parent / "shared" / "parity" / "cases.tar.xz"
ENVIRONMENT = {"AWS_REGION": "eu-west-1", "AWS_ACCOUNT_ID": "123456789012"}
TIME = re.compile(rb"\d{4}-\d\d-\d\d[ T][0-9:.]+(?:Z| \+0000 UTC(?: m=[+0-9.]+)?)?")
VERSIONS = re.compile(rb'(?<=\},\n      )"version": "[^"]*"')


def _theirs(template: str, report: Path, folder: Path) -> subprocess.CompletedProcess[bytes]:
    command = [
        "trivy",
        "convert",
        "--quiet",
        "--cache-dir",
        str(folder),
        "--format",
        "template",
        "--template",
        template,
    ]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "TZ": "UTC", **ENVIRONMENT}
    return subprocess.run([*command, str(report)], capture_output=True, env=environment, timeout=60, check=False)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.template) for case in cases("printed.txt")])
def test_the_reference_prints_what_the_corpus_says(case: Case, tmp_path: Path) -> None:
    done = _theirs(case.template, REPORT, tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode("utf-8", "surrogateescape") == json.loads(case.outcome)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.template) for case in cases("refused.txt")])
def test_the_reference_refuses_what_the_corpus_says(case: Case, tmp_path: Path) -> None:
    assert _theirs(case.template, REPORT, tmp_path).returncode == 1


@pytest.mark.skipif(not TEMPLATES, reason="the reference's templates are not on this machine")
@pytest.mark.skipif(not CASES.exists(), reason="the recorded cases are not beside the repository")
@pytest.mark.timeout(900)
@pytest.mark.parametrize("template", [pytest.param(template, id=template.stem) for template in TEMPLATES])
def test_a_shipped_template_writes_the_same_bytes_of_every_recorded_report(template: Path, tmp_path: Path) -> None:
    text = template.read_bytes().decode()
    compared, different = 0, []
    for report in _recorded_reports(tmp_path):
        theirs = _theirs(f"@{template}", report, tmp_path)
        ours = written(text, scan_of(report), environment=ENVIRONMENT)
        compared += 1
        if _without_times(ours) != _without_times(theirs.stdout):
            different.append(report.parent.name)
    assert different == []
    assert compared > 100


def _recorded_reports(folder: Path) -> list[Path]:
    subprocess.run(["tar", "-xJf", str(CASES), "-C", str(folder), "--wildcards", "*/trivy.json"], check=True)
    return sorted(folder.rglob("trivy.json"))


def _without_times(document: bytes) -> bytes:
    """Times, and the versions of the two programs, are their own."""
    return VERSIONS.sub(b'"version": ""', TIME.sub(b"TIME", document))
