"""Every report format on a scan in which every name, path, title and address is hostile (CWE-79, CWE-117, CWE-1236).

A format that is added is tested here without being named. What they have in common: a hostile scan gives the same
structure as a harmless one, and what reads the document as text finds nothing in it to obey.
"""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from functools import cache
from html.parser import HTMLParser
from typing import Any

import pytest
from msgspec.structs import replace
from tests.support.payloads import HARMLESS, PAYLOADS, hostile_scan
from tests.support.scans import DATABASE, rendered

from assaymark.report.format import Rendering, find_format, formats

TOLD_BY_FLAGS = {"template"}
"""Formats that write nothing unless a flag says what."""
FAITHFUL = {"json", "cosign-vuln", "cyclonedx", "spdx", "spdx-json"}
"""Formats whose values are the facts themselves, for programs that match them; JSON's escapes are their only guard."""
NAMES = [each.name for each in formats() if each.name not in TOLD_BY_FLAGS]
RENDERING = Rendering(show_suppressed=True, root="/srv", environment={"GITHUB_REF": "x", "AWS_REGION": "y"})

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_C0 = re.compile(r"[\x00-\x08\x0b-\x1f]")
_COMMAND = re.compile(r"^\s*::|##(?:\[|vso\[|teamcity\[)", re.MULTILINE)
_ADDRESS = re.compile(r"(?:url|uri|href)\Z", re.IGNORECASE)
_SPDX_TEXT = re.compile(r"<text>.*?</text>", re.DOTALL)
_MARKDOWN_LINK = re.compile(r"\]\(([^)]*)\)")


def _written(payload: str, name: str) -> str:
    return rendered(hostile_scan(payload), name, RENDERING).decode("utf-8", "strict")


def _media_type(name: str) -> str:
    found = find_format(name)
    assert found is not None
    return found.media_type.partition(";")[0]


def _is_json(name: str) -> bool:
    return _media_type(name).endswith("json")


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
@pytest.mark.parametrize("name", NAMES)
def test_nothing_in_a_document_is_obeyed_as_text(name: str, payload: str) -> None:
    text = _written(payload, name).replace("\r\n", "\n")
    if name in FAITHFUL:
        assert _C0.findall(text) == []
        assert re.search(r"^\s*::", text, re.MULTILINE) is None or not _is_json(name)
        return
    assert _CONTROL.findall(text) == []
    assert _COMMAND.findall(text) == []


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
@pytest.mark.parametrize("name", [name for name in NAMES if _media_type(name) != "text/plain"])
def test_a_hostile_scan_has_the_structure_of_a_harmless_one(name: str, payload: str) -> None:
    assert _skeleton(_written(payload, name), name) == _harmless(name)


@cache
def _harmless(name: str) -> Any:
    return _skeleton(_written(HARMLESS, name), name)


def _skeleton(text: str, name: str) -> Any:
    """What of a document does not depend on the values in it."""
    match _media_type(name):
        case "application/xml":
            return [(element.tag, sorted(element.keys())) for element in ET.fromstring(text).iter()]
        case "text/html":
            return _Elements.of(text)
        case "text/csv":
            return [len(row) for row in csv.reader(io.StringIO(text, newline=""), strict=True)]
        case "text/markdown":
            return [_marks(line) for line in text.splitlines()]
        case "text/spdx":
            outside = _SPDX_TEXT.sub("", text)
            return {line.partition(":")[0] for line in outside.splitlines()} - {"ExternalRef"}  # an address, or none
        case _:
            return _kinds(json.loads(text, object_pairs_hook=_unique))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def _kinds(value: Any) -> Any:
    """Keys that begin a name of ours, without the values; addresses may be left out and lists may be shorter."""
    match value:
        case dict():
            return {key: _kinds(each) for key, each in value.items() if key.isidentifier() and not _ADDRESS.search(key)}
        case list():
            return "list"
        case _:
            return type(value).__name__


def _marks(line: str) -> tuple[int, int, int]:
    """Of a line of Markdown: columns, elements, and what could begin a link that is not ours."""
    links = [address for address in _MARKDOWN_LINK.findall(line) if not re.match(r"https?://", address)]
    return line.count("|"), line.count("<"), len(links)


class _Elements(HTMLParser):
    """Elements with the names of their attributes, and where they lead."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: set[tuple[str, tuple[str, ...]]] = set()

    @classmethod
    def of(cls, text: str) -> set[tuple[str, tuple[str, ...]]]:
        parser = cls()
        parser.feed(text)
        parser.close()
        return {(tag, names) for tag, names in parser.found if tag != "a"}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add((tag, tuple(sorted(name for name, _ in attrs))))
        for name, value in attrs:
            assert not name.startswith("on")
            if name in {"href", "src", "action"}:
                assert re.match(r"https?://|ftp://|#|data:image/|data:application/json", value or "") is not None


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
@pytest.mark.parametrize("name", [name for name in NAMES if _is_json(name) and name not in FAITHFUL])
def test_addresses_lead_to_the_web_or_are_not_there(name: str, payload: str) -> None:
    scan = replace(hostile_scan(payload), database=DATABASE)  # its name is ours, and no address
    for key, value in _strings(json.loads(rendered(scan, name, RENDERING))):
        if _ADDRESS.search(key) and ":" in value.partition("/")[0]:
            assert re.match(r"(?:https?|ftp)://[!-~]+\Z|file:///srv/\Z|pkg:", value) is not None, (key, value)


def _strings(value: Any, key: str = "") -> Any:
    match value:
        case dict():
            for name, each in value.items():
                yield from _strings(each, name)
        case list():
            for each in value:
                yield from _strings(each, key)
        case str():
            yield key, value


def test_cells_of_a_spreadsheet_compute_nothing() -> None:
    for payload in PAYLOADS.values():
        for row in csv.reader(io.StringIO(_written(payload, "csv"), newline="")):
            assert [cell for cell in row if re.match(r"\s*[=+\-@]", cell)] == []


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_scripts_of_the_page_are_its_own(payload: str) -> None:
    count = _written(HARMLESS, "html").count("<script")
    assert _written(payload, "html").count("<script") == count
