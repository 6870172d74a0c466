"""Images of Podman: `--image-src podman`, through the API that is compatible with Docker's.

The socket is that of `--podman-host`, else of `CONTAINER_HOST`, else the user's
(`$XDG_RUNTIME_DIR/podman/podman.sock`), else the system's (`/run/podman/podman.sock`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from assaymark.artifact.docker import connect
from assaymark.artifact.docker_host import DockerHost
from assaymark.artifact.engine import open_engine_image
from assaymark.artifact.source import ImageRequest, Source
from assaymark.model.artifact import Image

SYSTEM_SOCKET: Final = Path("/run/podman/podman.sock")


@contextmanager
def open_podman_image(request: ImageRequest) -> Iterator[Image]:
    """The image that Podman has under the requested name."""
    engine = connect(find_podman_host(request.podman_host, environ=request.environ), request, name="podman")
    with open_engine_image(engine, (request.name,), request) as image:
        yield image


def find_podman_host(asked: str, *, environ: Mapping[str, str], system: Path = SYSTEM_SOCKET) -> DockerHost:
    """Where Podman listens; `asked` is `--podman-host`, a path or an address."""
    named = asked or environ.get("CONTAINER_HOST", "")
    if named:
        return DockerHost(address=named if "://" in named else f"unix://{named}")
    runtime = environ.get("XDG_RUNTIME_DIR")
    own = Path(runtime) / "podman" / "podman.sock" if runtime else system
    return DockerHost(address=f"unix://{own if own.exists() else system}")


SOURCE: Final = Source(name="podman", open=open_podman_image)
