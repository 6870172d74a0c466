"""Login programs of kubeconfig: which are started, what they are told, and what their answers must hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.kubernetes import TOKEN, Cluster, inline, write_kubeconfig
from tests.support.loopback import Loopback
from tests.support.tls import Authority

from assaymark.attest.keys.reference import create_key, load_public_key
from assaymark.attest.keys.scheme import KeyContext
from assaymark.errors import AuthenticationError, Error, LimitError, LocalError, OfflineError, UsageError
from assaymark.net.http import Http
from assaymark.net.network import NoNetwork

PLACE = "k8s://signing/release"
V1, BETA = "client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"


def install(folder: Path, name: str, script: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\n" + script)
    path.chmod(0o755)
    return path


def answer(status: object, version: str = V1) -> str:
    return json.dumps({"kind": "ExecCredential", "apiVersion": version, "status": status})


def says(text: str) -> str:
    return f"cat <<'END'\n{text}\nEND\n"


def order(**members: object) -> str:
    """The user's entry, in YAML flow style."""
    return "exec: " + json.dumps({"apiVersion": V1, "command": "aws", "interactiveMode": "Never", **members})


def context(tmp_path: Path, **more: Any) -> KeyContext:
    environment = {"KUBECONFIG": str(tmp_path / "config"), "HOME": "/none", "PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"}
    given: dict[str, Any] = {"network": Http(), "password": lambda: b"word", **more}
    return KeyContext(environment=environment, **given)


@pytest.mark.parametrize("version", [V1, BETA])
def test_a_program_gives_a_token(tmp_path: Path, version: str) -> None:
    script = f'printf "%s" "$*|$AWS_PROFILE|$KUBERNETES_EXEC_INFO" > {tmp_path}/told\n'
    install(tmp_path / "bin", "aws", script + says(answer({"token": TOKEN}, version)))
    user = order(apiVersion=version, args=["eks", "get-token"], env=[{"name": "AWS_PROFILE", "value": "p"}])
    concealed: list[str] = []
    with Loopback(Cluster().serve) as server:
        write_kubeconfig(tmp_path / "config", server.url, user=user)
        there = context(tmp_path, conceal=concealed.append)
        assert create_key(PLACE, there) == load_public_key(PLACE, there)
    arguments, profile, information = (tmp_path / "told").read_text().split("|")
    assert (arguments, profile) == ("eks get-token", "p")
    assert json.loads(information) == {"kind": "ExecCredential", "apiVersion": version, "spec": {"interactive": False}}
    assert TOKEN in concealed


def test_a_program_gives_a_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.certify("client", client=True)
    status = {"clientCertificateData": certificate.read_text(), "clientKeyData": key.read_text()}
    install(tmp_path / "bin", "tsh", says(answer(status)))
    with Loopback(Cluster(certified=True).serve, tls=authority.server("127.0.0.1", clients=True)) as server:
        trust = f"certificate-authority-data: {inline(authority.file)}"
        write_kubeconfig(tmp_path / "config", server.url, cluster=trust, user=order(command="tsh"))
        assert create_key(PLACE, context(tmp_path))


@pytest.mark.parametrize("held", [True, False], ids=["an authority in the configuration", "in a file beside it"])
def test_a_program_is_told_of_the_cluster(tmp_path: Path, held: bool) -> None:
    authority = Authority(tmp_path)
    install(tmp_path / "bin", "aws", f'printf "%s" "$KUBERNETES_EXEC_INFO" > {tmp_path}/told\nexit 1')
    trust = f"certificate-authority-data: {inline(authority.file)}" if held else "certificate-authority: ca.pem"
    extension = 'extensions: [{name: other}, {name: client.authentication.k8s.io/exec, extension: {audience: "a"}}]'
    write_kubeconfig(
        tmp_path / "config",
        "https://127.0.0.1:9",
        cluster=f"{trust}, tls-server-name: cluster.test, {extension}",
        user=order(provideClusterInfo=True),
    )
    with pytest.raises(AuthenticationError):
        load_public_key(PLACE, context(tmp_path))
    assert json.loads((tmp_path / "told").read_text())["spec"] == {
        "cluster": {
            "server": "https://127.0.0.1:9",
            "tls-server-name": "cluster.test",
            "certificate-authority-data": inline(authority.file),
            "config": {"audience": "a"},
        },
        "interactive": False,
    }


def test_a_token_of_the_configuration_comes_first(tmp_path: Path) -> None:
    install(tmp_path / "bin", "aws", f"touch {tmp_path}/started")
    with Loopback(Cluster().serve) as server:
        write_kubeconfig(tmp_path / "config", server.url, user=f"token: {TOKEN}, {order()}")
        create_key(PLACE, context(tmp_path))
    assert not (tmp_path / "started").exists()


def test_the_path_that_the_search_finds_may_be_written(tmp_path: Path) -> None:
    path = install(tmp_path / "bin", "aws", says(answer({"token": TOKEN})))
    with Loopback(Cluster().serve) as server:
        write_kubeconfig(tmp_path / "config", server.url, user=order(command=str(path)))
        assert create_key(PLACE, context(tmp_path))


NOT_STARTED = {
    "a program that is not listed": (order(command="kubectl"), "`kubectl` is none of those that are started"),
    "no program": (order(command=""), "`` is none of those"),
    "a path elsewhere": (order(command="/tmp/aws"), "names the login program `/tmp/aws`, and PATH finds"),
    "an old version": (order(apiVersion="client.authentication.k8s.io/v1alpha1"), "speaks `client.auth"),
    "one that wants to talk": (order(interactiveMode="Always"), "wants to be typed to"),
    "a library": (order(env=[{"name": "LD_PRELOAD", "value": "/tmp/x.so"}]), "the variable `LD_PRELOAD`"),
    "another PATH": (order(env=[{"name": "PATH", "value": "/tmp"}]), "the variable `PATH`"),
    "a variable without a name": (order(env=["x"]), "the variable ``"),
}


@pytest.mark.parametrize(("user", "text"), NOT_STARTED.values(), ids=NOT_STARTED.keys())
def test_what_is_not_started(tmp_path: Path, user: str, text: str) -> None:
    install(tmp_path / "bin", "aws", f"touch {tmp_path}/started")
    write_kubeconfig(tmp_path / "config", "https://127.0.0.1:9", user=user)
    with pytest.raises(UsageError, match=text):
        load_public_key(PLACE, context(tmp_path))
    assert not (tmp_path / "started").exists()


def test_no_program_is_started_offline(tmp_path: Path) -> None:
    install(tmp_path / "bin", "aws", f"touch {tmp_path}/started")
    write_kubeconfig(tmp_path / "config", "https://127.0.0.1:9", user=order())
    with pytest.raises(OfflineError, match="the login program `aws`"):
        load_public_key(PLACE, context(tmp_path, network=NoNetwork()))
    assert not (tmp_path / "started").exists()


def test_a_missing_program_is_told_with_its_hint(tmp_path: Path) -> None:
    write_kubeconfig(
        tmp_path / "config", "https://127.0.0.1:9", user=order(command="doctl", installHint="get it\nthere")
    )
    warnings: list[str] = []
    with pytest.raises(LocalError, match="`doctl` is not installed"):
        load_public_key(PLACE, context(tmp_path, warn=warnings.append))
    assert warnings == ["get it"]


PEM = {"clientCertificateData": "x"}
ANSWERS = {
    "nothing": ("", AuthenticationError, "did not answer with JSON"),
    "a list": (says("[]"), AuthenticationError, "holds no credentials"),
    "another kind": (says('{"kind": "Status", "status": {}}'), AuthenticationError, "holds no credentials"),
    "no status": (says(answer(None)), AuthenticationError, "holds no credentials"),
    "another version": (says(answer({"token": "x"}, BETA)), AuthenticationError, f"answered in `{BETA}`"),
    "no token": (says(answer({})), AuthenticationError, "has no token"),
    "half a certificate": (says(answer({**PEM, "token": "x"})), AuthenticationError, "no certificate with its key"),
    "a code": ("exit 3", AuthenticationError, "`aws` ended with code 3"),
    "too much": ("head -c 2000000 /dev/zero", LimitError, "wrote more than 1048576 bytes"),
}


@pytest.mark.parametrize(("script", "kind", "text"), ANSWERS.values(), ids=ANSWERS.keys())
def test_answers_that_are_none(tmp_path: Path, script: str, kind: type[Error], text: str) -> None:
    install(tmp_path / "bin", "aws", script)
    write_kubeconfig(tmp_path / "config", "https://127.0.0.1:9", user=order())
    with pytest.raises(kind, match=text):
        load_public_key(PLACE, context(tmp_path))
