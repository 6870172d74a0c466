"""What a program that uses the API has around it: a cache with a database, a registry with images, and keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from tests.support.commands import PASSWORD, place_keys
from tests.support.images import BuiltImage, BuiltIndex, build_image, build_index
from tests.support.registry import MemoryRegistry
from tests.support.workshop import ALPINE, NOON, Workshop

from assaymark.api.settings import Settings
from assaymark.model.descriptor import OCI_INDEX

PATCHED: Final = {
    "etc/alpine-release": "3.10.9\n",
    "lib/apk/db/installed": "P:musl\nV:1.1.22-r4\nA:x86_64\no:musl\n\n",
}
"""The same system with packages of which nothing is known."""


class Surroundings:
    """A folder with a database and keys, and a registry.

    Attributes:
        environ: all variables that calls get to see.
    """

    def __init__(self, folder: Path, registry: MemoryRegistry) -> None:
        place_keys(folder, "ours", "theirs")
        self.folder = folder
        self.shop = Workshop(folder, offline=False)
        self.registry = registry
        self.environ = {"HOME": str(folder), "SOURCE_DATE_EPOCH": NOON, "COSIGN_PASSWORD": PASSWORD}

    def settings(self, **more: Any) -> Settings:
        """For calls from here."""
        return Settings(**{"cache_dir": self.shop.cache, "environ": self.environ, **more})

    @property
    def key(self) -> str:
        """Our private key."""
        return str(self.folder / "ours.key")

    @property
    def public(self) -> str:
        """Our public key."""
        return str(self.folder / "ours.pub")

    @property
    def stranger(self) -> str:
        """A public key of somebody who signed nothing."""
        return str(self.folder / "theirs.pub")

    def image(self, files: Any = None, *, name: str = "app", tag: str = "v1") -> str:
        """An image on the registry, Alpine with known vulnerabilities unless told otherwise; its reference."""
        self.place(build_image([files or ALPINE]), name=name, tag=tag)
        return f"{self.registry.host}/{name}:{tag}"

    def index(self, *, tag: str = "v1") -> tuple[str, BuiltIndex]:
        """An index of two platforms; its reference."""
        built = build_index([build_image([ALPINE]), build_image([ALPINE], platform="linux/arm64")])
        for image in built.images:
            self.place(image)
        self.registry.put_manifest("app", built.data, media_type=OCI_INDEX, tag=tag)
        return f"{self.registry.host}/app:{tag}", built

    def place(self, image: BuiltImage, *, name: str = "app", tag: str = "") -> str:
        """Put an image on the registry; its digest."""
        for data in image.blobs.values():
            self.registry.put_blob(name, data)
        return self.registry.put_manifest(name, image.manifest, tag=tag).digest
