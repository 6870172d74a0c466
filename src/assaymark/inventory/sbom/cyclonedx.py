"""CycloneDX in JSON, versions 1.0 to 1.7 (https://cyclonedx.org/docs/1.7/json/), decoded into a `Document`.

Members match in any letter case and `null` is nothing, as in Go, whose readers most producers test with.

1. A version that does not exist, or a document whose lists are no lists, is refused.
2. Top-level components and the component of the metadata (the root) are read. Of the types that can say something about
   packages, a framework is a library. What is nested in other components is not read, and that is said.
3. A licence is known by its name, else by its identifier, else by its expression; of the hashes the first one with a
   usual algorithm counts.
4. Properties lose the prefix `aquasecurity:trivy:` and are sorted; others keep their names, and count under them.
5. A component that is malformed is left out, and that is said; so is one whose package URL cannot be read.
6. `dependencies` name components by `bom-ref`; of two components with one reference the later one is meant. References
   that lead nowhere are passed over: producers leave out components that they do not call packages.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.sbom.document import Component, ComponentType, Document, Notes
from assaymark.inventory.sbom.properties import KEPT
from assaymark.inventory.sbom.reading import Texts, read_list, read_members, read_objects
from assaymark.limits import Limits
from assaymark.model.artifact import ArtifactType
from assaymark.model.issue import IssueCode
from assaymark.safeio.json import fold

VERSIONS: Final = frozenset(f"1.{minor}" for minor in range(8))

_PREFIX: Final = "aquasecurity:trivy:"
_TYPES: Final = {each.value: each for each in ComponentType} | {"framework": ComponentType.LIBRARY}
_HASHES: Final = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-512": "sha512"}
_DOCUMENT: Final = ("specVersion", "metadata", "components", "dependencies")
_COMPONENT: Final = (
    *("type", "bom-ref", "name", "group", "version", "purl"),
    *("licenses", "hashes", "properties", "components"),
)
_PROPERTY: Final = frozenset({"name", "value"})
_DEPENDENCY: Final = frozenset({"ref", "dependsOn"})
_HASH: Final = frozenset({"alg", "content"})


def decode_cyclonedx(document: dict[str, Any], *, limits: Limits) -> Document:
    """The document's components and what they depend on.

    Raises:
        ArtifactError: rule 1.
        LimitError: more components or longer texts than are read.
    """
    members = fold(document, _DOCUMENT)
    version = members.get("specVersion")
    if version is not None and not (isinstance(version, str) and version in VERSIONS):
        raise ArtifactError(
            f"CycloneDX `{str(version)[:40]}` is not a version that is read",
            hint="write the SBOM as CycloneDX 1.0 to 1.7",
        )
    return _Decoder(limits).decode(members)


class _Decoder:
    """The state of one document: texts read, troubles seen."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._texts = Texts(limits)
        self._notes = Notes()

    def decode(self, members: dict[str, Any]) -> Document:
        listed = read_list(members.get("components"), "components")
        if len(listed) > self._limits.packages_per_file:
            raise LimitError(f"{len(listed)} components, more than the {self._limits.packages_per_file} that are read")
        components = list(self._components(listed))
        root = self._root(members.get("metadata"))
        if root is not None:
            components.append(root)
        return Document(
            type=ArtifactType.CYCLONEDX,
            components=tuple(components),
            depends_on=self._dependencies(read_list(members.get("dependencies"), "dependencies"), components),
            root=len(components) - 1 if root is not None else None,
            has_refs=True,
            issues=self._notes.issues(),
        )

    def _components(self, listed: list[Any]) -> Iterator[Component]:
        for number, value in enumerate(listed):
            component = self._noted(value, f"components[{number}]")
            if component is not None:
                yield component

    def _root(self, metadata: Any) -> Component | None:
        if metadata is None:
            return None
        if not isinstance(metadata, dict):
            raise ArtifactError("`metadata` of the SBOM is no object")
        root = fold(metadata, ("component",)).get("component")
        return None if root is None else self._noted(root, "metadata.component")

    def _noted(self, value: Any, where: str) -> Component | None:
        """Rule 5."""
        try:
            return self._component(value, where)
        except ValueError as exc:
            reason = "components are malformed and were left out"
            self._notes.note(reason, f"{where}: {exc}", code=IssueCode.FILE_MALFORMED)
            return None

    def _component(self, value: Any, where: str) -> Component | None:
        """The component, or None for one of a type that says nothing about packages.

        Raises:
            ValueError: it is malformed.
        """
        if not isinstance(value, dict):
            raise ValueError("no object")  # noqa: TRY004 - the document's trouble, not the caller's
        members = fold(value, _COMPONENT)
        self._note_nested(members.get("components"), where)
        kind = _TYPES.get(self._texts.of(members, "type"))
        purl = self._texts.of(members, "purl")
        if kind is None:
            if purl:
                reason = "package URLs belong to components of types that are not matched"
                self._notes.note(reason, f"{members.get('type')} {purl}", code=IssueCode.NOT_ANALYSED)
            return None
        return Component(
            type=kind,
            ref=self._texts.of(members, "bom-ref"),
            name=self._texts.of(members, "name"),
            group=self._texts.of(members, "group"),
            version=self._texts.of(members, "version"),
            purl=self._texts.purl(purl),
            licenses=tuple(self._licenses(read_objects(members.get("licenses"), "licenses"))),
            digest=self._digest(read_objects(members.get("hashes"), "hashes")),
            properties=tuple(sorted(self._properties(read_objects(members.get("properties"), "properties")))),
        )

    def _note_nested(self, nested: Any, where: str) -> None:
        """Rule 2: what is nested and has a package URL would be matched elsewhere in the document."""
        waiting = [nested]
        while waiting:
            inner = waiting.pop()
            for value in inner if isinstance(inner, list) else ():
                if isinstance(value, dict):
                    members = fold(value, ("components", "purl"))
                    waiting.append(members.get("components"))
                    if members.get("purl"):
                        reason = "components are nested in others and were not read"
                        example = f"{where}: {members['purl']}"
                        self._notes.note(reason, example, code=IssueCode.NOT_ANALYSED)

    def _licenses(self, choices: Iterator[dict[str, Any]]) -> Iterator[str]:
        """Rule 3."""
        for value in choices:
            choice = fold(value, ("license", "expression"))
            named = choice.get("license")
            members = fold(named, ("name", "id")) if isinstance(named, dict) else {}
            text = (
                self._texts.of(members, "name") or self._texts.of(members, "id") or self._texts.of(choice, "expression")
            )
            if text:
                yield text

    def _digest(self, hashes: Iterator[dict[str, Any]]) -> str:
        """Rule 3."""
        for value in hashes:
            members = read_members(value, _HASH)
            algorithm = _HASHES.get(self._texts.of(members, "alg"))
            if algorithm is not None:
                return f"{algorithm}:{self._texts.of(members, 'content')}"
        return ""

    def _properties(self, listed: Iterator[dict[str, Any]]) -> Iterator[tuple[str, str]]:
        """Rule 4; those that nobody asks for are left out."""
        for value in listed:
            members = read_members(value, _PROPERTY)
            name = members.get("name")
            if isinstance(name, str):
                name = name.removeprefix(_PREFIX)
                if name in KEPT:
                    yield name, self._texts.of(members, "value")

    def _dependencies(self, listed: list[Any], components: list[Component]) -> tuple[tuple[int, ...], ...]:
        """Rule 6."""
        places = {component.ref: place for place, component in enumerate(components)}
        edges: dict[int, list[int]] = {}
        for value in listed:
            members = read_members(value, _DEPENDENCY) if isinstance(value, dict) else {}
            ref, targets = members.get("ref", ""), members.get("dependsOn")
            if not isinstance(ref, str) or not isinstance(targets, list | None):
                self._notes.note("dependencies are malformed", str(ref), code=IssueCode.FILE_MALFORMED)
            elif targets and ref in places:
                found = [places[target] for target in targets if isinstance(target, str) and target in places]
                edges.setdefault(places[ref], []).extend(found)
        return tuple(tuple(edges.get(place, ())) for place in range(len(components)))
