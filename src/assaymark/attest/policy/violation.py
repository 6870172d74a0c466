"""What a policy says of one attestation: which rules it breaks, and what the reader should know besides."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from assaymark.attest.reasons import Reason


class Violation(msgspec.Struct, frozen=True, kw_only=True):
    """One rule that is broken.

    Attributes:
        reason: the stable code.
        rule: its name, which flags and policy files share: `max-severity`; for CUE and Rego the file's.
        message: one sentence.
        vulnerability, package: whose fault it is, where it is a finding's; the package with its version.
        limit, value: what was demanded, and what is there.
    """

    reason: Reason
    rule: str
    message: str
    vulnerability: str = ""
    package: str = ""
    limit: str = ""
    value: str = ""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """All that a policy says of one attestation; one without violations passes.

    Attributes:
        notes: doubts that break no rule, a line each.
    """

    violations: tuple[Violation, ...] = ()
    notes: tuple[str, ...] = ()

    def __add__(self, other: Verdict) -> Verdict:
        return Verdict(violations=(*self.violations, *other.violations), notes=(*self.notes, *other.notes))


def gravest(violations: Sequence[Violation]) -> Violation:
    """The one that is told first: what cannot be judged before what was judged, in the order of the reasons."""
    return min(violations, key=lambda violation: violation.reason.progress)
