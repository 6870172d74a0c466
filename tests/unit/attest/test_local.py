"""Attestations in local files: the older kind written and read, and what is refused."""

from __future__ import annotations

import hashlib
import json

import pytest
from tests.support.forgery import attestation, key
from tests.support.sigstore.cosign import STATEMENT
from tests.support.sigstore.entries import base64_text
from tests.support.sigstore.instance import Instance
from tests.support.sigstore.signing import Signed, sign_envelope

from assaymark.attest.local import encode_local, read_local
from assaymark.attest.sigstore.material import CERTIFICATE, LOG_ENTRY, TIMESTAMP
from assaymark.attest.store.attestation import AttestationFormat, Candidate
from assaymark.errors import UsageError, VerificationError
from assaymark.model.digest import sha256_digest


@pytest.fixture(scope="module")
def signed() -> Signed:
    return sign_envelope(Instance(), STATEMENT, timestamp=True)


def candidate(data: bytes, format_: AttestationFormat, **annotations: str) -> Candidate:
    digest = sha256_digest(data)
    return Candidate(format=format_, data=data, manifest=digest, layer=digest, annotations=tuple(annotations.items()))


def local(signed: Signed) -> dict[str, object]:
    noted = signed.annotations
    return {
        "base64Signature": base64_text(signed.envelope),
        "cert": base64_text(noted[CERTIFICATE].encode()),
        "rekorBundle": json.loads(noted[LOG_ENTRY]),
    }


def test_a_bundle_is_taken_as_it_stands(signed: Signed) -> None:
    assert candidate(signed.data, AttestationFormat.BUNDLE) == read_local(signed.data, what="it")


def test_the_older_kind_is_what_stands_at_the_att_tag(signed: Signed) -> None:
    timestamp = signed.annotations[TIMESTAMP]
    found = read_local(json.dumps(local(signed)).encode(), timestamp=timestamp.encode(), what="it")
    noted = dict(found.annotations)
    assert (AttestationFormat.LEGACY, signed.envelope) == (found.format, found.data)
    assert (signed.annotations[CERTIFICATE], timestamp) == (noted[CERTIFICATE], noted[TIMESTAMP])
    assert json.loads(signed.annotations[LOG_ENTRY]) == json.loads(noted[LOG_ENTRY])


@pytest.mark.parametrize("armoured", [True, False], ids=["PEM", "base64 of PEM"])
def test_an_envelope_has_its_certificate_besides(signed: Signed, armoured: bool) -> None:
    pem = signed.annotations[CERTIFICATE]
    given = pem.encode() if armoured else base64_text(pem.encode()).encode() + b"\n"
    found = read_local(signed.envelope, certificate=given, what="it")
    assert candidate(signed.envelope, AttestationFormat.LEGACY, **{CERTIFICATE: pem}) == found


def test_what_is_written_is_read() -> None:
    made = attestation()
    assert candidate(made.legacy, AttestationFormat.LEGACY) == read_local(encode_local(made), what="it")


def test_a_public_key_inside_is_not_looked_at() -> None:
    envelope = attestation().legacy
    text = json.dumps({"base64Signature": base64_text(envelope), "cert": base64_text(key("mallory").public.pem)})
    assert candidate(envelope, AttestationFormat.LEGACY) == read_local(text.encode(), what="it")


def test_two_certificates_must_be_one(signed: Signed) -> None:
    other = sign_envelope(Instance(), STATEMENT).annotations[CERTIFICATE].encode()
    data = json.dumps(local(signed)).encode()
    assert read_local(data, certificate=signed.annotations[CERTIFICATE].encode(), what="it")
    with pytest.raises(VerificationError, match="holds another certificate than the one that was given"):
        read_local(data, certificate=other, what="it")


@pytest.mark.parametrize(
    "certificate",
    [b"zzz", b"\xff", key("ours").public.pem, b"-----BEGIN CERTIFICATE-----\n"],
    ids=["no base64", "no text", "a key", "half of it"],
)
def test_a_certificate_that_is_none_is_refused(signed: Signed, certificate: bytes) -> None:
    with pytest.raises(VerificationError) as caught:
        read_local(signed.envelope, certificate=certificate, what="it")
    assert caught.value.reason == "CERTIFICATE_MALFORMED"


def test_a_bundle_takes_nothing_besides(signed: Signed) -> None:
    with pytest.raises(UsageError, match="is no envelope, and a bundle holds its certificate"):
        read_local(signed.data, timestamp=b"{}", what="it")


@pytest.mark.parametrize("name", ["base64Signature", "cert"])
def test_parts_of_other_types_are_refused(signed: Signed, name: str) -> None:
    with pytest.raises(VerificationError) as caught:
        read_local(json.dumps(local(signed) | {name: 1}).encode(), what="it")
    assert (caught.value.reason, str(caught.value)) == (
        "MALFORMED_BUNDLE",
        f"it is malformed: `{name}` is not a string",
    )


def test_digests_name_what_was_read(signed: Signed) -> None:
    expected = "sha256:" + hashlib.sha256(signed.envelope).hexdigest()
    assert expected == read_local(json.dumps(local(signed)).encode(), what="it").layer
