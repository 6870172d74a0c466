"""Full reports of compact records go with the records, and never while anything names them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.support.commands import Ran, attest, place_image, place_keys, run, verify
from tests.support.registry import Behaviour, MemoryRegistry
from tests.support.scans import APK_TOOLS, UNFIXED, a_scan, rendered

from assaymark.attest.compact import compact_record, describe_report

FULL = msgspec.json.decode(rendered(a_scan(APK_TOOLS, UNFIXED), "cosign-vuln"))


@pytest.fixture(params=[True, False], ids=["with a referrers API", "without one"])
def registry(request: pytest.FixtureRequest) -> Iterator[MemoryRegistry]:
    with MemoryRegistry(Behaviour(referrers=request.param)) as made:
        yield made


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path, "ours", "theirs")
    return tmp_path


def compact(image: str, day: int, *flags: str, key: str = "ours.key", name: str = "") -> bytes:
    """Attest a scan of that day; returns its full report."""
    moment = f"2026-01-{day:02}T12:00:01Z"
    result = FULL["scanner"]["result"] | {"ArtifactName": name or f"scan-{day}"}
    scanner = FULL["scanner"] | {"result": result}
    times = {"scanStartedOn": moment, "scanFinishedOn": moment}
    written = msgspec.json.encode(FULL | {"scanner": scanner, "metadata": times})
    Path("vuln.json").write_bytes(written)
    ran = attest("--compact", *flags, image, key=key)
    assert ran.code == 0, ran.err
    return compact_record(written).report


def reports(image: str) -> list[bytes]:
    return sorted(line.encode() for line in run("download", "report", image).lines)


def prune(image: str) -> Ran:
    return run("prune", "--key=ours.pub", "--force", image)


@pytest.mark.parametrize("form", ["bundle", "legacy", "both"])
def test_a_report_goes_with_the_last_that_named_it(registry: MemoryRegistry, form: str) -> None:
    image, _ = place_image(registry)
    compact(image, 1, f"--attestation-format={form}")
    newest = compact(image, 2, f"--attestation-format={form}")
    theirs = compact(image, 3, key="theirs.key")
    assert prune(image).code == 0
    assert reports(image) == sorted([newest, theirs])
    assert verify(image).code == 0


def test_one_that_somebody_else_names_stays(registry: MemoryRegistry) -> None:
    image, _ = place_image(registry)
    shared = compact(image, 1, name="shared")
    compact(image, 1, key="theirs.key", name="shared")
    newest = compact(image, 2)
    assert prune(image).code == 0
    assert reports(image) == sorted([shared, newest])
    assert run("verify-attestation", "--key=theirs.pub", "--type=vuln", image).code == 0


def test_one_that_the_newest_names_stays(registry: MemoryRegistry) -> None:
    image, _ = place_image(registry)
    compact(image, 1, name="same")
    report = compact(image, 2, name="same")
    assert prune(image).code == 0
    assert (reports(image), verify(image).code) == ([report], 0)


def test_nobody_knows_what_an_attestation_names_that_cannot_be_read(registry: MemoryRegistry) -> None:
    image, _ = place_image(registry)
    every = [compact(image, 1, "--attestation-format=legacy"), compact(image, 2, key="theirs.key")]
    broken = next(
        digest for digest, data in registry.repository("app").blobs.items() if b"verificationMaterial" in data
    )
    registry.repository("app").blobs[broken] = b"{"
    every.append(compact(image, 3, "--attestation-format=legacy"))
    assert prune(image).code == 0
    assert reports(image) == sorted(every)


def test_replacing_takes_the_report_along(registry: MemoryRegistry) -> None:
    image, _ = place_image(registry)
    compact(image, 1)
    theirs = compact(image, 1, key="theirs.key", name="theirs")
    newest = compact(image, 2, "--replace")
    assert reports(image) == sorted([newest, theirs])
    assert verify(image).code == 0


def test_other_artifacts_that_hold_the_same_stay(registry: MemoryRegistry) -> None:
    """Type, place and content: whoever attaches the same bytes as something else keeps them."""
    image, digest = place_image(registry)
    report = compact(image, 1)
    compact(image, 2)
    held = registry.repository("app")
    (holder,) = [data for data, _ in held.manifests.values() if describe_report(report).digest.encode() in data]
    document = msgspec.json.decode(holder)
    other = msgspec.json.encode(document | {"artifactType": "text/other"})
    named = registry.put_manifest("app", other).digest
    assert prune(image).code == 0
    assert named in held.manifests
    assert digest in held.manifests


def test_a_superseded_record_needs_no_report(registry: MemoryRegistry) -> None:
    """What does not count cannot fail an image; without a policy all count, and each needs its own."""
    image, _ = place_image(registry)
    first = compact(image, 1)
    compact(image, 2)
    blobs = registry.repository("app").blobs
    del blobs[next(digest for digest, data in blobs.items() if data == first)]
    assert verify("--max-severity=CRITICAL", image).code == 0
    for flags in ((), ("--max-severity=CRITICAL", "--all")):
        ran = verify(*flags, image)
        assert (ran.code, ran.first.split(":")[0]) == (7, "error [FULL_REPORT_MISSING]")
