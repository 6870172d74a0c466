from __future__ import annotations

import re

import pytest
from msgspec.structs import replace
from tests.support.scans import (
    APK_TOOLS,
    COMPLETE,
    INCOMPLETE,
    SSL,
    SSL_AGAIN,
    UNFIXED,
    a_report,
    a_scan,
    rendered,
)

from assaymark.model.advisory import DatabaseInfo
from assaymark.model.issue import Coverage, Issue, IssueCode
from assaymark.model.report import Metadata, Result, ScannerInfo
from assaymark.report.format import Rendering

HEAD = """\
alpine:3.10  container image
  system    alpine 3.10.4  end of life: no security updates
  digest    sha256:abababababababababababababababababababababababababababababababab
  database  built 2026-08-13 06:12:01 UTC, 2 days old
            mirror.gcr.io/aquasec/trivy-db@sha256:1212121212121212121212121212121212121212121212121212121212121212
  scanned   2026-08-15 09:59:59 UTC in 1.2 s by assaymark 1.2.3+local

"""

PIPED = (
    HEAD
    + """\
CRITICAL 1   HIGH 2   MEDIUM 0   LOW 0   UNKNOWN 0
3 vulnerabilities in 3 packages, 3 with a fix (1 more left out by filters)

Upgrade first
  apk-tools 2.10.4-r2     2.10.7-r0  CRITICAL 1
  libcrypto1.1 1.1.1d-r2  1.1.1g-r0  HIGH 1
  libssl1.1 1.1.1d-r2     1.1.1g-r0  HIGH 1

alpine:3.10 (alpine 3.10.4): 3 vulnerabilities
    CRITICAL  CVE-2021-36159  apk-tools     2.10.4-r2  2.10.7-r0  libfetch: an out of boundary read  https://avd.aquasec.com/nvd/cve-2021-36159
    HIGH      CVE-2020-1967   libcrypto1.1  1.1.1d-r2  1.1.1g-r0  openssl: Segmentation fault in SSL_check_chain causes denial of service  https://avd.aquasec.com/nvd/cve-2020-1967
    HIGH      CVE-2020-1967   libssl1.1     1.1.1d-r2  1.1.1g-r0  openssl: Segmentation fault in SSL_check_chain causes denial of service  https://avd.aquasec.com/nvd/cve-2020-1967
"""
)

WIDE = """\
alpine:3.10 (alpine 3.10.4): 3 vulnerabilities
    Vulnerability   Package       Installed  Fixed in   Title
  CRITICAL (1)
    CVE-2021-36159  apk-tools     2.10.4-r2  2.10.7-r0  libfetch: an out of boundary read
      https://avd.aquasec.com/nvd/cve-2021-36159
  HIGH (2)
    CVE-2020-1967   libcrypto1.1  1.1.1d-r2  1.1.1g-r0  openssl: Segmentation fault in SSL_check_ch…
                    libssl1.1     1.1.1d-r2  1.1.1g-r0
      https://avd.aquasec.com/nvd/cve-2020-1967
"""

NARROW = """\
  HIGH (2)
    CVE-2020-1967   libcrypto1.1  1.1.1d-r2  1.1.1g-r0
                    libssl1.1     1.1.1d-r2  1.1.1g-r0
      openssl: Segmentation fault in SSL_check_chain causes…
      https://avd.aquasec.com/nvd/cve-2020-1967
"""


def test_piped_every_finding_is_one_whole_line_behind_the_summary() -> None:
    assert rendered(a_scan(SSL_AGAIN, APK_TOOLS, SSL), "table").decode() == PIPED


def test_a_terminal_of_100_columns_tells_a_vulnerability_once_and_keeps_links_whole() -> None:
    written = rendered(a_scan(SSL_AGAIN, APK_TOOLS, SSL), "table", Rendering(width=100)).decode()
    assert written[written.index("alpine:3.10 (") :] == WIDE
    assert all(len(line) <= 100 for line in WIDE.splitlines())


def test_a_terminal_of_60_columns_puts_titles_on_their_own_line() -> None:
    written = rendered(a_scan(SSL_AGAIN, APK_TOOLS, SSL), "table", Rendering(width=60)).decode()
    assert written.endswith(NARROW)


def test_colour_only_repeats_what_the_words_say() -> None:
    scan = a_scan(SSL_AGAIN, APK_TOOLS, SSL, UNFIXED, coverage=INCOMPLETE)
    plain = rendered(scan, "table", Rendering(width=90)).decode()
    coloured = rendered(scan, "table", Rendering(width=90, colour=True)).decode()
    assert "\x1b[1;31mCRITICAL 1\x1b[0m" in coloured
    unpainted = re.sub(r"\x1b\[[0-9;]+m", "", coloured)
    assert plain == "".join(f"{line.rstrip()}\n" for line in unpainted.splitlines())


def test_nothing_found_on_a_complete_scan() -> None:
    assert rendered(a_scan(), "table").decode() == HEAD + "0 vulnerabilities found (1 more left out by filters)\n"


def test_nothing_found_on_an_incomplete_scan_says_so_first() -> None:
    written = rendered(a_scan(coverage=INCOMPLETE), "table").decode()
    assert (
        written.removeprefix(HEAD)
        == """\
INCOMPLETE: 0 vulnerabilities found (1 more left out by filters), but not everything was looked at (1 problem)

Not looked at, or not wholly
  FILE_MALFORMED         not JSON (app/package-lock.json)
  ENTRY_IGNORED          a line was ignored (app/requirements.txt)
  not analysed           3 gemspec files, such as usr/lib/a.gemspec
"""
    )


def test_findings_of_an_incomplete_scan_may_not_be_all() -> None:
    written = rendered(a_scan(SSL, coverage=Coverage(complete=False)), "table").decode()
    assert "INCOMPLETE: there may be more, because not everything was looked at\n" in written


def test_many_issues_are_counted_by_kind_and_the_blocking_ones_come_first() -> None:
    minor = [Issue(code=IssueCode.ENTRY_IGNORED, message="odd", blocking=False) for _ in range(12)]
    coverage = Coverage(complete=False, issues=(*minor, Issue(code=IssueCode.OS_UNKNOWN, message="no release file")))
    written = rendered(a_scan(coverage=coverage), "table").decode()
    assert written.count("OS_UNKNOWN             no release file") == 1
    assert written.count("ENTRY_IGNORED          odd") == 9
    assert "  and more: ENTRY_IGNORED 12, OS_UNKNOWN 1 in all\n" in written


def test_what_makes_a_scan_incomplete_is_never_cut_and_other_remarks_fit_a_line() -> None:
    long = "of a length that no terminal has: " + "x" * 80
    coverage = Coverage(
        complete=False,
        issues=(
            Issue(code=IssueCode.ENTRY_IGNORED, message=long, path="a/b", blocking=False),
            Issue(code=IssueCode.FILE_MALFORMED, message=long, path="a/b"),
        ),
    )
    written = rendered(a_scan(coverage=coverage), "table", Rendering(width=60)).decode()
    assert f"  FILE_MALFORMED         {long} (a/b)\n" in written
    assert "  ENTRY_IGNORED          of a length that no terminal has:…\n" in written


def test_a_language_target_names_its_type_and_a_package_its_file() -> None:
    report = replace(
        a_report(),
        results=(Result(target="Python", class_="lang-pkgs", type="python-pkg", vulnerabilities=(UNFIXED,)),),
    )
    assert """
Python (python-pkg): 1 vulnerability
    UNKNOWN   CVE-2022-1     requests  2.0        no fix (will not fix)  usr/lib/python3/requests-2.0.dist-info/METADATA  A thing is wrong
""" in rendered(a_scan(report=report), "table").decode()


def test_filtered_findings_are_listed_when_they_are_wanted() -> None:
    written = rendered(a_scan(), "table", Rendering(show_suppressed=True)).decode()
    assert (
        """
alpine:3.10 (alpine 3.10.4): 1 vulnerability left out by filters
    HIGH      CVE-2020-1967  libcrypto1.1  1.1.1d-r2  ignored: no reason given (.trivyignore)
"""
        in written
    )


@pytest.mark.parametrize(
    ("database", "line"),
    [
        (DatabaseInfo(), "  database  of unknown age\n"),
        (
            DatabaseInfo(sample=True, updated_at="2026-08-15T00:00:00Z"),
            "  database  SAMPLE, not for decisions; built 2026-08-15 00:00:00 UTC, 0 days old\n",
        ),
    ],
    ids=["without dates", "the sample"],
)
def test_the_database_s_line(database: DatabaseInfo, line: str) -> None:
    assert line in rendered(replace(a_scan(), database=database), "table").decode()


def test_a_scan_without_system_and_digest_leaves_their_lines_out() -> None:
    scan = replace(a_scan(report=replace(a_report(coverage=COMPLETE), metadata=Metadata())), subject="")
    written = rendered(scan, "table").decode()
    assert "system" not in written
    assert "digest" not in written


@pytest.mark.parametrize(
    ("name", "line"),
    [("table", "  scanned   at an unknown time by Trivy\n"), ("markdown", "- Scanned: at an unknown time by Trivy\n")],
)
def test_an_old_report_knows_neither_its_time_nor_its_version(name: str, line: str) -> None:
    scan = a_scan()
    unnamed = replace(scan.report, scanner=ScannerInfo(name="Trivy", version=""))
    assert line in rendered(replace(scan, report=unnamed, started="", finished=""), name).decode()
