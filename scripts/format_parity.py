"""Compare every machine-read format with the reference's recorded output, structurally, and explain each difference.

A document becomes its leaves: paths with values, positions in lists included. What differs on purpose is listed in
`EXPLAINED`, with its reason; whatever else differs is printed and counts. Formats that people read (tables, HTML) are
not compared. A format that is added to the recordings is compared as soon as it is in `READERS`.
"""

from __future__ import annotations

import datetime as dt
import fnmatch
import json
import os
import re
import subprocess
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from format_parity_boms import EXPLAINED_BOMS, NAMES, TIMES, cyclonedx, spdx, spdx_json

ENVIRONMENT = {"AWS_REGION": "r", "AWS_ACCOUNT_ID": "1"}
"""What stood in the environment when the reference's outputs were recorded."""

MISSED = "what was not looked at, which the reference does not tell"
EXPLAINED: dict[str, dict[str, str]] = {
    "sarif": {
        "runs.*.tool.driver.*": NAMES,
        "runs.*.invocations.*": MISSED,
        "runs.*.originalUriBaseIds.*": "where the recording lay",
    },
    "gitlab": {
        "scan.analyzer.*": NAMES,
        "scan.scanner.*": NAMES,
        "scan.*_time": TIMES,
        "scan.messages.*": MISSED,
    },
    "gitlab-codequality": {},
    "junit": {
        "@name": "the schema has no name at the root",
        "testsuite.*@*": "the schema wants `package`, `id`, `timestamp`, `hostname` and a number of seconds",
        "testsuite.*.system-*": "the schema wants both outputs",
        "testsuite.*.properties": "the schema wants properties, also where there are none",
        "not looked at*": MISSED,
    },
    "asff": {
        "Findings.*.ProductArn": "the account's own product instead of the reference's vendor's",
        "Findings.*.CreatedAt": TIMES,
        "Findings.*.UpdatedAt": TIMES,
        "Findings.*.Description=": "an empty description, which the service refuses, is the title instead",
        "Findings.*.Details.Other.*=": "empty facts, which the service refuses, are left out",
    },
    "github": {"detector.*": NAMES, "scanned": TIMES},
    "cosign-vuln": {
        "scanner.uri": NAMES,
        "scanner.version": NAMES,
        "scanner.result.Trivy.*": NAMES,
        "scanner.result.Scanner.*": NAMES,
        "scanner.result.Coverage.*": MISSED,
        "scanner.result.ReportID": "an identifier that is drawn",
        "scanner.result.CreatedAt": TIMES,
        "metadata.*": TIMES,
    },
}
"""Patterns of paths, and why what is there differs; with `=` behind it, only where the reference has nothing."""

FLAGS = {"cosign-vuln": ["--blank-record"]}
CONVERTED = {"cyclonedx", "spdx", "spdx-json"}
"""Recorded by converting the JSON report, which has no checksums of files; a bill of a scan has them."""
"""What a format needs to be the reference's own."""


def _json(data: bytes) -> Any:
    return _settled(json.loads(data))


def _junit(data: bytes) -> Any:
    """Suites of findings by name; the second suite that the reference writes for misconfigurations is always empty."""
    root = ET.fromstring(data)
    suites = [suite for suite in root if suite.get("name") != "not looked at"]
    kept = {suite.get("name"): _element(suite) for suite in reversed(suites)}  # the first of a name stays
    missed = [_element(suite) for suite in root if suite.get("name") == "not looked at"]
    return {**{f"@{key}": value for key, value in root.attrib.items()}, "testsuite": kept, "not looked at": missed}


def _element(element: ET.Element) -> dict[str, Any]:
    children: dict[str, Any] = {}
    for child in element:
        children.setdefault(child.tag, []).append(_element(child))
    text = {"text": element.text} if (element.text or "").strip() else {}
    return {**{f"@{key}": value for key, value in element.attrib.items()}, **text, **children}


READERS: dict[str, Callable[[bytes], Any]] = {
    **dict.fromkeys(EXPLAINED, _json),
    "junit": _junit,
    "cyclonedx": cyclonedx,
    "spdx-json": spdx_json,
    "spdx": spdx,
}
EXPLAINED |= EXPLAINED_BOMS


def _settled(value: Any) -> Any:
    """Without what the reference leaves in random order: dependencies, and the identifiers that hang on them."""
    match value:
        case dict():
            if len(value.get("DependsOn") or []) > 1 and "Identifier" in value:
                value["Identifier"].pop("UID", None)
            return {key: sorted(each) if key == "DependsOn" else _settled(each) for key, each in value.items()}
        case list():
            return [_settled(each) for each in value]
    return value


def compare_formats(recordings: Path, cases: Path, cache: Path, program: Path, scratch: Path) -> bool:
    """Run every recorded case in every format, print a line for each format, and say whether all of it is explained."""
    explained = True
    for name, read in READERS.items():
        same = total = 0
        reasons: Counter[str] = Counter()
        open_questions: Counter[str] = Counter()
        for recording in sorted(recordings.glob(f"*.{name}")):
            case = recording.name.removesuffix(f".{name}")
            ours = read(_run(program, cases / case, name, cache, scratch).replace(b"assaymark", b"Trivy"))
            equal, differing = _compared(read(recording.read_bytes()), ours)
            same, total = same + equal, total + equal + len(differing)
            for path, is_empty in differing.items():
                reason = _reason(path, EXPLAINED[name], is_empty=is_empty)
                (reasons if reason else open_questions)[reason or re.sub(r"\[\d+\]", "[]", path)] += 1
        print(f"{name:<20} {same}/{total} equal", flush=True)
        for text, count in reasons.most_common():
            print(f"    {count} explained: {text}")
        for text, count in open_questions.most_common(10):
            print(f"    {count} DIFFERENT: {text}")
        explained = explained and not open_questions
    return explained


def _run(program: Path, case: Path, name: str, cache: Path, scratch: Path) -> bytes:
    words = (case / "cmd").read_text("utf-8").split()
    target = f"input/{words[1]}" if len(words) > 1 else "input"
    place = ["--input", target] if words[0] == "image" else [target]
    made = json.loads((case / "trivy.json").read_bytes())["CreatedAt"]
    date = dt.datetime.fromisoformat(made[:19] + "+00:00")
    output = scratch / f"{case.name}.{name}"
    scanned = "json" if name in CONVERTED else name
    report = scratch / f"{case.name}.json" if name in CONVERTED else output
    call = [str(program), words[0], "--quiet", "--cache-dir", str(cache), "--skip-db-update", "--skip-java-db-update"]
    call += [
        "--offline-scan",
        "--scanners",
        "vuln",
        "--format",
        scanned,
        "--output",
        str(report),
        *FLAGS.get(name, []),
        *words[2:],
        *place,
    ]
    environment = {
        "HOME": str(scratch),
        "PATH": os.environ["PATH"],
        "SOURCE_DATE_EPOCH": str(int(date.timestamp())),
        **ENVIRONMENT,
    }
    subprocess.run(call, cwd=case, env=environment, check=True)
    if name in CONVERTED:
        converting = [str(program), "convert", "--quiet", "--format", name, "--output", str(output), str(report)]
        subprocess.run(converting, cwd=case, env=environment, check=True)
    return output.read_bytes()


def _compared(theirs: Any, ours: Any) -> tuple[int, dict[str, bool]]:
    """How many leaves are equal, and the paths of those that are not with whether the reference has nothing there."""
    left, right = dict(_leaves(theirs)), dict(_leaves(ours))
    paths = left.keys() | right.keys()
    differing = [path for path in paths if path not in left or path not in right or left[path] != right[path]]
    return len(paths) - len(differing), {path: left.get(path, "") == "" for path in differing}


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, each in value.items():
            joint = "" if not path or key.startswith("@") else "."
            yield from _leaves(each, f"{path}{joint}{key}")
    elif isinstance(value, list) and value:
        for index, each in enumerate(value):
            yield from _leaves(each, f"{path}[{index}]")
    else:
        yield path, value


def _reason(path: str, explained: dict[str, str], *, is_empty: bool) -> str:
    plain = re.sub(r"\[(\d+)\]", r".\1", path)
    places = {plain, f"{plain}="} if is_empty else {plain}
    found = (
        reason for pattern, reason in explained.items() if any(fnmatch.fnmatchcase(place, pattern) for place in places)
    )
    return next(found, "")
