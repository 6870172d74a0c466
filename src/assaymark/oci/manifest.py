"""Reads image manifests and indexes (OCI image-spec, "Image Manifest" and "Image Index"; Docker's schema 2 of both).

Rules, in the order in which they are applied:

1. The document is decoded strictly: duplicate keys, trailing data, odd encodings are refused. A key that differs from
   one of the specification's names in letter case alone is refused too, because Go's readers would take it.
2. A document with both `layers` (or `config`) and `manifests` is neither (CVE-2021-41190).
3. What the Content-Type or the parent's descriptor says, what `mediaType` says and what the document looks like
   must agree. `application/json`, `text/plain` and `application/octet-stream` say nothing.
4. Docker's schema 1 is refused: its digest covers a signature and its layers have no sizes.
5. A descriptor has a media type, a digest that can be computed and a size that is not negative. `urls` and `data` are
   ignored: content comes from the repository and is verified (CVE-2020-15157).
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import Limits
from assaymark.model.descriptor import INDEX_TYPES, MANIFEST_TYPES, OCI_INDEX, OCI_MANIFEST, Descriptor
from assaymark.model.digest import parse_digest
from assaymark.model.platform import Platform
from assaymark.safeio.json import decode_strict

ACCEPT: Final = ", ".join([*sorted(INDEX_TYPES), *sorted(MANIFEST_TYPES)])
"""What we ask a registry for, every kind that can be read here."""

_UNSPECIFIC: Final = frozenset({"", "application/json", "text/plain", "application/octet-stream"})
_SCHEMA1_PREFIX: Final = "application/vnd.docker.distribution.manifest.v1+"
_NAMES: Final = (
    *("schemaVersion", "mediaType", "artifactType", "config", "layers", "manifests", "subject", "annotations"),
    *("digest", "size", "platform", "fsLayers"),
)
_FOLDED: Final = {name.lower(): name for name in _NAMES}
_LARGEST_SIZE: Final = 2**63 - 1

msgspec.convert({}, Platform)  # compiled on import: two threads that compile one type at once crash msgspec


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """One image or artifact: a config and layers."""

    media_type: str
    config: Descriptor
    layers: tuple[Descriptor, ...]
    artifact_type: str = ""
    subject: Descriptor | None = None
    annotations: tuple[tuple[str, str], ...] = ()

    @property
    def kind(self) -> str:
        """What the artifact is: its `artifactType`, else its config's media type (distribution-spec, referrers)."""
        return self.artifact_type or self.config.media_type


class Index(msgspec.Struct, frozen=True, kw_only=True):
    """A list of manifests: a multi-platform image, or what refers to a subject."""

    media_type: str
    manifests: tuple[Descriptor, ...]
    artifact_type: str = ""
    subject: Descriptor | None = None
    annotations: tuple[tuple[str, str], ...] = ()


def parse_manifest(data: bytes, media_type: str, *, limits: Limits) -> Manifest | Index:
    """The manifest or index in `data`; `media_type` is what its sender called it, empty where nobody said.

    Raises:
        ArtifactError: malformed, ambiguous, or of a kind that cannot be read.
        LimitError: larger, deeper or longer than `limits` allow.
    """
    if len(data) > limits.manifest_bytes:
        raise LimitError(f"the manifest has more than {limits.manifest_bytes} bytes")
    document = decode_strict(data, limits=limits, what="manifest")
    if not isinstance(document, dict):
        raise ArtifactError("the manifest is not a JSON object")
    _refuse_folded(document)
    claimed = _agreed_type(document, media_type)
    if "manifests" in document:
        return _parse_index(document, claimed, limits)
    return _parse_image(document, claimed, limits)


def _agreed_type(document: dict[str, Any], media_type: str) -> str:
    """Steps 2 to 4: the one media type on which everything agrees."""
    sent = media_type.partition(";")[0].strip().lower()
    written = _text(document, "mediaType")
    if document.get("schemaVersion") == 1 or "fsLayers" in document or sent.startswith(_SCHEMA1_PREFIX):
        raise ArtifactError(
            "Docker manifest schema 1 is not supported", hint="push the image again with a current tool"
        )
    if document.get("schemaVersion", 2) != 2:
        raise ArtifactError("the manifest's `schemaVersion` is not 2")
    if "manifests" in document and ("layers" in document or "config" in document):
        raise ArtifactError("the manifest is ambiguous: it has both `manifests` and `layers` or `config`")
    if written and sent not in _UNSPECIFIC and written != sent:
        raise ArtifactError(f"the manifest says it is `{written[:100]}` but was sent as `{sent[:100]}`")
    shape, default = (INDEX_TYPES, OCI_INDEX) if "manifests" in document else (MANIFEST_TYPES, OCI_MANIFEST)
    claimed = written or ("" if sent in _UNSPECIFIC else sent) or default
    if claimed not in INDEX_TYPES | MANIFEST_TYPES:
        raise ArtifactError(f"manifests of type `{claimed[:100]}` are not supported")
    if claimed not in shape:
        raise ArtifactError(f"the manifest is ambiguous: it is called `{claimed}` and has the members of another kind")
    return claimed


def _parse_image(document: dict[str, Any], media_type: str, limits: Limits) -> Manifest:
    layers = _descriptors(document, "layers", most=max(limits.layers, limits.legacy_layers))
    return Manifest(
        media_type=media_type,
        config=_descriptor(document.get("config"), "config"),
        layers=layers,
        artifact_type=_text(document, "artifactType"),
        subject=_subject(document),
        annotations=_annotations(document),
    )


def _parse_index(document: dict[str, Any], media_type: str, limits: Limits) -> Index:
    return Index(
        media_type=media_type,
        manifests=_descriptors(document, "manifests", most=max(limits.index_entries, limits.referrers_listed)),
        artifact_type=_text(document, "artifactType"),
        subject=_subject(document),
        annotations=_annotations(document),
    )


def _descriptors(document: dict[str, Any], name: str, *, most: int) -> tuple[Descriptor, ...]:
    # Go writes an empty list that was never made as null
    values = document.get(name) if document.get(name) is not None else []
    if name not in document or not isinstance(values, list):
        raise ArtifactError(f"the manifest has no list of `{name}`")
    if len(values) > most:
        raise LimitError(f"the manifest lists {len(values)} `{name}`, more than {most}")
    return tuple(_descriptor(value, f"{name}[{position}]") for position, value in enumerate(values))


def _subject(document: dict[str, Any]) -> Descriptor | None:
    value = document.get("subject")
    return None if value is None else _descriptor(value, "subject")


def _descriptor(value: object, where: str) -> Descriptor:
    if not isinstance(value, dict):
        raise ArtifactError(f"the manifest's `{where}` is not a descriptor")
    _refuse_folded(value)
    size = value.get("size")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= _LARGEST_SIZE:
        raise ArtifactError(f"the manifest's `{where}` has no valid `size`")
    media_type = _text(value, "mediaType")
    if not media_type:
        raise ArtifactError(f"the manifest's `{where}` has no `mediaType`")
    return Descriptor(
        media_type=media_type,
        digest=parse_digest(_text(value, "digest")),
        size=size,
        annotations=_annotations(value),
        platform=_platform(value.get("platform"), where),
        artifact_type=_text(value, "artifactType"),
    )


def _platform(value: object, where: str) -> Platform | None:
    if value is None:
        return None
    try:
        return msgspec.convert(value, Platform)
    except msgspec.ValidationError as exc:
        raise ArtifactError(f"the platform of the manifest's `{where}` is malformed") from exc


def _annotations(document: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    value = document.get("annotations")
    if value is None:
        return ()
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise ArtifactError("the manifest's `annotations` are not pairs of text")
    return tuple(value.items())


def _text(document: dict[str, Any], name: str) -> str:
    value = document.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ArtifactError(f"the manifest's `{name}` is not text")
    return value


def _refuse_folded(document: dict[str, Any]) -> None:
    for key in document:
        name = _FOLDED.get(key.lower())
        if name is not None and name != key:
            raise ArtifactError(f"the manifest is ambiguous: the key `{key[:40]}` is spelled `{name}`")
