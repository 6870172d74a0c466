"""`copy`, `save` and `load` as a user types them: what arrives, what is not sent twice, and what is in the way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.commands import attest, place_image, place_keys, run, verify
from tests.support.registry import Behaviour, Fault, MemoryRegistry

LEAST_WRITES, MOST_WRITES, MOST_READS = 10, 60, 200
ARM = {"os": "linux", "architecture": "arm64"}


@pytest.fixture(params=[True, False], ids=["with a referrers API", "without one"])
def registry(request: pytest.FixtureRequest) -> Iterator[MemoryRegistry]:
    with MemoryRegistry(Behaviour(referrers=request.param)) as made:
        yield made


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path)
    return tmp_path


def place_index(registry: MemoryRegistry) -> tuple[str, str]:
    """An index of two platforms, all attested; how it is typed, and the second platform's digest."""
    entries = []
    for name in ("amd64", "arm64"):
        _, digest = place_image(registry, tag=name)
        size = len(registry.repository("app").manifests[digest][0])
        entries.append({"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest, "size": size})
    listed = [entries[0] | {"platform": {"os": "linux", "architecture": "amd64"}}, entries[1] | {"platform": ARM}]
    registry.put_index("app", "all", listed)
    child = entries[1]["digest"]
    attest(f"{registry.host}/app@{entries[0]['digest']}")
    attest(f"{registry.host}/app@{child}", "--attestation-format=both")
    attest(f"{registry.host}/app:all")
    return f"{registry.host}/app:all", str(child)


class TestCopy:
    def test_an_image_with_both_formats(self, registry: MemoryRegistry) -> None:
        image, digest = place_image(registry)
        attest(image, "--attestation-format=both")
        target = f"{registry.host}/new/app:v1"
        ran = run("copy", image, target)
        assert (ran.code, ran.out) == (0, "")
        assert ran.err.splitlines() == [
            f"copied {registry.host}/app@{digest} to {registry.host}/new/app@{digest}",
            "  1 manifest and 2 attachments; of 6 blobs 6 mounted",
        ]
        assert verify(target, "--report=json").json["images"][0]["digest"] == digest
        assert verify(target, "--new-bundle-format=false").code == 0
        assert [line.strip() for line in run("tree", target).lines[1:]] == [
            line.strip().replace("/app", "/new/app") for line in run("tree", image).lines[1:]
        ]

    def test_every_platform_of_an_index(self, registry: MemoryRegistry) -> None:
        index, child = place_index(registry)
        with MemoryRegistry(registry.behaviour) as other:
            assert run("copy", index, f"{other.host}/b:all").code == 0
            assert verify(f"{other.host}/b:all").code == 0
            assert verify(f"{other.host}/b@{child}").code == 0
            assert run("copy", "--platform=linux/arm64", index, f"{other.host}/one").code == 0
            assert other.tag_digest("one", "latest") == child
            assert verify(f"{other.host}/one").code == 0

    def test_nothing_is_sent_twice(self, registry: MemoryRegistry) -> None:
        image, _ = place_image(registry)
        attest(image, "--attestation-format=both")
        with MemoryRegistry(registry.behaviour) as other:
            run("copy", image, f"{other.host}/b:v1")
            sent = len(other.paths("PUT"))
            ran = run("copy", image, f"{other.host}/b:v1")
            assert (ran.code, ran.err.splitlines()[1]) == (
                0,
                "  1 manifest and 2 attachments; of 4 blobs 4 there already",
            )
            assert [path for path in other.paths("PUT")[sent:] if "/blobs/" in path] == []

    @pytest.mark.parametrize("only", ["sig", "att", "sbom"])
    def test_attachments_of_one_kind(self, registry: MemoryRegistry, only: str) -> None:
        image, digest = place_image(registry)
        attest(image, "--attestation-format=both")
        ran = run("copy", f"--only={only}", image, f"{registry.host}/new:v1")
        if only != "att":
            assert (ran.code, ran.first) == (5, f"error: nothing of the kind `{only}` is attached to `{image}`")
            return
        assert (ran.code, registry.tag_digest("new", "v1")) == (0, None)
        run("copy", image, f"{registry.host}/new:v1", "--force")
        assert verify(f"{registry.host}/new@{digest}").code == 0

    def test_another_image_is_in_the_way(self, registry: MemoryRegistry) -> None:
        image, digest = place_image(registry)
        other, there = place_image(registry, "other")
        before = len(registry.paths("PUT"))
        ran = run("copy", image, other)
        assert (ran.code, ran.first) == (2, f"error: `{other}` is another image, `{there}`")
        assert len(registry.paths("PUT")) == before
        assert run("copy", "-f", image, other).code == 0
        assert registry.tag_digest("other", "v1") == digest

    def test_attestations_that_would_be_lost_are_in_the_way(self, registry: MemoryRegistry) -> None:
        image, digest = place_image(registry)
        target = f"{registry.host}/new:v1"
        attest(image, "--attestation-format=legacy")
        assert run("copy", image, target).code == 0
        attest(target, "--attestation-format=legacy", type="custom")
        assert run("copy", image, target).code == 0  # everything is there, and more
        assert attest(image, "--attestation-format=legacy", type="custom").code == 0
        ran = run("copy", image, target)
        tag = f"{digest.replace(':', '-')}.att"
        assert (ran.code, ran.first) == (2, f"error: `{registry.host}/new:{tag}` has 1 that would be lost")
        assert run("copy", "--force", image, target).code == 0
        assert registry.tag_digest("new", tag) == registry.tag_digest("app", tag)

    def test_a_digest_is_a_name_only_for_itself(self, registry: MemoryRegistry) -> None:
        image, digest = place_image(registry)
        assert run("copy", image, f"{registry.host}/new@{digest}").code == 0
        assert digest in registry.repository("new").manifests
        ran = run("copy", image, f"{registry.host}/new@sha256:{'0' * 64}")
        assert (ran.code, "is not the digest of" in ran.first) == (2, True)

    def test_what_is_listed_and_gone_is_said(self, registry: MemoryRegistry) -> None:
        registry.behaviour = Behaviour(referrers=False)
        image, digest = place_image(registry)
        attest(image)
        attest(image, type="custom")
        tag = registry.tag_digest("app", digest.replace(":", "-"))
        assert tag is not None
        gone = json.loads(registry.repository("app").manifests[tag][0])["manifests"][0]["digest"]
        del registry.repository("app").manifests[gone]
        ran = run("copy", image, f"{registry.host}/new:v1")
        assert (ran.code, ran.first.startswith(f"warning: left out: `{gone}` is listed")) == (0, True)

    def test_attestations_from_another_repository_come_along(self, registry: MemoryRegistry) -> None:
        image, _ = place_image(registry)
        elsewhere = {"COSIGN_REPOSITORY": f"{registry.host}/else"}
        attest(image, environ=elsewhere)
        assert run("copy", image, f"{registry.host}/new:v1", environ=elsewhere).code == 0
        assert verify(f"{registry.host}/new:v1").code == 0


class TestCrashes:
    def test_the_tag_is_last_and_a_second_try_goes_on(self, registry: MemoryRegistry) -> None:
        index, child = place_index(registry)
        for last in range(0, MOST_WRITES, 5):
            with MemoryRegistry(registry.behaviour) as other:
                target = f"{other.host}/b:all"
                crash = other.fault(Fault(method="PUT", skip=last, times=-1, status=400, body=b""))
                if run("copy", index, target).code == 0:
                    break
                assert other.tag_digest("b", "all") is None
                other.faults.remove(crash)
                assert run("copy", index, target).code == 0
                assert [verify(image).code for image in (target, f"{other.host}/b@{child}")] == [0, 0]
        assert LEAST_WRITES < last < MOST_WRITES - 5

    def test_a_folder_is_finished_by_a_second_try(self, registry: MemoryRegistry) -> None:
        index, child = place_index(registry)
        for last in range(3, MOST_READS, 10):
            crash = registry.fault(Fault(method="GET", skip=last, times=-1, status=400, body=b""))
            ended = run("save", f"--dir={last}", index).code
            registry.faults.remove(crash)
            if ended == 0:
                break
            assert run("save", f"--dir={last}", index).code == 0
            assert [verify("--local-image", f"{last}{image}").code for image in ("", f"@{child}")] == [0, 0]
        assert LEAST_WRITES < last < MOST_READS - 10


class TestSaveAndLoad:
    def test_there_and_back(self, registry: MemoryRegistry, here: Path) -> None:
        index, child = place_index(registry)
        ran = run("save", "--dir", "saved", index)
        assert (ran.code, ran.first.endswith(" in saved")) == (0, True)
        assert verify("--local-image", "saved").code == 0
        assert verify("--local-image", f"saved@{child}").code == 0
        assert run("load", "--dir", "saved", f"{registry.host}/back:1").code == 0
        assert registry.tag_digest("back", "1") == registry.tag_digest("app", "all")
        for image in (f"{registry.host}/back:1", f"{registry.host}/back@{child}"):
            assert verify(image).code == 0
        kinds = [
            entry["annotations"].get("kind")
            for entry in json.loads((here / "saved/index.json").read_bytes())["manifests"]
        ]
        assert kinds == ["dev.cosignproject.cosign/imageIndex", None]

    def test_a_folder_holds_one_image(self, registry: MemoryRegistry) -> None:
        image, digest = place_image(registry)
        other, _ = place_image(registry, "other")
        assert [run("save", "--dir=d", image).code for _ in range(2)] == [0, 0]
        ran = run("save", "--dir=d", other)
        assert (ran.code, ran.first) == (2, f"error: `d` holds another image, `{digest}`")

    def test_a_damaged_blob_is_not_loaded(self, registry: MemoryRegistry, here: Path) -> None:
        image, _ = place_image(registry)
        run("save", "--dir=d", image)
        (layer,) = [path for path in (here / "d/blobs/sha256").iterdir() if path.read_bytes() == b"layer"]
        layer.write_bytes(b"later")
        assert run("load", "--dir=d", f"{registry.host}/back:1").code == 8
        assert registry.tag_digest("back", "1") is None
        assert run("save", "--dir=d", image).code == 0  # written again
        assert run("load", "--dir=d", f"{registry.host}/back:1").code == 0

    @pytest.mark.parametrize("command", ["save", "load"])
    def test_the_folder_must_be_named(self, command: str) -> None:
        ran = run(command, "127.0.0.1:1/app")
        assert (ran.code, ran.first) == (2, "error: no `--dir`")

    def test_load_moves_the_tag(self, registry: MemoryRegistry) -> None:
        image, digest = place_image(registry)
        run("save", "--dir=d", image)
        other, _ = place_image(registry, "other")
        assert run("load", "--dir=d", other).code == 0
        assert registry.tag_digest("other", "v1") == digest
