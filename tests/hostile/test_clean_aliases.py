"""Tags of cosign's that lead elsewhere: `clean` deletes no image for somebody who may write tags and not delete."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.commands import attest, place_keys, run
from tests.support.images import build_image
from tests.support.registry import MemoryRegistry
from tests.support.workshop import ALPINE

from assaymark.model.descriptor import OCI_INDEX, OCI_MANIFEST


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryRegistry]:
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path)
    with MemoryRegistry() as made:
        yield made


def placed(registry: MemoryRegistry, tag: str) -> str:
    """An image with a layer; returns its digest."""
    image = build_image([ALPINE])
    for data in image.blobs.values():
        registry.put_blob("app", data)
    return registry.put_manifest("app", image.manifest, tag=tag).digest


@pytest.mark.parametrize("end", ["sig", "att", "sbom"])
@pytest.mark.parametrize("what", ["itself", "another", "index"])
def test_an_image_at_a_tag_of_cosigns_stays(registry: MemoryRegistry, what: str, end: str) -> None:
    own = registry.put_image("app", config=b"{}")
    held = registry.repository("app")
    name, alias = f"{registry.host}/app@{own.digest}", f"{own.digest.replace(':', '-')}.{end}"
    if what == "itself":
        target: str = registry.put_manifest("app", held.manifests[own.digest][0], tag=alias).digest
    elif what == "another":
        target = placed(registry, alias)
    else:
        entry = {"mediaType": OCI_MANIFEST, "digest": own.digest, "size": own.size}
        index = registry.put_index("app", alias, [entry])
        assert index.media_type == OCI_INDEX
        target = index.digest
    assert attest(name).code == 0
    ran = run("clean", "--force", name)
    assert (ran.code, target in held.manifests, own.digest in held.manifests) == (0, True, True)
    assert f"app:{alias}` stays: it leads to {target}" in ran.err
    assert "removed 1 from" in ran.err
