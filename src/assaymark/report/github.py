"""GitHub's dependency snapshot ("REST API endpoints for dependency submission", version 0).

As the reference writes it: a manifest for each target that has packages, packages by name (of two with one name the
later stays), everything in order of keys. Ref, commit and job come from the variables of a GitHub Actions run and are
left out, or blank, anywhere else; packages of an image's languages stand at the image's tags and digest. Nothing is a
development dependency, because such packages were left out of the scan or were wanted like all others.
"""

from __future__ import annotations

from typing import Any, BinaryIO, Final

from assaymark.model.package import Package, Relationship
from assaymark.model.report import Metadata, Report, Result, Scan
from assaymark.report.format import Format, Rendering
from assaymark.report.gojson import encode_go
from assaymark.report.inert import line, package_address
from assaymark.report.scanner import scanner_home
from assaymark.report.wording import utc_seconds

_REF: Final = "GITHUB_REF"
_SHA: Final = "GITHUB_SHA"
_WORKFLOW: Final = "GITHUB_WORKFLOW"
_JOB: Final = "GITHUB_JOB"
_RUN: Final = "GITHUB_RUN_ID"


def write(scan: Scan, rendering: Rendering, stream: BinaryIO) -> None:
    """One snapshot; no line feed ends it."""
    report = scan.report
    environment = {name: line(value) for name, value in rendering.environment.items()}
    snapshot = {
        "version": 0,
        "detector": {
            "name": report.scanner.name,
            "version": report.scanner.version,
            "url": scanner_home(report.scanner),
        },
        "metadata": _metadata(report.metadata),
        "ref": environment.get(_REF, ""),
        "sha": environment.get(_SHA, ""),
        "job": _job(environment),
        "scanned": f"{utc_seconds(scan.finished)}Z",
        "manifests": {line(result.target): _manifest(result, report) for result in _with_packages(report)},
    }
    stream.write(encode_go({key: value for key, value in snapshot.items() if value or key == "version"}))


def _with_packages(report: Report) -> list[Result]:
    return sorted((result for result in report.results if result.packages), key=lambda result: result.target)


def _metadata(metadata: Metadata) -> dict[str, str]:
    names = {"RepoDigest": metadata.repo_digests, "RepoTag": metadata.repo_tags}
    return {f"aquasecurity:trivy:{name}": line(", ".join(values)) for name, values in names.items() if values}


def _job(environment: dict[str, str]) -> dict[str, str]:
    job = {"correlator": f"{environment.get(_WORKFLOW, '')}_{environment.get(_JOB, '')}"}
    return {**job, "id": environment[_RUN]} if environment.get(_RUN) else job


def _manifest(result: Result, report: Report) -> dict[str, Any]:
    manifest: dict[str, Any] = {"name": line(result.type)} if result.type else {}
    if result.class_ == "lang-pkgs":
        place = _image(report.metadata) if report.artifact_type == "container_image" else line(result.target)
        manifest["file"] = {"source_location": place} if place else {}
    packages = {line(package.name): _resolved(package) for package in result.packages}
    return {**manifest, "resolved": dict(sorted(packages.items()))}


def _image(metadata: Metadata) -> str:
    """The tags, and the first digest with whatever follows it."""
    tags, digests = ", ".join(metadata.repo_tags), ", ".join(metadata.repo_digests)
    return line(f"{tags}@{digests.partition('@')[2]}" if "@" in digests else tags)


def _resolved(package: Package) -> dict[str, Any]:
    indirect = package.relationship is Relationship.INDIRECT
    entry = {
        "package_url": package_address(package.identifier.purl),
        "relationship": "indirect" if indirect else "direct",
        "dependencies": [line(each) for each in package.depends_on],
        "scope": "runtime",
        "metadata": {"source_location": line(package.file_path)} if package.file_path else {},
    }
    return {key: value for key, value in entry.items() if value}


FORMAT: Final = Format(
    name="github",
    media_type="application/json",
    summary="GitHub's dependency snapshot",
    write=write,
    variables=(_REF, _SHA, _WORKFLOW, _JOB, _RUN),
)
