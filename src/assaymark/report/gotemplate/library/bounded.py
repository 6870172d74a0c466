"""What a function may make: a value that would be too long is refused before it is made."""

from __future__ import annotations

from assaymark.limits import DEFAULT_LIMITS


def checked(length: int) -> int:
    """`length`, as far as a value may have it.

    Raises:
        ValueError: it may not.
    """
    if length > DEFAULT_LIMITS.template_value_length:
        raise ValueError(f"the result would be longer than {DEFAULT_LIMITS.template_value_length}")
    return length
