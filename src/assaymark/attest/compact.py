"""Vulnerability records in short, for logs and readers that take a few megabytes (`--compact`).

A compact record is Cosign's vulnerability record (`assaymark.attest.vuln`) like any other: same predicate type, same
members, and a `scanner.result` that is still a report of `SchemaVersion` 2, so that whoever reads findings goes on
reading them. What is left of the report:

- of each finding: id, package, path, purl, versions, status, layer, severity; and the same of findings that filters
  took out, with the filter's reason. Texts, references, scores and the packages without findings are left out;
- of each result its target, class and type; of the artifact its names and digests; of the coverage whether it was
  complete, and the first issue of each kind (`invocation.parameters` counts them);
- new is `FullReport`: media type, digest and size of the report that was left out, without white space, which is stored
  beside the image (`assaymark.attest.full_report`).

Both directions are the same function: the short form of the full report must be what the compact record holds.
"""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec

from assaymark.errors import ArtifactError, SigningError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.descriptor import Descriptor
from assaymark.model.digest import parse_digest, sha256_digest
from assaymark.safeio.json import decode_go_as

REPORT_TYPE: Final = "application/vnd.assaymark.report.v2+json"
"""The media type of a full report and the artifact type of what holds it; the version is the report's own schema's."""

FULL_REPORT_MEMBER: Final = b'"FullReport"'
"""What the bytes of a compact record hold, and those of hardly any other."""

_SCHEMA: Final = 2
Decoded = TypeVar("Decoded")


class _Short(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", omit_defaults=True):
    """Part of a report, with the report's names; what is null there is not there."""


class ShortIdentifier(_Short, frozen=True, kw_only=True):
    """A package's address."""

    purl: str | None = msgspec.field(name="PURL", default=None)


class ShortLayer(_Short, frozen=True, kw_only=True):
    """The layer that brought a package."""

    diff_id: str | None = msgspec.field(name="DiffID", default=None)


class ShortFinding(_Short, frozen=True, kw_only=True):
    """A vulnerability in a package."""

    vulnerability_id: str | None = msgspec.field(name="VulnerabilityID", default=None)
    pkg_name: str | None = None
    pkg_path: str | None = None
    pkg_identifier: ShortIdentifier | None = None
    installed_version: str | None = None
    fixed_version: str | None = None
    status: str | None = None
    layer: ShortLayer | None = None
    severity: str | None = None


class ShortModified(_Short, frozen=True, kw_only=True):
    """A finding that a filter took out, and why."""

    type: str | None = None
    status: str | None = None
    statement: str | None = None
    source: str | None = None
    finding: ShortFinding | None = None


class ShortResult(_Short, frozen=True, kw_only=True):
    """The findings of one target."""

    target: str | None = None
    class_: str | None = msgspec.field(name="Class", default=None)
    type: str | None = None
    vulnerabilities: tuple[ShortFinding, ...] | None = None
    modified_findings: tuple[ShortModified, ...] | None = msgspec.field(
        name="ExperimentalModifiedFindings", default=None
    )


class ShortSystem(_Short, frozen=True, kw_only=True):
    """The operating system."""

    family: str | None = None
    name: str | None = None
    eosl: bool | None = msgspec.field(name="EOSL", default=None)


class ShortMetadata(_Short, frozen=True, kw_only=True):
    """What was scanned."""

    os: ShortSystem | None = msgspec.field(name="OS", default=None)
    image_id: str | None = msgspec.field(name="ImageID", default=None)
    repo_tags: tuple[str, ...] | None = None
    repo_digests: tuple[str, ...] | None = None
    reference: str | None = None


class ShortScanner(_Short, frozen=True, kw_only=True):
    """What scanned."""

    name: str | None = None
    version: str | None = None


class ShortIssue(_Short, frozen=True, kw_only=True):
    """One thing that was not looked at."""

    code: str | None = None
    message: str | None = None
    path: str | None = None
    blocking: bool | None = None


class ShortCoverage(_Short, frozen=True, kw_only=True):
    """What the scan looked at."""

    complete: bool | None = None
    issues: tuple[ShortIssue, ...] | None = None


class FullReport(_Short, frozen=True, kw_only=True):
    """Where the rest is."""

    media_type: str
    digest: str
    size: int


class ShortReport(_Short, frozen=True, kw_only=True):
    """A report in short; the reference names itself in `Trivy` where we have `Scanner`."""

    schema_version: int
    scanner: ShortScanner | None = None
    trivy: ShortScanner | None = None
    report_id: str | None = msgspec.field(name="ReportID", default=None)
    created_at: str | None = None
    artifact_id: str | None = msgspec.field(name="ArtifactID", default=None)
    artifact_name: str | None = None
    artifact_type: str | None = None
    metadata: ShortMetadata | None = None
    results: tuple[ShortResult, ...] | None = None
    coverage: ShortCoverage | None = None
    full_report: FullReport | None = None


class _Scanner(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    uri: msgspec.Raw = msgspec.Raw(b'""')
    version: msgspec.Raw = msgspec.Raw(b'""')
    db: msgspec.Raw = msgspec.Raw(b"{}")
    result: msgspec.Raw = msgspec.Raw(b"null")


class _Record(msgspec.Struct, frozen=True, kw_only=True):
    """A record whose parts stay bytes."""

    invocation: msgspec.Raw = msgspec.Raw(b"{}")
    scanner: _Scanner
    metadata: msgspec.Raw = msgspec.Raw(b"{}")


class _Holder(msgspec.Struct, frozen=True):
    full_report: FullReport | None = msgspec.field(name="FullReport", default=None)


class Compacted(msgspec.Struct, frozen=True, kw_only=True):
    """A record in two parts.

    Attributes:
        predicate: the exact bytes that are signed.
        report: the full report's, to be stored beside the image; empty where the predicate holds everything.
    """

    predicate: bytes
    report: bytes


_RECORD: Final = msgspec.json.Decoder(_Record)
_REPORT: Final = msgspec.json.Decoder(ShortReport)
_HOLDER: Final = msgspec.json.Decoder(_Holder)


def describe_report(report: bytes) -> Descriptor:
    """The descriptor of a full report."""
    return Descriptor(media_type=REPORT_TYPE, digest=sha256_digest(report), size=len(report))


def parts_of(record: bytes, *, compact: bool, limits: Limits = DEFAULT_LIMITS) -> Compacted:
    """What is signed of a record, and what is stored beside it.

    Raises:
        SigningError: `NOT_COMPACTABLE`.
    """
    return compact_record(record, limits=limits) if compact else Compacted(predicate=record, report=b"")


def compact_record(record: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Compacted:
    """Take a record apart: what is signed, and what is stored beside it.

    Args:
        record: the record's exact bytes, which may be signed as they are.
        limits: the bounds.

    Raises:
        SigningError: `NOT_COMPACTABLE`: its result is no report that is known, or is in short already.
    """
    try:
        whole = _decoded(record, _RECORD, "vulnerability record", limits)
        result = bytes(whole.scanner.result)
        short = _decoded(result, _REPORT, "record's result", limits)
    except ArtifactError as exc:
        raise _refusal(str(exc)) from exc
    if short.schema_version != _SCHEMA:
        raise _refusal(f"the record's result has the schema {short.schema_version}, not {_SCHEMA}")
    if short.full_report is not None:
        raise _refusal("the record is compact already")
    report = msgspec.json.format(result, indent=-1)
    named = describe_report(report)
    full = FullReport(media_type=named.media_type, digest=named.digest, size=named.size)
    signed = msgspec.structs.replace(_with_few_issues(short), full_report=full)
    scanner = msgspec.structs.replace(whole.scanner, result=msgspec.Raw(msgspec.json.encode(signed)))
    return Compacted(predicate=msgspec.json.encode(msgspec.structs.replace(whole, scanner=scanner)), report=report)


def find_full_report(predicate: bytes) -> Descriptor | None:
    """What a compact record says of its full report; None for every other predicate.

    Raises:
        ValueError: it says something that is no descriptor of a report.
    """
    try:
        result = bytes(_RECORD.decode(predicate).scanner.result)
    except msgspec.DecodeError:
        return None
    if not result.startswith(b"{") or FULL_REPORT_MEMBER not in result:
        return None
    try:
        full = _HOLDER.decode(result).full_report
    except msgspec.ValidationError as exc:
        raise ValueError(f"`FullReport` is no descriptor: {exc}") from exc
    if full is None:
        return None
    if full.media_type != REPORT_TYPE or full.size < 0:
        raise ValueError(f"`FullReport` is of the type `{full.media_type[:100]}`, not `{REPORT_TYPE}`")
    try:
        return Descriptor(media_type=full.media_type, digest=parse_digest(full.digest), size=full.size)
    except ArtifactError as exc:
        raise ValueError(f"`FullReport` names no digest: {exc}") from exc


def whole_record(predicate: bytes, report: bytes) -> bytes:
    """The record that a compact one was made of, as far as white space does not count.

    Args:
        predicate: a compact record that was verified.
        report: its full report, checked (`assaymark.attest.full_report.check_full_report`).
    """
    record = _RECORD.decode(predicate)
    scanner = msgspec.structs.replace(record.scanner, result=msgspec.Raw(report))
    return msgspec.json.encode(msgspec.structs.replace(record, scanner=scanner))


def is_short_of(predicate: bytes, report: bytes, *, limits: Limits = DEFAULT_LIMITS) -> bool:
    """Whether a compact record holds exactly the short form of `report`.

    Raises:
        ArtifactError: one of them is no report.
        LimitError: one of them is too large or too deep.
    """
    short = _decoded(bytes(_RECORD.decode(predicate).scanner.result), _REPORT, "record's result", limits)
    full = _decoded(report, _REPORT, "full report", limits)
    return msgspec.structs.replace(short, full_report=None) == _with_few_issues(full)


def _decoded(data: bytes, decoder: msgspec.json.Decoder[Decoded], what: str, limits: Limits) -> Decoded:
    bounds = msgspec.structs.replace(
        limits, json_bytes=max(limits.json_bytes, limits.attestation_bytes), json_values=limits.report_values
    )
    return decode_go_as(data, decoder, limits=bounds, what=what)


def _with_few_issues(report: ShortReport) -> ShortReport:
    """The first issue of each kind: an image with ten thousand broken files has ten thousand issues."""
    if report.coverage is None or not report.coverage.issues:
        return report
    first: dict[str | None, ShortIssue] = {}
    for issue in report.coverage.issues:
        first.setdefault(issue.code, issue)
    coverage = msgspec.structs.replace(report.coverage, issues=tuple(first.values()))
    return msgspec.structs.replace(report, coverage=coverage)


def _refusal(why: str) -> SigningError:
    return SigningError(
        f"the record cannot be made compact: {why}",
        hint="`--compact` takes records of `--format cosign-vuln`",
        reason="NOT_COMPACTABLE",
    )
