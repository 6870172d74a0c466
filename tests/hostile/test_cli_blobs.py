"""Blobs and manifests that are not what was promised, from layouts and registries: exit 8, and nothing is remembered."""

from __future__ import annotations

import gzip
import hashlib
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zstandard
from tests.support.bombs import MIB, RawImage, RawLayer, honest_layer, raw_image
from tests.support.images import describe, layout_files, write_files, write_layer
from tests.support.process import ALPINE, Machine
from tests.support.registry import Fault, MemoryRegistry

from assaymark.model.descriptor import OCI_MANIFEST
from assaymark.model.digest import sha256_digest

NOISE = random.Random(7).randbytes(300_000)
TAR = write_layer({"data": NOISE})
GZIP = gzip.compress(TAR, 1, mtime=0)
DIFF_ID = f"sha256:{hashlib.sha256(TAR).hexdigest()}"
HONEST = RawLayer(stored=GZIP, diff_id=DIFF_ID)
DIGEST = sha256_digest(GZIP)
ZSTD = zstandard.ZstdCompressor().compress(TAR)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    made.place_database()
    return made


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as made:
        yield made


def image_of(layer: RawLayer) -> RawImage:
    return raw_image([honest_layer(ALPINE), layer])


def cached(machine: Machine) -> int:
    """How many layers are remembered; one entry beside them names the analysers."""
    entries = [path for path in (machine.cache / "assaymark" / "layers").glob("??/*") if path.is_file()]
    return max(len(entries) - 1, 0)


LIES = [
    pytest.param(
        RawLayer(stored=GZIP[:100_000], diff_id=DIFF_ID),
        f"error [LAYER_DAMAGED]: layer `{DIFF_ID}` is damaged: it ends early",
        id="a gzip stream that ends early",
    ),
    pytest.param(
        RawLayer(stored=GZIP + b"garbage", diff_id=DIFF_ID),
        f"error [LAYER_DAMAGED]: layer `{DIFF_ID}` is damaged: something that is not gzip follows its last member",
        id="garbage behind a gzip stream",
    ),
    pytest.param(
        RawLayer(stored=ZSTD[:100_000], diff_id=DIFF_ID, kind="zstd"),
        f"error [LAYER_DAMAGED]: layer `{DIFF_ID}` is damaged: it ends early",
        id="a zstd frame that ends early",
    ),
    pytest.param(
        RawLayer(stored=NOISE, diff_id=DIFF_ID),
        f"error [LAYER_MALFORMED]: layer `{DIFF_ID}` is not a valid tar archive: a header has the wrong checksum",
        id="noise",
    ),
    pytest.param(
        RawLayer(stored=GZIP, diff_id="sha256:" + "0" * 64),
        f"error [DIFF_ID_MISMATCH]: layer `sha256:{'0' * 64}` has the uncompressed digest `{DIFF_ID}`, "
        "which the configuration contradicts",
        id="another diff_id",
    ),
    pytest.param(
        RawLayer(stored=GZIP, diff_id=DIFF_ID, claims={"size": 100}),
        f"error: `{DIGEST}` is longer than the 100 bytes that were promised",
        id="a size that is too small",
    ),
    pytest.param(
        RawLayer(stored=GZIP, diff_id=DIFF_ID, claims={"size": 10**12}),
        f"error: `{DIGEST}` ends after {len(GZIP)} of the {10**12} bytes that were promised",
        id="a size that is too large",
    ),
    pytest.param(
        RawLayer(stored=GZIP, diff_id=DIFF_ID, claims={"size": -1}),
        "error: the manifest's `layers[1]` has no valid `size`",
        id="a negative size",
    ),
    pytest.param(
        RawLayer(stored=GZIP, diff_id=DIFF_ID, claims={"digest": "sha256:../../../../etc/passwd"}),
        "error: `sha256:../../../../etc/passwd` is not a digest (`sha256:` and 64 lower-case hex digits)",
        id="a path in place of a digest",
    ),
]


@pytest.mark.parametrize(("layer", "line"), LIES)
def test_a_lie_in_a_layout(machine: Machine, layer: RawLayer, line: str) -> None:
    image_of(layer).save_layout(machine.work / "image")

    for _ in range(2):  # what was refused once is refused again: nothing of it is remembered
        ended = machine.run_contained("image", "--input", "image", *machine.flags)
        assert (ended.code, ended.problems, ended.out) == (8, [line], b"")
        assert cached(machine) <= 1


@pytest.mark.parametrize(("layer", "line"), LIES)
def test_a_lie_in_a_registry(machine: Machine, registry: MemoryRegistry, layer: RawLayer, line: str) -> None:
    put(registry, image_of(layer))

    ended = machine.run_contained("image", "--image-src", "remote", f"{registry.host}/a/b:1", *machine.flags)

    assert (ended.code, len(ended.problems), ended.out) == (8, 1, b"")
    assert ended.problems[0].partition(":")[0] == line.partition(":")[0]
    assert cached(machine) <= 1


def put(registry: MemoryRegistry, image: RawImage) -> None:
    for data in image.blobs.values():
        registry.put_blob("a/b", data)
    registry.put_manifest("a/b", image.manifest, tag="1")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        pytest.param(Fault(body=GZIP[:-9] + b"corrupted"), "has digest", id="other bytes"),
        pytest.param(Fault(body=GZIP + b"more"), "is longer than", id="more bytes"),
        pytest.param(Fault(endless=True), "is longer than", id="bytes without end"),
        pytest.param(Fault(body=GZIP[:-9]), "ends after", id="fewer bytes"),
    ],
)
def test_a_registry_that_serves_something_else(
    machine: Machine, registry: MemoryRegistry, fault: Fault, said: str
) -> None:
    put(registry, image_of(HONEST))
    fault.path, fault.times = f"/blobs/{DIGEST}", -1
    registry.fault(fault)
    flags = ("image", "--image-src", "remote", f"{registry.host}/a/b:1", *machine.flags)

    ended = machine.run_contained(*flags)

    assert (ended.code, [said in line for line in ended.problems]) == (8, [True])
    registry.faults.clear()
    again = machine.run_contained(*flags)
    assert (again.code, b"CVE-2020-28928" in again.out) == (0, True)


def test_a_blob_that_is_cut_again_and_again(machine: Machine, registry: MemoryRegistry) -> None:
    put(registry, image_of(HONEST))
    registry.fault(Fault(path=f"/blobs/{DIGEST}", times=-1, cut_after=10_000))

    ended = machine.run_contained("image", "--image-src", "remote", f"{registry.host}/a/b:1", *machine.flags)

    assert (ended.code, ["broke off" in line for line in ended.problems]) == (5, [True])


def bloated(image: RawImage) -> bytes:
    return image.manifest[:-1] + b',"annotations":{"x":"' + b"y" * (5 * MIB) + b'"}}'


def deep(image: RawImage) -> bytes:
    return image.manifest[:-1] + b',"x":' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}"


def twofold(image: RawImage) -> bytes:
    return image.manifest[:-1] + b',"manifests":[]}'


def doubled(image: RawImage) -> bytes:
    return image.manifest[:-1] + b',"layers":[]}'


MANIFESTS = [
    pytest.param(bloated, "4194304", id="five mebibytes"),
    pytest.param(deep, "nest|deep|lists and objects", id="a million lists in each other"),
    pytest.param(twofold, "manifests", id="layers and manifests"),
    pytest.param(doubled, "twice", id="layers twice"),
]


@pytest.mark.parametrize(("make", "said"), MANIFESTS)
def test_a_manifest_made_to_hurt(
    machine: Machine, registry: MemoryRegistry, make: Callable[[RawImage], bytes], said: str
) -> None:
    image = image_of(HONEST)
    manifest = make(image)
    hostile = RawImage(manifest=manifest, blobs={**image.blobs, sha256_digest(manifest): manifest})
    hostile.save_layout(machine.work / "image")
    put(registry, hostile)

    for arguments in (("--input", "image"), ("--image-src", "remote", f"{registry.host}/a/b:1")):
        ended = machine.run_contained("image", *arguments, *machine.flags)
        assert (ended.code, len(ended.problems)) == (8, 1), ended.err
        assert any(word in ended.err for word in said.split("|")), ended.err
        assert (ended.out, cached(machine)) == (b"", 0)


def test_a_manifest_without_end(machine: Machine, registry: MemoryRegistry) -> None:
    put(registry, image_of(HONEST))
    registry.fault(Fault(path="/manifests/", times=-1, endless=True))

    for command in (
        ("image", "--image-src", "remote", *machine.flags),
        ("tree",),
        ("verify-attestation", "--key", key(machine)),
    ):
        ended = machine.run_contained(*command, f"{registry.host}/a/b:1")
        assert (ended.code, len(ended.problems), "4194304" in ended.err) == (8, 1, True), ended.err


def key(machine: Machine) -> str:
    """The public half of a new pair."""
    if not (machine.work / "cosign.pub").exists():
        machine.run("generate-key-pair", environ={"COSIGN_PASSWORD": ""})
    return "cosign.pub"


def test_an_index_of_two_hundred_mib_in_a_layout(machine: Machine) -> None:
    image_of(HONEST).save_layout(machine.work / "image")
    with (machine.work / "image" / "index.json").open("r+b") as stream:
        stream.truncate(200 * MIB)

    ended = machine.run_contained("image", "--input", "image", *machine.flags)

    assert (ended.code, ended.problems) == (8, ["error: `image/index.json` is longer than 4194304 bytes"])


def test_a_manifest_of_two_hundred_mib_in_a_layout(machine: Machine) -> None:
    image = image_of(HONEST)
    manifest = image.manifest[:-1] + b" " * (200 * MIB) + b"}"
    entry = describe(manifest, OCI_MANIFEST)
    write_files(machine.work / "image", layout_files([(entry, "")], {**image.blobs, entry.digest: manifest}))

    ended = machine.run_contained("image", "--input", "image", *machine.flags)

    assert (ended.code, len(ended.problems), "4194304" in ended.err) == (8, 1, True)
