"""`packages.config`, NuGet's list of packages before project files had them.

Specification: https://learn.microsoft.com/nuget/reference/packages-config. A package that only serves development
(`developmentDependency`) is left out, as is one without an `id`.
"""

from __future__ import annotations

from typing import Final

from assaymark.model.package import Package
from assaymark.safeio.xml import Element

_ROOT: Final = "packages"
_TRUE: Final = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_FALSE: Final = frozenset({"", "0", "f", "F", "false", "FALSE", "False"})


def read_packages_config(root: Element) -> list[Package]:
    """The packages, each version once.

    Raises:
        ValueError: it is another document, or a truth value is none.
    """
    if root.name != _ROOT:
        raise ValueError(f"the outermost element is `{root.name[:40]}` and not `{_ROOT}`")
    packages: dict[tuple[str, str], Package] = {}
    for element in root.all("package"):
        name, version = element.attributes.get("id", ""), element.attributes.get("version", "")
        is_development = _truth(element.attributes.get("developmentDependency", ""))
        if name and not is_development:
            packages.setdefault((name, version), Package(name=name, version=version))
    return list(packages.values())


def _truth(text: str) -> bool:
    word = text.strip()
    if word not in _TRUE | _FALSE:
        raise ValueError(f"`{word[:40]}` is neither true nor false")
    return word in _TRUE
