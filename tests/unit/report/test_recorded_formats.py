"""Recorded reports of real images in every format with a published schema: the schemas must agree."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from lxml import etree
from msgspec.structs import replace
from tests.support.scans import INCOMPLETE, a_scan, rendered
from tests.support.schemas import SCHEMAS, schema_errors

from assaymark.model.report import Report
from assaymark.report.format import Rendering

CASES = SCHEMAS.parents[1] / "parity" / "cases.tar.xz"
THEIRS = b'"Trivy": {\n    "Version"'
OURS = b'"Scanner": {\n    "Name": "x",\n    "Version"'
IMAGES = re.compile(r"/(img-[^/]+|dpkg-debian12|lock-[^/]+)/trivy\.json\Z")
TEXT = {"type": "string", "minLength": 1}
WEB = {"type": "string", "pattern": "^(https?|ftp)://.+"}
TIME = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$"}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


TOOL = _object(id=TEXT, name=TEXT, version=TEXT, vendor=_object(name=TEXT))
IDENTIFIER = _object(type=TEXT, name=TEXT, value=TEXT)
GITLAB = _object(
    version={"const": "15.0.7"},
    scan=_object(
        analyzer=TOOL,
        end_time=TIME,
        scanner=TOOL,
        start_time=TIME,
        status={"enum": ["success", "failure"]},
        type={"const": "container_scanning"},
        messages={"items": _object(level={"enum": ["info", "warn", "fatal"]}, value=TEXT)},
    ),
    vulnerabilities={
        "type": "array",
        "items": _object(
            id=TEXT,
            name={"type": "string", "maxLength": 255},
            description={"type": "string", "maxLength": 1_048_576},
            severity={"enum": ["Info", "Unknown", "Low", "Medium", "High", "Critical"]},
            solution={"type": "string", "maxLength": 7_000},
            identifiers={
                "minItems": 1,
                "items": {**IDENTIFIER, "properties": {**IDENTIFIER["properties"], "url": WEB}},
            },
            links={"type": "array", "items": _object(url=WEB)},
            location=_object(
                dependency=_object(package=_object(name=TEXT), version=TEXT), operating_system=TEXT, image=TEXT
            ),
        ),
    },
)
"""What GitLab's "Container Scanning report format" 15.0.7 says of the fields that we write."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CASES.exists(), reason="the recorded cases are not beside the repository"),
]


@cache
def _reports() -> dict[str, Report]:
    return dict(_recorded())


def _recorded() -> Iterator[tuple[str, Report]]:
    with tarfile.open(CASES, "r|xz") as archive:
        for member in archive:
            stream = archive.extractfile(member) if IMAGES.search(member.name) else None
            if stream is not None:
                data = stream.read().replace(THEIRS, OURS, 1)
                yield Path(member.name).parent.name, msgspec.json.decode(data, type=Report)


def _written(name: str) -> Iterator[tuple[str, bytes]]:
    assert len(_reports()) > 8
    for case, report in _reports().items():
        scan = a_scan(report=replace(report, coverage=INCOMPLETE))
        yield case, rendered(scan, name, Rendering(root="/srv"))


def test_sarif_fits_its_schema() -> None:
    for case, data in _written("sarif"):
        assert (case, schema_errors(data, "sarif-2.1.0")) == (case, [])


def test_junit_fits_its_schema() -> None:
    schema = etree.XMLSchema(etree.parse(SCHEMAS / "junit.xsd"))
    for _, data in _written("junit"):
        schema.assertValid(etree.fromstring(data))


def test_gitlab_s_report_fits_its_schema() -> None:
    from jsonschema import Draft7Validator

    validator = Draft7Validator(GITLAB)
    for _, data in _written("gitlab"):
        assert [error.json_path for error in validator.iter_errors(msgspec.json.decode(data))] == []
