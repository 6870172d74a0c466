"""Licences of NuGet packages, from the descriptions in the cache of the machine that scans.

NuGet unpacks every package that it restores below `$NUGET_PACKAGES` or `~/.nuget/packages`, in folders of lower-case
names and versions (https://learn.microsoft.com/nuget/consume-packages/managing-the-global-packages-and-cache-folders).
Only a licence *expression* is a name (https://learn.microsoft.com/nuget/reference/nuspec#license); a licence file is
not looked at.
"""

from __future__ import annotations

from typing import Final

from assaymark.errors import Error
from assaymark.inventory.analyzer import Input
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.package import Package
from assaymark.safeio.xml import parse_xml

CACHE: Final = "nuget"
_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789._-+")


def find_license(package: Package, source: Input) -> tuple[str, ...]:
    """The licence expression of a package; none where the machine does not have the package."""
    name, version = package.name.lower(), package.version.lower()
    if not (_is_folder(name) and _is_folder(version)):
        return ()
    path = f"{name}/{version}/{name}.nuspec"
    try:
        data = source.host.read(CACHE, path, source.limits.xml_bytes)
        root = parse_xml(data, limits=source.limits, what=path) if data is not None else None
    except Error as exc:
        message = f"nuget: licence not read: {exc}"
        source.report(Issue(code=IssueCode.FILE_MALFORMED, message=message, path=source.path, blocking=False))
        return ()
    stated = root.find("metadata", "license") if root is not None else None
    if stated is None or stated.attributes.get("type") != "expression" or not stated.text:
        return ()
    return (stated.text,)


def _is_folder(name: str) -> bool:
    """Names of packages and versions; `..` and separators would lead elsewhere."""
    return bool(name) and not name.startswith(".") and _PLAIN.issuperset(name)
