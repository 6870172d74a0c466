"""One file each: an analyser, a version order and a report format that are dropped into a copy of the package work."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.database import FRESH, place, trivy_db

ROOT = Path(__file__).resolve().parents[2]

ANALYZER = '''
"""Toy lock files: a name and a version a line."""

from assaymark.inventory.analyzer import Analyzer
from assaymark.model.inventory import Application
from assaymark.model.package import Package


def _parse(source):
    lines = source.file.read().decode().splitlines()
    packages = tuple(Package(name=line.split()[0], version=line.split()[1]) for line in lines)
    yield Application(path=source.path, type="toy", packages=packages)


ANALYZER = Analyzer(name="toy-lock", version=1, kind="lang", paths=("toy.lock",), parse=_parse)
'''

SCHEME = '''
"""Toy versions: the longer, the later."""

from assaymark.versions.scheme import Scheme


def _satisfies(version, constraint):
    return len(version) < len(constraint.removeprefix("<"))


SCHEME = Scheme(name="toyorder", ecosystems=("toy",), key=len, satisfies=_satisfies)
'''

FORMAT = '''
"""Toy reports."""

from assaymark.report.format import Format


def _write(scan, rendering, stream):
    for result in scan.report.results:
        for finding in result.vulnerabilities:
            stream.write(f"toy {result.target} {finding.pkg_name} {finding.vulnerability_id}\\n".encode())


FORMAT = Format(name="toy-report", media_type="text/x-toy", summary="a toy", write=_write)
'''


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("extended")
    package = folder / "site" / "assaymark"
    shutil.copytree(ROOT / "src" / "assaymark", package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "inventory" / "lang" / "toy_lock.py").write_text(ANALYZER, encoding="utf-8")
    (package / "versions" / "toyorder.py").write_text(SCHEME, encoding="utf-8")
    (package / "report" / "toy_report.py").write_text(FORMAT, encoding="utf-8")
    (folder / "tree").mkdir()
    (folder / "tree" / "toy.lock").write_text("short 1\nlong 1111\n", encoding="utf-8")
    facts = {"toy::Toy Advisories": {"short": {"CVE-2020-1": {"VulnerableVersions": ["<111"]}}}}
    details = {"CVE-2020-1": {"Title": "a toy breaks", "VendorSeverity": {"nvd": 3}}}
    place(folder / "cache" / "db", trivy_db(facts, details=details), FRESH)
    return folder


def run(folder: Path, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(folder / "site"), "HOME": str(folder), "COLUMNS": "200"}
    ended = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_help_names_all_three(extended: Path) -> None:
    text = run(extended, "-m", "assaymark", "fs", "--help")

    assert "toy-lock" in text
    assert "toyorder" in text
    assert "toy-report: a toy" in text


def test_the_generated_documents_name_all_three(extended: Path) -> None:
    run(extended, str(ROOT / "scripts" / "make_docs.py"), "--into", str(extended))
    text = (extended / "extensions.md").read_text(encoding="utf-8")

    assert "| lang | toy-lock | 1 | `toy.lock` |" in text
    assert "| toyorder | toy | yes |" in text
    assert "| toy-report | text/x-toy | a toy |" in text
    coverage = (extended / "coverage.md").read_text(encoding="utf-8")
    assert coverage.count("| toy-lock | ") == 1


def test_a_scan_uses_all_three(extended: Path) -> None:
    flags = ["--cache-dir", "cache", "--skip-db-update", "--offline", "--format", "toy-report"]

    assert run(extended, "-m", "assaymark", "fs", *flags, "tree") == "toy toy.lock short CVE-2020-1\n"
