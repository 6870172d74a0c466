"""How to say that evidence was not looked at, or is not there: one wording for images, files, keys and identities."""

from __future__ import annotations

from typing import Final

LOG: Final = "transparency log"
TIMESTAMP: Final = "timestamp"


def not_checked(check: str, detail: str) -> str:
    """The note about a check that was not made."""
    return f"not checked: {check}: {detail}"


def no_log_entry(*, with_key: bool) -> str:
    """That nothing was logged; a key's signature needs no log."""
    return "there is no log entry, and none is needed with a key" if with_key else "there is no log entry"


def ignored_entries(count: int) -> str:
    """That log entries were not looked at."""
    return f"{count} log {'entry was' if count == 1 else 'entries were'} ignored"


def ignored_timestamps(count: int) -> str:
    """That timestamps were not looked at."""
    return f"{count} timestamp{' was' if count == 1 else 's were'} ignored"
