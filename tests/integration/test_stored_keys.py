"""Keys in clusters and forges: what one program makes and keeps there, the other signs and verifies with.

Needs `cosign` 3 and Debian's `docker-registry` on PATH, and loopback alone; cluster and forges are ours in memory.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import pytest
from tests.support.commands import PASSWORD, run
from tests.support.forgery import RECORD
from tests.support.forges import TOKEN as FORGE_TOKEN
from tests.support.forges import GitLab
from tests.support.images import build_image
from tests.support.kubernetes import TOKEN, Cluster, inline, write_kubeconfig
from tests.support.loopback import Loopback
from tests.support.peers import NEEDS_COSIGN, NEEDS_REGISTRY, Cosign, docker_registry
from tests.support.tls import Authority

from assaymark.model.reference import parse_reference
from assaymark.net.http import Http
from assaymark.oci.registry import Registry

pytestmark = [pytest.mark.integration, NEEDS_COSIGN, NEEDS_REGISTRY]


class Kept(NamedTuple):
    """A place for a key, and the variables that lead to it."""

    place: str
    environment: Mapping[str, str]


@contextmanager
def _by_token(folder: Path) -> Iterator[Kept]:
    authority = Authority(folder)
    with Loopback(Cluster().serve, tls=authority.server("127.0.0.1")) as server:
        trust = f"certificate-authority-data: {inline(authority.file)}"
        path = write_kubeconfig(folder / "config", server.url, cluster=trust, user=f"token: {TOKEN}")
        yield Kept("k8s://signing/release", {"KUBECONFIG": str(path)})


@contextmanager
def _by_certificate(folder: Path) -> Iterator[Kept]:
    authority = Authority(folder)
    authority.certify("client", client=True)
    with Loopback(Cluster(certified=True).serve, tls=authority.server("127.0.0.1", clients=True)) as server:
        user = "client-certificate: client.cert, client-key: client.key"
        path = write_kubeconfig(folder / "config", server.url, cluster="certificate-authority: ca.pem", user=user)
        yield Kept("k8s://signing/release", {"KUBECONFIG": str(path)})


@contextmanager
def _by_login_program(folder: Path) -> Iterator[Kept]:
    """As on clusters of the large clouds: kubeconfig names a program, which gives the token where it is asked rightly."""
    version = "client.authentication.k8s.io/v1"
    answer = json.dumps({"kind": "ExecCredential", "apiVersion": version, "status": {"token": TOKEN}})
    asked = json.dumps({"kind": "ExecCredential", "apiVersion": version, "spec": {"interactive": False}})
    program = folder / "aws"
    program.write_text(
        "#!/bin/sh\n"
        f"[ \"$(printf %s \"$KUBERNETES_EXEC_INFO\" | tr -d ' \\n')\" = '{asked.replace(' ', '')}' ] || exit 1\n"
        f"[ \"$* $AWS_PROFILE\" = 'eks get-token release' ] || exit 2\necho '{answer}'\n"
    )
    program.chmod(0o755)
    order = {"apiVersion": version, "command": "aws", "args": ["eks", "get-token"], "interactiveMode": "Never"}
    user = f"exec: {json.dumps({**order, 'env': [{'name': 'AWS_PROFILE', 'value': 'release'}]})}"
    authority = Authority(folder)
    with Loopback(Cluster().serve, tls=authority.server("127.0.0.1")) as server:
        path = write_kubeconfig(folder / "config", server.url, cluster="certificate-authority: ca.pem", user=user)
        search = f"{folder}:{os.environ['PATH']}"
        yield Kept("k8s://signing/release", {"KUBECONFIG": str(path), "PATH": search})


@contextmanager
def _project(_folder: Path) -> Iterator[Kept]:
    with Loopback(GitLab().serve) as server:
        yield Kept("gitlab://team/app", {"GITLAB_HOST": server.url, "GITLAB_TOKEN": FORGE_TOKEN})


@contextmanager
def _group(_folder: Path) -> Iterator[Kept]:
    with Loopback(GitLab().serve) as server:
        yield Kept("gitlab://team", {"GITLAB_HOST": server.url, "GITLAB_TOKEN": FORGE_TOKEN})


PLACES: Final = {
    "Kubernetes, a token": _by_token,
    "Kubernetes, a certificate": _by_certificate,
    "Kubernetes, a login program": _by_login_program,
    "a project of GitLab": _project,
    "a group of GitLab": _group,
}


@pytest.fixture(params=PLACES, ids=str)
def kept(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "vuln.json").write_bytes(RECORD)
    (tmp_path / "service").mkdir()
    with PLACES[request.param](tmp_path / "service") as kept:
        yield kept


@pytest.mark.parametrize("maker", ["ours", "theirs"])
def test_both_programs_use_the_key_that_one_made(kept: Kept, maker: str, tmp_path: Path) -> None:
    cosign = Cosign(tmp_path, password=PASSWORD)
    if maker == "ours":
        made = run("generate-key-pair", kept.place, environ=kept.environment)
        assert made.code == 0, made.err
    else:
        cosign("generate-key-pair", kept.place, environ=kept.environment)
    pem = (tmp_path / "cosign.pub").read_text()
    without_password = {**kept.environment, "COSIGN_PASSWORD": "(unset)"}
    assert run("public-key", "--key", kept.place, environ=without_password).out == pem
    assert cosign("public-key", "--key", kept.place, environ=kept.environment).decode() == pem

    with docker_registry(tmp_path) as host:
        image = f"{host}/kept:v1"
        build_image([{"file": b""}]).push(Registry(Http()).repository(parse_reference(image)), tag="v1")
        flags = ("--type", "vuln", "--predicate", "vuln.json")
        attested = run("attest", "--key", kept.place, *flags, image, environ=without_password)
        assert attested.code == 0, attested.err
        config = ("--signing-config", "no-services.json")
        cosign("attest", "-y", "--key", kept.place, *flags, *config, image, environ=kept.environment)
        for key in ("cosign.pub", kept.place):
            cosign(
                "verify-attestation",
                "--type",
                "vuln",
                "--insecure-ignore-tlog",
                "--key",
                key,
                image,
                environ=kept.environment,
            )
            verified = run("verify-attestation", "--key", key, "--type", "vuln", image, environ=without_password)
            assert (verified.code, len(verified.lines)) == (0, 2), verified.err
