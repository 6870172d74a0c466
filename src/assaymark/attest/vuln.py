"""The vulnerability record (cosign's `COSIGN_VULN_ATTESTATION_SPEC`), as what may be signed and what may be believed.

    invocation{parameters, uri, event_id, builder.id} scanner{uri, version, db{uri, version}, result}
    metadata{scanStartedOn, scanFinishedOn}

cosign signs anything here: `{}`, or a raw report, become a record with no result and times of the year 1. So before
signing:

1. the document is a record: not empty, not another document (`PREDICATE_EMPTY`, `PREDICATE_FOREIGN`);
2. its members have the types and times that cosign's reader insists on (`PREDICATE_MALFORMED`: no override, since
   one such record makes cosign refuse every attestation of the image);
3. it has a result and both times (`PREDICATE_EMPTY`);
4. the result is about this image, and of an index about this platform's manifest (`SUBJECT_MISMATCH`);
5. the scan was complete and not made with the sample database (`SCAN_INCOMPLETE`, `SAMPLE_DATABASE`).

Rules 1 and 3 to 5 have an override each, and what was let pass is a warning. So is what is merely blank, as in Trivy's
own records, and a report in it that names no image.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime
from enum import Enum
from pathlib import PurePath
from typing import Any, Final

import msgspec

from assaymark.errors import SigningError

_RFC3339 = re.compile(r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.\d+)?(?:Z|[+-](\d{2}):(\d{2}))\Z", re.ASCII)
_MEMBERS: Final = ("invocation", "scanner", "metadata")
WRITING: Final = "`--format cosign-vuln` writes a vulnerability record"


class Override(Enum):
    """What the user may let pass, by the name of the flag."""

    EMPTY = "--allow-empty-predicate"
    FOREIGN = "--allow-foreign-predicate"
    SUBJECT = "--allow-subject-mismatch"
    INCOMPLETE = "--allow-incomplete"
    SAMPLE = "--allow-sample-db"


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """What the attestation will be about.

    Attributes:
        name: for messages.
        digests: every digest that the image is known by: what the reference resolves to, the manifests in it for an
            index, and the configuration, by whose digest records of archives know it.
        within: those of the index that it is a platform of: records name what their reference resolved to.
    """

    name: str
    digests: frozenset[str]
    within: frozenset[str] = frozenset()


class Database(msgspec.Struct, frozen=True, kw_only=True):
    """The record's `scanner.db`."""

    uri: str | None = None
    version: str | None = None


class Scanner(msgspec.Struct, frozen=True, kw_only=True):
    """The record's `scanner`; the result stays bytes."""

    uri: str | None = None
    version: str | None = None
    db: Database | None = None
    result: msgspec.Raw = msgspec.Raw(b"null")


class Invocation(msgspec.Struct, frozen=True, kw_only=True):
    """The record's `invocation`; the parameters stay bytes."""

    parameters: msgspec.Raw = msgspec.Raw(b"null")
    uri: str | None = None
    event_id: str | None = None
    builder_id: str | None = msgspec.field(name="builder.id", default=None)


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """The record's `metadata`."""

    started: str | None = msgspec.field(name="scanStartedOn", default=None)
    finished: str | None = msgspec.field(name="scanFinishedOn", default=None)


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A record whose fixed part has the right types."""

    invocation: Invocation | None = None
    scanner: Scanner | None = None
    metadata: Times | None = None


_RECORD: Final = msgspec.json.Decoder(Record)


def decode_record(predicate: bytes) -> Record:
    """The record that `predicate` holds, which is known to be JSON.

    Raises:
        ValueError: a member has the wrong type, or a time is not RFC 3339.
    """
    record = _RECORD.decode(predicate)
    for time in (record.metadata.started, record.metadata.finished) if record.metadata else ():
        if time is not None and not is_rfc3339(time):
            raise ValueError(f"`{time[:40]}` is not an RFC 3339 time")
    return record


def is_rfc3339(text: str) -> bool:
    """Whether Go reads `text` as a time: upper-case `T` and `Z`, seconds, a zone, and a day that exists."""
    match = _RFC3339.match(text)
    if match is None or int(match[3] or 0) > 23 or int(match[4] or 0) > 59:
        return False
    try:
        datetime.fromisoformat(f"{match[1].replace('0000', '2000', 1)}T{match[2]}+00:00")
    except ValueError:
        return False
    return True


def check_record(
    document: object, data: bytes, *, image: Image | None, allowed: frozenset[Override]
) -> tuple[str, ...]:
    """Warnings about a record that may be signed; `document` is what `data` decodes to.

    Raises:
        SigningError: it may not be signed.
    """
    passing = _Passing(allowed)
    if not _is_record(document, passing):
        return passing.warnings
    try:
        record = decode_record(data)
    except ValueError as exc:
        raise SigningError(f"the vulnerability record is malformed: {exc}", reason="PREDICATE_MALFORMED") from exc
    _check_content(record, passing)
    result = _child(_child(document, "scanner"), "result")
    parameters = _child(_child(document, "invocation"), "parameters")
    if image is not None:
        _check_subject(result, parameters, image, passing)
    _check_coverage(result, parameters, passing)
    return (*passing.warnings, *_find_blanks(record))


def image_doubt(document: object, *, name: str, digests: Collection[str]) -> str:
    """The warning where a record is about an image that the file `name` with these digests is not; else empty.

    A record of an archive names the archive, and that file it may well be attested with.
    """
    result = _child(_child(document, "scanner"), "result")
    metadata, artifact = _child(result, "Metadata"), _child(result, "ArtifactName")
    named = _named_images(metadata)
    known = {entry.rpartition("@")[2] for entry in named} | {_child(metadata, "ImageID")}
    is_image = bool(named) or _child(result, "ArtifactType") == "container_image"
    is_file = isinstance(artifact, str) and PurePath(artifact).name == name
    if not is_image or is_file or not known.isdisjoint(digests):
        return ""
    about = (named[0] if named else str(artifact or "an image"))[:200]
    attested = f"the file `{name}`" if name else "a file"
    return f"the record is about the image `{about}`, and what is attested is {attested}"


class _Passing:
    """What the user lets pass, and the warnings that this leaves."""

    def __init__(self, allowed: frozenset[Override]) -> None:
        self._allowed = allowed
        self.warnings: tuple[str, ...] = ()

    def refuse(self, override: Override, reason: str, text: str, hint: str = "") -> None:
        """Refuse, unless the user lets it pass."""
        if override not in self._allowed:
            way_out = f"`{override.value}` signs it nevertheless"
            raise SigningError(text, hint=f"{hint}; {way_out}" if hint else way_out, reason=reason)
        self.warn(f"{text}; signed nevertheless, because of `{override.value}`")

    def warn(self, text: str) -> None:
        """What the signer should know."""
        self.warnings = (*self.warnings, text)


def _is_record(document: object, passing: _Passing) -> bool:
    if document is None or document == {}:
        passing.refuse(Override.EMPTY, "PREDICATE_EMPTY", "the predicate is empty", WRITING)
        return False
    if not isinstance(document, dict):
        raise SigningError("the predicate is not a JSON object", reason="PREDICATE_MALFORMED")
    if any(member in document for member in _MEMBERS):
        return True
    kind = _recognise(document)
    text = f"the predicate is {kind}, not a vulnerability record"
    passing.refuse(Override.FOREIGN, "PREDICATE_FOREIGN", text, WRITING)
    return False


def _recognise(document: dict[str, Any]) -> str:
    marks = (
        (("SchemaVersion", "ArtifactName"), "a JSON report of a scanner"),
        (("SchemaVersion", "Results"), "a JSON report of a scanner"),
        (("matches", "descriptor"), "a Grype report"),
        (("bomFormat",), "a CycloneDX document"),
        (("spdxVersion",), "an SPDX document"),
        (("$schema", "runs"), "a SARIF log"),
        (("_type", "predicate"), "a whole statement"),
        (("payload", "payloadType"), "a signed envelope"),
    )
    for members, kind in marks:
        if all(member in document for member in members):
            return kind
    return "another document"


def _check_content(record: Record, passing: _Passing) -> None:
    times = record.metadata or Times()
    lacking = []
    if record.scanner is None or bytes(record.scanner.result) == b"null":
        lacking.append("`scanner.result`")
    lacking += [
        f"`metadata.{name}`"
        for name, time in (("scanStartedOn", times.started), ("scanFinishedOn", times.finished))
        if not time or time.startswith("0001-01-01T00:00:00")
    ]
    if lacking:
        text = f"the vulnerability record has no {' and no '.join(lacking)}"
        passing.refuse(Override.EMPTY, "PREDICATE_EMPTY", text)


def _check_subject(result: object, parameters: object, image: Image, passing: _Passing) -> None:
    metadata = _child(result, "Metadata")
    named, configuration = _named_images(metadata), _child(metadata, "ImageID")
    scanned = _child(parameters, "subject")
    scanned = scanned if isinstance(scanned, str) else ""
    is_known = scanned in image.digests or configuration in image.digests
    about = ""
    if named and not any(entry.rpartition("@")[2] in image.digests | image.within for entry in named):
        about = named[0]
    elif not is_known and (scanned or image.within):
        about = scanned or str(configuration)  # another platform, or an image that was scanned elsewhere
    if about:
        text = f"the record is about `{about[:200]}`, not about `{image.name}`"
        hint = "scan the image that is attested, or attest the image that was scanned"
        passing.refuse(Override.SUBJECT, "SUBJECT_MISMATCH", text, hint)
    is_report = _child(result, "SchemaVersion") is not None  # results of other scanners have no place for digests
    if is_report and not named and not is_known:
        passing.warn(f"the record does not say that it is about `{image.name}`: it names no digest of it")


def _named_images(metadata: object) -> list[str]:
    listed = _child(metadata, "RepoDigests")
    return [entry for entry in listed if isinstance(entry, str)] if isinstance(listed, list) else []


def _check_coverage(result: object, parameters: object, passing: _Passing) -> None:
    # stated twice: in the report, and in `parameters` for those who keep records without their reports
    report, stated = _child(result, "Coverage"), _child(parameters, "coverage")
    issues = _child(report, "Issues")
    messages = {_child(issue, "Code"): _child(issue, "Message") for issue in issues} if isinstance(issues, list) else {}
    if "DATABASE_SAMPLE" in messages or _child(_child(parameters, "database"), "sample") is True:
        text = "the scan used the sample database, which knows a few hundred advisories"
        passing.refuse(Override.SAMPLE, "SAMPLE_DATABASE", text)
        messages.pop("DATABASE_SAMPLE", None)
    if _child(report, "Complete") is False or _child(stated, "complete") is False:
        first = f": {next(iter(messages.values()))}" if messages else ""
        passing.refuse(Override.INCOMPLETE, "SCAN_INCOMPLETE", f"the scan was incomplete{first}")


def _find_blanks(record: Record) -> tuple[str, ...]:
    scanner, invocation, times = (
        record.scanner or Scanner(),
        record.invocation or Invocation(),
        record.metadata or Times(),
    )
    database = scanner.db or Database()
    values = {
        "scanner.uri": scanner.uri,
        "scanner.version": scanner.version,
        "scanner.db.uri": database.uri,
        "scanner.db.version": database.version,
        "invocation.uri": invocation.uri,
        "invocation.builder.id": invocation.builder_id,
    }
    blanks = [f"`{name}`" for name, value in values.items() if not value]
    warnings = []
    if not database.uri and not database.version:
        warnings.append(f"the vulnerability record leaves blank: {', '.join(blanks)}")
    if times.started and times.started == times.finished:
        warnings.append("the vulnerability record gives one time for start and finish: that of its writing")
    return tuple(warnings)


def _child(document: object, name: str) -> Any:
    return document.get(name) if isinstance(document, dict) else None
