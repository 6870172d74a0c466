"""A scan that could not look: every report, the record, stderr, the exit code and the signature say so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.support.commands import PASSWORD, place_keys, run
from tests.support.database import Facts, place, trivy_db
from tests.support.images import build_image
from tests.support.registry import MemoryRegistry
from tests.support.rpm_databases import ndb
from tests.support.rpm_headers import package
from tests.support.workshop import ALPINE, DETAILS, FACTS, METADATA, OUT_OF_SUPPORT, SOURCES, Ran, Workshop

RPM = ndb([package("openssl-libs", vendor="Red Hat, Inc.")])
NDB = "usr/lib/sysimage/rpm/Packages.db"
CONTENT = "root/buildinfo/content_manifests/ubi9.json"
FLASK = {"usr/lib/python3/site-packages/flask-0.12.dist-info/METADATA": "Name: flask\nVersion: 0.12\n"}


def release(name: str, version: str) -> dict[str, Any]:
    return {"etc/os-release": f"ID={name}\nVERSION_ID={version}\n"}


BLIND: dict[str, tuple[Mapping[str, Any], str, str]] = {
    "nothing at all": ({}, "OS_UNKNOWN", "no operating system was recognised"),
    "an unknown system": (release("plan9", "4"), "OS_UNKNOWN", "`plan9 4` is no operating system that is known"),
    "an unknown system with language packages": ({**release("plan9", "4"), **FLASK}, "OS_UNKNOWN", "`plan9 4`"),
    "packages of an unknown system": ({NDB: RPM}, "OS_UNKNOWN", "1 packages of an unknown operating system"),
    "packages of a system that is named and unknown": (
        {**release("plan9", "4"), NDB: RPM},
        "OS_UNKNOWN",
        "1 packages of the unknown operating system `plan9 4`",
    ),
    "a system whose advisories nobody publishes": (
        {**release("fedora", "42"), NDB: RPM},
        "OS_UNSUPPORTED",
        "packages of `fedora 42` are neither matched nor listed",
    ),
    "a system that is only listed": (
        {**release("coreos", "40.1"), NDB: RPM},
        "OS_NO_ADVISORIES",
        "no advisories `coreos` for `coreos 40.1`",
    ),
    "no package database": (release("rocky", "9.3"), "OS_NO_PACKAGES", "no packages of `rocky 9.3` were found"),
    "a system that has no packages of its own, and no others": (
        release("activestate", "1"),
        "OS_NO_PACKAGES",
        "no packages of `activestate 1` were found",
    ),
    "an unreadable package database": (
        {**release("rocky", "9.3"), NDB: b"not one"},
        "OS_NO_PACKAGES",
        "no packages of `rocky 9.3` were found",
    ),
    "a release that the database does not know": (
        {**release("sles", "15.3"), NDB: RPM},
        "OS_NO_ADVISORIES",
        "no advisories `SUSE Linux Enterprise 15.3` for `sles 15.3`",
    ),
    "products that the database does not know": (
        {**release("rhel", "9.4"), NDB: RPM, CONTENT: '{"content_sets":["somebody-elses-rpms"]}'},
        "OS_NO_ADVISORIES",
        "the database knows no product of their content sets (`somebody-elses-rpms`): `openssl-libs`",
    ),
}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """A workshop with a key; its database knows Red Hat, and one product."""
    monkeypatch.chdir(tmp_path)
    place_keys(tmp_path)
    made = Workshop(tmp_path)
    red_hat: Facts = {
        "Red Hat": {"openssl-libs": {"RHSA-2026:1": {}}},
        "Red Hat CPE": {"repository": {"rhel-9-for-x86_64-baseos-rpms": [1]}},
    }
    place(made.cache / "db", trivy_db({**FACTS, **red_hat}, details=DETAILS, sources=SOURCES), METADATA)
    return made


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as made:
        yield made


def scan(shop: Workshop, layer: Mapping[str, Any], *flags: str) -> Ran:
    return shop.run("image", "--input", shop.image(layer), *flags)


@pytest.mark.parametrize(("layer", "code", "reason"), BLIND.values(), ids=BLIND)
def test_every_report_names_it(shop: Workshop, layer: Mapping[str, Any], code: str, reason: str) -> None:
    table = scan(shop, layer)
    json = scan(shop, layer, "--format=json")
    record = scan(shop, layer, "--format=cosign-vuln").report

    issues = [(issue["Code"], reason in issue["Message"]) for issue in json.report["Coverage"]["Issues"]]
    stated = record["invocation"]["parameters"]["coverage"]
    assert (table.code, json.code, json.report["Coverage"]["Complete"]) == (0, 0, False)
    assert (code, True) in issues
    assert "INCOMPLETE" in table.out
    assert reason in " ".join(table.out.split())
    assert reason in json.err
    assert "warning: " in json.err
    assert (stated["complete"], code in stated["issues"]) == (False, True)
    assert record["scanner"]["result"]["Coverage"] == json.report["Coverage"]


@pytest.mark.parametrize(("layer", "code", "reason"), BLIND.values(), ids=BLIND)
def test_completeness_can_be_required(shop: Workshop, layer: Mapping[str, Any], code: str, reason: str) -> None:
    ran = scan(shop, layer, "--require-complete", "--format=json")

    assert (ran.code, "error [INCOMPLETE]: the scan is incomplete" in ran.err) == (3, True)
    assert code in {issue["Code"] for issue in ran.report["Coverage"]["Issues"]}


@pytest.mark.parametrize(("layer", "code", "_"), BLIND.values(), ids=BLIND)
def test_it_is_signed_only_when_told_so_and_the_record_keeps_it(
    shop: Workshop, registry: MemoryRegistry, layer: Mapping[str, Any], code: str, _: str
) -> None:
    image = build_image([layer])
    for data in image.blobs.values():
        registry.put_blob("app", data)
    registry.put_manifest("app", image.manifest, tag="v1")
    reference = f"{registry.host}/app:v1"
    attest = ("image", "--attest", "--key", "ours.key", "-q", "--offline=false", "--skip-db-update")

    refused = shop.run(*attest, reference, COSIGN_PASSWORD=PASSWORD)
    signed = shop.run(*attest, "--allow-incomplete", reference, COSIGN_PASSWORD=PASSWORD)
    told = run("verify-attestation", "--key", "ours.pub", "--type", "vuln", "-q", "--report", "text", reference)

    assert (refused.code, "error [SCAN_INCOMPLETE]" in refused.err) == (6, True)
    assert (signed.code, told.code) == (0, 0), signed.err
    (coverage,) = (line for line in told.lines if line.startswith("coverage"))
    assert ("INCOMPLETE" in coverage, code in coverage) == (True, True)


COMPLETE: dict[str, Mapping[str, Any]] = {
    "a distribution out of support": ALPINE,
    "language packages alone": FLASK,
    "language packages on a system that has no packages of its own": {**release("activestate", "1"), **FLASK},
}


@pytest.mark.parametrize("layer", COMPLETE.values(), ids=COMPLETE)
def test_what_could_be_looked_at_is_complete(shop: Workshop, layer: Mapping[str, Any]) -> None:
    ran = scan(shop, layer, "--require-complete", "--format=json")

    assert (ran.code, ran.report["Coverage"]["Complete"]) == (0, True)


def test_the_end_of_life_is_told_and_does_not_block(shop: Workshop) -> None:
    told = scan(shop, ALPINE, "--format=json")

    assert (told.code, told.report["Metadata"]["OS"]["EOSL"], told.err) == (0, True, OUT_OF_SUPPORT)
    assert scan(shop, ALPINE, "--exit-on-eol=9", "--format=json")[::2] == (9, OUT_OF_SUPPORT)
    assert "end of life" in scan(shop, ALPINE).out
    assert scan(shop, {**ALPINE, "etc/alpine-release": "edge\n"}, "--exit-on-eol=9").code == 0
