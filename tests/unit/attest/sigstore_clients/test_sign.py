"""Signing from a statement to a bundle: the order of things, what is kept, and what is never sent."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from tests.support.registry import Fault
from tests.support.sigstore.fake import FakeSigstore
from tests.support.sigstore.log import Generation
from tests.support.sigstore.switches import Switch

from assaymark.attest.bundle import parse_bundle
from assaymark.attest.keys.private import generate_key
from assaymark.attest.keys.public import Algorithm
from assaymark.attest.sigstore.disclosure import Consent
from assaymark.attest.sigstore.oidc.token import IdentityToken
from assaymark.attest.sigstore.pending import PendingStore, UnfinishedError
from assaymark.attest.sigstore.sign import (
    About,
    Signed,
    Surroundings,
    check_services,
    resume,
    sign_keyless,
    sign_logged,
)
from assaymark.attest.sigstore.signing_config import Log, Services, parse_signing_config, select_services
from assaymark.attest.statement import Subject, build_statement
from assaymark.errors import SigningError

STATEMENT = build_statement(
    subjects=[Subject(name="app", digests=(("sha256", "00" * 32),))], predicate_type="https://x.test", predicate=b"{}"
)
CERTIFICATE, STAMP, V1, V2 = "/api/v2/signingCert", "/api/v1/timestamp", "/api/v1/log/entries", "/api/v2/log/entries"


def services(
    fake: FakeSigstore, tmp_path: Path, *logs: Generation, timestamps: bool = False, keyless: bool = True
) -> Services:
    files = fake.write(tmp_path, logs=logs or (Generation.V1,), timestamps=timestamps, keyless=keyless)
    config = parse_signing_config(files.signing_config.read_bytes())
    return select_services(config, now=datetime.now(UTC), choose=random.sample)


def sign(fake: FakeSigstore, around: Surroundings, token: IdentityToken, chosen: Services) -> Signed:
    return sign_keyless(STATEMENT, token=lambda: token, services=chosen, around=around, about=About(subject="app"))


@pytest.mark.parametrize(
    ("logs", "timestamps", "paths"),
    [
        pytest.param((Generation.V1,), False, [CERTIFICATE, V1], id="a log of version 1"),
        pytest.param((Generation.V1,), True, [CERTIFICATE, STAMP, V1], id="… and a timestamp first"),
        pytest.param((Generation.V2,), True, [CERTIFICATE, STAMP, V2], id="a log of version 2 with a timestamp"),
    ],
)
def test_an_identity_signs(
    fake: FakeSigstore,
    around: Surroundings,
    token_of: Callable[..., IdentityToken],
    tmp_path: Path,
    logs: Collection[Generation],
    paths: list[str],
    *,
    timestamps: bool,
) -> None:
    signed = sign(fake, around, token_of(), services(fake, tmp_path, *logs, timestamps=timestamps))
    bundle = parse_bundle(signed.bundle)
    assert fake.paths("POST") == paths
    assert (bundle.envelope, bundle.certificates) == (signed.envelope, (signed.gathered.certificate,))
    assert (len(bundle.log_entries), len(bundle.timestamps)) == (1, int(timestamps))
    assert signed.envelope.payload == STATEMENT
    assert around.pending is not None
    assert [*around.pending.listed()] == []


def test_the_identity_is_shown_before_it_is_sent_and_the_entry_before_it_is_logged(
    fake: FakeSigstore, around: Surroundings, token_of: Callable[..., IdentityToken], tmp_path: Path
) -> None:
    when: list[int] = []
    consent = Consent(
        confirmed=True, terminal=False, show=lambda _: when.append(len(fake.requests)), ask=lambda _: False
    )
    noting = msgspec.structs.replace(around, consent=consent)
    sign(fake, noting, token_of(), services(fake, tmp_path, Generation.V1, timestamps=True))
    assert when == [0, 2]


def test_a_key_signs_and_is_logged(fake: FakeSigstore, around: Surroundings, tmp_path: Path) -> None:
    key = generate_key(Algorithm.RSA)
    signed = sign_logged(
        STATEMENT, signer=key, services=services(fake, tmp_path, Generation.V2, timestamps=True), around=around
    )
    assert fake.paths("POST") == [STAMP, V2]
    assert parse_bundle(signed.bundle).hint == key.public.hint


def test_a_key_without_services_asks_nobody(around: Surroundings) -> None:
    silent = msgspec.structs.replace(
        around, consent=Consent(confirmed=False, terminal=False, show=print, ask=lambda _: False)
    )
    signed = sign_logged(STATEMENT, signer=generate_key(), services=Services(), around=silent)
    assert parse_bundle(signed.bundle).log_entries == ()


def test_each_signature_has_a_key_of_its_own(
    fake: FakeSigstore, around: Surroundings, token_of: Callable[..., IdentityToken], tmp_path: Path
) -> None:
    chosen = services(fake, tmp_path)
    keys = {sign(fake, around, token_of(), chosen).gathered.public.fingerprint for _ in range(2)}
    assert len(keys) == 2


def test_the_caller_s_check_sees_the_bundle(
    fake: FakeSigstore, around: Surroundings, token_of: Callable[..., IdentityToken], tmp_path: Path
) -> None:
    seen: list[bytes] = []
    signed = sign_keyless(
        STATEMENT, token=token_of, services=services(fake, tmp_path), around=around, check=seen.append, csr=True
    )
    assert seen == [signed.bundle]


@pytest.mark.parametrize(
    ("chosen", "reason"),
    [
        pytest.param(Services(), "NO_AUTHORITY", id="no authority"),
        pytest.param(Services(authority="https://ca.test"), "NO_LOG", id="no log"),
        pytest.param(
            Services(authority="https://ca.test", logs=(Log(url="https://log.test", version=2),)),
            "NO_TRUSTED_TIME",
            id="nobody to state a time",
        ),
    ],
)
def test_services_that_cannot_do_are_refused_before_anything(chosen: Services, reason: str) -> None:
    with pytest.raises(SigningError) as caught:
        check_services(chosen, keyless=True)
    assert caught.value.reason == reason
    check_services(chosen, keyless=False)


def refusing(around: Surroundings, *answers: bool) -> Surroundings:
    """Somebody at a terminal who gives these answers."""
    given = iter(answers)
    consent = Consent(confirmed=False, terminal=True, show=lambda _: None, ask=lambda _: next(given))
    return msgspec.structs.replace(around, consent=consent)


@pytest.mark.parametrize(
    ("answers", "paths"),
    [
        pytest.param((False,), [], id="to the certificate: nothing was sent"),
        pytest.param((True, False), [CERTIFICATE, STAMP], id="to the log: nothing was logged"),
    ],
)
def test_a_person_says_no(
    fake: FakeSigstore,
    around: Surroundings,
    token_of: Callable[..., IdentityToken],
    tmp_path: Path,
    answers: tuple[bool, ...],
    paths: list[str],
) -> None:
    chosen = services(fake, tmp_path, Generation.V1, timestamps=True)
    with pytest.raises(SigningError) as caught:
        sign(fake, refusing(around, *answers), token_of(), chosen)
    assert caught.value.reason == "NOT_CONFIRMED"
    assert fake.paths("POST") == paths
    assert around.pending is not None
    assert [*around.pending.listed()] == []


def test_nothing_is_asked_of_anybody_where_nobody_can_say_yes(
    fake: FakeSigstore, around: Surroundings, tmp_path: Path
) -> None:
    def never() -> IdentityToken:
        raise AssertionError("the token was asked for")

    nobody = msgspec.structs.replace(
        around, consent=Consent(confirmed=False, terminal=False, show=print, ask=lambda _: True)
    )
    with pytest.raises(SigningError, match="no terminal"):
        sign_keyless(STATEMENT, token=never, services=services(fake, tmp_path), around=nobody)
    assert fake.requests == []


def test_what_does_not_fit_is_refused_before_the_token_is_asked_for(
    fake: FakeSigstore, around: Surroundings, tmp_path: Path
) -> None:
    def never() -> IdentityToken:
        raise AssertionError("the token was asked for")

    with pytest.raises(SigningError) as caught:
        sign_keyless(b"x" * (4 << 20), token=never, services=services(fake, tmp_path), around=around)
    assert caught.value.reason == "LOG_TOO_LARGE"
    assert fake.requests == []


@pytest.mark.parametrize(
    ("switch", "reason"),
    [(Switch.EXPIRED_TOKEN, "TOKEN_EXPIRED"), (Switch.WRONG_AUDIENCE, "TOKEN_AUDIENCE")],
)
def test_a_token_that_will_not_do_is_not_sent(
    fake: FakeSigstore,
    around: Surroundings,
    token_of: Callable[..., IdentityToken],
    tmp_path: Path,
    switch: Switch,
    reason: str,
) -> None:
    with pytest.raises(SigningError) as caught:
        sign(fake, around, token_of(None, switch), services(fake, tmp_path))
    assert caught.value.reason == reason
    assert fake.requests == []


@pytest.mark.parametrize("path", [V1, STAMP], ids=["the log is down", "the timestamp authority is down"])
def test_nothing_is_lost_when_a_service_is_down(
    fake: FakeSigstore, around: Surroundings, token_of: Callable[..., IdentityToken], tmp_path: Path, path: str
) -> None:
    token = token_of()
    fake.fault(Fault(method="POST", path=path, times=2, status=503, body=b""))
    with pytest.raises(UnfinishedError, match="signed, but not finished") as caught:
        sign(fake, around, token, services(fake, tmp_path, Generation.V1, timestamps=True))
    kept = caught.value.path
    assert kept is not None
    assert str(kept) in caught.value.hint
    assert token.secret.reveal().encode() not in kept.read_bytes()
    assert around.pending is not None
    signed = resume(around.pending.load(kept), around=around)
    assert fake.paths("POST").count(CERTIFICATE) == 1
    assert len(parse_bundle(signed.bundle).timestamps) == 1
    assert [*around.pending.listed()] == []


def test_what_was_got_is_not_asked_for_again(
    fake: FakeSigstore, around: Surroundings, token_of: Callable[..., IdentityToken], tmp_path: Path
) -> None:
    chosen = services(fake, tmp_path, Generation.V2, timestamps=True)
    with fake.broken(Switch.LOG_DOWN), pytest.raises(UnfinishedError) as caught:
        sign(fake, around, token_of(), chosen)
    assert around.pending is not None
    assert caught.value.path is not None
    resume(around.pending.load(caught.value.path), around=around)
    assert fake.paths("POST").count(STAMP) == 1


def test_a_certificate_that_ended_cannot_be_resumed_with_a_log_of_version_1(
    fake: FakeSigstore, around: Surroundings, token_of: Callable[..., IdentityToken], tmp_path: Path
) -> None:
    with fake.broken(Switch.LOG_DOWN), pytest.raises(UnfinishedError) as caught:
        sign(fake, around, token_of(), services(fake, tmp_path))
    assert around.pending is not None
    assert caught.value.path is not None
    pending = around.pending.load(caught.value.path)
    later = msgspec.structs.replace(around, clock=lambda: pending.expires + 1)
    with pytest.raises(SigningError) as refused:
        resume(pending, around=later)
    assert refused.value.reason == "CERTIFICATE_EXPIRED"


def test_a_folder_that_cannot_be_written_keeps_nobody_from_signing(
    fake: FakeSigstore, around: Surroundings, token_of: Callable[..., IdentityToken], tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")
    nowhere = msgspec.structs.replace(around, pending=PendingStore(tmp_path / "file" / "x"))
    chosen = services(fake, tmp_path)
    assert sign(fake, nowhere, token_of(), chosen).bundle
    with fake.broken(Switch.LOG_DOWN), pytest.raises(UnfinishedError, match="not kept") as caught:
        sign(fake, nowhere, token_of(), chosen)
    assert caught.value.path is None


def test_without_a_folder_nothing_is_kept(
    fake: FakeSigstore, around: Surroundings, token_of: Callable[..., IdentityToken], tmp_path: Path
) -> None:
    bare = msgspec.structs.replace(around, pending=None)
    chosen = services(fake, tmp_path)
    assert sign(fake, bare, token_of(), chosen).bundle
    with fake.broken(Switch.LOG_DOWN), pytest.raises(UnfinishedError) as caught:
        sign(fake, bare, token_of(), chosen)
    assert caught.value.path is None
