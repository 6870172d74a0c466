"""What suppliers' advisories share: ranges of versions in place of one fixed version.

    constraint = term *( "," term ) | term *( SP term )          ; all terms hold
    term       = [ ">=" | "<=" | ">" | "<" | "==" | "!=" | "=" ] version

1. An advisory without ranges means every version; else one of its ranges has to hold.
2. A range that cannot be read, or a version without an order, holds for nothing and is noted.
3. Findings print the repaired versions joined, and the severity that the supplier took over from a base distribution.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any, Final

from assaymark.matching.driver import Match, OsTarget
from assaymark.model.advisory import Advisory
from assaymark.model.package import Package
from assaymark.versions.scheme import Scheme, VersionError
from assaymark.versions.text import GO_SPACES, checked_constraint

_TERM = re.compile(r"(>=|<=|>|<|==|!=|=)?[\t\n\f\r ]*([0-9][0-9a-zA-Z.\-+~:_^]*)\Z")
_SPACES = re.compile(f"[{GO_SPACES}]+")
_HOLDS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


def lies_in(scheme: Scheme, version: str, constraint: str) -> bool:
    """Whether all terms of a constraint hold.

    Raises:
        VersionError: the constraint cannot be read, or a version has no order.
    """
    terms = [_term(part, constraint) for part in _split(checked_constraint(constraint)) if part.strip(GO_SPACES)]
    if not terms:
        raise VersionError("a constraint is empty")
    return all(_HOLDS[sign](scheme.key(version), scheme.key(bound)) for sign, bound in terms)


def _term(text: str, constraint: str) -> tuple[str, str]:
    match = _TERM.match(text.strip(GO_SPACES))
    if match is None:
        raise VersionError(f"`{constraint[:200]}` is not a constraint")
    return match[1] or "=", match[2]


def _split(constraint: str) -> list[str]:
    """At commas, or where there is none at white space."""
    return constraint.split(",") if "," in constraint else _SPACES.split(constraint)


def is_affected(
    target: OsTarget, scheme: Scheme, package: Package, version: str, advisory: Advisory, *, lenient: bool = False
) -> bool:
    """Rule 1.

    Args:
        target: takes the notes.
        scheme: the order of the base distribution.
        package: stands in the notes.
        version: what is compared.
        advisory: with its ranges.
        lenient: whether ranges behind one that cannot be read are still looked at.
    """
    if not advisory.vulnerable_versions:
        return True
    if not version or not _has_order(target, scheme, package, version):
        return False
    for constraint in advisory.vulnerable_versions:
        try:
            if lies_in(scheme, version, constraint):
                return True
        except VersionError:
            target.doubts.constraint(advisory.vulnerability_id, constraint)
            if not lenient:
                return False
    return False


def _has_order(target: OsTarget, scheme: Scheme, package: Package, version: str) -> bool:
    try:
        scheme.key(version)
    except VersionError:
        target.doubts.version(package.name, version)
        return False
    return True


def supplied_match(package: Package, advisory: Advisory, *, severity_source: str) -> Match:
    """Rule 3; `severity_source` counts where the advisory states a severity."""
    return Match(
        package=package,
        advisory=advisory,
        installed=package.full_version,
        fixed=", ".join(advisory.patched_versions),
        severity=advisory.severity,
        severity_source=severity_source if advisory.severity else "",
    )
