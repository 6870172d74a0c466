"""Every recorded image as a bill of materials, scanned: the findings are those of the image, whatever form the bill has.

The cases and their database lie beside the checkout. Compared is all that a finding says but for what names places in
one document: identifiers of packages, and the fingerprint that is made of them and of the artifact's own.
"""

from __future__ import annotations

import json
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.support.consoles import recorded_console

from assaymark.cli.main import main

SHARED = Path(__file__).parents[2].parent / "shared"
CASES = SHARED / "parity" / "cases.tar.xz"
DATABASE = SHARED / "data" / "db" / "full.tar.gz"
FORMS = ("cyclonedx", "spdx-json", "spdx")
OF_THE_DOCUMENT = ("PkgIdentifier", "Fingerprint", "PkgID")
DAY = "1787270400"
"""2026-08-21, when the cases were recorded: ends of life depend on it."""

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        not (CASES.exists() and DATABASE.exists()), reason="the recorded cases are not beside the repository"
    ),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the cache and the image cases."""
    made = tmp_path_factory.mktemp("bills")
    (made / "cache" / "db").mkdir(parents=True)
    with tarfile.open(DATABASE) as archive:
        archive.extractall(made / "cache" / "db", filter="data")
    with tarfile.open(CASES, "r|xz") as archive:
        for member in archive:
            if "/img-" in f"/{member.name}":
                archive.extract(member, made, filter="data")
    return made


def run(folder: Path, command: str, *arguments: str) -> str:
    """What the command prints."""
    recorded = recorded_console(environ={"HOME": str(folder), "SOURCE_DATE_EPOCH": DAY})
    common = ("--quiet", "--offline", "--cache-dir", str(folder / "cache"))
    assert main((command, *common, *arguments), recorded.console) == 0, recorded.err
    return recorded.out


def findings(report: str) -> Counter[str]:
    """What each finding says, as text."""
    return Counter(
        json.dumps({name: value for name, value in found.items() if name not in OF_THE_DOCUMENT}, sort_keys=True)
        for result in json.loads(report).get("Results", ())
        for found in result.get("Vulnerabilities", ())
    )


def image_cases(folder: Path) -> list[tuple[str, str]]:
    """The name and the target of each."""
    return [
        (path.parent.name, str(path.parent / "input" / path.read_text(encoding="utf-8").split()[1]))
        for path in sorted(folder.rglob("img-*/cmd"))
    ]


def test_scanning_the_bill_of_an_image_finds_what_the_image_has(folder: Path, tmp_path: Path) -> None:
    different: dict[str, Any] = {}
    counted = 0
    for name, target in image_cases(folder):
        expected = findings(run(folder, "image", "--format=json", "--input", target))
        counted += expected.total()
        for form in FORMS:
            bill = tmp_path / f"{name}.{form}"
            bill.write_text(run(folder, "image", f"--format={form}", "--input", target), encoding="utf-8")
            found = findings(run(folder, "sbom", "--format=json", str(bill)))
            if found != expected:
                different[bill.name] = [sorted(expected - found)[:2], sorted(found - expected)[:2]]

    assert different == {}
    assert counted > 500
