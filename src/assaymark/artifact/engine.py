"""Images in a local container engine, through the Docker Engine API that Docker and Podman both offer.

Asked are `/images/NAME/json` and `/images/NAME/history`; `/images/NAME/get` only when a layer is read, or when the
configuration cannot be rebuilt from the first two. The export goes to a private temporary file.

An engine has verified its layers when it stored them, and names the image by content. So a layer is known to caches
by image and diff_id, and what was read is verified against the diff_id again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import quote

import msgspec

from assaymark.artifact.archive import saved_image
from assaymark.artifact.config import parse_config
from assaymark.artifact.engine_config import Inspection, parse_inspection, rebuild_config
from assaymark.artifact.image import OpenedImage
from assaymark.artifact.members import CHUNK, Archive, spool
from assaymark.artifact.source import ImageRequest
from assaymark.errors import ArtifactError, NetworkError, NotFoundError
from assaymark.limits import Limits
from assaymark.model.artifact import ImageIdentity
from assaymark.model.digest import DiffId, Digest
from assaymark.model.progress import running
from assaymark.safeio.files import local_error
from assaymark.safeio.json import decode_go, fold
from assaymark.safeio.readers import BoundedReader
from assaymark.safeio.text import printable

if TYPE_CHECKING:
    from assaymark.net.network import Network, Response
    from assaymark.net.tls import TlsOptions


class Engine:
    """A container engine.

    Args:
        network: the way to it: its socket, or the network.
        patient: the way to it for exports, which may take long to begin; `network` where there is none.
        address: the scheme, host and port of its URLs.
        name: `docker` or `podman`.
        tls: certificates, for an engine on the network.
    """

    def __init__(
        self,
        network: Network,
        *,
        address: str,
        name: str,
        limits: Limits,
        patient: Network | None = None,
        tls: TlsOptions | None = None,
    ) -> None:
        self._network = network
        self._patient = patient or network
        self._address = address
        self._limits = limits
        self._tls = tls
        self.name = name

    def inspect(self, image: str) -> Inspection:
        """What the engine says about an image.

        Raises:
            NotFoundError: it has no such image.
        """
        return parse_inspection(self._read(image, "json"))

    def history(self, image: str) -> Any:
        """How the image was made, newest first."""
        return self._read(image, "history")

    def export(self, image: str, target: BinaryIO) -> None:
        """Write the image to `target` as an archive."""
        with self._get(image, "get", self._patient) as response:
            bounded = BoundedReader(response, limit=self._limits.image_uncompressed_bytes, what=image)
            while chunk := bounded.read(CHUNK):
                try:
                    target.write(chunk)
                except OSError as exc:
                    raise local_error("write a temporary copy of", Path(image), exc) from exc

    def _read(self, image: str, what: str) -> Any:
        with self._get(image, what, self._network) as response:
            data = response.bounded(self._limits.config_bytes, what=f"{self.name}: {what} of {image}")
        return decode_go(data, limits=self._limits, what=f"{self.name}: {what}")

    def _get(self, image: str, what: str, network: Network) -> Response:
        url = f"{self._address}/images/{quote(image, safe='/:@')}/{what}"
        response = network.request("GET", url, tls=self._tls)
        if response.status == 200:
            return response
        with response:
            message = self._failure(response)
        kind = NotFoundError if response.status == 404 else NetworkError
        raise kind(f"{self.name} does not give `{image}`: {message}")

    def _failure(self, response: Response) -> str:
        """The message in an error's body, or its status."""
        try:
            body = response.bounded(self._limits.error_body_bytes, what="error")
            message = fold(decode_go(body, limits=self._limits), ("message",)).get("message")
        except (ArtifactError, AttributeError):
            message = None
        return printable(message.strip())[:300] if isinstance(message, str) else f"status {response.status}"


class EngineLayer(msgspec.Struct, frozen=True, kw_only=True):
    """A layer that an engine exports when somebody reads it."""

    diff_id: DiffId
    cache_identity: str
    export: Export
    position: int

    @property
    def digest(self) -> Digest | None:
        """Only an export by an engine that keeps a registry's blobs is compressed, and has digests."""
        return self.export.image().layers[self.position].digest if self.export.compressed else None

    @property
    def size(self) -> int | None:
        """It is known when the export is."""
        return None

    def open(self) -> AbstractContextManager[BinaryIO]:
        """The stored bytes."""
        return self.export.image().layers[self.position].open()


class Export:
    """An image's archive, exported when it is first needed."""

    def __init__(self, engine: Engine, image: str, *, request: ImageRequest, compressed: bool) -> None:
        self._engine = engine
        self._name = image
        self._request = request
        self._lock = Lock()
        self._opened: tuple[Archive, OpenedImage] | None = None
        self.compressed = compressed

    def image(self) -> OpenedImage:
        """The exported image."""
        with self._lock:
            if self._opened is None:
                self._opened = self._spool()
            return self._opened[1]

    def close(self) -> None:
        """Give the temporary file back."""
        with self._lock:
            if self._opened is not None:
                self._opened[0].close()

    def _spool(self) -> tuple[Archive, OpenedImage]:
        request, name = self._request, self._engine.name
        with running(request.progress, f"exporting the image from {name}", unit=""):
            archive = spool(
                lambda target: self._engine.export(self._name, target),
                scratch=request.scratch,
                name=f"{name}: {self._name}",
                limits=request.limits,
            )
        return archive, saved_image(archive, name=request.name, source=name, limits=request.limits)


@contextmanager
def open_engine_image(engine: Engine, names: tuple[str, ...], request: ImageRequest) -> Iterator[OpenedImage]:
    """The image that the engine knows under the first of `names` that it knows.

    Raises:
        NotFoundError: it knows none.
        ArtifactError: what it says is malformed.
    """
    name, inspection = _inspect_first(engine, names)
    export = Export(engine, name, request=request, compressed=inspection.content_store)
    try:
        config = rebuild_config(inspection, engine.history(name)) or export.image().identity.config
        configuration = parse_config(config, limits=request.limits)
        if inspection.diff_ids and configuration.diff_ids != inspection.diff_ids:
            raise ArtifactError(f"{engine.name} exports other layers of `{name}` than it lists")
        identity = ImageIdentity(
            name=request.name,
            image_id=inspection.id,
            config=config,
            repo_tags=inspection.repo_tags,
            repo_digests=inspection.repo_digests,
            reference=request.reference,
            platform=configuration.platform,
            source=engine.name,
        )
        layers = tuple(
            EngineLayer(
                diff_id=diff_id,
                cache_identity="" if inspection.content_store else f"engine:{inspection.id}:{diff_id}",
                export=export,
                position=position,
            )
            for position, diff_id in enumerate(configuration.diff_ids)
        )
        yield OpenedImage(identity=identity, layers=layers)
    finally:
        export.close()


def _inspect_first(engine: Engine, names: tuple[str, ...]) -> tuple[str, Inspection]:
    for name in names[:-1]:
        try:
            return name, engine.inspect(name)
        except NotFoundError:
            continue
    return names[-1], engine.inspect(names[-1])
