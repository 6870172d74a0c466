"""What every version order asks of its input: short, plain text, and numbers that fit the reference's machine words.

Version strings come from scanned files and are hostile (CVE-2022-40898, CVE-2024-3651): their length is bounded before
anything looks at them, and a number is converted only after its length was bounded. Letters and digits beyond ASCII are
refused where the ecosystem gives them no order; to rpm they are separators.
"""

from __future__ import annotations

from typing import Final

from assaymark.limits import DEFAULT_LIMITS
from assaymark.versions.scheme import VersionError

INT64_MAX: Final = 2**63 - 1
UINT64_MAX: Final = 2**64 - 1
GO_SPACES: Final = (
    "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
)
"""What Go's `strings.TrimSpace` takes away; `str.strip` would also take the separators U+001C to U+001F."""


def checked_length(version: str) -> str:
    """The version itself, when it is short enough to be looked at.

    Raises:
        VersionError: longer than `Limits.version_chars`.
    """
    if len(version) > DEFAULT_LIMITS.version_chars:
        raise VersionError(f"a version of {len(version)} characters is too long")
    return version


def checked(version: str) -> str:
    """The version itself, when it is short and plain enough to be looked at.

    Raises:
        VersionError: longer than `Limits.version_chars`, or not ASCII.
    """
    if not checked_length(version).isascii():
        raise VersionError(f"`{version}` holds characters that no version may hold")
    return version


def checked_constraint(constraint: str) -> str:
    """The constraint itself, when it is short enough to be looked at.

    Raises:
        VersionError: longer than `Limits.constraint_chars`.
    """
    if len(constraint) > DEFAULT_LIMITS.constraint_chars:
        raise VersionError(f"a constraint of {len(constraint)} characters is too long")
    return constraint


def find_uint64(digits: str) -> int | None:
    """The number that ASCII digits spell, or None where it needs more than 64 bits (Go's `ParseUint`)."""
    if not digits.isdecimal() or not digits.isascii():
        return None
    significant = digits.lstrip("0")
    if len(significant) > 20:
        return None
    number = int(significant or "0")
    return number if number <= UINT64_MAX else None


def parse_uint64(digits: str) -> int:
    """The number that ASCII digits spell.

    Raises:
        VersionError: it needs more than 64 bits.
    """
    number = find_uint64(digits)
    if number is None:
        raise VersionError(f"`{digits[:40]}` is not a number of 64 bits")
    return number


def saturated_int64(digits: str) -> int:
    """The number that digits spell, at most 2^63-1: what Go's `Atoi` leaves behind on overflow."""
    significant = digits.lstrip("0")
    if len(significant) > 19:
        return INT64_MAX
    return min(int(significant or "0"), INT64_MAX)


def wrapped_int64(digits: str) -> int:
    """The number that digits spell in 64-bit two's complement: what a loop of `value*10 + digit` leaves behind."""
    number = int(digits or "0") & UINT64_MAX
    return number - 2**64 if number > INT64_MAX else number
