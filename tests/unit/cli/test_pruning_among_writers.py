"""`prune` while other jobs attest the same image: what they attach is there afterwards, whoever was in between."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.commands import attest, place_image, place_keys, record, run
from tests.support.forgery import CREATED, attestation, key
from tests.support.registry import Behaviour, MemoryRegistry

from assaymark.attest.attach import attach
from assaymark.attest.store.attestation import AttestationFormat
from assaymark.model.reference import parse_reference
from assaymark.net.http import Http
from assaymark.oci.registry import Registry

WRITERS = 3


@pytest.fixture(params=[True, False], ids=["with conditional requests", "without"])
def registry(request: pytest.FixtureRequest) -> Iterator[MemoryRegistry]:
    with MemoryRegistry(Behaviour(referrers=False, conditional=request.param)) as made:
        yield made


def test_what_comes_meanwhile_stays(registry: MemoryRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path, "ours", "theirs")
    image, _ = place_image(registry)
    for day in (1, 2, 3):
        times = {"scanStartedOn": f"2026-01-0{day}T12:00:00Z", "scanFinishedOn": f"2026-01-0{day}T12:00:01Z"}
        Path("vuln.json").write_bytes(record({"N": 1}, metadata=times))
        assert attest(image, "--attestation-format=both").code == 0
    store = Registry(Http()).repository(parse_reference(image))
    subject = store.manifest("v1").descriptor

    def somebody() -> None:
        made = attestation(signer=key("theirs"), subject=subject)
        attach(store, made, format=AttestationFormat.BOTH, created=CREATED)

    writers = [threading.Thread(target=somebody) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    assert run("prune", "--key=ours.pub", "--force", image).code == 0
    for writer in writers:
        writer.join(60)

    for name, count in (("ours.pub", 1), ("theirs.pub", WRITERS)):
        verifying = ("verify-attestation", "--key", name, "--type=vuln", image)
        assert len(run(*verifying).lines) == 2 * count
        assert len(run(*verifying, "--new-bundle-format=false").lines) == count
