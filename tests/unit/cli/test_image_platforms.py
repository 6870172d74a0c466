"""`image --attest` on an index: every platform, each layer read once, and nobody's failure is another's."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.commands import PASSWORD, place_keys, run
from tests.support.images import BuiltImage, BuiltIndex, build_image, build_index, encode
from tests.support.registry import Fault, MemoryRegistry
from tests.support.workshop import ALPINE, FINDINGS, INSTALLED, Ran, Workshop

from assaymark.attest.strict import decode_base64
from assaymark.model.descriptor import OCI_INDEX

BASE = {"etc/alpine-release": "3.10.9\n", "usr/share/words": "shared\n" * 1000}
FIXED = {"lib/apk/db/installed": "P:musl\nV:1.1.22-r9\nA:x86_64\no:musl\n\n"}
AFFECTED = {"lib/apk/db/installed": INSTALLED}
NAMES = ("linux/amd64", "linux/arm64", "linux/s390x")


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


def three_platforms() -> BuiltIndex:
    """One base layer; only arm64 has findings."""
    return build_index(
        [
            build_image([BASE, AFFECTED if name == "linux/arm64" else FIXED | {"etc/machine": name}], platform=name)
            for name in NAMES
        ]
    )


def place(registry: MemoryRegistry, index: BuiltIndex, *more: dict[str, Any]) -> list[str]:
    """The index as `app:v1`, with further entries; the digests of its manifests."""
    for image in index.images:
        put(registry, image)
    document = json.loads(index.data)
    document["manifests"] += more
    registry.put_manifest("app", encode(document), media_type=OCI_INDEX, tag="v1")
    return [image.descriptor.digest for image in index.images]


def put(registry: MemoryRegistry, image: BuiltImage) -> None:
    for data in image.blobs.values():
        registry.put_blob("app", data)
    registry.put_manifest("app", image.manifest)


def attest(shop: Workshop, registry: MemoryRegistry, *flags: str) -> Ran:
    reaching = ("--offline=false", "--skip-db-update", "-q", "--key", "ours.key")
    return shop.run(
        "image", "--attest", *reaching, *flags, f"{registry.host}/app:v1", terminal=False, COSIGN_PASSWORD=PASSWORD
    )


def records(*names: str) -> list[Any]:
    """The verified predicates of one image."""
    ran = run("verify-attestation", "--key", "ours.pub", "--type", "vuln", "-q", *names)
    return [json.loads(decode_base64(json.loads(line)["payload"]))["predicate"] for line in ran.lines]


def reads(registry: MemoryRegistry, index: BuiltIndex) -> dict[str, int]:
    """How often each layer was asked for."""
    layers = {layer.descriptor.digest for image in index.images for layer in image.layers}
    asked = Counter(path.rpartition("/")[2] for path in registry.paths("GET") if "/blobs/" in path)
    return {digest: asked[digest] for digest in layers}


class TestEveryPlatform:
    def test_each_has_a_record_of_its_own(self, shop: Workshop, registry: MemoryRegistry) -> None:
        digests = place(registry, three_platforms())
        ran = attest(shop, registry)
        assert (ran.code, ran.err.splitlines()[-1]) == (
            0,
            "attested 3 of 3 platforms of the index: linux/amd64, linux/arm64, linux/s390x",
        )
        found = []
        for digest in digests:
            (record,) = records(f"{registry.host}/app@{digest}")
            parameters, result = record["invocation"]["parameters"], record["scanner"]["result"]
            assert parameters["subject"] == digest
            count = sum(len(each.get("Vulnerabilities", [])) for each in result["Results"])
            found.append((parameters["platform"], count))
        assert found == [("linux/amd64", 0), ("linux/arm64", len(FINDINGS)), ("linux/s390x", 0)]

    @pytest.mark.parametrize("backend", ["fs", "memory"])
    def test_a_shared_layer_is_read_once(self, shop: Workshop, registry: MemoryRegistry, backend: str) -> None:
        index = three_platforms()
        place(registry, index)
        assert attest(shop, registry, "--cache-backend", backend).code == 0
        assert set(reads(registry, index).values()) == {1}
        assert len(reads(registry, index)) == 4

    def test_a_cache_that_cannot_be_written_changes_nothing(self, shop: Workshop, registry: MemoryRegistry) -> None:
        index = three_platforms()
        place(registry, index)
        (shop.cache / "assaymark").write_text("in the way")
        assert attest(shop, registry).code == 0
        assert set(reads(registry, index).values()) == {1}

    def test_what_the_tag_points_at_is_asked_once(self, shop: Workshop, registry: MemoryRegistry) -> None:
        place(registry, three_platforms())
        attest(shop, registry)
        assert [path for path in registry.paths("GET") if path.endswith("/manifests/v1")] == ["/v2/app/manifests/v1"]

    def test_attestations_of_builders_are_passed_over(self, shop: Workshop, registry: MemoryRegistry) -> None:
        entry = {
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": "sha256:" + "0" * 64,
            "size": 5,
            "annotations": {"vnd.docker.reference.type": "attestation-manifest"},
            "platform": {"os": "unknown", "architecture": "unknown"},
        }
        place(registry, three_platforms(), entry)
        ran = attest(shop, registry)
        assert (ran.code, "attested 3 of 3 platforms" in ran.err) == (0, True)

    def test_an_index_without_the_usual_platform(self, shop: Workshop, registry: MemoryRegistry) -> None:
        (digest,) = place(registry, build_index([build_image([ALPINE], platform="linux/arm64")]))
        assert attest(shop, registry, "--format", "json").code == 0
        assert len(records(f"{registry.host}/app@{digest}")) == 1

    def test_some_of_them(self, shop: Workshop, registry: MemoryRegistry) -> None:
        digests = place(registry, three_platforms())
        ran = attest(shop, registry, "--platform", "linux/s390x,linux/arm64")
        assert (ran.code, ran.err.splitlines()[-1]) == (
            0,
            "attested 2 of 3 platforms of the index: linux/s390x, linux/arm64",
        )
        assert [len(records(f"{registry.host}/app@{digest}")) for digest in digests] == [0, 1, 1]

    def test_a_layout(self, shop: Workshop) -> None:
        index = three_platforms()
        layout = str(index.save_layout(shop.folder / "layout", ref="1"))
        ran = shop.run("image", "--attest", "--key", "ours.key", "-q", "--input", layout, COSIGN_PASSWORD=PASSWORD)
        assert (ran.code, "attested 3 of 3 platforms" in ran.err) == (0, True)
        counts = [len(records("--local-image", f"{layout}@{image.descriptor.digest}")) for image in index.images]
        assert counts == [1, 1, 1]


class TestFailures:
    def test_one_platform_does_not_lose_the_others(self, shop: Workshop, registry: MemoryRegistry) -> None:
        index = three_platforms()
        digests = place(registry, index)
        broken = index.images[1].layers[1].descriptor.digest
        registry.fault(Fault(path=broken, times=-1, body=b"something else"))
        ran = attest(shop, registry)
        assert ran.code == 8
        assert ran.err.splitlines()[-2:] == [
            "attested 2 of 3 platforms of the index: linux/amd64, linux/s390x",
            "not attested: linux/arm64; `--platform linux/arm64` goes on with what is missing",
        ]
        assert [len(records(f"{registry.host}/app@{digest}")) for digest in digests] == [1, 0, 1]
        registry.faults.clear()
        assert attest(shop, registry, "--platform", "linux/arm64").code == 0
        assert [len(records(f"{registry.host}/app@{digest}")) for digest in digests] == [1, 1, 1]

    def test_a_second_run_attests_what_is_missing(self, shop: Workshop, registry: MemoryRegistry) -> None:
        index = three_platforms()
        digests = place(registry, index)
        fault = registry.fault(
            Fault(path=index.images[1].layers[1].descriptor.digest, times=-1, body=b"something else")
        )
        assert attest(shop, registry, "--refresh-if-older=24h").code == 8
        registry.faults.remove(fault)
        registry.requests.clear()
        ran = attest(shop, registry, "--refresh-if-older=24h")
        assert (ran.code, "attested 3 of 3 platforms" in ran.err) == (0, True)
        assert [len(records(f"{registry.host}/app@{digest}")) for digest in digests] == [1, 1, 1]

    def test_a_registry_that_takes_nothing(self, shop: Workshop, registry: MemoryRegistry) -> None:
        place(registry, three_platforms())
        registry.fail(405, times=-1, method="POST")
        ran = attest(shop, registry)
        assert (ran.code, ran.err.count("takes no pushes")) == (5, 3)
        assert "attested none of 3 platforms of the index" in ran.err

    def test_findings_of_one_platform_are_findings(self, shop: Workshop, registry: MemoryRegistry) -> None:
        digests = place(registry, three_platforms())
        assert attest(shop, registry, "--exit-code", "17").code == 17
        assert [len(records(f"{registry.host}/app@{digest}")) for digest in digests] == [1, 1, 1]


class TestReports:
    def test_tables_follow_each_other_under_their_platforms(self, shop: Workshop, registry: MemoryRegistry) -> None:
        digests = place(registry, three_platforms())
        ran = attest(shop, registry)
        heads = [line for line in ran.out.splitlines() if line.startswith("linux/")]
        assert heads == [f"{name}, {digest}" for name, digest in zip(NAMES, digests, strict=True)]

    def test_a_file_for_each(self, shop: Workshop, registry: MemoryRegistry) -> None:
        place(registry, three_platforms())
        ran = attest(
            shop, registry, "--format", "json", "--output", "r-{platform}.json", "--also", "csv={platform}.csv"
        )
        assert (ran.code, ran.out) == (0, "")
        written = sorted(path.name for path in shop.folder.iterdir() if path.suffix in (".json", ".csv"))
        assert written == [
            *("linux-amd64.csv", "linux-arm64.csv", "linux-s390x.csv"),
            *("r-linux-amd64.json", "r-linux-arm64.json", "r-linux-s390x.json", "vuln.json"),
        ]

    @pytest.mark.parametrize(
        ("flags", "place_"),
        [
            (("--format=json",), "standard output"),
            (("--output=report.txt",), "`report.txt`"),
            (("--also=json=r.json",), "`r.json`"),
        ],
        ids=["JSON on stdout", "one file", "one more file"],
    )
    def test_reports_do_not_overwrite_each_other(
        self, shop: Workshop, registry: MemoryRegistry, flags: tuple[str, ...], place_: str
    ) -> None:
        index = three_platforms()
        place(registry, index)
        ran = attest(shop, registry, *flags)
        assert (ran.code, ran.out) == (2, "")
        assert ran.err.startswith(f"error: {place_} takes one report as ")
        assert set(reads(registry, index).values()) == {0}

    def test_platforms_that_share_a_name_do_not_share_a_file(self, shop: Workshop, registry: MemoryRegistry) -> None:
        place(registry, build_index([build_image([ALPINE]), build_image([BASE, AFFECTED])]))
        ran = attest(shop, registry, "--format=json", "--output={platform}.json")
        assert (ran.code, ran.err.splitlines()[0]) == (2, "error: two reports would go to `linux-amd64.json`")

    def test_a_platform_is_no_path(self, shop: Workshop, registry: MemoryRegistry) -> None:
        index = three_platforms()
        document = json.loads(index.data)
        document["manifests"][0]["platform"] = {"os": "../../up", "architecture": "/etc/x\n"}
        place(registry, BuiltIndex(index.images, encode(document)))
        assert attest(shop, registry, "--format=json", "--output={platform}.json").code == 0
        assert (shop.folder / "..-..-up-etc-x-.json").is_file()

    def test_the_platform_of_a_single_image(self, shop: Workshop) -> None:
        name = shop.image(ALPINE, platform="linux/arm/v7")
        assert shop.run("image", "--format=json", "--output=r-{platform}.json", "--input", name).code == 0
        assert (shop.folder / "r-linux-arm-v7.json").is_file()


class TestTheIndexItself:
    def test_its_record_has_the_findings_of_all_platforms(self, shop: Workshop, registry: MemoryRegistry) -> None:
        digests = place(registry, three_platforms())
        ran = attest(shop, registry, "--index")
        top = registry.repository("app").tags["v1"]
        assert (ran.code, f"attested the index itself, {top}:" in ran.err) == (0, True)
        (record,) = records(f"{registry.host}/app:v1")
        result, parameters = record["scanner"]["result"], record["invocation"]["parameters"]
        found = [(each["Target"], len(each.get("Vulnerabilities", []))) for each in result["Results"]]
        assert found == [
            (f"{name}: {registry.host}/app:v1 (alpine 3.10.9)", count)
            for name, count in zip(NAMES, (0, 3, 0), strict=True)
        ]
        assert [(each["platform"], each["digest"]) for each in parameters["platforms"]] == list(
            zip(NAMES, digests, strict=True)
        )
        assert parameters["subject"] == top
        assert result["Metadata"]["RepoDigests"] == [f"{registry.host}/app@{top}"]

    @pytest.mark.parametrize("flags", [(), ("--compact",)], ids=["a full record", "a compact one"])
    def test_a_policy_that_it_breaks_names_the_platform(
        self, shop: Workshop, registry: MemoryRegistry, flags: tuple[str, ...]
    ) -> None:
        place(registry, three_platforms())
        assert attest(shop, registry, "--index", *flags).code == 0
        for policy in ("--max-severity=HIGH", "--deny=CVE-2019-14697"):
            ran = run("verify-attestation", "--key=ours.pub", "--type=vuln", f"{registry.host}/app:v1", policy)
            told = "the policy is not satisfied: `CVE-2019-14697` in `musl 1.1.22-r2` of `linux/arm64` is"
            assert (ran.code, told in ran.first) == (7, True), ran.err

    def test_its_platforms_are_replayed_and_it_is_not(self, shop: Workshop, registry: MemoryRegistry) -> None:
        place(registry, three_platforms())
        attest(shop, registry, "--index")
        replay = ("replay", "--offline=false", "--key=ours.pub", f"{registry.host}/app:v1")
        ran = shop.run(*replay)
        assert (ran.code, ran.err.splitlines()[0].startswith("error [RECORD_NOT_REPLAYABLE]: ")) == (7, True)
        assert shop.run(*replay, "--platform=linux/arm64").code == 0

    def test_not_without_one_of_them(self, shop: Workshop, registry: MemoryRegistry) -> None:
        index = three_platforms()
        place(registry, index)
        registry.fault(Fault(path=index.images[2].layers[1].descriptor.digest, times=-1, body=b"something else"))
        ran = attest(shop, registry, "--index", "--quiet=false")
        assert (ran.code, "warning: the index itself is not attested" in ran.err) == (8, True)
        assert records(f"{registry.host}/app:v1") == []

    @pytest.mark.parametrize(
        ("flags", "told"),
        [
            (("--attest", "--index", "--platform=linux/amd64"), "`--platform` leaves some out"),
            (("--index",), "`--index` attests the index itself"),
            (("--platform=all", "--explain=CVE-2019-14697"), "`--explain` looks at one platform"),
        ],
        ids=["a platform alone", "nothing is attested", "one finding of many platforms"],
    )
    def test_what_contradicts_itself(self, shop: Workshop, flags: tuple[str, ...], told: str) -> None:
        ran = shop.run("image", "--key=ours.key", *flags, "app")
        assert (ran.code, told in ran.err) == (2, True)

    @pytest.mark.parametrize("flag", ["--index", "--platform=linux/amd64,linux/arm64"])
    def test_of_a_single_manifest(self, shop: Workshop, registry: MemoryRegistry, flag: str) -> None:
        image = build_image([ALPINE])
        put(registry, image)
        registry.put_manifest("app", image.manifest, tag="v1")
        ran = attest(shop, registry, flag)
        assert (ran.code, "is no index" in ran.err.splitlines()[0], registry.paths("PUT")) == (2, True, [])


class TestScansAlone:
    def test_one_platform_unless_told_otherwise(self, shop: Workshop, registry: MemoryRegistry) -> None:
        place(registry, three_platforms())
        arguments = (
            "image",
            "--offline=false",
            "--skip-db-update",
            "-q",
            "--image-src=remote",
            f"{registry.host}/app:v1",
        )
        assert shop.run(*arguments, "--format=json").findings == []
        ran = shop.run(*arguments, "--platform=all", "--format=json", "--output={platform}.json")
        assert (ran.code, ran.err.splitlines()[-1].startswith("scanned 3 of 3 platforms of the index")) == (0, True)
        report = json.loads((shop.folder / "linux-arm64.json").read_bytes())
        assert len(report["Results"][0]["Vulnerabilities"]) == len(FINDINGS)
