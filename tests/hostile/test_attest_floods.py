"""Registries that answer with too much, and bundles of the Sigstore conformance suite that must not be read.

The suite is not part of this repository; it is read from the shared folder beside it where there is one.
"""

from __future__ import annotations

import tarfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
from tests.support.content import MemoryContent, push_image
from tests.support.forgery import CREATED, RECORD, expectation, key
from tests.support.registry import MemoryRegistry
from tests.support.registry_auth import Behaviour

from assaymark.attest.attach import attach, sign_attestation
from assaymark.attest.bundle import parse_bundle
from assaymark.attest.predicate import find_predicate_type
from assaymark.attest.store.attestation import AttestationFormat, Candidate, Unreadable, fallback_tag
from assaymark.attest.store.read import read_attestations
from assaymark.attest.subject import digests_of_descriptor
from assaymark.attest.verify import verify_attestations
from assaymark.errors import VerificationError
from assaymark.model.descriptor import OCI_INDEX, OCI_MANIFEST, Descriptor
from assaymark.model.digest import Digest
from assaymark.net.http import Http
from assaymark.oci.registry import Registry

VECTORS = Path(__file__).parents[2].parent / "shared/data/vectors/vectors.tar.xz"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
UNREADABLE_CASES = {
    "bundle-empty-certificate-chain_fail",
    "bundle-invalid-base64-signature_fail",
    "bundle-malformed-json_fail",
    "bundle-negative-log-index_fail",
    "bundle-unknown-version_fail",
    "intoto-missing-inclusion-proof_fail",
    "rekor2-no-inclusion-proof_fail",
}


class Flood(MemoryContent):
    """A repository that lists referrers without end and counts what it is asked for."""

    def __init__(self, count: int, *, api: bool) -> None:
        super().__init__(api=api)
        self.asked = 0
        self.listed = tuple(
            Descriptor(media_type=OCI_MANIFEST, digest=Digest(f"sha256:{number:064x}"), size=9, artifact_type=BUNDLE)
            for number in range(count)
        )

    def resolve(self, identifier: str) -> Descriptor | None:
        self.asked += 1
        return super().resolve(identifier)

    def referrers(self, digest: Digest) -> tuple[Descriptor, ...] | None:
        self.asked += 1
        return self.listed if self.api else None


@pytest.mark.parametrize("api", [True, False], ids=["referrers API", "fallback tag"])
def test_a_flood_of_referrers_is_refused_quickly_and_said(api: bool) -> None:
    store = Flood(20_000, api=api)
    image = push_image(store).descriptor
    entries = [{"mediaType": OCI_MANIFEST, "digest": item.digest, "size": 9} for item in store.listed]
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}
    store.push_manifest(msgspec.json.encode(index), media_type=OCI_INDEX, tag=fallback_tag(image.digest))
    begun = time.monotonic()
    outcome = verify_attestations(read_attestations(store, image.digest), expectation())
    with pytest.raises(VerificationError) as caught:
        outcome.require()
    assert time.monotonic() - begun < 20
    assert len(outcome.rejected) <= 102
    assert caught.value.reason in {"LIMIT_EXCEEDED", "UNREADABLE"}


def test_a_blob_beyond_the_limit_is_not_fetched() -> None:
    store = MemoryContent()
    image = push_image(store).descriptor
    layer = {"mediaType": BUNDLE, "digest": "sha256:" + "0" * 64, "size": 2**30}
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": layer,
        "layers": [layer],
        "artifactType": BUNDLE,
    }
    document = manifest | {"subject": {"mediaType": OCI_MANIFEST, "digest": image.digest, "size": image.size}}
    store.push_manifest(msgspec.json.encode(document), media_type=OCI_MANIFEST)
    (found,) = read_attestations(store, image.digest)
    assert isinstance(found, Unreadable)
    assert "more than 134217728" in found.message


@pytest.mark.parametrize(
    "behaviour",
    [Behaviour(), Behaviour(referrers=False), Behaviour(referrers=False, conditional=False)],
    ids=["referrers API", "fallback tag", "fallback tag without conditional requests"],
)
@pytest.mark.parametrize("format_", [AttestationFormat.BUNDLE, AttestationFormat.LEGACY], ids=["bundle", "legacy"])
def test_eight_jobs_attach_at_once_and_nothing_is_lost(behaviour: Behaviour, format_: AttestationFormat) -> None:
    with MemoryRegistry(behaviour) as registry:
        store = Registry(Http()).repository(registry.reference("app:v1"))
        config = store.push_blob(b"{}", media_type="application/vnd.oci.image.config.v1+json")
        parts = {"mediaType": config.media_type, "digest": config.digest, "size": config.size}
        image = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": parts, "layers": []}
        subject = store.push_manifest(msgspec.json.encode(image), media_type=OCI_MANIFEST, tag="v1")

        signer = key()  # made once, before the jobs ask for it

        def job(number: int) -> None:
            made = sign_attestation(
                name=store.name,
                subject=subject,
                predicate_type=find_predicate_type("vuln"),
                predicate=RECORD.replace(b'"version":"1"', b'"version":"%d"' % number),
                signer=signer,
            )
            attach(
                Registry(Http()).repository(registry.reference("app:v1")),
                made,
                format=format_,
                created=CREATED,
            )

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(job, range(8)))
        expected = expectation(image=digests_of_descriptor(subject))
        assert len(verify_attestations(read_attestations(store, subject.digest), expected).require()) == 8


def conformance() -> Iterator[tuple[str, bytes]]:
    if not VECTORS.exists():
        return
    with tarfile.open(VECTORS) as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.name.endswith("/bundle.sigstore.json") else None
            if stream is not None:
                yield Path(member.name).parent.name, stream.read()


@pytest.mark.skipif(not VECTORS.exists(), reason=f"there are no vectors at {VECTORS}")
def test_the_bundles_of_the_conformance_suite_are_read_or_refused_as_they_should_be() -> None:
    refused = set()
    for name, data in conformance():
        try:
            parse_bundle(data)
        except VerificationError:
            refused.add(name)
    assert refused == UNREADABLE_CASES


def test_a_candidate_is_held_one_at_a_time() -> None:
    store = MemoryContent()
    image = push_image(store).descriptor
    found = read_attestations(store, image.digest)
    assert isinstance(found, Iterator)
    assert not [item for item in found if isinstance(item, Candidate)]
