"""The data that the page's script reads: findings, packages and details, each told once.

Indices tie them together: a finding points at its package and at the details of its vulnerability, a package at its
target, its layer and the packages it depends on. What a thousand findings share is written once, so ten thousand
findings stay a few megabytes. All text is inert, and addresses lead to the web or are empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from assaymark.model.advisory import DataSource
from assaymark.model.finding import Finding
from assaymark.model.package import LayerRef, Package, Relationship
from assaymark.model.report import Report, Result, Scan
from assaymark.report.html_page.figures import AGE_LABELS, STATES, age_of, finding_order, score_of, state_of
from assaymark.report.inert import line, paragraphs, web_address
from assaymark.report.table_layers import Layers
from assaymark.report.wording import SEVERITIES, rank


class _Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Keys in camel case; what is empty is left out."""


class PageTarget(_Part, frozen=True, kw_only=True):
    """One result of the report."""

    name: str
    kind: str = ""


class PageLayer(_Part, frozen=True, kw_only=True):
    """A layer: its position from the bottom, beginning at 1 (0 where the image does not list it), and what made it."""

    digest: str
    number: int = 0
    command: str = ""


class PageSource(_Part, frozen=True, kw_only=True):
    """Who published advisories."""

    name: str = ""
    url: str = ""


class PagePackage(_Part, frozen=True, kw_only=True):
    """A package; `layer` is -1 and `depends` empty where nothing is known. `listed` tells it from a finding's alone."""

    target: int
    name: str
    version: str = ""
    path: str = ""
    purl: str = ""
    layer: int = -1
    depends: tuple[int, ...] = ()
    relationship: str = ""
    licenses: tuple[str, ...] = ()
    dev: bool = False
    listed: bool = False


class PageDetail(_Part, frozen=True, kw_only=True):
    """What is known of a vulnerability.

    Attributes:
        references: addresses on the web, and other texts as they are.
        scores: source, version of CVSS, score and vector.
        ratings: source and severity.
        age: index in the document's `ages`.
    """

    id: str
    title: str = ""
    description: str = ""
    url: str = ""
    references: tuple[str, ...] = ()
    weaknesses: tuple[str, ...] = ()
    scores: tuple[tuple[str, str, float, str], ...] = ()
    ratings: tuple[tuple[str, str], ...] = ()
    published: str = ""
    modified: str = ""
    age: int = 0


class PageFinding(_Part, frozen=True, kw_only=True):
    """One vulnerability in one package; `out` says why a filter left it out, `source` is -1 where none is stated."""

    detail: int
    package: int
    severity: int
    state: str
    fixed: str = ""
    score: float = 0.0
    rated_by: str = ""
    source: int = -1
    vendor_ids: tuple[str, ...] = ()
    out: str = ""


class PageDocument(_Part, frozen=True, kw_only=True):
    """Everything the script needs."""

    severities: tuple[str, ...]
    states: dict[str, str]
    ages: tuple[str, ...]
    targets: tuple[PageTarget, ...]
    layers: tuple[PageLayer, ...]
    sources: tuple[PageSource, ...]
    packages: tuple[PagePackage, ...]
    details: tuple[PageDetail, ...]
    findings: tuple[PageFinding, ...]


def document_of(scan: Scan) -> PageDocument:
    """The data of a scan's report, which has been cut to what was asked for."""
    report = scan.report
    gathering = _Gathering(report, scan.started)
    findings = [gathering.finding(target, finding, out) for target, finding, out in _found(report)]
    return PageDocument(
        severities=SEVERITIES,
        states=STATES,
        ages=AGE_LABELS,
        targets=tuple(PageTarget(name=line(each.target), kind=line(each.type)) for each in report.results),
        layers=tuple(gathering.layers),
        sources=tuple(gathering.sources),
        packages=tuple(gathering.packages),
        details=tuple(gathering.details),
        findings=tuple(findings),
    )


def _found(report: Report) -> Iterator[tuple[int, Finding, str]]:
    """Target, finding and the reason why it was left out, worst first."""
    found = [(index, each, "") for index, result in enumerate(report.results) for each in result.vulnerabilities]
    found += [
        (index, each.finding, f"{each.status}: {each.statement or 'no reason given'} ({each.source})")
        for index, result in enumerate(report.results)
        for each in result.modified_findings
    ]
    yield from sorted(found, key=lambda each: finding_order(each[1]))


class _Gathering:
    """Values by the keys under which they come up again, in order of appearance."""

    def __init__(self, report: Report, started: str) -> None:
        self._started = started
        self._image = Layers(report.metadata)
        self._detail_index: dict[tuple[Any, ...], int] = {}
        self._package_index: dict[tuple[Any, ...], int] = {}
        self._layer_index: dict[LayerRef, int] = {}
        self.layers: list[PageLayer] = []
        self._source_index: dict[DataSource, int] = {}
        self.sources: list[PageSource] = []
        self.packages: list[PagePackage] = []
        self.details: list[PageDetail] = []
        for target, result in enumerate(report.results):
            self._list_packages(target, result)

    def finding(self, target: int, finding: Finding, out: str) -> PageFinding:
        return PageFinding(
            detail=self._detail(finding),
            package=self._package(target, finding),
            severity=rank(finding.severity),
            state=state_of(finding),
            fixed=line(finding.fixed_version),
            score=score_of(finding),
            rated_by=line(finding.severity_source),
            source=self._source(finding.data_source),
            vendor_ids=tuple(map(line, finding.vendor_ids)),
            out=line(out),
        )

    def _list_packages(self, target: int, result: Result) -> None:
        first = len(self.packages)
        ids: dict[tuple[str, str], int] = {}
        for index, package in enumerate(result.packages, first):
            self._package_index.setdefault(_package_key(target, package), index)
            ids.setdefault((package.id, package.file_path), index)
            ids.setdefault((package.id, ""), index)  # what another file of the target declares under this name
        for package in result.packages:
            needed = (ids.get((each, package.file_path), ids.get((each, ""))) for each in package.depends_on)
            self.packages.append(self._listed(target, package, tuple(each for each in needed if each is not None)))

    def _listed(self, target: int, package: Package, depends: tuple[int, ...]) -> PagePackage:
        relationship = package.relationship
        return PagePackage(
            target=target,
            name=line(package.name),
            version=line(package.full_version),
            path=line(package.file_path),
            purl=line(package.identifier.purl),
            layer=self._layer(package.layer),
            depends=depends,
            relationship="" if relationship is Relationship.UNKNOWN else relationship.value,
            licenses=tuple(map(line, package.licenses)),
            dev=package.dev,
            listed=True,
        )

    def _package(self, target: int, finding: Finding) -> int:
        key = _finding_key(target, finding)
        index = self._package_index.setdefault(key, len(self.packages))
        if index == len(self.packages):
            self.packages.append(
                PagePackage(
                    target=target,
                    name=line(finding.pkg_name),
                    version=line(finding.installed_version),
                    path=line(finding.pkg_path),
                    purl=line(finding.pkg_identifier.purl),
                    layer=self._layer(finding.layer),
                )
            )
        return index

    def _layer(self, layer: LayerRef) -> int:
        if not (layer.diff_id or layer.digest):
            return -1
        index = self._layer_index.setdefault(layer, len(self.layers))
        if index == len(self.layers):
            number = self._image.number(layer)
            command = self._image.instruction(number)
            digest = layer.digest or layer.diff_id
            self.layers.append(PageLayer(digest=line(digest), number=number, command=line(command)))
        return index

    def _source(self, source: DataSource | None) -> int:
        if source is None:
            return -1
        index = self._source_index.setdefault(source, len(self.sources))
        if index == len(self.sources):
            self.sources.append(PageSource(name=line(source.name or source.id), url=web_address(source.url)))
        return index

    def _detail(self, finding: Finding) -> int:
        key = (
            finding.vulnerability_id,
            finding.title,
            finding.description,
            finding.primary_url,
            finding.published_date,
        )
        index = self._detail_index.setdefault(key, len(self.details))
        if index == len(self.details):
            self.details.append(_detail_of(finding, age_of(finding.published_date, self._started)))
        return index


def _package_key(target: int, package: Package) -> tuple[Any, ...]:
    uid = package.identifier.uid
    return (target, uid) if uid else (target, package.name, package.full_version, package.file_path)


def _finding_key(target: int, finding: Finding) -> tuple[Any, ...]:
    uid = finding.pkg_identifier.uid
    return (target, uid) if uid else (target, finding.pkg_name, finding.installed_version, finding.pkg_path)


def _detail_of(finding: Finding, age: int) -> PageDetail:
    return PageDetail(
        id=line(finding.vulnerability_id),
        title=line(" ".join(finding.title.split())),
        description=paragraphs(finding.description),
        url=web_address(finding.primary_url),
        references=tuple(web_address(each) or line(each) for each in finding.references),
        weaknesses=tuple(map(line, finding.cwe_ids)),
        scores=tuple(_scores(finding)),
        ratings=tuple((line(source), _severity_name(value)) for source, value in finding.vendor_severity.items()),
        published=line(finding.published_date[:10]),
        modified=line(finding.last_modified_date[:10]),
        age=age,
    )


def _scores(finding: Finding) -> Iterator[tuple[str, str, float, str]]:
    for source, cvss in finding.cvss.items():
        for version, score, vector in (
            ("4.0", cvss.v40_score, cvss.v40_vector),
            ("3", cvss.v3_score, cvss.v3_vector),
            ("2", cvss.v2_score, cvss.v2_vector),
        ):
            if score or vector:
                yield line(source), version, float(score), line(vector)


def _severity_name(value: int) -> str:
    """The database counts from UNKNOWN, 0, to CRITICAL, 4."""
    return SEVERITIES[len(SEVERITIES) - 1 - value] if 0 <= value < len(SEVERITIES) else SEVERITIES[-1]
