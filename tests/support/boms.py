"""SBOMs for tests: a small CycloneDX document as the reference writes it for an image, and builders for others."""

from __future__ import annotations

import json
from typing import Any, Final

DIGEST: Final = "app@sha256:" + "0123456789abcdef" * 4


def component(name: str, version: str, purl: str, *, ref: str, **members: Any) -> dict[str, Any]:
    """A library."""
    return {"bom-ref": ref, "type": "library", "name": name, "version": version, "purl": purl} | members


def stated(**values: str) -> list[dict[str, str]]:
    """Properties with the reference's prefix."""
    return [{"name": f"aquasecurity:trivy:{name}", "value": value} for name, value in values.items()]


def bom(*components: Any, **members: Any) -> dict[str, Any]:
    """A document with these components."""
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": list(components)} | members


MUSL: Final = component(
    "musl",
    "1.1.22-r3",
    "pkg:apk/alpine/musl@1.1.22-r3?arch=x86_64&distro=3.10.9",
    ref="p1",
    licenses=[{"license": {"name": "MIT License"}}],
    hashes=[{"alg": "SHA-1", "content": "ab"}],
    properties=stated(
        LayerDigest="sha256:dd",
        LayerDiffID="sha256:bb",
        PkgID="musl@1.1.22-r3",
        SrcName="musl",
        SrcVersion="1.1.22-r3",
        ContentSet="set",
        NVR="n-1-2",
        Arch="x86_64",
    ),
)
FLASK: Final = component("flask", "0.12", "pkg:pypi/flask@0.12", ref="p2")
UTILITIES: Final = component("GoogleUtilities", "7.5.2", "pkg:cocoapods/GoogleUtilities@7.5.2#NSData+zlib", ref="p3")
SMALL: Final = bom(
    {"bom-ref": "os", "type": "operating-system", "name": "alpine", "version": "3.10.9"},
    MUSL,
    FLASK,
    UTILITIES,
    metadata={
        "component": {
            "bom-ref": "root",
            "type": "container",
            "name": "app:1",
            "properties": [
                *stated(DiffID="sha256:bb"),
                *stated(DiffID="sha256:aa", ImageID="sha256:cc", RepoTag="app:1", RepoDigest=DIGEST, Reference="app:1"),
            ],
        }
    },
    dependencies=[
        {"ref": "root", "dependsOn": ["os"]},
        {"ref": "os", "dependsOn": ["p1"]},
        {"ref": "p2", "dependsOn": ["p3"]},
    ],
)


def package(name: str, version: str, purl: str, **members: Any) -> dict[str, Any]:
    """A package of SPDX."""
    reference = {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}
    identified = {"SPDXID": f"SPDXRef-Package-{name}", "name": name, "versionInfo": version}
    return identified | {"externalRefs": [reference], "licenseDeclared": "NONE"} | members


def spdx(*packages: Any, **members: Any) -> dict[str, Any]:
    """An SPDX document with these packages."""
    return {"SPDXID": "SPDXRef-DOCUMENT", "spdxVersion": "SPDX-2.3", "packages": list(packages)} | members


def related(start: str, kind: str, target: str) -> dict[str, str]:
    """A relationship of SPDX, of names without their prefix."""
    return {
        "spdxElementId": f"SPDXRef-{start}",
        "relationshipType": kind,
        "relatedSpdxElement": f"SPDXRef-{target}",
    }


def encoded(document: Any) -> bytes:
    """As a file."""
    return json.dumps(document).encode()
