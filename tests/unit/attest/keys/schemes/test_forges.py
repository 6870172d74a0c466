"""Keys in the variables of GitLab and the secrets of GitHub."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.support.forges import READER, TOKEN, GitHub, GitLab
from tests.support.loopback import Answer, Loopback, Request

from assaymark.attest.keys.file import decrypt_key
from assaymark.attest.keys.reference import create_key, load_public_key, load_signer
from assaymark.attest.keys.scheme import KeyContext
from assaymark.errors import AuthenticationError, Error, LocalError, NetworkError, OfflineError, UsageError
from assaymark.net.http import Http
from assaymark.net.network import NoNetwork

NAMES = {"COSIGN_PASSWORD", "COSIGN_PRIVATE_KEY", "COSIGN_PUBLIC_KEY"}


def yes(_question: str) -> bool:
    return True


def context(url: str, token: str = TOKEN, **more: Any) -> KeyContext:
    environment = {"GITLAB_TOKEN": token, "GITLAB_HOST": url, "GITHUB_TOKEN": token, "GITHUB_HOST": url}
    given = {"network": Http(), "password": lambda: b"pass$word", **more}
    return KeyContext(environment={name: value for name, value in environment.items() if value}, **given)


@pytest.mark.parametrize("place", ["gitlab://team/app", "gitlab://team"], ids=["a project", "a group"])
def test_gitlab_keeps_a_key(place: str) -> None:
    gitlab = GitLab()
    concealed: list[str] = []
    with Loopback(gitlab.serve) as server:
        public = create_key(place, context(server.url))
        there = context(server.url, conceal=concealed.append, password=lambda: b"never asked for")
        signer = load_signer(place, there)
        assert (signer.public, load_public_key(place, there), concealed) == (public, public, ["pass$word"])
        assert all(TOKEN not in request.path for request in server.requests)
    variables = gitlab.projects["team/app"] or gitlab.groups["team"]
    assert set(variables) == NAMES
    assert {(each["protected"], each["masked"], each["raw"]) for each in variables.values()} == {(False, False, True)}


def test_a_password_that_gitlab_can_mask_is_masked() -> None:
    gitlab = GitLab()
    with Loopback(gitlab.serve) as server:
        create_key("gitlab://team/app", context(server.url + "/api/v4/", password=lambda: b"longer+than=8"))
    variables = gitlab.projects["team/app"]
    assert {name for name, each in variables.items() if each["masked"]} == {"COSIGN_PASSWORD"}


def test_a_key_in_gitlab_is_replaced_only_when_agreed() -> None:
    with Loopback(GitLab().serve) as server:
        first = create_key("gitlab://team/app", context(server.url))
        with pytest.raises(LocalError, match="left as it is"):
            create_key("gitlab://team/app", context(server.url))
        assert load_public_key("gitlab://team/app", context(server.url)) == first
        second = create_key("gitlab://team/app", context(server.url, confirm=yes))
        assert (load_signer("gitlab://team/app", context(server.url)).public, second == first) == (second, False)


FAILURES: dict[str, tuple[str, Callable[[str], KeyContext], type[Error], str]] = {
    "no token": ("gitlab://team/app", lambda url: context(url, token=""), UsageError, "GITLAB_TOKEN"),
    "a wrong token": ("gitlab://team/app", lambda url: context(url, "x"), AuthenticationError, "401 Unauthorized"),
    "a weak token": ("gitlab://team/app", lambda url: context(url, READER), AuthenticationError, "403 Forbidden"),
    "no such place": ("gitlab://else", context, UsageError, "neither a project nor a group"),
    "no place": ("gitlab://", context, UsageError, "names no project"),
    "no key in it": ("gitlab://team/app", context, UsageError, "no variable `COSIGN_P"),
    "plain http": ("gitlab://a/b", lambda _: context("http://gitlab.example"), UsageError, "plain http"),
    "offline": ("gitlab://a/b", lambda url: context(url, network=NoNetwork()), OfflineError, "--offline"),
    "no network": ("gitlab://a/b", lambda url: context(url, network=None), UsageError, "cannot be asked"),
    "GitHub": ("github://team/app", context, UsageError, "to jobs alone"),
}


@pytest.mark.parametrize(("place", "there", "kind", "text"), FAILURES.values(), ids=FAILURES.keys())
@pytest.mark.parametrize("load", [load_public_key, load_signer])
def test_what_cannot_be_read_is_said(
    load: Callable[[str, KeyContext], Any], place: str, there: Callable[[str], KeyContext], kind: type[Error], text: str
) -> None:
    with Loopback(GitLab().serve) as server, pytest.raises(kind, match=text) as caught:
        load(place, there(server.url))
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("answer", [Answer(500), Answer(200, ["x"]), Answer(200, {"value": 7})], ids=str)
def test_an_odd_answer_is_no_key(answer: Answer) -> None:
    gitlab = GitLab()

    def serve(request: Request) -> Answer:
        return answer if "variables" in request.path else gitlab.serve(request)

    with Loopback(serve) as server, pytest.raises(NetworkError, match="HTTP status"):
        load_public_key("gitlab://team/app", context(server.url))


@pytest.mark.parametrize(
    ("place", "kept", "visibility"),
    [("github://team/app", "repos/team/app", {""}), ("github://team", "orgs/team", {"private"})],
    ids=["a repository", "an organisation"],
)
def test_github_gets_a_sealed_key(place: str, kept: str, visibility: set[str]) -> None:
    github = GitHub()
    with Loopback(github.serve) as server:
        public = create_key(place, context(server.url))
        with pytest.raises(LocalError, match="left as it is"):
            create_key(place, context(server.url))
        assert all(b"PRIVATE KEY" not in request.body for request in server.requests)
    secrets = github.places[kept]
    assert (set(secrets), github.visibility) == (NAMES, visibility)
    opened = decrypt_key(secrets["COSIGN_PRIVATE_KEY"], lambda: secrets["COSIGN_PASSWORD"], what="the secret")
    assert (opened.public, secrets["COSIGN_PUBLIC_KEY"]) == (public, public.pem)


REFUSED: dict[str, tuple[str, Callable[[str], KeyContext], GitHub, type[Error], str]] = {
    "no token": ("github://team/app", lambda url: context(url, token=""), GitHub(), UsageError, "GITHUB_TOKEN"),
    "a wrong token": ("github://team/app", lambda url: context(url, "x"), GitHub(), AuthenticationError, "credentials"),
    "a weak token": ("github://team/app", lambda url: context(url, READER), GitHub(), AuthenticationError, "not allow"),
    "no such place": ("github://else/app", context, GitHub(), UsageError, "nothing that GitHub shows"),
    "too much of a place": ("github://a/b/c", context, GitHub(), UsageError, "names no repository"),
    "a short key": ("github://team/app", context, GitHub(shown_key="AAAA"), NetworkError, "sealed with"),
    "a key that is none": ("github://team/app", context, GitHub(shown_key="?"), NetworkError, "sealed with"),
}


@pytest.mark.parametrize(("place", "there", "github", "kind", "text"), REFUSED.values(), ids=REFUSED.keys())
def test_what_github_does_not_keep(
    place: str, there: Callable[[str], KeyContext], github: GitHub, kind: type[Error], text: str
) -> None:
    with Loopback(github.serve) as server, pytest.raises(kind, match=text):
        create_key(place, there(server.url))
    assert not any(github.places.values())
