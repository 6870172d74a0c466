"""VEX over a whole report, after all other filters (the reference's order).

1. A finding goes when a document says so of its package; or when every way from the package up to what was scanned is
   cut by a component of which a document says so, with the package as its part.
2. A way that does not end at what was scanned, because packages need each other in a circle, counts as one that leads
   there: nothing is taken out by accident.
3. Sources are asked in their order; the first that takes a finding out wins. What the modified finding says is the last
   positive answer on a walk through all ways.
4. Only where that keeps the finding the lenient rules are tried. What they take out says so.
5. As with the reference, packages without an identifier get `name@version`, whatever the documents say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import msgspec

from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.matching.vex.component import Component
from assaymark.matching.vex.document import Answer, Budget, Question
from assaymark.matching.vex.graph import ROOT, Graph, Subject
from assaymark.matching.vex.source import VexSource
from assaymark.model.finding import Finding, ModifiedFinding
from assaymark.model.hierarchy import package_id
from assaymark.model.issue import Coverage
from assaymark.model.report import Report, Result

_CIRCLE_STEPS: Final = 2_000
"""Steps of a walk that looks for circles of rule 2; where they do not suffice, the finding stays."""


def apply_vex(
    report: Report, sources: Sequence[VexSource], subject: Subject, *, limits: Limits = DEFAULT_LIMITS
) -> Report:
    """The report without what the documents take out, and with what became of their statements.

    Args:
        report: all other filters have been applied.
        sources: in their order of precedence.
        subject: what was scanned.
        limits: the bounds.

    Raises:
        LimitError: there is too much to compare.
    """
    if not sources:
        return report
    named = tuple(map(_with_identifiers, report.results))
    judge = _Judge(Graph(msgspec.structs.replace(report, results=named), subject), sources, limits)
    results = tuple(judge.filtered(result, number) for number, result in enumerate(named))
    told = tuple(document for source in sources for document in source.told(limits.vex_listed))
    coverage = msgspec.structs.replace(report.coverage or Coverage(complete=True), vex=told)
    return msgspec.structs.replace(report, results=results, coverage=coverage)


def _with_identifiers(result: Result) -> Result:
    """Rule 5."""
    if result.class_ not in {"os-pkgs", "lang-pkgs"} or all(package.id for package in result.packages):
        return result
    packages = tuple(msgspec.structs.replace(package, id=package_id(package)) for package in result.packages)
    return msgspec.structs.replace(result, packages=packages)


class _Walk(NamedTuple):
    """One finding on its way up; `answers` are known by the places that were asked."""

    finding: Finding
    leaf: int
    lenient: bool
    answers: dict[int, Answer | None]


class _Judge:
    """Asks the sources about findings of one report."""

    def __init__(self, graph: Graph, sources: Sequence[VexSource], limits: Limits) -> None:
        self._graph = graph
        self._sources = sources
        self._budget = Budget(limits.vex_questions)

    def filtered(self, result: Result, number: int) -> Result:
        """The result with the findings that stay."""
        kept: list[Finding] = []
        modified = list(result.modified_findings)
        for finding in result.vulnerabilities:
            taken = self._taken_out(finding, number)
            if taken is None:
                kept.append(finding)
            else:
                modified.append(taken)
        return msgspec.structs.replace(result, vulnerabilities=tuple(kept), modified_findings=tuple(modified))

    def _taken_out(self, finding: Finding, number: int) -> ModifiedFinding | None:
        leaf = self._graph.find(number, finding.pkg_identifier.uid)
        if leaf is None or not any(source.speaks_of(finding.vulnerability_id) for source in self._sources):
            return None
        for lenient in (False, True):
            walk = _Walk(finding, leaf, lenient, {})
            last = self._last_answer(walk)
            if last is not None:
                return _modified(finding, last, walk)
        return None

    def _last_answer(self, walk: _Walk) -> Answer | None:
        """Rules 1 to 3; None where the finding stays."""
        own = self._ask(walk, self._graph.components[walk.leaf], None)
        if own is not None:
            walk.answers[walk.leaf] = own
            return own
        uncut = self._uncut(walk)
        if uncut is None or (_has_circle(uncut) and self._is_stuck(walk)):
            return None
        return self._last_on_the_way(walk)

    def _uncut(self, walk: _Walk) -> dict[int, list[int]] | None:
        """The uncut components above the package with those above them; None where what was scanned is among them."""
        found: dict[int, list[int]] = {}
        waiting = [walk.leaf]
        while waiting:  # to the end, because each statement that is asked about learns why it was not enough
            place = waiting.pop()
            if place not in found and self._cut(walk, place) is None:
                found[place] = self._graph.parents[place]
                waiting.extend(found[place])
        return found if ROOT not in found and all(found.values()) else None

    def _is_stuck(self, walk: _Walk) -> bool:
        """Rule 2: whether a way ends where everything above is on it already."""
        steps = 0
        way = [walk.leaf]
        above = [iter(dict.fromkeys(self._graph.parents[walk.leaf]))]
        while way:
            place = next(above[-1], None)
            steps += 1
            if steps > _CIRCLE_STEPS:
                return True
            if place is None:
                way.pop()
                above.pop()
            elif place not in way and self._cut(walk, place) is None:
                way.append(place)
                if set(self._graph.parents[place]) <= set(way):
                    return True
                above.append(iter(dict.fromkeys(self._graph.parents[place])))
        return False

    def _last_on_the_way(self, walk: _Walk) -> Answer | None:
        """Rule 3: on a walk through everything the last way is that by the last component above each."""
        way = {walk.leaf: None}
        place = walk.leaf
        while (answer := self._cut(walk, place)) is None:
            above = next((each for each in reversed(self._graph.parents[place]) if each not in way), None)
            if above is None:
                return None
            place = above
            way[place] = None
        return answer

    def _cut(self, walk: _Walk, place: int) -> Answer | None:
        """What the sources say of a component with the package as its part."""
        if place not in walk.answers:
            components = self._graph.components
            walk.answers[place] = self._ask(walk, components[place], components[walk.leaf])
        return walk.answers[place]

    def _ask(self, walk: _Walk, product: Component, part: Component | None) -> Answer | None:
        self._budget.take()
        question = Question(
            vulnerability=walk.finding.vulnerability_id, product=product, part=part, lenient=walk.lenient
        )
        return next(self._positive(question), None)

    def _positive(self, question: Question) -> Iterator[Answer]:
        for source in self._sources:
            answer = source.answer(question, self._budget)
            if answer is not None:
                yield answer


def _has_circle(above: dict[int, list[int]]) -> bool:
    """Whether some of these components are above themselves; those that are not among the keys are cut."""
    waiting = {place: sum(each in above for each in dict.fromkeys(parents)) for place, parents in above.items()}
    below: dict[int, list[int]] = {}
    for place, parents in above.items():
        for each in dict.fromkeys(parents):
            if each in above:
                below.setdefault(each, []).append(place)
    ready = [place for place, count in waiting.items() if count == 0]
    done = 0
    while ready:
        place = ready.pop()
        done += 1
        for each in below.get(place, ()):
            waiting[each] -= 1
            if waiting[each] == 0:
                ready.append(each)
    return done < len(above)


def _modified(finding: Finding, last: Answer, walk: _Walk) -> ModifiedFinding:
    """What the report says, once every answer that helped is remembered."""
    helped = {(id(answer.consulted), answer.number): answer for answer in walk.answers.values() if answer is not None}
    for answer in helped.values():
        answer.consulted.took_out(answer.number, answer.match)
    forms = dict.fromkeys(answer.match for answer in helped.values() if answer.match)
    lenient = f" (matched by {', '.join(forms)})" if forms else ""
    return ModifiedFinding(
        type="vulnerability",
        status=last.status,
        statement=last.text,
        source=f"{last.source}{lenient}",
        finding=finding,
    )
