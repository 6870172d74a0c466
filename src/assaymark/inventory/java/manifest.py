r"""The main section of a `META-INF/MANIFEST.MF` (docs.oracle.com, "JAR File Specification", "Name-Value pairs").

Rules:

1. Lines end in CRLF, LF or CR. A line that begins with a blank continues the one above, without that blank. The
   section ends at the first empty line.
2. An attribute without a value, or whose value begins with `%` (a name to be looked up), counts as absent. Of one that
   comes twice the last counts.
3. The group is `Implementation-Vendor-Id`; else `Bundle-SymbolicName` without its last part; else
   `Implementation-Vendor`, `Specification-Vendor`. The artifact is `Implementation-Title`, `Specification-Title`,
   `Bundle-Name`; the version `Implementation-Version`, `Specification-Version`, `Bundle-Version`.
4. The licences are those of Jenkins (`Plugin-License-Name`, `Plugin-License-Name-2`, …). Without any they are what
   OSGi's `Bundle-License` lists: identifiers of SPDX, or addresses, as the name or as the attribute `link`; anything
   else that stands there is no name of a licence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from assaymark.inventory.license_urls import find_license_by_url
from assaymark.model.licenses import find_identifier
from assaymark.safeio.text import decode_utf8

_LINE_ENDS: Final = re.compile(rb"\r\n|\n|\r")
_GROUP: Final = ("Implementation-Vendor-Id", "Bundle-SymbolicName", "Implementation-Vendor", "Specification-Vendor")
_ARTIFACT: Final = ("Implementation-Title", "Specification-Title", "Bundle-Name")
_VERSION: Final = ("Implementation-Version", "Specification-Version", "Bundle-Version")
_BUNDLE_LICENSE: Final = "Bundle-License"
_PLUGIN_LICENSE: Final = "Plugin-License-Name"
_KEPT: Final = frozenset({*_GROUP, *_ARTIFACT, *_VERSION, _BUNDLE_LICENSE})


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a manifest says of its archive; texts are empty where it does not."""

    group: str = ""
    artifact: str = ""
    version: str = ""
    licenses: tuple[str, ...] = ()


NO_MANIFEST: Final = Manifest()


def parse_manifest(data: bytes) -> Manifest:
    """What the main section of a manifest says."""
    values: dict[str, str] = {}
    plugin_licenses: list[str] = []
    for line in _attributes(data):
        words = line.split(maxsplit=2)
        if len(words) < 2 or words[1].startswith("%"):
            continue
        name, colon, value = line.partition(":")
        if colon and name in _KEPT:
            values[name] = value
        elif colon and (name == _PLUGIN_LICENSE or name.startswith(f"{_PLUGIN_LICENSE}-")):
            plugin_licenses.append(value.strip())
    return Manifest(
        group=_group(values),
        artifact=_first(values, _ARTIFACT),
        version=_first(values, _VERSION),
        licenses=tuple(filter(None, plugin_licenses)) or tuple(_bundle_licenses(values.get(_BUNDLE_LICENSE, ""))),
    )


def _attributes(data: bytes) -> Iterator[str]:
    """Rule 1."""
    parts: list[bytes] = []
    for line in _LINE_ENDS.split(data):
        if not line:
            break
        if line.startswith(b" "):
            parts.append(line[1:])
        else:
            yield decode_utf8(b"".join(parts))
            parts = [line]
    yield decode_utf8(b"".join(parts))


def _group(values: dict[str, str]) -> str:
    for name in _GROUP:
        value = values.get(name, "")
        if value and name == "Bundle-SymbolicName":
            dot = value.rfind(".")
            return (value[:dot] if dot > 0 else value).strip()
        if value:
            return value.strip()
    return ""


def _first(values: dict[str, str], names: tuple[str, ...]) -> str:
    return next((values[name].strip() for name in names if values.get(name)), "")


def _bundle_licenses(header: str) -> Iterator[str]:
    """Rule 4, the second half."""
    for entry in split_unquoted(header, ","):
        name, *attributes = split_unquoted(entry, ";")
        name = name.strip(' "')
        links = (value for key, equals, value in (each.partition("=") for each in attributes) if key.strip() == "link")
        link = next((value.strip(' "') for value in reversed(list(links))), "")
        identifier = find_identifier(name) or find_license_by_url(name) or find_license_by_url(link)
        if identifier:
            yield identifier


def split_unquoted(text: str, separator: str) -> list[str]:
    """The parts of a header between separators that stand in no quoted string; there a backslash escapes."""
    parts, start, place, quoted = [], 0, 0, False
    while place < len(text):
        char = text[place]
        if char == "\\" and quoted:
            place += 1
        elif char == '"':
            quoted = not quoted
        elif char == separator and not quoted:
            parts.append(text[start:place])
            start = place + 1
        place += 1
    return [*parts, text[start:]]
