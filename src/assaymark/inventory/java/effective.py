"""The effective model of a Maven project: what its dependencies are, as the reference works it out.

(maven.apache.org, "Introduction to the Dependency Mechanism"). Rules:

1. A POM inherits group, version, licences, properties, managed and own dependencies from its parents; its own win. A
   parent is what `relativePath` leads to, or `../pom.xml`, when that is called as it should be; else it is published.
2. A dependency takes what it does not say from the managed one of its name; what the root manages replaces what others
   say, but not the scope `test`. Managed dependencies of the scope `import` are replaced by what that POM manages.
3. Kept are the scopes `compile`, `runtime` and none, and nothing optional; nothing that somebody on the way excluded.
4. Versions that are ranges are unknown. `[1.0]` is a hard one.
5. A POM that is not there or cannot be read costs what it would have said. Where a bound was met, `limited` tells.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import msgspec

from assaymark.errors import Error, LimitError
from assaymark.inventory.java.names import package_name
from assaymark.inventory.java.poms import Poms
from assaymark.inventory.java.project import Dependency, Exclusion, Project
from assaymark.inventory.java.properties import NOTHING, Evaluator, Properties, is_variable
from assaymark.limits import Limits
from assaymark.model.maven import MavenRepository, each_address_once
from assaymark.model.package import Location, Relationship

_KEPT_SCOPES: Final = frozenset({"", "compile", "runtime"})
_OTHER_RANGES: Final = frozenset(",()[]")

logger = logging.getLogger(__name__)

Managed = tuple[Dependency, ...]


class Artifact(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a package on its way through the graph.

    Attributes:
        hard: whether the version was written in brackets.
        module: whether it is a module of the project, whose POM is at `root`.
        root: path of the POM of the project or module that it belongs to.
    """

    group: str = ""
    artifact: str = ""
    version: str = ""
    hard: bool = False
    licenses: tuple[str, ...] = ()
    exclusions: frozenset[Exclusion] = frozenset()
    module: bool = False
    relationship: Relationship = Relationship.INDIRECT
    location: Location | None = None
    root: str = ""
    repositories: tuple[MavenRepository, ...] = ()

    @property
    def name(self) -> str:
        """Group and artifact."""
        return package_name(self.group, self.artifact)


class Analysis(msgspec.Struct, frozen=True, kw_only=True):
    """What a POM comes to."""

    path: str = ""
    artifact: Artifact = Artifact()
    dependencies: tuple[Artifact, ...] = ()
    managed: Managed = ()
    properties: Properties = NOTHING
    modules: tuple[str, ...] = ()


class Resolver:
    """Works out POMs, each once.

    Attributes:
        limited: which bound a POM has met that was then left out; empty for none.
    """

    def __init__(self, poms: Poms, limits: Limits) -> None:
        self._poms = poms
        self._limits = limits
        self._evaluator = Evaluator(limits)
        self._known: dict[tuple[str, str, str], Analysis] = {}
        self._modules: dict[str, Artifact] = {}
        self._left = limits.pom_dependencies
        self.limited = ""

    @contextmanager
    def passing_over(self) -> Iterator[None]:
        """Rule 5, for what is done inside the block."""
        try:
            yield
        except LimitError as exc:
            self.limited = str(exc)
        except (LookupError, Error, ValueError) as exc:
            logger.debug("a POM is passed over: %s", exc)

    def root(self) -> Analysis:
        """The analysed file.

        Raises:
            ArtifactError, LimitError, ValueError: it cannot be read.
        """
        project = self._poms.own()
        found = self._analyse(project, Artifact(root=project.path))
        self._known[_key(found.artifact)] = found
        return found

    def module(self, start: str, path: str, repositories: tuple[MavenRepository, ...]) -> Artifact:
        """The module at `path`, seen from the POM at `start`.

        Raises:
            LookupError: there is none.
            ArtifactError, LimitError, ValueError: it cannot be read.
        """
        project = self._poms.relative(start, path)
        if project.path in self._modules:
            return self._modules[project.path]
        found = self._analyse(project, Artifact(root=project.path, repositories=repositories))
        own = msgspec.structs.replace(
            self._named(project), module=True, root=project.path, relationship=Relationship.WORKSPACE
        )
        self._known[_key(own)] = found
        self._modules[project.path] = own
        return own

    def resolve(self, artifact: Artifact, root_managed: Managed = ()) -> Analysis:
        """What the POM of a published version comes to; only its name where nobody has it."""
        known = self._known.get(_key(artifact))
        if known is None and not artifact.version:
            return Analysis(artifact=artifact)
        if known is None:
            known = Analysis()
            with self.passing_over():
                project = self._published(artifact, artifact.repositories)
                known = self._analyse(project, artifact, root_managed)
            self._known[_key(artifact)] = known
        return known

    def managed(self, properties: Properties, managed: Iterable[Dependency], chain: tuple[str, ...] = ()) -> Managed:
        """Managed dependencies without variables, and with those of the imported POMs, which come last.

        Args:
            properties: what variables mean.
            managed: as written.
            chain: the imports that led here; one that imports itself ends.
        """
        if len(chain) > self._limits.pom_depth:
            raise LimitError(f"imports of imports, deeper than {self._limits.pom_depth} levels")
        own, imports = list[Dependency](), list[Dependency]()
        for each in managed:
            self._count()
            (imports if each.scope == "import" else own).append(each)
        found = {each.name: each for each in reversed([self._evaluated(each, properties) for each in own])}
        ordered = dict.fromkeys(self._evaluated(each, properties).name for each in own)
        merged = {name: found[name] for name in ordered}
        for each in imports:
            artifact = self._artifact(each.group, each.artifact, each.version, properties)
            if artifact.name in chain:
                continue
            imported = self.resolve(artifact)
            inner = {**properties, **imported.properties}
            for managed_there in self.managed(inner, imported.managed, (*chain, artifact.name)):
                merged.setdefault(managed_there.name, managed_there)
        return tuple(merged.values())

    def _published(self, artifact: Artifact, repositories: tuple[MavenRepository, ...]) -> Project:
        return self._poms.published(artifact.group, artifact.artifact, artifact.version, repositories)

    def _analyse(self, project: Project, context: Artifact, root_managed: Managed = ()) -> Analysis:
        """What `project` comes to where `context` leads to it."""
        repositories = each_address_once((*project.repositories, *context.repositories))
        self._inherit(project, repositories, ())
        properties = project.all_properties()
        context = msgspec.structs.replace(context, repositories=repositories)
        dependencies = self._dependencies(project, properties, context, root_managed)
        own = msgspec.structs.replace(self._named(project), root=context.root, repositories=repositories)
        return Analysis(
            path=project.path,
            artifact=own,
            dependencies=tuple(each for each in dependencies if not _is_excluded(each, context.exclusions)),
            managed=project.managed,
            properties=properties,
            modules=project.modules,
        )

    def _dependencies(
        self, project: Project, properties: Properties, context: Artifact, root_managed: Managed
    ) -> list[Artifact]:
        """Rules 2 and 3."""
        if not project.dependencies:
            return []
        own_managed = {each.name: each for each in self.managed(properties, project.managed)}
        above = {each.name: each for each in reversed(root_managed)}
        found = []
        for each in project.dependencies:
            self._count()
            dependency = self._completed(self._evaluated(each, properties), properties, own_managed, above)
            if dependency.scope in _KEPT_SCOPES and not dependency.optional:
                version, hard = _version(dependency.version)
                found.append(
                    Artifact(
                        group=dependency.group,
                        artifact=dependency.artifact,
                        version=version,
                        hard=hard,
                        exclusions=context.exclusions.union(dependency.exclusions),
                        location=dependency.location,
                        root=context.root,
                        repositories=context.repositories,
                    )
                )
        return found

    def _evaluated(self, dependency: Dependency, properties: Properties) -> Dependency:
        value = self._evaluator.value
        if dependency.is_plain:
            return dependency
        return msgspec.structs.replace(
            dependency,
            group=value(dependency.group, properties),
            artifact=value(dependency.artifact, properties),
            version=value(dependency.version, properties),
            scope=value(dependency.scope, properties),
        )

    def _completed(
        self,
        dependency: Dependency,
        properties: Properties,
        managed: dict[str, Dependency],
        above: dict[str, Dependency],
    ) -> Dependency:
        """Rule 2 for one dependency."""
        value = self._evaluator.value
        name, replace = dependency.name, msgspec.structs.replace
        own = managed.get(name)
        if own:
            dependency = replace(
                dependency,
                version=dependency.version or value(own.version, properties),
                scope=dependency.scope or value(own.scope, properties),
                optional=dependency.optional or own.optional,
                exclusions=(*dependency.exclusions, *own.exclusions),
            )
        root = above.get(name)
        if root:
            is_test = dependency.scope == "test"
            dependency = replace(
                dependency,
                version=value(root.version, properties) if root.version else dependency.version,
                scope=value(root.scope, properties) if root.scope and not is_test else dependency.scope,
                optional=dependency.optional or root.optional,
                exclusions=(*dependency.exclusions, *root.exclusions),
            )
        return dependency

    def _artifact(self, group: str, artifact: str, version: str, properties: Properties) -> Artifact:
        value = self._evaluator.value
        number, hard = _version(value(version, properties))
        return Artifact(group=value(group, properties), artifact=value(artifact, properties), version=number, hard=hard)

    def _named(self, project: Project) -> Artifact:
        named = self._artifact(project.group, project.artifact, project.version, project.properties)
        return msgspec.structs.replace(named, licenses=project.licenses)

    def _inherit(self, project: Project, repositories: tuple[MavenRepository, ...], chain: tuple[str, ...]) -> None:
        """Rule 1; `chain` are the paths and names of the POMs whose parent it is, so that circles end."""
        parent = self._parent(project, repositories, chain) or Project()
        project.properties = parent.all_properties() | project.properties
        own, above = self._named(project), self._named(parent)
        project.group = own.group or above.group
        project.artifact = own.artifact
        project.licenses = own.licenses or above.licenses
        version = own.version or above.version
        project.version = self._evaluator.value(version, project.properties) if is_variable(version) else version
        project.managed = _first_of_each(project.managed, parent.managed)
        project.dependencies = _first_of_each(project.dependencies, parent.dependencies)

    def _parent(
        self, project: Project, repositories: tuple[MavenRepository, ...], chain: tuple[str, ...]
    ) -> Project | None:
        """The parent with what it inherited; None where there is none."""
        named, wanted = project.parent, self._artifact(*_texts(project), NOTHING)
        if (not wanted.group or not wanted.artifact) and not is_variable(named.version):
            return None
        if len(chain) >= 2 * self._limits.pom_depth:  # a path and a name each
            raise LimitError(f"parents of parents, more than {self._limits.pom_depth}")
        chain = (*chain, project.path or _label(self._named(project)))
        found: Project | None = None
        for path in filter(None, dict.fromkeys((named.path, "../pom.xml"))) if project.path else ():
            with self.passing_over():
                found = self._poms.relative(project.path, path, above=True)
                is_named = self._evaluator.value(found.artifact, found.properties) == wanted.artifact
                if is_named and found.path not in chain:
                    break
            found = None
        if found is None and _label(wanted) not in chain:
            with self.passing_over():
                found = self._published(wanted, repositories)
        if found:
            self._inherit(found, repositories, (*chain, _label(wanted)))
        return found

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise LimitError(f"it leads to more than {self._limits.pom_dependencies} dependencies")


def _texts(project: Project) -> tuple[str, str, str]:
    return project.parent.group, project.parent.artifact, project.parent.version


def _label(artifact: Artifact) -> str:
    return f"{artifact.name}:{artifact.version}"


def _key(artifact: Artifact) -> tuple[str, str, str]:
    return artifact.name, artifact.version, artifact.root


def _version(text: str) -> tuple[str, bool]:
    """Rule 4: the version, and whether it is a hard one."""
    hard = text.startswith("[") and text.endswith("]")
    text = text.strip("[]") if hard else text
    return ("" if _OTHER_RANGES.intersection(text) else text), hard


def _first_of_each(*lists: Sequence[Dependency]) -> Managed:
    found: dict[str, Dependency] = {}
    for each in lists:
        for dependency in each:
            found.setdefault(dependency.name, dependency)
    return tuple(found.values())


def _is_excluded(artifact: Artifact, exclusions: frozenset[Exclusion]) -> bool:
    groups, names = (artifact.group, "*"), (artifact.artifact, "*")
    return any(Exclusion(group, name) in exclusions for group in groups for name in names)
