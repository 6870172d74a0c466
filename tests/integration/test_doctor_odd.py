"""What `doctor` says of odd attestations, which no program here signs, against cosign 3 and 2 and sigstore-python.

Needs what `test_doctor_verifiers.py` needs. Each is refused although everything else is given that would find it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.integration.test_doctor_verifiers import PROGRAMS, asked, examined, write_trust_of_cosign_2
from tests.support.forgery import CREATED, bundle_document, key, sealed
from tests.support.interop.bench import EMAIL, Bench, Image
from tests.support.interop.matrix import AT_HAND, Evidence, Format, Material, Program, Signing
from tests.support.interop.verifying import verify as verify_with
from tests.support.sigstore.accounts import google
from tests.support.sigstore.cosign import statement_about
from tests.support.sigstore.log import Generation
from tests.support.sigstore.signing import Signed, sign_envelope

from assaymark.attest.doctor.traits import Trait
from assaymark.attest.doctor.verifiers import VERIFIERS, Verdict, predict
from assaymark.attest.dsse import encode_legacy
from assaymark.attest.predicate import VULN_TYPE
from assaymark.attest.store.attestation import AttestationFormat
from assaymark.attest.store.bundle_store import push_bundle
from assaymark.attest.store.legacy_store import push_legacy

pytestmark = pytest.mark.integration

KEYED = Signing(Program.ASSAYMARK, Material.P256, Format.BUNDLE, Evidence.NONE)
LAYER = KEYED._replace(format=Format.LEGACY)
NAMED = Signing(Program.ASSAYMARK, Material.KEYLESS, Format.BUNDLE, Evidence.V1)


@pytest.fixture(scope="module", autouse=True)
def trust_of_cosign_2(bench: Bench) -> None:
    write_trust_of_cosign_2(bench)


def with_member(statement: dict[str, Any]) -> dict[str, Any]:
    return statement | {"more": 1}


def with_text(statement: dict[str, Any]) -> dict[str, Any]:
    return statement | {"predicate": "text", "predicateType": "https://spdx.dev/Document"}


def signed_with_key(image: Image, change: Callable[[dict[str, Any]], dict[str, Any]], format_: Format) -> None:
    """Attach what our key signed, after `change` of the statement."""
    statement = change(json.loads(statement_about(image.subject.digest)))
    envelope, kind = sealed(json.dumps(statement).encode(), signer=key("interop")), statement["predicateType"]
    if format_ is Format.LEGACY:
        push_legacy(image.store, image.subject, encode_legacy(envelope), predicate_type=kind)
        return
    data = json.dumps(bundle_document(envelope, signer=key("interop"))).encode()
    push_bundle(image.store, image.subject, data, predicate_type=kind, created=CREATED)


def attach(image: Image, signed: Signed | dict[str, Any]) -> None:
    data = signed.data if isinstance(signed, Signed) else json.dumps(signed).encode()
    push_bundle(image.store, image.subject, data, predicate_type=VULN_TYPE, created=CREATED)


def disagreements(bench: Bench, signing: Signing, image: Image, odd: set[Trait]) -> list[str]:
    """Where cosign finds what it should not, with everything given that would find it without its oddity."""
    (found,) = examined(bench, image).values()
    traits = {trait for trait in Trait if trait.value in found.traits}
    assert odd <= traits
    wrong = []
    for verifier in VERIFIERS[:2]:
        if not dict(PROGRAMS)[verifier.name]:
            continue
        told = predict(verifier, frozenset(traits))
        flags = told.needs or predict(verifier, frozenset(traits - odd)).needs
        kind = ("--type", found.predicate_type)
        ran = asked(bench, verifier.name, signing, image, (*flags, *kind))
        if (ran.code == 0) != (told.verdict is not Verdict.NOT_FOUND):
            wrong.append(f"{verifier.name}: {told.verdict.value} {flags}, and {ran.code}: {ran.err[-300:]}")
    return wrong


@pytest.mark.parametrize(
    ("change", "signing", "odd"),
    [
        pytest.param(with_member, KEYED, {Trait.FOREIGN_MEMBERS}, id="a member more, in a bundle"),
        pytest.param(with_member, LAYER, {Trait.FOREIGN_MEMBERS}, id="a member more, in a layer"),
        pytest.param(with_text, KEYED, {Trait.TEXT_PREDICATE}, id="a string, in a bundle"),
        pytest.param(with_text, LAYER, {Trait.TEXT_PREDICATE}, id="a string, in a layer"),
    ],
)
def test_odd_statements(
    bench: Bench,
    fallback_host: str,
    change: Callable[[dict[str, Any]], dict[str, Any]],
    signing: Signing,
    odd: set[Trait],
) -> None:
    image = Image(fallback_host, f"odd-{change.__name__.replace('_', '-')}-{signing.format}")
    signed_with_key(image, change, signing.format)
    assert disagreements(bench, signing, image, odd) == []


def test_the_name_of_another_key(bench: Bench, fallback_host: str) -> None:
    image = Image(fallback_host, "odd-keyid")
    document = bundle_document(
        sealed(statement_about(image.subject.digest), signer=key("interop")), signer=key("interop")
    )
    document["dsseEnvelope"]["signatures"][0]["keyid"] = "somebody"
    attach(image, document)
    assert disagreements(bench, KEYED, image, {Trait.KEY_ID}) == []


def test_an_older_bundle(bench: Bench, fallback_host: str) -> None:
    image = Image(fallback_host, "odd-old")
    made = sign_envelope(
        bench.sigstore.instance, statement_about(image.subject.digest), account=google(EMAIL), version=2
    )
    attach(image, made)
    assert disagreements(bench, NAMED, image, {Trait.OLD_BUNDLE}) == []


def test_a_certificate_that_has_ended(bench: Bench, fallback_host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    instance = bench.sigstore.instance
    monkeypatch.setattr(instance, "clock", lambda: datetime.now(UTC) - timedelta(hours=2))
    for timestamp in (True, False):
        image = Image(fallback_host, f"odd-ended-{str(timestamp).lower()}")
        statement = statement_about(image.subject.digest)
        attach(image, sign_envelope(instance, statement, account=google(EMAIL), log=None, timestamp=timestamp))
        assert disagreements(bench, NAMED, image, {Trait.EXPIRED, Trait.NO_LOG}) == []


@pytest.mark.skipif(Program.SIGSTORE not in AT_HAND, reason="sigstore-python is not installed")
@pytest.mark.parametrize("logs", ["two", "second without a timestamp"])
def test_logs_that_sigstore_python_does_not_know(bench: Bench, fallback_host: str, logs: str) -> None:
    image = Image(fallback_host, f"odd-logs-{logs.partition(' ')[0]}")
    log = Generation.V1 if logs == "two" else Generation.V2
    statement = statement_about(image.subject.digest)
    document = json.loads(sign_envelope(bench.sigstore.instance, statement, account=google(EMAIL), log=log).data)
    if logs == "two":
        document["verificationMaterial"]["tlogEntries"] *= 2
    attach(image, document)
    found = examined(bench, image)[AttestationFormat.BUNDLE]
    (told,) = [each for each in found.verifiers if each.verifier == "sigstore-python"]
    assert told.verdict is Verdict.NOT_FOUND
    assert verify_with(bench, Program.SIGSTORE, NAMED, image, []).code == 1
