"""Full reports beside an image: stored once, fetched by their digest, and never believed."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tests.support.content import MemoryContent, push_image
from tests.support.forgery import CREATED, key
from tests.support.scans import APK_TOOLS, UNFIXED, a_scan, rendered

from assaymark.attest.attach import Attestation, KeySigning, attach, image_statement, sign_with_report
from assaymark.attest.compact import REPORT_TYPE, Compacted, compact_record, describe_report
from assaymark.attest.full_report import check_full_report, push_full_report, stored_reports
from assaymark.attest.predicate import PredicateType, find_predicate_type
from assaymark.attest.store.attestation import SINGLE_FORMATS, AttestationFormat, Candidate
from assaymark.attest.store.read import read_attestations
from assaymark.attest.store.tree import list_attachments
from assaymark.errors import NetworkError, SigningError, VerificationError
from assaymark.limits import Limits
from assaymark.model.descriptor import OCI_MANIFEST, Descriptor
from assaymark.oci.content import ContentStore
from assaymark.oci.layout import Layout

VULN = find_predicate_type("vuln")
FULL = rendered(a_scan(APK_TOOLS, UNFIXED), "cosign-vuln")
PARTS = compact_record(FULL)


class Failing(KeySigning):
    """Signs, and then a service is down."""

    def sign(self, statement: bytes, *, name: str, subject: Descriptor, predicate_type: PredicateType) -> Attestation:
        raise NetworkError("signed, but not finished", reason="SIGNED_NOT_FINISHED")


def attested(
    store: ContentStore,
    subject: Descriptor,
    parts: Compacted = PARTS,
    format_: AttestationFormat = AttestationFormat.BUNDLE,
) -> None:
    statement = image_statement(name="r/app", subject=subject, predicate_type=VULN, predicate=parts.predicate)
    made = sign_with_report(
        KeySigning(key()),
        store,
        statement,
        name="r/app",
        subject=subject,
        predicate_type=VULN,
        report=parts.report,
    )
    attach(store, made, format=format_, created=CREATED)


def reason_of(store: ContentStore, predicate: bytes = PARTS.predicate, limits: Limits | None = None) -> str:
    with pytest.raises(VerificationError) as caught:
        check_full_report(store, predicate, limits=limits or Limits())
    return caught.value.reason


def pretend(store: MemoryContent, predicate: bytes, report: bytes) -> bytes:
    """`predicate` signed over another report than its findings are from."""
    named = describe_report(report)
    store.push_blob(report, media_type=REPORT_TYPE)
    document = msgspec.json.decode(predicate)
    document["scanner"]["result"]["FullReport"] |= {"Digest": named.digest, "Size": named.size}
    return msgspec.json.encode(document)


@pytest.mark.parametrize("api", [True, False], ids=["with the referrers API", "with the fallback tag"])
@pytest.mark.parametrize("format_", list(AttestationFormat), ids=lambda format_: format_.value)
def test_the_report_stands_beside_the_attestation(api: bool, format_: AttestationFormat) -> None:
    store = MemoryContent(api=api)
    image = push_image(store).descriptor
    attested(store, image, format_=format_)
    assert check_full_report(store, PARTS.predicate) == PARTS.report
    assert list(stored_reports(store, image.digest)) == [PARTS.report]
    assert REPORT_TYPE in {item.kind for item in list_attachments(store, image.digest)}
    found = list(read_attestations(store, image.digest))
    assert [type(item) for item in found] == [Candidate] * len(SINGLE_FORMATS[format_])


def test_the_same_report_is_stored_once() -> None:
    store = MemoryContent()
    image = push_image(store).descriptor
    assert push_full_report(store, image, PARTS.report) == push_full_report(store, image, PARTS.report)
    assert list(stored_reports(store, image.digest)) == [PARTS.report]


def test_a_layout(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "layout", create=True)
    image = layout.push_manifest(push_image(MemoryContent()).data, media_type=OCI_MANIFEST, tag="v1")
    attested(layout, image)
    assert check_full_report(layout, PARTS.predicate) == PARTS.report
    digest = describe_report(PARTS.report).digest.removeprefix("sha256:")
    (tmp_path / "layout" / "blobs" / "sha256" / digest).unlink()
    assert reason_of(layout) == "FULL_REPORT_MISSING"


def test_a_predicate_that_holds_everything_asks_for_nothing() -> None:
    assert check_full_report(MemoryContent(), FULL) is None


def test_a_report_that_is_gone() -> None:
    assert reason_of(MemoryContent()) == "FULL_REPORT_MISSING"


def test_a_report_with_other_findings_than_those_signed() -> None:
    store = MemoryContent()
    other = compact_record(rendered(a_scan(APK_TOOLS), "cosign-vuln")).report
    assert reason_of(store, pretend(store, PARTS.predicate, other)) == "FULL_REPORT_MISMATCH"


def test_a_report_that_is_none() -> None:
    store = MemoryContent()
    assert reason_of(store, pretend(store, PARTS.predicate, b"not JSON")) == "FULL_REPORT_MISMATCH"


def test_a_descriptor_that_is_none() -> None:
    document = msgspec.json.decode(PARTS.predicate)
    document["scanner"]["result"]["FullReport"]["Digest"] = "sha256:0"
    assert reason_of(MemoryContent(), msgspec.json.encode(document)) == "FULL_REPORT_MISMATCH"


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param(Limits(attestation_bytes=100), id="as its descriptor says"),
        pytest.param(Limits(json_depth=3), id="in its depth"),
    ],
)
def test_a_report_that_is_too_large(limits: Limits) -> None:
    store = MemoryContent()
    push_full_report(store, push_image(store).descriptor, PARTS.report)
    assert reason_of(store, limits=limits) == "LIMIT_EXCEEDED"


def test_nothing_is_attached_whose_report_is_not_there() -> None:
    store = MemoryContent()
    image = push_image(store).descriptor
    with pytest.raises(SigningError, match="nothing was attached") as caught:
        attested(store, image, Compacted(predicate=PARTS.predicate, report=b""))
    assert caught.value.reason == "FULL_REPORT_MISSING"
    assert list(read_attestations(store, image.digest)) == []


def test_where_a_service_fails_after_signing_the_report_is_kept() -> None:
    store = MemoryContent()
    image = push_image(store).descriptor
    with pytest.raises(NetworkError, match="not finished"):
        sign_with_report(
            Failing(key()), store, b"{}", name="r/app", subject=image, predicate_type=VULN, report=PARTS.report
        )
    assert list(stored_reports(store, image.digest)) == [PARTS.report]
