"""SPDX in JSON, versions 2.1 to 2.3 (https://spdx.github.io/spdx-spec/v2.3/), decoded into a `Document`.

Members match in any letter case and `null` is nothing, as in Go, whose readers most producers test with.

1. Another version, or a document whose lists are no lists, is refused.
2. Packages are components; files only tell where packages lie. The identifier tells what a package is: behind
   `SPDXRef-` it begins with `OperatingSystem` or `Application`, and everything else is a library.
3. The root is the package that the document describes (`DESCRIBES`, `documentDescribes`).
4. The first external reference of the package manager category and of type `purl` is the package URL.
5. The declared licence is cut at commas; `NONE` is none, and `NOASSERTION` stands as it is.
6. The path and the digest come from the last file that the package contains (`CONTAINS`, `hasFiles`), else from the
   first of its own `files`; without a file the package's own checksums count. Of checksums the first usual one counts.
7. Annotations, or where there are none attribution texts, of the form `Name: value` are properties. The source
   information of the reference names the source package (`built package from: name version`), and in its older
   documents the path of an application, whose name then is its type.
8. Every other relationship between packages, whatever its name, says that the first needs the second.
9. A package that is malformed is left out, and that is said; so is one whose package URL cannot be read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.sbom import properties
from assaymark.inventory.sbom.document import Component, ComponentType, Document, Notes
from assaymark.inventory.sbom.reading import Texts, read_list, read_members, read_objects
from assaymark.limits import Limits
from assaymark.model.artifact import ArtifactType
from assaymark.model.issue import IssueCode
from assaymark.model.purl import Purl
from assaymark.safeio.json import fold
from assaymark.versions.deb import SCHEME as DEBIAN
from assaymark.versions.scheme import VersionError

VERSIONS: Final = frozenset({"SPDX-2.1", "SPDX-2.2", "SPDX-2.3"})

_PREFIX: Final = "SPDXRef-"
_DOCUMENT_PREFIX: Final = "DocumentRef-"
_DOCUMENT: Final = "DOCUMENT"
_FILE: Final = "File"
_TYPES: Final = {"OperatingSystem": ComponentType.OPERATING_SYSTEM, "Application": ComponentType.APPLICATION}
_HASHES: Final = {"MD5": "md5", "SHA1": "sha1", "SHA256": "sha256", "SHA512": "sha512"}
_SOURCE: Final = "built package from"
_MEMBERS: Final = ("spdxVersion", "creationInfo", "packages", "files", "relationships", "documentDescribes")
_PACKAGE: Final = (
    *("SPDXID", "name", "versionInfo", "sourceInfo", "licenseDeclared", "externalRefs", "checksums"),
    *("files", "hasFiles", "annotations", "attributionTexts", "primaryPackagePurpose"),
)
_REFERENCE: Final = frozenset({"referenceCategory", "referenceType", "referenceLocator"})
_RELATIONSHIP: Final = frozenset({"spdxElementId", "relationshipType", "relatedSpdxElement"})
_CHECKSUM: Final = frozenset({"algorithm", "checksumValue"})
_DESCRIBES: Final = frozenset({"DESCRIBES", "DESCRIBE"})
_CONTAINS: Final = frozenset({"CONTAINS", "CONTAIN"})

_Relationship = tuple[str, str, str]
_Location = tuple[str, str]


def decode_spdx(document: dict[str, Any], *, limits: Limits) -> Document:
    """The document's packages and what they need.

    Raises:
        ArtifactError: rule 1.
        LimitError: more packages or longer texts than are read.
    """
    members = fold(document, _MEMBERS)
    version = members.get("spdxVersion")
    if not (isinstance(version, str) and version in VERSIONS):
        raise ArtifactError(
            f"SPDX `{str(version)[:40]}` is not a version that is read", hint="write the SBOM as SPDX 2.3"
        )
    return _Decoder(limits).decode(members)


class _Decoder:
    """The state of one document: texts read, troubles seen."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._texts = Texts(limits)
        self._notes = Notes()
        self._is_own = False  # written by the reference, which then may be an old one (rule 7)
        self._licensed = 0  # licences cut so far
        self._located: dict[str, _Location] = {}

    def decode(self, members: dict[str, Any]) -> Document:
        listed = [value for value in read_list(members.get("packages"), "packages") if value is not None]
        if len(listed) > self._limits.packages_per_file:
            raise LimitError(f"{len(listed)} packages, more than the {self._limits.packages_per_file} that are read")
        self._is_own = _is_own(members.get("creationInfo"))
        packages = [fold(value, _PACKAGE) if isinstance(value, dict) else {} for value in listed]
        relationships = [*self._relationships(members), *_contained(packages)]
        self._locate(read_list(members.get("files"), "files"), relationships)
        described = next((to for start, kind, to in relationships if _is_root(start, kind)), None)
        components = list(self._components(packages))
        root = max((place for place, each in enumerate(components) if each.ref == described), default=None)
        if root is not None:
            components.append(components.pop(root))
        return Document(
            type=ArtifactType.SPDX,
            components=tuple(components),
            depends_on=_edges(components, relationships),
            root=len(components) - 1 if root is not None else None,
            issues=self._notes.issues(),
        )

    def _relationships(self, members: dict[str, Any]) -> Iterator[_Relationship]:
        for value in read_list(members.get("relationships"), "relationships"):
            if value is None:
                continue
            try:
                each = read_members(value, _RELATIONSHIP) if isinstance(value, dict) else {}
                yield (
                    _identifier(self._texts.of(each, "spdxElementId")),
                    self._texts.of(each, "relationshipType"),
                    _identifier(self._texts.of(each, "relatedSpdxElement")),
                )
            except ValueError as exc:
                self._notes.note("relationships are malformed", str(exc), code=IssueCode.FILE_MALFORMED)
        for target in read_list(members.get("documentDescribes"), "documentDescribes"):
            if isinstance(target, str):
                yield _DOCUMENT, "DESCRIBES", _identifier(target)

    def _locate(self, files: list[Any], relationships: list[_Relationship]) -> None:
        """Rule 6, first part."""
        found: dict[str, _Location] = {}
        for number, value in enumerate(files):
            try:
                members = _object(value, ("SPDXID", "fileName", "checksums"))
                found[_identifier(self._texts.of(members, "SPDXID"))] = self._location(members)
            except ValueError as exc:
                reason = "files are malformed and were left out"
                self._notes.note(reason, f"files[{number}]: {exc}", code=IssueCode.FILE_MALFORMED, blocking=False)
        for start, kind, target in relationships:
            if kind in _CONTAINS and target.startswith(_FILE) and target in found:
                self._located[start] = found[target]

    def _location(self, file: dict[str, Any]) -> _Location:
        return self._texts.of(file, "fileName"), self._digest(file.get("checksums"))

    def _components(self, packages: list[dict[str, Any]]) -> Iterator[Component]:
        for number, members in enumerate(packages):
            try:
                name = _identifier(self._texts.of(members, "SPDXID"))
                if not name:
                    raise ValueError("no identifier")  # noqa: TRY301 - one place that says what is left out
                yield self._component(name, members)
            except ValueError as exc:
                reason = "packages are malformed and were left out"
                self._notes.note(reason, f"packages[{number}]: {exc}", code=IssueCode.FILE_MALFORMED)

    def _component(self, identifier: str, members: dict[str, Any]) -> Component:
        kind = next((kind for start, kind in _TYPES.items() if identifier.startswith(start)), ComponentType.LIBRARY)
        if kind is ComponentType.LIBRARY and self._texts.of(members, "primaryPackagePurpose") == "CONTAINER":
            kind = ComponentType.CONTAINER
        purl = self._texts.purl(self._package_url(members))
        source = self._texts.of(members, "sourceInfo")
        name, stated = self._texts.of(members, "name"), list(self._properties(members))
        if self._is_own and kind is ComponentType.APPLICATION and source:
            stated.append((properties.TYPE, name))
            name = source
        path, digest = self._place(identifier, members)
        if path and properties.FILE_PATH not in dict(stated):
            stated.append((properties.FILE_PATH, path))
        stated.sort()
        return Component(
            type=kind,
            ref=identifier,
            name=name,
            version=self._texts.of(members, "versionInfo"),
            purl=purl,
            licenses=self._licenses(members),
            digest=digest,
            properties=(*stated, *_source(source, dict(stated), purl)),
        )

    def _package_url(self, members: dict[str, Any]) -> str:
        """Rule 4."""
        for value in read_objects(members.get("externalRefs"), "externalRefs"):
            reference = read_members(value, _REFERENCE)
            category = self._texts.of(reference, "referenceCategory").replace("_", "-")
            if category == "PACKAGE-MANAGER" and self._texts.of(reference, "referenceType") == "purl":
                return self._texts.of(reference, "referenceLocator")
        return ""

    def _licenses(self, members: dict[str, Any]) -> tuple[str, ...]:
        """Rule 5."""
        declared = self._texts.of(members, "licenseDeclared")
        if declared == "NONE":
            return ()
        self._licensed += declared.count(",") + 1
        if self._licensed > self._limits.sbom_licenses:
            raise LimitError(f"more than {self._limits.sbom_licenses} licences")
        return tuple(declared.split(","))

    def _place(self, identifier: str, members: dict[str, Any]) -> _Location:
        """Rule 6."""
        if identifier in self._located:
            return self._located[identifier]
        own = next(read_objects(members.get("files"), "files"), None)
        if own is not None:
            return self._location(fold(own, ("fileName", "checksums")))
        return "", self._digest(members.get("checksums"))

    def _digest(self, checksums: Any) -> str:
        for value in read_objects(checksums, "checksums"):
            members = read_members(value, _CHECKSUM)
            algorithm = _HASHES.get(self._texts.of(members, "algorithm"))
            if algorithm is not None:
                return f"{algorithm}:{self._texts.of(members, 'checksumValue')}"
        return ""

    def _properties(self, members: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """Rule 7; those that nobody asks for are left out."""
        for text in list(self._annotations(members)) or self._attributions(members):
            name, colon, value = text.partition(": ")
            if colon and name in properties.KEPT:
                yield name, value

    def _annotations(self, members: dict[str, Any]) -> Iterator[str]:
        for value in read_objects(members.get("annotations"), "annotations"):
            yield self._texts.of(fold(value, ("comment",)), "comment")

    def _attributions(self, members: dict[str, Any]) -> Iterator[str]:
        texts = members.get("attributionTexts")
        if not isinstance(texts, list | None):
            raise ValueError("`attributionTexts` is no list")  # noqa: TRY004 - the document's trouble
        for text in texts or ():
            yield self._texts.of({"attributionTexts": text}, "attributionTexts")


def _is_own(created: Any) -> bool:
    """Whether the reference is among the tools that made the document."""
    creators = fold(created, ("creators",)).get("creators") if isinstance(created, dict) else None
    for creator in creators if isinstance(creators, list) else ():
        kind, colon, name = creator.partition(":") if isinstance(creator, str) else ("", "", "")
        if colon and kind.strip() == "Tool" and name.strip().startswith("trivy"):
            return True
    return False


def _identifier(text: str) -> str:
    """What is behind `SPDXRef-`; the name of another document in front of it does not count."""
    if text.startswith(_DOCUMENT_PREFIX):
        text = text.partition(":")[2]
    return text.removeprefix(_PREFIX) if text.startswith(_PREFIX) else ""


def _contained(packages: list[dict[str, Any]]) -> Iterator[_Relationship]:
    """The files that packages name themselves, as relationships."""
    for members in packages:
        name, files = members.get("SPDXID"), members.get("hasFiles")
        for file in files if isinstance(name, str) and isinstance(files, list) else ():
            if isinstance(file, str):
                yield _identifier(str(name)), "CONTAINS", _identifier(file)


def _is_root(start: str, kind: str) -> bool:
    return start == _DOCUMENT and kind == "DESCRIBES"


def _edges(components: list[Component], relationships: list[_Relationship]) -> tuple[tuple[int, ...], ...]:
    """Rule 8; of two packages with one identifier the later is meant."""
    places = {component.ref: place for place, component in enumerate(components)}
    edges: dict[int, list[int]] = {}
    for start, kind, target in relationships:
        if kind not in _DESCRIBES and start in places and target in places:
            edges.setdefault(places[start], []).append(places[target])
    return tuple(tuple(edges.get(place, ())) for place in range(len(components)))


def _object(value: Any, names: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("no object")  # noqa: TRY004 - the document's trouble, not the caller's
    return fold(value, names)


def _source(text: str, stated: dict[str, str], purl: Purl | None) -> Iterator[tuple[str, str]]:
    """Rule 7: the source package as properties; only two kinds of packages have versions that are cut."""
    if not text.startswith(_SOURCE) or purl is None:
        return
    name, _, version = text.removeprefix(f"{_SOURCE}: ").partition(" ")
    if name and not stated.get(properties.SRC_NAME):
        yield properties.SRC_NAME, name
    if not version or purl.type not in {"deb", "rpm"} or (purl.type == "deb" and not _is_debian(version)):
        return
    epoch, colon, rest = version.partition(":")
    rest = rest if colon else version
    upstream, hyphen, release = rest.rpartition("-") if purl.type == "deb" else rest.partition("-")
    yield properties.SRC_VERSION, upstream if hyphen else rest
    yield properties.SRC_RELEASE, release if hyphen else ""
    yield properties.SRC_EPOCH, epoch if colon else "0"


def _is_debian(version: str) -> bool:
    try:
        DEBIAN.key(version)
    except VersionError:
        return False
    return True
