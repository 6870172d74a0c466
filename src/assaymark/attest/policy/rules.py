"""A policy as a value: what flags and policy files ask of vulnerability records.

Several sources (flags, files) add up: each severity limit is judged by itself, of two ages the smaller one counts,
lists are joined, and a denied finding stays denied whoever allows it.

Severities are `NONE` < `LOW` < `MEDIUM` < `HIGH` < `CRITICAL`, and a limit names the highest that is tolerated; `NONE`
tolerates no finding. A finding of `UNKNOWN` severity counts as `CRITICAL` unless the limit says otherwise: nobody knows
that it is harmless.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from functools import cached_property
from typing import Final

import msgspec

from assaymark.model.platform import Platform

LEVELS: Final = ("NONE", "LOW", "MEDIUM", "HIGH", "CRITICAL")
"""What a limit may name, least first."""

_UNIT_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_AGE: Final = re.compile(r"(?:[0-9]{1,9}[smhdw])+\Z")
_AGE_PART: Final = re.compile(r"([0-9]+)([smhdw])")
_IDENTIFIER: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*-[A-Za-z0-9:._-]+\Z")
_STRICT: Final = {
    "CVE": re.compile(r"CVE-[0-9]{4}-[0-9]{4,19}\Z"),
    "GHSA": re.compile(r"GHSA(?:-[0-9A-Z]{4}){3}\Z"),
}


class Age(msgspec.Struct, frozen=True, kw_only=True):
    """How old something may be; `text` as it was written."""

    seconds: int
    text: str


class SeverityLimit(msgspec.Struct, frozen=True, kw_only=True):
    """No finding may be worse.

    Attributes:
        highest: one of `LEVELS`.
        fixable_only: findings without a fixed version do not count.
        unknown: what a finding of unknown severity counts as; one of `LEVELS`.
    """

    highest: str
    fixable_only: bool = False
    unknown: str = "CRITICAL"


class Denial(msgspec.Struct, frozen=True, kw_only=True):
    """A finding that must not be there, however severe.

    Attributes:
        id: of the vulnerability; any where it is empty.
        package: a pattern of package names with `*` and `?`; any where it is empty.
        reason: why, for people.
    """

    id: str = ""
    package: str = ""
    reason: str = ""


class Allowance(msgspec.Struct, frozen=True, kw_only=True):
    """A finding that severity limits pass over; `expires` is the last day on which they do (UTC)."""

    id: str = ""
    package: str = ""
    expires: date | None = None
    reason: str = ""


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """A policy that another program judges: what messages call it, which ends with `.cue` or `.rego`, and its text."""

    name: str
    text: bytes


class Policy(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Everything that is asked; nothing is asked by default."""

    severities: tuple[SeverityLimit, ...] = ()
    deny: tuple[Denial, ...] = ()
    allow: tuple[Allowance, ...] = ()
    max_age: Age | None = None
    max_database_age: Age | None = None
    trust_signer_time: bool = False
    require_complete: bool = False
    platforms: tuple[Platform, ...] = ()
    programs: tuple[Program, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is asked; an allowance alone asks for nothing."""
        return bool(self.judges_records or self.max_age or self.platforms or self.programs)

    @cached_property
    def judges_findings(self) -> bool:
        """Whether a record's findings have to be known."""
        return bool(self.severities or self.deny)

    @cached_property
    def judges_records(self) -> bool:
        """Whether it takes a vulnerability record to answer."""
        return bool(self.judges_findings or self.max_database_age or self.require_complete)


def join_policies(policies: Iterable[Policy]) -> Policy:
    """One policy that asks for everything that any of them asks for."""
    every = list(policies)
    return Policy(
        severities=tuple(dict.fromkeys(limit for policy in every for limit in policy.severities)),
        deny=tuple(dict.fromkeys(entry for policy in every for entry in policy.deny)),
        allow=tuple(dict.fromkeys(entry for policy in every for entry in policy.allow)),
        max_age=_smallest(policy.max_age for policy in every),
        max_database_age=_smallest(policy.max_database_age for policy in every),
        trust_signer_time=any(policy.trust_signer_time for policy in every),
        require_complete=any(policy.require_complete for policy in every),
        platforms=tuple(dict.fromkeys(platform for policy in every for platform in policy.platforms)),
        programs=tuple(dict.fromkeys(program for policy in every for program in policy.programs)),
    )


def parse_age(text: str) -> Age:
    """The age that `text` spells: `36h`, `7d`, `2w`, `1d12h`.

    Raises:
        ValueError: it spells none, or no time at all.
    """
    if not _AGE.match(text):
        raise ValueError(f"`{text[:40]}` is not an age (write 36h, 7d, 2w)")
    seconds = sum(int(count) * _UNIT_SECONDS[unit] for count, unit in _AGE_PART.findall(text))
    if not seconds:
        raise ValueError(f"`{text[:40]}` is no time at all: nothing would be young enough")
    return Age(seconds=seconds, text=text)


def parse_level(text: str) -> str:
    """One of `LEVELS`, in any letter case.

    Raises:
        ValueError: it is none.
    """
    level = text.upper()
    if level not in LEVELS:
        raise ValueError(f"`{text[:40]}` is not a severity (one of {', '.join(LEVELS)})")
    return level


def parse_identifier(text: str) -> str:
    """The identifier of a vulnerability, in capitals: records are compared without regard to letter case.

    Raises:
        ValueError: no vulnerability is called so, and a rule about it would never apply.
    """
    identifier = text.strip().upper()
    exact = _STRICT.get(identifier.partition("-")[0], _IDENTIFIER)
    if not exact.match(identifier):
        raise ValueError(f"`{text[:60]}` is not the identifier of a vulnerability (such as CVE-2021-44228)")
    return identifier


def _smallest(ages: Iterable[Age | None]) -> Age | None:
    return min((age for age in ages if age is not None), key=lambda age: age.seconds, default=None)
