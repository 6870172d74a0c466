"""Images of the Docker engine: `--image-src docker`.

The image is asked for by its fully qualified name, and then as it was typed, which finds image IDs. A missing engine
is noticed without a connection.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import msgspec

from assaymark.artifact.docker_host import DockerHost, find_docker_host
from assaymark.artifact.engine import Engine, open_engine_image
from assaymark.artifact.source import ImageRequest, Source
from assaymark.errors import NetworkError, OfflineError
from assaymark.model.artifact import Image

if TYPE_CHECKING:
    from assaymark.net.tls import TlsOptions


@contextmanager
def open_docker_image(request: ImageRequest) -> Iterator[Image]:
    """The image that the Docker engine has under the requested name."""
    host = find_docker_host(request.docker_host, environ=request.environ, home=request.home, limits=request.limits)
    engine = connect(host, request, name="docker")
    qualified = request.reference.name if request.reference else request.name
    with open_engine_image(engine, (qualified, request.name), request) as image:
        yield image


def connect(host: DockerHost, request: ImageRequest, *, name: str) -> Engine:
    """The engine that listens at `host`.

    Raises:
        NetworkError: nothing listens there.
    """
    socket = host.socket
    if socket is None:
        if request.network is None:
            raise OfflineError(f"the {name} engine at `{host.address}` is on the network, which must not be used")
        url = host.url
        return Engine(request.network, address=url, name=name, limits=request.limits, tls=_tls(host))
    if not socket.is_socket():
        raise NetworkError(f"no engine at `{socket}`")
    from assaymark.net.unix import UnixNetwork

    limits = request.limits
    waiting = msgspec.structs.replace(limits, first_byte_seconds=limits.engine_export_seconds)
    return Engine(
        UnixNetwork(socket, limits=limits),
        patient=UnixNetwork(socket, limits=waiting),
        address="http://localhost",
        name=name,
        limits=limits,
    )


def _tls(host: DockerHost) -> TlsOptions | None:
    """The engine's certificates; those that its folder does not have are done without."""
    if host.certificates is None:
        return None
    from assaymark.net.tls import TlsOptions

    files = {name: host.certificates / f"{name}.pem" for name in ("ca", "cert", "key")}
    present = {name: path for name, path in files.items() if path.is_file()}
    return TlsOptions(
        authorities=(present["ca"],) if "ca" in present else (),
        certificate=present.get("cert"),
        key=present.get("key"),
        insecure=not host.verify,
    )


SOURCE: Final = Source(name="docker", open=open_docker_image)
