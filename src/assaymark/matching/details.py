"""From a match to a finding: what is known of the vulnerability, how bad it is, where to read about it.

1. Status: `fixed` with a fixed version, else the advisory's, else `affected`.
2. A vulnerability that the database has no record of (a rejected CVE) keeps its severity or gets `UNKNOWN`, and no
   text.
3. Severity, with `auto`: the one of the advisory's source (of its base, where it has one); else NVD's, or for `GHSA-`
   names GitHub's and then NVD's, unless that is unknown; else the record's own, without a source. Other sources that
   the user asks for are tried in order.
4. A severity for the very package wins over all of that, and stands in `VendorSeverity`.
"""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

from assaymark.errors import LimitError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.matching.driver import Match
from assaymark.model.advisory import AdvisorySource, DataSource, Severity, Status, Vulnerability
from assaymark.model.finding import Finding

_NAMES: Final = tuple(severity.name for severity in Severity)
_STATUSES: Final = {status: status.text for status in Status}
_NO_SOURCE: Final = DataSource()
_PAGES: Final = {
    "RUSTSEC-": "https://osv.dev/vulnerability/",
    "GHSA-": "https://github.com/advisories/",
    "TEMP-": "https://security-tracker.debian.org/tracker/",
}
_PREFERRED: Final = {
    "debian": ("http://www.debian.org", "https://www.debian.org"),
    "ubuntu": ("http://www.ubuntu.com", "https://usn.ubuntu.com"),
    "redhat": ("https://access.redhat.com",),
    "suse-cvrf": ("http://lists.opensuse.org", "https://lists.opensuse.org"),
    "oracle-oval": ("http://linux.oracle.com/errata", "https://linux.oracle.com/errata"),
    "nodejs-security-wg": ("https://www.npmjs.com", "https://hackerone.com"),
    "ruby-advisory-db": ("https://groups.google.com",),
}


class Filler:
    """Fills the findings of one report; a vulnerability's record is read once."""

    def __init__(
        self,
        source: AdvisorySource,
        *,
        artifact_id: str,
        severity_sources: tuple[str, ...],
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._source = source
        self._artifact_id = artifact_id
        self._severity_sources = severity_sources
        self._known: dict[str, Vulnerability | None] = {}
        self._most = limits.findings
        self._made = 0

    def finding(self, match: Match, *, target: str) -> Finding:
        """The whole finding of a match in the result called `target`.

        Raises:
            LimitError: there are too many.
        """
        self._made += 1
        if self._made > self._most:
            raise LimitError(f"the artifact has more than {self._most} findings, at `{target}`")
        name = match.advisory.vulnerability_id
        if name not in self._known:
            self._known[name] = self._source.detail(name)
        detail = self._known[name]
        bare = Finding(
            vulnerability_id=name,
            vendor_ids=match.vendor_ids,
            pkg_id=match.package.id,
            pkg_name=match.package.name,
            pkg_path=match.path,
            pkg_identifier=match.package.identifier,
            installed_version=match.installed,
            fixed_version=match.fixed,
            status=_status(match),
            layer=match.package.layer,
            severity=_NAMES[match.severity],
            severity_source=match.severity_source,
            data_source=match.advisory.data_source,
            fingerprint=self._fingerprint(match, target),
            custom=match.advisory.custom,
        )
        return bare if detail is None else self._detailed(bare, match, detail)

    def _detailed(self, bare: Finding, match: Match, detail: Vulnerability) -> Finding:
        source = match.advisory.data_source or _NO_SOURCE
        severity, severity_source = bare.severity, bare.severity_source
        ratings = detail.vendor_severity
        if severity_source:
            ratings = dict(sorted({**ratings, severity_source: int(match.severity)}.items()))
        else:
            severity, severity_source = select_severity(
                bare.vulnerability_id, detail, source=source.base_id or source.id, wanted=self._severity_sources
            )
        return msgspec.structs.replace(
            bare,
            severity=severity,
            severity_source=severity_source,
            vendor_severity=ratings,
            primary_url=primary_url(bare.vulnerability_id, detail.references, source=source.id),
            title=detail.title,
            description=detail.description,
            cwe_ids=detail.cwe_ids,
            cvss=detail.cvss,
            references=detail.references,
            published_date=detail.published_date,
            last_modified_date=detail.last_modified_date,
        )

    def _fingerprint(self, match: Match, target: str) -> str:
        """A name for this vulnerability in this package of this artifact that stays from scan to scan."""
        text = f"{self._artifact_id}:{target}:{match.package.id}:{match.advisory.vulnerability_id}"
        return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _status(match: Match) -> str:
    return _STATUSES[Status.FIXED if match.fixed else match.status or Status.AFFECTED]


def select_severity(
    vulnerability_id: str, detail: Vulnerability, *, source: str, wanted: tuple[str, ...]
) -> tuple[str, str]:
    """The severity and the source it is from, rule 3."""
    for each in wanted:
        if each == "auto":
            return _automatic(vulnerability_id, detail, source)
        if each in detail.vendor_severity:
            return _name(detail.vendor_severity[each]), each
    return Severity.UNKNOWN.name, ""


def _automatic(vulnerability_id: str, detail: Vulnerability, source: str) -> tuple[str, str]:
    ratings = detail.vendor_severity
    if source in ratings:
        return _name(ratings[source]), source
    order = ("ghsa", "nvd") if vulnerability_id.startswith("GHSA-") else ("nvd",)
    first = next((each for each in order if each in ratings), "")
    if first and _name(ratings[first]) != Severity.UNKNOWN.name:
        return _name(ratings[first]), first
    return detail.severity or Severity.UNKNOWN.name, ""


def _name(severity: int) -> str:
    return _NAMES[severity] if 0 <= severity < len(_NAMES) else Severity.UNKNOWN.name


def primary_url(vulnerability_id: str, references: tuple[str, ...], *, source: str) -> str:
    """The page to read first; empty where there is none."""
    if vulnerability_id.startswith("CVE-"):
        return f"https://avd.aquasec.com/nvd/{vulnerability_id.lower()}"
    for prefix, page in _PAGES.items():
        if vulnerability_id.startswith(prefix):
            return page + vulnerability_id
    preferred = _PREFERRED.get(source, ())
    return next((url for prefix in preferred for url in references if url.startswith(prefix)), "")
