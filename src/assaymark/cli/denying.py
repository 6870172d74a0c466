"""What the findings policy denies, on stderr: whatever `--quiet` says, and whatever else decides on the exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from assaymark.report.denials import denial_words
from assaymark.report.plain import shown

if TYPE_CHECKING:
    from assaymark.cli.console import Console
    from assaymark.matching.policy.rules import FindingsPolicy
    from assaymark.model.issue import Denied

_TOLD: Final = 20


def tell_denials(denied: tuple[Denied, ...], policy: FindingsPolicy | None, console: Console) -> None:
    """A line each, and a count where there are many."""
    for each in denied[:_TOLD]:
        path, _, line = each.rule.rpartition(":")
        console.err(f"denied by `{shown(path)}`, line {line}: {shown(denial_words(each))}")
    if policy is not None and len(denied) > _TOLD:
        console.err(f"denied by `{shown(policy.path)}`: {len(denied) - _TOLD} more")
