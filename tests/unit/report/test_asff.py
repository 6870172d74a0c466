from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace
from tests.support.scans import APK_TOOLS, SSL, UNFIXED, a_report, a_scan, rendered

from assaymark.model.advisory import Cvss
from assaymark.model.report import Scan
from assaymark.report.format import Rendering

ACCOUNT = Rendering(environment={"AWS_REGION": "eu-north-1", "AWS_ACCOUNT_ID": "123456789012"})
TARGET = "alpine:3.10 (alpine 3.10.4)"
APK = replace(
    APK_TOOLS, description="<b> & 'c' \"d\"", cvss={"nvd": Cvss(v3_score=9.8, v3_vector="CVSS:3.1/AV:N", v2_score=10)}
)


def _findings(scan: Scan, rendering: Rendering = ACCOUNT) -> list[Any]:
    document = json.loads(rendered(scan, "asff", rendering))
    assert list(document) == ["Findings"]
    return list(document["Findings"])


def _targeted(target: str) -> Any:
    report = a_report(SSL)
    report = replace(report, results=(replace(report.results[0], target=target),))
    return _findings(a_scan(report=report))[0]


def test_a_finding_is_told_to_the_account_s_own_product() -> None:
    assert _findings(a_scan(APK)) == [
        {
            "SchemaVersion": "2018-10-08",
            "Id": f"{TARGET}/CVE-2021-36159",
            "ProductArn": "arn:aws:securityhub:eu-north-1:123456789012:product/123456789012/default",
            "GeneratorId": "assaymark/CVE-2021-36159",
            "AwsAccountId": "123456789012",
            "Types": ["Software and Configuration Checks/Vulnerabilities/CVE"],
            "CreatedAt": "2026-08-15T10:00:00Z",
            "UpdatedAt": "2026-08-15T10:00:00Z",
            "Severity": {"Label": "CRITICAL"},
            "Title": f"assaymark found a vulnerability to CVE-2021-36159 in container {TARGET}, related to apk-tools",
            "Description": "&lt;b&gt; &amp; &#39;c&#39; &#34;d&#34;",
            "Remediation": {
                "Recommendation": {
                    "Text": "More information on this vulnerability is provided in the hyperlink",
                    "Url": "https://avd.aquasec.com/nvd/cve-2021-36159",
                }
            },
            "ProductFields": {"Product Name": "assaymark"},
            "Resources": [
                {
                    "Type": "Container",
                    "Id": TARGET,
                    "Partition": "aws",
                    "Region": "eu-north-1",
                    "Details": {
                        "Container": {"ImageName": TARGET},
                        "Other": {
                            "CVE ID": "CVE-2021-36159",
                            "CVE Title": "libfetch: an out of boundary read",
                            "PkgName": "apk-tools",
                            "Installed Package": "2.10.4-r2",
                            "Patched Package": "2.10.7-r0",
                            "NvdCvssScoreV3": "9.8",
                            "NvdCvssVectorV3": "CVSS:3.1/AV:N",
                            "NvdCvssScoreV2": "10",
                        },
                    },
                }
            ],
            "RecordState": "ACTIVE",
        }
    ]


def test_nothing_is_empty() -> None:
    (found,) = _findings(a_scan(replace(UNFIXED, description="")))
    assert found["Description"] == "CVE-2022-1"
    assert found["Severity"] == {"Label": "INFORMATIONAL"}
    assert "Remediation" not in found
    assert found["Resources"][0]["Details"]["Other"] == {
        "CVE ID": "CVE-2022-1",
        "PkgName": "requests",
        "Installed Package": "2.0",
        "NvdCvssScoreV3": "0",
        "NvdCvssScoreV2": "0",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("d" * 512, "d" * 512),
        ("d" * 513, "d" * 512 + " .."),
        ("d" * 511 + "ä" + "d", "d" * 511 + " .."),
    ],
    ids=["as long as may be", "longer", "no half character"],
)
def test_a_long_description_is_cut_and_marked(text: str, expected: str) -> None:
    (found,) = _findings(a_scan(replace(SSL, description=text)))
    assert found["Description"] == expected


def test_a_long_target_is_cut_where_the_service_counts() -> None:
    found = _targeted("r/" + "t" * 600)
    assert found["Resources"][0]["Details"]["Container"] == {"ImageName": "..." + "t" * 124}
    assert (len(found["Title"]), len(found["Id"]), len(found["Resources"][0]["Id"])) == (256, 512, 512)
    assert found["Id"].endswith("t/CVE-2020-1967")


def test_without_an_account_the_document_says_none() -> None:
    (found,) = _findings(a_scan(SSL), Rendering())
    assert (found["AwsAccountId"], found["Resources"][0]["Region"]) == ("", "")
