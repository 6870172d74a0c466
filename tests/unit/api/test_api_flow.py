"""Scan, sign, push and verify, by a program."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support.images import build_image
from tests.support.programs import PATCHED, Surroundings
from tests.support.workshop import ALPINE, FINDINGS

import assaymark
from assaymark.model.digest import sha256_digest


def test_fifteen_lines_scan_sign_push_and_verify(around: Surroundings) -> None:
    image, settings = around.image(), around.settings()
    report = assaymark.scan(image, settings=settings)
    done = assaymark.attest(image, report, key=around.key, settings=settings)
    proven = assaymark.verify(image, key=around.public, settings=settings)
    (attestation,) = proven.attestations

    assert [found.vulnerability_id for found in report.findings] == FINDINGS
    assert attestation.record == report.to_bytes("cosign-vuln")
    assert attestation.report.findings == report.findings
    assert (done.digest, done.image) == (proven.digest, proven.image) == (report.digest, proven.image)
    assert attestation.signer.key == around.public
    assert [(each.format, each.manifest) for each in done.stored] == [("bundle", attestation.manifest)]
    assert attestation.time is None
    assert proven.refused == ()


def test_both_formats_come_from_one_signature(around: Surroundings) -> None:
    image, settings = around.image(), around.settings()
    report = assaymark.scan(image, settings=settings)
    assaymark.attest(image, report, key=around.key, format="both", settings=settings)
    both = assaymark.verify(image, key=around.public, settings=settings).attestations
    assert sorted(each.format for each in both) == ["bundle", "legacy"]
    assert json.loads(both[0].envelope)["payload"] == json.loads(both[1].envelope)["payload"]


def test_compact_records_come_with_their_full_report(around: Surroundings) -> None:
    image, settings = around.image(), around.settings()
    report = assaymark.scan(image, settings=settings)
    assaymark.attest(image, report, key=around.key, compact=True, settings=settings)
    (found,) = assaymark.verify(image, key=around.public, settings=settings).attestations
    assert found.predicate != found.record
    assert json.loads(found.record) == json.loads(report.to_bytes("cosign-vuln"))
    assert found.report.packages == report.packages


def test_the_platform_that_was_scanned_is_attested_and_not_its_index(around: Surroundings) -> None:
    image, built = around.index()
    settings = around.settings()
    report = assaymark.scan(image, platform="linux/arm64", settings=settings)
    done = assaymark.attest(image, report, key=around.key, settings=settings)
    assert done.digest == report.digest == sha256_digest(built.images[1].manifest)
    pinned = f"{around.registry.host}/app@{report.digest}"
    assert len(assaymark.verify(pinned, key=around.public, settings=settings).attestations) == 1
    with pytest.raises(assaymark.VerificationError) as caught:
        assaymark.verify(image, key=around.public, settings=settings)
    assert caught.value.reason == "PLATFORM_NOT_ATTESTED"
    assert f"{image} (linux/amd64)" in str(caught.value)


def test_a_report_about_another_image_is_not_signed(around: Surroundings) -> None:
    image, settings = around.image(), around.settings()
    report = assaymark.scan(image, settings=settings)
    around.image(PATCHED)  # the tag moves on
    with pytest.raises(assaymark.SigningError) as caught:
        assaymark.attest(image, report, key=around.key, settings=settings)
    assert caught.value.reason == "SUBJECT_MISMATCH"
    assert not [path for path in around.registry.paths("PUT") if "/manifests/" in path]


def test_a_report_about_no_manifest_is_not_signed(around: Surroundings) -> None:
    report = assaymark.scan(around.shop.image(), kind="archive", settings=around.settings())
    with pytest.raises(assaymark.SigningError) as caught:
        assaymark.attest(around.image(), report, key=around.key, settings=around.settings())
    assert caught.value.reason == "SUBJECT_MISMATCH"


def test_an_image_layout_is_attested_and_verified_in_its_folder(around: Surroundings) -> None:
    layout, settings = around.shop.layout(build_image([ALPINE])), around.settings(offline=True)
    report = assaymark.scan(layout, kind="archive", settings=settings)
    assaymark.attest(layout, report, key=around.key, local=True, settings=settings)
    proven = assaymark.verify(layout, key=around.public, local=True, settings=settings)
    assert proven.attestations[0].report.findings == report.findings


def test_what_was_changed_is_told(around: Surroundings) -> None:
    settings = around.settings()
    old = assaymark.scan(around.image(tag="v1"), settings=settings)
    new = assaymark.scan(around.image(PATCHED, tag="v2"), settings=settings)
    changed = assaymark.diff(old, new)
    assert sorted(found.vulnerability_id for found in changed.fixed) == sorted(FINDINGS)
    assert (changed.new, changed.worse, changed.unchanged) == ((), (), ())
    assert sorted(each.vulnerability_id for each in assaymark.diff(new, old).new) == sorted(FINDINGS)
    assert assaymark.diff(old, new, severities=["LOW"]).fixed == ()
    document: dict[str, Any] = json.loads(assaymark.diff(old.to_bytes(), new.to_bytes()).to_bytes())
    assert document


def test_nothing_is_printed(around: Surroundings, capfd: pytest.CaptureFixture[str]) -> None:
    image, settings = around.image(), around.settings()
    report = assaymark.scan(image, settings=settings)
    assaymark.attest(image, report, key=around.key, settings=settings)
    assaymark.verify(image, key=around.public, settings=settings)
    assert capfd.readouterr() == ("", "")
