"""What statements are compared with: a component of what was scanned, and the names that a statement gives to one.

A name fits a component by the reference's rules when

1. it is the component's package URL to the letter, or a package URL that leaves out some of it: type, namespace and
   name are equal, and the version, the qualifiers and (in CSAF) the subpath that it has;
2. or it is the component's `bom-ref`, for CycloneDX.

What people write beside that is in `assaymark.matching.vex.lenient`.
"""

from __future__ import annotations

import msgspec

from assaymark.model.package import Package
from assaymark.model.purl import Purl, find_purl


class ImageFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The names of a scanned image.

    Attributes:
        digests: of its manifest, its index and its configuration.
        repositories: `registry/repository`, fully qualified.
        tags: `registry/repository:tag`, fully qualified.
        architecture: of its configuration.
    """

    digests: frozenset[str] = frozenset()
    repositories: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    architecture: str = ""


class Component(msgspec.Struct, frozen=True, kw_only=True):
    """A package, what holds packages, or what was scanned.

    Attributes:
        purl: None where it has none.
        text: its package URL as the report prints it.
        links: its names as a part of the SBOM that was scanned, as `bom_link` makes them.
        package: the package that it is.
        image: of the root, where that is an image.
        is_root: whether it is what was scanned.
    """

    purl: Purl | None = None
    text: str = ""
    links: frozenset[str] = frozenset()
    package: Package | None = None
    image: ImageFacts | None = None
    is_root: bool = False


class Naming(msgspec.Struct, frozen=True, kw_only=True):
    """The names that a statement gives to one product or part.

    Attributes:
        texts: to be equal to a package URL to the letter; what is no package URL counts for lenient rules alone.
        purls: those that are package URLs, as patterns.
        links: to a component of one SBOM, as `bom_link` makes them.
        loose: package URLs that count for lenient rules alone.
    """

    texts: tuple[str, ...] = ()
    purls: tuple[Purl, ...] = ()
    links: tuple[str, ...] = ()
    loose: tuple[Purl, ...] = ()

    def names(self, component: Component) -> bool:
        """Rules 1 and 2."""
        if not component.links.isdisjoint(self.links):
            return True
        purl = component.purl
        return purl is not None and (
            component.text in self.texts or any(pattern.covers(purl) for pattern in self.purls)
        )

    @property
    def shown(self) -> str:
        """One name, for messages."""
        return next(iter((*self.texts, *self.links, *map(str, self.purls), *map(str, self.loose))), "nothing")


def named(*texts: str, ignore_subpath: bool = False) -> Naming:
    """The names `texts`, of which those that are package URLs are patterns."""
    purls = [purl for text in texts if text.startswith("pkg:") and (purl := find_purl(text)) is not None]
    if ignore_subpath:
        purls = [msgspec.structs.replace(purl, subpath="") for purl in purls]
    return Naming(texts=tuple(dict.fromkeys(filter(None, texts))), purls=tuple(purls))


def bom_link(serial: str, version: int, reference: str) -> str:
    """A component of the SBOM with this serial number and version, by its `bom-ref` or its package URL."""
    return f"{serial.removeprefix('urn:uuid:')}/{version}#{reference}"
