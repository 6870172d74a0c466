"""SBOMs as text, and what the reference reports of them.

A case in `tests/corpus/sbom/*.txt` is

    === a sentence
    run: envelope
    --- bom.json
    {"bomFormat": "CycloneDX", …}
    --- expected
    is cyclonedx
    …

`run` says how the document is handed over: `plain`, in a `statement`, an `envelope` or a `bundle`, as `cosign1` did, as the
`text` of an envelope, or behind `lines` of another attestation. `expected` holds what the reference printed, sorted, or
`error` where it refused; `ours` what we report where it is more.

    python -m tests.support.sbom_cases        # writes `expected` again, with the `trivy` that is on PATH
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any, Final

from tests.support.consoles import recorded_console
from tests.support.database import place, trivy_db
from tests.support.vex_cases import ERROR, EXPECTED, OURS, Case, read_cases
from tests.support.workshop import DETAILS, FACTS, METADATA, NOON, SOURCES

from assaymark.cli.main import main

CORPUS: Final = Path(__file__).parents[1] / "corpus" / "sbom"
CYCLONEDX: Final = "https://cyclonedx.org/bom"
SPDX: Final = "https://spdx.dev/Document"
_NPM: Final = "npm::GitHub Security Advisory npm"
_FACTS: Final = {**FACTS, _NPM: {"left": {"CVE-2026-2000": {"VulnerableVersions": ["<2.0.0"]}}}}
_SOURCES: Final = {**SOURCES, _NPM: {"ID": "ghsa", "Name": "GitHub Security Advisory npm", "URL": "https://x"}}
_DETAILS: Final = {**DETAILS, "CVE-2026-2000": {"Title": "left: turns right", "Severity": "LOW"}}
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PACKAGE: Final = (
    *("ID", "Name", "Version", "Release", "Epoch", "Arch", "SrcName", "SrcVersion", "SrcRelease", "SrcEpoch"),
    *("Identifier", "Licenses", "Modularitylabel", "FilePath", "Layer", "BuildInfo", "DependsOn", "Digest"),
)


@contextmanager
def prepared(folder: Path) -> Iterator[Path]:
    """The folder with a database."""
    place(folder / "cache" / "db", trivy_db(_FACTS, details=_DETAILS, sources=_SOURCES), METADATA)
    yield folder


def sbom_cases() -> list[Case]:
    """All of them."""
    return [case for path in sorted(CORPUS.glob("*.txt")) for case in read_cases(path)]


def run_ours(case: Case, folder: Path) -> str:
    """What our report says."""
    recorded = recorded_console(environ={"HOME": str(folder), "SOURCE_DATE_EPOCH": NOON})
    with chdir(folder):
        main(_arguments(case, folder), recorded.console)
    return summary(recorded.out)


def run_reference(case: Case, folder: Path) -> str:
    """What the reference's report says."""
    environ = {"HOME": str(folder), "PATH": os.environ["PATH"], "TRIVY_SKIP_VERSION_CHECK": "true"}
    command = ["trivy", *_arguments(case, folder)]
    ran = subprocess.run(command, cwd=folder, env=environ, capture_output=True, check=False)
    return summary(ran.stdout.decode())


def summary(out: str) -> str:
    """What the report says of the document, a line each; identifiers that are drawn give way to a word."""
    if not out.startswith("{"):
        return ERROR
    report = json.loads(out)
    lines = [f"is {report['ArtifactType']}"]
    lines += [
        f"metadata {name} {_text(value)}" for name, value in report.get("Metadata", {}).items() if name != "Layers"
    ]
    for result in report.get("Results", ()):
        where = f"{result.get('Type', '')} `{result['Target']}`"
        for each in result.get("Packages", ()):
            stated = {name: each[name] for name in _PACKAGE if name in each}
            lines.append(f"{where} package {_text(stated)}")
        for each in result.get("Vulnerabilities", ()):
            fixed = each.get("FixedVersion", "-")
            lines.append(
                f"{where} finding {each['VulnerabilityID']} {each['PkgName']} {each['InstalledVersion']} {fixed}"
            )
    return _UUID.sub("(drawn)", "\n".join(sorted(lines)))


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _arguments(case: Case, folder: Path) -> list[str]:
    ((name, text),) = case.files.items()
    how, *flags = case.command
    (folder / name).write_bytes(_handed_over(how, text.rstrip("\n").encode()))
    common = ("--cache-dir", "cache", "--skip-db-update", "--skip-java-db-update", "--quiet", "--scanners", "vuln")
    return ["sbom", *common, "--format", "json", "--list-all-pkgs", *flags, name]


def _handed_over(how: str, document: bytes) -> bytes:
    if how == "plain":
        return document
    if how == "text":
        return _envelope(_statement(json.dumps(document.decode()).encode(), SPDX))
    kind = SPDX if b"SPDXID" in document else CYCLONEDX
    if how == "cosign1":
        return _envelope(_statement(b'{"Data": %b, "Timestamp": ""}' % document, kind))
    statement = _statement(document, kind)
    other = _envelope(_statement(b"{}", "https://slsa.dev/provenance/v1"))
    return {
        "statement": statement,
        "envelope": _envelope(statement),
        "lines": b"\n".join((other, _envelope(statement))),
        "first-line": b"\n".join((_envelope(statement), other)),
        "bundle": b'{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "dsseEnvelope": %b}'
        % _envelope(statement),
        "older-bundle": b'{"mediaType": "application/vnd.dev.sigstore.bundle+json;version=0.1", "dsseEnvelope": %b}'
        % _envelope(statement),
    }[how]


def _statement(predicate: bytes, kind: str) -> bytes:
    return b'{"_type": "https://in-toto.io/Statement/v0.1", "predicateType": "%b", "subject": [], "predicate": %b}' % (
        kind.encode(),
        predicate,
    )


def _envelope(payload: bytes) -> bytes:
    kind = b"application/vnd.in-toto+json"
    return b'{"payloadType": "%b", "payload": "%b", "signatures": [{"sig": "AA=="}]}' % (kind, b64encode(payload))


def _record() -> None:
    for path in sorted(CORPUS.glob("*.txt")):
        pieces = [path.read_text(encoding="utf-8").split("=== ")[0]]
        for case in read_cases(path):
            with tempfile.TemporaryDirectory() as folder, prepared(Path(folder)) as where:
                expected = run_reference(case, where)
            files = "".join(f"--- {name}\n{text.rstrip()}\n" for name, text in case.files.items())
            more = f"--- {OURS}\n{case.ours}\n" if case.ours else ""
            pieces.append(f"{case.name}\nrun: {' '.join(case.command)}\n{files}--- {EXPECTED}\n{expected}\n{more}\n")
        path.write_text("=== ".join(pieces).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    _record()
