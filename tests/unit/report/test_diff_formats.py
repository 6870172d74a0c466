from __future__ import annotations

import io
import json

import pytest
from msgspec.structs import replace
from tests.support.scans import APK_TOOLS, INCOMPLETE, SSL, SSL_AGAIN, UNFIXED, a_report, a_scan

from assaymark.errors import UsageError
from assaymark.model.finding import ModifiedFinding
from assaymark.model.package import Package
from assaymark.model.report import Result, Scan
from assaymark.report.diff import Difference, compare
from assaymark.report.diff_formats import DIFF_FORMATS, find_diff_format
from assaymark.report.format import Rendering

HOSTILE = "\x1b[2J<script>alert(1)</script>|[x](javascript:x)@admin\n::error::"


def system(scan: Scan, **versions: str) -> Scan:
    packages = tuple(Package(name=name.replace("_", "-"), version=version) for name, version in versions.items())
    result = replace(scan.report.results[0], packages=packages, modified_findings=())
    return replace(scan, report=replace(scan.report, results=(result, *scan.report.results[1:])))


def a_difference() -> Difference:
    before = system(a_scan(SSL, APK_TOOLS), libcrypto="1", apk_tools="2.10.4-r2")
    after = system(a_scan(replace(SSL, severity="CRITICAL"), SSL_AGAIN, coverage=INCOMPLETE), apk_tools="2.10.7-r0")
    lock = Result(
        target="package-lock.json",
        class_="lang-pkgs",
        type="npm",
        vulnerabilities=(replace(UNFIXED, pkg_path=""),),
        modified_findings=(
            ModifiedFinding(
                type="vulnerability",
                status="ignored",
                statement="dead code",
                source=".trivyignore",
                finding=replace(UNFIXED, pkg_name="other", pkg_path=""),
            ),
        ),
    )
    was = replace(
        lock, vulnerabilities=(lock.modified_findings[0].finding, *lock.vulnerabilities), modified_findings=()
    )
    before = replace(before, report=replace(before.report, results=(*before.report.results, was)))
    return compare(before, replace(after, report=replace(after.report, results=(*after.report.results, lock))))


def written(difference: Difference, name: str, rendering: Rendering | None = None) -> str:
    stream = io.BytesIO()
    find_diff_format(name)(difference, rendering or Rendering(), stream)
    return stream.getvalue().decode()


HEAD = """\
before  alpine:3.10 (container image)
        sha256:abababababababababababababababababababababababababababababababab, scanned 2026-08-15 10:00:00 UTC by \
assaymark 1.2.3+local, database 2026-08-13 06:12:01 UTC, 4 vulnerabilities
after   alpine:3.10 (container image)
        sha256:abababababababababababababababababababababababababababababababab, scanned 2026-08-15 10:00:00 UTC by \
assaymark 1.2.3+local, database 2026-08-13 06:12:01 UTC, 3 vulnerabilities

New 1  Severity raised 1  Suppressed 1  Fixed 1  Unchanged 1
note: the second scan is incomplete: what it does not list is not proven to be fixed

"""
TITLE = "openssl: Segmentation fault in SSL_check_chain causes denial of service"
URL = "https://avd.aquasec.com/nvd/cve-2020-1967"
PIPED = f"""\
New: HIGH 1
    HIGH      CVE-2020-1967  libssl1.1  1.1.1d-r2  1.1.1g-r0  package added    {TITLE}  {URL}

Severity raised: CRITICAL 1
    CRITICAL  CVE-2020-1967  libcrypto1.1  1.1.1d-r2  1.1.1g-r0  was HIGH    {TITLE}  {URL}

Suppressed: UNKNOWN 1
    UNKNOWN   CVE-2022-1  other  2.0  no fix (will not fix)  ignored: dead code  package-lock.json  A thing is wrong

Fixed: CRITICAL 1
    CRITICAL  CVE-2021-36159  apk-tools  2.10.4-r2  2.10.7-r0  now 2.10.7-r0    libfetch: an out of boundary read  \
https://avd.aquasec.com/nvd/cve-2021-36159
"""
UNCHANGED = """
Unchanged: UNKNOWN 1
    UNKNOWN   CVE-2022-1  requests  2.0  no fix (will not fix)    package-lock.json  A thing is wrong
"""


def test_piped_every_change_is_one_whole_line() -> None:
    assert written(a_difference(), "table") == HEAD + PIPED


def test_what_did_not_change_is_listed_when_it_is_wanted() -> None:
    assert written(a_difference(), "table", Rendering(unchanged=True)) == HEAD + PIPED + UNCHANGED


def test_a_terminal_of_80_columns() -> None:
    text = written(a_difference(), "table", Rendering(width=80))
    assert text.endswith(
        """\
Severity raised: CRITICAL 1
    CRITICAL  CVE-2020-1967  libcrypto1.1  1.1.1d-r2  1.1.1g-r0  was HIGH
      https://avd.aquasec.com/nvd/cve-2020-1967

Suppressed: UNKNOWN 1
    UNKNOWN   CVE-2022-1  other  2.0  no fix (will not fix)  ignored: dead code
      in package-lock.json

Fixed: CRITICAL 1
    CRITICAL  CVE-2021-36159  apk-tools  2.10.4-r2  2.10.7-r0  now 2.10.7-r0
      https://avd.aquasec.com/nvd/cve-2021-36159
"""
    )


def test_links_and_colours_only_where_they_are_welcome() -> None:
    painted = written(a_difference(), "table", Rendering(width=120, colour=True, links=True))
    assert "\x1b]8;;https://avd.aquasec.com/nvd/cve-2020-1967\x1b\\CVE-2020-1967\x1b]8;;\x1b\\" in painted
    assert "\x1b[1;31mNew 1\x1b[0m" in painted
    assert "\x1b" not in written(a_difference(), "table", Rendering(width=120))


def test_programs_get_all_of_it() -> None:
    document = json.loads(written(a_difference(), "json"))
    assert document["counts"] == {
        "new": 1,
        "severity raised": 1,
        "severity lowered": 0,
        "suppressed": 1,
        "fixed": 1,
        "no longer listed": 0,
        "unchanged": 1,
    }
    assert document["after"] == {
        "artifact": "alpine:3.10",
        "type": "container_image",
        "digest": "sha256:" + "ab" * 32,
        "scannedOn": "2026-08-15T10:00:00.5Z",
        "scanner": "assaymark 1.2.3+local",
        "database": {
            "uri": "mirror.gcr.io/aquasec/trivy-db@sha256:" + "12" * 32,
            "version": "2 2026-08-13",
            "updatedAt": "2026-08-13T06:12:01.123456789Z",
        },
        "complete": False,
        "findings": 3,
    }
    raised = document["changes"][1]
    assert raised == {
        "kind": "severity raised",
        "cause": "",
        "otherVersions": [],
        "id": "CVE-2020-1967",
        "package": "libcrypto1.1",
        "class": "os-pkgs",
        "type": "alpine",
        "title": TITLE,
        "url": URL,
        "before": {
            "severity": "HIGH",
            "installed": "1.1.1d-r2",
            "fixed": "1.1.1g-r0",
            "status": "fixed",
            "target": "alpine:3.10 (alpine 3.10.4)",
            "file": "",
            "suppressed": "",
        },
        "after": {**raised["before"], "severity": "CRITICAL"},
    }
    assert [change["kind"] for change in document["changes"]] == [
        "new",
        "severity raised",
        "suppressed",
        "fixed",
        "unchanged",
    ]


def test_a_pull_request_reads_what_is_new_and_unfolds_what_is_fixed() -> None:
    text = written(a_difference(), "markdown")
    assert text.startswith(
        """\
# Vulnerabilities: what changed

| New | Severity raised | Suppressed | Fixed | Unchanged |
| ---: | ---: | ---: | ---: | ---: |
| 1 | 1 | 1 | 1 | 1 |

- Before: alpine:3.10 (container image), """
    )
    assert (
        "\n> **Note:** the second scan is incomplete: what it does not list is not proven to be fixed\n\n"
        "## New: HIGH 1\n\n"
        "| Severity | Vulnerability | Package | Version | Fixed in | What happened | Title |\n"
        "| --- | --- | --- | --- | --- | --- | --- |\n"
        f"| HIGH | [CVE-2020-1967]({URL}) | <code>libssl1.1</code> | <code>1.1.1d-r2</code> | 1.1.1g-r0 "
        "| package added |"
    ) in text
    assert "<details><summary>Fixed: CRITICAL 1</summary>\n\n| Severity" in text
    assert text.endswith("|\n\n</details>\n")


def test_a_comment_has_its_limits() -> None:
    findings = [replace(UNFIXED, vulnerability_id=f"CVE-{number}", title="x" * 130) for number in range(201)]
    text = written(compare(a_scan(), a_scan(*findings)), "markdown")
    assert text.endswith("\n\n1 more, which the JSON lists\n")
    assert f"| {'x' * 120}… |" in text


def test_the_page_loads_and_runs_nothing() -> None:
    page = written(a_difference(), "html", Rendering(unchanged=True))
    assert page.startswith('<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">')
    assert "default-src 'none'; style-src 'sha256-" in page
    assert "<h2>Unchanged: UNKNOWN 1</h2>" in page
    assert '<td><span class="critical">CRITICAL</span></td>' in page
    assert "<script" not in page


@pytest.mark.parametrize("name", DIFF_FORMATS)
def test_hostile_text_stays_text(name: str) -> None:
    finding = replace(
        UNFIXED,
        vulnerability_id=HOSTILE,
        pkg_name=HOSTILE,
        pkg_path=HOSTILE,
        installed_version=HOSTILE,
        title=HOSTILE,
        primary_url="javascript:alert(1)",
    )
    after = replace(a_scan(), report=replace(a_report(finding), artifact_name=HOSTILE))
    text = written(compare(a_scan(), after), name, Rendering(width=100, links=True))
    assert "\x1b" not in text
    assert "\n::error" not in text
    if name in {"markdown", "html"}:
        assert "<script" not in text
        assert name == "html" or "](javascript:" not in text
        assert 'href="javascript' not in text


def test_two_reports_alike_are_told_in_few_words() -> None:
    scan = a_scan(SSL)
    assert written(compare(scan, scan), "table").splitlines()[-1] == "New 0  Fixed 0  Unchanged 1"


def test_what_came_out_meanwhile_is_told() -> None:
    before, after = a_scan(UNFIXED), a_scan(replace(UNFIXED, fixed_version="3.0", installed_version="2.1"))
    text = written(compare(before, after), "table", Rendering(unchanged=True))
    assert "  2.1  3.0  was 2.0; a fix came out  " in text


def test_an_unknown_form_names_those_that_are_known() -> None:
    with pytest.raises(UsageError, match="invalid argument `sarif` for `--format`") as caught:
        find_diff_format("sarif")
    assert caught.value.hint == "one of table, json, markdown, html"
