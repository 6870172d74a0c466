"""Where credentials are found and kept: files in every spelling, helpers, variables, login and logout."""

from __future__ import annotations

import base64
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from assaymark.errors import LocalError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.reference import DOCKER_HUB
from assaymark.net.secret import Secret
from assaymark.oci.challenge import Challenge, parse_challenges
from assaymark.oci.credentials import Credential, Found, Keychain, normal_key
from assaymark.oci.logins import Stored, erase_login, store_login

HELPER = """#!/bin/sh
# keeps one secret a server in files beside itself, and writes down how it was called
folder=$(dirname "$0")
case "$1" in
get) read -r server; echo "get $server" >> "$folder/calls"
     name=$(printf %s "$server" | tr -c 'a-z0-9\\n' _)
     if [ -f "$folder/$name" ]; then cat "$folder/$name"; else echo "credentials not found in native keychain"; exit 1; fi;;
store) input=$(cat); echo "store" >> "$folder/calls"; printf %s "$input" > "$folder/stored";;
erase) read -r server; echo "erase $server" >> "$folder/calls";;
esac
"""


def encoded(pair: str) -> str:
    return base64.b64encode(pair.encode()).decode()


def write(path: Path, document: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on PATH with `docker-credential-test`."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "docker-credential-test"
    program.write_text(HELPER)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


def find(home: Path, registry: str, repository: str = "a/b", **environ: str) -> Found:
    return Keychain({"HOME": str(home), **environ}, limits=DEFAULT_LIMITS).find(registry, repository)


def pair_of(found: Found) -> tuple[str, str] | None:
    return None if found.credential is None else (found.credential.username, found.credential.password.reveal())


@pytest.mark.parametrize(
    ("auths", "registry", "repository", "pair"),
    [
        pytest.param({"ghcr.io": {"auth": encoded("u:p")}}, "ghcr.io", "a", ("u", "p"), id="a host"),
        pytest.param({"ghcr.io": {"auth": encoded("u:p:q")}}, "ghcr.io", "a", ("u", "p:q"), id="a colon in a password"),
        pytest.param({"ghcr.io": {"username": "u", "password": "p"}}, "ghcr.io", "a", ("u", "p"), id="in the clear"),
        pytest.param({"ghcr.io": {"Auth": encoded("u:p")}}, "ghcr.io", "a", ("u", "p"), id="a key in another case"),
        pytest.param({"https://ghcr.io/v1/": {"auth": encoded("u:p")}}, "ghcr.io", "a", ("u", "p"), id="a URL"),
        pytest.param({"GHCR.io/": {"auth": encoded("u:p")}}, "ghcr.io", "a", ("u", "p"), id="capitals and a slash"),
        pytest.param({"https://index.docker.io/v1/": {"auth": encoded("u:p")}}, DOCKER_HUB, "a", ("u", "p"), id="the Hub"),
        pytest.param({"docker.io": {"auth": encoded("u:p")}}, DOCKER_HUB, "a", ("u", "p"), id="the Hub's short name"),
        pytest.param({"localhost:5000": {"auth": encoded("u:p")}}, "localhost:5000", "a", ("u", "p"), id="a port"),
        pytest.param({"localhost:5000": {"auth": encoded("u:p")}}, "localhost:5001", "a", None, id="another port"),
        pytest.param(
            {"q.io": {"auth": encoded("a:1")}, "q.io/x/y": {"auth": encoded("b:2")}, "q.io/x": {"auth": encoded("c:3")}},
            "q.io", "x/y", ("b", "2"), id="the most specific path",
        ),
        pytest.param({"q.io/x": {"auth": encoded("c:3")}}, "q.io", "xy/z", None, id="a path that begins alike"),
        pytest.param({"ghcr.io": {}}, "ghcr.io", "a", None, id="an empty entry"),
        pytest.param({"evil-ghcr.io": {"auth": encoded("u:p")}}, "ghcr.io", "a", None, id="a host that ends alike"),
    ],
)  # fmt: skip
def test_entries(
    home: Path, auths: Mapping[str, Any], registry: str, repository: str, pair: tuple[str, str] | None
) -> None:
    write(home / ".docker/config.json", {"auths": auths})
    assert pair_of(find(home, registry, repository)) == pair


def test_tokens(home: Path) -> None:
    document = {"auths": {"a.io": {"auth": encoded("<token>:"), "identitytoken": "i"}, "b.io": {"registrytoken": "r"}}}
    write(home / ".docker/config.json", document)
    identity, registry = find(home, "a.io").credential, find(home, "b.io").credential
    assert identity is not None
    assert registry is not None
    assert (identity.username, identity.identity_token.reveal(), registry.registry_token.reveal()) == ("", "i", "r")


def test_the_order_of_places(home: Path) -> None:
    def entry(name: str) -> dict[str, Any]:
        return {"auths": {"a.io": {"auth": encoded(f"{name}:p")}}}

    environ = {"XDG_RUNTIME_DIR": str(home / "run"), "REGISTRY_AUTH_FILE": str(home / "file.json")}
    found = []
    places = [
        (home / ".config/containers/auth.json", {}),
        (home / "run/containers/auth.json", {}),
        (home / "file.json", {}),
        (home / ".docker/config.json", {}),
        (home / "own/config.json", {"DOCKER_CONFIG": str(home / "own")}),
    ]
    for number, (path, more) in enumerate(places):
        write(path, entry(str(number)))
        found.append(pair_of(find(home, "a.io", **environ, **more)))
    assert found == [(str(number), "p") for number in range(5)]


def test_a_token_of_the_environment_is_for_one_host(home: Path) -> None:
    assert pair_of(find(home, "ghcr.io", GITHUB_TOKEN="t")) == ("unset", "t")
    assert find(home, "ghcr.io.evil.example", GITHUB_TOKEN="t") == Found()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("{", "is not JSON", id="no JSON"),
        pytest.param("[]", "not a JSON object", id="a list"),
        pytest.param('{"auths":{"a.io":{"auth":"%%%"}}}', "not base64", id="no base64"),
        pytest.param(json.dumps({"auths": {"a.io": {"auth": encoded("canary")}}}), "not user:password", id="no colon"),
    ],
)
def test_what_cannot_be_used_is_a_problem_and_no_failure(home: Path, text: str, problem: str) -> None:
    write(home / ".docker/config.json", text)
    found = find(home, "a.io")
    assert found.credential is None
    assert [problem in told for told in found.problems] == [True]
    assert "canary" not in str(found)


@pytest.mark.parametrize("text", ["", '{"auths":[]}', '{"auths":{"a.io":7},"credsStore":7,"credHelpers":[]}'])
def test_odd_and_empty_files_hold_nothing(home: Path, text: str) -> None:
    write(home / ".docker/config.json", text)
    assert find(home, "a.io") == Found()


def test_a_missing_helper_is_named(home: Path) -> None:
    write(home / ".docker/config.json", {"credsStore": "absent-one"})
    assert "docker-credential-absent-one" in find(home, "a.io").problems[0]


def test_helpers(home: Path, helper: Path) -> None:
    config = {"credHelpers": {"a.io": "test"}, "credsStore": "test", "auths": {"c.io": {"auth": encoded("file:p")}}}
    write(home / ".docker/config.json", config)
    (helper / "a_io").write_text('{"ServerURL":"a.io","Username":"u","Secret":"s"}')
    (helper / "b_io").write_text('{"Username":"<token>","Secret":"identity"}')
    (helper / "https___index_docker_io_v1_").write_text('{"Username":"hub","Secret":"h"}')
    token = find(home, "b.io").credential
    assert pair_of(find(home, "a.io")) == ("u", "s")
    assert pair_of(find(home, DOCKER_HUB)) == ("hub", "h")
    assert token == Credential(identity_token=Secret("identity"), source="docker-credential-test")
    assert find(home, "d.io") == Found()
    assert pair_of(find(home, "c.io")) == ("file", "p")
    assert set((helper / "calls").read_text().splitlines()) == {
        *("get a.io", "get b.io", "get c.io", "get d.io", "get https://index.docker.io/v1/")
    }


@pytest.mark.parametrize("answer", ["canary, not JSON", '{"Username":7,"Secret":"canary"}', "exit"])
def test_a_helpers_answer_is_never_repeated(home: Path, helper: Path, answer: str) -> None:
    write(home / ".docker/config.json", {"credsStore": "test"})
    (helper / "a_io").write_text(answer)
    if answer == "exit":
        (helper / "docker-credential-test").write_text("#!/bin/sh\necho canary; echo canary >&2; exit 3\n")
    found = find(home, "a.io")
    assert "docker-credential-test" in found.problems[0]
    assert "canary" not in str(found)


def test_nothing_secret_is_in_a_repr() -> None:
    made = Credential(username="u", password=Secret("canary"), identity_token=Secret("canary"))
    assert "canary" not in f"{made!r} {made} {Found(credential=made)!r}"


def test_login_keeps_everything_else(home: Path) -> None:
    path = home / ".docker/config.json"
    write(path, {"auths": {"docker.io": {"auth": "old"}, "x.io": {"auth": "kept"}}, "HttpHeaders": {"é": "1"}})
    credential = Credential(username="u", password=Secret("p"))
    environ = {"HOME": str(home)}
    stored = store_login(DOCKER_HUB, credential, environ, limits=DEFAULT_LIMITS)
    assert stored == Stored(place=str(path), plain=True)
    assert json.loads(path.read_text()) == {
        "auths": {"x.io": {"auth": "kept"}, "https://index.docker.io/v1/": {"auth": encoded("u:p")}},
        "HttpHeaders": {"é": "1"},
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert pair_of(find(home, DOCKER_HUB)) == ("u", "p")
    assert erase_login(DOCKER_HUB, environ, limits=DEFAULT_LIMITS)
    assert not erase_login(DOCKER_HUB, environ, limits=DEFAULT_LIMITS)
    assert json.loads(path.read_text())["auths"] == {"x.io": {"auth": "kept"}}


def test_login_makes_a_private_folder(home: Path) -> None:
    store_login("a.io", Credential(username="u", password=Secret("p")), {"HOME": str(home)}, limits=DEFAULT_LIMITS)
    assert stat.S_IMODE((home / ".docker").stat().st_mode) == 0o700


def test_login_and_logout_with_a_helper(home: Path, helper: Path) -> None:
    write(home / ".docker/config.json", {"credHelpers": {"a.io": "test"}})
    environ = {"HOME": str(home)}
    stored = store_login("a.io", Credential(username="u", password=Secret("p")), environ, limits=DEFAULT_LIMITS)
    assert stored == Stored(place="docker-credential-test", plain=False)
    assert json.loads((helper / "stored").read_text()) == {"ServerURL": "a.io", "Username": "u", "Secret": "p"}
    assert json.loads((home / ".docker/config.json").read_text())["auths"] == {"a.io": {}}
    assert erase_login("a.io", environ, limits=DEFAULT_LIMITS)
    assert (helper / "calls").read_text().splitlines()[-1] == "erase a.io"


def test_a_helper_that_refuses_to_store(home: Path, helper: Path) -> None:
    write(home / ".docker/config.json", {"credsStore": "test"})
    (helper / "docker-credential-test").write_text("#!/bin/sh\necho locked: $(cat) >&2; exit 1\n")
    with pytest.raises(LocalError, match="docker-credential-test") as caught:
        store_login(
            "a.io", Credential(username="u", password=Secret("canary")), {"HOME": str(home)}, limits=DEFAULT_LIMITS
        )
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "normal"),
    [
        ("https://index.docker.io/v1/", DOCKER_HUB), ("registry-1.docker.io", DOCKER_HUB), ("http://A.io/v2/", "a.io"),
        ("a.io/ns/repo/", "a.io/ns/repo"), ("a.io:5000", "a.io:5000"),
    ],
)  # fmt: skip
def test_keys(key: str, normal: str) -> None:
    assert normal_key(key) == normal


def challenge(scheme: str, **parameters: str) -> Challenge:
    return Challenge(scheme=scheme, parameters=tuple(parameters.items()))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param(['Basic realm="x"'], [challenge("basic", realm="x")], id="one"),
        pytest.param(
            ['Bearer realm="https://a/t",service="s",scope="repository:a:pull,push"'],
            [challenge("bearer", realm="https://a/t", service="s", scope="repository:a:pull,push")],
            id="a comma inside quotes",
        ),
        pytest.param(
            ['Basic realm="x", Bearer realm="y",service=z'],
            [challenge("basic", realm="x"), challenge("bearer", realm="y", service="z")],
            id="two in one field",
        ),
        pytest.param(
            ["Negotiate", 'BEARER REALM = "a\\"b"'],
            [challenge("negotiate"), challenge("bearer", realm='a"b')],
            id="two fields, escapes and capitals",
        ),
        pytest.param(['Bearer scope="",realm="x"'], [challenge("bearer", scope="", realm="x")], id="an empty value"),
        pytest.param(['Bearer realm="never closed'], [challenge("bearer", realm="")], id="a quote without end"),
        pytest.param(["", "=,=", '"'], [], id="nonsense"),
        pytest.param(["Basic " * 100], [challenge("basic")] * 16, id="a flood"),
    ],
)
def test_challenges(fields: list[str], expected: list[Challenge]) -> None:
    assert list(parse_challenges(fields)) == expected
