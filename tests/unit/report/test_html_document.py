from __future__ import annotations

from msgspec.structs import replace
from tests.support.scans import APK_TOOLS, SSL, SSL_AGAIN, a_report, a_scan

from assaymark.model.advisory import Cvss, DataSource
from assaymark.model.finding import Finding, ModifiedFinding
from assaymark.model.package import LayerRef, Package, PackageIdentifier, Relationship
from assaymark.model.report import Metadata, Report, Result
from assaymark.report.html_page.document import (
    PageDetail,
    PageDocument,
    PageFinding,
    PageLayer,
    PagePackage,
    PageSource,
    document_of,
)

DIFF_IDS = ("sha256:" + "aa" * 32, "sha256:" + "bb" * 32)
CONFIG = {
    "history": [
        {"created_by": "/bin/sh -c #(nop) ADD rootfs in / "},
        {"created_by": "ENV A=b", "empty_layer": True},
        {"created_by": "RUN apk add curl"},
    ]
}


def document(*results: Result, metadata: Metadata | None = None) -> PageDocument:
    report: Report = replace(a_report(), results=results, metadata=metadata or Metadata())
    return document_of(a_scan(report=report))


def test_what_findings_share_is_told_once() -> None:
    told = document(Result(target="os", type="alpine", vulnerabilities=(SSL_AGAIN, APK_TOOLS, SSL)))
    assert [each.id for each in told.details] == ["CVE-2021-36159", "CVE-2020-1967"]
    assert [(each.detail, told.packages[each.package].name) for each in told.findings] == [
        (0, "apk-tools"),
        (1, "libcrypto1.1"),
        (1, "libssl1.1"),
    ]
    assert told.sources == (PageSource(name="Alpine Secdb", url="https://secdb.alpinelinux.org/"),)
    assert [each.source for each in told.findings] == [0, -1, -1]


def test_a_vulnerability_with_another_text_elsewhere_is_told_twice() -> None:
    other = replace(SSL_AGAIN, title="another text")
    told = document(Result(target="os", vulnerabilities=(SSL, other)))
    assert [(each.id, each.title) for each in told.details] == [
        (SSL.vulnerability_id, SSL.title),
        (SSL.vulnerability_id, "another text"),
    ]


def test_a_finding_with_everything() -> None:
    finding = Finding(
        vulnerability_id="CVE-1",
        vendor_ids=("DSA-1",),
        pkg_name="a",
        installed_version="1",
        status="fix_deferred",
        severity_source="nvd",
        severity="HIGH",
        primary_url="https://example.com/CVE-1",
        data_source=DataSource(id="debian", url="javascript:alert(1)"),
        title="a  title\nin lines",
        description="First.\nSecond.",
        cwe_ids=("CWE-1",),
        vendor_severity={"debian": 1, "nvd": 3, "odd": 77},
        cvss={
            "nvd": Cvss(
                v2_score=5, v2_vector="AV:N", v3_score=7.5, v3_vector="CVSS:3.1/AV:N", v40_vector="CVSS:4.0/AV:N"
            )
        },
        references=("https://example.com/a b", "javascript:alert(1)"),
        published_date="2020-01-02T03:04:05Z",
        last_modified_date="2021-01-02T03:04:05Z",
    )
    told = document(Result(target="t", vulnerabilities=(finding,)))
    assert told.findings == (
        PageFinding(
            detail=0,
            package=0,
            severity=1,
            state="fix_deferred",
            score=7.5,
            rated_by="nvd",
            source=0,
            vendor_ids=("DSA-1",),
        ),
    )
    assert told.sources == (PageSource(name="debian"),)
    assert told.details == (
        PageDetail(
            id="CVE-1",
            title="a title in lines",
            description="First.\nSecond.",
            url="https://example.com/CVE-1",
            references=("https://example.com/a%20b", "javascript:alert(1)"),
            weaknesses=("CWE-1",),
            scores=(
                ("nvd", "4.0", 0.0, "CVSS:4.0/AV:N"),
                ("nvd", "3", 7.5, "CVSS:3.1/AV:N"),
                ("nvd", "2", 5.0, "AV:N"),
            ),
            ratings=(("debian", "LOW"), ("nvd", "HIGH"), ("odd", "UNKNOWN")),
            published="2020-01-02",
            modified="2021-01-02",
            age=5,
        ),
    )


def _package(name: str, *needs: str, path: str = "", uid: str = "") -> Package:
    return Package(
        id=f"{name}@1",
        name=name,
        version="1",
        file_path=path,
        depends_on=tuple(f"{each}@1" for each in needs),
        identifier=PackageIdentifier(uid=uid),
    )


def test_packages_point_at_what_they_need_in_the_same_target() -> None:
    first = Result(target="a", packages=(_package("x", "y", "gone"), _package("y")))
    second = Result(target="b", packages=(_package("y"), _package("x", "y")))
    assert [each.depends for each in document(first, second).packages] == [(1,), (), (), (2,)]


def test_of_two_packages_of_one_name_the_one_in_the_same_file_is_needed() -> None:
    result = Result(
        target="jars",
        packages=(_package("y", path="a"), _package("y", path="b"), _package("x", "y", path="b"), _package("z", "y")),
    )
    assert [each.depends for each in document(result).packages] == [(), (), (1,), (0,)]


def test_a_finding_leads_to_its_package_by_identifier_or_by_name_version_and_place() -> None:
    marked = replace(SSL, pkg_identifier=PackageIdentifier(uid="1234"))
    plain = Finding(pkg_name="x", installed_version="1", pkg_path="p", severity="LOW")
    alone = Finding(pkg_name="x", installed_version="1", pkg_path="elsewhere", severity="LOW")
    result = Result(
        target="t",
        packages=(_package("renamed", uid="1234"), _package("x", path="p")),
        vulnerabilities=(marked, plain, alone),
    )
    told = document(result)
    assert [each.package for each in told.findings] == [0, 2, 1]
    assert [each.listed for each in told.packages] == [True, True, False]


def test_layers_have_numbers_and_the_commands_that_made_them() -> None:
    packages = tuple(
        replace(_package(name), layer=LayerRef(diff_id=diff_id, digest=digest))
        for name, diff_id, digest in (
            ("a", DIFF_IDS[1], "sha256:stored"),
            ("b", DIFF_IDS[1], "sha256:stored"),
            ("c", DIFF_IDS[0], ""),
            ("d", "sha256:other", ""),
            ("e", "", ""),
        )
    )
    told = document(Result(target="t", packages=packages), metadata=Metadata(diff_ids=DIFF_IDS, image_config=CONFIG))
    assert [each.layer for each in told.packages] == [0, 0, 1, 2, -1]
    assert told.layers == (
        PageLayer(digest="sha256:stored", number=2, command="RUN apk add curl"),
        PageLayer(digest=DIFF_IDS[0], number=1, command="ADD rootfs in /"),
        PageLayer(digest="sha256:other"),
    )


def test_a_package_with_everything() -> None:
    package = Package(
        id="a@1",
        name="a\x1b[31m",
        version="1",
        release="2",
        epoch=3,
        dev=True,
        licenses=("MIT",),
        relationship=Relationship.DIRECT,
        identifier=PackageIdentifier(purl="pkg:npm/a@1"),
    )
    assert document(Result(target="t", packages=(package,))).packages == (
        PagePackage(
            target=0,
            name="a\\x1b[31m",
            version="3:1-2",
            purl="pkg:npm/a@1",
            relationship="direct",
            licenses=("MIT",),
            dev=True,
            listed=True,
        ),
    )


def test_what_filters_left_out_stands_among_the_findings_with_its_reason() -> None:
    left_out = ModifiedFinding(
        type="vulnerability", status="ignored", statement="known", source=".vex", finding=APK_TOOLS
    )
    told = document(Result(target="t", vulnerabilities=(SSL,), modified_findings=(left_out,)))
    assert [each.out for each in told.findings] == ["ignored: known (.vex)", ""]
