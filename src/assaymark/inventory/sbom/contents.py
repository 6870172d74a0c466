"""What an SBOM says about an artifact: its operating system, its packages and its applications.

1. An operating system component names the distribution; of several the first counts, and that is said. Properties of
   ours say whether it has extended maintenance and who rebuilt it.
2. An application component with a type property is an application at the path that is its name; types whose packages
   are gathered have no path. Every other library or component with a package URL is a package (`packages`).
3. What a package depends on are those of its dependencies that are packages too.
4. Packages that can be reached from the operating system through packages are its own; then those of each application,
   in the document's order. A package belongs to the first that reaches it.
5. The others are grouped by type, without a path; those of the operating system join its own. Two kinds of operating
   system packages among them belong to no distribution, and the document is refused.
6. Where a component has no reference, its package URL is one if no other has it; else a name made of its place.

Everything is walked without recursion, each component once, so that cycles end. Hostile documents repeat long names as
dependencies: what does not fit is left out, and that is said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from assaymark.errors import ArtifactError
from assaymark.inventory.merge import AGGREGATED
from assaymark.inventory.sbom import properties
from assaymark.inventory.sbom.document import Component, ComponentType, Document, Notes
from assaymark.inventory.sbom.packages import OS_TYPES, application_type, read_package
from assaymark.limits import Limits
from assaymark.model.inventory import Application, OperatingSystem
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.package import Package, PackageIdentifier
from assaymark.model.uuids import uuid8

_REFERENCE_BYTES: Final = 64  # what one more dependency costs on top of its characters


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """The packages of a document.

    Attributes:
        os: None where the document names none.
        packages: of the operating system.
        applications: by type and path.
        issues: the document's own and what could not be used; without a path.
    """

    os: OperatingSystem | None = None
    packages: tuple[Package, ...] = ()
    applications: tuple[Application, ...] = ()
    issues: tuple[Issue, ...] = ()


def read_contents(document: Document, *, limits: Limits) -> Contents:
    """The packages that a document describes.

    Raises:
        ArtifactError: rule 5.
    """
    return _Reader(document, limits).read()


class _Reader:
    """Components sorted by what they are, by their places."""

    def __init__(self, document: Document, limits: Limits) -> None:
        self._document = document
        self._limits = limits
        self._notes = Notes()
        self._systems: list[int] = []
        self._applications: dict[int, Application] = {}
        self._packages: dict[int, Package] = {}

    def read(self) -> Contents:
        self._sort_components()
        self._join_packages()
        free = dict.fromkeys(self._packages)
        packages = self._take_reached(self._systems[:1], free)
        found = [
            msgspec.structs.replace(application, packages=tuple(self._take_reached([place], free)))
            for place, application in self._applications.items()
        ]
        packages += self._orphans_of_the_system(free)
        found += self._grouped_orphans(free)
        return Contents(
            os=self._system(),
            packages=tuple(packages),
            applications=tuple(_joined(found)),
            issues=(*self._document.issues, *self._notes.issues()),
        )

    def _sort_components(self) -> None:
        """Rules 1 and 2."""
        names = _references(self._document)
        for place, component in enumerate(self._document.components):
            if component.type is ComponentType.OPERATING_SYSTEM:
                self._systems.append(place)
            elif (application := _find_application(component)) is not None:
                self._applications[place] = application
            elif component.purl is not None:
                self._add_package(place, component, names[place])
            elif component.type in {ComponentType.LIBRARY, ComponentType.APPLICATION} and place != self._document.root:
                reason = "components have no package URL and were not matched"
                self._notes.note(reason, f"{component.name} {component.version}".strip(), code=IssueCode.NOT_ANALYSED)

    def _add_package(self, place: int, component: Component, bom_ref: str) -> None:
        purl = component.purl
        if purl is None or not (purl.type in OS_TYPES or application_type(purl)):
            if place != self._document.root:
                reason = "package URLs are of types that are not matched"
                self._notes.note(reason, str(purl), code=IssueCode.NOT_ANALYSED)
        elif purl.type == "swift" and not purl.namespace:
            reason = "package URLs have no namespace, which their type needs"
            self._notes.note(reason, str(purl), code=IssueCode.FILE_MALFORMED)
        else:
            identifier = PackageIdentifier(purl=str(purl), bom_ref=bom_ref)
            self._packages[place] = msgspec.structs.replace(read_package(component, purl), identifier=identifier)

    def _join_packages(self) -> None:
        """Rule 3, as far as there is room."""
        room = self._limits.database_list_bytes
        ids = {place: package.id for place, package in self._packages.items()}
        for place, package in list(self._packages.items()):
            depends_on = tuple(ids[target] for target in self._document.depends_on[place] if target in ids)
            if not depends_on:
                continue
            room -= sum(map(len, depends_on)) + _REFERENCE_BYTES * len(depends_on)
            if room >= 0:
                self._packages[place] = msgspec.structs.replace(package, depends_on=depends_on)
            else:
                reason = "packages have dependencies beyond what is kept"
                self._notes.note(reason, package.id, code=IssueCode.ENTRY_IGNORED, blocking=False)

    def _take_reached(self, starts: Sequence[int], free: dict[int, None]) -> list[Package]:
        """Rule 4: depth first, in the order of the dependencies."""
        edges = self._document.depends_on
        waiting = [iter(edges[start]) for start in starts]
        taken: list[Package] = []
        while waiting:
            place = next(waiting[-1], None)
            if place is None:
                waiting.pop()
            elif place in free:
                del free[place]
                taken.append(self._packages[place])
                waiting.append(iter(edges[place]))
        return taken

    def _orphans_of_the_system(self, free: dict[int, None]) -> list[Package]:
        """Rule 5."""
        places = [place for place in free if self._type(place) in OS_TYPES]
        kinds = sorted({self._type(place) for place in places})
        if len(kinds) > 1:
            raise ArtifactError(
                f"the SBOM has system packages of several kinds ({', '.join(kinds)}) that belong to no distribution",
                hint="scan an SBOM of each system, or let the packages hang under their operating system",
            )
        return [self._packages[place] for place in places]

    def _grouped_orphans(self, free: dict[int, None]) -> list[Application]:
        """Rule 5."""
        groups: dict[str, list[Package]] = {}
        for place in free:
            purl = self._document.components[place].purl
            if purl is not None and purl.type not in OS_TYPES:
                groups.setdefault(application_type(purl), []).append(self._packages[place])
        return [Application(path="", type=kind, packages=tuple(packages)) for kind, packages in groups.items()]

    def _type(self, place: int) -> str:
        purl = self._document.components[place].purl
        return purl.type if purl is not None else ""

    def _system(self) -> OperatingSystem | None:
        if not self._systems:
            return None
        first, *others = (self._document.components[place] for place in self._systems)
        for other in others:
            reason = "further operating systems are not looked at"
            self._notes.note(reason, f"{other.name} {other.version}".strip(), code=IssueCode.OS_UNSUPPORTED)
        stated = dict(first.properties)
        return OperatingSystem(
            family=first.name,
            name=first.version,
            supplier=stated.get(properties.SUPPLIER, ""),
            extended=stated.get(properties.EXTENDED) == "true",
        )


def _find_application(component: Component) -> Application | None:
    """Rule 2."""
    if component.type is not ComponentType.APPLICATION:
        return None
    kind = dict(component.properties).get(properties.TYPE, "")
    if not kind:
        return None
    return Application(path="" if kind in AGGREGATED else component.name, type=kind, packages=())


def _references(document: Document) -> list[str]:
    """Rule 6."""
    if not document.has_refs:
        return [""] * len(document.components)
    if all(component.ref for component in document.components):
        return [component.ref for component in document.components]
    purls = [str(component.purl or "") for component in document.components]
    uses = Counter(purls)
    return [
        component.ref or (purl if uses[purl] == 1 else "") or _made_reference(place, component)
        for place, (component, purl) in enumerate(zip(document.components, purls, strict=True))
    ]


def _made_reference(place: int, component: Component) -> str:
    """A UUID that is the same whenever the document is read."""
    return uuid8(f"{place} {component.purl} {component.name}".encode())


def _joined(applications: Iterable[Application]) -> list[Application]:
    """By type and path; several at one place are one."""
    joined: dict[tuple[str, str], Application] = {}
    for application in applications:
        key = (application.type, application.path)
        if key in joined:
            application = msgspec.structs.replace(  # noqa: PLW2901 - one value for both cases
                application, packages=joined[key].packages + application.packages
            )
        joined[key] = application
    return [joined[key] for key in sorted(joined)]
