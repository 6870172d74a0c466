"""The report of one scan (the reference's SchemaVersion 2), and what stands around it in a record."""

from __future__ import annotations

from typing import Any

import msgspec

from assaymark.model.advisory import DatabaseInfo
from assaymark.model.artifact import SbomOrigin
from assaymark.model.finding import Finding, ModifiedFinding
from assaymark.model.inventory import OperatingSystem
from assaymark.model.issue import Coverage
from assaymark.model.package import Package


class ScannerInfo(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """The program that scanned; stands where the reference writes `Trivy`."""

    name: str
    version: str


class ReportLayer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A layer in the report's metadata; `size` counts the uncompressed tar stream."""

    size: int = msgspec.field(name="Size", default=0)
    digest: str = msgspec.field(name="Digest", default="")
    diff_id: str = msgspec.field(name="DiffID", default="")


class Metadata(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", omit_defaults=True):
    """What was scanned. `image_config` is the configuration as the reference re-serialises it."""

    size: int = 0
    os: OperatingSystem | None = msgspec.field(name="OS", default=None)
    image_id: str = msgspec.field(name="ImageID", default="")
    diff_ids: tuple[str, ...] = msgspec.field(name="DiffIDs", default=())
    repo_tags: tuple[str, ...] = ()
    repo_digests: tuple[str, ...] = ()
    reference: str = ""
    image_config: dict[str, Any] | None = None
    layers: tuple[ReportLayer, ...] = ()
    repo_url: str = msgspec.field(name="RepoURL", default="")
    branch: str = ""
    tags: tuple[str, ...] = ()
    commit: str = ""
    commit_msg: str = ""
    author: str = ""
    committer: str = ""


class Result(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", omit_defaults=True):
    """The packages and findings of one target: the operating system, a lockfile, or all packages of a kind."""

    target: str
    class_: str = msgspec.field(name="Class", default="")
    type: str = ""
    packages: tuple[Package, ...] = ()
    vulnerabilities: tuple[Finding, ...] = ()
    modified_findings: tuple[ModifiedFinding, ...] = msgspec.field(name="ExperimentalModifiedFindings", default=())


NO_METADATA = Metadata()


class Report(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", omit_defaults=True):
    """The reference's report, with `Scanner` in place of `Trivy`, and `Coverage`, as the only differences."""

    schema_version: int
    scanner: ScannerInfo
    report_id: str = msgspec.field(name="ReportID")
    created_at: str
    artifact_id: str = msgspec.field(name="ArtifactID", default="")
    artifact_name: str = ""
    artifact_type: str = ""
    metadata: Metadata = NO_METADATA
    results: tuple[Result, ...] = ()
    coverage: Coverage | None = None


class Invocation(msgspec.Struct, frozen=True, kw_only=True):
    """Who asked for the scan and how (the vulnerability record's `invocation`).

    Attributes:
        parameters: an allow-list of flags and facts, never credentials; plain JSON values.
        uri: the CI run, where there is one.
    """

    parameters: dict[str, Any] = {}
    uri: str = ""
    event_id: str = ""
    builder_id: str = ""


class Scan(msgspec.Struct, frozen=True, kw_only=True):
    """A finished scan: the report and the facts that a record adds to it.

    Attributes:
        started: the real clock when the scan began; RFC 3339 UTC.
        finished: the real clock when the last finding was known.
        subject: digest of the manifest that was scanned, empty where there is none.
        repository: family and release that `etc/apk/repositories` of an image names; empty where it names none.
        listed_by: the attestation whose list of packages stood for the layers; empty where they were read.
        sbom: the bytes of the CycloneDX document that was scanned; empty where it was something else.
        sbom_origin: where the SBOM that was scanned is from, of whatever format; None where none was.
    """

    report: Report
    invocation: Invocation
    database: DatabaseInfo
    started: str
    finished: str
    subject: str = ""
    repository: str = ""
    listed_by: str = ""
    sbom: bytes = b""
    sbom_origin: SbomOrigin | None = None
