"""Cases of filters as text, in the form of `tests.support.vex_cases`: which findings stay, in which order, and why the
others went.

    === a sentence
    run: rootfs --severity HIGH
    --- .trivyignore
    CVE-2026-0001
    --- expected
    debian kept CVE-2026-0002 bash 5.2 | HIGH by nvd | fixed 5.3
    debian out CVE-2026-0001 bash 5.2 | ignored |  | .trivyignore

Lines of what stays are in the report's order. What is scanned is made here: `rootfs` a tree of Debian with packages of
Node.js and Python, `fs` a lockfile, and `convert` the JSON report of that tree.

    python -m tests.support.filter_cases        # writes `expected` again, with the `trivy` that is on PATH
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.support.database import place, trivy_db
from tests.support.vex_cases import ERROR, Case, Place, ours, record, reference
from tests.support.workshop import METADATA

CORPUS: Final = Path(__file__).parents[1] / "corpus" / "filters"
REGO: Final = "rego"
"""The file whose cases need `opa`."""

_NPM: Final = "npm::GitHub Security Advisory npm"
_PIP: Final = "pip::GitHub Security Advisory pip"
_FACTS: Final[dict[str, dict[str, dict[str, Any]]]] = {
    "debian 12": {
        "bash": {
            "CVE-2026-0001": {"FixedVersion": "5.3-1", "Severity": 1, "VendorIDs": ["DSA-1-1"]},
            "CVE-2026-0002": {"Status": 5},
        },
        "openssl": {"CVE-2026-0003": {"FixedVersion": "3.1-1"}, "CVE-2026-0004": {"Status": 6}},
        "zlib": {
            "CVE-2026-0005": {"Status": 4},
            "CVE-2026-0006": {"Status": 7},
            "CVE-2026-0007": {"Status": 2},
            "CVE-2026-0008": {"FixedVersion": "2.0-1"},
        },
    },
    _NPM: {
        "left": {
            "CVE-2026-1001": {"PatchedVersions": ["1.0.1"], "VulnerableVersions": ["<1.0.1"], "VendorIDs": ["GHSA-1"]},
            "CVE-2026-1002": {"VulnerableVersions": ["<=1.0.0"]},
        },
        "@scope/right": {"GHSA-2222-3333-4444": {"PatchedVersions": ["3.0.0"], "VulnerableVersions": ["<3.0.0"]}},
    },
    _PIP: {"flask": {"CVE-2026-2001": {"PatchedVersions": ["0.12.3"], "VulnerableVersions": ["<0.12.3"]}}},
}
_VECTOR: Final = "CVSS:3.1/AV:{}/AC:L/PR:{}/UI:{}/S:U/C:H/I:H/A:H"


def _rated(title: str, words: tuple[str, str, str] = ("N", "N", "N"), cwe: str = "", **rated: int) -> dict[str, Any]:
    """Details of a vulnerability with severities by sources; the first is the oldest way of rating it, too."""
    cvss = {"V3Vector": _VECTOR.format(*words), "V3Score": 9.8}
    return {
        "Title": title,
        "Severity": ("UNKNOWN", "LOW", "MEDIUM", "HIGH", "CRITICAL")[next(iter(rated.values()), 0)],
        "VendorSeverity": {name.replace("_", "-"): severity for name, severity in rated.items()},
        **({"CweIDs": [cwe]} if cwe else {}),
        "CVSS": {"nvd": cvss, **({"redhat": cvss} if words != ("N", "N", "N") else {})},
        "PublishedDate": "2026-01-02T03:04:05Z",
    }


_DETAILS: Final = {
    "CVE-2026-0001": _rated("bash: one", nvd=4, redhat=3),
    "CVE-2026-0002": _rated("bash: two", ("L", "N", "N"), "CWE-119", nvd=3, redhat=1),
    "CVE-2026-0003": _rated("openssl: three", ("N", "H", "N"), "CWE-352", nvd=2, ubuntu=1),
    "CVE-2026-0004": _rated("openssl: four", ("P", "N", "R"), "CWE-200", nvd=1),
    "CVE-2026-0005": _rated("zlib: five", cwe="CWE-787", redhat=4),
    "CVE-2026-0006": _rated("zlib: six"),
    "CVE-2026-0007": _rated("zlib: seven", nvd=4),
    "CVE-2026-1001": _rated("left: a", ("A", "L", "R"), "CWE-79", ghsa=3, nvd=2),
    "CVE-2026-1002": _rated("left: b", nvd=2),
    "GHSA-2222-3333-4444": _rated("right: c", ghsa=2),
    "CVE-2026-2001": _rated("flask: d", cwe="CWE-352", ghsa=4, nvd=1),
}
_SOURCES: Final = {
    "debian 12": {"ID": "debian", "Name": "Debian Security Tracker", "URL": "https://salsa.debian.org/x"},
    _NPM: {"ID": "ghsa", "Name": "GitHub Security Advisory npm", "URL": "https://x"},
    _PIP: {"ID": "ghsa", "Name": "GitHub Security Advisory pip", "URL": "https://x"},
}
_STATUS: Final = """\
Package: bash
Status: install ok installed
Architecture: amd64
Version: 5.2-1

Package: libssl3
Status: install ok installed
Architecture: amd64
Source: openssl (3.0-1)
Version: 3.0-1+b1

Package: zlib1g
Status: install ok installed
Architecture: amd64
Source: zlib
Version: 1:1.2-1
"""
_TREE: Final = {
    "etc/debian_version": "12.5\n",
    "etc/os-release": 'ID=debian\nVERSION_ID="12"\n',
    "var/lib/dpkg/status": _STATUS,
    "app/node_modules/left/package.json": '{"name": "left", "version": "1.0.0"}',
    "srv/node_modules/left/package.json": '{"name": "left", "version": "1.0.0"}',
    "app/node_modules/right/package.json": '{"name": "@scope/right", "version": "2.0.0"}',
    "usr/lib/python3/dist-packages/flask-0.12.dist-info/METADATA": "Name: Flask\nVersion: 0.12\n",
    ".trivyignore": "CVE-2026-0001\nCVE-2026-1001\n",
}
_LOCK: Final = {
    "name": "web",
    "version": "1.0.0",
    "lockfileVersion": 3,
    "packages": {
        "": {"name": "web", "version": "1.0.0", "dependencies": {"left": "1", "@scope/right": "2"}},
        "node_modules/left": {"version": "1.0.0"},
        "node_modules/@scope/right": {"version": "2.0.0"},
    },
}


@contextmanager
def prepared(folder: Path) -> Iterator[Place]:
    """The folder with a database, a tree, a lockfile and a stored report."""
    place(folder / "cache" / "db", trivy_db(_FACTS, details=_DETAILS, sources=_SOURCES), METADATA)
    for name, text in _TREE.items():
        path = folder / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "project").mkdir()
    (folder / "project" / "package-lock.json").write_text(json.dumps(_LOCK), encoding="utf-8")
    where = Place(folder, {})
    unfiltered = Case("", ("rootfs",), {}, "", "")
    out, _ = ours(unfiltered, _arguments(unfiltered), where)
    (folder / "report.json").write_text(out, encoding="utf-8")
    yield where


def run_ours(case: Case, where: Place) -> str:
    """What our report says."""
    return _in_its_folder(case, where, ours)


def run_reference(case: Case, where: Place) -> str:
    """What the reference's report says."""
    return _in_its_folder(case, where, reference)


def _in_its_folder(case: Case, where: Place, run: Any) -> str:
    """What is printed; files of the case are taken away afterwards, as the default ignore file counts for all."""
    try:
        return _told(*run(case, _arguments(case), where))
    finally:
        for name in case.files:
            (where.folder / name).unlink()


def _told(out: str, code: int) -> str:
    if not out.startswith("{"):
        return ERROR
    return "\n".join([*_lines(json.loads(out)), *([f"exit {code}"] if code else [])])


def _lines(report: Any) -> Iterator[str]:
    """The findings that stayed, in their order; those that went, sorted, because the reference has no order for them."""
    for result in report.get("Results", ()):
        kind, modified = result["Type"], result.get("ExperimentalModifiedFindings", ())
        for each in result.get("Vulnerabilities", ()):
            rated = f"{each['Severity']} by {each.get('SeveritySource', 'nobody')}"
            fixed = f"{each['Status']} {each.get('FixedVersion', '')}".strip()
            yield f"{kind} kept {_named(each)} | {rated} | {fixed}"
        yield from sorted(
            f"{kind} out {_named(each['Finding'])} | "
            + " | ".join(each[key] for key in ("Status", "Statement", "Source"))
            for each in modified
        )


def _named(finding: Any) -> str:
    path = f" in {finding['PkgPath']}" if "PkgPath" in finding else ""
    return f"{finding['VulnerabilityID']} {finding['PkgName']} {finding['InstalledVersion']}{path}"


def _arguments(case: Case) -> list[str]:
    command, *flags = case.command
    if command == "convert":
        return ["convert", "--quiet", "--format", "json", "--show-suppressed", *flags, "report.json"]
    common = ["--cache-dir", "cache", "--skip-db-update", "--skip-java-db-update", "--quiet", "--scanners", "vuln"]
    shown = () if "--show-suppressed=false" in flags else ("--show-suppressed",)
    target = {"rootfs": "tree", "fs": "project"}[command]
    return [command, *common, "--format", "json", *shown, *flags, target]


if __name__ == "__main__":
    record(CORPUS, prepared, run_reference)
