"""SBOMs attached to images on a registry as other tools attach them: artifacts of one layer."""

from __future__ import annotations

import json
from typing import Final

from assaymark.model.descriptor import OCI_EMPTY, OCI_MANIFEST, Descriptor
from assaymark.oci.content import ContentStore

CYCLONEDX_JSON: Final = "application/vnd.cyclonedx+json"
SPDX_JSON: Final = "application/spdx+json"


def attach_artifact(store: ContentStore, subject: Descriptor, *layers: bytes, kind: str = CYCLONEDX_JSON) -> Descriptor:
    """Store `layers` as an artifact of type `kind` that refers to `subject`."""
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": kind,
        "config": _described(store.push_blob(b"{}", media_type=OCI_EMPTY)),
        "layers": [_described(store.push_blob(layer, media_type=kind)) for layer in layers],
        "subject": _described(subject),
    }
    return store.push_manifest(json.dumps(document).encode(), media_type=OCI_MANIFEST, artifact_type=kind)


def _described(descriptor: Descriptor) -> dict[str, object]:
    return {"mediaType": descriptor.media_type, "digest": descriptor.digest, "size": descriptor.size}
