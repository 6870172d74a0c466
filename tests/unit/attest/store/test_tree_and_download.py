"""What is listed and what is downloaded: everything, in a fixed order, and nothing of it believed."""

from __future__ import annotations

import msgspec
import pytest
from tests.support.content import MemoryContent, describe, push_image, push_referrer
from tests.support.forgery import CREATED, attestation, bundle_document, candidate

from assaymark.attest.attach import attach
from assaymark.attest.download import Line, attestation_lines
from assaymark.attest.dsse import encode_legacy
from assaymark.attest.reasons import Reason
from assaymark.attest.store.attestation import AttestationFormat, Candidate, Unreadable, fallback_tag, legacy_tag
from assaymark.attest.store.read import read_attestations
from assaymark.attest.store.tree import Attachment, list_attachments
from assaymark.attest.store.updates import Pace
from assaymark.model.descriptor import OCI_CONFIG, OCI_INDEX, OCI_MANIFEST
from assaymark.model.digest import Digest

HASTE = Pace(sleep=lambda _seconds: None, jitter=lambda: 0.5)
VULN = "https://cosign.sigstore.dev/attestation/vuln/v1"


def test_tags_come_first_and_referrers_by_kind() -> None:
    store = MemoryContent()
    image = push_image(store).descriptor
    made = attestation(subject=image)
    bundle, legacy = attach(store, made, format=AttestationFormat.BOTH, created=CREATED, pace=HASTE)
    config = store.push_blob(b"{}", media_type=OCI_CONFIG)
    parts = {"mediaType": OCI_CONFIG, "digest": config.digest, "size": config.size}
    plain = push_referrer(store, image.digest, {"config": parts, "layers": [parts]})
    index = push_referrer(store, image.digest, {"mediaType": OCI_INDEX, "manifests": []})
    store.tags[legacy_tag(image.digest, "sbom")] = plain.digest
    assert list_attachments(store, image.digest) == (
        Attachment(
            kind="attestations",
            manifest=legacy.manifest.digest,
            tag=legacy_tag(image.digest),
            layers=(describe(made.legacy, "").digest,),
        ),
        Attachment(kind="SBOMs", manifest=plain.digest, tag=legacy_tag(image.digest, "sbom"), layers=(config.digest,)),
        Attachment(kind=OCI_CONFIG, manifest=plain.digest, layers=(config.digest,)),
        Attachment(kind=OCI_INDEX, manifest=index.digest),
        Attachment(
            kind=VULN, manifest=bundle.manifest.digest, created=CREATED, layers=(describe(made.bundle, "").digest,)
        ),
    )


def test_what_is_listed_but_gone_is_listed_as_unreadable() -> None:
    store = MemoryContent(api=False)
    image = push_image(store).descriptor
    gone = Digest("sha256:" + "0" * 64)
    entry = {"mediaType": OCI_MANIFEST, "digest": gone, "size": 1}
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]}
    store.push_manifest(msgspec.json.encode(index), media_type=OCI_INDEX, tag=fallback_tag(image.digest))
    (listed,) = list_attachments(store, image.digest)
    assert (listed.kind, listed.manifest, bool(listed.problem)) == ("unreadable", gone, True)


@pytest.mark.parametrize("api", [True, False], ids=["referrers API", "fallback tag"])
def test_nothing_attached_lists_nothing(api: bool) -> None:
    store = MemoryContent(api=api)
    image = push_image(store).descriptor
    assert list_attachments(store, image.digest) == ()
    assert list(attestation_lines(read_attestations(store, image.digest))) == []


def test_bundles_are_downloaded_before_envelopes() -> None:
    store = MemoryContent()
    image = push_image(store).descriptor
    made = attestation(subject=image)
    attach(store, made, format=AttestationFormat.BOTH, created=CREATED, pace=HASTE)
    lines = list(attestation_lines(read_attestations(store, image.digest)))
    assert [line.data for line in lines if isinstance(line, Line)] == [made.bundle, encode_legacy(made.envelope)]
    assert {line.predicate_type for line in lines if isinstance(line, Line)} == {VULN}


def test_the_type_filters_and_trouble_is_passed_on() -> None:
    broken = candidate(b"{")
    signature = {name: value for name, value in bundle_document().items() if name != "dsseEnvelope"}
    image_signature: Candidate = candidate(signature | {"messageSignature": {}})
    no_statement = candidate({"payload": "", "payloadType": "", "signatures": []}, AttestationFormat.LEGACY)
    found = [broken, image_signature, no_statement, candidate(attestation().bundle)]
    everything = [line.predicate_type if isinstance(line, Line) else line.reason for line in attestation_lines(found)]
    assert everything == [Reason.MALFORMED_BUNDLE, "", "", VULN]
    filtered = list(attestation_lines(found, predicate_type=VULN))
    assert [type(line) for line in filtered] == [Unreadable, Line]


def test_a_bundle_of_several_lines_becomes_one() -> None:
    pretty = msgspec.json.format(attestation().bundle, indent=2)
    (line,) = attestation_lines([candidate(pretty)])
    assert isinstance(line, Line)
    assert b"\n" not in line.data
