from __future__ import annotations

from msgspec.structs import replace
from tests.support.scans import APK_TOOLS, DIGEST, INCOMPLETE, SSL, UNFIXED, a_report, a_scan, rendered

from assaymark.model.advisory import DatabaseInfo
from assaymark.model.issue import Coverage, Issue, IssueCode
from assaymark.model.report import Metadata, Result

WHOLE = f"""\
# Vulnerabilities in alpine:3.10

**3 vulnerabilities** in 3 packages, 2 with a fix.

| Critical | High | Medium | Low | Unknown |
| ---: | ---: | ---: | ---: | ---: |
| 1 | 1 | 0 | 0 | 1 |

- Kind: container image
- System: alpine 3.10.4, out of support
- Digest: <code>{DIGEST}</code>
- Scanned: 2026-08-15 10:00:00 UTC by assaymark 1.2.3+local
- Database: built 2026-08-13 06:12:01 UTC, 2 days old
- Database digest: <code>mirror.gcr.io/aquasec/trivy-db@sha256:{"12" * 32}</code>

## alpine:3.10 (alpine 3.10.4)

| Severity | Vulnerability | Package | Installed | Fixed in | Title |
| --- | --- | --- | --- | --- | --- |
| CRITICAL | [CVE-2021-36159](https://avd.aquasec.com/nvd/cve-2021-36159) | <code>apk-tools</code> | <code>2.10.4-r2</code> | <code>2.10.7-r0</code> | libfetch: an out of boundary read |
| HIGH | [CVE-2020-1967](https://avd.aquasec.com/nvd/cve-2020-1967) | <code>libcrypto1.1</code> | <code>1.1.1d-r2</code> | <code>1.1.1g-r0</code> | openssl: Segmentation fault in SSL_check_chain causes denial of service |
| UNKNOWN | CVE-2022-1 | <code>requests</code> in <code>usr/lib/python3/requests-2.0.dist-info/METADATA</code> | <code>2.0</code> | will not fix | A thing is wrong |
"""
MISSED = """\
**The scan is incomplete.** It did not look at everything:

- <code>app/package-lock.json</code>: not JSON
- <code>usr/lib/a.gemspec</code>: 3 files of the kind gemspec not read by this version
"""


def test_a_reviewer_sees_the_counts_the_scan_and_the_worst_first() -> None:
    assert rendered(a_scan(UNFIXED, SSL, APK_TOOLS), "markdown").decode() == WHOLE


def test_what_was_not_looked_at_stands_in_front_of_the_findings() -> None:
    assert MISSED in rendered(a_scan(coverage=INCOMPLETE), "markdown").decode()


def test_a_hundred_things_that_were_not_looked_at_are_counted() -> None:
    issues = tuple(Issue(code=IssueCode.FILE_MALFORMED, message=f"bad {number}") for number in range(100))
    written = rendered(a_scan(coverage=Coverage(complete=False, issues=issues)), "markdown").decode()
    assert "- bad 19\n- 80 more, which the JSON report lists\n" in written


def test_nothing_found_says_so_and_has_no_table_of_findings() -> None:
    report = replace(a_report(), artifact_name="", metadata=Metadata(), results=(Result(target="a"),))
    bare = replace(a_scan(report=report), database=DatabaseInfo(), subject="")
    written = rendered(bare, "markdown").decode()
    assert written.startswith("# Vulnerabilities in an artifact without a name\n\nNo vulnerabilities were found.\n")
    assert [line for line in written.splitlines() if line.startswith(("##", "- "))] == [
        "- Kind: container image",
        "- Scanned: 2026-08-15 10:00:00 UTC by assaymark 1.2.3+local",
    ]


def test_a_target_of_packages_names_their_kind_and_long_titles_are_cut() -> None:
    result = Result(
        target="Node.js", class_="lang-pkgs", type="node-pkg", vulnerabilities=(replace(SSL, title="t" * 121),)
    )
    written = rendered(a_scan(report=replace(a_report(), results=(result,))), "markdown").decode()
    assert "\n## Node.js (node-pkg)\n" in written
    assert f"| {'t' * 119}… |\n" in written
