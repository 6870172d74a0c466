"""`image --attest`: scan, record, sign, attach and verify in one command."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.commands import PASSWORD, place_keys, run
from tests.support.images import BuiltImage, BuiltIndex, build_image, build_index
from tests.support.kms_program import NAME, place_program
from tests.support.registry import MemoryRegistry
from tests.support.sigstore.accounts import google
from tests.support.sigstore.fake import FakeSigstore
from tests.support.workshop import ALPINE, FINDINGS, Ran, Workshop

from assaymark.attest.strict import decode_base64
from assaymark.model.descriptor import OCI_INDEX


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as made:
        yield made


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """The working directory is the workshop's folder, with a key in it."""
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path)
    return Workshop(tmp_path)


def attest(shop: Workshop, *arguments: str, **environ: str) -> Ran:
    variables = {"COSIGN_PASSWORD": PASSWORD, **environ}
    return shop.run("image", "--attest", "--key", "ours.key", "-q", *arguments, terminal=False, stdin=b"", **variables)


def verified(*arguments: str) -> list[Any]:
    """The predicates that are verified."""
    ran = run("verify-attestation", "--key", "ours.pub", "--type", "vuln", "-q", *arguments)
    return [json.loads(decode_base64(json.loads(line)["payload"])) for line in ran.lines]


def place(registry: MemoryRegistry, image: BuiltImage, *, tag: str = "") -> str:
    """The image in the repository `app`; how its bytes are named."""
    for data in image.blobs.values():
        registry.put_blob("app", data)
    digest = registry.put_manifest("app", image.manifest, tag=tag).digest
    return f"{registry.host}/app@{digest}"


def place_index(registry: MemoryRegistry, index: BuiltIndex) -> list[str]:
    pinned = [place(registry, image) for image in index.images]
    registry.put_manifest("app", index.data, media_type=OCI_INDEX, tag="v1")
    return pinned


def two_platforms() -> BuiltIndex:
    return build_index([build_image([ALPINE]), build_image([ALPINE], platform="linux/arm64")])


def online(shop: Workshop, *arguments: str, **environ: str) -> Ran:
    """With the network, which is the registry on loopback."""
    return attest(shop, "--offline=false", "--skip-db-update", *arguments, **environ)


def test_an_image_on_a_registry(shop: Workshop, registry: MemoryRegistry) -> None:
    pinned = place(registry, build_image([ALPINE]), tag="v1")
    ran = online(shop, "--format=json", f"{registry.host}/app:v1")
    assert (ran.code, ran.findings) == (0, FINDINGS)
    assert ran.err.splitlines()[1:] == [
        "verified; it is not in a transparency log. To verify it again:",
        f"  assaymark verify-attestation --key ours.pub --type vuln {pinned}",
        f"  cosign verify-attestation --key ours.pub --type vuln --insecure-ignore-tlog {pinned}",
    ]
    (statement,) = verified(pinned)
    assert statement["subject"][0]["name"] == f"{registry.host}/app"
    assert statement["predicate"]["scanner"]["result"]["Metadata"]["RepoDigests"] == [pinned]


def test_a_key_that_is_kept_elsewhere(shop: Workshop, registry: MemoryRegistry, tmp_path: Path) -> None:
    place_program(tmp_path)
    key, path = f"{NAME}://{tmp_path}/key.pem", f"{tmp_path}:{os.environ['PATH']}"
    assert run("generate-key-pair", "--kms", key, environ={"PATH": path}).code == 0
    pinned = place(registry, build_image([ALPINE]))
    ran = online(shop, "--format=json", f"--key={key}", pinned, PATH=path)
    assert (ran.code, ran.findings) == (0, FINDINGS)
    for verifier in (key, "cosign.pub"):
        again = run("verify-attestation", "--key", verifier, "--type", "vuln", pinned, environ={"PATH": path})
        assert (again.code, len(again.lines)) == (0, 1)


@pytest.mark.parametrize(("platform", "number"), [("linux/amd64", 0), ("linux/arm64", 1)])
def test_of_an_index_the_manifest_that_was_asked_for(
    shop: Workshop, registry: MemoryRegistry, platform: str, number: int
) -> None:
    pinned = place_index(registry, two_platforms())
    ran = online(shop, "--platform", platform, f"{registry.host}/app:v1")
    names = ("linux/amd64", "linux/arm64")
    told = f"attested {names[number]}, 1 of 2 platforms of the index; not {names[1 - number]}"
    assert (ran.code, ran.err.splitlines()[0]) == (0, told)
    assert [len(verified(name)) for name in pinned] == [int(number == 0), int(number == 1)]
    assert verified(f"{registry.host}/app:v1") == []


def test_a_tag_that_moves_during_the_scan_changes_nothing(shop: Workshop, registry: MemoryRegistry) -> None:
    pinned = place(registry, build_image([ALPINE]), tag="v1")
    moved = place(registry, build_image([{"etc/alpine-release": "3.11.0\n"}]))
    answer = registry.answer

    def moving(exchange: Any) -> Any:
        if "/blobs/" in exchange.path:
            registry.repository("app").tags["v1"] = moved.partition("@")[2]
        return answer(exchange)

    registry.answer = moving  # type: ignore[method-assign]  # a registry where somebody pushes meanwhile
    assert online(shop, f"{registry.host}/app:v1").code == 0
    assert (len(verified(pinned)), verified(moved)) == (1, [])


def test_formats_and_replacing(shop: Workshop, registry: MemoryRegistry) -> None:
    pinned = place(registry, build_image([ALPINE]), tag="v1")
    for _ in range(2):
        ran = online(shop, "--attestation-format=both", "--replace", f"{registry.host}/app:v1")
        assert (ran.code, ran.err.count("attached as")) == (0, 2)
    assert (len(verified(pinned)), len(verified("--new-bundle-format=false", pinned))) == (2, 1)


def test_a_layout(shop: Workshop) -> None:
    layout = shop.layout(build_image([ALPINE]))
    assert attest(shop, "--input", layout).code == 0
    assert attest(shop, "--input", f"{layout}:1").code == 0
    assert len(verified("--local-image", layout)) == 2


def test_a_layout_with_an_index(shop: Workshop) -> None:
    layout = two_platforms().save_layout(shop.folder / "layout", ref="1")
    ran = attest(shop, "--input", str(layout), "--platform", "linux/arm64")
    (line,) = [line for line in ran.err.splitlines() if "verify-attestation" in line]
    assert (ran.code, line.split()[:2]) == (0, ["assaymark", "verify-attestation"])
    assert len(verified("--local-image", line.split()[-1])) == 1


REFUSED = {
    "an archive": ((), {}, 2, "came from `archive`, where nothing can be attached"),
    "a wrong password": ((), {"COSIGN_PASSWORD": "wrong"}, 6, "error [KEY_PASSWORD]"),
    "a log and nobody to ask": (
        ("--rekor-url=https://r.test", "--trusted-root=r.json"),
        {},
        6,
        "error [NOT_CONFIRMED]",
    ),
    "two ways to name services": (
        ("--rekor-url=https://r.test", "--signing-config=s.json"),
        {},
        2,
        "`--rekor-url` and `--signing-config` exclude",
    ),
}


@pytest.mark.parametrize(("flags", "environ", "code", "told"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_attested_is_said_before_the_scan(
    shop: Workshop, flags: tuple[str, ...], environ: dict[str, str], code: int, told: str
) -> None:
    ran = attest(shop, *flags, "--input", shop.image(), **environ)
    assert (ran.code, ran.out, told in ran.err) == (code, "", True)


def test_a_scan_that_could_not_look_is_not_signed(shop: Workshop, registry: MemoryRegistry) -> None:
    pinned = place(registry, build_image([{"etc/os-release": "ID=unknown\n"}]), tag="v1")
    reference = f"{registry.host}/app:v1"
    ran = online(shop, reference)
    assert (ran.code, "error [SCAN_INCOMPLETE]" in ran.err, "--allow-incomplete" in ran.err) == (6, True, True)
    assert verified(pinned) == []
    ran = online(shop, "--allow-incomplete", reference)
    assert ran.code == 0
    (statement,) = verified(pinned)
    assert statement["predicate"]["scanner"]["result"]["Coverage"]["Complete"] is False


def test_an_identity_signs_what_was_scanned(shop: Workshop, registry: MemoryRegistry) -> None:
    pinned = place(registry, build_image([ALPINE]), tag="v1")
    with FakeSigstore() as fake:
        fake.write(shop.folder)
        ran = shop.run(
            *("image", "--attest", "--offline=false", "--skip-db-update", "-q", "--signing-config=signing_config.json"),
            *("--trusted-root=trusted_root.json", "--attestation-format=both", f"{registry.host}/app:v1"),
            terminal=False,
            COSIGN_YES="true",
            SIGSTORE_ID_TOKEN=fake.instance.token(google()),
        )
    assert (ran.code, ran.err.count("attached as")) == (0, 2), ran.err
    words = "--certificate-identity alice@gmail.test --certificate-oidc-issuer https://accounts.google.com --type vuln"
    assert f"  cosign verify-attestation {words} --trusted-root trusted_root.json {pinned}" in ran.err.splitlines()


def test_without_a_yes_no_scan_is_made_in_vain(shop: Workshop, registry: MemoryRegistry) -> None:
    place(registry, build_image([ALPINE]), tag="v1")
    ran = shop.run("image", "--attest", "--offline=false", f"{registry.host}/app:v1", terminal=False)
    assert (ran.code, "error [NOT_CONFIRMED]" in ran.err, registry.requests) == (6, True, [])
