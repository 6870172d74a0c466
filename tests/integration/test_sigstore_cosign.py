"""What real cosign signs, verified here: every way of logging and stamping, keys and identities, both formats.

Needs `cosign` 3 on PATH, and loopback alone.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from tests.support.registry import MemoryRegistry
from tests.support.sigstore.accounts import ACCOUNTS, GOOGLE, Account, google
from tests.support.sigstore.cosign import BLOB, Cosign
from tests.support.sigstore.fake import FakeSigstore
from tests.support.sigstore.log import Generation

from assaymark.attest.bundle import parse_bundle
from assaymark.attest.keys.public import PublicKey, parse_public_key
from assaymark.attest.predicate import find_predicate_type
from assaymark.attest.sigstore.artifact import blob_of_data, blob_of_digest
from assaymark.attest.sigstore.expectation import Demand, Expectation
from assaymark.attest.sigstore.identity import Exact, Identity
from assaymark.attest.sigstore.material import Material, material_of_bundle, material_of_layer
from assaymark.attest.sigstore.proof import Proof
from assaymark.attest.sigstore.trusted_root import parse_trusted_root
from assaymark.attest.sigstore.verify import verify_material
from assaymark.attest.store.attestation import legacy_tag

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(shutil.which("cosign") is None, reason="cosign is not on PATH"),
]
V1, V2 = Generation.V1, Generation.V2
WAYS: Final[Mapping[str, Mapping[str, Any]]] = {
    "log 1": {"logs": [V1]},
    "log 1 and a timestamp": {"logs": [V1], "timestamps": True},
    "log 2 and a timestamp": {"logs": [V2], "timestamps": True},
    "a timestamp": {"logs": [], "timestamps": True},
}
ALICE: Final = (Identity(name=Exact("alice@gmail.test"), issuer=Exact(GOOGLE)),)


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeSigstore]:
    with FakeSigstore() as running:
        yield running


@pytest.fixture
def cosign(tmp_path: Path) -> Cosign:
    return Cosign(tmp_path)


def check(material: Material, fake: FakeSigstore, way: str, **expected: Any) -> None:
    """Verify, and see that everything that the way of signing offers was looked at."""
    parts = {"artifact": blob_of_data(BLOB), "predicate_type": find_predicate_type("vuln"), **expected}
    parts["log"] = Demand.REQUIRED if WAYS[way]["logs"] else Demand.CHECKED
    parts["timestamp"] = Demand.REQUIRED if WAYS[way].get("timestamps") else Demand.CHECKED
    trust = parse_trusted_root(json.dumps(fake.instance.trusted_root()).encode())
    proof: Proof = verify_material(material, Expectation(**parts), trust)
    assert len(proof.entries) == len(WAYS[way]["logs"])
    assert len(proof.timestamps) == bool(WAYS[way].get("timestamps"))


def bundle(folder: Path) -> Material:
    return material_of_bundle(parse_bundle((folder / "bundle.json").read_bytes()))


def make_key(cosign: Cosign, folder: Path) -> PublicKey:
    cosign("generate-key-pair")
    return parse_public_key((folder / "cosign.pub").read_bytes())


@pytest.mark.parametrize("way", WAYS)
def test_an_identitys_attestation_is_verified(fake: FakeSigstore, cosign: Cosign, tmp_path: Path, way: str) -> None:
    files = fake.write(tmp_path, **WAYS[way])
    cosign(
        "attest-blob", "--yes", "--identity-token", fake.instance.token(google()), "--signing-config",
        files.signing_config, "--trusted-root", files.trusted_root, "--type", "vuln", "--predicate", "vuln.json",
        "--bundle", "bundle.json", "blob",
    )  # fmt: skip
    check(bundle(tmp_path), fake, way, identities=ALICE)


@pytest.mark.parametrize("way", WAYS)
def test_a_keys_attestation_is_verified(fake: FakeSigstore, cosign: Cosign, tmp_path: Path, way: str) -> None:
    files = fake.write(tmp_path, **WAYS[way], keyless=False)
    key = make_key(cosign, tmp_path)
    cosign(
        "attest-blob", "--yes", "--key", "cosign.key", "--signing-config", files.signing_config, "--trusted-root",
        files.trusted_root, "--type", "vuln", "--predicate", "vuln.json", "--bundle", "bundle.json", "blob",
    )  # fmt: skip
    check(bundle(tmp_path), fake, way, keys=(key,))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("managed", [True, False], ids=["by a key", "by an identity"])
def test_a_files_signature_is_verified(
    fake: FakeSigstore, cosign: Cosign, tmp_path: Path, way: str, managed: bool
) -> None:
    files = fake.write(tmp_path, **WAYS[way], keyless=not managed)
    keys = (make_key(cosign, tmp_path),) if managed else ()
    signer = ["--key", "cosign.key"] if managed else ["--identity-token", fake.instance.token(google())]
    cosign(
        "sign-blob", "--yes", *signer, "--signing-config", files.signing_config, "--trusted-root",
        files.trusted_root, "--bundle", "bundle.json", "blob",
    )  # fmt: skip
    check(bundle(tmp_path), fake, way, keys=keys, identities=None if managed else ALICE, predicate_type=None)


@pytest.mark.parametrize("account", ACCOUNTS.values(), ids=ACCOUNTS)
def test_every_account_is_verified(fake: FakeSigstore, cosign: Cosign, tmp_path: Path, account: Account) -> None:
    files = fake.write(tmp_path)
    cosign(
        "attest-blob", "--yes", "--identity-token", fake.instance.token(account), "--signing-config",
        files.signing_config, "--trusted-root", files.trusted_root, "--type", "vuln", "--predicate", "vuln.json",
        "--bundle", "bundle.json", "blob",
    )  # fmt: skip
    name = str(getattr(fake.instance.authenticate(fake.instance.token(account)).name, "value", ""))
    name = f"{account.claims['sub']}!example.test" if account.name == "username" else name
    issuer = account.certificate_issuer or account.issuer or fake.instance.issuer
    check(bundle(tmp_path), fake, "log 1", identities=(Identity(name=Exact(name), issuer=Exact(issuer)),))


@pytest.mark.parametrize("stamped", [False, True], ids=["log 1", "log 1 and a timestamp"])
@pytest.mark.parametrize("managed", [True, False], ids=["by a key", "by an identity"])
def test_the_older_format_is_verified(
    fake: FakeSigstore, cosign: Cosign, tmp_path: Path, managed: bool, stamped: bool
) -> None:
    files = fake.write(tmp_path)
    keys = (make_key(cosign, tmp_path),) if managed else ()
    signer = ["--key", "cosign.key"] if managed else ["--identity-token", fake.instance.token(google())]
    stamp = ["--timestamp-server-url", f"{fake.url}/api/v1/timestamp"] if stamped else []
    with MemoryRegistry() as registry:
        image = registry.put_image("app")
        cosign(
            "attest", "--yes", *signer, "--new-bundle-format=false", "--use-signing-config=false", "--fulcio-url",
            fake.url, "--rekor-url", fake.url, *stamp, "--type", "vuln", "--trusted-root", files.trusted_root,
            "--predicate", "vuln.json", f"{registry.host}/app@{image.digest}",
        )  # fmt: skip
        content = registry.repository("app")
        digest = registry.tag_digest("app", legacy_tag(image.digest))
        assert digest is not None
        (layer,) = json.loads(content.manifests[digest][0])["layers"]
        material = material_of_layer(content.blobs[layer["digest"]], layer["annotations"])
    way = "log 1 and a timestamp" if stamped else "log 1"
    identities = None if managed else ALICE
    check(material, fake, way, keys=keys, identities=identities, artifact=blob_of_digest(image.digest))
