"""The scanner, as documents name it."""

from __future__ import annotations

from typing import Final

from assaymark.model.report import ScannerInfo

HOME: Final = "https://pypi.org/project/assaymark/"
"""Where the program comes from, in formats that ask for an address."""


def scanner_purl(scanner: ScannerInfo) -> str:
    """The scanner's package URL; `+` of a local version is encoded as purl-spec wants it."""
    from urllib.parse import quote

    return f"pkg:pypi/{scanner.name.lower()}@{quote(scanner.version, safe='-._~:')}"
