"""A folder with a small vulnerability database and small images, and the program run in it as a user runs it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.support.consoles import recorded_console
from tests.support.database import place, trivy_db
from tests.support.images import BuiltImage, build_image

from assaymark.cli.main import main

NOON: Final = "1795262400"
"""2026-11-21 12:00 UTC, for `SOURCE_DATE_EPOCH`."""

METADATA: Final = {
    "Version": 2,
    "NextUpdate": "2099-01-01T00:00:00Z",
    "UpdatedAt": "2026-11-21T00:00:00Z",
    "DownloadedAt": "2026-11-21T06:00:00Z",
}
FACTS: Final[Mapping[str, Mapping[str, Mapping[str, Any]]]] = {
    "alpine 3.10": {
        "musl": {"CVE-2019-14697": {"FixedVersion": "1.1.22-r3"}, "CVE-2020-28928": {"FixedVersion": "1.1.22-r4"}},
        "zlib": {"CVE-2018-25032": {}},
    },
    "pip::GitHub Security Advisory pip": {
        "flask": {"CVE-2018-1000656": {"PatchedVersions": ["0.12.3"], "VulnerableVersions": ["<0.12.3"]}}
    },
}
DETAILS: Final = {
    "CVE-2019-14697": {"Title": "musl: x87 stack imbalance", "Severity": "CRITICAL"},
    "CVE-2020-28928": {"Title": "musl: memory behind a buffer is written", "Severity": "MEDIUM"},
    "CVE-2018-25032": {"Title": "zlib: distances corrupt memory", "Severity": "HIGH"},
    "CVE-2018-1000656": {"Title": "flask: memory by odd encodings", "Severity": "HIGH"},
}
SOURCES: Final = {
    "alpine 3.10": {"ID": "alpine", "Name": "Alpine Secdb", "URL": "https://secdb.alpinelinux.org/"},
    "pip::GitHub Security Advisory pip": {"ID": "ghsa", "Name": "GitHub Security Advisory pip", "URL": "https://x"},
}

INSTALLED: Final = "P:musl\nV:1.1.22-r2\nA:x86_64\no:musl\n\nP:zlib\nV:1.2.11-r1\nA:x86_64\no:zlib\n\n"
ALPINE: Final = {"etc/alpine-release": "3.10.9\n", "lib/apk/db/installed": INSTALLED}
OUT_OF_SUPPORT: Final = "warning: alpine 3.10.9 is out of support: new vulnerabilities may not be known\n"
FINDINGS: Final = ["CVE-2019-14697", "CVE-2020-28928", "CVE-2018-25032"]


class Ran(NamedTuple):
    """How one run ended."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> Any:
        """The JSON on stdout."""
        return json.loads(self.out)

    @property
    def findings(self) -> list[str]:
        """The findings of all results on stdout, in order."""
        return found_in(self.report)


class Workshop:
    """A folder with `cache` in it."""

    def __init__(self, folder: Path, *, offline: bool = True) -> None:
        self.folder = folder
        self._offline = ("--offline",) if offline else ()
        self.cache = folder / "cache"
        place(self.cache / "db", trivy_db(FACTS, details=DETAILS, sources=SOURCES), METADATA)

    def image(self, *layers: Mapping[str, Any], name: str = "image.tar", **keywords: Any) -> str:
        """A `docker save` archive; Alpine with two packages unless told otherwise."""
        built = build_image(layers or [ALPINE], **keywords)
        return str(built.save_docker(self.folder / name, tags=["alpine:3.10"]))

    def layout(self, built: BuiltImage) -> str:
        """An OCI image layout."""
        return str(built.save_layout(self.folder / "layout", ref="1"))

    def tree(self, files: Mapping[str, str], name: str = "tree") -> str:
        """A folder of files."""
        for path, text in files.items():
            target = self.folder / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        return str(self.folder / name)

    def run(self, *arguments: str, terminal: bool = False, stdin: bytes = b"", **environ: str) -> Ran:
        """One command with this cache, on the day of the database, without any network unless told so."""
        variables = {"HOME": str(self.folder), "SOURCE_DATE_EPOCH": NOON, **environ}
        recorded = recorded_console(environ=variables, terminal=terminal, stdin=stdin)
        command, *rest = arguments
        code = main([command, "--cache-dir", str(self.cache), *self._offline, *rest], recorded.console)
        return Ran(code, recorded.out, recorded.err)


def found_in(report: Any) -> list[str]:
    """The identifiers of a report's findings, result by result."""
    return [
        found["VulnerabilityID"] for result in report.get("Results", []) for found in result.get("Vulnerabilities", [])
    ]
