"""The findings policy as a file: YAML, a list `rules` of decisions.

    rules:
      - ignore:
          ids: [CVE-2019-14697]
          packages: [musl, "musl-*"]
        reason: only i386 has this code
        expires: 2027-01-31
      - deny:
          severities: CRITICAL
          fixable: true
          age_at_least: 14d
        reason: critical ones are repaired within two weeks

The rules of the format:

1. A rule has `ignore` or `deny` with at least one condition, a `reason`, and maybe `expires`: a day, whose beginning in
   UTC ends the rule, or a day and a time.
2. Where a list belongs one value may stand alone. An empty list is an error: it would be about nothing or everything.
3. `packages`, `paths`, `targets` and `ids` are patterns of ignore files (`assaymark.safeio.doublestar`); names of
   vulnerabilities have no letter case.
4. A key that nobody knows is an error with its place, and so is a policy without rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from posixpath import normpath
from typing import Any, Final, TypeVar

from assaymark.errors import UsageError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.matching.ignorefile import parse_moment
from assaymark.matching.policy.rules import Action, Conditions, FindingsPolicy, Rule
from assaymark.model.advisory import Severity, Status
from assaymark.model.digest import sha256_digest
from assaymark.model.purl import parse_purl
from assaymark.safeio.doublestar import compile_pattern
from assaymark.safeio.written import Misplaced, items_of, located, members_of, read_written, suggestion, text_of
from assaymark.safeio.yaml import Placed

Value = TypeVar("Value")

_ACTIONS: Final = tuple(action.value for action in Action)
_OF_A_RULE: Final = (*_ACTIONS, "reason", "expires")
_SEVERITIES: Final = tuple(severity.name for severity in Severity)
_STATUSES: Final = tuple(status.text for status in Status)
_DURATION: Final = re.compile(r"([0-9]{1,5})([hdw])")
_UNITS: Final = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_SCORE: Final = re.compile(r"[0-9]{1,2}(?:\.[0-9]{1,2})?")
_WILDCARDS: Final = frozenset("*?[{\\")


def parse_findings_policy(data: bytes, *, path: str, now: datetime, limits: Limits = DEFAULT_LIMITS) -> FindingsPolicy:
    """The policy whose bytes are `data`.

    Args:
        data: the whole file.
        path: how messages and modified findings call it.
        now: decides which rules are over, and what is how old; with a time zone.
        limits: bounds of YAML documents, and of the number of rules.

    Raises:
        UsageError: it is no policy, with line and column.
    """
    root = read_written(data, path, limits=limits)
    with located(path):
        rules = _rules(root, limits)
    over: tuple[list[Rule], list[Rule]] = ([], [])
    for rule in rules:
        over[rule.expires is not None and rule.expires < now].append(rule)
    return FindingsPolicy(
        path=normpath(path),
        digest=sha256_digest(data),
        rules=tuple(over[False]),
        expired=tuple(over[True]),
        now=now,
    )


def _rules(root: Placed, limits: Limits) -> tuple[Rule, ...]:
    if not root.value:
        raise Misplaced("the policy is empty", root, hint="`rules:` and a list of `ignore:` and `deny:`")
    rules = members_of(root, ("rules",))["rules"]
    items = items_of(rules) if rules.value else []
    if not items:
        raise Misplaced("the policy has no rules", rules, hint="leave `--findings-policy` out to decide nothing")
    if len(items) > limits.policy_rules:
        raise Misplaced(f"the policy has more than {limits.policy_rules} rules", rules)
    return tuple(map(_rule, items))


def _rule(node: Placed) -> Rule:
    members = members_of(node, _OF_A_RULE, where="rules")
    actions = [action for action in _ACTIONS if action in members]
    if len(actions) != 1:
        raise Misplaced("a rule has either `ignore` or `deny`", node)
    reason = text_of(members["reason"]).strip() if "reason" in members else ""
    if not reason:
        raise Misplaced("a rule needs a `reason`", members.get("reason", node), hint="who reads the report asks for it")
    conditions = members[actions[0]]
    if not conditions.value:
        raise Misplaced("a rule without a condition would fit everything", conditions, hint='`ids: "*"` says so')
    return Rule(
        action=Action(actions[0]),
        conditions=_conditions(conditions, actions[0]),
        reason=reason,
        line=node.line,
        expires=_read(members["expires"], parse_moment) if "expires" in members else None,
    )


def _conditions(node: Placed, where: str) -> Conditions:
    members = members_of(node, tuple(_READERS), where=where)
    found: dict[str, Any] = {}
    for key, value in members.items():
        found |= _READERS[key](value)
    return Conditions(**found)


def _listed(node: Placed, read: Callable[[str], Value]) -> tuple[Value, ...]:
    """Rule 2."""
    items = items_of(node) if isinstance(node.value, list) else [node]
    if not items:
        raise Misplaced("the list is empty", node, hint="leave the condition out")
    return tuple(_read(each, read) for each in items)


def _read(node: Placed, read: Callable[[str], Value]) -> Value:
    text = text_of(node)
    if not text:
        raise Misplaced("the value is empty", node)
    try:
        return read(text)
    except UsageError as exc:
        raise Misplaced(str(exc), node, hint=exc.hint) from exc
    except ValueError as exc:
        raise Misplaced(str(exc), node) from exc


def _ids(node: Placed) -> dict[str, Any]:
    names = _listed(node, str.upper)
    patterns = tuple(name for name in names if not _WILDCARDS.isdisjoint(name))
    return {
        "ids": frozenset(names).difference(patterns),
        "id_patterns": _listed(node, lambda text: compile_pattern(text.upper())) if patterns else (),
    }


def _patterns(name: str) -> Callable[[Placed], dict[str, Any]]:
    return lambda node: {name: _listed(node, compile_pattern)}


def _words(name: str, known: Collection[str], spelled: Callable[[str], str]) -> Callable[[Placed], dict[str, Any]]:
    def word(text: str) -> str:
        if spelled(text) not in known:
            raise UsageError(f"unknown value `{text[:100]}`", hint=suggestion(text, known) or ", ".join(known))
        return spelled(text)

    return lambda node: {name: frozenset(_listed(node, word))}


def _one(name: str, read: Callable[[str], Any]) -> Callable[[Placed], dict[str, Any]]:
    return lambda node: {name: _read(node, read)}


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(f"`{text[:100]}` is neither `true` nor `false`")
    return text.lower() == "true"


def _score(text: str) -> float:
    if _SCORE.fullmatch(text) is None or float(text) > 10:
        raise ValueError(f"`{text[:100]}` is no score from 0 to 10")
    return float(text)


def _duration(text: str) -> timedelta:
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"`{text[:100]}` is no age: hours, days or weeks, such as `36h`, `14d` or `2w`")
    return int(match[1]) * _UNITS[match[2]]


_READERS: Final[Mapping[str, Callable[[Placed], dict[str, Any]]]] = {
    "ids": _ids,
    "packages": _patterns("packages"),
    "purls": lambda node: {"purls": _listed(node, parse_purl)},
    "paths": _patterns("paths"),
    "targets": _patterns("targets"),
    "severities": _words("severities", _SEVERITIES, str.upper),
    "statuses": _words("statuses", _STATUSES, str.lower),
    "fixable": _one("fixable", _truth),
    "score_at_least": _one("score_at_least", _score),
    "score_below": _one("score_below", _score),
    "age_at_least": _one("age_at_least", _duration),
    "age_below": _one("age_below", _duration),
    "database_age_at_least": _one("database_age_at_least", _duration),
}
