"""What the switches of the fake Sigstore break is what real clients complain of; the same without the fault they accept."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ObjectIdentifier
from cryptography.x509.oid import ExtendedKeyUsageOID
from tests.support.registry import MemoryRegistry
from tests.support.sigstore.cosign import BLOB, STATEMENT, Cosign, statement_about
from tests.support.sigstore.fake import FakeSigstore
from tests.support.sigstore.keys import SigningKey
from tests.support.sigstore.legacy import attach_legacy
from tests.support.sigstore.log import Generation
from tests.support.sigstore.signing import sign_blob, sign_envelope
from tests.support.sigstore.switches import Switch
from tests.support.sigstore.timestamping import TimestampAuthority

V1, V2 = Generation.V1, Generation.V2
HOLDER: Final = (
    "--certificate-identity", "alice@gmail.test", "--certificate-oidc-issuer", "https://accounts.google.com",
)  # fmt: skip
WRONG_CERTIFICATES: Final[Mapping[Switch, str]] = {
    Switch.NO_SCT: "certificate timestamp",
    Switch.WRONG_SCT: "certificate timestamp",
    Switch.OTHER_CT_LOG: "certificate timestamp",
    Switch.OLD_SCT: "certificate timestamp",
    Switch.WRONG_CA: "leaf certificate",
    Switch.NO_CODE_SIGNING: "leaf certificate",
    Switch.OTHER_SAN: "mallory@example.test",
    Switch.OTHER_ISSUER_EXTENSION: "issuer.mallory.test",
    Switch.OTHER_KEY: "verify signature",
}
V1_FAULTS: Final[Mapping[Switch, str]] = {
    **WRONG_CERTIFICATES,
    Switch.EXPIRED_LEAF: "integrated time",
    Switch.FUTURE_LEAF: "integrated time",
    Switch.LATE_ENTRY: "integrated time",
    Switch.NO_PROOF: "",  # it takes the bundle for another format
    Switch.NO_CHECKPOINT: "",
    Switch.BAD_PROOF: "calculated root",
    Switch.BAD_CHECKPOINT: "checkpoint",
    Switch.OTHER_ROOT: "root hash",
    Switch.OTHER_LOG: "not enough verified log entries",
    Switch.OTHER_ENTRY: "signature does not match",
    Switch.BAD_SET: "not enough verified log entries",
    Switch.NO_SET: "integrated timestamps",
}
V2_FAULTS: Final[Mapping[Switch, str]] = {
    **WRONG_CERTIFICATES,
    Switch.EXPIRED_LEAF: "leaf certificate",
    Switch.FUTURE_LEAF: "leaf certificate",
    Switch.NO_PROOF: "",
    Switch.NO_CHECKPOINT: "",
    Switch.BAD_PROOF: "calculated root",
    Switch.BAD_CHECKPOINT: "checkpoint signature",
    Switch.OTHER_ROOT: "calculated root",
    Switch.OTHER_LOG: "not enough verified log entries",
    Switch.OTHER_ENTRY: "calculated root",
    Switch.TSA_OUTSIDE_WINDOW: "before the validity period",
    Switch.TSA_WRONG_HASH: "hashed messages",
    Switch.TSA_SHA1: "weak hash",
    Switch.TSA_UNTRUSTED_LEAF: "certificate for signer",
    Switch.TSA_BAD_SIGNATURE: "verification failure",
    Switch.TSA_REFUSED: "rejected",
}
UNSEEN_BY_PYTHON: Final = {None, Switch.OLD_SCT}
"""No fault, and one that it does not look at: it knows no windows of certificate logs."""

needs_cosign = pytest.mark.skipif(shutil.which("cosign") is None, reason="cosign is not on PATH")
needs_sigstore = pytest.mark.skipif(importlib.util.find_spec("sigstore") is None, reason="sigstore is not installed")
pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeSigstore]:
    with FakeSigstore() as running:
        yield running


class Verifier:
    """Cosign, with what it is to trust."""

    def __init__(self, fake: FakeSigstore, folder: Path) -> None:
        self._cosign = Cosign(folder)
        self._bundle = folder / "bundle.json"
        self._trust = ("--trusted-root", str(fake.write(folder).trusted_root), *HOLDER)

    def attestation(self, bundle: bytes, *more: str, code: int = 0) -> str:
        self._bundle.write_bytes(bundle)
        arguments = ("--bundle", "bundle.json", *self._trust, "--type", "vuln", *more, "blob")
        return self._cosign("verify-blob-attestation", *arguments, code=code)

    def blob(self, bundle: bytes, *more: str) -> None:
        self._bundle.write_bytes(bundle)
        self._cosign("verify-blob", "--bundle", "bundle.json", *self._trust, *more, "blob")

    def legacy(self, image: str, *more: str) -> None:
        self._cosign(
            "verify-attestation", "--new-bundle-format=false", *self._trust, "--type", "vuln", *more, image
        )  # fmt: skip


@pytest.fixture
def verifier(fake: FakeSigstore, tmp_path: Path) -> Verifier:
    return Verifier(fake, tmp_path)


@needs_cosign
class TestGood:
    @pytest.mark.parametrize("kind", ["dsse 0.0.1", "intoto 0.0.2"])
    def test_kinds_of_the_first_log(self, fake: FakeSigstore, verifier: Verifier, kind: str) -> None:
        verifier.attestation(sign_envelope(fake.instance, STATEMENT, kind=kind).data)

    @pytest.mark.parametrize("kind", ["dsse 0.0.1", "intoto 0.0.1", "intoto 0.0.2"])
    def test_the_older_storage(self, fake: FakeSigstore, verifier: Verifier, kind: str) -> None:
        with MemoryRegistry() as registry:
            image = registry.put_image("app", "1")
            made = sign_envelope(fake.instance, statement_about(image.digest), kind=kind)
            attach_legacy(registry, "app", image, made)
            verifier.legacy(f"{registry.host}/app@{image.digest}")

    @pytest.mark.parametrize("version", [1, 2, 3])
    def test_versions_of_bundles(self, fake: FakeSigstore, verifier: Verifier, version: int) -> None:
        verifier.attestation(sign_envelope(fake.instance, STATEMENT, version=version).data)

    @pytest.mark.parametrize("log", Generation)
    def test_messages(self, fake: FakeSigstore, verifier: Verifier, log: Generation) -> None:
        verifier.blob(sign_blob(fake.instance, BLOB, log=log, timestamp=True).data, "--use-signed-timestamps")

    @pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)])
    def test_other_keys(self, fake: FakeSigstore, verifier: Verifier, key: SigningKey) -> None:
        made = sign_envelope(fake.instance, STATEMENT, key=key, log=V2, timestamp=True)
        verifier.attestation(made.data, "--use-signed-timestamps")

    @pytest.mark.parametrize("log", [*Generation, None])
    @pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)])
    def test_managed_keys(self, fake: FakeSigstore, tmp_path: Path, key: SigningKey, log: Generation | None) -> None:
        made = sign_envelope(fake.instance, STATEMENT, key=key, managed=True, log=log, timestamp=True)
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        for name, data in (("key.pub", public), ("bundle.json", made.data)):
            (tmp_path / name).write_bytes(data)
        Cosign(tmp_path)(
            "verify-blob-attestation", "--bundle", "bundle.json", "--trusted-root", fake.write(tmp_path).trusted_root,
            "--key", "key.pub", "--type", "vuln", "--use-signed-timestamps", f"--insecure-ignore-tlog={log is None}", "blob",
        )  # fmt: skip

    def test_logs_that_begin_with_this_entry(self, tmp_path: Path) -> None:
        with FakeSigstore(seeded=False) as fake:
            Verifier(fake, tmp_path).attestation(sign_envelope(fake.instance, STATEMENT).data)


@needs_cosign
class TestCosignRefuses:
    @pytest.mark.parametrize("switch", V1_FAULTS)
    def test_first_log(self, fake: FakeSigstore, verifier: Verifier, switch: Switch) -> None:
        verifier.attestation(sign_envelope(fake.instance, STATEMENT).data)
        bad = sign_envelope(fake.instance, STATEMENT, switches={switch})
        assert V1_FAULTS[switch] in verifier.attestation(bad.data, code=1)

    @pytest.mark.parametrize("switch", V2_FAULTS)
    def test_second_log_and_timestamp(self, fake: FakeSigstore, verifier: Verifier, switch: Switch) -> None:
        good = sign_envelope(fake.instance, STATEMENT, log=V2, timestamp=True)
        bad = sign_envelope(fake.instance, STATEMENT, log=V2, timestamp=True, switches={switch})
        verifier.attestation(good.data, "--use-signed-timestamps")
        assert V2_FAULTS[switch] in verifier.attestation(bad.data, "--use-signed-timestamps", code=1)

    @pytest.mark.parametrize(
        ("usages", "critical"),
        [
            pytest.param([ExtendedKeyUsageOID.TIME_STAMPING], False, id="the usage is not critical"),
            pytest.param([ExtendedKeyUsageOID.CODE_SIGNING], True, id="the usage is another one"),
        ],
    )
    def test_authorities_that_must_not_stamp(
        self, tmp_path: Path, usages: list[ObjectIdentifier], critical: bool
    ) -> None:
        with FakeSigstore() as fake:
            fake.instance.timestamps = TimestampAuthority(fake.instance.epoch, usages=usages, critical=critical)
            made = sign_envelope(fake.instance, STATEMENT, log=V2, timestamp=True)
            Verifier(fake, tmp_path).attestation(made.data, "--use-signed-timestamps", code=1)


@needs_sigstore
class TestSigstorePythonRefuses:
    @pytest.mark.parametrize("switch", [None, *V1_FAULTS])
    def test_first_log(self, fake: FakeSigstore, switch: Switch | None) -> None:
        assert self.accepts(fake, V1, switch) is (switch in UNSEEN_BY_PYTHON)

    @pytest.mark.parametrize("switch", [None, *V2_FAULTS])
    def test_second_log(self, fake: FakeSigstore, switch: Switch | None) -> None:
        assert self.accepts(fake, V2, switch) is (switch in UNSEEN_BY_PYTHON)

    def accepts(self, fake: FakeSigstore, log: Generation, switch: Switch | None) -> bool:
        from sigstore.errors import Error
        from sigstore.models import Bundle, ClientTrustConfig, InvalidBundle
        from sigstore.verify import Verifier as Python
        from sigstore.verify import policy

        trust = ClientTrustConfig.from_json(json.dumps(fake.instance.client_trust()))
        switches = {switch} if switch else set()
        made = sign_envelope(fake.instance, STATEMENT, log=log, timestamp=log is V2, switches=switches)
        identity = policy.Identity(identity="alice@gmail.test", issuer="https://accounts.google.com")
        try:
            Python(trusted_root=trust.trusted_root).verify_dsse(Bundle.from_json(made.data), identity)
        except (Error, InvalidBundle, ValueError):  # the last for a reply without a timestamp
            return False
        return True
