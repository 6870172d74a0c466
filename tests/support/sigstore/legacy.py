"""An attestation in the older storage: a layer of the `.att` tag with its material in annotations."""

from __future__ import annotations

import json

from tests.support.registry import MemoryRegistry
from tests.support.sigstore.signing import Signed

from assaymark.model.descriptor import OCI_CONFIG, OCI_MANIFEST, Descriptor

_DSSE = "application/vnd.dsse.envelope.v1+json"


def attach_legacy(registry: MemoryRegistry, repository: str, image: Descriptor, *signed: Signed) -> None:
    """Place attestations of `image` at its `.att` tag, replacing what was there."""
    blobs = [registry.put_blob(repository, made.envelope) for made in signed]
    rootfs = {"type": "layers", "diff_ids": [blob.digest for blob in blobs]}
    config = json.dumps({"architecture": "", "os": "", "rootfs": rootfs, "config": {}}).encode()
    described = registry.put_blob(repository, config)
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {"mediaType": OCI_CONFIG, "digest": described.digest, "size": described.size},
        "layers": [
            {"mediaType": _DSSE, "digest": blob.digest, "size": blob.size, "annotations": made.annotations}
            for blob, made in zip(blobs, signed, strict=True)
        ],
    }
    tag = f"{image.digest.replace(':', '-')}.att"
    registry.put_manifest(repository, json.dumps(document).encode(), tag=tag)
