"""Attestations of the fake Sigstore beside images in a registry, as other programs would have left them."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.support.registry import MemoryRegistry
from tests.support.sigstore.cosign import statement_about
from tests.support.sigstore.instance import Instance
from tests.support.sigstore.legacy import attach_legacy
from tests.support.sigstore.signing import Signed, sign_envelope

from assaymark.model.descriptor import OCI_MANIFEST, Descriptor

_BUNDLE: Final = "application/vnd.dev.sigstore.bundle.v0.3+json"
_EMPTY: Final = "application/vnd.oci.empty.v1+json"


class Attested:
    """An image of its own, or one that is in the registry already.

    Attributes:
        text: how it is typed.
        digest: of its manifest.
    """

    def __init__(self, registry: MemoryRegistry, name: str = "app", image: Descriptor | None = None) -> None:
        self._registry, self._name = registry, name
        config = json.dumps({"architecture": "amd64", "os": "linux", "author": name}).encode()
        self._image: Descriptor = image or registry.put_image(name, "v1", config=config)
        self.text = f"{registry.host}/{name}:v1"
        self.digest: str = self._image.digest

    def sign(self, instance: Instance, **parts: Any) -> Signed:
        """A vulnerability record of this image, signed; the arguments are those of `sign_envelope`."""
        return sign_envelope(instance, statement_about(self.digest), **parts)

    def attach(self, *signed: Signed) -> None:
        """Place bundles as referrers."""
        for made in signed:
            layer = self._registry.put_blob(self._name, made.data, media_type=_BUNDLE)
            config = self._registry.put_blob(self._name, b"{}", media_type=_EMPTY)
            document = {
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST,
                "artifactType": _BUNDLE,
                "config": _described(config),
                "layers": [_described(layer)],
                "subject": _described(self._image),
            }
            self._registry.put_manifest(self._name, json.dumps(document).encode())

    def attach_legacy(self, *signed: Signed) -> None:
        """Place envelopes at the `.att` tag."""
        attach_legacy(self._registry, self._name, self._image, *signed)


def _described(descriptor: Descriptor) -> dict[str, object]:
    return {"mediaType": descriptor.media_type, "digest": descriptor.digest, "size": descriptor.size}
