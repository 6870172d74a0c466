"""How the registry client authenticates: challenges, realms, tokens, several credentials, and what it never says."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.registry import Behaviour, Fault, MemoryRegistry

from assaymark.errors import AuthenticationError, NetworkError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.net.address import Locality
from assaymark.net.http import Http
from assaymark.net.secret import Secret
from assaymark.oci.auth import scope_for
from assaymark.oci.content import ContentStore
from assaymark.oci.credentials import Credential, Keychain
from assaymark.oci.registry import Registry, RegistryOptions

BLOB = bytes(range(256)) * 4096
GOOD = Credential(username="robin", password=Secret("correct horse"), source="a test")
BAD = Credential(username="robin", password=Secret("canary-password"), source="another test")


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as running:
        yield running


def client(**keywords: Any) -> Http:
    return Http(**{"sleep": lambda seconds: None, **keywords})


def store_of(registry: MemoryRegistry, *credentials: Credential, name: str = "a/b:1", **options: Any) -> ContentStore:
    made = Registry(client(), options=RegistryOptions(credentials=credentials, **options))
    return made.repository(registry.reference(name))


@pytest.mark.parametrize("auth", ["basic", "token"])
def test_credentials_are_tried_in_turn_and_none_comes_last(registry: MemoryRegistry, auth: Any) -> None:
    registry.put_image("a/b", "1")
    registry.behaviour = Behaviour(auth=auth)
    assert store_of(registry, BAD, GOOD).resolve("1") is not None
    with pytest.raises(AuthenticationError) as caught:
        store_of(registry, BAD).resolve("1")
    assert "refused the credentials from another test" in caught.value.hint
    assert "canary" not in f"{caught.value} {caught.value.hint}"


def test_stale_stored_credentials_do_not_keep_anybody_from_what_is_public(
    registry: MemoryRegistry, tmp_path: Path
) -> None:
    registry.put_image("a/b", "1")
    registry.behaviour = Behaviour(auth="token", anonymous_pull=True)
    entry = {"username": "robin", "password": "canary-password"}
    (tmp_path / "config.json").write_text(json.dumps({"auths": {registry.host: entry}, "credsStore": "absent"}))
    keychain = Keychain({"DOCKER_CONFIG": str(tmp_path)}, limits=DEFAULT_LIMITS)
    store = Registry(client(), keychain=keychain).repository(registry.reference("a/b:1"))
    assert store.resolve("1") is not None
    with pytest.raises(AuthenticationError) as caught:
        store.push_blob(b"x", media_type="a/b")
    assert "docker-credential-absent" in caught.value.hint


def test_an_identity_token_is_exchanged_by_post(registry: MemoryRegistry) -> None:
    registry.put_image("a/b", "1")
    registry.behaviour = Behaviour(auth="token", token_field="access_token")
    assert store_of(registry, Credential(identity_token=Secret("identity-token"))).resolve("1") is not None
    posted = [request for request in registry.requests if request.method == "POST"]
    assert b"grant_type=refresh_token&client_id=assaymark&refresh_token=identity-token" in posted[0].body
    assert "identity-token" not in posted[0].path


def test_a_registry_token_replaces_everything(registry: MemoryRegistry) -> None:
    registry.put_image("a/b", "1")
    registry.behaviour = Behaviour(auth="token")
    token = registry.tokens.issue({"a/b:pull"})
    assert store_of(registry, BAD, registry_token=Secret(token)).resolve("1") is not None
    assert [path for path in registry.paths() if path.startswith("/token")] == []


def test_a_token_is_used_until_it_expires(registry: MemoryRegistry) -> None:
    image = registry.put_image("a/b", "1")
    registry.behaviour = Behaviour(auth="token", token_seconds=100)
    now = [0.0]
    options = RegistryOptions(credentials=(GOOD,))
    store = Registry(client(), options=options, clock=lambda: now[0]).repository(registry.reference("a/b:1"))
    counts = []
    for moment in (0.0, 50.0, 94.0, 96.0):
        now[0] = moment
        assert store.resolve("1") == image
        counts.append(len([path for path in registry.paths() if path.startswith("/token")]))
    assert counts == [1, 1, 1, 2]


@pytest.mark.parametrize(
    ("echoed", "scope"),
    [
        pytest.param("", "repository:a/b:pull", id="none"),
        pytest.param("aws", "aws", id="one of another kind"),
        pytest.param("repository:b:pull", "repository:b:pull", id="the repository under another name"),
        pytest.param("repository:a/b:pull,push", "repository:a/b:pull,push", id="more than was asked"),
        pytest.param("repository:a/b:delete", "repository:a/b:delete,pull", id="something else"),
    ],
)
def test_scopes(echoed: str, scope: str) -> None:
    assert scope_for(echoed, "a/b", "pull") == scope


def challenged(registry: MemoryRegistry, realm: str) -> ContentStore:
    registry.put_image("a/b", "1")
    registry.behaviour = Behaviour(auth="token", realm=realm)
    return store_of(registry, GOOD)


@pytest.mark.parametrize(
    ("realm", "message"),
    [
        pytest.param("https://169.254.169.254/latest", "metadata", id="the metadata service"),
        pytest.param("file:///etc/passwd", "not an http", id="a file"),
        pytest.param("http://tokens.example/token", "plain http", id="plain http elsewhere"),
    ],
)
def test_realms_that_are_refused(registry: MemoryRegistry, realm: str, message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        challenged(registry, realm).resolve("1")


def test_a_realm_on_another_host_gets_no_credentials_unless_it_is_named(registry: MemoryRegistry) -> None:
    with MemoryRegistry(Behaviour(auth="token")) as tokens:
        realm = f"http://localhost:{tokens.port}/token"
        store = challenged(registry, realm)
        with pytest.raises(AuthenticationError) as caught:
            store.resolve("1")
        assert "--registry-auth-host localhost" in caught.value.hint
        assert all("authorization" not in request.headers for request in tokens.requests)
        named = store_of(registry, GOOD, realms=("localhost",))
        with pytest.raises(AuthenticationError):
            named.resolve("1")
        assert "authorization" in tokens.requests[-1].headers


@pytest.mark.parametrize(
    ("near", "refused"),
    [
        pytest.param(Locality.LOOPBACK, False, id="a registry on this machine"),
        pytest.param(Locality.PRIVATE, True, id="a registry in the private network"),
        pytest.param(Locality.PUBLIC, True, id="a public registry"),
        pytest.param(Locality.UNKNOWN, True, id="a registry behind a proxy"),
    ],
)
def test_a_realm_is_never_nearer_than_the_registry(registry: MemoryRegistry, near: Locality, refused: bool) -> None:
    class Placed(Http):
        def locality(self, host: str) -> Locality:
            return near

    with MemoryRegistry(Behaviour(auth="token")) as tokens:
        challenged(registry, f"http://localhost:{tokens.port}/token")
        store = Registry(Placed()).repository(registry.reference("a/b:1"))
        with pytest.raises(NetworkError, match="private address" if refused else "401"):
            store.resolve("1")
        assert (tokens.requests == []) is refused


@pytest.mark.parametrize("reply", [b"{}", b'{"token":7}', b'{"token":"a\\nb"}', b"[]"])
def test_replies_that_hold_no_token(registry: MemoryRegistry, reply: bytes) -> None:
    store = challenged(registry, "")
    registry.fault(Fault(path="/token", status=200, body=reply))
    with pytest.raises(NetworkError, match="token service"):
        store.resolve("1")


@pytest.mark.parametrize("auth", ["none", "basic", "token"])
def test_checking_credentials(registry: MemoryRegistry, auth: Any) -> None:
    registry.behaviour = Behaviour(auth=auth)
    Registry(client()).check(registry.host, GOOD)
    if auth != "none":
        with pytest.raises(AuthenticationError, match="does not accept"):
            Registry(client()).check(registry.host, BAD)


def test_no_credential_reaches_a_log(registry: MemoryRegistry, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="assaymark")
    registry.behaviour = Behaviour(auth="token", accounts={"robin": "canary-password"})
    store = store_of(registry, BAD)
    store.push_blob(b"x", media_type="a/b")
    assert "status 202" in caplog.text
    told = caplog.text + repr(store)
    assert not [word for word in ("canary", "token-1", "cm9iaW4", "opaque-secret") if word in told]
