"""Bills of materials as values that can be compared: identifiers that are drawn or hashed give way to what they name.

The reference draws bom-refs of components without a package URL and hashes SPDX identifiers in a way of its own; both
only tie a document together. So a component is called by its content here, and lists whose order follows from the
identifiers become mappings by that name.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

NAMES = "the scanner's own name, version and address"
DRAWN = "an identifier that is drawn"
TIMES = "times of the run"
LICENSES = "a licence that the SPDX list does not have, which the reference loses"
EXPLAINED_BOMS: dict[str, dict[str, str]] = {
    "cyclonedx": {
        "serialNumber": DRAWN,
        "metadata.timestamp": TIMES,
        "metadata.tools.*": NAMES,
        "metadata.properties*": "what was not looked at and which database answered, which the reference does not tell",
    },
    "spdx-json": {
        "documentNamespace": DRAWN,
        "comment": "what was not looked at, which the reference does not tell",
        "creationInfo.created": TIMES,
        "creationInfo.*": NAMES,
        "packages.*.license*=": LICENSES,
        "hasExtractedLicensingInfos.*=": LICENSES,
        "packages.*.primaryPackagePurpose": "`OPERATING_SYSTEM`, as the JSON schema spells it",
        "packages.*.paths*": "where a package's file lies, which the reference leaves out",
    },
    "spdx": {
        "lines.DocumentNamespace*": DRAWN,
        "lines.Created:*": TIMES,
        "lines.Creator*": NAMES,
        "lines.PackageLicense*=": LICENSES,
        "lines.License*=": LICENSES,
        "lines.ExtractedText*=": LICENSES,
        "lines.PackageAttributionText*": "what JSON has as annotations, which the reference leaves out",
        "lines.DocumentComment*": "what was not looked at, which the reference does not tell",
    },
}

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_HASH = re.compile(r"-[0-9a-f]{10,16}\b")
_SAY_NOTHING = {"", "ExternalRef: SECURITY advisory "}
_PATH = "FilePath: "
_ZERO = "0001-01-01T00:00:00+00:00"


def cyclonedx(data: bytes) -> Any:
    """Components, dependencies and vulnerabilities by name."""
    document = json.loads(data)
    root = document["metadata"]["component"]
    named = {part["bom-ref"]: _component_name(part) for part in (root, *document["components"])}
    root["bom-ref"] = named[root["bom-ref"]]
    for part in document["components"]:
        part["bom-ref"] = named[part["bom-ref"]]
    document["components"] = _by_name((part["bom-ref"], part) for part in document["components"])
    document["dependencies"] = {
        named[each["ref"]]: sorted(named[ref] for ref in each.get("dependsOn", [])) for each in document["dependencies"]
    }
    document["vulnerabilities"] = {
        each["id"]: _vulnerability(each, named) for each in document.get("vulnerabilities", [])
    }
    return document


def _component_name(part: dict[str, Any]) -> str:
    if _UUID.match(part["bom-ref"]) is None:
        return str(part["bom-ref"])
    keys = ("type", "group", "name", "version", "purl", "properties")
    return "drawn " + json.dumps([part.get(key) for key in keys])


def _vulnerability(found: dict[str, Any], named: dict[str, str]) -> dict[str, Any]:
    """The reference joins an empty recommendation to another, and writes the first moment where it knows none."""
    affects = {named[each["ref"]]: each["versions"] for each in found["affects"]}
    kept = {key: value for key, value in found.items() if not (key in {"published", "updated"} and value == _ZERO)}
    if "recommendation" in kept:
        kept["recommendation"] = kept["recommendation"].removeprefix("; ")
    return {**kept, "affects": affects}


def spdx_json(data: bytes) -> Any:
    """Packages by their content, relationships by what they join."""
    document = json.loads(data)
    for each in document["packages"]:  # the reference refers to an advisory without an address
        each["externalRefs"] = [ref for ref in each.get("externalRefs", []) if ref["referenceLocator"]]
    named = {each["SPDXID"]: _package_name(each) for each in document["packages"]}
    named |= {each["SPDXID"]: each["fileName"] for each in document.get("files", [])}
    for each in (*document["packages"], *document.get("files", [])):
        each["SPDXID"] = named[each["SPDXID"]]
        comments = sorted(note["comment"] for note in each.get("annotations", []))
        each["annotations"] = [comment for comment in comments if not comment.startswith(_PATH)]
        if paths := [comment for comment in comments if comment.startswith(_PATH)]:
            each["paths"] = paths
        each["hasFiles"] = sorted(named[file] for file in each.get("hasFiles", []))
    document["packages"] = _by_name((each["SPDXID"], each) for each in document["packages"])
    document["files"] = _by_name((each["SPDXID"], each) for each in document.get("files", []))
    ends = ("spdxElementId", "relationshipType", "relatedSpdxElement")
    joined = ([named.get(each[end], each[end]) for end in ends] for each in document["relationships"])
    document["relationships"] = dict(Counter(map(json.dumps, joined)))
    return document


def _package_name(package: dict[str, Any]) -> str:
    comments = (note["comment"] for note in package.get("annotations", []))
    notes = sorted(comment for comment in comments if not comment.startswith(_PATH))
    kind = package["SPDXID"].rpartition("-")[0]
    return json.dumps([kind, package["name"], package.get("versionInfo"), notes, package.get("externalRefs")])


def spdx(data: bytes) -> Any:
    """Lines and how often each is there."""
    lines = _HASH.sub("-HASH", data.decode()).splitlines()
    return {"lines": dict(Counter(line for line in lines if line not in _SAY_NOTHING))}


def _by_name(pairs: Iterable[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """A mapping in which what has one name stands in order of content."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name, each in pairs:
        found.setdefault(name, []).append(each)
    return {name: sorted(parts, key=json.dumps) for name, parts in found.items()}
