"""CycloneDX in XML (https://cyclonedx.org/docs/1.7/xml/), read into what the JSON form holds.

    <component type="library" bom-ref="c1"><name>flask</name><version>0.12</version><purl>pkg:pypi/flask@0.12</purl>

1. It is told by the namespace of its outermost element, whose end is the version; a prefix may have any name.
2. Attributes and elements become the members of the JSON form that `assaymark.inventory.sbom.cyclonedx` asks for; white
   space around a text is dropped, as producers indent. What nobody asks for is passed over.
3. A `dependency` names what it depends on by the `dependency` elements in it; those in them are read as well.
4. SBOMs are longer than the XML of package managers, so bytes and elements have bounds of their own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from assaymark.limits import Limits
from assaymark.safeio.xml import Element, parse_xml

_NAMESPACE: Final = "http://cyclonedx.org/schema/bom/"
_HEAD_BYTES: Final = 4_096  # a prologue with its comments, and the outermost element
_MARKS: Final = b"\xef\xbb\xbf\xff\xfe"  # byte order marks; .NET's tools write them
_TEXTS: Final = ("name", "group", "version", "purl")


def is_cyclonedx_xml(data: bytes) -> bool:
    """Whether the bytes begin like such a document, in whatever encoding XML may have."""
    start = data[:_HEAD_BYTES].lstrip(_MARKS).replace(b"\0", b"").lstrip()
    return start.startswith(b"<") and _NAMESPACE.encode() in start


def read_cyclonedx_xml(data: bytes, *, limits: Limits, what: str) -> dict[str, Any]:
    """The document as its JSON form has it.

    Raises:
        ArtifactError: it is no XML, or has a document type declaration.
        LimitError: it is too large, too deep, or has too many elements.
    """
    bounds = msgspec.structs.replace(limits, xml_bytes=limits.sbom_xml_bytes, xml_nodes=limits.sbom_xml_nodes)
    root = parse_xml(data, limits=bounds, what=what)
    described = root.find("metadata", "component")
    return {
        "bomFormat": "CycloneDX",
        "specVersion": _version(root),
        "metadata": {"component": _component(described)} if described else None,
        "components": [_component(each) for each in root.all("components", "component")],
        "dependencies": list(_dependencies(root.all("dependencies", "dependency"))),
    }


def _version(root: Element) -> str:
    """Rule 1."""
    spaces = (value.removeprefix(_NAMESPACE) for value in root.attributes.values() if value.startswith(_NAMESPACE))
    return next(spaces, "")


def _component(element: Element) -> dict[str, Any]:
    """Rule 2."""
    return {
        **{name: element.value(name).strip() for name in _TEXTS},
        "type": element.attributes.get("type", ""),
        "bom-ref": element.attributes.get("bom-ref", ""),
        "licenses": list(_licenses(element)),
        "hashes": [
            {"alg": each.attributes.get("alg", ""), "content": each.text.strip()}
            for each in element.all("hashes", "hash")
        ],
        "properties": [
            {"name": each.attributes.get("name", ""), "value": each.text.strip()}
            for each in element.all("properties", "property")
        ],
        "components": [_component(each) for each in element.all("components", "component")],
    }


def _licenses(element: Element) -> Iterator[dict[str, Any]]:
    for listed in element.all("licenses"):
        for choice in listed.children:
            if choice.name == "license":
                yield {"license": {name: choice.value(name).strip() for name in ("name", "id")}}
            elif choice.name == "expression":
                yield {"expression": choice.text.strip()}


def _dependencies(elements: Iterator[Element]) -> Iterator[dict[str, Any]]:
    """Rule 3."""
    waiting = deque(elements)
    while waiting:
        element = waiting.popleft()
        inner = list(element.all("dependency"))
        if inner:
            refs = [each.attributes.get("ref", "") for each in inner]
            yield {"ref": element.attributes.get("ref", ""), "dependsOn": refs}
            waiting.extend(each for each in inner if each.children)
