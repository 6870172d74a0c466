"""What is read off attestations: of every kind, and of those in which something is odd."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import msgspec
import pytest
from tests.support.forgery import attestation, bundle_document, candidate, sealed, statement
from tests.support.sigstore.accounts import google
from tests.support.sigstore.cosign import STATEMENT
from tests.support.sigstore.instance import Instance
from tests.support.sigstore.log import Generation
from tests.support.sigstore.signing import Signed, sign_envelope

from assaymark.attest.doctor.traits import LARGE_BYTES, Trait, among, traits_of
from assaymark.attest.inspection import Inspected, inspect_candidate
from assaymark.attest.sigstore.trusted_root import TrustedRoot
from assaymark.attest.store.attestation import AttestationFormat, Candidate
from assaymark.errors import VerificationError

NOW = datetime.now(UTC)
NOBODY = TrustedRoot()
KEYED = {Trait.BUNDLE, Trait.KEY, Trait.NO_LOG, Trait.NO_TIMESTAMP}


@cache
def services() -> Instance:
    return Instance("http://127.0.0.1:9")


def inspected(found: Candidate) -> Inspected | None:
    try:
        return inspect_candidate(found, NOBODY)
    except VerificationError:
        return None


def read(found: Candidate | Signed, *, now: datetime = NOW) -> set[Trait]:
    item = candidate(found.data) if isinstance(found, Signed) else found
    return set(traits_of(item, inspected(item), now=now))


def about(**changes: Any) -> Candidate:
    return candidate(bundle_document(sealed(msgspec.json.encode(statement(**changes)))))


def signed(**how: Any) -> Signed:
    return sign_envelope(services(), STATEMENT, account=google(), **how)


def test_a_key_and_nothing_else() -> None:
    assert read(candidate(attestation().bundle)) == KEYED


def test_a_layer() -> None:
    layer = candidate(attestation().legacy, AttestationFormat.LEGACY)
    assert read(layer) == {Trait.LEGACY, Trait.KEY, Trait.NO_LOG, Trait.NO_TIMESTAMP}


@pytest.mark.parametrize(
    ("other", "hidden"),
    [
        pytest.param({Trait.BUNDLE, Trait.KEY}, True, id="a bundle"),
        pytest.param({Trait.BUNDLE, Trait.IMAGE_SIGNATURE}, True, id="a signature of the image"),
        pytest.param({Trait.BUNDLE, Trait.OLD_BUNDLE}, False, id="an old bundle"),
        pytest.param({Trait.BUNDLE, Trait.UNREADABLE}, False, id="a broken bundle"),
        pytest.param({Trait.LEGACY}, False, id="another layer"),
    ],
)
def test_what_hides_a_layer(other: set[Trait], hidden: bool) -> None:
    layer, beside = frozenset({Trait.LEGACY, Trait.KEY}), frozenset(other)
    assert (Trait.BESIDE_BUNDLES in among(layer, [layer, beside])) is hidden
    assert among(beside, [layer, beside]) == beside


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        pytest.param({}, {Trait.NO_TIMESTAMP}, id="the first log"),
        pytest.param({"log": Generation.V2, "timestamp": True}, {Trait.SECOND_LOG, Trait.TIMESTAMP}, id="the second"),
        pytest.param({"log": None, "timestamp": True}, {Trait.NO_LOG, Trait.TIMESTAMP}, id="a timestamp alone"),
        pytest.param({"log": None}, {Trait.NO_LOG, Trait.NO_TIMESTAMP}, id="nothing"),
    ],
)
def test_an_identity_with_evidence(how: dict[str, Any], expected: set[Trait]) -> None:
    made = signed(**how)
    assert read(made) == {Trait.BUNDLE, Trait.CERTIFICATE} | expected
    assert read(made, now=NOW + timedelta(days=1)) == {Trait.BUNDLE, Trait.CERTIFICATE, Trait.EXPIRED} | expected


def test_several_logs() -> None:
    document = msgspec.json.decode(signed().data)
    entries = document["verificationMaterial"]["tlogEntries"]
    entries.append(entries[0])
    assert Trait.SEVERAL_LOGS in read(candidate(document))


def test_an_older_bundle() -> None:
    assert Trait.OLD_BUNDLE in read(signed(version=1))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"predicate": "text"}, Trait.TEXT_PREDICATE, id="a predicate that is a string"),
        pytest.param({"more": 1}, Trait.FOREIGN_MEMBERS, id="a member more"),
        pytest.param(
            {"predicateType": "https://sigstore.dev/cosign/sign/v1", "predicate": {}},
            Trait.IMAGE_SIGNATURE,
            id="a signature of the image",
        ),
        pytest.param({"subject": None}, Trait.UNREADABLE, id="no statement"),
    ],
)
def test_what_is_in_it(changes: dict[str, Any], expected: Trait) -> None:
    assert read(about(**changes)) - KEYED == {expected}


@pytest.mark.parametrize(
    ("key_id", "more"),
    [
        pytest.param("mine", {Trait.KEY_ID}, id="a name"),
        pytest.param("SHA256:fingerprint", set(), id="a fingerprint"),
    ],
)
def test_names_of_keys(key_id: str, more: set[Trait]) -> None:
    document = bundle_document()
    document["dsseEnvelope"]["signatures"][0]["keyid"] = key_id
    assert read(candidate(document)) == KEYED | more


def test_what_cannot_be_read_and_is_large() -> None:
    assert read(candidate(b"x" * (LARGE_BYTES + 1))) == {Trait.BUNDLE, Trait.UNREADABLE, Trait.LARGE}
