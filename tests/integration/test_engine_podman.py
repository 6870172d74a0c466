"""The sources for container engines against a real one: Debian's `podman system service`, which speaks both APIs."""

from __future__ import annotations

import json
import os
import select
import shutil
import socket as sockets
import socketserver
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from tests.support.images import BuiltImage, Entry, build_image

from assaymark.artifact.config import image_config
from assaymark.artifact.select import open_image
from assaymark.artifact.source import ImageRequest
from assaymark.errors import NotFoundError
from assaymark.model.reference import parse_reference
from assaymark.net.http import Http

PODMAN: Final = shutil.which("podman")

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(PODMAN is None, reason="podman is not installed"),
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: the service gets a storage of its own"),
]

LAYERS: list[Mapping[str, Entry]] = [{"etc/os-release": "ID=alpine\n"}, {"etc/x": "y" * 100_000}]
HISTORY: list[Mapping[str, Any]] = [
    {"created": "2020-01-01T00:00:00Z", "created_by": "/bin/sh -c #(nop) ADD file:x in / "},
    {"created": "2020-01-01T00:00:01Z", "created_by": '/bin/sh -c #(nop)  CMD ["sh"]', "empty_layer": True},
    {"created": "2020-01-01T00:00:02Z", "created_by": "RUN make", "comment": "made"},
    {"created": "2020-01-01T00:00:03Z", "created_by": "EXPOSE 80", "empty_layer": True},
]
IMAGE = build_image(
    LAYERS,
    history=HISTORY,
    created="2020-01-01T00:00:03.5Z",
    config={"Cmd": ["sh"], "Env": ["A=<b>"], "ExposedPorts": {"80/tcp": {}}, "Labels": {"b": "1", "a": "2"}},
)
UNCOUNTED = build_image(LAYERS, history=[{"created": "2020-01-01T00:00:00Z", "created_by": "squashed"}])
NAME: Final = "example.com/some/image:1"
OTHER: Final = "example.com/some/image:squashed"


@pytest.fixture(scope="module")
def socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A running service that has both images."""
    folder = tmp_path_factory.mktemp("podman")
    base = [str(PODMAN), "--root", f"{folder}/root", "--runroot", f"{folder}/run", "--tmpdir", f"{folder}/tmp"]
    base += ["--storage-driver", "vfs"]
    path = folder / "podman.sock"
    with (folder / "log").open("wb") as log:
        service = subprocess.Popen(
            [*base, "system", "service", "--time", "0", f"unix://{path}"], stdout=log, stderr=log
        )
        try:
            _await(path, service, folder / "log")
            for image, name in ((IMAGE, NAME), (UNCOUNTED, OTHER)):
                archive = image.save_docker(folder / "image.tar", tags=[name])
                subprocess.run([*base, "load", "--quiet", "--input", str(archive)], check=True, capture_output=True)
            yield path
        finally:
            service.terminate()
            service.wait(timeout=20)


def _await(path: Path, service: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 20
    while not path.is_socket():
        if service.poll() is not None or time.monotonic() > deadline:
            pytest.skip(f"podman's service does not start here: {log.read_text()[-300:]}")
        time.sleep(0.05)


def asked(socket: Path, source: str, name: str) -> ImageRequest:
    environ = {"DOCKER_HOST": f"unix://{socket}"} if source == "docker" else {"CONTAINER_HOST": f"unix://{socket}"}
    return ImageRequest(name=name, reference=parse_reference(name), environ=environ, home=socket.parent)


@pytest.mark.parametrize("source", ["docker", "podman"])
@pytest.mark.parametrize(("built", "name"), [(IMAGE, NAME), (UNCOUNTED, OTHER)], ids=["rebuilt", "exported"])
def test_an_image_comes_as_it_was_loaded(socket: Path, source: str, built: BuiltImage, name: str) -> None:
    with open_image(asked(socket, source, name), [source]) as image:
        identity = image.identity
        assert (source, built.image_id, (name,)) == (identity.source, identity.image_id, identity.repo_tags)
        assert json.dumps(image_config(built.config)) == json.dumps(image_config(identity.config))
        for expected, layer in zip(built.layers, image.layers, strict=True):
            assert (expected.diff_id, None) == (layer.diff_id, layer.digest)
            with layer.open() as stream:
                assert expected.tar == stream.read()


def test_an_engine_on_the_network_is_asked_the_same(socket: Path) -> None:
    with relay(socket) as port:
        address = f"tcp://127.0.0.1:{port}"
        request = ImageRequest(
            name=NAME,
            reference=parse_reference(NAME),
            docker_host=address,
            network=Http(),
            environ={},
            home=socket.parent,
        )
        with open_image(request, ["docker"]) as image, image.layers[0].open() as stream:
            assert (IMAGE.image_id, IMAGE.layers[0].tar) == (image.identity.image_id, stream.read())


@contextmanager
def relay(path: Path) -> Iterator[int]:
    """A loopback port that leads to the socket."""

    class Relay(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with sockets.socket(sockets.AF_UNIX) as engine:
                engine.connect(str(path))
                ends = {self.request: engine, engine: self.request}
                while not done.is_set():
                    for readable in select.select(list(ends), [], [], 0.05)[0]:
                        data = readable.recv(65536)
                        if not data:
                            return
                        ends[readable].sendall(data)

    done = threading.Event()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Relay) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,)).start()
        try:
            yield server.server_address[1]
        finally:
            done.set()
            server.shutdown()


@pytest.mark.parametrize("source", ["docker", "podman"])
def test_an_image_is_found_by_its_id(socket: Path, source: str) -> None:
    short = IMAGE.image_id.removeprefix("sha256:")[:12]
    with open_image(asked(socket, source, short), [source]) as image:
        assert IMAGE.image_id == image.identity.image_id


@pytest.mark.parametrize("source", ["docker", "podman"])
def test_an_image_that_there_is_not(socket: Path, source: str) -> None:
    with (
        pytest.raises(NotFoundError, match=f"{source} does not give"),
        open_image(asked(socket, source, "example.com/none:1"), [source]),
    ):
        pass
