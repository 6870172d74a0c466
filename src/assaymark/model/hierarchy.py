"""How the parts of a report hang together, for everything that looks at it as a tree: bills of materials, and VEX.

1. Packages that are gathered from everywhere (Python, Node.js, …) hang directly under what was scanned; those of an
   operating system, a lockfile or a program hang under that.
2. A package hangs under its holder when no other package of the result needs it; a direct dependency does where the
   result has no root package.
3. An image is named by a `pkg:oci` package URL (https://github.com/package-url/purl-spec, type `oci`), which needs a
   digest of its repository.
"""

from __future__ import annotations

from typing import Any, Final

from assaymark.model.package import Package, Relationship
from assaymark.model.purl import Purl
from assaymark.model.reference import find_reference
from assaymark.model.report import Metadata

GATHERED: Final = frozenset({"python-pkg", "conda-pkg", "gemspec", "node-pkg", "jar", "kubernetes"})
"""Types of packages that stand in one result wherever they were found (rule 1)."""


def package_id(package: Package) -> str:
    """What other packages of the result call it."""
    return package.id or f"{package.name}@{package.version}"


def hangs_under_holder(package: Package, needed: set[str], *, has_root: bool) -> bool:
    """Rule 2; `needed` are the packages' identifiers that others of the result need."""
    if package.relationship is Relationship.DIRECT:
        return not has_root
    return package_id(package) not in needed


def find_image_purl(metadata: Metadata) -> Purl | None:
    """Rule 3; None without a digest."""
    reference = find_reference(metadata.repo_digests[0]) if metadata.repo_digests else None
    if reference is None or reference.digest is None:
        return None
    architecture = members(metadata.image_config).get("architecture")
    qualifiers = [("repository_url", reference.context)]
    if isinstance(architecture, str) and architecture:
        qualifiers.insert(0, ("arch", architecture))
    name = reference.repository.rpartition("/")[2].lower()
    return Purl(type="oci", name=name, version=str(reference.digest), qualifiers=tuple(qualifiers))


def members(value: Any) -> dict[str, Any]:
    """The members of an object; none of anything else."""
    return value if isinstance(value, dict) else {}
