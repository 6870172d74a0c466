"""`image --attest --refresh-if-older`: what the same signer attested lately is left alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.commands import PASSWORD, place_keys, run
from tests.support.database import Facts, trivy_db
from tests.support.database import place as place_database
from tests.support.images import BuiltImage, Entries, File, build_image, build_index
from tests.support.jars import jar
from tests.support.registry import MemoryRegistry
from tests.support.sigstore.accounts import Account, github_actions, google
from tests.support.sigstore.fake import FakeSigstore
from tests.support.workshop import ALPINE, METADATA, Ran, Workshop

from assaymark.attest.strict import decode_base64
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


# matched again from the signed list


def results_of(reference: str) -> list[Any]:
    """The reports of the attested records, ids and times aside, and where their packages came from."""
    ran = run("verify-attestation", "--key", "ours.pub", "--type", "vuln", "-q", reference)
    told = []
    for line in ran.lines:
        predicate = json.loads(decode_base64(json.loads(line)["payload"]))["predicate"]
        result = {**predicate["scanner"]["result"], "ReportID": "", "CreatedAt": ""}
        told.append((result, predicate["invocation"]["parameters"].get("packagesFrom", "")))
    return sorted(told, key=lambda each: str(each[1]))


def layer_requests(registry: MemoryRegistry, image: BuiltImage, since: int) -> int:
    digests = {layer.descriptor.digest for layer in image.layers}
    return sum(1 for request in registry.requests[since:] if request.path.rpartition("/")[2] in digests)


def refresh(shop: Workshop, registry: MemoryRegistry, image: BuiltImage, *words: str) -> tuple[Ran, int]:
    """With an empty cache of layers; how many layers were asked for."""
    before = len(registry.requests)
    ran = attest(shop, "--refresh-if-older=0", "--cache-backend=memory", *words)
    assert ran.code == 0, ran.err
    return ran, layer_requests(registry, image, before)


EDGE: Entries = {**ALPINE, "etc/apk/repositories": "http://dl-cdn.alpinelinux.org/alpine/edge/main\n"}
IMAGES: dict[str, list[Entries]] = {
    "Alpine": [ALPINE],
    "Alpine and Python": [ALPINE, {"usr/lib/python3/site-packages/a-1.dist-info/METADATA": "Name: a\nVersion: 1\n"}],
    "a lockfile": [ALPINE, {"app/requirements.txt": "flask==0.12\nbroken\n"}],
    "packages of another release": [EDGE],
    "a file that cannot be read": [ALPINE, {"app/package-lock.json": "{"}],
}


@pytest.mark.parametrize("layers", IMAGES.values(), ids=IMAGES.keys())
def test_without_the_layers_the_result_is_the_same(
    shop: Workshop, registry: MemoryRegistry, layers: list[Entries]
) -> None:
    image = build_image(layers)
    reference = place(registry, image)
    assert attest(shop, "--allow-incomplete", reference).code == 0
    _, asked = refresh(shop, registry, image, "--allow-incomplete", reference)
    (first, scanned), (again, listed) = results_of(reference)
    assert (asked, scanned, listed[:7], again) == (0, "", "sha256:", first)


def test_a_newer_database_finds_more(shop: Workshop, registry: MemoryRegistry) -> None:
    image = build_image([ALPINE])
    reference = place(registry, image)
    assert attest(shop, reference).code == 0
    newer: Facts = {"alpine 3.10": {"musl": {"CVE-NEW": {}}}}
    place_database(shop.cache / "db", trivy_db(newer), METADATA)
    ran, asked = refresh(shop, registry, image, "--format=json", reference)
    assert (ran.findings, asked) == (["CVE-NEW"], 0)
    assert run("verify-attestation", "--key", "ours.pub", "--type", "vuln", reference).code == 0


OTHERWISE: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "other folders are skipped": ((), ("--skip-dirs=app",)),
    "other packages are asked for": (("--pkg-types=os",), ()),
    "a bill of materials has checksums": ((), ("--format=cyclonedx",)),
}


@pytest.mark.parametrize(("first", "then"), OTHERWISE.values(), ids=OTHERWISE.keys())
def test_where_the_list_would_be_another_the_layers_are_read(
    shop: Workshop, registry: MemoryRegistry, first: tuple[str, ...], then: tuple[str, ...]
) -> None:
    image = build_image([ALPINE])
    reference = place(registry, image)
    assert attest(shop, *first, reference).code == 0
    assert refresh(shop, registry, image, *then, reference)[1] == 1


def test_flags_about_findings_do_not_matter(shop: Workshop, registry: MemoryRegistry) -> None:
    image = build_image([ALPINE])
    reference = place(registry, image)
    assert attest(shop, "--severity=LOW", reference).code == 0
    ran, asked = refresh(shop, registry, image, "--format=json", reference)
    assert (len(ran.findings), asked) == (3, 0)


def test_archives_that_a_database_names_are_looked_at_again(shop: Workshop, registry: MemoryRegistry) -> None:
    archive = jar({"META-INF/maven/g/a/pom.properties": "groupId=g\nartifactId=a\nversion=1\n"})
    image = build_image([ALPINE, {"a.jar": File(archive)}])
    reference = place(registry, image)
    flags = ("--allow-incomplete", "--offline-scan", "--java-db-repository", f"{registry.host}/none")
    assert attest(shop, *flags, reference).code == 0
    assert refresh(shop, registry, image, *flags, reference)[1] == 2


def test_behind_a_compact_record_stands_the_whole_list(shop: Workshop, registry: MemoryRegistry) -> None:
    image = build_image([ALPINE])
    reference = place(registry, image)
    assert attest(shop, "--compact", reference).code == 0
    assert refresh(shop, registry, image, "--compact", reference)[1] == 0


def test_a_list_under_another_name_is_not_taken(shop: Workshop, registry: MemoryRegistry) -> None:
    image = build_image([ALPINE])
    reference = place(registry, image)
    assert attest(shop, reference).code == 0
    pinned = f"{registry.host}/app@{image.descriptor.digest}"
    assert refresh(shop, registry, image, pinned)[1] == 1


# signing alone


def sign(*words: str) -> Ran:
    flags = ("attest", "--key=ours.key", "--type=vuln", "--predicate=vuln.json", "--allow-subject-mismatch")
    return Ran(*run(*flags, *words))


def test_signing_alone_leaves_what_is_fresh_alone_too(shop: Workshop, registry: MemoryRegistry) -> None:
    first, second = (place(registry, build_image([ALPINE, {"etc/n": n}]), tag=f"v{n}") for n in "12")
    assert attest(shop, "--format=cosign-vuln", "--output=vuln.json", first).code == 0
    both = sign("--refresh-if-older=24h", first, second)
    assert (both.code, both.err.count("skipped "), both.err.count("attached as")) == (0, 1, 1), both.err
    none = sign("--refresh-if-older=24h", first, second)
    assert (none.code, none.err.count("skipped "), none.err.count("attached as")) == (0, 2, 0), none.err
    assert [attached(first), attached(second)] == [1, 1]
    assert sign("--refresh-if-older=1ns", first).err.count("attached as") == 1


def test_what_says_no_time_is_signed_again(shop: Workshop, registry: MemoryRegistry) -> None:
    reference = place(registry, build_image([ALPINE]))
    (shop.folder / "note.json").write_text('{"note": 1}')
    for _ in range(2):
        words = ("--key=ours.key", "--predicate=note.json", "--refresh-if-older=24h", reference)
        assert run("attest", *words).err.count("attached as") == 1
