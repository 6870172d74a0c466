"""The registry client against the distribution project's own registry, as Debian packages it."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assaymark.errors import ConflictError, NotFoundError
from assaymark.model.descriptor import OCI_EMPTY, OCI_MANIFEST
from assaymark.model.reference import parse_reference
from assaymark.net.http import Http
from assaymark.oci.content import ContentStore
from assaymark.oci.registry import Registry

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(shutil.which("docker-registry") is None, reason="docker-registry is not installed"),
]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ContentStore]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        host = f"127.0.0.1:{probe.getsockname()[1]}"
    config = tmp_path / "config.yml"
    config.write_text(
        f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {tmp_path}/data}}, delete: {{enabled: true}}}}\n"
        f"http: {{addr: '{host}'}}\nlog: {{level: error}}\n"
    )
    with subprocess.Popen(
        ["docker-registry", "serve", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            wait_for(host)
            yield Registry(Http()).repository(parse_reference(f"{host}/group/app:1"))
        finally:
            process.terminate()


def wait_for(host: str) -> None:
    name, _, port = host.partition(":")
    for _ in range(100):
        try:
            socket.create_connection((name, int(port)), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("docker-registry did not start")


def test_push_pull_and_delete(store: ContentStore) -> None:
    blob = store.push_blob(b"{}", media_type=OCI_EMPTY)
    large = store.push_blob(b"x" * 3_000_000, media_type="application/octet-stream")
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {"mediaType": OCI_EMPTY, "digest": blob.digest, "size": blob.size},
        "layers": [{"mediaType": large.media_type, "digest": large.digest, "size": large.size}],
    }
    data = json.dumps(document).encode()
    pushed = store.push_manifest(data, media_type=OCI_MANIFEST, tag="1")
    assert (store.resolve("1"), store.manifest(pushed.digest).data) == (pushed, data)
    assert store.read_blob(large, limit=large.size) == b"x" * 3_000_000
    assert store.referrers(pushed.digest) is None  # version 2.8 does not offer the API
    with pytest.raises(ConflictError):
        store.push_manifest(data + b"\n", media_type=OCI_MANIFEST, tag="1")
    second = store.push_manifest(data + b"\n", media_type=OCI_MANIFEST, tag="1", replaces=pushed.digest)
    store.delete_manifest(pushed.digest)
    assert (store.resolve(pushed.digest), store.resolve("1")) == (None, second)
    with pytest.raises(NotFoundError):
        store.manifest("2")
