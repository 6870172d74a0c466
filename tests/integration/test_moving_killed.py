"""`copy` killed at any moment: the destination's name leads to the whole image or nowhere, and a second run goes on."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.support.commands import attest, place_keys, run, verify
from tests.support.images import build_image
from tests.support.interop.bench import Image
from tests.support.peers import NEEDS_REGISTRY
from tests.support.process import SOURCES

from assaymark.model.reference import parse_reference
from assaymark.net.http import Http
from assaymark.oci.registry import Registry

pytestmark = [pytest.mark.integration, NEEDS_REGISTRY]

MEBIBYTES = 24


def test_whatever_the_moment(
    fallback_host: str, referrers_host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path)
    built = build_image([{"large": os.urandom(MEBIBYTES << 20)}])
    image = Image(referrers_host, "killed", built)
    assert attest(image.reference, "--attestation-format=both").code == 0
    target = f"{fallback_host}/killed:1"
    store = Registry(Http()).repository(parse_reference(target))
    command = [sys.executable, "-m", "assaymark", "copy", image.reference, target]
    for tenths in (3, 5, 6, 7, 8, 10):
        process = subprocess.Popen(
            command, env={"PYTHONPATH": str(SOURCES), "PATH": "", "HOME": str(tmp_path)}, stderr=subprocess.DEVNULL
        )
        time.sleep(tenths / 10)
        process.kill()
        process.wait(10)
        found = store.resolve("1")
        if found is not None:
            assert (found.digest, len(verify(target).lines)) == (image.subject.digest, 2)
    assert run("copy", image.reference, target).code == 0
    assert len(verify(target).lines) == 2
