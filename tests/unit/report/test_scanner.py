from __future__ import annotations

from assaymark.model.report import ScannerInfo
from assaymark.report.scanner import scanner_home, scanner_purl


def test_a_report_of_the_reference_names_the_reference() -> None:
    reference = ScannerInfo(name="Trivy", version="0.73.0")
    assert scanner_home(reference) == "https://github.com/aquasecurity/trivy"
    assert scanner_purl(reference) == "pkg:github/aquasecurity/trivy@0.73.0"


def test_ours_is_a_package_of_python() -> None:
    ours = ScannerInfo(name="assaymark", version="1.0+x")
    assert scanner_home(ours) == "https://pypi.org/project/assaymark/"
    assert scanner_purl(ours) == "pkg:pypi/assaymark@1.0%2Bx"
