"""A report with a small tree, and VEX documents as text, for tests of what statements take out.

image registry.example/team/shop:1.2
├─ alpine: libssl1.1 (of openssl), busybox
├─ app/package-lock.json: left → shared ← right
└─ Python packages: requests
"""

from __future__ import annotations

import json
from typing import Any

from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.matching.vex.apply import apply_vex
from assaymark.matching.vex.format import read_vex
from assaymark.matching.vex.graph import Subject
from assaymark.matching.vex.source import SingleDocument
from assaymark.model.finding import Finding
from assaymark.model.package import Package, PackageIdentifier, Relationship
from assaymark.model.report import Metadata, Report, Result, ScannerInfo

DIGEST = "sha256:" + "ab" * 32
CONFIG = "sha256:" + "cd" * 32
MANIFEST = "sha256:" + "ef" * 32
REPOSITORY = "registry.example/team/shop"
IMAGE_PURL = f"pkg:oci/shop@{DIGEST}?arch=amd64&repository_url=registry.example%2Fteam%2Fshop"
SSL = "pkg:apk/alpine/libssl1.1@1.1.1d-r2?arch=x86_64&distro=3.10.4"
BUSYBOX = "pkg:apk/alpine/busybox@1.30.1-r3?arch=x86_64&distro=3.10.4"
SHARED = "pkg:npm/shared@1.0.0"
LEFT = "pkg:npm/left@1.0.0"
RIGHT = "pkg:npm/right@1.0.0"
REQUESTS = "pkg:pypi/requests@2.0.0"


def package(purl: str, name: str, version: str, **more: Any) -> Package:
    """A package with an identifier of its own."""
    identifier = PackageIdentifier(purl=purl, uid=f"uid of {name}", bom_ref=more.pop("bom_ref", ""))
    return Package(name=name, version=version, identifier=identifier, **more)


def finding(of: Package, name: str = "CVE-2026-1000") -> Finding:
    """A vulnerability in a package."""
    return Finding(
        vulnerability_id=name,
        pkg_name=of.name,
        pkg_identifier=of.identifier,
        installed_version=of.version,
        severity="HIGH",
    )


def shop(*, artifact_type: str = "container_image", metadata: Metadata | None = None) -> Report:
    """The report of the tree above, with a finding in each of four packages."""
    ssl = package(SSL, "libssl1.1", "1.1.1d-r2", id="libssl1.1@1.1.1d-r2", src_name="openssl", src_version="1.1.1d-r2")
    busybox = package(BUSYBOX, "busybox", "1.30.1-r3", id="busybox@1.30.1-r3")
    shared = package(SHARED, "shared", "1.0.0", id="shared@1.0.0", relationship=Relationship.INDIRECT)
    left = package(LEFT, "left", "1.0.0", id="left@1.0.0", depends_on=("shared@1.0.0",))
    right = package(RIGHT, "right", "1.0.0", id="right@1.0.0", depends_on=("shared@1.0.0",))
    requests = package(REQUESTS, "requests", "2.0.0")
    results = (
        Result(
            target="shop (alpine 3.10.4)",
            class_="os-pkgs",
            type="alpine",
            packages=(busybox, ssl),
            vulnerabilities=(finding(busybox), finding(ssl)),
        ),
        Result(
            target="app/package-lock.json",
            class_="lang-pkgs",
            type="npm",
            packages=(left, right, shared),
            vulnerabilities=(finding(shared),),
        ),
        Result(
            target="Python",
            class_="lang-pkgs",
            type="python-pkg",
            packages=(requests,),
            vulnerabilities=(finding(requests, "CVE-2026-2000"),),
        ),
    )
    return Report(
        schema_version=2,
        scanner=ScannerInfo(name="assaymark", version="1"),
        report_id="r",
        created_at="2026-01-01T00:00:00Z",
        artifact_name=f"{REPOSITORY}:1.2",
        artifact_type=artifact_type,
        metadata=metadata
        or Metadata(
            image_id=CONFIG,
            repo_tags=(f"{REPOSITORY}:1.2",),
            repo_digests=(f"{REPOSITORY}@{DIGEST}",),
            image_config={"architecture": "amd64"},
        ),
        results=results,
    )


def openvex(*statements: dict[str, Any], **head: Any) -> bytes:
    """An OpenVEX document."""
    return json.dumps({"@context": "https://openvex.dev/ns/v0.2.0", **head, "statements": list(statements)}).encode()


def statement(*products: Any, name: str = "CVE-2026-1000", status: str = "not_affected", **more: Any) -> dict[str, Any]:
    """A statement of OpenVEX; products are `@id`s, or objects."""
    listed = [{"@id": product} if isinstance(product, str) else product for product in products]
    return {"vulnerability": {"name": name}, "status": status, "products": listed, **more}


def within(product: str, *parts: str) -> dict[str, Any]:
    """A product with parts."""
    return {"@id": product, "subcomponents": [{"@id": part} for part in parts]}


def judged(
    *documents: bytes, report: Report | None = None, subject: Subject | None = None, limits: Limits = DEFAULT_LIMITS
) -> Report:
    """The report after these documents."""
    sources = [
        SingleDocument(read_vex(data, source=f"{number}.json", what=f"{number}.json", limits=limits))
        for number, data in enumerate(documents, 1)
    ]
    return apply_vex(report or shop(), sources, subject or Subject(), limits=limits)


def taken_out(report: Report) -> list[str]:
    """What left: the package, the status, the statement and the source of each."""
    return [
        f"{each.finding.pkg_name} | {each.status} | {each.statement} | {each.source}"
        for result in report.results
        for each in result.modified_findings
    ]


def reasons(report: Report) -> list[str]:
    """What became of each statement."""
    documents = report.coverage.vex if report.coverage else ()
    return [
        f"{each.vulnerability} {each.status} {each.findings} {each.match or '-'}: {each.reason}"
        for document in documents
        for each in document.statements
    ]
