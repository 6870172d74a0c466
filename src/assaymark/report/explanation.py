"""An explanation for people, and for programs: why a vulnerability is in a report, or is not.

For people each package comes with its verdict, what brings it in, and every advisory that speaks of it: bucket, source,
affected and repaired versions. For programs it is the whole value, in JSON:

`asked`, `names`, `known` (whether the database describes it), `title`, `severity`, `sources` (the buckets that were
asked), and `packages`, each with `name`, `version`, `compared`, `target`, `type`, `path`, `layer`, `verdict` (`listed`,
`left out`, `not affected`, `not compared`), `reason`, `finding` (as in the JSON report; null where there is none), and
`grounds`: `bucket`, `asked`, `advisory`, `aliases`, `affected`, `fixed`, `source`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from assaymark.model.explanation import ExplainedPackage, Explanation, Grounds, Verdict
from assaymark.report.plain import shown
from assaymark.report.table_layers import Layers
from assaymark.report.wording import Paint, amount

_STYLES: Final = {
    Verdict.LISTED: "bad",
    Verdict.LEFT_OUT: "warn",
    Verdict.NOT_AFFECTED: "good",
    Verdict.NOT_COMPARED: "warn",
}
_LABEL: Final = 10
_SOURCES_SHOWN: Final = 8


def explanation_lines(explanation: Explanation, layers: Layers, paint: Paint) -> Iterator[str]:
    """The explanation for people."""
    severity = paint.severity(explanation.severity, shown(explanation.severity))
    title = shown(" ".join(explanation.title.split()))
    head = [paint.style("bold", shown(explanation.asked)), severity, title]
    yield "  ".join(filter(None, head))
    others = [name for name in explanation.names if name.upper() != explanation.asked.upper()]
    if others:
        yield f"also called {shown(', '.join(others))}"
    if not explanation.packages:
        yield from _nothing(explanation)
        return
    counts = Counter(each.verdict for each in explanation.packages)
    told = ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in Verdict if counts[verdict])
    yield f"{amount(len(explanation.packages), 'package')} with advisories: {told}"
    for each in explanation.packages:
        yield ""
        yield from _package(each, layers, paint)


def explanations_json(explanations: Sequence[Explanation]) -> bytes:
    """The explanations for programs, in order of the names that were asked for."""
    builtins = msgspec.to_builtins(list(explanations))
    return msgspec.json.format(msgspec.json.encode(builtins), indent=2) + b"\n"


def _nothing(explanation: Explanation) -> Iterator[str]:
    yield (
        "the database describes it, but no advisory on it speaks of a package that was found here"
        if explanation.known
        else "the database does not know it: there is no such vulnerability, or the database is older"
    )
    sources = explanation.sources
    if sources:
        more = f", and {len(sources) - _SOURCES_SHOWN} more" if len(sources) > _SOURCES_SHOWN else ""
        yield f"asked were the advisories of {', '.join(map(shown, sources[:_SOURCES_SHOWN]))}{more}"
    else:
        yield "no advisories were asked: nothing was found that any of them could speak of"


def _package(each: ExplainedPackage, layers: Layers, paint: Paint) -> Iterator[str]:
    verdict = paint.style(_STYLES[each.verdict], each.verdict.value.upper())
    yield f"{verdict}  {paint.style('bold', shown(f'{each.name} {each.version}'))}: {shown(each.reason)}"
    yield _labelled("in", ", ".join(filter(None, (shown(each.target), shown(each.path)))))
    number = layers.number(each.layer)
    if number:
        made = shown(layers.instruction(number))
        yield _labelled("layer", f"{number} of {layers.count}{f': {made}' if made else ''}")
    if each.compared != each.version:
        yield _labelled("compared", f"{shown(each.compared)}, the version of its source package")
    finding = each.finding
    if finding is not None and finding.severity:
        by = f" by {shown(finding.severity_source)}" if finding.severity_source else ""
        yield _labelled("severity", f"{paint.severity(finding.severity, shown(finding.severity))}{by}")
    for grounds in each.grounds:
        yield from _grounds(grounds, paint)


def _grounds(grounds: Grounds, paint: Paint) -> Iterator[str]:
    names = " ".join(map(shown, (grounds.advisory, *grounds.aliases)))
    source = grounds.source
    by = f", published by {shown(source.name or source.id)}" if source and (source.name or source.id) else ""
    yield _labelled("advisory", f"{names}{by}")
    yield _labelled("bucket", shown(f"{grounds.bucket} / {grounds.asked}"), deeper=True)
    yield _labelled("affected", shown(grounds.affected), deeper=True)
    yield _labelled("fixed in", shown(grounds.fixed) or "nothing", deeper=True)
    if source and source.url:
        yield _labelled("source", paint.style("dim", shown(source.url)), deeper=True)


def _labelled(label: str, text: str, *, deeper: bool = False) -> str:
    return f"  {'  ' if deeper else ''}{label:<{_LABEL}}{text}"
