"""Why a vulnerability is in a report, or is not.

`Watched` stands between the drivers and the database during a scan and keeps what was answered about the
vulnerabilities in question; `explain` joins that with the report. So what is told is what happened, and not what a
second, different piece of code believes would have happened.

1. An answer is about a package when it was asked under one of its names: its own, its source package's, that of its
   module, or its name in the spelling of its ecosystem.
2. A package with a finding is listed, or left out by a filter; the scan that is explained has not been filtered yet,
   but VEX documents have taken out what they do.
3. A package with an answer and without a finding is not affected, unless its version or the advisory's has no order:
   then nothing was compared, and the report's coverage says so, too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from assaymark.matching.filters import FilterOptions, filter_results
from assaymark.matching.language import Ecosystem, find_ecosystem, spelled
from assaymark.matching.rpm import modular_name
from assaymark.model.advisory import (
    Advisory,
    AdvisoryEntry,
    AdvisorySource,
    CpeKey,
    DatabaseInfo,
    Status,
    Vulnerability,
)
from assaymark.model.explanation import ExplainedPackage, Explanation, Grounds, Verdict
from assaymark.model.finding import Finding
from assaymark.model.issue import IssueCode
from assaymark.model.package import Package
from assaymark.model.report import Report, Result

_UNORDERED: Final = frozenset({IssueCode.VERSION_UNPARSABLE, IssueCode.CONSTRAINT_UNPARSABLE})
_MOST_ENTRIES: Final = 5


class Answer(NamedTuple):
    """One advisory of those in question, and where it was found under which name."""

    bucket: str
    asked: str
    advisory: Advisory


class Watched:
    """A database that remembers what it said of some vulnerabilities; implements `AdvisorySource`.

    What it remembers is there when the database is closed.
    """

    def __init__(self, source: AdvisorySource, names: Collection[str]) -> None:
        self.info = msgspec.structs.replace(source.info, file="")  # it has to be asked, whatever is remembered
        self.answers: list[Answer] = []
        self._source = source
        self._details = {each: source.detail(each) for name in names for each in (name, name.upper())}
        self._names = frozenset(name.upper() for name in names)
        self._asked: dict[str, None] = {}
        self._seen: set[tuple[str, str]] = set()

    @property
    def sources(self) -> tuple[str, ...]:
        """The buckets that were asked."""
        return tuple(self._asked)

    def advisories(self, source: str, package: str) -> list[Advisory]:
        """What the database says."""
        found = self._source.advisories(source, package)
        self._asked.setdefault(source)
        if (source, package) not in self._seen and any(map(self._is_wanted, found)):
            self._seen.add((source, package))
            for bucket in self.bucket_names(source):
                said = self._source.advisories(bucket, package)
                self.answers += [Answer(bucket, package, each) for each in said if self._is_wanted(each)]
            for name in (name for each in self.answers for name in names_of(each.advisory)):
                self._details.setdefault(name, self._source.detail(name))
        return found

    def described(self, names: Iterator[str]) -> Vulnerability | None:
        """What the database said of the first of these names that it knows."""
        return next((detail for name in names if (detail := self._details.get(name)) is not None), None)

    def has_source(self, source: str) -> bool:
        """What the database says."""
        return self._source.has_source(source)

    def bucket_names(self, source: str) -> tuple[str, ...]:
        """What the database says."""
        return self._source.bucket_names(source)

    def cpe_indices(self, key: CpeKey, name: str) -> tuple[int, ...]:
        """What the database says."""
        return self._source.cpe_indices(key, name)

    def detail(self, vulnerability_id: str) -> Vulnerability | None:
        """What the database says."""
        return self._source.detail(vulnerability_id)

    def _is_wanted(self, advisory: Advisory) -> bool:
        return any(name.upper() in self._names for name in names_of(advisory))


def names_of(advisory: Advisory) -> Iterator[str]:
    """Every name that a vulnerability has in an advisory; those of an erratum are several vulnerabilities'."""
    yield advisory.vulnerability_id
    yield from advisory.vendor_ids
    yield from (cve.id for entry in advisory.entries for cve in entry.cves)


def explain(name: str, report: Report, watched: Watched, filters: FilterOptions) -> Explanation:
    """Why the vulnerability called `name` is in a report, or is not.

    Args:
        name: in any letter case.
        report: of the scan, before any filter.
        watched: the database that the scan asked.
        filters: what would have been left out.
    """
    answers = [each for each in watched.answers if name.upper() in map(str.upper, names_of(each.advisory))]
    names = dict.fromkeys(other for each in answers for other in _aliases(each.advisory, name))
    detail = watched.described(iter((name, name.upper(), *names)))
    found = [(each, result) for result in report.results for each in _findings(result, names)]
    explainer = _Explainer(name, report, answers, _judged(found, filters, watched.info))
    packages = [
        explained
        for result in report.results
        for package in result.packages
        if (explained := explainer.explained(package, result)) is not None
    ]
    return Explanation(
        asked=name,
        names=tuple(names),
        known=detail is not None,
        title=detail.title if detail else "",
        severity=detail.severity if detail else "",
        packages=tuple(sorted(packages, key=_order)),
        sources=watched.sources,
    )


def _aliases(advisory: Advisory, name: str) -> Iterator[str]:
    """The names of this vulnerability alone: an erratum's other vulnerabilities are others."""
    yield from (advisory.vulnerability_id, *advisory.vendor_ids)
    yield from (cve.id for entry in advisory.entries for cve in entry.cves if cve.id.upper() == name.upper())


def _findings(result: Result, names: Collection[str]) -> Iterator[Finding]:
    """Those with one of the names; those that VEX documents took out, too."""
    wanted = {name.upper() for name in names}
    for finding in (*result.vulnerabilities, *(each.finding for each in result.modified_findings)):
        if finding.vulnerability_id.upper() in wanted:
            yield finding


def _judged(found: Sequence[tuple[Finding, Result]], filters: FilterOptions, database: DatabaseInfo) -> _Judged:
    """What filters make of each finding, as if there were no other.

    They are asked once, because each question to a policy in Rego starts a program.
    """
    alone = [msgspec.structs.replace(result, vulnerabilities=(each,), modified_findings=()) for each, result in found]
    judged = filter_results(alone, filters, database=database)
    return _Judged(filters=filters, results={id(each): kept for (each, _), kept in zip(found, judged, strict=True)})


def _order(explained: ExplainedPackage) -> tuple[int, str, str, str, str]:
    verdict = list(Verdict).index(explained.verdict)
    return verdict, explained.target, explained.name, explained.version, explained.path


class _Judged(NamedTuple):
    """What filters make of findings.

    Attributes:
        results: a result for each finding, by its `id`, with the finding where it stays.
    """

    filters: FilterOptions
    results: Mapping[int, Result]


class _Explainer:
    """Explains package after package of one report."""

    def __init__(self, name: str, report: Report, answers: list[Answer], judged: _Judged) -> None:
        self._name = name
        self._report = report
        self._answers = answers
        self._judged = judged

    def explained(self, package: Package, result: Result) -> ExplainedPackage | None:
        """What became of a package; None where no answer is about it."""
        ecosystem = None if result.class_ == "os-pkgs" else find_ecosystem(result.type)
        about = [each for each in self._answers if _is_about(package, each, result, ecosystem)]
        if not about:
            return None
        names = {alias.upper() for each in about for alias in _aliases(each.advisory, self._name)}
        found = _finding(package, result, names)
        if found is None:
            verdict, reason = _without_finding(package, self._report, about)
        else:
            verdict, reason = _with_finding(found, result, self._judged)
        return ExplainedPackage(
            name=package.name,
            version=package.version if ecosystem else package.full_version,
            compared=package.version if ecosystem else package.full_src_version or package.full_version,
            target=result.target,
            type=result.type,
            path=package.file_path,
            layer=package.layer,
            verdict=verdict,
            reason=reason,
            finding=found,
            grounds=tuple(_grounds(each, self._name) for each in about),
        )


def _is_about(package: Package, answer: Answer, result: Result, ecosystem: Ecosystem | None) -> bool:
    """Rule 1."""
    if ecosystem is not None:
        return answer.bucket.startswith(ecosystem.source) and answer.asked == spelled(package.name, ecosystem)
    if result.class_ != "os-pkgs" or "::" in answer.bucket:
        return False
    return answer.asked in {package.name, package.src_name, modular_name(package)}


def _finding(package: Package, result: Result, names: set[str]) -> Finding | None:
    ids, paths = {package.id, ""}, {package.file_path, ""}  # what some families' findings leave out
    for finding in _findings(result, names):
        same = (finding.pkg_name, finding.pkg_identifier) == (package.name, package.identifier)
        if same and finding.pkg_id in ids and finding.pkg_path in paths:
            return finding
    return None


def _with_finding(finding: Finding, result: Result, judged: _Judged) -> tuple[Verdict, str]:
    """Rule 2."""
    kept, filters = judged.results[id(finding)], judged.filters
    by_vex = [each for each in result.modified_findings if each.finding is finding]
    for modified in by_vex if kept.vulnerabilities else kept.modified_findings:
        statement = f": {modified.statement}" if modified.statement else ""
        return Verdict.LEFT_OUT, f"{modified.status} by {modified.source}{statement}"
    if kept.vulnerabilities:
        fix = f"the fix is {finding.fixed_version}" if finding.fixed_version else "there is no fix"
        return Verdict.LISTED, f"{finding.installed_version} is vulnerable, and {fix}"
    if finding.severity not in filters.severities:
        return Verdict.LEFT_OUT, f"severity {finding.severity} was not asked for"
    return Verdict.LEFT_OUT, f"status {finding.status.replace('_', ' ')} is ignored"


def _without_finding(package: Package, report: Report, about: list[Answer]) -> tuple[Verdict, str]:
    """Rule 3."""
    words = [f"`{package.name} {version}`".replace(" `", "`") for version in (package.version, package.full_version)]
    words += [
        f"`{package.name} {package.full_src_version}`",
        *(f"`{each.advisory.vulnerability_id} " for each in about),
    ]
    issues = report.coverage.issues if report.coverage else ()
    for issue in issues:
        if issue.code in _UNORDERED and any(word in issue.message for word in words):
            return Verdict.NOT_COMPARED, issue.message
    if not package.version:
        return Verdict.NOT_COMPARED, "its version is not known"
    return Verdict.NOT_AFFECTED, "no advisory calls this version of it vulnerable"


def _grounds(answer: Answer, name: str) -> Grounds:
    advisory = answer.advisory
    others = (each for each in dict.fromkeys(_aliases(advisory, name)) if each != advisory.vulnerability_id)
    return Grounds(
        bucket=answer.bucket,
        asked=answer.asked,
        advisory=advisory.vulnerability_id,
        aliases=tuple(others),
        affected=_affected(advisory, name),
        fixed=", ".join(advisory.patched_versions) or advisory.fixed_version,
        source=advisory.data_source,
    )


def _affected(advisory: Advisory, name: str) -> str:
    """The vulnerable versions in words."""
    if advisory.entries:
        entries = [_entry(each) for each in advisory.entries if _speaks_of(each, advisory, name)]
        more = f", and {len(entries) - _MOST_ENTRIES} more" if len(entries) > _MOST_ENTRIES else ""
        return "; ".join(entries[:_MOST_ENTRIES]) + more
    ranges = " || ".join(advisory.vulnerable_versions)
    if ranges or advisory.patched_versions or advisory.unaffected_versions:
        secure = (*advisory.patched_versions, *advisory.unaffected_versions)
        return ranges or f"all but {' || '.join(secure)}"
    since = f"from {advisory.affected_version} " if advisory.affected_version else ""
    return f"{since}before {advisory.fixed_version}" if advisory.fixed_version else since.strip() or "every version"


def _speaks_of(entry: AdvisoryEntry, advisory: Advisory, name: str) -> bool:
    own = name.upper() in {advisory.vulnerability_id.upper(), *map(str.upper, advisory.vendor_ids)}
    return own or any(cve.id.upper() == name.upper() for cve in entry.cves)


def _entry(entry: AdvisoryEntry) -> str:
    status = "" if entry.status is Status.UNKNOWN else f" ({entry.status.text.replace('_', ' ')})"
    versions = f"before {entry.fixed_version}" if entry.fixed_version else f"every version{status}"
    return f"{versions} on {', '.join(entry.arches)}" if entry.arches else versions
