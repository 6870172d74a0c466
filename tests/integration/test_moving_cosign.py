"""What cosign copies and saves we verify and load, and the other way round, on registries with referrers and without."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.commands import ENVIRONMENT, attest, place_keys, run, verify
from tests.support.images import build_image, build_index
from tests.support.interop.bench import Image
from tests.support.interop.matrix import Storage
from tests.support.peers import NEEDS_COSIGN, NEEDS_REGISTRY, Cosign

from assaymark.attest.store.attestation import fallback_tag, legacy_tag
from assaymark.model.reference import parse_reference
from assaymark.net.http import Http
from assaymark.oci.content import ContentStore
from assaymark.oci.registry import Registry

pytestmark = [pytest.mark.integration, NEEDS_COSIGN, NEEDS_REGISTRY]

VERIFYING = ("verify-attestation", "--key", "ours.pub", "--type", "vuln", "--insecure-ignore-tlog")
LEGACY = "--new-bundle-format=false"
SIGNING = {
    "bundle": ("--signing-config", "no-services.json"),
    "legacy": (LEGACY, "--use-signing-config=false", "--tlog-upload=false"),
}
FORMATS = pytest.mark.parametrize("format_", ["bundle", "legacy"])


@pytest.fixture
def cosign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cosign:
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path, "ours", "theirs")
    return Cosign(tmp_path, password=ENVIRONMENT["COSIGN_PASSWORD"])


@pytest.fixture(params=["deleting_host", "referrers_host"])
def deleting(request: pytest.FixtureRequest) -> str:
    """Each kind of registry, as far as it deletes."""
    host: str = request.getfixturevalue(request.param)
    return host


def store_of(reference: str) -> ContentStore:
    return Registry(Http()).repository(parse_reference(reference))


def cosign_attests(cosign: Cosign, image: str, format_: str, key: str = "ours.key") -> None:
    flags = ("--key", key, "--type", "vuln", "--predicate", "vuln.json")
    cosign("attest", "-y", *flags, *SIGNING[format_], image)


def cosign_verifies(cosign: Cosign, image: str, format_: str) -> int:
    return len(cosign(*VERIFYING, *([LEGACY] if format_ == "legacy" else []), image).splitlines())


@FORMATS
def test_cosign_verifies_what_we_copied(stored: tuple[Storage, str], cosign: Cosign, format_: str) -> None:
    _, host = stored
    image = Image(host, f"copy-ours-{format_}")
    cosign_attests(cosign, image.reference, format_)
    assert attest(image.reference, f"--attestation-format={format_}").code == 0
    target = f"{host}/copied-ours-{format_}:1"
    assert run("copy", image.reference, target).code == 0
    assert cosign_verifies(cosign, target, format_) == 2
    assert len(verify(target).lines) == 2


@FORMATS
def test_we_copy_between_registries_of_both_kinds(
    fallback_host: str, referrers_host: str, cosign: Cosign, format_: str
) -> None:
    image = Image(fallback_host, f"across-{format_}")
    cosign_attests(cosign, image.reference, format_)
    there, back = f"{referrers_host}/across-{format_}:1", f"{fallback_host}/across-back-{format_}:1"
    for source, target in ((image.reference, there), (there, back)):
        assert run("copy", source, target).code == 0
        assert cosign_verifies(cosign, target, format_) == len(verify(target).lines) == 1


def test_we_verify_what_cosign_copied_and_attest_it(fallback_host: str, cosign: Cosign) -> None:
    image = Image(fallback_host, "copy-theirs")
    assert attest(image.reference, "--attestation-format=both").code == 0
    target = f"{fallback_host}/copied-theirs:1"
    cosign("copy", image.reference, target)
    # it copies no bundles, and puts the image where bundles would be listed
    digest = image.subject.digest
    occupied = store_of(target).resolve(fallback_tag(digest))
    assert occupied is not None
    assert occupied.digest == digest
    assert (len(verify(target).lines), run("tree", target).err) == (1, "")
    assert attest(target).code == 0
    assert cosign_verifies(cosign, target, "bundle") == 1
    assert run("copy", target, f"{fallback_host}/copied-again:1").code == 0
    assert len(verify(f"{fallback_host}/copied-again:1").lines) == 2


@FORMATS
def test_we_load_what_cosign_saved(stored: tuple[Storage, str], cosign: Cosign, format_: str) -> None:
    _, host = stored
    image = Image(host, f"save-theirs-{format_}")
    cosign_attests(cosign, image.reference, format_)
    cosign("save", "--dir", "saved", image.reference)
    assert len(verify("--local-image", "saved").lines) == 1
    target = f"{host}/loaded-ours-{format_}:1"
    assert run("load", "--dir", "saved", target).code == 0
    assert cosign_verifies(cosign, target, format_) == len(verify(target).lines) == 1


@FORMATS
def test_cosign_loads_what_we_saved(stored: tuple[Storage, str], cosign: Cosign, format_: str) -> None:
    _, host = stored
    image = Image(host, f"save-ours-{format_}")
    assert attest(image.reference, f"--attestation-format={format_}").code == 0
    assert run("save", "--dir", "saved", image.reference).code == 0
    target = f"{host}/loaded-theirs-{format_}:1"
    if format_ == "bundle":  # it writes a bundle's manifest before the bundle, from a folder of its own as well
        cosign("save", "--dir", "theirs", image.reference)
        cosign("load", "--dir", "theirs", target, code=1)
        for blob in Path("saved/blobs/sha256").iterdir():
            store_of(target).push_blob(blob.read_bytes(), media_type="application/octet-stream")
    cosign("load", "--dir", "saved", target)
    assert cosign_verifies(cosign, target, format_) == len(verify(target).lines) == 1


def test_cosign_loads_an_index_whose_platforms_are_attested(fallback_host: str, cosign: Cosign) -> None:
    one, other = (build_image([{"name": name}], platform=f"linux/{name}") for name in ("amd64", "arm64"))
    reference = f"{fallback_host}/platforms:1"
    index = build_index([one, other])
    index.push(store_of(reference), tag="1")
    child = f"{fallback_host}/platforms@{other.descriptor.digest}"
    for each, kind in ((child, "custom"), (reference, "vuln")):
        assert attest(each, "--attestation-format=legacy", type=kind).code == 0
    assert run("save", "--dir", "saved", reference).code == 0
    cosign("load", "--dir", "saved", f"{fallback_host}/platforms-theirs:1")
    assert cosign_verifies(cosign, f"{fallback_host}/platforms-theirs:1", "legacy") == 1  # not that of the platform
    assert run("load", "--dir", "saved", f"{fallback_host}/platforms-ours:1").code == 0
    flags = ("verify-attestation", "--key", "ours.pub", "--type", "custom", "--insecure-ignore-tlog", LEGACY)
    moved = child.replace("/platforms@", "/platforms-ours@")
    assert len(cosign(*flags, moved).splitlines()) == 1


def test_nothing_of_cosigns_other_keys_is_pruned_or_replaced(deleting: str, cosign: Cosign) -> None:
    image = Image(deleting, "prune")
    for format_ in SIGNING:
        cosign_attests(cosign, image.reference, format_, "theirs.key")
        cosign_attests(cosign, image.reference, format_)
    assert attest(image.reference, "--attestation-format=both", "--replace").code == 0
    assert len(verify(image.reference).lines) == 2
    assert run("prune", "--key=ours.pub", "-f", image.reference).code == 0
    theirs = ("verify-attestation", "--key", "theirs.pub", "--type", "vuln", "--insecure-ignore-tlog")
    assert len(cosign(*theirs, image.reference).splitlines()) == 1
    assert len(cosign(*theirs, LEGACY, image.reference).splitlines()) == 1
    assert cosign_verifies(cosign, image.reference, "bundle") == 1


def test_cosign_finds_nothing_where_we_cleaned(deleting: str, cosign: Cosign) -> None:
    image = Image(deleting, "clean")
    for format_ in SIGNING:
        cosign_attests(cosign, image.reference, format_)
    assert run("clean", "--force", "--type=attestation", image.reference).code == 0
    assert store_of(image.reference).resolve(legacy_tag(image.subject.digest)) is None
    assert cosign_verifies(cosign, image.reference, "bundle") == 1
    assert run("clean", "--force", image.reference).code == 0
    cosign(*VERIFYING, image.reference, code=1)
    assert attest(image.reference).code == 0
    assert cosign_verifies(cosign, image.reference, "bundle") == 1


def test_where_deletes_are_refused_it_is_said(fallback_host: str, cosign: Cosign) -> None:
    image = Image(fallback_host, "no-deletes")
    cosign_attests(cosign, image.reference, "bundle")
    ran = attest(image.reference, "--replace")
    assert (ran.code, "is no longer listed, but stays" in ran.err) == (0, True)
    assert len(verify(image.reference).lines) == 1
    cosign_attests(cosign, image.reference, "legacy")
    assert run("clean", "--force", "--type=attestation", image.reference).code == 5
