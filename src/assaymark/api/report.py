"""A finished scan, for programs: what was found, what was not looked at, and the report in any format."""

from __future__ import annotations

import os
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Final, final

from assaymark.errors import UsageError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.advisory import DatabaseInfo
from assaymark.model.finding import Finding, ModifiedFinding
from assaymark.model.inventory import OperatingSystem
from assaymark.model.issue import Coverage, Denied
from assaymark.model.package import Package
from assaymark.model.report import Scan
from assaymark.safeio.files import read_file, write_atomic


@final
class Report:
    """One scan and its result; a value that does not change.

    `assaymark.scan` makes it, and `Report.read` reads stored JSON reports and vulnerability records.
    """

    __slots__ = ("_scan", "_warnings")

    def __init__(self, scan: Scan, *, warnings: tuple[str, ...] = ()) -> None:
        self._scan: Final = scan
        self._warnings: Final = warnings

    def __repr__(self) -> str:
        return f"<Report of {self.artifact!r}: {len(self.findings)} findings>"

    @classmethod
    def read(cls, source: bytes | str | os.PathLike[str], *, limits: Limits = DEFAULT_LIMITS) -> Report:
        """The report that a JSON report or a vulnerability record tells of, ours or the reference's.

        Nothing of it is verified: what somebody signed is read with `assaymark.verify`.

        Args:
            source: the document's bytes, or the path of a file.
            limits: the bounds.

        Raises:
            ArtifactError: it is neither, or malformed.
            LocalError: the file cannot be read.
        """
        from assaymark.report.stored import read_stored_scan

        what, data = "the report", source
        if not isinstance(data, bytes):
            path = Path(data)
            what, data = str(path), read_file(path, limit=limits.report_bytes)
        stored = read_stored_scan(data, limits=limits, what=what)
        left_out = (f"results of the kind `{kind}` are left out ({n})" for kind, n in sorted(stored.left_out.items()))
        return cls(stored.scan, warnings=tuple(left_out))

    @property
    def artifact(self) -> str:
        """What was scanned, by its name."""
        return self._scan.report.artifact_name

    @property
    def digest(self) -> str:
        """The digest of the manifest that was scanned; empty for what has none."""
        return self._scan.subject

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The vulnerabilities that were found and not filtered, result by result."""
        return tuple(found for result in self._scan.report.results for found in result.vulnerabilities)

    @property
    def suppressed(self) -> tuple[ModifiedFinding, ...]:
        """What the ignore file, the findings policy and VEX took out, each with its reason."""
        return tuple(found for result in self._scan.report.results for found in result.modified_findings)

    @property
    def denied(self) -> tuple[Denied, ...]:
        """What the findings policy denies; the findings that it names are among `findings`."""
        return self.coverage.denied if self.coverage else ()

    @property
    def packages(self) -> tuple[Package, ...]:
        """Every package that was found, result by result."""
        return tuple(package for result in self._scan.report.results for package in result.packages)

    @property
    def operating_system(self) -> OperatingSystem | None:
        """The distribution and its release; None where there is none."""
        return self._scan.report.metadata.os

    @property
    def coverage(self) -> Coverage | None:
        """What was looked at and what was not; None where a stored report does not say, as the reference's do not."""
        return self._scan.report.coverage

    @property
    def is_complete(self) -> bool:
        """Whether the scan says that it looked at everything; False where it does not say."""
        return self.coverage is not None and self.coverage.complete

    @property
    def database(self) -> DatabaseInfo:
        """The database that answered: its address with digest, its version and its dates."""
        return self._scan.database

    @property
    def started(self) -> str:
        """When the scan began: RFC 3339, in UTC, by the real clock."""
        return self._scan.started

    @property
    def finished(self) -> str:
        """When the last finding was known."""
        return self._scan.finished

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the command line would say besides, a line each."""
        return self._warnings

    def to_bytes(self, format: str = "json", *, variables: Mapping[str, str] | None = None) -> bytes:  # noqa: A002
        """The report as a document.

        Args:
            format: a value of `--format`, such as `json`, `cosign-vuln`, `sarif` or `cyclonedx`.
            variables: of the environment, for formats that read some (`github`).

        Raises:
            UsageError: there is no such format, or it needs more than its name.
        """
        from assaymark.report.format import Rendering, find_format, formats

        chosen = find_format(format)
        if chosen is None or chosen.name == "template":
            known = ", ".join(each.name for each in formats() if each.name != "template")
            raise UsageError(f"`{format}` is no format of reports", hint=f"one of {known}")
        known_variables = {name: value for name, value in (variables or {}).items() if name in chosen.variables}
        stream = BytesIO()
        chosen.write(self._scan, Rendering(environment=known_variables), stream)
        return stream.getvalue()

    def write(self, path: str | os.PathLike[str], *, format: str = "json") -> None:  # noqa: A002
        """Write the document to a file, which is replaced as a whole or stays as it was.

        Raises:
            UsageError: there is no such format.
            LocalError: the file cannot be written.
        """
        write_atomic(Path(path), self.to_bytes(format))


def scan_of(report: Report) -> Scan:
    """What `report` is a view of; for the API itself."""
    return report._scan  # noqa: SLF001 - the one door that the API keeps to itself
