"""Rules over findings, and what they decide.

1. Rules are tried in their order; the first that fits a finding decides: `ignore` takes it out of the report, `deny`
   fails the command. What no rule fits stays as it is.
2. A rule fits when all its conditions do; of several values of one condition one must.
3. What is not known fits no condition: a finding without a score is neither above nor below one. Only the database's
   age is different in a `deny` rule: a database whose age nobody knows is not a fresh one.
4. A `deny` rule with no other condition than the database's age is about the scan: it denies where nothing is found.
5. A rule that has expired does not count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import Enum
from functools import cached_property
from typing import Final, TypeVar

import msgspec

from assaymark.model.advisory import DatabaseInfo
from assaymark.model.digest import Digest
from assaymark.model.finding import Finding, ModifiedFinding
from assaymark.model.moment import parse_time
from assaymark.model.purl import Purl, find_purl
from assaymark.model.report import Result
from assaymark.safeio.doublestar import Pattern

Patterns = tuple[Pattern, ...]
Value = TypeVar("Value", float, timedelta)


class Action(Enum):
    """What becomes of a finding."""

    IGNORE = "ignore"
    DENY = "deny"


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """What a finding must be; None and empty for what does not matter.

    Attributes:
        ids: exact names in upper case, of the vulnerability or of the vendor's advisory.
        id_patterns: likewise, with wildcards.
        paths: of the package, or of the lockfile, which is the target.
        fixable: whether there is a fixed version.
        score_at_least, score_below: CVSS, the highest of version 3 and 4, or of version 2 where there is no other.
        age_at_least, age_below: since publication.
        database_age_at_least: since the database was built.
    """

    ids: frozenset[str] = frozenset()
    id_patterns: Patterns = ()
    packages: Patterns = ()
    purls: tuple[Purl, ...] = ()
    paths: Patterns = ()
    targets: Patterns = ()
    severities: frozenset[str] = frozenset()
    statuses: frozenset[str] = frozenset()
    fixable: bool | None = None
    score_at_least: float | None = None
    score_below: float | None = None
    age_at_least: timedelta | None = None
    age_below: timedelta | None = None
    database_age_at_least: timedelta | None = None


_EVERYTHING: Final = Conditions()


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One decision.

    Attributes:
        line: where it stands.
        expires: from when on it does not count.
    """

    action: Action
    conditions: Conditions
    reason: str
    line: int
    expires: datetime | None = None

    @property
    def is_about_the_scan(self) -> bool:
        """Rule 4."""
        rest = msgspec.structs.replace(self.conditions, database_age_at_least=None)
        return self.action is Action.DENY and rest == _EVERYTHING


class Denial(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that fails the command, and the finding that it fits; None where it is about the scan."""

    rule: Rule
    finding: Finding | None = None
    target: str = ""


class FindingsPolicy(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A read policy.

    Attributes:
        path: as modified findings print it.
        digest: of the file's bytes, for the record.
        rules: those in force.
        expired: those that are over.
        now: what ages are measured from.
    """

    path: str
    digest: Digest
    rules: tuple[Rule, ...]
    expired: tuple[Rule, ...] = ()
    now: datetime

    @property
    def warnings(self) -> tuple[str, ...]:
        """What people want to know: rules that do not count any more would vanish silently."""
        return tuple(f"`{self.path}`, line {rule.line}: the rule has expired: {rule.reason}" for rule in self.expired)

    def ignored(self, finding: Finding, target: str, database: DatabaseInfo) -> ModifiedFinding | None:
        """The finding with the reason why it is out; None where it stays."""
        rule = self._decisive(finding, target, database)
        if rule is None or rule.action is not Action.IGNORE:
            return None
        return ModifiedFinding(
            type="vulnerability",
            status="ignored",
            statement=rule.reason,
            source=f"{self.path}:{rule.line}",
            finding=finding,
        )

    def denials(self, results: Sequence[Result], database: DatabaseInfo) -> Iterator[Denial]:
        """What fails the command, given the findings that are left."""
        for rule in self.rules:
            if rule.is_about_the_scan and self._is_old(rule, database):
                yield Denial(rule=rule)
        for result in results:
            for finding in result.vulnerabilities:
                decisive = self._decisive(finding, result.target, database)
                if decisive is not None and decisive.action is Action.DENY:
                    yield Denial(rule=decisive, finding=finding, target=result.target)

    def _decisive(self, finding: Finding, target: str, database: DatabaseInfo) -> Rule | None:
        """Rule 1; rules about named vulnerabilities are not tried on others."""
        names = _names(finding)
        about = {number for name in names for number in self._by_id.get(name, ())}
        for number in sorted(about.union(self._of_all)) if about else self._of_all:
            rule = self.rules[number]
            if _fits(rule.conditions, finding, target, names, self.now) and self._is_old(rule, database):
                return rule
        return None

    def _is_old(self, rule: Rule, database: DatabaseInfo) -> bool:
        """Whether the database is as old as the rule says, with rule 3."""
        bound = rule.conditions.database_age_at_least
        if bound is None:
            return True
        built = parse_time(database.updated_at)
        return rule.action is Action.DENY if built is None else self.now - built >= bound

    @cached_property
    def _by_id(self) -> dict[str, list[int]]:
        index: dict[str, list[int]] = {}
        for number, rule in enumerate(self.rules):
            if not rule.conditions.id_patterns:
                for name in rule.conditions.ids:
                    index.setdefault(name, []).append(number)
        return index

    @cached_property
    def _of_all(self) -> list[int]:
        """Rules that are not about certain names alone."""
        return [
            number
            for number, rule in enumerate(self.rules)
            if not rule.is_about_the_scan and (rule.conditions.id_patterns or not rule.conditions.ids)
        ]


def _names(finding: Finding) -> tuple[str, ...]:
    return tuple(name.upper() for name in (finding.vulnerability_id, *finding.vendor_ids))


def _fits(wanted: Conditions, finding: Finding, target: str, names: tuple[str, ...], now: datetime) -> bool:
    """Rule 2, cheap questions first."""
    return (
        (not wanted.severities or finding.severity in wanted.severities)
        and (not wanted.statuses or finding.status in wanted.statuses)
        and wanted.fixable in (None, bool(finding.fixed_version))
        and _is_named(wanted, names)
        and _matches(wanted.packages, finding.pkg_name)
        and _matches(wanted.targets, target)
        and _matches(wanted.paths, finding.pkg_path, target)
        and _is_covered(wanted.purls, finding)
        and _is_within(_score(finding), wanted.score_at_least, wanted.score_below)
        and _is_within(_age(finding, now), wanted.age_at_least, wanted.age_below)
    )


def _is_named(wanted: Conditions, names: tuple[str, ...]) -> bool:
    if not wanted.ids and not wanted.id_patterns:
        return True
    return any(name in wanted.ids for name in names) or any(_matches(wanted.id_patterns, name) for name in names)


def _matches(patterns: Patterns, *texts: str) -> bool:
    return not patterns or any(pattern.matches(text) for pattern in patterns for text in texts if text)


def _is_covered(purls: tuple[Purl, ...], finding: Finding) -> bool:
    if not purls:
        return True
    package = find_purl(finding.pkg_identifier.purl)
    return package is not None and any(purl.covers(package) for purl in purls)


def _score(finding: Finding) -> float | None:
    """The highest of version 3 and 4; of version 2, which rates another way, where there is no other."""
    scores = [score for cvss in finding.cvss.values() for score in (cvss.v3_score, cvss.v40_score) if score]
    older = [cvss.v2_score for cvss in finding.cvss.values() if cvss.v2_score]
    return max(scores or older, default=None)


def _age(finding: Finding, now: datetime) -> timedelta | None:
    published = parse_time(finding.published_date)
    return None if published is None else now - published


def _is_within(value: Value | None, least: Value | None, below: Value | None) -> bool:
    """Whether `least <= value < below`, with rule 3."""
    if least is None and below is None:
        return True
    return value is not None and (least is None or value >= least) and (below is None or value < below)
