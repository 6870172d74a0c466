"""The files of one call of `assaymark.scan` that judge findings: ignore file, findings policy, VEX documents.

All are read before the scan: a mistake in one must not cost a scan.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from assaymark.api.choices import Choices
from assaymark.matching.filters import FilterOptions
from assaymark.matching.ignorefile import IgnoreFile, parse_ignore_file
from assaymark.safeio.files import read_file

if TYPE_CHECKING:
    from assaymark.limits import Limits
    from assaymark.matching.policy.rules import FindingsPolicy
    from assaymark.matching.vex.source import SingleDocument


class Filters(NamedTuple):
    """What decides which findings stay.

    Attributes:
        vex: in their order of precedence. They keep count of what they took out, so they are good for one scan.
        warnings: a line each.
    """

    report: FilterOptions
    vex: tuple[SingleDocument, ...]
    warnings: tuple[str, ...]


def read_filters(choices: Choices, *, now: datetime, limits: Limits) -> Filters:
    """What the files say that were named.

    Raises:
        UsageError: the ignore file or the findings policy is none.
        ArtifactError: a VEX document is none.
        LocalError: a file cannot be read.
    """
    ignore_file = _ignore_file(choices.ignore_file, now, limits)
    policy = _findings_policy(choices.findings_policy, now, limits)
    return Filters(
        report=FilterOptions(
            severities=frozenset(choices.severities),
            ignored_statuses=choices.ignored_statuses,
            ignore_file=ignore_file,
            findings_policy=policy,
        ),
        vex=tuple(_document(name, limits) for name in dict.fromkeys(choices.vex)),
        warnings=tuple(line for each in (ignore_file, policy) if each for line in each.warnings),
    )


def _ignore_file(name: str, now: datetime, limits: Limits) -> IgnoreFile | None:
    if not name:
        return None
    data = read_file(Path(name), limit=limits.json_bytes)
    return parse_ignore_file(data, path=name, now=now, limits=limits)


def _findings_policy(name: str, now: datetime, limits: Limits) -> FindingsPolicy | None:
    if not name:
        return None
    from assaymark.matching.policy.document import parse_findings_policy

    data = read_file(Path(name), limit=limits.configuration_bytes)
    return parse_findings_policy(data, path=name, now=now, limits=limits)


def _document(name: str, limits: Limits) -> SingleDocument:
    from assaymark.matching.vex.format import read_vex
    from assaymark.matching.vex.source import SingleDocument

    data = read_file(Path(name), limit=limits.vex_bytes)
    return SingleDocument(read_vex(data, source=name, what=name, limits=limits))
