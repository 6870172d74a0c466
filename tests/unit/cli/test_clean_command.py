"""`clean` as a user types it: what goes, what stays, and who is asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.commands import attest, place_image, place_keys, run, verify
from tests.support.registry import Behaviour, MemoryRegistry

BILL = "application/vnd.cyclonedx+json"


@pytest.fixture(params=[True, False], ids=["with a referrers API", "without one"])
def registry(request: pytest.FixtureRequest) -> Iterator[MemoryRegistry]:
    with MemoryRegistry(Behaviour(referrers=request.param)) as made:
        yield made


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path)
    return tmp_path


@pytest.fixture
def image(registry: MemoryRegistry) -> str:
    """An image with an attestation in both formats, and an SBOM of another tool."""
    image, digest = place_image(registry)
    attest(image, "--attestation-format=both")
    data, media_type = registry.repository("app").manifests[digest]
    empty = {"mediaType": "application/vnd.oci.empty.v1+json", "size": 2}
    empty["digest"] = registry.put_blob("app", b"{}").digest
    subject = {"mediaType": media_type, "digest": digest, "size": len(data)}
    bill = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "artifactType": BILL}
    placed = registry.put_manifest(
        "app", json.dumps(bill | {"config": empty, "layers": [], "subject": subject}).encode()
    )
    tag = registry.tag_digest("app", digest.replace(":", "-"))
    if tag is not None:
        index = json.loads(registry.repository("app").manifests[tag][0])
        entry = {"mediaType": placed.media_type, "digest": placed.digest, "size": placed.size, "artifactType": BILL}
        index["manifests"].append(entry)
        name = digest.replace(":", "-")
        registry.put_manifest(
            "app", json.dumps(index).encode(), media_type="application/vnd.oci.image.index.v1+json", tag=name
        )
    return image


def attached(image: str) -> list[str]:
    return sorted(item["kind"].rpartition("/")[2] for item in run("tree", "-o=json", image).json["attachments"])


@pytest.mark.parametrize(
    ("kind", "left"),
    [
        pytest.param("all", ["vnd.cyclonedx+json"], id="everything of cosign's kinds"),
        pytest.param("referrer", ["attestations", "vnd.cyclonedx+json"], id="bundles"),
        pytest.param("attestation", ["v1", "vnd.cyclonedx+json"], id="cosign's tag"),
        pytest.param("signature", ["attestations", "v1", "vnd.cyclonedx+json"], id="nothing of that kind"),
    ],
)
def test_what_other_tools_attached_stays(image: str, kind: str, left: list[str]) -> None:
    ran = run("clean", "--force", f"--type={kind}", image)
    assert (ran.code, ran.out, attached(image)) == (0, "", left)
    assert ("stays: 1 of Sigstore's bundles" in ran.err) == (kind in {"attestation", "signature"})
    assert run("tree", image).code == 0


def test_nothing_goes_before_it_is_agreed_to(image: str) -> None:
    ran = run("clean", image, stdin=b"n\n")
    assert (ran.code, len(attached(image))) == (2, 3)
    assert "error: nothing was removed, because nobody agreed\n" in ran.err
    assert run("clean", image).code == 2
    assert run("clean", image, stdin=b"y\n").code == 0
    assert verify(image).code == 7


def test_a_dry_run_lists(image: str, registry: MemoryRegistry) -> None:
    ran = run("clean", "--dry-run", image)
    assert [line.startswith(f"{registry.host}/app") for line in ran.lines] == [True, True]
    assert len(attached(image)) == 3


def test_a_registry_that_does_not_delete_is_told_of(image: str, registry: MemoryRegistry) -> None:
    registry.behaviour = Behaviour(referrers=registry.behaviour.referrers, deletes=False)
    ran = run("clean", "--force", image)
    assert (ran.code, "the registry refuses to delete" in ran.err) == (5, True)
    unlisted = not registry.behaviour.referrers
    assert attached(image) == ["attestations", *([] if unlisted else ["v1"]), "vnd.cyclonedx+json"]


def test_an_image_in_a_folder(image: str) -> None:
    run("save", "--dir=d", image)
    assert run("clean", "--force", "--local-image", "d").code == 0
    assert verify("--local-image", "d").code == 7
