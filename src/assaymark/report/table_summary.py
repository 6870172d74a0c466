"""The table's first screen: what was scanned, what was found, where it is, and what to do first.

It tells which database answered and how old it was, how many findings of each severity there are, in which targets and
which layers, the upgrades that repair most, and what was not looked at. A scan that could not look at everything says
INCOMPLETE, above all when it found nothing.

Sections that would say nothing new are left out: targets and layers where there is one only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from assaymark.model.finding import Finding
from assaymark.model.issue import Coverage
from assaymark.model.report import Report, Scan
from assaymark.report.denials import denial_words
from assaymark.report.plain import columns, pad, shorten, shown
from assaymark.report.table_columns import GAP, column_sizes, end_of, joined
from assaymark.report.table_findings import heading_of
from assaymark.report.table_fixes import Upgrade, upgrades
from assaymark.report.table_layers import Layers
from assaymark.report.wording import (
    SEVERITIES,
    Paint,
    amount,
    count_severities,
    day_and_time,
    days_between,
    duration,
    kind_of,
)

_ISSUES_SHOWN: Final = 10
_DENIALS_SHOWN: Final = 20
_ROWS_SHOWN: Final = 8
_UPGRADES_SHOWN: Final = 5
_INSTRUCTION_COLUMNS: Final = 60
_NAME_COLUMNS: Final = 24
_PLACE_COLUMNS: Final = 16
_DEEPER: Final = "      "
_LABEL: Final = 10
_CODE: Final = 22
_PLAIN: Final = Paint(colour=False)


def summary_lines(scan: Scan, layers: Layers, *, width: int, paint: Paint) -> Iterator[str]:
    """The summary."""
    yield from _head(scan, paint)
    yield ""
    yield from _counts(scan.report, paint)
    yield from _targets(scan.report, width, paint)
    yield from _layers(scan.report, layers, width, paint)
    yield from _upgrades(scan.report, layers, width, paint)
    yield from _denied(scan.report.coverage, paint)
    yield from _coverage(scan.report.coverage, width, paint)


def severity_counts(counts: Mapping[str, int], paint: Paint) -> str:
    """`CRITICAL 1, HIGH 2`, without those that are not there."""
    return ", ".join(paint.severity(name, f"{name} {counts[name]}") for name in SEVERITIES if counts[name])


def _padded_counts(counts: Mapping[str, int], width: int, paint: Paint) -> str:
    return severity_counts(counts, paint) + " " * (width - columns(severity_counts(counts, _PLAIN)))


def _head(scan: Scan, paint: Paint) -> Iterator[str]:
    report, database = scan.report, scan.database
    yield f"{paint.style('bold', shown(report.artifact_name))}  {kind_of(shown(report.artifact_type))}"
    system = report.metadata.os
    if system is not None:
        end = paint.style("warn", "  end of life: no security updates") if system.eosl else ""
        name = "unknown" if system.family == "none" else f"{system.family} {system.name}"
        yield _labelled("system", shown(name) + end)
    if scan.subject:
        yield _labelled("digest", shown(scan.subject))
    yield _labelled("database", _database(scan, paint))
    if database.uri:
        yield _labelled("", paint.style("dim", shown(database.uri)))
    took = duration(scan.started, scan.finished) if scan.started != scan.finished else ""
    scanner = shown(f"{report.scanner.name} {report.scanner.version}".strip())
    when = shown(day_and_time(scan.started)) or "at an unknown time"
    yield _labelled("scanned", f"{when}{f' in {took}' if took else ''} by {scanner}")


def _database(scan: Scan, paint: Paint) -> str:
    database = scan.database
    age = days_between(database.updated_at, scan.started)
    built = f"built {shown(day_and_time(database.updated_at))}" if database.updated_at else "of unknown age"
    text = built if age is None else f"{built}, {amount(age, 'day')} old"
    return f"{paint.style('bad', 'SAMPLE, not for decisions')}; {text}" if database.sample else text


def _labelled(label: str, text: str) -> str:
    return f"  {label:<{_LABEL}}{text}"


def _counts(report: Report, paint: Paint) -> Iterator[str]:
    findings = _findings(report)
    complete = report.coverage is None or report.coverage.complete
    total = amount(len(findings), "vulnerability", "vulnerabilities")
    if findings:
        counts = _count(findings)
        yield "   ".join(
            paint.severity(name, f"{name} {counts[name]}") if counts[name] else f"{name} 0" for name in SEVERITIES
        )
        fixable = sum(1 for finding in findings if finding.fixed_version)
        packages = len({(finding.pkg_name, finding.installed_version, finding.pkg_path) for finding in findings})
        yield f"{total} in {amount(packages, 'package')}, {fixable} with a fix{_left_out(report)}"
        if not complete:
            yield f"{paint.style('bad', 'INCOMPLETE:')} there may be more, because {_blind(report)}"
    elif complete:
        yield paint.style("good", f"{total} found") + _left_out(report)
    else:
        yield f"{paint.style('bad', 'INCOMPLETE:')} {total} found{_left_out(report)}, but {_blind(report)}"


def _left_out(report: Report) -> str:
    """What an ignore file or a statement took out is told, even where it is not listed."""
    count = sum(len(result.modified_findings) for result in report.results)
    return f" ({count} more left out by filters)" if count else ""


def _findings(report: Report) -> list[Finding]:
    return [finding for result in report.results for finding in result.vulnerabilities]


def _count(findings: Iterable[Finding]) -> dict[str, int]:
    return count_severities(finding.severity for finding in findings)


def _blind(report: Report) -> str:
    blocking = sum(1 for issue in report.coverage.issues if issue.blocking) if report.coverage else 0
    return (
        f"not everything was looked at ({amount(blocking, 'problem')})" if blocking else "not everything was looked at"
    )


def _targets(report: Report, width: int, paint: Paint) -> Iterator[str]:
    """Targets with findings, the worst first."""
    rows = [(heading_of(result), _count(result.vulnerabilities)) for result in report.results if result.vulnerabilities]
    if len(rows) > 1:
        yield from _places("Targets", rows, width, paint)


def _layers(report: Report, layers: Layers, width: int, paint: Paint) -> Iterator[str]:
    """Layers with findings, from the bottom up: that is how an image is built again."""
    found: dict[int, list[Finding]] = {}
    for finding in _findings(report):
        found.setdefault(layers.number(finding.layer), []).append(finding)
    found.pop(0, None)
    if layers.count > 1 and found:
        rows = [(_layer_name(layers, number), _count(members)) for number, members in sorted(found.items())]
        yield from _places("Layers", rows, width, paint, by_severity=False)


def _layer_name(layers: Layers, number: int) -> str:
    name = f"{number} of {layers.count}"
    made = shown(layers.instruction(number))
    return f"{name}: {shorten(made, _INSTRUCTION_COLUMNS)}" if made else name


def _places(
    title: str, rows: list[tuple[str, dict[str, int]]], width: int, paint: Paint, *, by_severity: bool = True
) -> Iterator[str]:
    yield ""
    yield paint.style("bold", title)
    if by_severity:
        rows = sorted(rows, key=lambda row: (tuple(-row[1][name] for name in SEVERITIES), row[0]))
    shown_rows = rows[:_ROWS_SHOWN]
    widest = max(columns(name) for name, _ in shown_rows)
    counted = max(columns(severity_counts(counts, _PLAIN)) for _, counts in shown_rows)
    limit = min(widest, max(width - counted - 2 * len(GAP), _NAME_COLUMNS)) if width else widest
    for name, counts in shown_rows:
        yield f"  {pad(shorten(name, limit), limit)}{GAP}{severity_counts(counts, paint)}"
    if len(rows) > _ROWS_SHOWN:
        yield f"  and {len(rows) - _ROWS_SHOWN} more"


def _upgrades(report: Report, layers: Layers, width: int, paint: Paint) -> Iterator[str]:
    every = upgrades(report)
    if not every:
        return
    yield ""
    yield paint.style("bold", "Upgrade first")
    first = every[:_UPGRADES_SHOWN]
    yield from _upgrade_lines(first, layers, width, paint)
    if len(every) > len(first):
        rest = sum(sum(upgrade.counts.values()) for upgrade in every[_UPGRADES_SHOWN:])
        upgraded = amount(len(every) - len(first), "more upgrade")
        yield f"  and {upgraded} for {amount(rest, 'vulnerability', 'vulnerabilities')}"


def _upgrade_lines(first: list[Upgrade], layers: Layers, width: int, paint: Paint) -> Iterator[str]:
    """A line each; two on a terminal that is too narrow for it, because a name that is cut tells nobody what to do."""
    rows = [(_asked(upgrade), shown(upgrade.version)) for upgrade in first]
    places = [_in(upgrade, layers) for upgrade in first]
    sizes = column_sizes(rows)
    counted = max(columns(severity_counts(upgrade.counts, _PLAIN)) for upgrade in first)
    room = width - sum(sizes) - counted - len(GAP) * (len(sizes) + 2)
    folded = bool(width) and room < min(max(map(columns, places)), _PLACE_COLUMNS)
    if folded:
        sizes[1] = min(sizes[1], width // 2)
        sizes[0] = min(sizes[0], max(width - sizes[1] - 2 * len(GAP), 1))
        room = max(width - counted - len(_DEEPER) - len(GAP), _PLACE_COLUMNS)
    for upgrade, row, place in zip(first, rows, places, strict=True):
        cut = end_of if upgrade.path else shorten
        found = f"{_padded_counts(upgrade.counts, counted, paint)}{GAP}{cut(place, room) if width else place}"
        if folded:
            yield f"  {joined(row, sizes).rstrip()}"
            yield f"{_DEEPER}{found}"
        else:
            yield f"  {joined(row, sizes)}{GAP}{found}"


def _asked(upgrade: Upgrade) -> str:
    return f"{shown(upgrade.name)} {shown(upgrade.installed)}"


def _in(upgrade: Upgrade, layers: Layers) -> str:
    """The file to touch, else the layer, else the packages that are not called like their source."""
    if upgrade.path:
        return shown(upgrade.path)
    number = layers.number(upgrade.layer) if layers.count > 1 else 0
    names = "" if upgrade.packages == (upgrade.name,) else f"({shown(', '.join(upgrade.packages))})"
    return " ".join(filter(None, (f"layer {number}" if number else "", names)))


def _denied(coverage: Coverage | None, paint: Paint) -> Iterator[str]:
    """Why the command fails: told whole, as it is somebody's decision."""
    if coverage is None or not coverage.denied:
        return
    yield ""
    yield paint.style("bold", "Denied by the findings policy")
    for each in coverage.denied[:_DENIALS_SHOWN]:
        yield f"  {paint.style('bad', shown(each.rule))}  {shown(denial_words(each))}"
    if len(coverage.denied) > _DENIALS_SHOWN:
        yield f"  and {len(coverage.denied) - _DENIALS_SHOWN} more"


def _coverage(coverage: Coverage | None, width: int, paint: Paint) -> Iterator[str]:
    """What makes the scan incomplete is told whole; the rest fits a line of the terminal, and is whole in JSON."""
    if coverage is None or not (coverage.issues or coverage.not_analysed):
        return
    yield ""
    yield paint.style("bold", "Not looked at, or not wholly")
    for issue in sorted(coverage.issues, key=lambda issue: not issue.blocking)[:_ISSUES_SHOWN]:
        text = shown(issue.message) + (f" ({shown(issue.path)})" if issue.path else "")
        if width and not issue.blocking:
            text = shorten(text, max(width - _CODE - len(GAP) - 1, _NAME_COLUMNS))
        code = f"{issue.code.value:<{_CODE}}"
        yield f"  {paint.style('bad' if issue.blocking else 'warn', code)} {text}"
    if len(coverage.issues) > _ISSUES_SHOWN:
        rest = Counter(issue.code.value for issue in coverage.issues)
        yield f"  and more: {', '.join(f'{code} {count}' for code, count in sorted(rest.items()))} in all"
    for each in coverage.not_analysed:
        examples = f", such as {shown(each.examples[0])}" if each.examples else ""
        yield f"  {'not analysed':<{_CODE}} {amount(each.count, f'{shown(each.kind)} file')}{examples}"
