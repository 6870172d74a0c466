from __future__ import annotations

import json

from msgspec.structs import replace
from tests.support.scans import APK_TOOLS, INCOMPLETE, UNFIXED, a_scan, rendered

from assaymark.model.advisory import DatabaseInfo

APK = replace(APK_TOOLS, severity_source="nvd")


def test_the_predicate_has_every_field_of_its_specification() -> None:
    assert json.loads(rendered(a_scan(APK, UNFIXED, coverage=INCOMPLETE), "intoto-vulns")) == {
        "scanner": {
            "uri": "pkg:pypi/assaymark@1.2.3%2Blocal",
            "version": "1.2.3+local",
            "db": {
                "uri": "mirror.gcr.io/aquasec/trivy-db@sha256:" + "12" * 32,
                "version": "2 2026-08-13",
                "lastUpdate": "2026-08-13T06:12:01.123456789Z",
            },
            "result": [
                {
                    "id": "CVE-2021-36159",
                    "severity": [
                        {"method": "nvd", "score": "critical"},
                        {"method": "cvss_score", "score": "9.0"},
                    ],
                    "annotations": [
                        {
                            "target": "alpine:3.10 (alpine 3.10.4)",
                            "package": "apk-tools",
                            "version": "2.10.4-r2",
                            "purl": "pkg:apk/alpine/apk-tools@2.10.4-r2?arch=x86_64&distro=3.10.4",
                            "fixedVersion": "2.10.7-r0",
                            "status": "fixed",
                            "title": "libfetch: an out of boundary read",
                            "url": "https://avd.aquasec.com/nvd/cve-2021-36159",
                        }
                    ],
                },
                {
                    "id": "CVE-2022-1",
                    "severity": [{"method": "unknown", "score": "unknown"}],
                    "annotations": [
                        {
                            "target": "alpine:3.10 (alpine 3.10.4)",
                            "package": "requests",
                            "version": "2.0",
                            "path": "usr/lib/python3/requests-2.0.dist-info/METADATA",
                            "status": "will_not_fix",
                        }
                    ],
                },
            ],
            "assaymark_coverage": {
                "complete": False,
                "issues": {"ENTRY_IGNORED": 1, "FILE_MALFORMED": 1},
                "notAnalysed": {"gemspec": 3},
            },
        },
        "metadata": {"scanStartedOn": "2026-08-15T09:59:59.25Z", "scanFinishedOn": "2026-08-15T10:00:00.5Z"},
    }


def test_nothing_found_is_an_empty_list_and_a_time_that_is_not_known_says_so() -> None:
    bare = replace(a_scan(coverage=None), database=DatabaseInfo(), started="")
    predicate = json.loads(rendered(bare, "intoto-vulns"))
    assert predicate["scanner"]["result"] == []
    assert predicate["scanner"]["db"] == {"lastUpdate": "0001-01-01T00:00:00Z"}
    assert "assaymark_coverage" not in predicate["scanner"]
    assert predicate["metadata"]["scanStartedOn"] == "0001-01-01T00:00:00Z"
