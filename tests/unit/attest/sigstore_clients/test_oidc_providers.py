"""Ambient identity: each provider asks the right place in the right way, and their order is cosign's."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.support.grpc_agent import Agent
from tests.support.people import QUICK
from tests.support.registry import Fault
from tests.support.sigstore.accounts import gitlab, google_service_account
from tests.support.sigstore.fake import FakeSigstore

from assaymark.attest.sigstore.oidc.provider import Ambient, ambient_providers
from assaymark.attest.sigstore.oidc.token import parse_token
from assaymark.errors import Error, LocalError, NetworkError, SigningError, UsageError
from assaymark.net.http import Http
from assaymark.net.metadata import MetadataNetwork
from assaymark.net.network import NoNetwork
from assaymark.net.secret import Secret

PROVIDERS = {provider.name: provider for provider in ambient_providers()}


def ambient(tmp_path: Path, network: Any = None, *, audience: str = "sigstore", **variables: str) -> Ambient:
    """A job whose file system is `tmp_path`."""
    return Ambient(
        environment=variables,
        network=network or NoNetwork(),
        metadata=MetadataNetwork(variables, limits=QUICK) if variables.get("GCE_METADATA_HOST") else NoNetwork(),
        root=tmp_path,
        audience=audience,
        limits=QUICK,
    )


def ask(name: str, surroundings: Ambient) -> Any:
    """The claims of the token that a provider gives; None where it gives none."""
    secret = PROVIDERS[name].token(surroundings)
    return None if secret is None else parse_token(secret, source=name).claims


def test_the_order_is_cosign_s() -> None:
    assert [*PROVIDERS] == [
        "github-actions",
        "buildkite-agent",
        "envvar",
        "filesystem",
        "google-workload-identity",
        "google-impersonate",
        "spiffe",
        "gitlab",
        "circleci",
    ]


@pytest.mark.parametrize("name", [*PROVIDERS])
def test_who_is_not_there_has_nothing_to_say(tmp_path: Path, name: str) -> None:
    assert ask(name, ambient(tmp_path)) is None
    assert PROVIDERS[name].hint(ambient(tmp_path)) == ""


def test_github_actions(fake: FakeSigstore, http: Http, tmp_path: Path) -> None:
    job = ambient(tmp_path, http, **fake.environment("github-actions"))
    assert ask("github-actions", job).issuer == "https://token.actions.githubusercontent.com"
    assert fake.paths() == ["/ambient/github/token?api-version=2.0&audience=sigstore"]
    assert fake.requests[0].headers["authorization"] == "bearer job-secret"


def test_another_audience_is_asked_for(fake: FakeSigstore, http: Http, tmp_path: Path) -> None:
    variables = {
        **fake.environment("github-actions"),
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{fake.url}/ambient/github/token",
    }
    job = ambient(tmp_path, http, audience="a&b", **variables)
    assert ask("github-actions", job).audiences == ("a&b",)
    assert fake.paths() == ["/ambient/github/token?audience=a%26b"]


def test_a_workflow_without_permission_is_told_so(fake: FakeSigstore, http: Http, tmp_path: Path) -> None:
    job = ambient(tmp_path, http, GITHUB_ACTIONS="true")
    assert ask("github-actions", job) is None
    assert "id-token: write" in PROVIDERS["github-actions"].hint(job)
    refused = ambient(tmp_path, http, **{**fake.environment("github-actions"), "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "old"})
    with pytest.raises(NetworkError, match="status 401") as caught:
        ask("github-actions", refused)
    assert "id-token: write" in caught.value.hint


@pytest.mark.parametrize("body", [b"{}", b'{"value":7}', b'{"value":" "}'])
def test_an_answer_without_a_token(fake: FakeSigstore, http: Http, tmp_path: Path, body: bytes) -> None:
    fake.fault(Fault(path="/ambient", status=200, body=body))
    with pytest.raises(SigningError, match="GitHub Actions gave no identity token"):
        ask("github-actions", ambient(tmp_path, http, **fake.environment("github-actions")))


def test_buildkite(fake: FakeSigstore, http: Http, tmp_path: Path) -> None:
    job = ambient(tmp_path, http, **fake.environment("buildkite"))
    assert ask("buildkite-agent", job).issuer == "https://agent.buildkite.com"
    assert json.loads(fake.requests[0].body) == {"audience": "sigstore"}


def test_buildkite_refuses(fake: FakeSigstore, http: Http, tmp_path: Path) -> None:
    variables = fake.environment("buildkite")
    with pytest.raises(NetworkError, match="Invalid access token"):
        ask("buildkite-agent", ambient(tmp_path, http, **{**variables, "BUILDKITE_AGENT_ACCESS_TOKEN": "old"}))
    with pytest.raises(SigningError, match="BUILDKITE_JOB_ID"):
        ask("buildkite-agent", ambient(tmp_path, http, **{**variables, "BUILDKITE_JOB_ID": ""}))
    hint = PROVIDERS["buildkite-agent"].hint(ambient(tmp_path, BUILDKITE="true"))
    assert "BUILDKITE_AGENT_ACCESS_TOKEN" in hint


def test_a_variable(fake: FakeSigstore, tmp_path: Path) -> None:
    raw = fake.instance.token(gitlab())
    assert ask("envvar", ambient(tmp_path, SIGSTORE_ID_TOKEN=f"{raw}\n")).issuer == "https://gitlab.com"
    assert ask("envvar", ambient(tmp_path, SIGSTORE_ID_TOKEN="")) is None


def test_a_pipeline_of_gitlab(fake: FakeSigstore, tmp_path: Path) -> None:
    raw = fake.instance.token(gitlab())
    named = ambient(tmp_path, audience="1.my-host", GITLAB_CI="true", __MY_HOST_ID_TOKEN="")
    assert "_.MY_HOST" not in PROVIDERS["gitlab"].hint(named)
    assert "__MY_HOST_ID_TOKEN: {aud: 1.my-host}" in PROVIDERS["gitlab"].hint(named)
    here = ambient(tmp_path, audience="my-host", GITLAB_CI="true", MY_HOST_ID_TOKEN=raw)
    assert ask("gitlab", here).issuer == "https://gitlab.com"
    assert ask("gitlab", ambient(tmp_path, audience="my-host", MY_HOST_ID_TOKEN=raw)) is None


def test_a_file(fake: FakeSigstore, tmp_path: Path) -> None:
    path = tmp_path / "var/run/sigstore/cosign/oidc-token"
    path.parent.mkdir(parents=True)
    path.write_text(fake.instance.token(google_service_account()) + "\n")
    assert ask("filesystem", ambient(tmp_path)).email == "builder@project.iam.gserviceaccount.test"
    path.write_bytes(b"\xff")
    with pytest.raises(LocalError, match="holds no identity token"):
        ask("filesystem", ambient(tmp_path))
    path.write_bytes(b" \n")
    with pytest.raises(SigningError, match="gave no identity token"):
        ask("filesystem", ambient(tmp_path))
    path.unlink()
    path.mkdir()
    with pytest.raises(LocalError, match="cannot read"):
        ask("filesystem", ambient(tmp_path))


def host(fake: FakeSigstore) -> str:
    return fake.url.removeprefix("http://")


def test_a_machine_of_google(fake: FakeSigstore, tmp_path: Path) -> None:
    machine = ambient(tmp_path, GCE_METADATA_HOST=host(fake))
    assert ask("google-workload-identity", machine).email == "builder@project.iam.gserviceaccount.test"
    assert fake.paths() == [
        "/computeMetadata/v1/instance/service-accounts/default/identity?audience=sigstore&format=full"
    ]
    assert fake.requests[0].headers["host"] == "metadata.google.internal"


def test_a_board_of_google(tmp_path: Path) -> None:
    """The board says so; where nobody answers there is no identity, and the next provider is asked."""
    board = tmp_path / "sys/class/dmi/id/product_name"
    board.parent.mkdir(parents=True)
    board.write_text("Google Compute Engine\n")
    assert ask("google-workload-identity", ambient(tmp_path)) is None


def test_a_machine_without_an_account(fake: FakeSigstore, tmp_path: Path) -> None:
    fake.fail(404, path="/computeMetadata", times=-1)
    machine = ambient(tmp_path, GCE_METADATA_HOST=host(fake))
    assert ask("google-workload-identity", machine) is None
    with pytest.raises(NetworkError, match="status 404") as caught:
        ask("google-impersonate", ambient(tmp_path, GCE_METADATA_HOST=host(fake), GOOGLE_SERVICE_ACCOUNT_NAME="a@b"))
    assert "GOOGLE_SERVICE_ACCOUNT_NAME" in caught.value.hint


class Rerouted(Http):
    """IAM, wherever it is, is the fake."""

    def __init__(self, url: str) -> None:
        super().__init__(limits=QUICK, sleep=lambda _: None)
        self._url = url

    def request(self, method: str, url: str, **keywords: Any) -> Any:
        assert url.startswith("https://iamcredentials.googleapis.com/")
        return super().request(method, url.replace("https://iamcredentials.googleapis.com", self._url), **keywords)


def test_a_service_account_for_another(fake: FakeSigstore, tmp_path: Path) -> None:
    variables: Mapping[str, str] = {"GCE_METADATA_HOST": host(fake), "GOOGLE_SERVICE_ACCOUNT_NAME": "other@p.test"}
    claims = ask("google-impersonate", ambient(tmp_path, Rerouted(fake.url), **variables))
    assert claims.email == "other@p.test"
    assert json.loads(fake.requests[1].body) == {"audience": "sigstore", "includeEmail": True}
    fake.fail(403, path="/v1/projects")
    with pytest.raises(NetworkError, match="status 403") as caught:
        ask("google-impersonate", ambient(tmp_path, Rerouted(fake.url), **variables))
    assert "serviceAccountTokenCreator" in caught.value.hint


def test_a_name_that_is_no_account(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not the name of a service account"):
        ask("google-impersonate", ambient(tmp_path, GOOGLE_SERVICE_ACCOUNT_NAME="a/../b"))


def test_a_long_audience(fake: FakeSigstore, tmp_path: Path) -> None:
    raw = fake.instance.token(google_service_account())
    with Agent(tmp_path / "agent.sock", svid(raw.encode())) as agent:
        assert ask("spiffe", ambient(tmp_path, audience="a" * 200, SPIFFE_ENDPOINT_SOCKET=str(agent.path)))
    assert agent.message == b"\x0a\xc8\x01" + b"a" * 200


def svid(token: bytes, identity: bytes = b"spiffe://example.test/app") -> bytes:
    """A reply of the Workload API with one JWT-SVID."""

    def field(number: int, data: bytes) -> bytes:
        length, encoded = len(data), b""
        while length >= 0x80:
            encoded, length = encoded + bytes([length & 0x7F | 0x80]), length >> 7
        return bytes([number << 3 | 2]) + encoded + bytes([length]) + data

    return field(1, field(1, identity) + field(2, token) + field(3, b"hint"))


@pytest.mark.parametrize("spelled", ["{}", "unix://{}", "unix:{}"])
def test_a_workload_of_spiffe(fake: FakeSigstore, tmp_path: Path, spelled: str) -> None:
    raw = fake.instance.token(google_service_account())
    with Agent(tmp_path / "agent.sock", svid(raw.encode())) as agent:
        workload = ambient(tmp_path, SPIFFE_ENDPOINT_SOCKET=spelled.format(agent.path))
        assert ask("spiffe", workload).email == "builder@project.iam.gserviceaccount.test"
    assert agent.message == b"\x0a\x08sigstore"
    assert b"/SpiffeWorkloadAPI/FetchJWTSVID" in agent.head
    assert b"workload.spiffe.io" in agent.head


def test_the_place_of_spire(fake: FakeSigstore, tmp_path: Path) -> None:
    path = tmp_path / "tmp/spire-agent/public/api.sock"
    path.parent.mkdir(parents=True)
    with Agent(path, svid(fake.instance.token(google_service_account()).encode())):
        assert ask("spiffe", ambient(tmp_path)) is not None


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        pytest.param(None, NetworkError, id="no registration entry"),
        pytest.param(b"", SigningError, id="no identity"),
        pytest.param(b"\x0a\x02\x12\x00", SigningError, id="an empty token"),
        pytest.param(b"\x0a\x20\x12\x00", NetworkError, id="a field that is cut off"),
        pytest.param(b"\x08\x01", NetworkError, id="a field of another kind"),
        pytest.param(b"\x0a\xff\xff\xff\xff\xff\xff", NetworkError, id="an endless number"),
        pytest.param(b"\x0a", NetworkError, id="half a field"),
    ],
)
def test_an_agent_that_gives_nothing(tmp_path: Path, reply: bytes | None, kind: type[Error]) -> None:
    with Agent(tmp_path / "agent.sock", reply) as agent, pytest.raises(kind, match="SPIFFE agent gave"):
        ask("spiffe", ambient(tmp_path, SPIFFE_ENDPOINT_SOCKET=str(agent.path)))


@pytest.mark.parametrize("named", ["tcp://127.0.0.1:8081", "unix://host/path", "http://x"])
def test_only_unix_sockets_are_asked(tmp_path: Path, named: str) -> None:
    with pytest.raises(UsageError, match="only unix sockets"):
        ask("spiffe", ambient(tmp_path, SPIFFE_ENDPOINT_SOCKET=named))


def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A program called `circleci`."""
    path = tmp_path / "bin" / "circleci"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}/usr/bin{os.pathsep}/bin")


def test_a_job_of_circleci(fake: FakeSigstore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = fake.instance.token(google_service_account())
    program(tmp_path, monkeypatch, f'echo "$@" > {tmp_path}/arguments; echo {raw}')
    job = ambient(tmp_path, CIRCLECI="true")
    assert PROVIDERS["circleci"].token(job) == Secret(raw)
    assert (tmp_path / "arguments").read_text() == 'run oidc get --claims {"aud":"sigstore"} --root-issuer\n'


def test_circleci_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, monkeypatch, "echo 'no \033[31mtoken' >&2; exit 3")
    with pytest.raises(SigningError) as caught:
        ask("circleci", ambient(tmp_path, CIRCLECI="true"))
    assert str(caught.value) == "`circleci run oidc get` failed with code 3: no \\x1b[31mtoken"
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LocalError, match="`circleci` is not installed"):
        ask("circleci", ambient(tmp_path, CIRCLECI="true"))
