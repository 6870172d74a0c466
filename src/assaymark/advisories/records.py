"""The JSON values of a trivy-db (schema 2), read by Go's rules.

1. Keys match in any letter case and the last of several wins; unknown keys are ignored; `null` leaves the zero value.
2. A value of another type is an error, as it is for Go, and here the database is then called damaged.
3. The spelling that databases in fact use is decoded in one step into a typed record that knows every key of the
   format. Anything else (another spelling, an unknown key, `null`, invalid UTF-8) takes the slow way through
   `safeio.json.decode_go` and `fold`.
4. Integral scores are whole numbers and dates are in Go's form, ready to be printed.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec

from assaymark.advisories.go_time import normal_time
from assaymark.errors import ArtifactError, DatabaseError
from assaymark.limits import Limits
from assaymark.model.advisory import (
    Advisory,
    AdvisoryEntry,
    Cvss,
    DataSource,
    RatedCve,
    Severity,
    Status,
    Vulnerability,
)


class _CveRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    id: str = msgspec.field(name="ID", default="")
    severity: int = msgspec.field(name="Severity", default=0)


class _EntryRecord(msgspec.Struct, frozen=True, rename="pascal", forbid_unknown_fields=True, gc=False):
    """Of Rocky Linux and Oracle Linux an advisory, of Red Hat a record with `Affected` and `Cves`."""

    vendor_ids: Any = msgspec.field(name="VendorIDs", default=None)
    arches: tuple[str, ...] = ()
    status: int = 0
    severity: Any = None
    fixed_version: str = ""
    affected: tuple[int, ...] = ()
    cves: tuple[_CveRecord, ...] = ()
    custom: Any = None


class _AdvisoryRecord(msgspec.Struct, frozen=True, rename="pascal", forbid_unknown_fields=True, gc=False):
    vulnerability_id: str = msgspec.field(name="VulnerabilityID", default="")
    vendor_ids: tuple[str, ...] = msgspec.field(name="VendorIDs", default=())
    oses: tuple[str, ...] = msgspec.field(name="OSes", default=())
    arches: tuple[str, ...] = ()
    status: int = 0
    severity: int = 0
    fixed_version: str = ""
    affected_version: str = ""
    vulnerable_versions: tuple[str, ...] = ()
    patched_versions: tuple[str, ...] = ()
    unaffected_versions: tuple[str, ...] = ()
    data_source: Any = None
    entries: tuple[_EntryRecord, ...] = ()
    custom: Any = None


class _CvssRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    v2_vector: str = msgspec.field(name="V2Vector", default="")
    v3_vector: str = msgspec.field(name="V3Vector", default="")
    v40_vector: str = msgspec.field(name="V40Vector", default="")
    v2_score: float = msgspec.field(name="V2Score", default=0.0)
    v3_score: float = msgspec.field(name="V3Score", default=0.0)
    v40_score: float = msgspec.field(name="V40Score", default=0.0)


class _VulnerabilityRecord(msgspec.Struct, frozen=True, rename="pascal", forbid_unknown_fields=True, gc=False):
    title: str = ""
    description: str = ""
    severity: str = ""
    cwe_ids: tuple[str, ...] = msgspec.field(name="CweIDs", default=())
    vendor_severity: dict[str, int] = {}
    cvss: dict[str, _CvssRecord] = msgspec.field(name="CVSS", default={})
    references: tuple[str, ...] = ()
    published_date: str = ""
    last_modified_date: str = ""
    custom: Any = None


class _SourceRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    id: str = msgspec.field(name="ID", default="")
    name: str = msgspec.field(name="Name", default="")
    url: str = msgspec.field(name="URL", default="")
    base_id: str = msgspec.field(name="BaseID", default="")


Record = TypeVar("Record", bound=msgspec.Struct)

_ADVISORY: Final = msgspec.json.Decoder(_AdvisoryRecord)
_VULNERABILITY: Final = msgspec.json.Decoder(_VulnerabilityRecord)
_SOURCE: Final = msgspec.json.Decoder(_SourceRecord)
_INDICES: Final = msgspec.json.Decoder(tuple[int, ...] | None)
_NESTED: Final[dict[type[msgspec.Struct], dict[str, type[msgspec.Struct]]]] = {
    _AdvisoryRecord: {"Entries": _EntryRecord},
    _EntryRecord: {"Cves": _CveRecord},
}
"""Lists of records in records."""

_STATUSES: Final = {int(status): status for status in Status}
_SEVERITIES: Final = {int(severity): severity for severity in Severity}


def parse_advisory(data: bytes, vulnerability_id: str, source: DataSource | None, *, limits: Limits) -> Advisory:
    """The advisory that the database keeps under `vulnerability_id`.

    Raises:
        DatabaseError: the value does not decode.
    """
    if data == b"{}":
        return Advisory(vulnerability_id=vulnerability_id, data_source=source)
    record = _decode(_ADVISORY, data, f"the advisory `{vulnerability_id}`", limits)
    return Advisory(
        vulnerability_id=vulnerability_id,
        vendor_ids=record.vendor_ids,
        arches=record.arches,
        status=_STATUSES.get(record.status, Status.UNKNOWN),
        severity=_SEVERITIES.get(record.severity, Severity.UNKNOWN),
        fixed_version=record.fixed_version,
        affected_version=record.affected_version,
        vulnerable_versions=record.vulnerable_versions,
        patched_versions=record.patched_versions,
        unaffected_versions=record.unaffected_versions,
        data_source=source,
        entries=tuple(map(_entry, record.entries)) if record.entries else (),
        custom=record.custom,
    )


def parse_vulnerability(data: bytes, vulnerability_id: str, *, limits: Limits) -> Vulnerability:
    """What the database says of the vulnerability itself.

    Raises:
        DatabaseError: the value does not decode.
    """
    what = f"the record of `{vulnerability_id}`"
    record = _decode(_VULNERABILITY, data, what, limits)
    return Vulnerability(
        title=record.title,
        description=record.description,
        severity=record.severity,
        cwe_ids=record.cwe_ids,
        vendor_severity=_sorted(record.vendor_severity),
        cvss={name: _cvss(scores) for name, scores in _sorted(record.cvss).items()},
        references=record.references,
        published_date=_date(record.published_date, what),
        last_modified_date=_date(record.last_modified_date, what),
    )


def parse_data_source(data: bytes, bucket: str, *, limits: Limits) -> DataSource | None:
    """The record of a bucket's origin; None where all of it is empty.

    Raises:
        DatabaseError: the value does not decode.
    """
    record = _decode(_SOURCE, data, f"the data source of `{bucket}`", limits)
    source = DataSource(id=record.id, name=record.name, url=record.url, base_id=record.base_id)
    return None if source == DataSource() else source


def parse_cpe_indices(data: bytes, name: str) -> tuple[int, ...]:
    """The indices that the database keeps under a content set or a build.

    Raises:
        DatabaseError: the value does not decode.
    """
    try:
        return _INDICES.decode(data) or ()
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise _damaged(f"the products of `{name}`", exc) from exc


def _decode(decoder: msgspec.json.Decoder[Record], data: bytes, what: str, limits: Limits) -> Record:
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _decode_slowly(decoder.type, data, what, limits)


def _decode_slowly(kind: type[Record], data: bytes, what: str, limits: Limits) -> Record:
    from assaymark.safeio.json import decode_go

    try:
        document = decode_go(data, limits=limits, what=what)
        return msgspec.convert(_folded(kind, document), kind)
    except (ArtifactError, msgspec.ValidationError) as exc:
        raise _damaged(what, exc) from exc


def _damaged(what: str, exc: Exception) -> DatabaseError:
    return DatabaseError(
        f"the database is damaged: {what} does not decode: {exc}",
        hint="remove it and run again without `--skip-db-update` to download it anew",
    )


def _folded(kind: type[msgspec.Struct], document: Any) -> Any:
    """`document` with the keys of `kind` in their own spelling, nested records too, and without its nulls."""
    from assaymark.safeio.json import fold

    if document is None:
        return {}
    if not isinstance(document, dict):
        return document
    known = fold(document, [field.encode_name for field in msgspec.structs.fields(kind)])
    present = {name: _without_nulls(value) for name, value in known.items() if value is not None}
    if kind is _VulnerabilityRecord and isinstance(present.get("CVSS"), dict):
        present["CVSS"] = {name: _folded(_CvssRecord, scores) for name, scores in present["CVSS"].items()}
    for name, nested in _NESTED.get(kind, {}).items():
        if isinstance(present.get(name), list):
            present[name] = [_folded(nested, each) for each in present[name]]
    return present


def _without_nulls(value: Any) -> Any:
    """Go puts the zero value where a list or mapping of text holds `null`."""
    if isinstance(value, list) and None in value and all(item is None or isinstance(item, str) for item in value):
        return ["" if item is None else item for item in value]
    return value


def _sorted(mapping: dict[str, Any]) -> dict[str, Any]:
    """In byte order of the keys, as Go prints maps; one-entry mappings are the rule."""
    if len(mapping) < 2:
        return mapping
    return {name: mapping[name] for name in sorted(mapping, key=str.encode)}


def _entry(record: _EntryRecord) -> AdvisoryEntry:
    return AdvisoryEntry(
        fixed_version=record.fixed_version,
        arches=record.arches,
        status=_STATUSES.get(record.status, Status.UNKNOWN),
        affected=record.affected,
        cves=tuple(
            RatedCve(id=cve.id, severity=_SEVERITIES.get(cve.severity, Severity.UNKNOWN)) for cve in record.cves
        ),
        custom=record.custom,
    )


def _cvss(record: _CvssRecord) -> Cvss:
    return Cvss(
        v2_vector=record.v2_vector,
        v3_vector=record.v3_vector,
        v40_vector=record.v40_vector,
        v2_score=_score(record.v2_score),
        v3_score=_score(record.v3_score),
        v40_score=_score(record.v40_score),
    )


def _score(value: float) -> int | float:
    return int(value) if value.is_integer() else value


def _date(text: str, what: str) -> str:
    if not text:
        return text
    try:
        return normal_time(text)
    except ValueError as exc:
        raise DatabaseError(f"the database is damaged: {what} does not decode: {exc}") from exc
