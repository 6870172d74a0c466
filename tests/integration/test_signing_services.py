"""What we sign with an identity or a key, and have logged and stamped, others verify: cosign, sigstore-python, and we.

Needs `cosign` 3 on PATH and the package `sigstore` for their parts, and loopback alone: the services are the tests' own.
"""

from __future__ import annotations

import importlib.util
import json
import random
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from tests.support.registry import MemoryRegistry
from tests.support.sigstore.accounts import ACCOUNTS, Account, google
from tests.support.sigstore.cosign import BLOB, STATEMENT, Cosign, statement_about
from tests.support.sigstore.fake import FakeSigstore, Files
from tests.support.sigstore.log import Generation

from assaymark.attest.bundle import parse_bundle
from assaymark.attest.dsse import DSSE_ENVELOPE
from assaymark.attest.keys.private import PrivateKey, generate_key
from assaymark.attest.keys.public import Algorithm
from assaymark.attest.sigstore.artifact import blob_of_data
from assaymark.attest.sigstore.disclosure import Consent
from assaymark.attest.sigstore.expectation import Demand, Expectation
from assaymark.attest.sigstore.identity import UnsafeAnyIdentity
from assaymark.attest.sigstore.material import material_of_bundle, material_of_layer
from assaymark.attest.sigstore.oidc.token import parse_token
from assaymark.attest.sigstore.sign import Signed, Surroundings, sign_keyless, sign_logged
from assaymark.attest.sigstore.signing_config import parse_signing_config, select_services
from assaymark.attest.sigstore.trusted_root import parse_trusted_root
from assaymark.attest.sigstore.verify import verify_material
from assaymark.model.descriptor import OCI_CONFIG, OCI_MANIFEST
from assaymark.net.http import Http
from assaymark.net.secret import Secret
from assaymark.oci.content import ContentStore
from assaymark.oci.registry import Registry

V1, V2 = Generation.V1, Generation.V2
pytestmark = pytest.mark.integration
needs_cosign = pytest.mark.skipif(shutil.which("cosign") is None, reason="cosign is not on PATH")
needs_sigstore = pytest.mark.skipif(importlib.util.find_spec("sigstore") is None, reason="sigstore is not installed")

KEYLESS: Final = None
SIGNERS: Final = pytest.mark.parametrize(
    "algorithm", [KEYLESS, Algorithm.ECDSA_P256, Algorithm.RSA], ids=["an identity", "P-256", "RSA"]
)
WAYS: Final[Mapping[str, Mapping[str, Any]]] = {
    "log 1": {"logs": [V1]},
    "log 1 and a timestamp": {"logs": [V1], "timestamps": True},
    "log 2 and a timestamp": {"logs": [V2], "timestamps": True},
    "both logs and a timestamp": {"logs": [V1, V2], "timestamps": True},
}
FOR_KEYS: Final = {**WAYS, "log 2": {"logs": [V2]}, "a timestamp": {"logs": [], "timestamps": True}}


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeSigstore]:
    with FakeSigstore() as running:
        yield running


@pytest.fixture
def cosign(tmp_path: Path) -> Cosign:
    return Cosign(tmp_path)


class Signing:
    """What was signed in one way, and what verifies it."""

    def __init__(
        self,
        fake: FakeSigstore,
        folder: Path,
        way: Mapping[str, Any],
        algorithm: Algorithm | None = KEYLESS,
        *,
        account: Account | None = None,
        statement: bytes = STATEMENT,
    ) -> None:
        self.files: Files = fake.write(folder, **way)
        self.folder = folder
        self.way = way
        self.key: PrivateKey | None = generate_key(algorithm) if algorithm else None
        self.signed = self._sign(fake, account or google(), statement)
        (folder / "bundle.json").write_bytes(self.signed.bundle)
        if self.key:
            (folder / "key.pub").write_bytes(self.key.public.pem)

    def _sign(self, fake: FakeSigstore, account: Account, statement: bytes) -> Signed:
        config = parse_signing_config(self.files.signing_config.read_bytes())
        services = select_services(config, now=datetime.now(UTC), choose=random.sample)
        if len(self.way["logs"]) > 1:  # the configuration chooses one; here both are wanted
            services = msgspec.structs.replace(services, logs=(services.logs[0], _first(services.logs[0])))
        consent = Consent(confirmed=True, terminal=False, show=lambda _: None, ask=lambda _: False)
        around = Surroundings(network=Http(), consent=consent)
        if self.key:
            return sign_logged(statement, signer=self.key, services=services, around=around)
        token = Secret(fake.instance.token(account))
        return sign_keyless(
            statement, token=lambda: parse_token(token, source="a test"), services=services, around=around
        )

    @property
    def switches(self) -> list[str]:
        """How cosign is told what to look at."""
        logged = [] if self.way["logs"] else ["--insecure-ignore-tlog"]
        stamped = ["--use-signed-timestamps"] if self.way.get("timestamps") else []
        return [*logged, *stamped, "--trusted-root", str(self.files.trusted_root)]

    def signer(self, account: Account | None = None) -> list[str]:
        """How cosign is told who signed."""
        if self.key:
            return ["--key", "key.pub"]
        claims = (account or google()).claims
        issuer = (account or google()).certificate_issuer
        return ["--certificate-identity", str(claims["email"]), "--certificate-oidc-issuer", issuer]


def _first(log: Any) -> Any:
    return msgspec.structs.replace(log, version=1)


@needs_cosign
@SIGNERS
@pytest.mark.parametrize("way", FOR_KEYS, ids=str)
def test_cosign_verifies_what_we_sign(
    fake: FakeSigstore, cosign: Cosign, tmp_path: Path, way: str, algorithm: Algorithm | None
) -> None:
    if algorithm is KEYLESS and way not in WAYS:
        pytest.skip("nothing would state the time, or nothing would be public")
    signing = Signing(fake, tmp_path, FOR_KEYS[way], algorithm)
    arguments = ["--bundle", "bundle.json", "--type", "vuln", *signing.switches, *signing.signer()]
    cosign("verify-blob-attestation", *arguments, "blob")


@needs_cosign
@pytest.mark.parametrize("name", ["google", "github", "microsoft"])
def test_the_certificate_names_the_account_s_provider(
    fake: FakeSigstore, cosign: Cosign, tmp_path: Path, name: str
) -> None:
    signing = Signing(fake, tmp_path, WAYS["log 1"], account=ACCOUNTS[name])
    arguments = ["--bundle", "bundle.json", "--type", "vuln", *signing.switches]
    cosign("verify-blob-attestation", *arguments, *signing.signer(ACCOUNTS[name]), "blob")
    for other in {"google", "github", "microsoft"} - {name}:
        wrong = [*signing.signer(ACCOUNTS[name])[:2], "--certificate-oidc-issuer", ACCOUNTS[other].certificate_issuer]
        cosign("verify-blob-attestation", *arguments, *wrong, "blob", code=1)


@needs_sigstore
@pytest.mark.parametrize("way", ["log 1", "log 1 and a timestamp", "log 2 and a timestamp"])
def test_sigstore_python_verifies_what_we_sign(fake: FakeSigstore, tmp_path: Path, way: str) -> None:
    from sigstore.models import Bundle, TrustedRoot
    from sigstore.verify import Verifier, policy

    signing = Signing(fake, tmp_path, WAYS[way])
    verifier = Verifier(trusted_root=TrustedRoot.from_file(str(signing.files.trusted_root)))
    expected = policy.Identity(identity="alice@gmail.test", issuer="https://accounts.google.com")
    kind, payload = verifier.verify_dsse(Bundle.from_json(signing.signed.bundle), expected)
    assert (kind, payload) == ("application/vnd.in-toto+json", STATEMENT)


@SIGNERS
@pytest.mark.parametrize("way", FOR_KEYS, ids=str)
@pytest.mark.parametrize("stored", ["bundle", "legacy"])
def test_we_verify_what_we_sign(
    fake: FakeSigstore, tmp_path: Path, way: str, algorithm: Algorithm | None, stored: str
) -> None:
    if algorithm is KEYLESS and way not in WAYS:
        pytest.skip("nothing would state the time, or nothing would be public")
    signing = Signing(fake, tmp_path, FOR_KEYS[way], algorithm)
    signed = signing.signed
    material = (
        material_of_bundle(parse_bundle(signed.bundle))
        if stored == "bundle"
        else material_of_layer(signed.legacy, signed.annotations)
    )
    held = [log for log in signing.way["logs"] if stored == "bundle" or log is V1]
    expected = Expectation(
        keys=(signing.key.public,) if signing.key else (),
        identities=None if signing.key else UnsafeAnyIdentity(),
        artifact=blob_of_data(BLOB),
        log=Demand.REQUIRED if held else Demand.CHECKED,
    )
    proof = verify_material(material, expected, parse_trusted_root(signing.files.trusted_root.read_bytes()))
    assert (len(proof.entries), len(proof.timestamps)) == (len(held), int(bool(signing.way.get("timestamps"))))


@needs_cosign
@SIGNERS
def test_cosign_verifies_our_annotations(
    fake: FakeSigstore, cosign: Cosign, tmp_path: Path, algorithm: Algorithm | None
) -> None:
    with MemoryRegistry() as registry:
        reference = registry.reference("app:1")
        store = Registry(Http()).repository(reference)
        subject = _push(store, {"author": "a"}, [], tag="1")
        signing = Signing(fake, tmp_path, WAYS["log 1"], algorithm, statement=statement_about(subject))
        layer = store.push_blob(signing.signed.legacy, media_type=DSSE_ENVELOPE)
        annotations = {"dev.cosignproject.cosign/signature": "", **signing.signed.annotations}
        entry = {"mediaType": DSSE_ENVELOPE, "digest": layer.digest, "size": layer.size, "annotations": annotations}
        _push(store, {}, [entry], tag=f"{subject.replace(':', '-')}.att")
        image = f"{registry.host}/app:1"
        arguments = ["--type", "vuln", "--new-bundle-format=false", *signing.switches, *signing.signer()]
        said = cosign("verify-attestation", *arguments, image)
    assert any(json.loads(line)["payload"] for line in said.splitlines() if line.startswith("{"))


def _push(store: ContentStore, config: Mapping[str, Any], layers: list[Any], *, tag: str) -> str:
    """An image with this configuration and these layers; its digest."""
    whole = {
        "architecture": "",
        "os": "",
        "rootfs": {"type": "layers", "diff_ids": [layer["digest"] for layer in layers]},
    }
    blob = store.push_blob(msgspec.json.encode({**whole, **config}), media_type=OCI_CONFIG)
    parts = {"mediaType": OCI_CONFIG, "digest": blob.digest, "size": blob.size}
    document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": parts, "layers": layers}
    return store.push_manifest(msgspec.json.encode(document), media_type=OCI_MANIFEST, tag=tag).digest
