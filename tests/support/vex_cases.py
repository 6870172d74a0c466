"""Cases of VEX and filters as text: what is scanned, with which flags and documents, and what the reference reports.

A case in `tests/corpus/vex/*.txt` is

    === a sentence
    run: rootfs --vex vex.json
    --- vex.json
    {...}
    --- expected
    alpine kept CVE-2018-25032 zlib
    alpine out CVE-2019-14697 musl | not_affected | vulnerable_code_not_present | vex.json

`expected` holds what the reference printed, sorted, or `error` where it refused; `ours` what we report where it is more. What is scanned is made here:
`rootfs` a tree of Alpine with a Python package, `archive` and `image` the same as an image (`image` from a registry, whose
address stands for `{address}`, and the manifest's digest for `{digest}`), `fs` a lockfile, and `sbom` a bill of materials.

    python -m tests.support.vex_cases        # writes `expected` again, with the `trivy` that is on PATH
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, chdir, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.support.consoles import recorded_console
from tests.support.database import place, trivy_db
from tests.support.images import build_image
from tests.support.registry import MemoryRegistry
from tests.support.workshop import ALPINE, DETAILS, FACTS, METADATA, SOURCES

from assaymark.cli.main import main
from assaymark.net.http import Http
from assaymark.oci.registry import Registry

CORPUS: Final = Path(__file__).parents[1] / "corpus" / "vex"
ERROR: Final = "error"
EXPECTED: Final = "expected"
OURS: Final = "ours"
SERIAL: Final = "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79"
_NPM: Final = "npm::GitHub Security Advisory npm"
_VULNERABLE: Final = {"PatchedVersions": ["2.0.0"], "VulnerableVersions": ["<2.0.0"]}
_FACTS: Final = {
    **FACTS,
    _NPM: {"shared": {"CVE-2026-1000": _VULNERABLE}, "left": {"CVE-2026-2000": {"VulnerableVersions": ["<2.0.0"]}}},
}
_DETAILS: Final = {
    **DETAILS,
    "CVE-2026-1000": {"Title": "shared: too much is shared", "Severity": "HIGH"},
    "CVE-2026-2000": {"Title": "left: turns right", "Severity": "LOW"},
}
_SOURCES: Final = {**SOURCES, _NPM: {"ID": "ghsa", "Name": "GitHub Security Advisory npm", "URL": "https://x"}}
_FLASK: Final = "usr/lib/python3/site-packages/flask-0.12.dist-info/METADATA"
SYSTEM: Final = {**ALPINE, _FLASK: "Name: Flask\nVersion: 0.12\n"}
LOCK: Final = {
    "name": "web",
    "version": "1.0.0",
    "lockfileVersion": 3,
    "packages": {
        "": {"name": "web", "version": "1.0.0", "dependencies": {"left": "1", "right": "1"}},
        "node_modules/left": {"version": "1.0.0", "dependencies": {"shared": "1"}},
        "node_modules/right": {"version": "1.0.0", "dependencies": {"shared": "1"}},
        "node_modules/shared": {"version": "1.0.0"},
    },
}
BILL: Final = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.5",
    "serialNumber": SERIAL,
    "version": 3,
    "components": [
        {"type": "library", "bom-ref": "the-left", "name": "left", "version": "1.0.0", "purl": "pkg:npm/left@1.0.0"},
        {
            "type": "library",
            "bom-ref": "the-shared",
            "name": "shared",
            "version": "1.0.0",
            "purl": "pkg:npm/shared@1.0.0",
        },
    ],
    "dependencies": [{"ref": "the-left", "dependsOn": ["the-shared"]}],
}


class Case(NamedTuple):
    """One case; `files` lie in the working directory, and `ours` is what we report where it is more."""

    name: str
    command: tuple[str, ...]
    files: dict[str, str]
    expected: str
    ours: str


class Place(NamedTuple):
    """Where cases run: a folder with everything that they scan."""

    folder: Path
    words: dict[str, str]

    def filled(self, text: str) -> str:
        """The text with the registry's address and the image's digest."""
        for word, value in self.words.items():
            text = text.replace(f"{{{word}}}", value)
        return text

    def emptied(self, text: str) -> str:
        """The other way round."""
        for word, value in self.words.items():
            text = text.replace(value, f"{{{word}}}")
        return text


Prepare = Callable[[Path], AbstractContextManager[Place]]
Run = Callable[[Case, Place], str]


def read_cases(path: Path) -> list[Case]:
    """The cases of one file."""
    return [_case(text) for text in path.read_text(encoding="utf-8").split("=== ")[1:]]


def _case(text: str) -> Case:
    head, *sections = text.split("\n--- ")
    name, _, command = head.partition("\nrun: ")
    files = {title: body for title, _, body in (section.partition("\n") for section in sections)}
    expected = files.pop(EXPECTED, "").strip()
    ours = files.pop(OURS, "").strip()
    return Case(name, tuple(command.split()), files, expected, ours)


@contextmanager
def prepared(folder: Path) -> Iterator[Place]:
    """The folder with a database, a tree, an image, a lockfile and an SBOM."""
    place(folder / "cache" / "db", trivy_db(_FACTS, details=_DETAILS, sources=_SOURCES), METADATA)
    for name, text in SYSTEM.items():
        _write(folder / "tree" / name, text)
    _write(folder / "project" / "package-lock.json", json.dumps(LOCK))
    _write(folder / "bom.json", json.dumps(BILL))
    built = build_image([SYSTEM])
    built.save_docker(folder / "image.tar", tags=["team/app:1"])
    with MemoryRegistry() as registry:
        image = built.push(Registry(Http()).repository(registry.reference("team/app")), tag="1")
        yield Place(folder, {"address": registry.host, "digest": image.digest})


def run_ours(case: Case, where: Place) -> str:
    """What our report says."""
    return _told(*ours(case, _arguments(case, where), where), where)


def run_reference(case: Case, where: Place) -> str:
    """What the reference's report says."""
    return _told(*reference(case, _arguments(case, where), where), where)


def ours(case: Case, arguments: list[str], where: Place) -> tuple[str, int]:
    """What we print, and our exit code."""
    write_files(case, where)
    variables = {"HOME": str(where.folder), "SOURCE_DATE_EPOCH": "1795262400", "PATH": os.environ["PATH"]}
    recorded = recorded_console(environ=variables)
    with chdir(where.folder):
        code = main(arguments, recorded.console)
    return recorded.out, code


def reference(case: Case, arguments: list[str], where: Place) -> tuple[str, int]:
    """What the reference prints, and its exit code."""
    write_files(case, where)
    environ = {"HOME": str(where.folder), "PATH": os.environ["PATH"], "TRIVY_SKIP_VERSION_CHECK": "true"}
    ran = subprocess.run(["trivy", *arguments], cwd=where.folder, env=environ, capture_output=True, check=False)
    return ran.stdout.decode(), ran.returncode


def _told(out: str, code: int, where: Place) -> str:
    if not out.startswith("{"):
        return ERROR
    return where.emptied(summary(json.loads(out)) + (f"\nexit {code}" if code else ""))


def summary(report: Any) -> str:
    """The findings that stayed, those that went, and the packages' identifiers, a line each."""
    lines = []
    for result in report.get("Results", ()):
        kind = result.get("Type", "")
        lines += [f"{kind} package {each.get('ID', '-')}" for each in result.get("Packages", ())]
        lines += [
            f"{kind} kept {each['VulnerabilityID']} {each['PkgName']}" for each in result.get("Vulnerabilities", ())
        ]
        for each in result.get("ExperimentalModifiedFindings", ()):
            found = each["Finding"]
            told = " | ".join(each[key] for key in ("Status", "Statement", "Source"))
            lines.append(f"{kind} out {found['VulnerabilityID']} {found['PkgName']} | {told}")
    return "\n".join(sorted(lines))


def _arguments(case: Case, where: Place) -> list[str]:
    command, *flags = case.command
    target = {
        "rootfs": ["rootfs", "tree"],
        "fs": ["fs", "project"],
        "sbom": ["sbom", "bom.json"],
        "archive": ["image", "--input", "image.tar"],
        "image": ["image", "--image-src", "remote", where.filled("{address}/team/app:1")],
    }[command]
    common = ["--cache-dir", "cache", "--skip-db-update", "--skip-java-db-update", "--quiet", "--scanners", "vuln"]
    return [target[0], *common, "--format", "json", "--show-suppressed", *flags, *target[1:]]


def write_files(case: Case, where: Place) -> None:
    """Put the case's files where it runs."""
    for name, text in case.files.items():
        _write(where.folder / name, where.filled(text))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def record(corpus: Path, prepare: Prepare, run: Run) -> None:
    """Write `expected` of every case again.

    Args:
        corpus: the folder of cases.
        prepare: makes what they scan.
        run: the reference.
    """
    for path in sorted(corpus.glob("*.txt")):
        pieces = [path.read_text(encoding="utf-8").split("=== ")[0]]
        for case in read_cases(path):
            with tempfile.TemporaryDirectory() as folder, prepare(Path(folder)) as where:
                expected = run(case, where)
            files = "".join(f"--- {name}\n{text.rstrip()}\n" for name, text in case.files.items())
            more = f"--- {OURS}\n{case.ours}\n" if case.ours else ""
            pieces.append(f"{case.name}\nrun: {' '.join(case.command)}\n{files}--- {EXPECTED}\n{expected}\n{more}\n")
        path.write_text("=== ".join(pieces).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    record(CORPUS, prepared, run_reference)
