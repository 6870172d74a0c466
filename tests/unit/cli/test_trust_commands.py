"""Where `verify-attestation` takes its trust from: mirrors that `initialize` chose, files, and keys whose logs count."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.support.commands import Ran, run
from tests.support.registry import MemoryRegistry
from tests.support.sigstore.accounts import GOOGLE
from tests.support.sigstore.attached import Attested
from tests.support.sigstore.cosign import statement_about
from tests.support.sigstore.fake import FakeSigstore
from tests.support.sigstore.signing import sign_envelope
from tests.support.sigstore.switches import Switch

from assaymark.attest.predicate import VULN_TYPE
from assaymark.attest.store.bundle_store import push_bundle
from assaymark.model.descriptor import OCI_CONFIG, OCI_MANIFEST
from assaymark.oci.layout import Layout

ALICE = ("--certificate-identity", "alice@gmail.test", "--certificate-oidc-issuer", GOOGLE)
CACHE = ("--cache-dir", "cache")


@pytest.fixture
def fake() -> Iterator[FakeSigstore]:
    with FakeSigstore() as running:
        yield running


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as made:
        yield made


@pytest.fixture
def image(registry: MemoryRegistry) -> Attested:
    return Attested(registry)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def initialize(fake: FakeSigstore, here: Path, *more: str) -> Ran:
    (here / "root.json").write_bytes(fake.tuf.initial_root)
    return run("initialize", "--mirror", fake.tuf_url, "--root", "root.json", *CACHE, *more)


def verify(*arguments: str) -> Ran:
    return run("verify-attestation", "--type", "vuln", *CACHE, *arguments)


def without_logs(fake: FakeSigstore) -> bytes:
    """The trusted root of before the log began to work."""
    return json.dumps(fake.instance.trusted_root() | {"tlogs": []}).encode()


class TestMirrors:
    def test_an_initialised_mirror_is_asked_once(self, fake: FakeSigstore, image: Attested, here: Path) -> None:
        image.attach(image.sign(fake.instance))
        ran = initialize(fake, here)
        assert (ran.code, ran.err) == (0, f"trust data of `{fake.tuf_url}` is used from now on\n")
        asked = len(fake.requests)
        assert verify(*ALICE, image.text).code == 0
        assert len(fake.requests) == asked

    def test_variables_name_a_mirror(
        self, fake: FakeSigstore, image: Attested, here: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        image.attach(image.sign(fake.instance))
        (here / "r.json").write_bytes(fake.tuf.initial_root)
        environ = {"TUF_MIRROR": fake.tuf_url, "TUF_ROOT_JSON": "r.json", "TUF_ROOT": "elsewhere"}
        ran = run("verify-attestation", "--type", "vuln", *ALICE, image.text, environ=environ)
        assert (ran.code, [entry.name for entry in here.iterdir() if entry.is_dir()]) == (0, ["elsewhere"])

    def test_a_checksum_is_compared(self, fake: FakeSigstore, here: Path) -> None:
        ran = initialize(fake, here, "--root-checksum", "0" * 64)
        assert (ran.code != 0, "instead of" in ran.first, fake.requests) == (True, True, [])

    def test_no_network(self, fake: FakeSigstore, here: Path) -> None:
        assert initialize(fake, here, "--offline").code == 5

    def test_a_log_that_is_new_renews_what_is_known_once(
        self, fake: FakeSigstore, registry: MemoryRegistry, here: Path
    ) -> None:
        images = [Attested(registry, name) for name in ("one", "two")]
        for each in images:
            each.attach(each.sign(fake.instance))
        fake.tuf.publish("trusted_root.json", without_logs(fake))
        assert initialize(fake, here).code == 0
        ran = verify(*ALICE, images[0].text)
        assert ran.first.startswith("error [UNKNOWN_LOG]")
        fake.tuf.publish("trusted_root.json", json.dumps(fake.instance.trusted_root()).encode())
        asked = fake.paths().count("/tuf/timestamp.json")
        assert verify(*ALICE, *(each.text for each in images)).code == 0
        assert fake.paths().count("/tuf/timestamp.json") == asked + 1

    def test_a_renewal_that_fails_leaves_the_reason(self, fake: FakeSigstore, image: Attested, here: Path) -> None:
        image.attach(image.sign(fake.instance, switches={Switch.OTHER_LOG}))
        assert initialize(fake, here).code == 0
        fake.fail(500, times=100, path="/tuf/")
        ran = verify(*ALICE, image.text)
        assert (ran.code, "error [UNKNOWN_LOG]" in ran.err) == (7, True)

    def test_a_file_is_never_renewed(self, fake: FakeSigstore, image: Attested, here: Path) -> None:
        image.attach(image.sign(fake.instance))
        (here / "r.json").write_bytes(without_logs(fake))
        assert verify(*ALICE, "--trusted-root", "r.json", image.text).first.startswith("error [UNKNOWN_LOG]")
        assert fake.requests == []

    @pytest.mark.parametrize(
        ("content", "code", "told"),
        [
            pytest.param(None, 9, "error: cannot read `r.json`", id="none"),
            pytest.param("{}", 7, "error [TRUSTED_ROOT_MALFORMED]: `r.json` is malformed", id="something else"),
        ],
    )
    def test_a_file_that_is_no_trusted_root(
        self, registry: MemoryRegistry, here: Path, content: str | None, code: int, told: str
    ) -> None:
        if content is not None:
            (here / "r.json").write_text(content)
        ran = verify(*ALICE, "--trusted-root", "r.json", f"{registry.host}/app:v1")
        assert (ran.code, ran.first[: len(told)], registry.requests) == (code, told, [])


class TestKeysWithLogs:
    @pytest.fixture
    def key(self, here: Path, fake: FakeSigstore) -> ec.EllipticCurvePrivateKey:
        fake.write(here)
        made = ec.generate_private_key(ec.SECP256R1())
        pem = made.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (here / "k.pub").write_bytes(pem)
        return made

    def run(self, *arguments: str) -> Ran:
        return verify("--key", "k.pub", *arguments)

    def test_alone_the_entry_is_not_looked_at(
        self, fake: FakeSigstore, image: Attested, key: ec.EllipticCurvePrivateKey
    ) -> None:
        image.attach(image.sign(fake.instance, managed=True, key=key, switches={Switch.BAD_SET}))
        ran = self.run(image.text)
        assert (ran.code, "log entry was ignored" in ran.err, fake.requests) == (0, True, [])

    def test_with_a_trusted_root_what_is_there_is_right(
        self, fake: FakeSigstore, image: Attested, key: ec.EllipticCurvePrivateKey
    ) -> None:
        root = ("--trusted-root", "trusted_root.json")
        image.attach(image.sign(fake.instance, managed=True, key=key, switches={Switch.BAD_SET}))
        assert self.run(*root, image.text).first.startswith("error [BAD_PROMISE]")
        assert self.run(*root, "--insecure-ignore-tlog", image.text).code == 0
        image.attach(image.sign(fake.instance, managed=True, key=key, log=None))
        ran = self.run(*root, image.text)
        assert (ran.code, "  - not checked: transparency log: there is no log entry" in ran.err) == (0, True)
        ran = self.run(*root, "--require-log", image.text)
        assert (ran.code, len(ran.lines)) == (7, 0)
        image.attach(image.sign(fake.instance, managed=True, key=key))
        ran = self.run(*root, "--require-log", "--report=json", image.text)
        (found,) = ran.json["images"][0]["attestations"]
        assert (found["signer"]["key"], found["logEntries"][0]["log"]) == ("k.pub", fake.url)

    def test_timestamps_are_demanded(
        self, fake: FakeSigstore, image: Attested, key: ec.EllipticCurvePrivateKey
    ) -> None:
        root = ("--trusted-root", "trusted_root.json", "--use-signed-timestamps")
        image.attach(image.sign(fake.instance, managed=True, key=key))
        assert self.run(*root, image.text).first.startswith("error [NO_TIMESTAMP]")
        image.attach(image.sign(fake.instance, managed=True, key=key, timestamp=True))
        assert len(self.run(*root, "--insecure-ignore-tlog", image.text).lines) == 1

    def test_a_key_never_stands_in_for_an_identity_nor_the_other_way_round(
        self, fake: FakeSigstore, image: Attested, key: ec.EllipticCurvePrivateKey
    ) -> None:
        root = ("--trusted-root", "trusted_root.json")
        image.attach(image.sign(fake.instance, managed=True, key=key))
        ran = verify(*root, *ALICE, image.text)
        assert ran.first.startswith("error [KEY_NOT_CERTIFICATE]")
        assert "give the public key with `--key`" in ran.err
        image.attach(image.sign(fake.instance))
        assert len(verify(*root, *ALICE, image.text).lines) == 1
        assert len(self.run(*root, image.text).lines) == 1


def test_offline_needs_what_was_saved_and_nobody(fake: FakeSigstore, here: Path) -> None:
    store = Layout(here / "lay", create=True)
    config = store.push_blob(b"{}", media_type=OCI_CONFIG)
    parts = {"mediaType": OCI_CONFIG, "digest": config.digest, "size": config.size}
    document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": parts, "layers": []}
    subject = store.push_manifest(json.dumps(document).encode(), media_type=OCI_MANIFEST, tag="v1")
    signed = sign_envelope(fake.instance, statement_about(subject.digest))
    push_bundle(store, subject, signed.data, predicate_type=VULN_TYPE, created="2026-01-02T03:04:05Z")
    assert initialize(fake, here).code == 0
    asked = len(fake.requests)
    offline = ("--offline", "--local-image", "lay")
    ran = verify(*ALICE, *offline)
    assert (ran.code, len(ran.lines), len(fake.requests)) == (0, 1, asked), ran.err
    ran = run("verify-attestation", "--type", "vuln", "--cache-dir", "empty", *ALICE, *offline)
    assert (ran.code, "error [UNTRUSTED_CERTIFICATE]" in ran.err) == (7, True)  # the release knows the public instance


def test_cosign_s_variables_for_single_files_are_not_passed_over(
    fake: FakeSigstore, image: Attested, here: Path
) -> None:
    image.attach(image.sign(fake.instance))
    assert initialize(fake, here).code == 0
    told = "SIGSTORE_ROOT_FILE is not read: `--trusted-root FILE` says whom to believe"
    words = ("verify-attestation", "--type", "vuln", *CACHE, *ALICE, image.text)
    ran = run(*words, environ={"SIGSTORE_ROOT_FILE": "ca.pem"})
    assert (ran.code, ran.err.count(told)) == (0, 1), ran.err
    fake.write(here)
    ran = run(*words, "--trusted-root=trusted_root.json", environ={"SIGSTORE_ROOT_FILE": "ca.pem"})
    assert (ran.code, told in ran.err) == (0, False), ran.err
