"""Forms in which people name products and parts, and which the reference's rules do not understand.

Of an image:

- `digest`: of its manifest, its index or its configuration, as the version of a `pkg:oci` or `pkg:docker` URL, in a
  reference (`registry/name@sha256:…`), alone, or among the product's hashes. It means these bytes, whatever the name
  in front of it.
- `tag`: a reference (`alpine:3.10`), `pkg:docker/library/alpine@3.10`, or `pkg:oci/alpine?tag=3.10`, of a tag by which
  the image was asked for. Without `repository_url` the name must be the repository's last part.
- `repository_url`: a `pkg:oci` URL without a version whose `repository_url` names the same repository in other words:
  `docker.io` for `index.docker.io`, with or without `library/`, with or without the name at the end.

Of any product:

- `purl`: a package URL where the format wants a link into an SBOM (CycloneDX).

Of a part:

- `sub-component`: the bare name of the package or `name@version`; its source package instead of it; the version of a Go
  module without its `v`.

An `arch` that is stated must be the image's. A version that is stated must be the package's.
"""

from __future__ import annotations

import re
from typing import Final

from assaymark.matching.vex.component import Component, ImageFacts, Naming
from assaymark.model.package import Package
from assaymark.model.purl import Purl
from assaymark.model.reference import DEFAULT_TAG, find_reference

DIGEST: Final = "digest"
TAG: Final = "tag"
REPOSITORY: Final = "repository_url"
PURL: Final = "purl"
PART: Final = "sub-component"
_CONTAINERS: Final = frozenset({"oci", "docker"})
_DIGEST: Final = re.compile(r"(?:.*@)?(sha(?:256|512):[0-9a-f]{64,128})\Z")


def is_lenient(naming: Naming) -> bool:
    """Whether the forms of images and products may find more than the reference's rules."""
    return bool(
        naming.loose
        or any(purl.type in _CONTAINERS for purl in naming.purls)
        or any(not text.startswith("pkg:") for text in naming.texts)
    )


def find_lenient_image(naming: Naming, component: Component) -> str:
    """The form by which `naming` names the component; empty where it does not."""
    if component.purl is not None and any(pattern.covers(component.purl) for pattern in naming.loose):
        return PURL
    image = component.image
    if image is None:
        return ""
    forms = [_by_purl(purl, image) for purl in (*naming.purls, *naming.loose) if purl.type in _CONTAINERS]
    forms += [_by_text(text, image) for text in naming.texts if not text.startswith("pkg:")]
    return next(filter(None, forms), "")


def find_lenient_part(naming: Naming, part: Component) -> str:
    """The same for a part."""
    package = part.package
    if package is None:
        return ""
    if any(_names_part(purl, part.purl, package) for purl in naming.purls):
        return PART
    versions = ("", package.version, package.full_version)
    for text in naming.texts:
        name, _, version = text.rpartition("@") if "@" in text[1:] else (text, "", "")
        if name == package.name and version in versions:
            return PART
    return ""


def _by_purl(purl: Purl, image: ImageFacts) -> str:
    qualifiers = dict(purl.qualifiers)
    if qualifiers.get("arch", image.architecture) != image.architecture:
        return ""
    if ":" in purl.version:
        return DIGEST if purl.version in image.digests else ""
    tag = purl.version or qualifiers.get("tag", "")
    stated = qualifiers.get("repository_url", "")
    if purl.type == "docker":
        named = find_reference("/".join(filter(None, (stated, purl.namespace, purl.name))))
        repositories = {named.context} & image.repositories if named else frozenset[str]()
    else:
        repositories = frozenset(each for each in image.repositories if _is_repository(purl.name, stated, each))
    if tag:
        return TAG if any(f"{repository}:{tag}" in image.tags for repository in repositories) else ""
    return REPOSITORY if repositories and (stated or purl.type == "docker") else ""


def _is_repository(name: str, stated: str, repository: str) -> bool:
    """Whether a `pkg:oci` URL with this name and `repository_url` means the repository."""
    if repository.rpartition("/")[2].lower() != name:
        return False
    if not stated:
        return True
    spelled = stated.removeprefix("https://").removeprefix("http://").rstrip("/")
    candidates = (find_reference(spelled), find_reference(f"{spelled}/{name}"))
    return any(each is not None and each.context == repository for each in candidates)


def _by_text(text: str, image: ImageFacts) -> str:
    """A digest, or a reference with a tag."""
    pinned = _DIGEST.match(text)
    if pinned is not None:
        return DIGEST if pinned[1] in image.digests else ""
    reference = find_reference(text)
    if reference is None or not reference.tag or (reference.tag == DEFAULT_TAG and not text.endswith(DEFAULT_TAG)):
        return ""
    return TAG if f"{reference.context}:{reference.tag}" in image.tags else ""


def _names_part(pattern: Purl, found: Purl | None, package: Package) -> bool:
    """The source package, or a Go module's version without its `v`."""
    if found is None or (pattern.type, pattern.namespace) != (found.type, found.namespace):
        return False
    if pattern.name == found.name and pattern.type == "golang":
        return pattern.version.removeprefix("v") in ("", found.version.removeprefix("v"))
    sources = ("", package.src_version, package.full_src_version)
    return bool(package.src_name) and pattern.name == package.src_name and pattern.version in sources
