"""JUnit XML: a suite for each target, a failed test for each finding ("JUnit.xsd" of Windy Road, the Ant dialect).

Suites, tests and failures are the reference's. Its template leaves out what the schema wants (`package`, `id`,
`timestamp`, `hostname`, a number in `time`, the two outputs) and adds a name to the root and an empty second suite for
each target, for misconfigurations; here the schema decides. The host is always `localhost`: a report tells nothing of
the machine that made it. Nothing was timed test by test, so every time is 0.

What was not looked at is a suite of errors, which is what JUnit calls a test that could not be run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import BinaryIO, Final

from assaymark.model.finding import Finding
from assaymark.model.report import Result, Scan
from assaymark.report.format import Format, Rendering
from assaymark.report.inert import line, paragraphs
from assaymark.report.shortfall import Shortfall, shortfalls
from assaymark.report.wording import utc_seconds

_NO_CHARACTERS: Final = {0xFFFE: "\ufffd", 0xFFFF: "\ufffd"}  # XML 1.0, 2.2; controls and surrogates are gone before


def write(scan: Scan, rendering: Rendering, stream: BinaryIO) -> None:
    """One document, suite by suite."""
    del rendering
    stream.write(b'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n')
    stream.writelines(part.encode() for part in _suites(scan))
    stream.write(b"</testsuites>\n")


def _suites(scan: Scan) -> Iterator[str]:
    began, results = utc_seconds(scan.started), scan.report.results
    for number, result in enumerate(results):
        kind = f'            <property name="type" value="{_attribute(result.type)}"/>\n' if result.type else ""
        failed = [_failed(finding) for finding in result.vulnerabilities]
        yield from _suite(number, _name(result), began, failures=failed, properties=kind)
    if errors := [_error(missed) for missed in shortfalls(scan.report.coverage)]:
        yield from _suite(len(results), "not looked at", began, errors=errors)


def _suite(
    number: int,
    name: str,
    began: str,
    *,
    failures: Sequence[str] = (),
    errors: Sequence[str] = (),
    properties: str = "",
) -> Iterator[str]:
    counts = f'tests="{len(failures) + len(errors)}" failures="{len(failures)}" errors="{len(errors)}" skipped="0"'
    named = f'name="{_attribute(name)}" package="{_attribute(name)}" id="{number}"'
    yield f'    <testsuite {named} {counts} time="0" timestamp="{began}" hostname="localhost">\n'
    yield f"        <properties>\n{properties}        </properties>\n"
    yield from failures
    yield from errors
    yield "        <system-out/>\n        <system-err/>\n    </testsuite>\n"


def _failed(finding: Finding) -> str:
    package = _attribute(f"{finding.pkg_name}-{finding.installed_version}")
    name = _attribute(f"[{finding.severity}] {finding.vulnerability_id}")
    return (
        f'        <testcase classname="{package}" name="{name}" time="0">\n'
        f'            <failure message="{_attribute(finding.title)}" type="description">'
        f"{_text(finding.description)}</failure>\n"
        "        </testcase>\n"
    )


def _error(missed: Shortfall) -> str:
    code = _attribute(missed.code)
    return (
        f'        <testcase classname="{code}" name="{_attribute(missed.path or missed.code)}" time="0">\n'
        f'            <error message="{_attribute(missed.message)}" type="{code}"/>\n'
        "        </testcase>\n"
    )


def _name(result: Result) -> str:
    """A suite has a name, and blanks are none."""
    return result.target if result.target.strip() else result.type or "packages"


def _attribute(text: str) -> str:
    return escape(line(text)).translate(_NO_CHARACTERS)


def _text(text: str) -> str:
    return escape(paragraphs(text), quote=False).translate(_NO_CHARACTERS)


FORMAT: Final = Format(name="junit", media_type="application/xml", summary="JUnit XML, for test reports", write=write)
