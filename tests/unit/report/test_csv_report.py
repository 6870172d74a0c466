from __future__ import annotations

import csv
import io

import pytest
from msgspec.structs import replace
from tests.support.scans import APK_TOOLS, SSL, a_scan, rendered

from assaymark.model.advisory import Cvss
from assaymark.model.report import Scan

COLUMNS = [
    "target",
    "type",
    "package",
    "installed_version",
    "fixed_version",
    "vulnerability",
    "severity",
    "score",
    "status",
    "title",
    "url",
    "path",
    "purl",
    "layer",
    "published",
]
CELLS = {
    "an ordinary name passes": ("libssl1.1", "libssl1.1"),
    "a formula": ("=1+1", "'=1+1"),
    "a sum": ("+1", "'+1"),
    "a difference": ("-1", "'-1"),
    "a call, and a scoped name": ("@babel/core", "'@babel/core"),
    "behind blanks": ("  =1+1", "  '=1+1"),
    "behind what is a separator elsewhere": ("a; =cmd|' /C calc'!A1", "a; '=cmd|' /C calc'!A1"),
    "full-width": ("\uff1d1", "'\uff1d1"),
    "a control character begins no formula": ("\t=1", "\\x09=1"),
    "a line end is no row": ("a\r\n=1", "a\\x0d\\x0a=1"),
    "a quote ends no cell": ('a","=1', 'a","=1'),
}


def _rows(scan: Scan) -> list[list[str]]:
    return list(csv.reader(io.StringIO(rendered(scan, "csv").decode(), newline=""), strict=True))


def test_a_finding_is_a_row_under_a_header() -> None:
    found = replace(APK_TOOLS, severity_source="redhat", published_date="2021-08-03T14:15:00Z")
    assert _rows(a_scan(found)) == [
        COLUMNS,
        [
            "alpine:3.10 (alpine 3.10.4)",
            "alpine",
            "apk-tools",
            "2.10.4-r2",
            "2.10.7-r0",
            "CVE-2021-36159",
            "CRITICAL",
            "9.0",
            "fixed",
            "libfetch: an out of boundary read",
            "https://avd.aquasec.com/nvd/cve-2021-36159",
            "",
            "pkg:apk/alpine/apk-tools@2.10.4-r2?arch=x86_64&distro=3.10.4",
            "sha256:" + "cd" * 32,
            "2021-08-03T14:15:00Z",
        ],
    ]


def test_rows_end_as_the_specification_says() -> None:
    assert rendered(a_scan(), "csv") == (",".join(f'"{name}"' for name in COLUMNS) + "\r\n").encode()


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ({"redhat": Cvss(v3_score=5), "nvd": Cvss(v3_score=9.8)}, "5.0"),
        ({"redhat": Cvss(v2_score=5), "nvd": Cvss(v3_score=9.8)}, "9.8"),
        ({"ghsa": Cvss(v3_score=1)}, ""),
    ],
    ids=["the severity's source", "else the NVD", "nobody else"],
)
def test_the_score_fits_the_severity(scores: dict[str, Cvss], expected: str) -> None:
    found = replace(SSL, severity_source="redhat", cvss=scores)
    assert _rows(a_scan(found))[1][COLUMNS.index("score")] == expected


@pytest.mark.parametrize(("name", "expected"), CELLS.values(), ids=CELLS)
def test_no_cell_is_a_formula(name: str, expected: str) -> None:
    assert _rows(a_scan(replace(SSL, pkg_name=name)))[1][COLUMNS.index("package")] == expected
