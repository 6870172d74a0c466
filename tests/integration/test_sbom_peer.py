"""SBOMs beside the reference: what was recorded is what it reports today, and what is attached to images counts alike."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.attached_sboms import CYCLONEDX_JSON, SPDX_JSON, attach_artifact
from tests.support.boms import FLASK, bom, encoded, package, spdx
from tests.support.images import build_image
from tests.support.peers import NEEDS_COSIGN, SIGNING_CONFIG
from tests.support.registry import MemoryRegistry
from tests.support.sbom_cases import prepared, run_reference, sbom_cases, summary
from tests.support.vex_cases import Case
from tests.support.workshop import ALPINE, Workshop

from assaymark.model.descriptor import Descriptor
from assaymark.net.http import Http
from assaymark.oci.content import ContentStore
from assaymark.oci.registry import Registry

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(shutil.which("trivy") is None, reason="the reference is not on PATH"),
]
CASES = sbom_cases()
FLASKS = "python-pkg `Python` finding CVE-2018-1000656 flask 0.12 0.12.3"


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_what_was_recorded_is_what_the_reference_reports(case: Case, tmp_path: Path) -> None:
    with prepared(tmp_path) as folder:
        assert sorted(run_reference(case, folder).splitlines()) == sorted(case.expected.splitlines())


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
    return Workshop(tmp_path, offline=False)


def both(shop: Workshop, registry: MemoryRegistry, *flags: str) -> tuple[str, str]:
    """What the reference and we report of the image, with SBOMs in place of its layers."""
    asked = ("--format=json", "--list-all-pkgs", "--scanners=vuln", "--skip-db-update", "--skip-java-db-update")
    common = (*asked, "--image-src=remote", "--sbom-sources=oci", f"{registry.host}/app:v1")
    environ = {"PATH": os.environ["PATH"], "HOME": str(shop.folder), "TRIVY_SKIP_VERSION_CHECK": "true"}
    command = ["trivy", "image", "--quiet", "--cache-dir", str(shop.cache), *common]
    theirs = subprocess.run(command, env=environ, capture_output=True, check=False)
    return summary(theirs.stdout.decode()), summary(shop.run("image", *flags, *common).out)


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        pytest.param(CYCLONEDX_JSON, bom(FLASK), id="CycloneDX"),
        pytest.param(SPDX_JSON, spdx(package("flask", "0.12", "pkg:pypi/flask@0.12")), id="SPDX"),
    ],
)
def test_an_artifact_takes_the_place_of_the_layers(
    shop: Workshop, registry: MemoryRegistry, store: ContentStore, image: Descriptor, kind: str, document: object
) -> None:
    attach_artifact(store, image, encoded(document), kind=kind)
    theirs, ours = both(shop, registry)

    assert FLASKS in theirs
    assert ours == theirs


def test_what_is_no_sbom_is_passed_over(
    shop: Workshop, registry: MemoryRegistry, store: ContentStore, image: Descriptor
) -> None:
    attach_artifact(store, image, b"hello")
    theirs, ours = both(shop, registry)

    assert "CVE-2019-14697" in theirs
    assert ours == theirs


@NEEDS_COSIGN
def test_an_attestation_by_cosign(shop: Workshop, registry: MemoryRegistry, image: Descriptor) -> None:
    def cosign(*arguments: str) -> None:
        environ = {**os.environ, "COSIGN_PASSWORD": "x", "HOME": str(shop.folder)}
        ran = subprocess.run(["cosign", *arguments], cwd=shop.folder, env=environ, capture_output=True, check=False)
        assert ran.returncode == 0, ran.stderr.decode()

    (shop.folder / "bom.json").write_text(json.dumps(bom(FLASK)))
    (shop.folder / "signing.json").write_bytes(SIGNING_CONFIG)
    cosign("generate-key-pair")
    told = ("--type=cyclonedx", "--predicate=bom.json", "--key=cosign.key", "--signing-config=signing.json", "--yes")
    cosign("attest", *told, "--allow-insecure-registry", f"{registry.host}/app@{image.digest}")
    theirs, ours = both(shop, registry, "--sbom-key=cosign.pub")

    assert FLASKS in theirs
    assert ours == theirs


@NEEDS_COSIGN
@pytest.mark.parametrize("kind", ["cyclonedx", "spdxjson"])
def test_what_cosign_downloads_is_scanned_and_verified(
    shop: Workshop, registry: MemoryRegistry, image: Descriptor, kind: str
) -> None:
    def cosign(*arguments: str) -> bytes:
        environ = {**os.environ, "COSIGN_PASSWORD": "x", "HOME": str(shop.folder)}
        ran = subprocess.run(["cosign", *arguments], cwd=shop.folder, env=environ, capture_output=True, check=False)
        assert ran.returncode == 0, ran.stderr.decode()
        return ran.stdout

    document = bom(FLASK) if kind == "cyclonedx" else spdx(package("flask", "0.12", "pkg:pypi/flask@0.12"))
    (shop.folder / "bom.json").write_text(json.dumps(document))
    cosign("generate-key-pair")
    name = f"{registry.host}/app@{image.digest}"
    told = ("--predicate=bom.json", "--key=cosign.key", "--tlog-upload=false", "--use-signing-config=false", "--yes")
    for typed in ("custom", kind):
        cosign("attest", f"--type={typed}", *told, "--new-bundle-format=false", "--allow-insecure-registry", name)
    (shop.folder / "lines").write_bytes(cosign("download", "attestation", "--allow-insecure-registry", name))

    ran = shop.run("sbom", "--format=json", "--key=cosign.pub", "--skip-db-update", "lines")

    assert (ran.code, ran.findings) == (0, ["CVE-2018-1000656"]), ran.err
