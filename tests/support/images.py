"""Real images from facts in text: layers, manifests, indexes, archives and layouts, the same bytes every time.

    image = build_image([{"etc/os-release": "ID=alpine\n", "etc/link": Link("os-release")}])
    image.save_docker(path, tags=["alpine:3.10"])
    image.push(store, tag="3.10")

A layer is a mapping from path to content, or pairs where order and repetition matter. Values are text or bytes (a file),
`File` (a file with a mode), `Link`, `Folder` or `Special`; `WHITEOUT` under `etc/.wh.passwd` and the like is an empty file.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import zstandard

from assaymark.model.descriptor import OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, Descriptor
from assaymark.model.digest import DiffId, Digest, sha256_digest
from assaymark.model.platform import Platform, parse_platform
from assaymark.oci.content import ContentStore

REF_NAME: Final = "org.opencontainers.image.ref.name"
CREATED: Final = "2019-08-20T20:19:55.211423266Z"
WHITEOUT: Final = b""
LAYER_TYPES: Final = {
    "none": "application/vnd.oci.image.layer.v1.tar",
    "gzip": "application/vnd.oci.image.layer.v1.tar+gzip",
    "zstd": "application/vnd.oci.image.layer.v1.tar+zstd",
}


class File(msgspec.Struct, frozen=True):
    """A regular file with permissions of its own."""

    data: bytes
    mode: int = 0o755


class Link(msgspec.Struct, frozen=True):
    """A symbolic link, or a hard one (its target is then a member's name)."""

    target: str
    hard: bool = False


class Folder(msgspec.Struct, frozen=True):
    """A directory with a header of its own."""

    mode: int = 0o755


class Special(msgspec.Struct, frozen=True):
    """A FIFO or a device: one of `tarfile`'s types."""

    type: bytes = tarfile.FIFOTYPE


Entry = bytes | str | File | Link | Folder | Special
Entries = Mapping[str, Entry] | Iterable[tuple[str, Entry]]


class BuiltLayer(msgspec.Struct, frozen=True):
    """A layer as a tar stream and as it is stored."""

    tar: bytes
    stored: bytes
    media_type: str

    @property
    def diff_id(self) -> DiffId:
        """The digest of the tar stream."""
        return DiffId(sha256_digest(self.tar))

    @property
    def descriptor(self) -> Descriptor:
        """The stored bytes' descriptor."""
        return describe(self.stored, self.media_type)


class BuiltImage(msgspec.Struct, frozen=True):
    """An image of one platform."""

    config: bytes
    layers: tuple[BuiltLayer, ...]
    manifest: bytes
    platform: Platform

    @property
    def descriptor(self) -> Descriptor:
        """The manifest's descriptor, as it stands in an index."""
        return describe(self.manifest, OCI_MANIFEST)

    @property
    def image_id(self) -> Digest:
        """The digest of the configuration."""
        return sha256_digest(self.config)

    @property
    def blobs(self) -> dict[str, bytes]:
        """Everything that an image layout stores for it, by digest."""
        stored = [self.config, *(layer.stored for layer in self.layers), self.manifest]
        return {sha256_digest(data): data for data in stored}

    def push(self, store: ContentStore, *, tag: str = "") -> Descriptor:
        """Store blobs and manifest, as a client does."""
        for layer in self.layers:
            store.push_blob(layer.stored, media_type=layer.media_type)
        store.push_blob(self.config, media_type=OCI_CONFIG)
        return store.push_manifest(self.manifest, media_type=OCI_MANIFEST, tag=tag)

    def save_layout(self, folder: Path, *, ref: str = "") -> Path:
        """An OCI image-layout folder."""
        return write_files(folder, layout_files([(self.descriptor, ref)], self.blobs))

    def save_layout_tar(self, path: Path, *, ref: str = "") -> Path:
        """A tar of an OCI image layout."""
        path.write_bytes(pack(layout_files([(self.descriptor, ref)], self.blobs)))
        return path

    def save_docker(
        self, path: Path, *, tags: Sequence[str] = (), compress: bool = False, compress_layers: bool = False
    ) -> Path:
        """A `docker save` archive: whole or by member compressed where asked (the latter as `crane` writes it)."""
        data = pack(docker_files([(self, tags)], compress_layers=compress_layers))
        path.write_bytes(gzip.compress(data, 6, mtime=0) if compress else data)
        return path


class BuiltIndex(msgspec.Struct, frozen=True):
    """An image of several platforms."""

    images: tuple[BuiltImage, ...]
    data: bytes

    @property
    def descriptor(self) -> Descriptor:
        """The index's descriptor."""
        return describe(self.data, OCI_INDEX)

    @property
    def blobs(self) -> dict[str, bytes]:
        """Everything that an image layout stores for it, by digest."""
        merged: dict[str, bytes] = {self.descriptor.digest: self.data}
        for image in self.images:
            merged |= image.blobs
        return merged

    def push(self, store: ContentStore, *, tag: str = "") -> Descriptor:
        """Store all images and then the index."""
        for image in self.images:
            image.push(store)
        return store.push_manifest(self.data, media_type=OCI_INDEX, tag=tag)

    def save_layout(self, folder: Path, *, ref: str = "") -> Path:
        """An OCI image-layout folder whose one entry is the index."""
        return write_files(folder, layout_files([(self.descriptor, ref)], self.blobs))


def build_image(
    layers: Sequence[Entries | bytes] = (),
    *,
    platform: str = "linux/amd64",
    compression: str | Sequence[str] = "gzip",
    created: str = CREATED,
    config: Mapping[str, Any] | None = None,
    document: Mapping[str, Any] | None = None,
    history: Sequence[Mapping[str, Any]] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> BuiltImage:
    """An image of `layers`, bottom to top; a layer given as bytes is taken as the tar stream itself.

    `config` is the `config` member of the configuration; `document` adds or replaces members of the configuration
    itself; `history` defaults to one entry a layer. `compression` is `gzip`, `zstd` or `none`, or one for each layer.
    """
    kinds = [compression] * len(layers) if isinstance(compression, str) else compression
    built = tuple(_build_layer(layer, kind) for layer, kind in zip(layers, kinds, strict=True))
    target = parse_platform(platform)
    facts: dict[str, Any] = {"architecture": target.architecture}
    facts["config"] = dict(config) if config is not None else {"Env": ["PATH=/usr/bin:/bin"], "Cmd": ["/bin/sh"]}
    facts["created"] = created
    steps = [{"created": created, "created_by": f"ADD layer {number}"} for number in range(len(built))]
    facts["history"] = [dict(step) for step in history] if history is not None else steps
    facts["os"] = target.os
    facts["rootfs"] = {"type": "layers", "diff_ids": [layer.diff_id for layer in built]}
    if target.variant:
        facts["variant"] = target.variant
    encoded = encode({**facts, **(document or {})})
    manifest: dict[str, Any] = {"schemaVersion": 2, "mediaType": OCI_MANIFEST}
    manifest["config"] = describe_json(describe(encoded, OCI_CONFIG))
    manifest["layers"] = [describe_json(layer.descriptor) for layer in built]
    if annotations:
        manifest["annotations"] = dict(annotations)
    return BuiltImage(encoded, built, encode(manifest), target)


def build_index(images: Sequence[BuiltImage]) -> BuiltIndex:
    """An index that offers `images`, each with its platform."""
    entries = []
    for image in images:
        platform = {"architecture": image.platform.architecture, "os": image.platform.os}
        if image.platform.variant:
            platform["variant"] = image.platform.variant
        entries.append({**describe_json(image.descriptor), "platform": platform})
    return BuiltIndex(tuple(images), encode({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}))


def write_layer(entries: Entries) -> bytes:
    """The tar stream of a layer; times and owners are zero, order is that of `entries`."""
    stream = io.BytesIO()
    pairs = entries.items() if isinstance(entries, Mapping) else entries
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, entry in pairs:
            header, data = _member(name, entry)
            tar.addfile(header, io.BytesIO(data))
    return stream.getvalue()


def pack(files: Mapping[str, bytes]) -> bytes:
    """A plain tar of `files`."""
    return write_layer({name: File(data, 0o644) for name, data in files.items()})


def docker_files(
    images: Sequence[tuple[BuiltImage, Sequence[str]]], *, compress_layers: bool = False
) -> dict[str, bytes]:
    """The members of a `docker save` archive of several images with their tags; `manifest.json` comes last."""
    files: dict[str, bytes] = {}
    manifest = []
    for image, tags in images:
        names = []
        for layer in image.layers:
            plain = layer.diff_id.removeprefix("sha256:")
            names.append(f"{plain}.tar.gz" if compress_layers else f"{plain}/layer.tar")
            files[names[-1]] = gzip.compress(layer.tar, 6, mtime=0) if compress_layers else layer.tar
        config = f"{image.image_id.removeprefix('sha256:')}.json"
        files[config] = image.config
        manifest.append({"Config": config, "RepoTags": list(tags) or None, "Layers": names})
    return {**files, "manifest.json": encode(manifest)}


def layout_files(entries: Sequence[tuple[Descriptor, str]], blobs: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of an OCI image layout; each entry is a descriptor and its `ref.name`, empty for none."""
    manifests = []
    for descriptor, ref in entries:
        document = describe_json(descriptor)
        if ref:
            document["annotations"] = {**document.get("annotations", {}), REF_NAME: ref}
        manifests.append(document)
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests}
    files = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}', "index.json": encode(index)}
    return files | {f"blobs/{digest.replace(':', '/')}": data for digest, data in blobs.items()}


def write_files(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write `files` below `folder`."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def describe(data: bytes, media_type: str) -> Descriptor:
    """The descriptor of `data`."""
    return Descriptor(media_type=media_type, digest=sha256_digest(data), size=len(data))


def describe_json(descriptor: Descriptor) -> dict[str, Any]:
    """A descriptor as JSON has it."""
    document: dict[str, Any] = {"mediaType": descriptor.media_type}
    document |= {"digest": descriptor.digest, "size": descriptor.size}
    if descriptor.annotations:
        document["annotations"] = dict(descriptor.annotations)
    return document


def encode(document: Any) -> bytes:
    """Compact JSON in the order given."""
    return json.dumps(document, separators=(",", ":")).encode()


def _build_layer(layer: Entries | bytes, kind: str) -> BuiltLayer:
    tar = layer if isinstance(layer, bytes) else write_layer(layer)
    compress: dict[str, Callable[[bytes], bytes]] = {
        "none": bytes,
        "gzip": lambda data: gzip.compress(data, 6, mtime=0),
        "zstd": zstandard.ZstdCompressor().compress,
    }
    return BuiltLayer(tar, compress[kind](tar), LAYER_TYPES[kind])


def _member(name: str, entry: Entry) -> tuple[tarfile.TarInfo, bytes]:
    header = tarfile.TarInfo(name)
    data = b""
    if isinstance(entry, Link):
        header.type = tarfile.LNKTYPE if entry.hard else tarfile.SYMTYPE
        header.linkname, header.mode = entry.target, 0o777
    elif isinstance(entry, Folder):
        header.type, header.mode = tarfile.DIRTYPE, entry.mode
    elif isinstance(entry, Special):
        header.type = entry.type
    else:
        file = entry if isinstance(entry, File) else File(entry.encode() if isinstance(entry, str) else entry, 0o644)
        data, header.mode = file.data, file.mode
    header.size = len(data)
    return header, data
