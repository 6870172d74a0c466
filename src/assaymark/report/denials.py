"""What a findings policy denies, in words: for stderr and for the table."""

from __future__ import annotations

from assaymark.model.issue import Denied


def denial_words(denied: Denied) -> str:
    """What is denied, and why; rules are named beside it."""
    return f"{denied.about or _finding(denied)} ({denied.reason})"


def _finding(denied: Denied) -> str:
    package = f"{denied.pkg_name} {denied.installed_version}".strip()
    return f"{denied.severity} {denied.vulnerability_id} in {package}, {denied.target}"
