"""From a project's effective model to its packages: nearest first, as Maven mediates.

1. Dependencies are met level by level. The first version of a package stays, unless a later one is hard and it is not.
2. What the root, or for a module the module, depends on itself is direct.
3. Every module is worked out by itself, with its own choice of versions; the root depends on all of them.
4. A package's identifier is `group:artifact:version::` and eight digits of a hash of that and of the path of the POM
   of its project or module, because modules may use one version in different ways.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import msgspec

from assaymark.errors import LimitError
from assaymark.inventory.fnv import fnv, fnv_word
from assaymark.inventory.java.effective import Analysis, Artifact, Managed, Resolver
from assaymark.inventory.java.names import maven_id
from assaymark.limits import Limits
from assaymark.model.package import Package, Relationship

_OWN = (Relationship.ROOT, Relationship.WORKSPACE)


class Graph:
    """The packages of one `pom.xml` and of its modules."""

    def __init__(self, resolver: Resolver, folder: str, limits: Limits) -> None:
        """Prepare.

        Args:
            resolver: works out the POMs.
            folder: the scanned folder as the user named it, in front of all paths; with a slash, or empty.
            limits: the bounds.
        """
        self._resolver = resolver
        self._folder = folder
        self._limits = limits
        self._modules: dict[str, None] = {}
        self._count = 0

    def packages(self) -> list[Package]:
        """Everything, in no order.

        Raises:
            ArtifactError, LimitError, ValueError: the root cannot be read.
        """
        root = self._resolver.root().artifact
        return self._project(msgspec.structs.replace(root, relationship=Relationship.ROOT), depth=0)

    def _project(self, root: Artifact, *, depth: int) -> list[Package]:
        """The packages of a project or module."""
        if depth > self._limits.pom_depth:
            raise LimitError(f"modules of modules, deeper than {self._limits.pom_depth} levels")
        found: list[Package] = []
        chosen: dict[str, Artifact] = {}
        depends: dict[str, list[str]] = {}
        managed: Managed = ()
        queue = deque([msgspec.structs.replace(root, module=False)])
        while queue:
            artifact = queue.popleft()
            if artifact.module:
                found += self._module(artifact, depth)
                continue
            before = chosen.get(artifact.name)
            if before:
                if before.hard or not artifact.hard:
                    continue
                artifact = _in_place_of(before, artifact)
            analysis = self._resolver.resolve(artifact, managed)
            dependencies = analysis.dependencies
            if artifact.relationship in _OWN:
                managed = self._resolver.managed(analysis.properties, analysis.managed)
                direct = Relationship.DIRECT
                dependencies = tuple(msgspec.structs.replace(each, relationship=direct) for each in dependencies)
            queue.extend(self._found_modules(analysis, root))
            queue.extend(dependencies)
            if artifact.group and artifact.artifact:
                chosen[artifact.name] = msgspec.structs.replace(artifact, licenses=analysis.artifact.licenses)
                depends[artifact.name] = [each.name for each in dependencies]
        return found + list(self._finished(root, chosen, depends))

    def _module(self, artifact: Artifact, depth: int) -> list[Package]:
        identifier = self._identifier(artifact, artifact.root)
        if identifier in self._modules:
            return []
        self._modules[identifier] = None
        return self._project(artifact, depth=depth + 1)

    def _found_modules(self, analysis: Analysis, root: Artifact) -> Iterator[Artifact]:
        """The modules that are there."""
        for path in dict.fromkeys(analysis.modules) if analysis.path else ():
            with self._resolver.passing_over():
                yield self._resolver.module(analysis.path, path, root.repositories)

    def _finished(
        self, root: Artifact, chosen: dict[str, Artifact], depends: dict[str, list[str]]
    ) -> Iterator[Package]:
        identifiers = {name: self._identifier(artifact, root.root) for name, artifact in chosen.items()}
        for name, artifact in chosen.items():
            self._count += 1
            if self._count > self._limits.packages_per_file:
                raise LimitError(f"more than {self._limits.packages_per_file} packages")
            depends_on = [identifiers[each] for each in depends[name] if each in chosen and chosen[each].version]
            if artifact.relationship is Relationship.ROOT:
                depends_on += self._modules
            yield Package(
                id=identifiers[name],
                name=name,
                version=artifact.version,
                licenses=artifact.licenses,
                relationship=artifact.relationship,
                depends_on=tuple(sorted(depends_on)),
                locations=(artifact.location,) if artifact.location else (),
            )

    def _identifier(self, artifact: Artifact, root: str) -> str:
        """Rule 4."""
        name = maven_id(artifact.name, artifact.version)
        members = (("gav", name), ("path", f"{self._folder}{root}"))
        total = 0
        for key, value in members:
            total ^= fnv_word(fnv(value.encode()), fnv_word(fnv(key.encode())))
        return f"{name}::{fnv_word(total):x}"[: len(name) + 10]


def _in_place_of(before: Artifact, artifact: Artifact) -> Artifact:
    """A hard version where a soft one stood: as near to the root as that, and in its place of the file."""
    near = (*_OWN, Relationship.DIRECT)
    return msgspec.structs.replace(
        artifact,
        relationship=before.relationship if before.relationship in near else artifact.relationship,
        location=before.location or artifact.location,
    )
