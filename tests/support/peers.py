"""Real programs found on this machine: Debian's `docker-registry`, and `cosign`."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

NEEDS_COSIGN: Final = pytest.mark.skipif(shutil.which("cosign") is None, reason="cosign is not on PATH")
NEEDS_REGISTRY: Final = pytest.mark.skipif(
    shutil.which("docker-registry") is None, reason="docker-registry is not on PATH"
)
SIGNING_CONFIG: Final = b'{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json"}'
_TRIES: Final = 100


@contextmanager
def docker_registry(
    folder: Path, *, read_only: bool = False, deletes: bool = False, data: Path | None = None
) -> Iterator[str]:
    """The registry on loopback, with its content in `data`; its `host:port`."""
    address = f"127.0.0.1:{free_port()}"
    config = folder / "config.yml"
    config.write_text(
        "version: 0.1\nlog: {level: error}\n"
        f"storage: {{filesystem: {{rootdirectory: {data or folder / 'data'}}},"
        f" delete: {{enabled: {str(deletes).lower()}}},"
        f" maintenance: {{readonly: {{enabled: {str(read_only).lower()}}}}}}}\n"
        f"http: {{addr: '{address}'}}\n"
    )
    with serving(["docker-registry", "serve", str(config)], address, folder / "log"):
        yield address


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def serving(command: Sequence[str], address: str, log: Path) -> Iterator[None]:
    """`command` while it listens on `address`; what it says goes into a file."""
    with log.open("wb") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said)
    try:
        _wait_for(address)
        yield
    finally:
        process.terminate()
        process.wait(10)


class Cosign:
    """The program in a folder of its own, which is its home too; it signs with the signing configuration there."""

    def __init__(self, folder: Path, *, password: str) -> None:
        self.folder = folder
        self.environment = {"COSIGN_PASSWORD": password, "HOME": str(folder), "PATH": "/usr/local/bin:/usr/bin:/bin"}
        (folder / "no-services.json").write_bytes(SIGNING_CONFIG)

    def __call__(self, *arguments: str, code: int = 0, environ: Mapping[str, str] | None = None) -> bytes:
        """stdout of `cosign ARGUMENTS`, which must end with `code`."""
        done = subprocess.run(
            ["cosign", *arguments],
            cwd=self.folder,
            env={**self.environment, **(environ or {})},
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert code == done.returncode, done.stderr.decode()
        return done.stdout


def _wait_for(address: str) -> None:
    host, _, port = address.partition(":")
    for _ in range(_TRIES):
        try:
            with socket.create_connection((host, int(port)), timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the registry does not answer")
