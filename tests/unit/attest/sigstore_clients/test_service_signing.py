"""Signing an image's attestation with services: what is stored is what was verified, and is verified again."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from tests.support.content import MemoryContent, push_image
from tests.support.forgery import CREATED, RECORD, key
from tests.support.sigstore.accounts import google
from tests.support.sigstore.fake import FakeSigstore

from assaymark.attest.attach import Attestation, attach, image_statement
from assaymark.attest.predicate import find_predicate_type
from assaymark.attest.sigstore.attach import ServiceSigning, check_format, signer_of
from assaymark.attest.sigstore.certificate import SigningCertificate
from assaymark.attest.sigstore.oidc.token import parse_token
from assaymark.attest.sigstore.sign import Surroundings
from assaymark.attest.sigstore.signing_config import Log, Services, parse_signing_config, select_services
from assaymark.attest.sigstore.trusted_root import TrustedRoot, parse_trusted_root
from assaymark.attest.store.attestation import AttestationFormat, legacy_tag
from assaymark.errors import SigningError
from assaymark.model.descriptor import Descriptor
from assaymark.net.secret import Secret

KIND = find_predicate_type("vuln")


@pytest.fixture
def signing(fake: FakeSigstore, around: Surroundings, tmp_path: Path) -> ServiceSigning:
    """Alice signs; a log of version 1 and a timestamp vouch for it."""
    files = fake.write(tmp_path, timestamps=True)
    config = parse_signing_config(files.signing_config.read_bytes())
    return ServiceSigning(
        services=select_services(config, now=datetime.now(UTC), choose=random.sample),
        around=around,
        trust=parse_trusted_root(files.trusted_root.read_bytes()),
        token=lambda: parse_token(Secret(fake.instance.token(google())), source="the test"),
    )


def sign(signing: ServiceSigning, subject: Descriptor) -> Attestation:
    statement = image_statement(name="registry.test/app", subject=subject, predicate_type=KIND, predicate=RECORD)
    return signing.sign(statement, name="registry.test/app", subject=subject, predicate_type=KIND)


def noted(store: MemoryContent, subject: Descriptor) -> dict[str, str]:
    (layer,) = json.loads(store.manifest(legacy_tag(subject.digest)).data)["layers"]
    return dict(layer["annotations"])


def test_an_identity_in_both_formats(signing: ServiceSigning) -> None:
    store = MemoryContent()
    subject = push_image(store).descriptor
    made = sign(signing, subject)
    signing.confirm(store, made, attach(store, made, format=AttestationFormat.BOTH, created=CREATED))
    assert made.gathered is not None
    signer = signer_of(made.gathered)
    assert isinstance(signer, SigningCertificate)
    assert (signer.identity, signer.issuer) == ("alice@gmail.test", "https://accounts.google.com")
    assert dict(made.annotations).items() <= noted(store, subject).items()


@pytest.mark.parametrize("format_", [AttestationFormat.BUNDLE, AttestationFormat.LEGACY])
def test_what_vanished_is_an_error(signing: ServiceSigning, format_: AttestationFormat) -> None:
    store = MemoryContent()
    made = sign(signing, push_image(store).descriptor)
    attached = attach(store, made, format=format_, created=CREATED)
    store.delete_manifest(attached[0].manifest.digest)
    with pytest.raises(SigningError, match="cannot be read back"):
        signing.confirm(store, made, attached)


def test_what_the_registry_took_away_is_missed(signing: ServiceSigning) -> None:
    store = MemoryContent()
    made = sign(signing, push_image(store).descriptor)
    bare = msgspec.structs.replace(made, annotations=())
    attached = attach(store, bare, format=AttestationFormat.LEGACY, created=CREATED)
    with pytest.raises(SigningError) as caught:
        signing.confirm(store, made, attached)
    assert caught.value.reason == "KEY_NOT_CERTIFICATE"


def test_the_same_signature_again_is_one_layer_with_what_is_said_of_it_now(signing: ServiceSigning) -> None:
    store = MemoryContent()
    subject = push_image(store).descriptor
    made = sign(signing, subject)
    attach(store, msgspec.structs.replace(made, annotations=()), format=AttestationFormat.LEGACY, created=CREATED)
    signing.confirm(store, made, attach(store, made, format=AttestationFormat.LEGACY, created=CREATED))
    assert dict(made.annotations).items() <= noted(store, subject).items()


def test_others_trust_nobody_here(signing: ServiceSigning) -> None:
    stranger = msgspec.structs.replace(signing, trust=TrustedRoot())
    with pytest.raises(SigningError) as caught:
        sign(stranger, push_image(MemoryContent()).descriptor)
    assert caught.value.reason == "UNTRUSTED_CERTIFICATE"


def test_a_key_and_its_log(signing: ServiceSigning) -> None:
    keyed = msgspec.structs.replace(signing, signer=key())
    store = MemoryContent()
    made = sign(keyed, push_image(store).descriptor)
    keyed.confirm(store, made, attach(store, made, format=AttestationFormat.BOTH, created=CREATED))
    assert made.gathered is not None
    assert signer_of(made.gathered) == key().public


@pytest.mark.parametrize(
    ("version", "format_", "keyless", "right"),
    [
        pytest.param(2, AttestationFormat.LEGACY, True, False, id="an identity, a log of version 2, at the tag"),
        pytest.param(2, AttestationFormat.BOTH, True, False, id="… and as a bundle"),
        pytest.param(2, AttestationFormat.BUNDLE, True, True, id="as a bundle alone"),
        pytest.param(2, AttestationFormat.LEGACY, False, True, id="a key needs no log"),
        pytest.param(1, AttestationFormat.BOTH, True, True, id="a log of version 1"),
    ],
)
def test_formats(version: int, format_: AttestationFormat, *, keyless: bool, right: bool) -> None:
    services = Services(logs=(Log(url="https://log.test", version=version),))
    if right:
        check_format(services, format_, keyless=keyless)
        return
    with pytest.raises(SigningError) as caught:
        check_format(services, format_, keyless=keyless)
    assert caught.value.reason == "LEGACY_LOG"
