"""The report for people: first what matters on one screen, then every finding.

The summary tells what was scanned, with which database and how old it was, how many findings of each severity there
are, and what was not looked at. A scan that could not look at everything says INCOMPLETE, above all when it found
nothing. Findings follow, grouped by target and severity, each with the version that fixes it, its title and a link.

On a terminal the width decides what goes on one line, and a vulnerability that hits several packages is told once.
When piped, every finding is one whole line for `grep`, without shortening.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO, Final

from assaymark.model.issue import Coverage
from assaymark.model.report import Report, Scan
from assaymark.report.findings import findings_of, suppressed_of
from assaymark.report.format import Format, Rendering
from assaymark.report.plain import shown
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
_LABEL: Final = 10


def write(scan: Scan, rendering: Rendering, stream: BinaryIO) -> None:
    """The whole table, in UTF-8."""
    paint = Paint(colour=rendering.colour)
    stream.writelines(line.rstrip().encode("utf-8", "replace") + b"\n" for line in lines(scan, rendering, paint))


def lines(scan: Scan, rendering: Rendering, paint: Paint) -> Iterator[str]:
    """The table's lines."""
    yield from _head(scan, paint)
    yield ""
    yield from _counts(scan.report, paint)
    yield from _coverage(scan.report.coverage, paint)
    for result in scan.report.results:
        if result.vulnerabilities:
            yield ""
            yield from findings_of(result, rendering.width, paint)
        if rendering.show_suppressed and result.modified_findings:
            yield ""
            yield from suppressed_of(result, paint)


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
    took = duration(scan.started, scan.finished)
    scanner = shown(f"{report.scanner.name} {report.scanner.version}")
    yield _labelled("scanned", f"{shown(day_and_time(scan.started))}{f' in {took}' if took else ''} by {scanner}")


def _database(scan: Scan, paint: Paint) -> str:
    database = scan.database
    age = days_between(database.updated_at, scan.started)
    built = f"built {shown(day_and_time(database.updated_at))}" if database.updated_at else "of unknown age"
    text = built if age is None else f"{built}, {amount(age, 'day')} old"
    return f"{paint.style('bad', 'SAMPLE, not for decisions')}; {text}" if database.sample else text


def _labelled(label: str, text: str) -> str:
    return f"  {label:<{_LABEL}}{text}"


def _counts(report: Report, paint: Paint) -> Iterator[str]:
    findings = [finding for result in report.results for finding in result.vulnerabilities]
    complete = report.coverage is None or report.coverage.complete
    total = amount(len(findings), "vulnerability", "vulnerabilities")
    if not findings:
        text = f"{total} found"
        yield (
            paint.style("good", text)
            if complete
            else f"{paint.style('bad', 'INCOMPLETE:')} {text}, but {_blind(report)}"
        )
        return
    counts = count_severities(finding.severity for finding in findings)
    yield "   ".join(
        paint.severity(name, f"{name} {counts[name]}") if counts[name] else f"{name} 0" for name in SEVERITIES
    )
    fixable = sum(1 for finding in findings if finding.fixed_version)
    packages = len({(finding.pkg_name, finding.installed_version, finding.pkg_path) for finding in findings})
    yield f"{total} in {amount(packages, 'package')}, {fixable} with a fix"
    if not complete:
        yield f"{paint.style('bad', 'INCOMPLETE:')} there may be more, because {_blind(report)}"


def _blind(report: Report) -> str:
    blocking = sum(1 for issue in report.coverage.issues if issue.blocking) if report.coverage else 0
    return (
        f"not everything was looked at ({amount(blocking, 'problem')})" if blocking else "not everything was looked at"
    )


def _coverage(coverage: Coverage | None, paint: Paint) -> Iterator[str]:
    if coverage is None or not (coverage.issues or coverage.not_analysed):
        return
    yield ""
    yield paint.style("bold", "Not looked at, or not wholly")
    for issue in sorted(coverage.issues, key=lambda issue: not issue.blocking)[:_ISSUES_SHOWN]:
        where = f" ({shown(issue.path)})" if issue.path else ""
        code = f"{issue.code.value:<22}"
        yield f"  {paint.style('bad' if issue.blocking else 'warn', code)} {shown(issue.message)}{where}"
    if len(coverage.issues) > _ISSUES_SHOWN:
        rest = Counter(issue.code.value for issue in coverage.issues)
        yield f"  and more: {', '.join(f'{code} {count}' for code, count in sorted(rest.items()))} in all"
    for each in coverage.not_analysed:
        examples = f", such as {shown(each.examples[0])}" if each.examples else ""
        yield f"  {'not analysed yet':<22} {amount(each.count, f'{shown(each.kind)} file')}{examples}"


FORMAT: Final = Format(
    name="table", media_type="text/plain", summary="a summary and the findings, for people", write=write
)
