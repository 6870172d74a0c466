"""What a scan could not look at: one bad file or layer is an issue of the report, and the scan goes on."""

from __future__ import annotations

from enum import Enum

import msgspec

from assaymark.model.vex import VexDocument


class IssueCode(Enum):
    """Stable codes for programs that read the report's `Coverage`."""

    FILE_UNREADABLE = "FILE_UNREADABLE"
    FILE_MALFORMED = "FILE_MALFORMED"
    FILE_TOO_LARGE = "FILE_TOO_LARGE"
    ENTRY_IGNORED = "ENTRY_IGNORED"
    VERSION_UNPARSABLE = "VERSION_UNPARSABLE"
    CONSTRAINT_UNPARSABLE = "CONSTRAINT_UNPARSABLE"
    OS_UNKNOWN = "OS_UNKNOWN"
    OS_UNSUPPORTED = "OS_UNSUPPORTED"
    OS_NO_PACKAGES = "OS_NO_PACKAGES"
    OS_END_UNKNOWN = "OS_END_UNKNOWN"
    OS_NO_ADVISORIES = "OS_NO_ADVISORIES"
    DATABASE_OLD = "DATABASE_OLD"
    DATABASE_EMPTY = "DATABASE_EMPTY"
    DATABASE_SAMPLE = "DATABASE_SAMPLE"
    NOT_ANALYSED = "NOT_ANALYSED"


class Issue(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", omit_defaults=True):
    """One thing that was not looked at, or not wholly.

    Attributes:
        blocking: whether the scan counts as incomplete because of it (`--require-complete`, signing).
        layer: the diff_id of the layer, where there is one.
    """

    code: IssueCode
    message: str
    path: str = ""
    layer: str = ""
    blocking: bool = True


class Unanalysed(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", omit_defaults=True):
    """Files of a kind that is recognised and that this version does not read."""

    kind: str
    count: int
    examples: tuple[str, ...] = ()


class Denied(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", omit_defaults=True):
    """What the user's own policy does not accept; a finding that it names stays among the report's.

    Attributes:
        rule: the policy's file, and the line of the rule.
        reason: why, in the policy's words.
        vulnerability_id: with what follows, the finding; all empty where the rule is about the scan.
        about: what is wrong with the scan, where it is no finding.
    """

    rule: str
    reason: str
    severity: str = ""
    vulnerability_id: str = msgspec.field(name="VulnerabilityID", default="")
    pkg_name: str = ""
    installed_version: str = ""
    target: str = ""
    about: str = ""


class Coverage(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", omit_defaults=True):
    """The statement of what a scan looked at; stands in the report's `Coverage` key.

    Attributes:
        vex: the VEX documents that were asked about findings.
        denied: what the findings policy fails the command for.
    """

    complete: bool
    issues: tuple[Issue, ...] = ()
    not_analysed: tuple[Unanalysed, ...] = ()
    vex: tuple[VexDocument, ...] = msgspec.field(name="VEX", default=())
    denied: tuple[Denied, ...] = ()
