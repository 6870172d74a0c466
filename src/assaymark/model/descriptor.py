"""Descriptors (OCI image-spec): what kind of content, which digest, how many bytes."""

from __future__ import annotations

from typing import Final

import msgspec

from assaymark.model.digest import Digest
from assaymark.model.platform import Platform

OCI_INDEX: Final = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG: Final = "application/vnd.oci.image.config.v1+json"
OCI_EMPTY: Final = "application/vnd.oci.empty.v1+json"
DOCKER_LIST: Final = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST: Final = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG: Final = "application/vnd.docker.container.image.v1+json"

INDEX_TYPES: Final = frozenset({OCI_INDEX, DOCKER_LIST})
MANIFEST_TYPES: Final = frozenset({OCI_MANIFEST, DOCKER_MANIFEST})


class Descriptor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A reference to content; `annotations` are pairs in the order of the document."""

    media_type: str = msgspec.field(name="mediaType")
    digest: Digest
    size: int
    annotations: tuple[tuple[str, str], ...] = ()
    platform: Platform | None = None
    artifact_type: str = msgspec.field(name="artifactType", default="")

    def annotation(self, key: str) -> str:
        """The value of one annotation, empty where it is absent."""
        return dict(self.annotations).get(key, "")
