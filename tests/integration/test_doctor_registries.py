"""What `doctor` says of real registries: the distribution project's, with and without deletes, and one with the API.

Needs `docker-registry` and Go (for the registry with the referrers API), each for its part; loopback alone.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.interop.bench import Image
from tests.support.interop.matrix import Storage
from tests.support.peers import NEEDS_REGISTRY, docker_registry

from assaymark.attest.doctor.probe import Probe, probe_writes
from assaymark.errors import NotFoundError

pytestmark = pytest.mark.integration

TAG = "assaymark-probe-real"


def test_each_kind_of_registry_is_known(stored: tuple[Storage, str]) -> None:
    storage, host = stored
    told = probe_writes(Image(host, "probed").store, TAG)
    assert (told.pushes, told.immutable_tags) == (True, False)
    assert told.lists_referrers is (True if storage is Storage.REFERRERS else None)
    assert told.deletes is (len(told.left) == 0)


@NEEDS_REGISTRY
@pytest.mark.parametrize("deletes", [True, False], ids=["with deletes", "without"])
def test_nothing_is_left_where_deletes_are_allowed(tmp_path: Path, deletes: bool) -> None:
    with docker_registry(tmp_path, deletes=deletes) as host:
        image = Image(host, "probed")
        told = probe_writes(image.store, TAG)
        assert told.deletes is deletes
        for digest in told.left:
            assert image.store.manifest(digest).descriptor.digest == digest
        if deletes:
            with pytest.raises(NotFoundError):
                image.store.manifest(TAG)
        assert len(told.left) == (0 if deletes else 3)


@NEEDS_REGISTRY
def test_a_read_only_registry(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "shut").mkdir()
    with docker_registry(tmp_path / "open", data=tmp_path / "data") as host:
        Image(host, "probed")
    with docker_registry(tmp_path / "shut", data=tmp_path / "data", read_only=True) as host:
        from assaymark.model.reference import parse_reference
        from assaymark.net.http import Http
        from assaymark.oci.registry import Registry

        told = probe_writes(Registry(Http()).repository(parse_reference(f"{host}/probed:1")), TAG)
    assert told == Probe(tag=TAG, messages={"push": told.messages["push"]})
