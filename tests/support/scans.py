"""Finished scans for tests of reports: a small Alpine image, whole and with things that were not looked at."""

from __future__ import annotations

import io

from assaymark.model.advisory import Cvss, DatabaseInfo, DataSource
from assaymark.model.finding import Finding, ModifiedFinding
from assaymark.model.inventory import OperatingSystem
from assaymark.model.issue import Coverage, Issue, IssueCode, Unanalysed
from assaymark.model.package import LayerRef, Package, PackageIdentifier
from assaymark.model.report import Invocation, Metadata, Report, Result, Scan, ScannerInfo
from assaymark.report.format import Rendering, find_format

DIGEST = "sha256:" + "ab" * 32

APK_TOOLS = Finding(
    vulnerability_id="CVE-2021-36159",
    pkg_id="apk-tools@2.10.4-r2",
    pkg_name="apk-tools",
    pkg_identifier=PackageIdentifier(purl="pkg:apk/alpine/apk-tools@2.10.4-r2?arch=x86_64&distro=3.10.4"),
    installed_version="2.10.4-r2",
    fixed_version="2.10.7-r0",
    status="fixed",
    layer=LayerRef(diff_id="sha256:" + "cd" * 32),
    primary_url="https://avd.aquasec.com/nvd/cve-2021-36159",
    data_source=DataSource(id="alpine", name="Alpine Secdb", url="https://secdb.alpinelinux.org/"),
    title="libfetch: an out of boundary read",
    severity="CRITICAL",
    cvss={"nvd": Cvss(v2_score=6.4, v3_score=9.0)},
)
SSL = Finding(
    vulnerability_id="CVE-2020-1967",
    pkg_name="libcrypto1.1",
    installed_version="1.1.1d-r2",
    fixed_version="1.1.1g-r0",
    status="fixed",
    primary_url="https://avd.aquasec.com/nvd/cve-2020-1967",
    title="openssl: Segmentation fault in SSL_check_chain causes denial of service",
    severity="HIGH",
)
SSL_AGAIN = Finding(
    vulnerability_id="CVE-2020-1967",
    pkg_name="libssl1.1",
    installed_version="1.1.1d-r2",
    fixed_version="1.1.1g-r0",
    status="fixed",
    primary_url="https://avd.aquasec.com/nvd/cve-2020-1967",
    title="openssl: Segmentation fault in SSL_check_chain causes denial of service",
    severity="HIGH",
)
UNFIXED = Finding(
    vulnerability_id="CVE-2022-1",
    pkg_name="requests",
    pkg_path="usr/lib/python3/requests-2.0.dist-info/METADATA",
    installed_version="2.0",
    status="will_not_fix",
    description="A thing is wrong. More about it.",
    severity="UNKNOWN",
)
COMPLETE = Coverage(complete=True)
INCOMPLETE = Coverage(
    complete=False,
    issues=(
        Issue(code=IssueCode.ENTRY_IGNORED, message="a line was ignored", path="app/requirements.txt", blocking=False),
        Issue(code=IssueCode.FILE_MALFORMED, message="not JSON", path="app/package-lock.json"),
    ),
    not_analysed=(Unanalysed(kind="gemspec", count=3, examples=("usr/lib/a.gemspec",)),),
)
DATABASE = DatabaseInfo(
    uri="mirror.gcr.io/aquasec/trivy-db@sha256:" + "12" * 32,
    version="2 2026-08-13",
    updated_at="2026-08-13T06:12:01.123456789Z",
    next_update="2026-08-14T06:12:01.123456789Z",
)


def a_report(*findings: Finding, coverage: Coverage | None = COMPLETE) -> Report:
    """A report with one operating system result."""
    return Report(
        schema_version=2,
        scanner=ScannerInfo(name="assaymark", version="1.2.3+local"),
        report_id="017b7d41-e09f-7000-80ea-000000000001",
        created_at="2026-08-15T10:00:00.5Z",
        artifact_name="alpine:3.10",
        artifact_type="container_image",
        metadata=Metadata(os=OperatingSystem(family="alpine", name="3.10.4", eosl=True)),
        results=(
            Result(
                target="alpine:3.10 (alpine 3.10.4)",
                class_="os-pkgs",
                type="alpine",
                packages=(Package(name="apk-tools", version="2.10.4-r2"),),
                vulnerabilities=findings,
                modified_findings=(
                    ModifiedFinding(
                        type="vulnerability", status="ignored", statement="", source=".trivyignore", finding=SSL
                    ),
                ),
            ),
        ),
        coverage=coverage,
    )


def a_scan(*findings: Finding, coverage: Coverage | None = COMPLETE, report: Report | None = None) -> Scan:
    """A scan that took a second and a quarter."""
    return Scan(
        report=report or a_report(*findings, coverage=coverage),
        invocation=Invocation(
            parameters={"command": "image", "flags": {"severity": "HIGH,CRITICAL"}},
            uri="https://ci.example/run/7",
            event_id="7",
            builder_id="https://ci.example/workflow",
        ),
        database=DATABASE,
        started="2026-08-15T09:59:59.25Z",
        finished="2026-08-15T10:00:00.5Z",
        subject=DIGEST,
    )


def rendered(scan: Scan, name: str, rendering: Rendering | None = None) -> bytes:
    """What the format called `name` writes."""
    wanted = find_format(name)
    assert wanted is not None
    stream = io.BytesIO()
    wanted.write(scan, rendering or Rendering(), stream)
    return stream.getvalue()
