"""An SBOM that is scanned itself: its contents in the form of one layer, and what it says of the artifact it describes.

1. The root's properties name the image that the SBOM was made from: its configuration, layers, tags and digests. A
   property of which there are several keeps the order of their values.
2. A document without packages is worth an issue: whoever scans it wants to know that nothing was matched.
3. An SBOM in an attestation is read without asking who signed it; whoever cares has opened it before.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from assaymark.inventory.analyse import identified
from assaymark.inventory.sbom import properties
from assaymark.inventory.sbom.attested import unwrapped
from assaymark.inventory.sbom.contents import Contents, read_contents
from assaymark.inventory.sbom.cyclonedx_xml import is_cyclonedx_xml
from assaymark.inventory.sbom.document import Component, ComponentType, Document
from assaymark.inventory.sbom.formats import read_document
from assaymark.limits import Limits
from assaymark.model.artifact import ArtifactType
from assaymark.model.inventory import Found, LayerInventory, OsPackages, OsRelease
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.reference import find_reference
from assaymark.model.report import NO_METADATA, Metadata


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """The artifact that an SBOM describes.

    Attributes:
        type: of the SBOM.
        inventory: what it holds.
        is_image: whether it is a container image, which has an operating system as a rule.
        cyclonedx: the document itself where it is CycloneDX in JSON, which can be written again with what was found.
    """

    type: ArtifactType
    inventory: LayerInventory
    is_image: bool = False
    image_id: str = ""
    diff_ids: tuple[str, ...] = ()
    repo_tags: tuple[str, ...] = ()
    repo_digests: tuple[str, ...] = ()
    reference: str = ""
    cyclonedx: bytes = b""


def read_sbom(data: bytes, *, limits: Limits, what: str) -> Described:
    """What the bytes of an SBOM describe.

    Args:
        data: the whole document.
        limits: the bounds.
        what: how messages call it.

    Raises:
        ArtifactError: it is no SBOM that is read, or malformed.
        LimitError: it is too large or too deep.
    """
    data = unwrapped(data, limits=limits, what=what)
    document = read_document(data, limits=limits, what=what)
    contents = read_contents(document, limits=limits)
    root = Component(type=ComponentType.FILE) if document.root is None else document.components[document.root]
    return Described(
        type=document.type,
        inventory=_inventory(document, contents),
        is_image=root.type is ComponentType.CONTAINER,
        image_id=_last(root, properties.IMAGE_ID),
        diff_ids=_all(root, properties.DIFF_ID),
        repo_tags=_all(root, properties.REPO_TAG),
        repo_digests=_all(root, properties.REPO_DIGEST),
        reference=_last(root, properties.REFERENCE),
        cyclonedx=b"" if document.type is not ArtifactType.CYCLONEDX or is_cyclonedx_xml(data) else data,
    )


def described_metadata(described: Described) -> Metadata:
    """What the SBOM says of the image that it was made from; nothing is left out of the report."""
    reference = find_reference(described.reference)
    stated = Metadata(
        image_id=described.image_id,
        diff_ids=described.diff_ids,
        repo_tags=described.repo_tags,
        repo_digests=described.repo_digests,
        reference=reference.original if reference else "",
    )
    return NO_METADATA if stated == NO_METADATA else stated


def _inventory(document: Document, contents: Contents) -> LayerInventory:
    issues = list(contents.issues)
    if not contents.packages and not any(application.packages for application in contents.applications):
        message = f"the SBOM lists no packages that can be matched ({len(document.components)} components)"
        issues.append(Issue(code=IssueCode.NOT_ANALYSED, message=message))
    return LayerInventory(found=tuple(identified(list(_found(contents)))), issues=tuple(issues))


def _found(contents: Contents) -> Iterator[Found]:
    if contents.os is not None:
        yield OsRelease(path="", os=contents.os)
    if contents.packages:
        yield OsPackages(path="", packages=contents.packages)
    yield from contents.applications


def _all(component: Component, name: str) -> tuple[str, ...]:
    return tuple(value for key, value in component.properties if key == name)


def _last(component: Component, name: str) -> str:
    return next(iter(reversed(_all(component, name))), "")
