"""`--input`: an archive in the format of `docker save`, plain or gzip.

Reads: `manifest.json`, the configuration and the layers that it names (Docker image specification v1.2, "Combined
Image JSON + Filesystem Changeset Format"; what Docker, Podman, Skopeo, Buildah, Kaniko and `crane` write).

Rules:
    1. The archive must hold exactly one image: with several nobody could say which one the report is about.
    2. The image ID is the digest of the configuration's bytes, whatever its file is called.
    3. Layers may be plain or compressed, member by member; a compressed one has a digest in the report.
    4. An archive has tags, but no digests: those belong to registries.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from assaymark.artifact.config import check_layer_count, parse_config
from assaymark.artifact.image import OpenedImage
from assaymark.artifact.members import Archive, MemberLayer, open_archive
from assaymark.artifact.source import ImageRequest, Source
from assaymark.errors import ArtifactError
from assaymark.limits import Limits
from assaymark.model.artifact import Image, ImageIdentity
from assaymark.model.digest import sha256_digest
from assaymark.safeio.json import decode_go, fold

MANIFEST_FILE: Final = "manifest.json"
OTHER_FORMAT: Final = "OTHER_FORMAT"
"""The reason of an error that leaves room for another format."""


class SavedImage(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of `manifest.json`."""

    config: str
    layers: tuple[str, ...]
    repo_tags: tuple[str, ...]


@contextmanager
def open_docker_archive(request: ImageRequest) -> Iterator[Image]:
    """The image in the archive that `--input` names."""
    limits, path = request.limits, Path(request.input)
    maximum = request.max_image_size
    if path.is_dir() or not path.exists():
        raise ArtifactError(f"`{path}` is not a file", reason=OTHER_FORMAT)
    with open_archive(path, scratch=request.scratch, limits=limits, maximum=maximum) as archive:
        yield saved_image(archive, name=request.name, source="archive", limits=limits)


def saved_image(archive: Archive, *, name: str, source: str, limits: Limits) -> OpenedImage:
    """The one image of an archive.

    Raises:
        ArtifactError: the archive holds none, several, or a malformed one.
    """
    entry = read_saved_manifest(archive, limits)
    data = archive.read(entry.config, limit=limits.config_bytes)
    configuration = parse_config(data, limits=limits)
    check_layer_count(configuration, len(entry.layers))
    members = [archive.member(layer) for layer in entry.layers]
    identity = ImageIdentity(
        name=name,
        image_id=sha256_digest(data),
        config=data,
        repo_tags=entry.repo_tags,
        platform=configuration.platform,
        source=source,
    )
    pairs = zip(members, configuration.diff_ids, strict=True)
    layers = tuple(MemberLayer(archive, member, diff_id=diff_id) for member, diff_id in pairs)
    return OpenedImage(identity=identity, layers=layers, stored_size=sum(member.size for member in members))


def read_saved_manifest(archive: Archive, limits: Limits) -> SavedImage:
    """The only entry of an archive's `manifest.json`."""
    if not archive.exists(MANIFEST_FILE):
        raise ArtifactError(
            f"`{archive.name}` is not a docker archive: it has no `{MANIFEST_FILE}`", reason=OTHER_FORMAT
        )
    data = archive.read(MANIFEST_FILE, limit=limits.manifest_bytes)
    entries = decode_go(data, limits=limits, what=MANIFEST_FILE)
    if not isinstance(entries, list) or not entries:
        raise ArtifactError(f"`{MANIFEST_FILE}` of `{archive.name}` lists no image")
    images = [_saved_entry(entry, archive.name) for entry in entries]
    if len(images) > 1:
        tags = ", ".join(f"`{tag}`" for image in images[:10] for tag in image.repo_tags[:1])
        raise ArtifactError(
            f"`{archive.name}` holds {len(images)} images{': ' if tags else ''}{tags}",
            hint="save one image to an archive of its own: `docker save --output FILE IMAGE`",
        )
    return images[0]


def _saved_entry(entry: Any, archive: str) -> SavedImage:
    members = fold(entry, ("Config", "RepoTags", "Layers")) if isinstance(entry, dict) else {}
    config, tags, layers = members.get("Config"), members.get("RepoTags") or [], members.get("Layers") or []
    if not isinstance(config, str) or not _is_texts(tags) or not _is_texts(layers):
        raise ArtifactError(f"`{MANIFEST_FILE}` of `{archive}` is malformed")
    return SavedImage(config=config, layers=tuple(layers), repo_tags=tuple(tags))


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


SOURCE: Final = Source(name="docker-archive", input=True, open=open_docker_archive)
