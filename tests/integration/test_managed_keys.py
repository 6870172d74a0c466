"""Keys in key management services and of external programs: what we sign with them cosign verifies, and the reverse.

Needs `cosign` 3 and Debian's `docker-registry` on PATH, and loopback alone. The services are ours in memory; OpenBao is
a real one as well where `bao` is on PATH.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import pytest
from tests.support.commands import run
from tests.support.forgery import RECORD
from tests.support.kms_aws import CREDENTIALS, AwsKms
from tests.support.kms_azure import HOST, AzureVault, azure
from tests.support.kms_gcp import KEY, GoogleKms, grpc_server, place_account
from tests.support.kms_program import NAME, place_program
from tests.support.kms_transit import TOKEN, Transit
from tests.support.loopback import Loopback
from tests.support.peers import NEEDS_COSIGN, NEEDS_REGISTRY, Cosign, docker_registry, free_port, serving
from tests.support.proxy import Proxy
from tests.support.tls import Authority

from assaymark.model.descriptor import OCI_CONFIG, OCI_MANIFEST
from assaymark.model.reference import parse_reference
from assaymark.net.http import Http
from assaymark.oci.registry import Registry

pytestmark = [pytest.mark.integration, NEEDS_COSIGN, NEEDS_REGISTRY]

COSIGN_VERIFIES: Final = ("verify-attestation", "--type", "vuln", "--insecure-ignore-tlog")


class Kept(NamedTuple):
    """A key that both programs can name, and the variables with which they do."""

    reference: str
    environment: Mapping[str, str]
    cosign_verifies: bool = True


@contextmanager
def _aws(folder: Path) -> Iterator[Kept]:
    with Loopback(AwsKms().serve) as server:
        variables = {**CREDENTIALS, "AWS_ENDPOINT_URL": server.url, "AWS_EC2_METADATA_DISABLED": "true"}
        yield Kept("awskms:///alias/release", variables)


@contextmanager
def _aws_by_host(folder: Path) -> Iterator[Kept]:
    authority = Authority(folder)
    with Loopback(AwsKms().serve, tls=authority.server("localhost")) as server:
        variables = {**CREDENTIALS, "AWS_CA_BUNDLE": str(authority.file), "AWS_EC2_METADATA_DISABLED": "true"}
        yield Kept(f"awskms://localhost:{server.port}/alias/release", variables)


@contextmanager
def _azure(folder: Path) -> Iterator[Kept]:
    with azure(folder, AzureVault()) as (_, variables):
        # what cosign asks the vault to verify is r and r, never r and s: it refuses its own signatures, too
        yield Kept(f"azurekms://{HOST}/release", variables, cosign_verifies=False)


@contextmanager
def _google(folder: Path) -> Iterator[Kept]:
    kms, authority = GoogleKms(), Authority(folder)
    host = "cloudkms.googleapis.com"
    certificate, key = authority.certify(host)
    with (
        grpc_server(kms, certificate, key) as port,
        Proxy({f"{host}:443": port}) as proxy,
        Loopback(kms.serve) as rest,
    ):
        variables = {
            "GOOGLE_APPLICATION_CREDENTIALS": str(place_account(folder)),
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS": rest.url,
            "HTTPS_PROXY": proxy.url,
            "NO_PROXY": "127.0.0.1",
            "SSL_CERT_FILE": str(authority.file),
        }
        yield Kept(f"gcpkms://{KEY}", variables)


@contextmanager
def _hashivault(folder: Path) -> Iterator[Kept]:
    with Loopback(Transit(mount="signing").serve) as server:
        variables = {"VAULT_ADDR": server.url, "VAULT_TOKEN": TOKEN, "TRANSIT_SECRET_ENGINE_PATH": "signing"}
        yield Kept("hashivault://release", variables)


@contextmanager
def _openbao(folder: Path) -> Iterator[Kept]:
    with Loopback(Transit().serve) as server:
        yield Kept("openbao://release", {"BAO_ADDR": server.url, "BAO_TOKEN": TOKEN})


@contextmanager
def _real_openbao(folder: Path) -> Iterator[Kept]:
    if shutil.which("bao") is None:
        pytest.skip("bao is not on PATH")
    address = f"127.0.0.1:{free_port()}"
    command = ["bao", "server", "-dev", "-dev-no-store-token", "-dev-root-token-id=root-of-tests"]
    with serving([*command, f"-dev-listen-address={address}"], address, folder / "log"):
        url, headers = f"http://{address}/v1/sys/mounts/transit", {"Authorization": "Bearer root-of-tests"}
        with Http().request("POST", url, headers=headers, body=b'{"type":"transit"}', repeatable=True) as response:
            assert response.status in (200, 204)
        yield Kept("openbao://release", {"BAO_ADDR": f"http://{address}", "BAO_TOKEN": "root-of-tests"})


@contextmanager
def _program(folder: Path) -> Iterator[Kept]:
    place_program(folder)
    yield Kept(f"{NAME}://{folder}/key.pem", {"PATH": f"{folder}:{os.environ['PATH']}"})


PLACES: Final = {
    "awskms": _aws,
    "awskms with a host": _aws_by_host,
    "azurekms": _azure,
    "gcpkms": _google,
    "hashivault": _hashivault,
    "openbao": _openbao,
    "openbao, a real one": _real_openbao,
    "a program": _program,
}


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with docker_registry(tmp_path_factory.mktemp("registry")) as host:
        yield host


@pytest.fixture(params=PLACES, ids=str)
def kept(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, registry: str
) -> Iterator[Kept]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "vuln.json").write_bytes(RECORD)
    (tmp_path / "service").mkdir()
    with PLACES[request.param](tmp_path / "service") as kept:
        for name, value in kept.environment.items():
            monkeypatch.setenv(name, value)
        yield kept


@pytest.fixture
def image(registry: str, request: pytest.FixtureRequest) -> str:
    name = "".join(letter for letter in request.node.name.lower() if letter.isalnum())
    reference = f"{registry}/{name}:v1"
    store = Registry(Http()).repository(parse_reference(reference))
    config = store.push_blob(msgspec.json.encode({"author": name}), media_type=OCI_CONFIG)
    parts = {"mediaType": OCI_CONFIG, "digest": config.digest, "size": config.size}
    document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": parts, "layers": []}
    store.push_manifest(msgspec.json.encode(document), media_type=OCI_MANIFEST, tag="v1")
    return reference


def test_each_program_verifies_what_the_other_signs(kept: Kept, image: str, tmp_path: Path) -> None:
    cosign = Cosign(tmp_path, password="")
    ours = run("generate-key-pair", "--kms", kept.reference, environ=kept.environment)
    assert ours.code == 0, ours.err
    assert ours.err.endswith(f"Private key is in {kept.reference}\nPublic key written to cosign.pub\n")
    pem = (tmp_path / "cosign.pub").read_text()
    assert cosign("public-key", "--key", kept.reference, environ=kept.environment).decode() == pem
    assert run("public-key", "--key", kept.reference, environ=kept.environment).out == pem

    flags = ("--type", "vuln", "--predicate", "vuln.json")
    attested = run("attest", "--key", kept.reference, *flags, image, environ=kept.environment)
    assert attested.code == 0, attested.err
    for key in ("cosign.pub", kept.reference) if kept.cosign_verifies else ("cosign.pub",):
        cosign(*COSIGN_VERIFIES, "--key", key, image, environ=kept.environment)

    config = ("--signing-config", "no-services.json")
    cosign("attest", "-y", "--key", kept.reference, *flags, *config, image, environ=kept.environment)
    for key in ("cosign.pub", kept.reference):
        verified = run("verify-attestation", "--key", key, "--type", "vuln", image, environ=kept.environment)
        assert (verified.code, len(verified.lines)) == (0, 2), verified.err


def test_each_program_uses_the_key_that_the_other_made(kept: Kept, tmp_path: Path) -> None:
    cosign = Cosign(tmp_path, password="")
    cosign("generate-key-pair", "--kms", kept.reference, environ=kept.environment)
    pem = (tmp_path / "cosign.pub").read_bytes()
    assert run("public-key", "--key", kept.reference, environ=kept.environment).out.encode() == pem
