from __future__ import annotations

import json

from msgspec.structs import replace
from tests.support.scans import APK_TOOLS, INCOMPLETE, a_report, a_scan, rendered

from assaymark.model.report import Result
from assaymark.report.format import Rendering

WHOLE = """{
  "SchemaVersion": 2,
  "Scanner": {
    "Name": "assaymark",
    "Version": "1.2.3+local"
  },
  "ReportID": "017b7d41-e09f-7000-80ea-000000000001",
  "CreatedAt": "2026-08-15T10:00:00.5Z",
  "ArtifactName": "alpine:3.10",
  "ArtifactType": "container_image",
  "Metadata": {
    "OS": {
      "Family": "alpine",
      "Name": "3.10.4",
      "EOSL": true
    }
  },
  "Results": [
    {
      "Target": "alpine:3.10 (alpine 3.10.4)",
      "Class": "os-pkgs",
      "Type": "alpine",
      "Packages": [
        {
          "Name": "apk-tools",
          "Version": "2.10.4-r2"
        }
      ],
      "Vulnerabilities": [
        {
          "VulnerabilityID": "CVE-2021-36159",
          "PkgID": "apk-tools@2.10.4-r2",
          "PkgName": "apk-tools",
          "PkgIdentifier": {
            "PURL": "pkg:apk/alpine/apk-tools@2.10.4-r2?arch=x86_64\\u0026distro=3.10.4"
          },
          "InstalledVersion": "2.10.4-r2",
          "FixedVersion": "2.10.7-r0",
          "Status": "fixed",
          "Layer": {
            "DiffID": "sha256:cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
          },
          "PrimaryURL": "https://avd.aquasec.com/nvd/cve-2021-36159",
          "DataSource": {
            "ID": "alpine",
            "Name": "Alpine Secdb",
            "URL": "https://secdb.alpinelinux.org/"
          },
          "Title": "libfetch: an out of boundary read",
          "Severity": "CRITICAL",
          "CVSS": {
            "nvd": {
              "V2Score": 6.4,
              "V3Score": 9
            }
          }
        }
      ]
    }
  ],
  "Coverage": {
    "Complete": true
  }
}
"""


def test_the_whole_report_with_one_line_feed_at_its_end() -> None:
    assert rendered(a_scan(APK_TOOLS), "json").decode() == WHOLE


def test_packages_are_left_out_unless_they_are_wanted() -> None:
    written = json.loads(rendered(a_scan(APK_TOOLS), "json", Rendering(list_all_packages=False)))
    assert list(written["Results"][0]) == ["Target", "Class", "Type", "Vulnerabilities"]


def test_filtered_findings_are_shown_when_they_are_wanted() -> None:
    written = json.loads(rendered(a_scan(APK_TOOLS), "json", Rendering(show_suppressed=True)))
    (modified,) = written["Results"][0]["ExperimentalModifiedFindings"]
    assert list(modified) == ["Type", "Status", "Statement", "Source", "Finding"]
    assert modified["Finding"]["VulnerabilityID"] == "CVE-2020-1967"


def test_a_result_without_target_and_content_is_dropped_and_a_clean_one_stays() -> None:
    report = replace(
        a_report(), results=(Result(target="", class_="lang-pkgs"), Result(target="app/package-lock.json"))
    )
    written = json.loads(rendered(a_scan(report=report), "json"))
    assert written["Results"] == [{"Target": "app/package-lock.json"}]


def test_a_report_whose_results_all_drop_has_no_results_key() -> None:
    report = replace(a_report(), results=(Result(target="", packages=a_report().results[0].packages),))
    assert "Results" not in json.loads(rendered(a_scan(report=report), "json", Rendering(list_all_packages=False)))
    assert "Results" in json.loads(rendered(a_scan(report=report), "json"))


def test_coverage_lists_what_was_not_looked_at() -> None:
    written = json.loads(rendered(a_scan(coverage=INCOMPLETE), "json"))
    assert written["Coverage"] == {
        "Complete": False,
        "Issues": [
            {
                "Code": "ENTRY_IGNORED",
                "Message": "a line was ignored",
                "Path": "app/requirements.txt",
                "Blocking": False,
            },
            {"Code": "FILE_MALFORMED", "Message": "not JSON", "Path": "app/package-lock.json"},
        ],
        "NotAnalysed": [{"Kind": "gemspec", "Count": 3, "Examples": ["usr/lib/a.gemspec"]}],
    }
