"""Servers that are started once, and the option that writes `docs/interoperability.md`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support.interop.bench import Bench
from tests.support.interop.matrix import Storage
from tests.support.interop.measuring import Results
from tests.support.peers import NEEDS_REGISTRY, docker_registry
from tests.support.referrers_registry import NEEDS_GO, referrers_registry
from tests.support.sigstore.fake import FakeSigstore


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--write-interoperability`."""
    parser.addoption(
        "--write-interoperability",
        action="store_true",
        help="write docs/interoperability.md from what the run measures, in place of comparing them",
    )


@pytest.fixture(scope="session")
def fallback_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A registry without the referrers API."""
    if NEEDS_REGISTRY.args[0]:
        pytest.skip(NEEDS_REGISTRY.kwargs["reason"])
    with docker_registry(tmp_path_factory.mktemp("docker-registry")) as host:
        yield host


@pytest.fixture(scope="session")
def deleting_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A registry without the referrers API that deletes manifests."""
    if NEEDS_REGISTRY.args[0]:
        pytest.skip(NEEDS_REGISTRY.kwargs["reason"])
    with docker_registry(tmp_path_factory.mktemp("deleting-registry"), deletes=True) as host:
        yield host


@pytest.fixture(scope="session")
def referrers_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A registry with the referrers API."""
    if NEEDS_GO.args[0]:
        pytest.skip(NEEDS_GO.kwargs["reason"])
    with referrers_registry(tmp_path_factory.mktemp("referrers-registry")) as host:
        yield host


@pytest.fixture(scope="session", params=list(Storage))
def stored(request: pytest.FixtureRequest) -> tuple[Storage, str]:
    """Each kind of registry, and where it is."""
    names = {Storage.FALLBACK: "fallback_host", Storage.REFERRERS: "referrers_host"}
    return request.param, request.getfixturevalue(names[request.param])


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Keys, a record, services, and the three programs."""
    with FakeSigstore() as sigstore:
        yield Bench(tmp_path_factory.mktemp("bench"), sigstore)


@pytest.fixture(scope="session")
def interoperability() -> Results:
    """What was measured so far."""
    return {}
