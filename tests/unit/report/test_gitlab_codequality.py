from __future__ import annotations

import hashlib
import json

import pytest
from msgspec.structs import replace
from tests.support.scans import SSL, UNFIXED, a_scan, rendered


def test_a_finding_is_an_issue_with_the_reference_s_fingerprint() -> None:
    text = b"CVE-2020-1967libcrypto1.11.1.1d-r2alpine:3.10 (alpine 3.10.4)"
    title = "openssl: Segmentation fault in SSL_check_chain causes denial of service"
    assert json.loads(rendered(a_scan(replace(SSL, description="more")), "gitlab-codequality")) == [
        {
            "type": "issue",
            "check_name": "container_scanning",
            "categories": ["Security"],
            "description": f"CVE-2020-1967 - libcrypto1.1 - 1.1.1d-r2 - {title}",
            "fingerprint": hashlib.sha1(text, usedforsecurity=False).hexdigest(),
            "content": "more",
            "severity": "major",
            "location": {"path": "alpine:3.10 (alpine 3.10.4)", "lines": {"begin": 0}},
        }
    ]


@pytest.mark.parametrize(
    ("severity", "expected"),
    [("UNKNOWN", "info"), ("LOW", "info"), ("MEDIUM", "minor"), ("HIGH", "major"), ("CRITICAL", "critical")],
)
def test_severities_are_code_climate_s(severity: str, expected: str) -> None:
    (issue,) = json.loads(rendered(a_scan(replace(UNFIXED, severity=severity)), "gitlab-codequality"))
    assert issue["severity"] == expected


def test_nothing_found_is_an_empty_list() -> None:
    assert rendered(a_scan(), "gitlab-codequality") == b"[]\n"


def test_half_a_surrogate_pair_has_a_fingerprint_too() -> None:
    (issue,) = json.loads(rendered(a_scan(replace(SSL, pkg_name="a\ud800")), "gitlab-codequality"))
    assert issue["description"].split(" - ")[1] == "a\\ud800"
