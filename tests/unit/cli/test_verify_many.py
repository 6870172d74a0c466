"""Many images in one `verify-attestation`: every one is looked at, told in order, and none hides another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.commands import Ran, attest, place_image, place_keys, run
from tests.support.registry import MemoryRegistry


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as made:
        yield made


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with two keys and a record."""
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path, "ours", "theirs")
    return tmp_path


def verify(*arguments: str) -> Ran:
    return run("verify-attestation", "--key=ours.pub", "--type=vuln", *arguments)


def place(registry: MemoryRegistry, count: int) -> list[str]:
    return [place_image(registry, f"app{number}")[0] for number in range(count)]


@pytest.mark.parametrize("workers", ["1", "3", "50"])
def test_everything_is_told_in_the_order_of_the_arguments(registry: MemoryRegistry, workers: str) -> None:
    images = place(registry, 12)
    attest(*images)
    ran = verify(f"--max-workers={workers}", *images)
    one_by_one = [verify(image) for image in images]
    assert (ran.code, ran.out) == (0, "".join(each.out for each in one_by_one))
    assert ran.err == "".join(each.err for each in one_by_one)
    document = verify(f"--max-workers={workers}", "--report=json", *images).json
    assert [each["image"] for each in document["images"]] == images


def test_those_that_fail_are_all_named_and_hide_nobody(registry: MemoryRegistry) -> None:
    good, other, bare, late = place(registry, 4)
    missing = f"{registry.host}/missing:v1"
    attest(good, late)
    attest(other, key="theirs.key")
    ran = verify(good, missing, other, bare, late)
    assert (ran.code, ran.out) == (7, "")
    errors = [line for line in ran.err.splitlines() if line.startswith("error")]
    assert [line.split("`")[1] for line in errors] == [missing, other, bare]
    assert ["[WRONG_KEY]" in errors[1], "[NO_ATTESTATION]" in errors[2]] == [True, True]
    told = f"3 of 5 images are not verified: `{missing}`, `{other}`, `{bare}`"
    assert ran.err.splitlines()[-1] == told


def test_the_document_has_every_image(registry: MemoryRegistry) -> None:
    good, bare = place(registry, 2)
    missing = f"{registry.host}/missing:v1"
    attest(good)
    ran = verify("--report=json", missing, good, bare)
    document = ran.json
    assert (ran.code, document["verified"], document["image"], document["reason"]) == (7, False, bare, "NO_ATTESTATION")
    assert [(each["image"], each["verified"], each.get("reason")) for each in document["images"]] == [
        (missing, False, ""),
        (good, True, None),
        (bare, False, "NO_ATTESTATION"),
    ]
    assert document["images"][0]["message"] == f"there is no image `{missing}`"


def test_without_a_refusal_the_first_failure_decides(registry: MemoryRegistry) -> None:
    (good,) = place(registry, 1)
    attest(good)
    assert verify(good, f"{registry.host}/missing:v1", f"{registry.host}/missing:v2").code == 5


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(("--max-workers=0", "a", "b"), "`--max-workers 0` would do nothing", id="nobody works"),
        pytest.param(("localhost:1/a:v1", "localhost:1/A b"), "error: `localhost:1/A b`", id="no reference"),
    ],
)
def test_what_cannot_be_asked(arguments: tuple[str, ...], told: str) -> None:
    ran = verify(*arguments)
    assert (ran.code, told in ran.first) == (2, True), ran.err


def test_connections_are_shared(registry: MemoryRegistry) -> None:
    images = place(registry, 8)
    attest(*images)
    before = len(registry.requests)
    verify(images[0])
    alone = len(registry.requests) - before
    before = len(registry.requests)
    verify(*images)
    assert len(registry.requests) - before == 1 + (alone - 1) * len(images)  # whether it speaks http is asked once
