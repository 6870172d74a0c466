"""`--compact`, the check of full reports, and `download report`, as a user types them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.commands import PASSWORD, Ran, attest, place_image, place_keys, run, verify
from tests.support.images import build_image
from tests.support.large_scans import large_scan
from tests.support.registry import Behaviour, MemoryRegistry
from tests.support.scans import APK_TOOLS, UNFIXED, a_scan, rendered
from tests.support.sigstore.accounts import google
from tests.support.sigstore.fake import FakeSigstore
from tests.support.workshop import ALPINE, Workshop

from assaymark.attest.compact import REPORT_TYPE, compact_record, describe_report
from assaymark.attest.strict import decode_base64

FULL = rendered(a_scan(APK_TOOLS, UNFIXED), "cosign-vuln")
REPORT = compact_record(FULL).report
NAMED = describe_report(REPORT)


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as made:
        yield made


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with keys and a record of a scan."""
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path, "ours", "other")
    (tmp_path / "vuln.json").write_bytes(FULL)
    return tmp_path


def compact(*arguments: str) -> Ran:
    return attest("--compact", *arguments)


def predicates(ran: Ran) -> list[Any]:
    return [json.loads(decode_base64(json.loads(line)["payload"]))["predicate"] for line in ran.lines]


def test_what_is_said(registry: MemoryRegistry) -> None:
    image, digest = place_image(registry)
    ran = compact(image, "-q")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.splitlines()[0] == f"full report: {registry.host}/app@{NAMED.digest}, 0.0 MiB"
    (predicate,) = predicates(verify(f"{registry.host}/app@{digest}"))
    assert predicate == msgspec.json.decode(compact_record(FULL).predicate)


@pytest.mark.parametrize("format_", ["bundle", "legacy", "both"])
@pytest.mark.parametrize("api", [True, False], ids=["with the referrers API", "with the fallback tag"])
def test_reports_are_found_however_they_are_stored(api: bool, format_: str) -> None:
    with MemoryRegistry(Behaviour(referrers=api)) as registry:
        image, _ = place_image(registry)
        assert compact("--attestation-format", format_, image).code == 0
        assert verify(image).code == 0
        assert run("download", "report", image) == Ran(0, REPORT.decode() + "\n", "")
        told = run("tree", "-o", "json", image).json
        assert REPORT_TYPE in {item["kind"] for item in told["attachments"]}


def test_the_summary_tells_of_the_full_report(registry: MemoryRegistry) -> None:
    image, _ = place_image(registry)
    compact(image)
    record = verify("--report", "json", image).json["images"][0]["attestations"][0]["record"]
    assert record["fullReport"] == {"mediaType": REPORT_TYPE, "digest": NAMED.digest, "size": len(REPORT)}
    assert (record["findings"]["total"], record["coverage"]["complete"]) == (2, True)
    line = f"in short  the full report is beside the image: {NAMED.digest}, {len(REPORT)} bytes"
    assert line in verify("--report", "text", image).lines


def test_a_report_that_was_removed(registry: MemoryRegistry) -> None:
    image, _ = place_image(registry)
    compact(image)
    del registry.repository("app").blobs[NAMED.digest]
    ran = verify(image)
    assert (ran.code, ran.out) == (7, "")
    assert ran.err.splitlines() == [
        f"error [FULL_REPORT_MISSING]: `{image}`: the full report `{NAMED.digest}` is not in `{registry.host}/app`",
        "hint: attest again, or copy the image with everything that refers to it",
    ]
    told = verify("--report", "json", image).json
    assert (told["verified"], told["reason"]) == (False, "FULL_REPORT_MISSING")


def test_a_report_that_was_changed(registry: MemoryRegistry) -> None:
    image, _ = place_image(registry)
    compact(image)
    registry.repository("app").blobs[NAMED.digest] = REPORT.replace(b"CRITICAL", b"LOW     ")
    ran = verify(image)
    assert (ran.code, ran.first.split(":")[0]) == (7, "error [FULL_REPORT_MISMATCH]")


def test_the_check_can_be_left_out_and_that_is_said(registry: MemoryRegistry) -> None:
    image, _ = place_image(registry)
    compact(image)
    del registry.repository("app").blobs[NAMED.digest]
    ran = verify("--check-full-report=false", image)
    assert (ran.code, len(ran.lines)) == (0, 1)
    assert "not checked: the full report behind the compact attestation sha256:" in ran.err


def test_another_key_is_not_told_of_reports(registry: MemoryRegistry) -> None:
    image, _ = place_image(registry)
    compact(image)
    ran = run("verify-attestation", "--key", "other.pub", "--type", "vuln", image)
    assert (ran.code, ran.first.split(":")[0]) == (7, "error [WRONG_KEY]")


def test_one_report_of_several(registry: MemoryRegistry, here: Path) -> None:
    image, _ = place_image(registry)
    compact(image)
    (here / "vuln.json").write_bytes(rendered(a_scan(APK_TOOLS), "cosign-vuln"))
    compact(image)
    assert len(run("download", "report", image).lines) == 2
    assert run("download", "report", "--digest", NAMED.digest, image).out == REPORT.decode() + "\n"
    (here / "one.json").write_text(run("download", "report", "--digest", NAMED.digest, image).out)
    assert "CVE-2022-1" in run("convert", "--format", "json", "one.json").out


def test_no_report(registry: MemoryRegistry) -> None:
    image, _ = place_image(registry)
    attest(image)
    ran = run("download", "report", image)
    assert (ran.code, ran.first) == (7, f"error [FULL_REPORT_MISSING]: no full report is attached to `{image}`")


@pytest.mark.parametrize(
    ("flag", "why"),
    [
        pytest.param("--no-upload", "`--no-upload` stores nothing", id="nowhere to store it"),
        pytest.param("--type=custom", "is for vulnerability records", id="another type"),
    ],
)
def test_what_compact_cannot_be_said_of(registry: MemoryRegistry, flag: str, why: str) -> None:
    image, _ = place_image(registry)
    ran = compact(flag, image)
    assert (ran.code, why in ran.first) == (2, True)


def test_a_record_of_another_scanner(registry: MemoryRegistry, here: Path) -> None:
    image, _ = place_image(registry)
    (here / "vuln.json").write_bytes(FULL.replace(b'"SchemaVersion": 2', b'"SchemaVersion": 1'))
    ran = compact("-q", image)
    assert (ran.code, ran.first.split(":")[0]) == (6, "error [NOT_COMPACTABLE]")
    assert set(registry.repository("app").manifests) == {place_image(registry)[1]}


def test_scan_and_attest_in_one_step(registry: MemoryRegistry, tmp_path: Path) -> None:
    built = build_image([ALPINE])
    for data in built.blobs.values():
        registry.put_blob("app", data)
    digest = registry.put_manifest("app", built.manifest, tag="v1").digest
    pinned = f"{registry.host}/app@{digest}"
    shop = Workshop(tmp_path)
    flags = ("--offline=false", "--skip-db-update", "--attest", "--compact", "--key=ours.key", "--format=json", "-q")
    ran = shop.run("image", *flags, pinned, terminal=False, stdin=b"", COSIGN_PASSWORD=PASSWORD)
    assert ran.code == 0, ran.err
    (predicate,) = predicates(verify(pinned))
    stored = run("download", "report", pinned).json
    assert stored == json.loads(ran.out)
    findings = [
        finding["VulnerabilityID"] for finding in predicate["scanner"]["result"]["Results"][0]["Vulnerabilities"]
    ]
    assert findings == [finding["VulnerabilityID"] for finding in stored["Results"][0]["Vulnerabilities"]]
    assert predicate["scanner"]["result"]["Metadata"]["RepoDigests"] == [pinned]


@pytest.fixture
def fake() -> Iterator[FakeSigstore]:
    with FakeSigstore() as running:
        yield running


def services(fake: FakeSigstore, here: Path) -> list[str]:
    files = fake.write(here)
    token = fake.instance.token(google())
    return [
        *("--signing-config", str(files.signing_config), "--trusted-root", str(files.trusted_root)),
        *("--identity-token", token, "--yes"),
    ]


def test_a_log_takes_in_short_what_it_refuses_in_full(registry: MemoryRegistry, here: Path, fake: FakeSigstore) -> None:
    record = rendered(large_scan(5_000), "cosign-vuln")
    assert len(record) > 10_000_000
    (here / "vuln.json").write_bytes(record)
    image, digest = place_image(registry)
    flags = services(fake, here)

    refused = attest("-q", *flags, image, key="")
    assert (refused.code, refused.first.split(":")[0]) == (6, "error [LOG_TOO_LARGE]")
    assert "`--compact`" in refused.err
    assert set(registry.repository("app").manifests) == {digest}

    taken = attest("--compact", *flags, image, key="")
    assert taken.code == 0, taken.err
    identity = ("--certificate-identity-regexp=.*", "--certificate-oidc-issuer-regexp=.*")
    root = ("--trusted-root", str(here / "trusted_root.json"))
    assert run("verify-attestation", "--type=vuln", *identity, *root, image).code == 0


def test_what_a_service_left_unfinished_is_finished_with_its_report(
    registry: MemoryRegistry, here: Path, fake: FakeSigstore
) -> None:
    image, digest = place_image(registry)
    flags = services(fake, here)
    fake.fail(503, times=20, method="POST", path="/api/v1/log")
    broken = attest("--compact", *flags, "--cache-dir", "cache", image, key="")
    assert (broken.code, "[SIGNED_NOT_FINISHED]" in broken.err) == (5, True)
    assert run("download", "report", image).code == 0
    fake.faults.clear()
    (pending,) = (here / "cache").rglob("*.pending.json")
    resume = ("--trusted-root", str(here / "trusted_root.json"), "--yes", f"{registry.host}/app@{digest}")

    del registry.repository("app").blobs[NAMED.digest]
    lost = run("attest", "-q", "--resume", str(pending), "--cache-dir", "cache", *resume)
    assert (lost.code, "error [FULL_REPORT_MISSING]" in lost.err) == (6, True)


def test_comparing_a_compact_record_takes_its_full_report(registry: MemoryRegistry, here: Path) -> None:
    image, _ = place_image(registry)
    attest(image)
    in_full = run("diff", "--key=ours.pub", "--unchanged", "--format=json", image, "vuln.json").json
    other, _ = place_image(registry, "other")
    compact(other)
    in_short = run("diff", "--key=ours.pub", "--unchanged", "--format=json", other, "vuln.json").json
    assert (in_short["changes"], len(in_full["changes"])) == (in_full["changes"], 2)
    del registry.repository("other").blobs[NAMED.digest]
    lost = run("diff", "--key=ours.pub", "-q", other, "vuln.json")
    assert (lost.code, lost.first.split(":")[0]) == (7, "error [FULL_REPORT_MISSING]")


def test_nothing_is_shortened_that_nobody_signs() -> None:
    ran = run("image", "--compact", "--format", "cosign-vuln", "127.0.0.1:9/app:1")
    assert (ran.code, ran.first) == (2, "error: `--compact` is about what is signed, and nothing is")
