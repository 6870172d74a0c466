"""A scan with everything that a bill of materials has a place for: a system, a lockfile, gathered packages, findings."""

from __future__ import annotations

from tests.support.scans import a_scan

from assaymark.model.advisory import Cvss, DataSource
from assaymark.model.finding import Finding
from assaymark.model.inventory import OperatingSystem
from assaymark.model.package import BuildInfo, LayerRef, Package, PackageIdentifier, Relationship
from assaymark.model.report import Metadata, Report, Result, Scan, ScannerInfo

DIGEST = "sha256:" + "ab" * 32
DIFF_ID = "sha256:" + "cd" * 32
LAYER = LayerRef(digest=DIGEST, diff_id=DIFF_ID)

BASH_PURL = "pkg:rpm/redhat/bash@5.1-6?arch=x86_64&distro=redhat-9.2&epoch=1"
BASH = Package(
    id="bash@5.1-6.x86_64",
    name="bash",
    identifier=PackageIdentifier(purl=BASH_PURL, uid="a1"),
    version="5.1",
    release="6",
    epoch=1,
    arch="x86_64",
    src_name="bash",
    src_version="5.1",
    src_release="6",
    src_epoch=1,
    licenses=("GPL-3.0-or-later", "MIT AND Apache-2.0"),
    maintainer="Red Hat, Inc.",
    modularitylabel="m:1",
    build_info=BuildInfo(content_sets=("rhel-9-baseos",), nvr="ubi-9", arch="x86_64"),
    depends_on=("glibc@2.34-60.x86_64", "nobody@1"),
    layer=LAYER,
    digest="md5:" + "12" * 16,
)
GLIBC_PURL = "pkg:rpm/redhat/glibc@2.34-60?arch=x86_64&distro=redhat-9.2"
GLIBC = Package(
    id="glibc@2.34-60.x86_64",
    name="glibc",
    identifier=PackageIdentifier(purl=GLIBC_PURL, uid="a2"),
    version="2.34",
    release="60",
    licenses=("LGPLv2+ and Public Domain",),
)
APP = Package(
    id="app@1.0.0",
    name="app",
    identifier=PackageIdentifier(purl="pkg:npm/app@1.0.0", uid="b1"),
    version="1.0.0",
    relationship=Relationship.ROOT,
    depends_on=("@types/Node@20.1.0",),
)
NODE = Package(
    id="@types/Node@20.1.0",
    name="@types/Node",
    identifier=PackageIdentifier(purl="pkg:npm/%40types/node@20.1.0", uid="b2"),
    version="20.1.0",
    relationship=Relationship.DIRECT,
)
JAR_PURL = "pkg:maven/org.example/tool@2.0"
JAR = Package(
    name="org.example:tool",
    identifier=PackageIdentifier(purl=JAR_PURL, uid="c1"),
    version="2.0",
    licenses=("Example (Public) Licence",),
    file_path="opt/tool.jar",
    digest="sha1:" + "34" * 20,
)
JAR_AGAIN = Package(
    name="org.example:tool",
    identifier=PackageIdentifier(purl=JAR_PURL, uid="c2"),
    version="2.0",
    file_path="srv/tool.jar",
)
CVE = Finding(
    vulnerability_id="CVE-2023-1",
    pkg_id=BASH.id,
    pkg_name="bash",
    pkg_identifier=BASH.identifier,
    installed_version="1:5.1-6",
    fixed_version="1:5.1-7",
    status="fixed",
    layer=LAYER,
    primary_url="https://avd.aquasec.com/nvd/cve-2023-1",
    data_source=DataSource(id="redhat", name="Red Hat", url="https://access.redhat.com/"),
    title="a title",
    description="a <description>",
    severity="HIGH",
    cwe_ids=("CWE-79", "CWE-x"),
    vendor_severity={"ghsa": 0, "nvd": 3, "redhat": 2},
    cvss={
        "nvd": Cvss(
            v2_score=5,
            v2_vector="AV:N/AC:L/Au:N/C:N/I:N/A:P",
            v3_score=7.5,
            v3_vector="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H",
            v40_score=8.7,
            v40_vector="CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:H/SC:N/SI:N/SA:N",
        ),
        "redhat": Cvss(v3_score=5.3, v3_vector="CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L"),
    },
    references=("see https://example.com/a for more", "javascript:alert(1)", "https://example.com/a"),
    published_date="2023-01-02T03:04:05.678Z",
    last_modified_date="2023-02-03T00:00:00Z",
)
SAME_CVE = Finding(
    vulnerability_id="CVE-2023-1",
    pkg_name="org.example:tool",
    pkg_path="srv/tool.jar",
    pkg_identifier=JAR_AGAIN.identifier,
    installed_version="2.0",
    fixed_version="2.1",
    severity="HIGH",
)
OS_RESULT = Result(
    target="registry.example/ubi:9 (redhat 9.2)",
    class_="os-pkgs",
    type="redhat",
    packages=(BASH, GLIBC),
    vulnerabilities=(CVE,),
)
NPM_RESULT = Result(target="app/package-lock.json", class_="lang-pkgs", type="npm", packages=(APP, NODE))
JAVA_RESULT = Result(
    target="Java", class_="lang-pkgs", type="jar", packages=(JAR, JAR_AGAIN), vulnerabilities=(SAME_CVE,)
)
REPORT = Report(
    schema_version=2,
    scanner=ScannerInfo(name="assaymark", version="1.2.3"),
    report_id="017b7d41-e09f-7000-80ea-000000000001",
    created_at="2026-08-15T12:00:00.5+02:00",
    artifact_name="registry.example/ubi:9",
    artifact_type="container_image",
    metadata=Metadata(
        size=1024,
        os=OperatingSystem(family="redhat", name="9.2"),
        image_id=DIGEST,
        diff_ids=(DIFF_ID,),
        repo_tags=("registry.example/ubi:9",),
        repo_digests=(f"registry.example/ubi@{DIGEST}",),
        reference="registry.example/ubi:9",
        image_config={"architecture": "amd64", "config": {"Labels": {"vendor": "Red Hat"}}},
    ),
    results=(OS_RESULT, JAVA_RESULT, NPM_RESULT),
)


def a_billed_scan(report: Report = REPORT) -> Scan:
    """The scan that the report comes from."""
    return a_scan(report=report)
