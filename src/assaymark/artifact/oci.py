"""`--input`: an OCI image layout (image-spec, "Image Layout"), as a folder or as a tar of one.

Rules:
    1. The input is cut at the first `@`, else at the first `:`, into a path and a reference, which is a tag
       (`org.opencontainers.image.ref.name`) or a digest. Where only the uncut path exists it is taken whole.
    2. Without a reference the first image of `index.json` is taken.
    3. Of an index, the child for the platform that was asked for is taken; without one the first child.
    4. A layout has neither tags nor digests that a registry would know, so the report has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from assaymark.artifact.archive import MANIFEST_FILE, OTHER_FORMAT
from assaymark.artifact.config import check_layer_count, parse_config
from assaymark.artifact.image import BlobLayer, OpenBlob, OpenedImage
from assaymark.artifact.members import open_archive
from assaymark.artifact.source import ChosenManifest, ImageRequest, Source, chosen_manifests
from assaymark.errors import ArtifactError
from assaymark.limits import Limits
from assaymark.model.artifact import Image, ImageIdentity
from assaymark.model.descriptor import Descriptor
from assaymark.model.platform import Platform
from assaymark.oci.content import StoredManifest
from assaymark.oci.layout_reader import (
    INDEX_FILE,
    REF_NAME,
    FolderFiles,
    LayoutFiles,
    LayoutReader,
    is_image_entry,
    split_input,
)
from assaymark.oci.manifest import Index, Manifest, parse_manifest
from assaymark.oci.platforms import descend, select_platform


@contextmanager
def open_layout(request: ImageRequest) -> Iterator[Image]:
    """The image in the layout that `--input` names."""
    path, reference = split_input(request.input)
    with _open_files(path, request) as files:
        if not files.exists(INDEX_FILE):
            raise ArtifactError(f"`{path}` is not an OCI image layout: it has no `{INDEX_FILE}`", reason=OTHER_FORMAT)
        reader = LayoutReader(files, limits=request.limits)
        top, stored, platforms = _find_manifest(reader, reference, request)
        manifest = parse_manifest(stored.data, stored.descriptor.media_type, limits=request.limits)
        if not isinstance(manifest, Manifest):
            raise ArtifactError(f"the image layout `{path}` holds no image")
        identity = ImageIdentity(
            name=request.name,
            image_id=manifest.config.digest,
            config=reader.read_blob(manifest.config, limit=request.limits.config_bytes),
            resolved=top.descriptor,
            manifest=stored.descriptor,
            platforms=platforms,
            source="oci",
        )
        yield blob_image(identity, manifest, reader.open_blob, request.limits)


def find_layout_platforms(request: ImageRequest) -> tuple[ChosenManifest, ...]:
    """Every manifest of the index that `--input` names; nothing where it names something else.

    Raises:
        ArtifactError: the index is malformed.
        LocalError: there is no such file.
    """
    path, reference = split_input(request.input)
    with _open_files(path, request) as files:
        if not files.exists(INDEX_FILE) or (path.is_file() and files.exists(MANIFEST_FILE)):
            return ()  # `docker save` writes both, and its own format comes first
        reader = LayoutReader(files, limits=request.limits)
        top = reader.read_manifest(_entry(reader, reference))
        return chosen_manifests(top, read=reader.read_manifest, limits=request.limits, what=_what(reader))


def _find_manifest(
    reader: LayoutReader, reference: str, request: ImageRequest
) -> tuple[StoredManifest, StoredManifest, tuple[Platform, ...]]:
    """What the input names, the manifest that is meant, and the platforms that the index offers."""
    if request.chosen is not None:
        chosen = request.chosen
        return chosen.top, reader.read_manifest(chosen.entry.descriptor), chosen.platforms
    top = reader.read_manifest(_entry(reader, reference))
    stored, platforms = descend(
        top,
        choose=lambda index: _child(index, request, reader.name),
        read=reader.read_manifest,
        limits=request.limits,
        what=_what(reader),
    )
    return top, stored, platforms


def _what(reader: LayoutReader) -> str:
    return f"the image layout `{reader.name}`"


def blob_image(identity: ImageIdentity, manifest: Manifest, opener: OpenBlob, limits: Limits) -> OpenedImage:
    """The image whose layers are the blobs of a manifest.

    Raises:
        ArtifactError: the configuration is malformed, or counts other layers than the manifest.
    """
    configuration = parse_config(identity.config, limits=limits)
    check_layer_count(configuration, len(manifest.layers))
    facts = {field: getattr(identity, field) for field in identity.__struct_fields__}
    pairs = zip(configuration.diff_ids, manifest.layers, strict=True)
    layers = tuple(BlobLayer(diff_id=diff_id, descriptor=layer, opener=opener) for diff_id, layer in pairs)
    return OpenedImage(
        identity=ImageIdentity(**{**facts, "platform": configuration.platform}),
        layers=layers,
        stored_size=sum(layer.size for layer in manifest.layers),
    )


@contextmanager
def _open_files(path: Path, request: ImageRequest) -> Iterator[LayoutFiles]:
    if path.is_dir():
        yield FolderFiles(path)
        return
    maximum = request.max_image_size
    with open_archive(path, scratch=request.scratch, limits=request.limits, maximum=maximum) as archive:
        yield archive


def _entry(reader: LayoutReader, reference: str) -> Descriptor:
    entries = reader.index().manifests
    if not entries:
        raise ArtifactError(f"the image layout `{reader.name}` is empty")
    if not reference:
        return next((entry for entry in entries if is_image_entry(entry)), entries[0])
    found = next((entry for entry in entries if reference in (entry.annotation(REF_NAME), entry.digest)), None)
    if found is None:
        names = ", ".join(f"`{entry.annotation(REF_NAME) or entry.digest}`" for entry in entries[:10])
        raise ArtifactError(f"the image layout `{reader.name}` has no `{reference}`", hint=f"it has {names}")
    return found


def _child(index: Index, request: ImageRequest, name: str) -> Descriptor:
    """Rule 3."""
    if not index.manifests:
        raise ArtifactError(f"the image layout `{name}` holds an index without manifests")
    return index.manifests[0] if request.platform is None else select_platform(index, request.platform)


SOURCE: Final = Source(name="oci-layout", input=True, open=open_layout)
