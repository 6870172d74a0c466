"""Finding out what a registry takes: on registries that take everything, and on those that refuse something."""

from __future__ import annotations

import pytest
from tests.support.content import MemoryContent, push_image
from tests.support.registry import Behaviour, Fault, MemoryRegistry

from assaymark.attest.doctor.probe import Probe, plan, probe_tag, probe_writes
from assaymark.errors import AuthenticationError, NetworkError
from assaymark.model.descriptor import Descriptor
from assaymark.model.digest import Digest
from assaymark.net.http import Http
from assaymark.oci.registry import Registry

TAG = "assaymark-probe-1"


class Stubborn(MemoryContent):
    """Refuses to change tags, or to forget."""

    def __init__(self, *, tags: bool = False, manifests: bool = False) -> None:
        super().__init__()
        self._tags, self._manifests = tags, manifests

    def push_manifest(
        self, data: bytes, *, media_type: str, tag: str = "", replaces: Digest | None = None, artifact_type: str = ""
    ) -> Descriptor:
        if self._tags and replaces is not None:
            raise NetworkError("the tag is immutable")
        return super().push_manifest(
            data, media_type=media_type, tag=tag, replaces=replaces, artifact_type=artifact_type
        )

    def delete_manifest(self, identifier: str) -> None:
        if self._manifests:
            raise NetworkError("nothing is deleted here")
        super().delete_manifest(identifier)


@pytest.mark.parametrize("api", [True, False], ids=["with the referrers API", "without"])
def test_a_registry_that_takes_everything(api: bool) -> None:
    store = MemoryContent(api=api)
    image = push_image(store).descriptor
    before = (dict(store.manifests), dict(store.tags))
    assert probe_writes(store, TAG) == Probe(
        tag=TAG,
        pushes=True,
        immutable_tags=False,
        lists_referrers=True if api else None,
        deletes=True,
    )
    assert set(store.manifests) == set(before[0])
    assert store.referrers(image.digest) in ((), None)


def test_immutable_tags() -> None:
    told = probe_writes(Stubborn(tags=True), TAG)
    assert (told.immutable_tags, told.deletes, told.messages) == (True, True, {"push again": "the tag is immutable"})


def test_what_cannot_be_deleted_is_named() -> None:
    store = Stubborn(manifests=True)
    told = probe_writes(store, TAG)
    assert (told.deletes, set(told.left)) == (False, set(store.manifests))
    assert told.messages == {"delete": "nothing is deleted here"}


def test_a_registry_over_http_leaves_nothing_behind() -> None:
    with MemoryRegistry() as registry:
        image = registry.put_image("app", "v1")
        store = Registry(Http()).repository(registry.reference("app:v1"))
        told = probe_writes(store, TAG)
        assert (told.pushes, told.immutable_tags, told.lists_referrers, told.deletes) == (True, False, True, True)
        content = registry.repository("app")
        assert (set(content.manifests), content.tags) == ({image.digest}, {"v1": image.digest})


def test_a_registry_without_deletes() -> None:
    with MemoryRegistry(Behaviour(deletes=False)) as registry:
        store = Registry(Http()).repository(registry.reference("app:v1"))
        told = probe_writes(store, TAG)
        assert (told.deletes, len(told.left), set(told.messages)) == (False, 3, {"delete"})
        assert set(told.left) == set(registry.repository("app").manifests)


def test_a_read_only_registry() -> None:
    with MemoryRegistry() as registry:
        registry.fault(Fault(method="POST", path="/blobs/uploads/", times=-1, status=405, body=b""))
        told = probe_writes(Registry(Http()).repository(registry.reference("app:v1")), TAG)
    assert (told.pushes, told.immutable_tags, told.deletes) == (False, None, None)
    assert "takes no pushes" in told.messages["push"]


def test_somebody_without_permission() -> None:
    with (
        MemoryRegistry(Behaviour(auth="basic", anonymous_pull=True)) as registry,
        pytest.raises(AuthenticationError, match="no permission to push"),
    ):
        probe_writes(Registry(Http()).repository(registry.reference("app:v1")), TAG)


def test_the_plan_says_what_will_happen() -> None:
    assert plan(MemoryContent(), TAG) == (
        f"three small manifests are pushed to `registry.test/app` under the tag `{TAG}`, and removed again"
    )
    assert probe_tag(lambda count: "ab" * count) == "assaymark-probe-" + "ab" * 8
    assert probe_tag() != probe_tag()
