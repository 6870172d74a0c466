"""Full reports behind compact records, as a hostile registry or a hostile signer gives them: bounded, and refused."""

from __future__ import annotations

import time
from collections.abc import Iterator

import msgspec
import pytest
from tests.support.registry import Fault, MemoryRegistry
from tests.support.scans import APK_TOOLS, a_scan, rendered

from assaymark.attest.compact import REPORT_TYPE, compact_record, describe_report, find_full_report
from assaymark.attest.full_report import check_full_report, stored_reports
from assaymark.errors import Error, LimitError, NetworkError, VerificationError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.net.http import Http
from assaymark.oci.content import ContentStore
from assaymark.oci.registry import Registry

PARTS = compact_record(rendered(a_scan(APK_TOOLS), "cosign-vuln"))
NAMED = describe_report(PARTS.report)


@pytest.fixture
def registry() -> Iterator[MemoryRegistry]:
    with MemoryRegistry() as made:
        made.put_image("app", "v1")
        made.put_blob("app", PARTS.report)
        yield made


def store_of(registry: MemoryRegistry) -> ContentStore:
    return Registry(Http()).repository(registry.reference("app:v1"))


def refused(store: ContentStore, predicate: bytes = PARTS.predicate) -> str:
    begun = time.monotonic()
    with pytest.raises(VerificationError) as caught:
        check_full_report(store, predicate)
    assert time.monotonic() - begun < 20
    return caught.value.reason


def pointing(registry: MemoryRegistry, report: bytes) -> bytes:
    """A compact record of a hostile signer, whose full report is `report`."""
    registry.put_blob("app", report)
    named = describe_report(report)
    document = msgspec.json.decode(PARTS.predicate)
    document["scanner"]["result"]["FullReport"] = {
        "MediaType": REPORT_TYPE,
        "Digest": named.digest,
        "Size": named.size,
    }
    return msgspec.json.encode(document)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param(Fault(body=PARTS.report + b" "), "FULL_REPORT_MISMATCH", id="a byte more"),
        pytest.param(Fault(body=PARTS.report[:-1]), "FULL_REPORT_MISMATCH", id="a byte less"),
        pytest.param(Fault(body=b""), "FULL_REPORT_MISMATCH", id="nothing"),
        pytest.param(Fault(endless=True), "FULL_REPORT_MISMATCH", id="no end"),
        pytest.param(Fault(status=404), "FULL_REPORT_MISSING", id="it is gone"),
    ],
)
def test_what_a_registry_may_answer(registry: MemoryRegistry, fault: Fault, reason: str) -> None:
    fault.method, fault.path, fault.times = "GET", f"/blobs/{NAMED.digest}", -1
    registry.fault(fault)
    assert refused(store_of(registry)) == reason


def test_a_registry_that_fails_says_nothing_of_the_report(registry: MemoryRegistry) -> None:
    registry.fault(Fault(method="GET", path=f"/blobs/{NAMED.digest}", times=-1, status=403, body=b""))
    with pytest.raises(NetworkError):
        check_full_report(store_of(registry), PARTS.predicate)


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        pytest.param(b"[" * 100_000 + b"]" * 100_000, "LIMIT_EXCEEDED", id="deep"),
        pytest.param(b'{"SchemaVersion":2,"Results":[' + b"[]," * 1_100_000 + b"[]]}", "LIMIT_EXCEEDED", id="wide"),
        pytest.param(b'{"SchemaVersion":2,"Results":{}}', "FULL_REPORT_MISMATCH", id="of another shape"),
        pytest.param(b'{"SchemaVersion":"2"}', "FULL_REPORT_MISMATCH", id="of another type"),
        pytest.param(b"\xff\xfe", "FULL_REPORT_MISMATCH", id="no text"),
        pytest.param(PARTS.predicate, "FULL_REPORT_MISMATCH", id="a record"),
    ],
)
def test_what_a_signer_may_point_at(registry: MemoryRegistry, report: bytes, reason: str) -> None:
    assert refused(store_of(registry), pointing(registry, report)) == reason


def test_a_size_that_nobody_has_is_not_asked_for(registry: MemoryRegistry) -> None:
    document = msgspec.json.decode(PARTS.predicate)
    document["scanner"]["result"]["FullReport"]["Size"] = DEFAULT_LIMITS.attestation_bytes + 1
    before = len(registry.requests)
    assert refused(store_of(registry), msgspec.json.encode(document)) == "LIMIT_EXCEEDED"
    assert [request.path for request in registry.requests[before:]] in ([], ["/v2/"])


@pytest.mark.parametrize("value", ["1e400", "-5", '"9"', "null", "[]", "true", "1.5"])
def test_sizes_that_are_none(value: str) -> None:
    full = f'{{"MediaType":"{REPORT_TYPE}","Digest":"{NAMED.digest}","Size":{value}}}'
    with pytest.raises(ValueError, match="FullReport"):
        find_full_report(f'{{"scanner":{{"result":{{"FullReport":{full}}}}}}}'.encode())


def test_referrers_that_claim_to_be_reports(registry: MemoryRegistry) -> None:
    image = registry.tag_digest("app", "v1")
    assert image is not None
    for number, layers in enumerate(([], [{"mediaType": REPORT_TYPE, "digest": NAMED.digest, "size": 2**40}])):
        document = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "artifactType": REPORT_TYPE,
            "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": NAMED.digest, "size": number},
            "layers": layers,
            "subject": {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": image, "size": 1},
        }
        registry.put_manifest("app", msgspec.json.encode(document))
    with pytest.raises(Error) as caught:
        list(stored_reports(store_of(registry), image))
    assert isinstance(caught.value, LimitError)
