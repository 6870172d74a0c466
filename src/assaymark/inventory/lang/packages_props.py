"""`Directory.Packages.props` and other files of MSBuild whose names end so: versions that a solution manages centrally.

Specification: https://learn.microsoft.com/nuget/consume-packages/central-package-management. Rules:

1. `PackageReference` and `PackageVersion` elements of every `ItemGroup` count, whatever its condition.
2. `Include` names the package, and `Update` where there is none.
3. What has no name or no version, or stands for a variable (`$(Version)`) that the file does not resolve, is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from assaymark.errors import LimitError
from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.places import package_id
from assaymark.model.inventory import Application, Found
from assaymark.model.package import Package
from assaymark.safeio.xml import Element, parse_xml

_ROOT: Final = "Project"
_ELEMENTS: Final = ("PackageReference", "PackageVersion")


def _parse(source: Input) -> Iterator[Found]:
    data = source.file.read(source.limits.xml_bytes)
    packages = {package.id: package for package in _packages(parse_xml(data, limits=source.limits, what=source.path))}
    if len(packages) > source.limits.packages_per_file:
        raise LimitError(f"more than {source.limits.packages_per_file} packages")
    if packages:
        yield Application(path=source.path, type="packages-props", packages=tuple(packages.values()))


def _packages(root: Element) -> Iterator[Package]:
    if root.name != _ROOT:
        raise ValueError(f"the outermost element is `{root.name[:40]}` and not `{_ROOT}`")
    for group in root.all("ItemGroup"):
        for element in group.children:
            if element.name not in _ELEMENTS:
                continue
            name = (element.attributes.get("Include") or element.attributes.get("Update", "")).strip()
            version = element.attributes.get("Version", "").strip()
            if name and version and not _is_variable(name) and not _is_variable(version):
                yield Package(id=package_id(name, version), name=name, version=version)


def _is_variable(text: str) -> bool:
    return text.startswith("$(") and text.endswith(")")


ANALYZER: Final = Analyzer(
    name="packages-props",
    version=1,
    kind="lang",
    paths=("~*packages.props",),
    targets=("image", "rootfs", "fs", "repo"),
    parse=_parse,
)
