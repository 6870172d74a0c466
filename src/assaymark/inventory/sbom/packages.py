"""One component of an SBOM as a package: what its package URL says, corrected by its name and its properties.

1. The type of the package URL decides what the package belongs to: the operating system (`apk`, `deb`, `rpm`), or a
   kind of application. Components without one, and those of other types, are no packages.
2. Version, architecture, epoch and module come from the package URL; an rpm's version is cut at its first `-`. The
   distribution in it does not count.
3. The name is `group/name`, because package URLs lose letter case. Maven's (`group:artifact`), CocoaPods' (with its
   subspec) and Bitnami's come from the package URL.
4. The ID is made from name and version as in a lockfile of that kind, unless a property has it.
5. Properties give the source package, the layer, the path and the Red Hat build. A package of the operating system
   without a source is its own source.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from assaymark.inventory.golang.versions import module_id
from assaymark.inventory.places import package_id
from assaymark.inventory.sbom import properties
from assaymark.inventory.sbom.document import Component
from assaymark.model.package import BuildInfo, LayerRef, Package
from assaymark.model.purl import Purl

OS_TYPES: Final = frozenset({"apk", "deb", "rpm"})

_APPLICATIONS: Final = {
    "bitnami": "bitnami",
    "cargo": "cargo",
    "cocoapods": "cocoapods",
    "composer": "composer",
    "conan": "conan",
    "conda": "conda-pkg",
    "gem": "gemspec",
    "golang": "gobinary",
    "hex": "hex",
    "maven": "jar",
    "npm": "node-pkg",
    "nuget": "nuget",
    "pub": "pub",
    "pypi": "python-pkg",
    "swift": "swift",
}
_KUBERNETES: Final = {"": "kubernetes", "aks": "aks", "eks": "eks", "gke": "gke", "ocp": "ocp"}
_NAMED_BY_PURL: Final = frozenset({"bitnami", "maven"})
_SEPARATORS: Final = {"conan": "/", "jar": ":"}
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}\Z")
_TEXTS: Final = {
    properties.PKG_ID: "id",
    properties.FILE_PATH: "file_path",
    properties.SRC_NAME: "src_name",
    properties.SRC_VERSION: "src_version",
    properties.SRC_RELEASE: "src_release",
    properties.MODULARITY_LABEL: "modularitylabel",
}
_LAYER: Final = {properties.LAYER_DIGEST: "digest", properties.LAYER_DIFF_ID: "diff_id"}
_BUILD: Final = {properties.NVR: "nvr", properties.ARCH: "arch"}


def application_type(purl: Purl) -> str:
    """The kind of application that packages of this type belong to; empty where there is none."""
    if purl.type == "k8s":
        return _KUBERNETES.get(purl.namespace, "")
    return _APPLICATIONS.get(purl.type, "")


def read_package(component: Component, purl: Purl) -> Package:
    """The package that a component of a supported type describes; without what it depends on."""
    name = _name(component, purl)
    version, release = _rpm_version(purl.version) if purl.type == "rpm" else (purl.version, "")
    qualifiers = dict(purl.qualifiers)
    package = Package(
        name=name,
        version=version,
        release=release,
        epoch=find_integer(qualifiers.get("epoch", "")) or 0,
        arch=qualifiers.get("arch", ""),
        licenses=component.licenses,
        digest=component.digest,
        **{
            "id": component_id(application_type(purl), name, purl.version),
            "modularitylabel": qualifiers.get("modularitylabel", ""),
            **_from_properties(component),
        },
    )
    return _with_source(package) if purl.type in OS_TYPES else package


def component_id(application: str, name: str, version: str) -> str:
    """Rule 4: how the packages of an application type (empty for an operating system's) are called."""
    if application == "gobinary":
        return module_id(name, version)
    return package_id(name, version, separator=_SEPARATORS.get(application, "@"))


def find_integer(text: str) -> int | None:
    """The number that `text` spells; None where it is none, or too long for 64 bits."""
    return int(text) if _INTEGER.match(text) else None


def _name(component: Component, purl: Purl) -> str:
    """Rule 3."""
    if purl.type == "cocoapods":
        return f"{purl.name}/{purl.subpath}" if purl.subpath else purl.name
    if purl.type in _NAMED_BY_PURL:
        separator = "/" if purl.type == "bitnami" else ":"
        return f"{purl.namespace}{separator}{purl.name}" if purl.namespace else purl.name
    return f"{component.group}/{component.name}" if component.group else component.name


def _rpm_version(text: str) -> tuple[str, str]:
    """Rule 2; an epoch in front is not the package's."""
    first, colon, rest = text.partition(":")
    version, _, release = (rest if colon else first).partition("-")
    return version, release


def _from_properties(component: Component) -> dict[str, Any]:
    """Rule 5: members of the package; of several properties of one name the last one counts."""
    found: dict[str, Any] = {}
    layer: dict[str, str] = {}
    build: dict[str, str] = {}
    for name, value in component.properties:
        if name in _TEXTS:
            found[_TEXTS[name]] = value
        elif name == properties.SRC_EPOCH:
            found["src_epoch"] = find_integer(value) or 0
        elif name in _LAYER:
            layer[_LAYER[name]] = value
        elif name in _BUILD:
            build[_BUILD[name]] = value
    content_sets = tuple(value for name, value in component.properties if name == properties.CONTENT_SET)
    if any(layer.values()):
        found["layer"] = LayerRef(**layer)
    if content_sets or build.get("nvr"):
        found["build_info"] = BuildInfo(content_sets=content_sets, **build)
    return found


def _with_source(package: Package) -> Package:
    """Rule 5."""
    if package.src_name and package.src_version:
        return package
    return msgspec.structs.replace(
        package,
        src_name=package.src_name or package.name,
        src_version=package.src_version or package.version,
        src_release=package.src_release or package.release,
        src_epoch=package.src_epoch or package.epoch,
    )
