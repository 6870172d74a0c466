"""Where `attest` attests: other repositories, registries of every mood, indexes, and folders."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.support.commands import attest, place_image, place_keys, record, verify
from tests.support.registry import Behaviour, MemoryRegistry
from tests.support.tls import Authority

from assaymark.attest.strict import decode_base64
from assaymark.model.descriptor import OCI_MANIFEST
from assaymark.oci.layout import Layout


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as made:
        yield made


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with keys and a record."""
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path)
    return tmp_path


def tags(registry: MemoryRegistry, name: str = "app") -> set[str]:
    return set(registry.repository(name).tags)


class TestElsewhere:
    def test_attestations_go_to_the_repository_of_the_variable(self, registry: MemoryRegistry) -> None:
        image, digest = place_image(registry)
        elsewhere = {"COSIGN_REPOSITORY": f"{registry.host}/else/where"}
        ran = attest(image, "--attestation-format=both", environ=elsewhere)
        assert (ran.code, tags(registry)) == (0, {"v1"})
        assert f"  COSIGN_REPOSITORY={registry.host}/else/where assaymark verify-attestation" in ran.err
        assert tags(registry, "else/where") == {f"{digest.replace(':', '-')}.att"}
        assert len(verify(image, environ=elsewhere).lines) == 2
        assert verify(image).code == 7

    def test_what_is_no_repository_is_named(self, registry: MemoryRegistry) -> None:
        image, _ = place_image(registry)
        ran = attest(image, environ={"COSIGN_REPOSITORY": "bad//name"})
        assert (ran.code, ran.first) == (2, "error: COSIGN_REPOSITORY is `bad//name`, which is no repository")


class TestRegistries:
    def test_a_push_without_permission_names_the_repository_and_the_ways_out(self) -> None:
        with MemoryRegistry(Behaviour(auth="token", anonymous_pull=True)) as registry:
            image, _ = place_image(registry)
            ran = attest(image, "-q")
        assert (ran.code, ran.first.startswith(f"error: no permission to push to `{registry.host}/app`")) == (5, True)
        for way in (f"assaymark login {registry.host}", "COSIGN_REPOSITORY", "--no-upload", "OCI layout"):
            assert way in ran.err

    @pytest.mark.parametrize("status", [404, 405], ids=["a repository that nobody made", "a read-only registry"])
    def test_a_registry_that_takes_no_pushes(self, registry: MemoryRegistry, status: int) -> None:
        image, _ = place_image(registry)
        registry.fail(status, times=-1, method="POST")
        ran = attest(image, "-q")
        assert (ran.code, ran.first.startswith(f"error: `{registry.host}/app` takes no pushes")) == (5, True)
        assert "COSIGN_REPOSITORY" in ran.err

    def test_a_login_that_is_missing_names_the_registry(self) -> None:
        with MemoryRegistry(Behaviour(auth="basic")) as registry:
            image, _ = place_image(registry)
            ran = attest(image)
            assert (ran.code, f"log in with `assaymark login {registry.host}`" in ran.err) == (5, True)
            assert attest(image, "--registry-username", "robin", "--registry-password", "correct horse").code == 0

    def test_the_lines_that_verify_say_how_the_registry_is_reached(self, here: Path) -> None:
        authority = Authority(here)
        with MemoryRegistry(tls=authority.server("127.0.0.1")) as registry:
            image, digest = place_image(registry)
            bad = attest(image)
            assert (bad.code, "its certificate does not verify" in bad.first) == (5, True)
            ran = attest(image, "--cacert", str(authority.file), "--allow-http-registry")
        told = [line.split(" --type vuln ")[1] for line in ran.err.splitlines()[-2:]]
        pinned = f"{registry.host}/app@{digest}"
        assert told == [
            f"--allow-http-registry --cacert {authority.file} {pinned}",
            f"--insecure-ignore-tlog --allow-http-registry --registry-cacert {authority.file} {pinned}",
        ]

    def test_no_connection_with_offline(self, registry: MemoryRegistry) -> None:
        image, _ = place_image(registry)
        ran = attest(image, "--offline")
        assert (ran.code, "`--offline` forbids every connection" in ran.first, registry.requests) == (5, True, [])


class TestIndexes:
    @staticmethod
    def index(registry: MemoryRegistry) -> tuple[str, list[str]]:
        """An index of two platforms; how it is typed, and the digests of its manifests."""
        digests, entries = list[str](), []
        for architecture in ("amd64", "arm64"):
            config = json.dumps({"architecture": architecture, "os": "linux"}).encode()
            pushed = registry.put_image("app", config=config)
            platform = {"os": "linux", "architecture": architecture}
            described = {"mediaType": OCI_MANIFEST, "digest": pushed.digest, "size": pushed.size}
            entries.append(described | {"platform": platform})
            digests.append(pushed.digest)
        registry.put_index("app", "all", entries)
        return f"{registry.host}/app:all", digests

    def test_the_index_is_the_subject(self, registry: MemoryRegistry, here: Path) -> None:
        image, (child, _) = self.index(registry)
        (here / "p.json").write_bytes(record({"Metadata": {"RepoDigests": [f"app@{child}"]}}))
        ran = attest(image, predicate="p.json")
        assert (ran.code, "the attestation is about the index, not about one platform" in ran.err) == (0, True)
        assert verify(f"{registry.host}/app@{registry.tag_digest('app', 'all')}").code == 0
        assert verify(f"{registry.host}/app@{child}").code == 7

    def test_the_manifest_of_a_platform_is_the_subject(self, registry: MemoryRegistry, here: Path) -> None:
        image, (amd, arm) = self.index(registry)
        (here / "p.json").write_bytes(scanned(registry, arm))
        ran = attest(image, "--platform=linux/arm64", predicate="p.json")
        assert (ran.code, f"{registry.host}/app@{arm}" in ran.err) == (0, True)
        assert [verify(f"{registry.host}/app@{digest}").code for digest in (amd, arm)] == [7, 0]

    @pytest.mark.parametrize("flags", [(), ("--allow-subject-mismatch",)], ids=["is refused", "unless it is let pass"])
    def test_the_record_of_another_platform(self, registry: MemoryRegistry, here: Path, flags: tuple[str, ...]) -> None:
        image, (amd, _) = self.index(registry)
        (here / "p.json").write_bytes(scanned(registry, amd))
        ran = attest(image, "--platform=linux/arm64", *flags, predicate="p.json")
        assert (ran.code, f"the record is about `{amd}`, not about" in ran.err) == (0 if flags else 6, True)

    def test_a_report_that_only_names_the_index_and_another_configuration(
        self, registry: MemoryRegistry, here: Path
    ) -> None:
        image, _ = self.index(registry)
        named = f"app@{registry.tag_digest('app', 'all')}"
        (here / "p.json").write_bytes(record({"Metadata": {"RepoDigests": [named], "ImageID": "sha256:other"}}))
        ran = attest(image, "--platform=linux/arm64", predicate="p.json")
        assert (ran.code, ran.first.startswith("error [SUBJECT_MISMATCH]: the record is about `sha256:other`")) == (
            6,
            True,
        )

    def test_a_platform_that_is_not_offered(self, registry: MemoryRegistry) -> None:
        image, _ = self.index(registry)
        ran = attest(image, "--platform=linux/s390x")
        assert (ran.code, ran.first) == (
            8,
            "error [PLATFORM_NOT_OFFERED]: the index has no manifest for `linux/s390x`",
        )

    def test_a_single_image_of_another_platform(self, registry: MemoryRegistry) -> None:
        image, _ = place_image(registry)
        assert attest(image, "--platform=linux/amd64").code == 0
        assert attest(image, "--platform=linux/arm64").code == 8


def scanned(registry: MemoryRegistry, digest: str) -> bytes:
    """The record of a platform of `app:all`, as `image` writes it."""
    result = {"Metadata": {"RepoDigests": [f"app@{registry.tag_digest('app', 'all')}"]}}
    return record(result, invocation={"parameters": {"subject": digest}})


class TestLayouts:
    @staticmethod
    def layout(path: Path, *tags_: str) -> Layout:
        store = Layout(path, create=True)
        for tag in tags_:
            config = store.push_blob(
                json.dumps({"author": tag}).encode(), media_type="application/vnd.oci.image.config.v1+json"
            )
            document = {
                "schemaVersion": 2,
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": {"mediaType": config.media_type, "digest": config.digest, "size": config.size},
                "layers": [],
            }
            data = msgspec.json.encode(document)
            store.push_manifest(data, media_type=document["mediaType"], tag=tag)  # type: ignore[arg-type]  # a str
        return store

    def test_the_only_image_is_meant(self, here: Path) -> None:
        self.layout(here / "lay", "v1")
        ran = attest("--local-image", "lay", "--attestation-format=both")
        assert (ran.code, ran.err.splitlines()[-2:]) == (
            0,
            [
                "  assaymark verify-attestation --key ours.pub --type vuln --local-image lay",
                "  cosign verify-attestation --key ours.pub --type vuln --local-image --insecure-ignore-tlog lay",
            ],
        )
        assert len(verify("--local-image", "lay").lines) == 2

    def test_of_several_one_is_named(self, here: Path) -> None:
        store = self.layout(here / "lay", "v1", "example.test/team/app:v2")
        assert attest("--local-image", "lay").code == 8
        digest = store.manifest("v1").descriptor.digest
        ran = attest("--local-image", "lay:v1")
        assert (ran.code, f"--local-image lay@{digest}\n" in ran.err, "  cosign " in ran.err) == (0, True, False)
        assert verify("--local-image", f"lay@{digest}").code == 0
        ran = attest("--local-image", "lay:example.test/team/app:v2", "--no-upload")
        statement = msgspec.json.decode(decode_base64(ran.json["payload"]))
        assert statement["subject"][0]["name"] == "example.test/team/app"

    def test_a_folder_that_is_none(self, here: Path) -> None:
        assert attest("--local-image", "nowhere").first == "error: there is no folder `nowhere`"
        (here / "empty").mkdir()
        assert attest("--local-image", "empty").code == 8
