"""Image references as Docker and go-containerregistry read them.

Grammar: distribution/reference (`[registry/]repository[:tag][@digest]`). The first component names a registry when it
holds a `.` or a `:` or is `localhost`; otherwise the registry is Docker Hub, spelled `index.docker.io`, where a
one-component repository gets the prefix `library/`.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from assaymark.errors import UsageError
from assaymark.model.digest import Digest, is_digest

DOCKER_HUB: Final = "index.docker.io"
DEFAULT_TAG: Final = "latest"

_REGISTRY = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?\Z")
_COMPONENT = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*\Z")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\Z")
_HUB_ALIASES: Final = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"})


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """A parsed image reference.

    Attributes:
        original: the text as the user typed it.
        registry: `index.docker.io`, `ghcr.io`, `127.0.0.1:5000`, …
        repository: the path below the registry, `library/alpine`.
        tag: the tag; empty when a digest was given without one.
        digest: the digest; None when only a tag is known.
    """

    original: str
    registry: str
    repository: str
    tag: str = ""
    digest: Digest | None = None

    @property
    def context(self) -> str:
        """`registry/repository`, fully qualified, as in a statement's subject name."""
        return f"{self.registry}/{self.repository}"

    @property
    def familiar(self) -> str:
        """The repository as people write it: without Docker Hub's name and its `library/`."""
        if self.registry != DOCKER_HUB:
            return self.context
        return self.repository.removeprefix("library/")

    @property
    def name(self) -> str:
        """The fully qualified name with its tag or, when it has one, its digest."""
        return f"{self.context}@{self.digest}" if self.digest else f"{self.context}:{self.tag}"

    @property
    def identifier(self) -> str:
        """What stands in a manifest URL: the digest when there is one, else the tag."""
        return self.digest or self.tag

    def at(self, digest: Digest) -> Reference:
        """The same repository, at `digest`."""
        return msgspec.structs.replace(self, digest=digest, tag="", original=f"{self.familiar}@{digest}")


def parse_reference(text: str) -> Reference:
    """The reference that `text` spells.

    Raises:
        UsageError: `text` is not an image reference.
    """
    rest, at, digest = text.partition("@")
    if at and not is_digest(digest):
        raise UsageError(f"`{text}` is not an image reference: bad digest `{digest}`")
    name, tag = _split_tag(rest)
    if tag and not _TAG.match(tag):
        raise UsageError(f"`{text}` is not an image reference: bad tag `{tag}`")
    first, slash, remainder = name.partition("/")
    if slash and (any(mark in first for mark in ".:") or first == "localhost"):
        registry, repository = first, remainder
    else:
        registry, repository = DOCKER_HUB, name
    if registry in _HUB_ALIASES:
        registry = DOCKER_HUB
        repository = repository if "/" in repository else f"library/{repository}"
    if not _REGISTRY.match(registry):
        raise UsageError(f"`{text}` is not an image reference: bad registry `{registry}`")
    if len(repository) > 255 or not all(_COMPONENT.match(component) for component in repository.split("/")):
        raise UsageError(
            f"`{text}` is not an image reference: bad repository `{repository}`",
            hint="repositories are lower case: [registry/]name[:tag][@sha256:…]; for a file use `--input`",
        )
    if not tag and not at:
        tag = DEFAULT_TAG
    pinned = Digest(digest) if at else None
    return Reference(original=text, registry=registry, repository=repository, tag=tag, digest=pinned)


def find_reference(text: str) -> Reference | None:
    """The reference that `text` spells, or None where it is not one."""
    try:
        return parse_reference(text)
    except UsageError:
        return None


def _split_tag(text: str) -> tuple[str, str]:
    """A colon behind the last slash begins a tag; one before it belongs to the registry's port."""
    head, colon, tail = text.rpartition(":")
    if colon and "/" not in tail:
        return head, tail
    return text, ""
