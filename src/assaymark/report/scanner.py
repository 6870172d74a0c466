"""The scanner, as documents name it."""

from __future__ import annotations

from typing import Final

from assaymark.model.report import ScannerInfo

REFERENCE: Final = "Trivy"
"""The other program whose reports are read."""


def scanner_home(scanner: ScannerInfo) -> str:
    """Where the program comes from, for formats that ask for an address."""
    if scanner.name == REFERENCE:
        return "https://github.com/aquasecurity/trivy"
    return "https://pypi.org/project/assaymark/"


def scanner_purl(scanner: ScannerInfo) -> str:
    """The scanner's package URL; `+` of a local version is encoded as purl-spec wants it."""
    from urllib.parse import quote

    kind = "github/aquasecurity" if scanner.name == REFERENCE else "pypi"
    return f"pkg:{kind}/{scanner.name.lower()}@{quote(scanner.version, safe='-._~:')}"
