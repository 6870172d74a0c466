from __future__ import annotations

import json
from typing import Any

from msgspec.structs import replace
from tests.support.scans import DIGEST, a_report, a_scan, rendered

from assaymark.model.package import Package, PackageIdentifier, Relationship
from assaymark.model.report import Metadata, Report, Result
from assaymark.report.format import Rendering

RUN = {
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_SHA": "ab" * 20,
    "GITHUB_WORKFLOW": "ci",
    "GITHUB_JOB": "scan",
    "GITHUB_RUN_ID": "7",
}
EXPRESS = Package(
    name="express",
    version="4.0.0",
    identifier=PackageIdentifier(purl="pkg:npm/express@4.0.0"),
    relationship=Relationship.DIRECT,
    depends_on=("accepts@1.0.0",),
    file_path="app/node_modules/express/package.json",
)
ACCEPTS = Package(name="accepts", version="1.0.0", relationship=Relationship.INDIRECT)
NODE = Result(target="Node.js", class_="lang-pkgs", type="node-pkg", packages=(EXPRESS, ACCEPTS))
RESOLVED = {
    "accepts": {"relationship": "indirect", "scope": "runtime"},
    "express": {
        "package_url": "pkg:npm/express@4.0.0",
        "relationship": "direct",
        "dependencies": ["accepts@1.0.0"],
        "scope": "runtime",
        "metadata": {"source_location": "app/node_modules/express/package.json"},
    },
}


def _snapshot(report: Report, **environment: str) -> Any:
    return json.loads(rendered(a_scan(report=report), "github", Rendering(environment=environment)))


def test_a_run_submits_every_package_by_name() -> None:
    metadata = Metadata(repo_tags=("a/b:1", "a/b:2"), repo_digests=(f"a/b@{DIGEST}",))
    report = replace(a_report(), results=(NODE, *a_report().results), metadata=metadata)
    assert _snapshot(report, **RUN) == {
        "version": 0,
        "detector": {"name": "assaymark", "version": "1.2.3+local", "url": "https://pypi.org/project/assaymark/"},
        "metadata": {
            "aquasecurity:trivy:RepoDigest": f"a/b@{DIGEST}",
            "aquasecurity:trivy:RepoTag": "a/b:1, a/b:2",
        },
        "ref": "refs/heads/main",
        "sha": "ab" * 20,
        "job": {"correlator": "ci_scan", "id": "7"},
        "scanned": "2026-08-15T10:00:00Z",
        "manifests": {
            "Node.js": {
                "name": "node-pkg",
                "file": {"source_location": f"a/b:1, a/b:2@{DIGEST}"},
                "resolved": RESOLVED,
            },
            "alpine:3.10 (alpine 3.10.4)": {
                "name": "alpine",
                "resolved": {"apk-tools": {"relationship": "direct", "scope": "runtime"}},
            },
        },
    }


def test_outside_of_a_run_only_the_job_is_there_and_blank() -> None:
    snapshot = _snapshot(replace(a_report(), metadata=Metadata(), results=()))
    assert list(snapshot) == ["version", "detector", "job", "scanned"]
    assert snapshot["job"] == {"correlator": "_"}


def test_in_a_source_tree_packages_stand_in_their_lockfile() -> None:
    locked = replace(NODE, target="app/package-lock.json", type="npm")
    manifests = _snapshot(replace(a_report(), artifact_type="filesystem", results=(locked,)))["manifests"]
    assert manifests["app/package-lock.json"]["file"] == {"source_location": "app/package-lock.json"}


def test_an_image_without_a_name_is_no_place() -> None:
    manifests = _snapshot(replace(a_report(), metadata=Metadata(), results=(NODE,)))["manifests"]
    assert manifests["Node.js"]["file"] == {}


def test_of_two_packages_with_one_name_the_later_stays_and_targets_without_packages_are_left_out() -> None:
    twice = replace(NODE, packages=(EXPRESS, replace(EXPRESS, identifier=PackageIdentifier(purl="pkg:npm/express@5"))))
    empty = Result(target="empty", type="npm")
    manifests = _snapshot(replace(a_report(), results=(empty, twice)))["manifests"]
    assert list(manifests) == ["Node.js"]
    assert [each["package_url"] for each in manifests["Node.js"]["resolved"].values()] == ["pkg:npm/express@5"]
