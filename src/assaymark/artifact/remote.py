"""Images of a registry: `--image-src remote` (distribution-spec, "Pull").

Rules:
    1. What the reference resolves to is verified against its digest by the client; an index leads to the manifest of
       the platform that was asked for (linux/amd64 unless said otherwise), a single manifest is taken whatever its
       platform.
    2. A manifest that says it is something else than an image (its `artifactType`, else its configuration's media
       type) is refused: charts, modules and signatures have no packages to look for.
    3. The report's tag is the reference's own, none when it has a digest; the report's digest is that of what the
       reference resolves to, the index for an index. The repository is written in its familiar form.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from assaymark.artifact.oci import blob_image
from assaymark.artifact.source import ChosenManifest, ImageRequest, Source, chosen_manifests
from assaymark.errors import ArtifactError, OfflineError
from assaymark.model.artifact import Image, ImageIdentity
from assaymark.model.descriptor import DOCKER_CONFIG, OCI_CONFIG
from assaymark.model.platform import Platform
from assaymark.model.reference import Reference, parse_reference
from assaymark.oci.content import ContentStore, StoredManifest
from assaymark.oci.manifest import Index, Manifest, parse_manifest
from assaymark.oci.platforms import descend, select_platform

_IMAGE_CONFIGS: Final = frozenset({OCI_CONFIG, DOCKER_CONFIG})


@contextmanager
def open_remote_image(request: ImageRequest) -> Iterator[Image]:
    """The image that the reference names on its registry."""
    reference = request.reference or parse_reference(request.name)
    store = _repository(request, reference)
    top, stored, platforms = _find_manifest(request, reference, store)
    manifest = parse_manifest(stored.data, stored.descriptor.media_type, limits=request.limits)
    if not isinstance(manifest, Manifest):
        raise ArtifactError(f"`{request.name}` is not an image")
    identity = ImageIdentity(
        name=request.name,
        image_id=manifest.config.digest,
        config=store.read_blob(manifest.config, limit=request.limits.config_bytes),
        repo_tags=repo_tags(reference),
        repo_digests=(f"{reference.familiar}@{top.descriptor.digest}",),
        reference=reference,
        resolved=top.descriptor,
        manifest=stored.descriptor,
        platforms=platforms,
        source="remote",
    )
    yield blob_image(identity, manifest, store.open_blob, request.limits)


def find_remote_platforms(request: ImageRequest) -> tuple[ChosenManifest, ...]:
    """Every manifest of the index that the reference names; nothing where it names a single one.

    Raises:
        ArtifactError: the index is malformed.
        NetworkError: the registry cannot be asked, or has no such image.
    """
    reference = request.reference or parse_reference(request.name)
    store = _repository(request, reference)
    top = store.manifest(reference.identifier)
    return chosen_manifests(
        top, read=lambda entry: store.manifest(entry.digest), limits=request.limits, what=f"`{request.name}`"
    )


def _repository(request: ImageRequest, reference: Reference) -> ContentStore:
    if request.registry is None:
        raise OfflineError(f"`{request.name}` would have to be fetched from its registry, which must not be asked")
    return request.registry.repository(reference)


def _find_manifest(
    request: ImageRequest, reference: Reference, store: ContentStore
) -> tuple[StoredManifest, StoredManifest, tuple[Platform, ...]]:
    """What the reference resolves to, the manifest that is meant, and the platforms that the index offers."""
    if request.chosen is not None:
        chosen = request.chosen
        return chosen.top, store.manifest(chosen.entry.descriptor.digest), chosen.platforms
    top = store.manifest(reference.identifier)
    _refuse_other_artifacts(parse_manifest(top.data, top.descriptor.media_type, limits=request.limits), request.name)
    stored, platforms = descend(
        top,
        choose=lambda index: select_platform(index, request.platform),
        read=lambda entry: store.manifest(entry.digest),
        limits=request.limits,
        what=f"`{request.name}`",
    )
    return top, stored, platforms


def repo_tags(reference: Reference) -> tuple[str, ...]:
    """The report's tags for a reference: its own, unless a digest pins it."""
    return () if reference.digest else (f"{reference.familiar}:{reference.tag}",)


def _refuse_other_artifacts(parsed: Manifest | Index, name: str) -> None:
    if isinstance(parsed, Manifest) and parsed.kind not in _IMAGE_CONFIGS:
        raise ArtifactError(
            f"`{name}` is not an image but an artifact of type `{parsed.kind[:100]}`", reason="UNSUPPORTED_ARTIFACT"
        )


SOURCE: Final = Source(name="remote", open=open_remote_image)
