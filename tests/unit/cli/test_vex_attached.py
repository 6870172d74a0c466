"""`--vex oci`: documents attached to an image count when the named signer signed them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.commands import attest, place_keys
from tests.support.images import build_image
from tests.support.registry import MemoryRegistry
from tests.support.sigstore.accounts import GOOGLE
from tests.support.sigstore.attached import Attested
from tests.support.sigstore.fake import FakeSigstore
from tests.support.sigstore.signing import sign_envelope
from tests.support.vex import openvex, statement
from tests.support.workshop import ALPINE, Ran, Workshop

from assaymark.model.digest import sha256_digest
from assaymark.net.http import Http
from assaymark.oci.registry import Registry

MUSL, ZLIB = "CVE-2019-14697", "CVE-2018-25032"
OLD, NEW = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as made:
        yield made


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, registry: MemoryRegistry) -> Workshop:
    """The working directory has keys and documents; the registry has an image."""
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path, "ours", "theirs")
    build_image([ALPINE]).push(Registry(Http()).repository(registry.reference("app")), tag="v1")
    return Workshop(tmp_path, offline=False)


def attach(shop: Workshop, registry: MemoryRegistry, document: bytes, *flags: str, key: str = "ours.key") -> None:
    (shop.folder / "x.json").write_bytes(document)
    ran = attest(f"{registry.host}/app:v1", *flags, type="openvex", predicate="x.json", key=key)
    assert ran.code == 0, ran.err


def scan(shop: Workshop, registry: MemoryRegistry, *flags: str) -> Ran:
    return shop.run(
        "image", "--image-src=remote", "--format=json", "--show-suppressed", "--skip-db-update", *flags,
        f"{registry.host}/app:v1",
    )  # fmt: skip


def gone(report: Any) -> list[list[str]]:
    return [
        [each["Finding"]["VulnerabilityID"], each["Source"]]
        for result in report["Results"]
        for each in result.get("ExperimentalModifiedFindings", ())
    ]


@pytest.mark.parametrize("flags", [(), ("--attestation-format=legacy",)], ids=["a bundle", "the tag"])
def test_a_document_by_the_named_key_counts(shop: Workshop, registry: MemoryRegistry, flags: tuple[str, ...]) -> None:
    document = openvex(statement("pkg:apk/alpine/zlib", name=ZLIB))
    attach(shop, registry, document, *flags)

    ran = scan(shop, registry, "--vex=oci", "--vex-key=ours.pub")

    digest = ran.report["Metadata"]["RepoDigests"][0].partition("@")[2]
    purl = f"pkg:oci/app@{digest}?arch=amd64&repository_url={registry.host}%2Fapp"
    assert (ran.code, gone(ran.report)) == (0, [[ZLIB, f"VEX attestation in OCI registry ({purl})"]])
    [told] = ran.report["Coverage"]["VEX"]
    assert told["Signers"] == ["ours.pub"]
    assert [len(told["Digests"]), told["Digests"][0][:7]] == [1, sha256_digest(b"")[:7]]


def test_a_document_by_somebody_else_takes_nothing_out_and_is_told(shop: Workshop, registry: MemoryRegistry) -> None:
    attach(shop, registry, openvex(statement("pkg:apk/alpine/zlib", name=ZLIB)), key="theirs.key")

    ran = scan(shop, registry, "--vex=oci", "--vex-key=ours.pub")

    assert (ran.code, gone(ran.report)) == (0, [])
    assert "[WRONG_KEY]" in ran.err
    assert "has no VEX document by the signer who was named" in ran.err


def test_the_latest_statement_of_all_documents_decides(shop: Workshop, registry: MemoryRegistry) -> None:
    attach(shop, registry, openvex(statement("pkg:apk/alpine/zlib", name=ZLIB, timestamp=OLD)))
    affected = statement("pkg:apk/alpine/zlib", name=ZLIB, status="affected", timestamp=NEW)
    attach(shop, registry, openvex(affected, statement("pkg:apk/alpine/musl", name=MUSL)))

    ran = scan(shop, registry, "--vex=oci", "--vex-key=ours.pub")

    assert [name for name, _ in gone(ran.report)] == [MUSL]


def test_files_and_what_is_attached_keep_their_order(shop: Workshop, registry: MemoryRegistry) -> None:
    attach(shop, registry, openvex(statement("pkg:apk/alpine/zlib", name=ZLIB, status="fixed")))
    (shop.folder / "file.json").write_bytes(openvex(statement("pkg:apk/alpine/zlib", name=ZLIB)))

    def source(order: str) -> str:
        return gone(scan(shop, registry, f"--vex={order}", "--vex-key=ours.pub").report)[0][1].partition(" ")[0]

    assert [source("file.json,oci"), source("oci,file.json")] == ["file.json", "VEX"]


def test_attestations_of_other_types_are_left_alone(shop: Workshop, registry: MemoryRegistry) -> None:
    (shop.folder / "x.json").write_bytes(b"{}")
    assert attest(f"{registry.host}/app:v1", type="custom", predicate="x.json").code == 0

    ran = scan(shop, registry, "--vex=oci", "--vex-key=ours.pub")

    assert (ran.code, gone(ran.report), "is refused" in ran.err) == (0, [], False)


def test_a_document_by_the_named_identity_counts(shop: Workshop, registry: MemoryRegistry) -> None:
    store = Registry(Http()).repository(registry.reference("app"))
    image = Attested(registry, image=store.manifest("v1").descriptor)
    said = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "app", "digest": {"sha256": image.digest.removeprefix("sha256:")}}],
        "predicateType": "https://openvex.dev/ns/v0.2.0",
        "predicate": json.loads(openvex(statement("pkg:apk/alpine/zlib", name=ZLIB))),
    }
    with FakeSigstore() as fake:
        fake.write(shop.folder)
        image.attach(sign_envelope(fake.instance, json.dumps(said).encode()))

        def names(who: str) -> list[str]:
            flags = ("--vex=oci", "--vex-identity", who, "--vex-oidc-issuer", GOOGLE)
            ran = scan(shop, registry, *flags, "--trusted-root=trusted_root.json")
            return [name for name, _ in gone(ran.report)]

        assert [names("alice@gmail.test"), names("mallory@gmail.test")] == [[ZLIB], []]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        pytest.param((), "`--vex oci` needs one signer", id="nobody"),
        pytest.param(("--vex-identity=a@b.example",), "belong together", id="half an identity"),
        pytest.param(("--vex-oidc-issuer=https://x",), "belong together", id="the other half"),
        pytest.param(
            ("--vex-key=a", "--vex-identity=a@b.example", "--vex-oidc-issuer=https://x"),
            "there is one signer",
            id="both",
        ),
        pytest.param(("--vex-key=",), "`--vex-key` is empty", id="an empty key"),
        pytest.param(("--vex-key=ours.pub", "--input=image.tar"), "about an image on a registry", id="an archive"),
    ],
)
def test_whom_to_believe_must_be_said(shop: Workshop, flags: tuple[str, ...], message: str) -> None:
    target = [] if any(flag.startswith("--input") for flag in flags) else ["none.example/app"]

    ran = shop.run("image", "--vex=oci", *flags, *target)

    assert ran.code == 2
    assert message in ran.err


def test_a_signer_without_anything_signed_is_refused(shop: Workshop) -> None:
    ran = shop.run("image", "--vex=file.json", "--vex-key=ours.pub", "none.example/app")

    assert (ran.code, "are about `--vex oci`" in ran.err) == (2, True)
