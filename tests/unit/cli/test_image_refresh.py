"""`image --attest --refresh-if-older`: what the same signer attested lately is left alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.commands import PASSWORD, place_keys, run
from tests.support.images import BuiltImage, build_image, build_index
from tests.support.registry import MemoryRegistry
from tests.support.sigstore.accounts import Account, github_actions, google
from tests.support.sigstore.fake import FakeSigstore
from tests.support.workshop import ALPINE, Ran, Workshop

from assaymark.model.descriptor import OCI_INDEX


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as made:
        yield made


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """The working directory is the workshop's folder, with keys in it."""
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path, "ours", "other")
    return Workshop(tmp_path, offline=False)


def place(registry: MemoryRegistry, image: BuiltImage, *, tag: str = "v1") -> str:
    for data in image.blobs.values():
        registry.put_blob("app", data)
    registry.put_manifest("app", image.manifest, tag=tag)
    return f"{registry.host}/app:{tag}"


def attest(shop: Workshop, *words: str, key: str = "ours", **environ: str) -> Ran:
    flags = ("image", "--attest", "--skip-db-update", "-q", *((f"--key={key}.key",) if key else ()))
    return shop.run(*flags, *words, terminal=False, stdin=b"", COSIGN_PASSWORD=PASSWORD, **environ)


def attached(reference: str) -> int:
    return len(run("download", "attestation", reference).lines)


def test_what_is_fresh_is_neither_scanned_nor_signed(shop: Workshop, registry: MemoryRegistry) -> None:
    image = build_image([ALPINE])
    reference = place(registry, image)
    first = attest(shop, "--refresh-if-older=24h", reference)
    assert (first.code, attached(reference)) == (0, 1)
    before = len(registry.requests)
    again = attest(shop, "--refresh-if-older=24h", reference)
    assert (again.code, again.out, attached(reference)) == (0, "", 1)
    [line] = again.err.splitlines()
    pinned = f"{registry.host}/app@{image.descriptor.digest}"
    assert line.startswith(f"skipped {pinned}: it was attested less than an hour ago, by the signer's word (sha256:")
    asked = [request.path for request in registry.requests[before:]]
    assert not [path for path in asked if image.layers[0].descriptor.digest in path]
    assert "PUT" not in {request.method for request in registry.requests[before:]}


def test_what_is_stale_is_attested_again(shop: Workshop, registry: MemoryRegistry) -> None:
    reference = place(registry, build_image([ALPINE]))
    assert attest(shop, "--format=cosign-vuln", "--output=vuln.json", reference).code == 0
    assert attest(shop, "--refresh-if-older=1ns", reference).code == 0
    assert attached(reference) == 2
    old = place(registry, build_image([ALPINE, {"etc/x": "x"}]), tag="old")
    record = json.loads((shop.folder / "vuln.json").read_bytes())
    record["metadata"] = {"scanStartedOn": "2020-01-01T00:00:00Z", "scanFinishedOn": "2020-01-01T00:00:00Z"}
    (shop.folder / "vuln.json").write_text(json.dumps(record))
    words = ("--key=ours.key", "--type=vuln", "--predicate=vuln.json", "--allow-subject-mismatch", old)
    assert run("attest", *words).code == 0
    assert attest(shop, "--refresh-if-older=24h", old).code == 0
    assert attached(old) == 2


def test_what_others_attested_keeps_nobody_from_it(shop: Workshop, registry: MemoryRegistry) -> None:
    reference = place(registry, build_image([ALPINE]))
    assert attest(shop, reference, key="other").code == 0
    assert attest(shop, "--refresh-if-older=24h", reference).code == 0
    assert attached(reference) == 2
    statement = ("--key=ours.key", "--type=custom", "--predicate=vuln.json")
    other = place(registry, build_image([ALPINE, {"etc/x": "x"}]), tag="v2")
    assert run("attest", *statement, other).code == 0
    assert attest(shop, "--refresh-if-older=24h", other).code == 0
    assert attached(other) == 2


def test_the_platforms_of_an_index_one_by_one(shop: Workshop, registry: MemoryRegistry) -> None:
    index = build_index([build_image([ALPINE]), build_image([ALPINE], platform="linux/arm64")])
    for image in index.images:
        place(registry, image, tag="single")
    registry.put_manifest("app", index.data, media_type=OCI_INDEX, tag="all")
    reference = f"{registry.host}/app:all"
    assert attest(shop, "--platform=linux/arm64", reference).code == 0
    ran = attest(shop, "--refresh-if-older=24h", reference)
    assert (ran.code, ran.err.count("skipped "), ran.err.count("attached as")) == (0, 1, 1), ran.err
    pinned = [f"{registry.host}/app@{image.descriptor.digest}" for image in index.images]
    assert [attached(each) for each in pinned] == [1, 1]


@pytest.mark.parametrize("account", [google(), github_actions()], ids=["a person", "a workflow"])
def test_an_identity_that_the_token_names(shop: Workshop, registry: MemoryRegistry, account: Account) -> None:
    reference = place(registry, build_image([ALPINE]))
    with FakeSigstore() as fake:
        fake.write(shop.folder)
        words = ("--signing-config=signing_config.json", "--trusted-root=trusted_root.json", "--refresh-if-older=24h")
        token = fake.instance.token(account)
        first, again = (
            attest(shop, *words, reference, key="", COSIGN_YES="true", SIGSTORE_ID_TOKEN=token) for _ in range(2)
        )
    assert (first.code, first.err.count("attached as")) == (0, 1), first.err
    assert (again.code, again.err.count("skipped "), "by the signer's word" in again.err) == (0, 1, False), again.err
    assert attached(reference) == 1


def test_flags_that_make_no_sense(shop: Workshop) -> None:
    alone = shop.run("image", "--refresh-if-older=24h", "a/b")
    index = attest(shop, "--refresh-if-older=24h", "--index", "a/b")
    assert (alone.code, index.code) == (2, 2)
    assert attest(shop, "--refresh-if-older=tomorrow", "a/b").code == 2
