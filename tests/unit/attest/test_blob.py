"""Statements about files: the one that is made, the ones that are taken, and a signature that is not the key's."""

from __future__ import annotations

import hashlib
import json

import msgspec
import pytest
from tests.support.forgery import attestation, key
from tests.support.sigstore.cosign import BLOB, STATEMENT

from assaymark.attest.blob import MEDIA_TYPE, BlobStatement, check_signed, state_blob, take_statement
from assaymark.attest.predicate import find_predicate_type
from assaymark.attest.sigstore.artifact import blob_of_data, blob_of_digest
from assaymark.errors import SigningError
from assaymark.model.descriptor import Descriptor
from assaymark.model.digest import sha256_digest

SUBJECT = Descriptor(media_type=MEDIA_TYPE, digest=sha256_digest(BLOB), size=0)
NOW = "2026-01-02T03:04:05Z"


def test_a_statement_names_the_file_and_its_first_digest() -> None:
    kind, digest = find_predicate_type("cyclonedx"), hashlib.sha256(BLOB).hexdigest()
    data = (
        f'{{"_type":"https://in-toto.io/Statement/v0.1","subject":[{{"name":"x.tar","digest":{{"sha256":"{digest}"}}}}],'
        '"predicateType":"https://cyclonedx.org/bom","predicate":{ "a": 1.0 }}'
    )
    expected = BlobStatement(data=data.encode(), name="x.tar", subject=SUBJECT, predicate_type=kind)
    assert expected == state_blob("x.tar", blob_of_data(BLOB), kind, b'{ "a": 1.0 }\n')


def test_a_statement_is_taken_with_the_digest_that_verification_can_compute() -> None:
    document = json.loads(STATEMENT)
    document["subject"] = [{"name": "git", "digest": {"gitCommit": "ab" * 20}}, *document["subject"]]
    data = json.dumps(document).encode()
    taken = take_statement(data, blob=blob_of_data(BLOB), now=NOW)
    assert (
        BlobStatement(
            data=data,
            name="subject",
            subject=SUBJECT,
            predicate_type=find_predicate_type("vuln"),
            warnings=taken.warnings,
        )
        == taken
    )


def test_the_error_about_another_file_names_both_digests() -> None:
    with pytest.raises(SigningError) as caught:
        take_statement(STATEMENT, blob=blob_of_digest("sha256:" + "00" * 32), now=NOW)
    told = f"its digests begin with {SUBJECT.digest}; the file has sha256:{'00' * 32}"
    assert (caught.value.reason, caught.value.hint) == ("SUBJECT_MISMATCH", told)


def test_a_signature_that_is_not_the_keys_is_not_written() -> None:
    made = attestation()
    check_signed(made)
    with pytest.raises(SigningError) as caught:
        check_signed(msgspec.structs.replace(made, public=key("mallory").public))
    assert caught.value.reason == "BAD_SIGNATURE"
