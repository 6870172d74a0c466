"""`image --sbom-sources oci`: which attached SBOM is scanned in the place of the layers, and who must have signed it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.attached_sboms import SPDX_JSON, attach_artifact
from tests.support.boms import FLASK, MUSL, bom, encoded, package, spdx
from tests.support.commands import attest, place_keys
from tests.support.images import build_image, build_index
from tests.support.registry import MemoryRegistry
from tests.support.sigstore.accounts import GOOGLE
from tests.support.sigstore.attached import Attested
from tests.support.sigstore.fake import FakeSigstore
from tests.support.sigstore.signing import sign_envelope
from tests.support.workshop import ALPINE, FINDINGS, Ran, Workshop

from assaymark.model.descriptor import Descriptor
from assaymark.net.http import Http
from assaymark.oci.content import ContentStore
from assaymark.oci.registry import Registry

FLASKS = "CVE-2018-1000656"
BOM = encoded(bom(FLASK))
UNVERIFIED = "nobody verified who made the SBOM"


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as made:
        yield made


@pytest.fixture
def store(registry: MemoryRegistry) -> ContentStore:
    return Registry(Http()).repository(registry.reference("app"))


@pytest.fixture
def image(store: ContentStore) -> Descriptor:
    return build_image([ALPINE]).push(store, tag="v1")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path, "ours", "theirs")
    return Workshop(tmp_path, offline=False)


def scan(shop: Workshop, registry: MemoryRegistry, *flags: str, tag: str = "v1") -> Ran:
    given = ("--image-src=remote", "--format=json", "--skip-db-update", "--sbom-sources=oci")
    return shop.run("image", *given, *flags, f"{registry.host}/app:{tag}")


def sign(shop: Workshop, registry: MemoryRegistry, *flags: str, document: Any, by: str = "ours") -> None:
    (shop.folder / "bom.json").write_bytes(encoded(document))
    ran = attest(f"{registry.host}/app:v1", *flags, type="cyclonedx", predicate="bom.json", key=f"{by}.key")
    assert ran.code == 0, ran.err


def test_an_sbom_takes_the_place_of_the_layers(
    shop: Workshop, registry: MemoryRegistry, store: ContentStore, image: Descriptor
) -> None:
    attached = attach_artifact(store, image, BOM)
    ran = scan(shop, registry)

    assert (ran.code, ran.findings) == (0, [FLASKS])
    assert (ran.report["ArtifactName"], ran.report["ArtifactType"]) == (f"{registry.host}/app:v1", "cyclonedx")
    assert f"the SBOM in `{attached.digest}` is scanned in the place of the layers" in ran.err
    assert UNVERIFIED in ran.err
    assert not [path for path in registry.paths("GET") if "/blobs/" in path and image.digest in path]


def test_layers_are_scanned_where_nothing_is_attached(
    shop: Workshop, registry: MemoryRegistry, image: Descriptor
) -> None:
    ran = scan(shop, registry)

    assert (ran.code, ran.findings, ran.report["ArtifactType"]) == (0, FINDINGS, "container_image")
    assert "has no SBOM on a registry, so its layers are scanned" in ran.err


@pytest.mark.parametrize(
    ("layers", "kind", "told"),
    [
        pytest.param((b"hello",), "", "is no SBOM that is known", id="no SBOM"),
        pytest.param((BOM, BOM), "", "has 2 layers", id="two layers"),
        pytest.param((b'{"bomFormat": "CycloneDX", "specVersion": "9"}',), "", "CycloneDX `9`", id="a later version"),
        pytest.param((BOM,), "application/vnd.example", "", id="another kind"),
    ],
)
def test_what_is_no_sbom_is_told_and_the_next_one_counts(
    shop: Workshop,
    registry: MemoryRegistry,
    store: ContentStore,
    image: Descriptor,
    layers: tuple[bytes, ...],
    kind: str,
    told: str,
) -> None:
    attach_artifact(store, image, *layers, kind=kind or SPDX_JSON)
    alone = scan(shop, registry)
    attach_artifact(store, image, encoded(spdx(package("flask", "0.12", "pkg:pypi/flask@0.12"))), kind=SPDX_JSON)
    both = scan(shop, registry)

    assert (alone.code, alone.findings, told in alone.err) == (0, FINDINGS, True)
    assert (both.code, both.findings, both.report["ArtifactType"]) == (0, [FLASKS], "spdx")


@pytest.mark.parametrize("flags", [(), ("--attestation-format=legacy",)], ids=["a bundle", "the tag"])
def test_an_attestation_counts_with_and_without_a_signer(
    shop: Workshop, registry: MemoryRegistry, image: Descriptor, flags: tuple[str, ...]
) -> None:
    sign(shop, registry, *flags, document=bom(FLASK))
    unknown, ours, theirs = (
        scan(shop, registry, *key) for key in ((), ("--sbom-key=ours.pub",), ("--sbom-key=theirs.pub",))
    )

    assert [unknown.findings, UNVERIFIED in unknown.err] == [[FLASKS], True]
    assert [ours.findings, UNVERIFIED in ours.err] == [[FLASKS], False]
    assert [theirs.findings, "is refused [" in theirs.err] == [FINDINGS, True]
    assert "has no SBOM by the signer who was named on a registry, so its layers are scanned" in theirs.err


def test_the_record_says_which_sbom_was_scanned_and_who_signed_it(
    shop: Workshop, registry: MemoryRegistry, store: ContentStore, image: Descriptor
) -> None:
    sign(shop, registry, document=bom(FLASK))
    (referrer,) = store.referrers(image.digest) or ()

    def recorded(*flags: str) -> Any:
        return scan(shop, registry, "--format=cosign-vuln", *flags).report["invocation"]["parameters"]["sbom"]

    unknown, ours = recorded(), recorded("--sbom-key=ours.pub")
    assert unknown == {"digest": unknown["digest"], "attached": referrer.digest}
    assert ours == {"digest": ours["digest"], "attached": referrer.digest, "signer": "ours.pub"}


def test_with_a_signer_what_nobody_signed_does_not_count(
    shop: Workshop, registry: MemoryRegistry, store: ContentStore, image: Descriptor
) -> None:
    attach_artifact(store, image, BOM)
    assert scan(shop, registry, "--sbom-key=ours.pub").findings == FINDINGS

    sign(shop, registry, document=bom(FLASK), by="theirs")
    sign(shop, registry, document=bom(MUSL, {"type": "operating-system", "name": "alpine", "version": "3.10.9"}))
    assert scan(shop, registry, "--sbom-key=ours.pub").findings == ["CVE-2020-28928"]


def test_an_attestation_about_another_image_does_not_count(
    shop: Workshop, registry: MemoryRegistry, store: ContentStore, image: Descriptor
) -> None:
    sign(shop, registry, document=bom(FLASK))
    (referrer,) = store.referrers(image.digest) or ()
    other = build_image([{**ALPINE, "etc/motd": "another"}]).push(store, tag="v2")
    stored = json.loads(store.manifest(referrer.digest).data)
    bundle = next(iter(registry.repository("app").blobs[layer["digest"]] for layer in stored["layers"]))
    attach_artifact(store, other, bundle, kind=stored["artifactType"])

    ran = scan(shop, registry, "--sbom-key=ours.pub", tag="v2")

    assert (ran.findings, "[SUBJECT_MISMATCH]" in ran.err) == (FINDINGS, True)
    assert scan(shop, registry, tag="v2").findings == [FLASKS]


def test_attestations_of_other_things_are_passed_over(
    shop: Workshop, registry: MemoryRegistry, image: Descriptor
) -> None:
    assert attest(f"{registry.host}/app:v1").code == 0

    for flags in ((), ("--sbom-key=ours.pub",)):
        ran = scan(shop, registry, *flags)
        assert (ran.findings, "cannot be read" in ran.err, "refused" in ran.err) == (FINDINGS, False, False)


def test_an_identity(shop: Workshop, registry: MemoryRegistry, image: Descriptor) -> None:
    said = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "app", "digest": {"sha256": image.digest.removeprefix("sha256:")}}],
        "predicateType": "https://cyclonedx.org/bom",
        "predicate": bom(FLASK),
    }
    with FakeSigstore() as fake:
        fake.write(shop.folder)
        Attested(registry, image=image).attach(sign_envelope(fake.instance, json.dumps(said).encode()))

        def by(who: str) -> Ran:
            signer = ("--sbom-identity", who, "--sbom-oidc-issuer", GOOGLE)
            return scan(shop, registry, *signer, "--trusted-root=trusted_root.json")

        ours, others = by("alice@gmail.test"), by("mallory@gmail.test")

    assert ours.findings == [FLASKS], ours.err
    assert (others.findings, "[WRONG_IDENTITY]" in others.err) == (FINDINGS, True)


@pytest.mark.parametrize("at", ["the index", "the manifest"])
def test_an_image_of_several_platforms(shop: Workshop, registry: MemoryRegistry, store: ContentStore, at: str) -> None:
    built = build_image([ALPINE])
    index = build_index([built]).push(store, tag="v1")
    manifest = built.push(store)
    attach_artifact(store, index if at == "the index" else manifest, BOM)

    alone = scan(shop, registry)
    every = scan(shop, registry, "--platform=all")

    assert alone.findings == [FLASKS]
    assert every.findings == (FINDINGS if at == "the index" else [FLASKS])


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        pytest.param(("--sbom-sources=rekor",), "logs are not asked for SBOMs", id="a log"),
        pytest.param(("--sbom-sources=oci,x",), "`--sbom-sources x` is none", id="another source"),
        pytest.param(("--sbom-sources=oci", "--sbom-identity=a"), "belong together", id="half an identity"),
        pytest.param(("--sbom-key=ours.pub",), "are about `--sbom-sources oci`", id="a key without a source"),
        pytest.param(("--sbom-sources=oci", "--attest", "--key=ours.key"), "exclude each other", id="a record"),
        pytest.param(
            ("--sbom-sources=oci", "--vex=oci", "--vex-key=ours.pub"), "exclude each other", id="documents of the image"
        ),
    ],
)
def test_mistakes(shop: Workshop, flags: tuple[str, ...], message: str) -> None:
    ran = shop.run("image", *flags, "none.example/app")

    assert (ran.code, message in ran.err) == (2, True), ran.err


def test_an_archive_has_no_sbom_on_a_registry(shop: Workshop) -> None:
    ran = shop.run("image", "--format=json", "--sbom-sources=oci", "--input", shop.image(ALPINE))

    assert (ran.code, ran.findings) == (0, FINDINGS)
    assert "has no SBOM on a registry, so its layers are scanned" in ran.err


def test_an_image_whose_digest_has_left_its_registry_is_scanned(
    shop: Workshop, registry: MemoryRegistry, store: ContentStore, image: Descriptor
) -> None:
    attach_artifact(store, image, BOM)
    registry.fail(404, path=f"/v2/app/manifests/{image.digest}", times=9)

    assert scan(shop, registry).findings == FINDINGS
