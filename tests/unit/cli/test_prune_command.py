"""`prune` as a user types it: only what the signer signed, and only what a newer one of the same signer replaces."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.support.commands import attest, place_image, place_keys, record, run, verify
from tests.support.forgery import RECORD
from tests.support.registry import Behaviour, MemoryRegistry

KEY = ("--key", "ours.pub")


@pytest.fixture(params=[True, False], ids=["with a referrers API", "without one"])
def registry(request: pytest.FixtureRequest) -> Iterator[MemoryRegistry]:
    with MemoryRegistry(Behaviour(referrers=request.param)) as made:
        yield made


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path, "ours", "theirs")
    return tmp_path


def scanned(day: int) -> None:
    """Let the next record be of a scan that ended on that day."""
    result = msgspec.json.decode(RECORD)["scanner"]["result"]
    times = {"scanStartedOn": f"2026-01-{day:02}T12:00:00Z", "scanFinishedOn": f"2026-01-{day:02}T12:00:01Z"}
    Path("vuln.json").write_bytes(record(result, metadata=times))


def attest_on(image: str, *days: int, key: str = "ours.key") -> None:
    for day in days:
        scanned(day)
        assert attest(image, key=key).code == 0


def days(image: str, *flags: str) -> list[int]:
    """When the scans ended whose attestations verify with our key."""
    envelopes = [json.loads(line) for line in verify(*flags, image).lines]
    statements = [json.loads(base64.b64decode(envelope["payload"])) for envelope in envelopes]
    return sorted(int(each["predicate"]["metadata"]["scanFinishedOn"][8:10]) for each in statements)


def test_only_the_signers_own_goes(registry: MemoryRegistry) -> None:
    image, _ = place_image(registry)
    attest_on(image, 1, 2, key="theirs.key")
    attest_on(image, 3, 1, 2)
    assert attest(image, type="custom").code == 0
    listed = run("prune", *KEY, "--dry-run", image)
    assert (listed.code, len(listed.lines), len(days(image))) == (0, 2, 3)
    assert all("scanned 2026-01-03T12:00:01Z by the signer's word" in line for line in listed.lines)
    assert run("prune", *KEY, "--force", image).code == 0
    assert days(image) == [3]  # the newest scan, although it was attached first
    for key, kind, count in (("theirs.pub", "vuln", 2), ("ours.pub", "custom", 1)):
        assert len(run("verify-attestation", "--key", key, "--type", kind, image).lines) == count
    again = run("prune", *KEY, "--force", image)
    assert (again.code, "is superseded" in again.err) == (0, True)


def test_as_many_stay_as_are_kept(registry: MemoryRegistry) -> None:
    image, _ = place_image(registry)
    attest_on(image, 1, 2, 3, 4)
    assert run("prune", *KEY, "-f", "--keep=3", image).code == 0
    assert days(image) == [2, 3, 4]


def test_each_format_keeps_its_newest(registry: MemoryRegistry) -> None:
    image, _ = place_image(registry)
    for day in (1, 2):
        scanned(day)
        attest(image, "--attestation-format=both")
    scanned(3)
    attest(image)
    assert run("prune", *KEY, "-f", image).code == 0
    assert (days(image), days(image, "--new-bundle-format=false")) == ([2, 3], [2])


def test_what_nothing_says_to_be_older_stays(registry: MemoryRegistry) -> None:
    image, _ = place_image(registry)
    attest_on(image, 5, 5)
    for _ in range(2):
        attest(image, type="custom")
    assert run("prune", *KEY, "-f", image).code == 0
    assert days(image) == [5, 5]
    assert len(run("verify-attestation", *KEY, "--type=custom", image).lines) == 2


def test_of_one_type(registry: MemoryRegistry) -> None:
    image, _ = place_image(registry)
    attest_on(image, 1, 2)
    assert run("prune", *KEY, "-f", "--type=custom", image).code == 7
    assert run("prune", *KEY, "-f", "--type=vuln", image).code == 0
    assert days(image) == [2]


def test_every_platform_of_an_index(registry: MemoryRegistry) -> None:
    one, digest = place_image(registry)
    size = len(registry.repository("app").manifests[digest][0])
    entry = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest, "size": size}
    registry.put_index("app", "all", [entry | {"platform": {"os": "linux", "architecture": "arm64"}}])
    index = f"{registry.host}/app:all"
    for image in (one, index):
        attest_on(image, 1, 2)
    assert run("prune", *KEY, "-f", "--platform=linux/arm64", index).code == 0
    assert (days(one), days(index)) == ([2], [1, 2])
    assert run("prune", *KEY, "-f", index).code == 0
    assert days(index) == [2]


def test_a_registry_that_does_not_delete(registry: MemoryRegistry) -> None:
    image, _ = place_image(registry)
    attest_on(image, 1, 2)
    registry.behaviour = Behaviour(referrers=registry.behaviour.referrers, deletes=False)
    ran = run("prune", *KEY, "-f", image)
    if registry.behaviour.referrers:
        assert (ran.code, days(image)) == (5, [1, 2])
    else:  # nothing leads to it any more
        assert (ran.code, days(image)) == (0, [2])
        assert "is no longer listed, but stays" in ran.err


def test_with_the_wrong_key_nothing_goes(registry: MemoryRegistry) -> None:
    image, _ = place_image(registry)
    attest_on(image, 1, 2)
    ran = run("prune", "--key=theirs.pub", "-f", image)
    assert (ran.code, ran.first.startswith("error [WRONG_KEY]")) == (7, True)
    assert days(image) == [1, 2]


def test_an_image_without_attestations(registry: MemoryRegistry) -> None:
    image, _ = place_image(registry)
    assert run("prune", *KEY, "-f", image).code == 0


@pytest.mark.parametrize(
    "flags",
    [(), ("--any-identity",), (*KEY, "--keep=0"), ("--certificate-identity=a@b",)],
    ids=["nobody is named", "anybody", "nothing is kept", "half an identity"],
)
def test_flags_that_are_refused(flags: tuple[str, ...]) -> None:
    assert run("prune", *flags, "127.0.0.1:1/app").code == 2


def test_nobody_agreed(registry: MemoryRegistry) -> None:
    image, _ = place_image(registry)
    attest_on(image, 1, 2)
    assert run("prune", *KEY, image).code == 2
    assert days(image) == [1, 2]
