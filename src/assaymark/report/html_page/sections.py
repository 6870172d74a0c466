"""The parts of the page that need no script: what was scanned, the verdict, coverage, provenance, the worst findings.

Notices stand first, because they change what the figures mean: an incomplete scan, a sample database, a system out of
support, a database whose publisher has promised a newer one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from assaymark.model.finding import Finding
from assaymark.model.issue import Coverage
from assaymark.model.moment import parse_time
from assaymark.model.report import Report, Scan
from assaymark.report.html_page.charts import badge, percent
from assaymark.report.html_page.figures import STATES, Figures, finding_order, score_of, state_of
from assaymark.report.html_page.markup import NOTHING, Markup, element, joined, link
from assaymark.report.table_fixes import Upgrade, upgrades
from assaymark.report.table_layers import Layers
from assaymark.report.wording import (
    SEVERITIES,
    amount,
    day_and_time,
    days_between,
    duration,
    kind_of,
    rank,
)

UPGRADES_SHOWN: Final = 10
WORST_SHOWN: Final = 50
"""Rows that are there before the script runs, and without it."""
_ISSUES_SHOWN: Final = 200


def notices(scan: Scan) -> Markup:
    """What a reader has to know before the figures."""
    return joined(element("p", element("strong", title), text, class_="notice") for title, text in _notices(scan))


def _notices(scan: Scan) -> Iterator[tuple[str, str]]:
    coverage, database, system = scan.report.coverage, scan.database, scan.report.metadata.os
    if coverage is None:
        yield "Coverage unknown. ", "The report does not say whether everything was looked at."
    elif not coverage.complete:
        where = element("a", "Coverage", href="#coverage")
        yield (
            "Incomplete. ",
            joined(["Not everything was looked at, so there may be more than is shown here: ", where, "."]),
        )
    if database.sample:
        yield "Sample database. ", "It knows a few vulnerabilities only. This is not for decisions."
    if system and system.eosl:
        yield "End of life. ", f"{system.family} {system.name} gets no security updates; new flaws may stay unknown."
    late = days_between(database.next_update, scan.started) if database.next_update else None
    if late:
        yield "Old database. ", f"Its publisher promised a newer one {amount(late, 'day')} before this scan."


def verdict(figures: Figures, report: Report) -> Markup:
    """The summary in one sentence."""
    if not figures.total:
        complete = report.coverage is not None and report.coverage.complete
        return element("p", "No known vulnerability was found" + ("." if complete else " in what was looked at."))
    worst = [joined([str(count), " ", badge(name)]) for name, count in figures.severities.items() if count][:2]
    fixable = sum(figures.fixable.values())
    return element(
        "p",
        element("strong", amount(figures.total, "vulnerability", "vulnerabilities")),
        f" in {amount(figures.packages, 'package')}: ",
        joined(worst, " and "),
        f" at the top. {percent(fixable, figures.total)} ({fixable}) can be fixed by an update.",
        class_="verdict",
    )


def upgrades_of(report: Report) -> Markup:
    """What repairs most, worst first."""
    repairing = upgrades(report)
    if not repairing:
        return NOTHING
    layers = Layers(report.metadata)
    rows = (_upgrade(each, layers) for each in repairing[:UPGRADES_SHOWN])
    more = f" ({UPGRADES_SHOWN} of {len(repairing)})" if len(repairing) > UPGRADES_SHOWN else ""
    heads = ("Package", "Installed", "Update to", "Repairs", "Where")
    return element("div", element("h3", f"What to update first{more}"), _listing(heads, rows), class_="card upgrades")


def _upgrade(upgrade: Upgrade, layers: Layers) -> Markup:
    others = [name for name in upgrade.packages if name != upgrade.name]
    repaired = joined([joined([badge(name), f" {count}"]) for name, count in upgrade.counts.items() if count], " ")
    number = layers.number(upgrade.layer)
    layer = ": ".join(filter(None, (f"layer {number}", layers.instruction(number)))) if number else ""
    return element(
        "tr",
        element("th", upgrade.name, element("small", ", ".join(others), class_="note") if others else "", scope="row"),
        element("td", upgrade.installed),
        element("td", upgrade.version),
        element("td", repaired),
        element("td", *(element("small", text, class_="note") for text in (upgrade.path, layer) if text)),
    )


def rows_of(report: Report) -> Markup:
    """The worst findings as rows of the list, which the script replaces by all."""
    findings = (finding for result in report.results for finding in result.vulnerabilities)
    return joined(map(_row, sorted(findings, key=finding_order)[:WORST_SHOWN]))


def _row(finding: Finding) -> Markup:
    score = score_of(finding)
    title = finding.title or finding.description.partition(". ")[0]
    return element(
        "tr",
        element("td", badge(SEVERITIES[rank(finding.severity)])),
        element("th", link(finding.primary_url, finding.vulnerability_id), scope="row"),
        element("td", finding.pkg_name),
        element("td", finding.installed_version),
        element("td", finding.fixed_version or STATES[state_of(finding)]),
        element("td", f"{score:.1f}" if score else "", class_="number"),
        element("td", finding.published_date[:10]),
        element("td", " ".join(title.split())),
    )


def coverage_of(coverage: Coverage | None) -> Markup:
    """What was not looked at, or not wholly."""
    if coverage is None:
        return element("p", "The report does not say what was looked at.")
    state = "The scan is complete." if coverage.complete else "The scan is incomplete."
    if not (coverage.issues or coverage.not_analysed):
        return element("p", state, " Nothing was passed over.")
    return joined([element("p", state), _issues(coverage), _not_analysed(coverage)])


def _issues(coverage: Coverage) -> Markup:
    if not coverage.issues:
        return NOTHING
    ordered = sorted(coverage.issues, key=lambda issue: not issue.blocking)
    rows = (
        element(
            "tr",
            element("td", "incomplete" if issue.blocking else "remark", class_="word"),
            element("th", issue.code.value, scope="row", class_="word"),
            element("td", issue.message),
            element("td", issue.path),
        )
        for issue in ordered[:_ISSUES_SHOWN]
    )
    more = len(ordered) - _ISSUES_SHOWN
    rest = element("p", f"{more} more; the JSON report lists them all.") if more > 0 else NOTHING
    return joined([_listing(("Effect", "Code", "What happened", "File"), rows), rest])


def _not_analysed(coverage: Coverage) -> Markup:
    if not coverage.not_analysed:
        return NOTHING
    rows = (
        element(
            "tr",
            element("th", each.kind, scope="row"),
            element("td", str(each.count), class_="number"),
            element("td", joined(each.examples, ", ")),
        )
        for each in coverage.not_analysed
    )
    return _listing(("Files of a kind that is not read", "Files", "Such as"), rows)


def _listing(heads: tuple[str, ...], rows: Iterator[Markup]) -> Markup:
    head = element("thead", element("tr", *(element("th", name, scope="col") for name in heads)))
    return element("div", element("table", head, element("tbody", *rows)), class_="scroll")


def artifact_facts(scan: Scan) -> Markup:
    """What was scanned, in a few lines."""
    report, system = scan.report, scan.report.metadata.os
    name = "" if system is None else "unknown" if system.family == "none" else f"{system.family} {system.name}"
    return _facts(
        [
            ("Kind", kind_of(report.artifact_type)),
            ("System", name),
            ("Digest", scan.subject),
            ("Scanned", day_and_time(scan.started)),
            ("Database", _database_age(scan)),
        ]
    )


def provenance_of(scan: Scan) -> Markup:
    """Who scanned what with which knowledge, and when: enough to ask again and get the same."""
    return joined(
        element("div", element("h3", title), _facts(facts), class_="card")
        for title, facts in (
            ("Artifact", list(_artifact(scan))),
            ("Vulnerability database", list(_database(scan))),
            ("Scan", list(_scan(scan))),
            ("Asked for by", list(_invocation(scan))),
        )
    )


def _artifact(scan: Scan) -> Iterator[tuple[str, str]]:
    report, metadata = scan.report, scan.report.metadata
    config = metadata.image_config or {}
    yield "Name", report.artifact_name
    yield "Digest", scan.subject
    yield "Image ID", metadata.image_id
    yield "Tags", joined(metadata.repo_tags, ", ")
    yield "Repository digests", joined(metadata.repo_digests, ", ")
    yield "Platform", "/".join(str(config[key]) for key in ("os", "architecture", "variant") if config.get(key))
    yield "Layers", str(len(metadata.diff_ids) or "")
    yield "Repository", link(metadata.repo_url)
    yield "Branch", metadata.branch
    yield "Commit", metadata.commit


def _database(scan: Scan) -> Iterator[tuple[str, str]]:
    database = scan.database
    yield "Reference", database.uri
    yield "Version", database.version
    yield "Built", _database_age(scan)
    yield "Next promised", _moment(database.next_update)
    yield "Downloaded", _moment(database.downloaded_at)


def _scan(scan: Scan) -> Iterator[tuple[str, str]]:
    yield "Scanner", f"{scan.report.scanner.name} {scan.report.scanner.version}"
    yield "Started", day_and_time(scan.started)
    yield "Finished", day_and_time(scan.finished)
    yield "Took", duration(scan.started, scan.finished)
    yield "Report", scan.report.report_id


def _invocation(scan: Scan) -> Iterator[tuple[str, str]]:
    asked = scan.invocation
    yield "Run", link(asked.uri)
    yield "Builder", link(asked.builder_id)
    yield "Event", asked.event_id
    yield from _flat("", asked.parameters)


def _flat(prefix: str, values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat(f"{prefix}{key} ", value)
        else:
            yield f"{prefix}{key}", _plain(value)


def _plain(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case list() | tuple():
            return ", ".join(map(_plain, value))
    return str(value)


def _database_age(scan: Scan) -> str:
    built = scan.database.updated_at
    age = days_between(built, scan.started)
    return "" if age is None else f"{day_and_time(built)}, {amount(age, 'day')} old at the scan"


def _moment(text: str) -> str:
    return "" if parse_time(text) is None else day_and_time(text)


def _facts(pairs: list[tuple[str, str]]) -> Markup:
    told = [(name, value) for name, value in pairs if value]
    if not told:
        return element("p", "The report does not say.")
    return element("dl", *(element("div", element("dt", name), element("dd", value)) for name, value in told))


def title_of(report: Report) -> str:
    """The page's title."""
    return f"Vulnerabilities of {report.artifact_name or 'an artifact without a name'}"
