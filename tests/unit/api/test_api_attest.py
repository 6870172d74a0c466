"""`assaymark.attest`: what is signed, what is refused, and what it leaves on the registry."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support.forgery import RECORD
from tests.support.programs import Surroundings

import assaymark
from assaymark.api.settings import Credentials, Settings
from assaymark.model.digest import sha256_digest


def test_a_predicate_of_another_type(around: Surroundings) -> None:
    image, settings = around.image(), around.settings()
    done = assaymark.attest(image, b'{"a": 1.0}', key=around.key, type="https://shop.test/checked", settings=settings)
    assert done.type == "https://shop.test/checked"
    proven = assaymark.verify(image, key=around.public, type="https://shop.test/checked", settings=settings)
    assert proven.attestations[0].predicate == b'{"a": 1.0}'
    assert proven.attestations[0].record == b'{"a": 1.0}'
    with pytest.raises(assaymark.ArtifactError):
        _ = proven.attestations[0].report


def test_the_manifest_of_a_platform_and_the_index_itself(around: Surroundings) -> None:
    image, built = around.index()
    asked: dict[str, Any] = {"key": around.key, "type": "custom", "settings": around.settings()}
    arm = sha256_digest(built.images[1].manifest)
    assert assaymark.attest(image, b"{}", platform="linux/arm64", **asked).digest == arm
    assert assaymark.attest(image, b"{}", **asked).digest == sha256_digest(built.data)
    with pytest.raises(assaymark.ArtifactError) as caught:
        assaymark.attest(image, b"{}", platform="linux/s390x", **asked)
    assert caught.value.reason == "PLATFORM_NOT_OFFERED"
    report = assaymark.scan(image, platform="linux/amd64", settings=around.settings())
    with pytest.raises(assaymark.SigningError) as refused:
        assaymark.attest(image, report, key=around.key, platform="linux/arm64", settings=around.settings())
    assert refused.value.reason == "SUBJECT_MISMATCH"


def test_a_record_of_one_platform_is_not_signed_for_another(around: Surroundings) -> None:
    """Both names lead to one index, and the record says which manifest was scanned."""
    image, built = around.index()
    asked: dict[str, Any] = {"key": around.key, "settings": around.settings(), "allow": ["sample-db", "incomplete"]}
    record = assaymark.scan(image, platform="linux/amd64", settings=around.settings()).to_bytes("cosign-vuln")
    with pytest.raises(assaymark.SigningError) as refused:
        assaymark.attest(image, record, platform="linux/arm64", **asked)
    assert refused.value.reason == "SUBJECT_MISMATCH"
    signed = assaymark.attest(image, record, platform="linux/amd64", **asked)
    assert signed.digest == sha256_digest(built.images[0].manifest)


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"password": "wrong"}, "KEY_PASSWORD"),
        ({"key": "none.key"}, ""),
        ({"log": "public", "publish": False}, "NOT_CONFIRMED"),
    ],
)
def test_what_cannot_be_signed_with_leaves_nothing(around: Surroundings, asked: dict[str, Any], reason: str) -> None:
    image = around.image()
    given = {"key": around.key, "settings": around.settings(), **asked}
    with pytest.raises(assaymark.Error) as caught:
        assaymark.attest(image, RECORD, allow=["subject-mismatch"], **given)
    assert caught.value.reason == reason
    assert around.registry.paths("PUT") == []


def test_a_password_is_given_or_in_the_variable_and_nobody_is_asked(around: Surroundings) -> None:
    image, bare = around.image(), {name: text for name, text in around.environ.items() if name != "COSIGN_PASSWORD"}
    settings = around.settings(environ=bare)
    asked: dict[str, Any] = {"key": around.key, "type": "custom", "settings": settings}
    with pytest.raises(assaymark.UsageError, match="needs a password"):
        assaymark.attest(image, b"{}", **asked)
    password = around.environ["COSIGN_PASSWORD"]
    assert assaymark.attest(image, b"{}", password=password, **asked).stored


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"format": "best"}, "`best` is no format"),
        ({"log": "some"}, "`some` is no log"),
        ({"allow": ["anything"]}, "`anything` is no override"),
        ({"log": "none", "rekor_url": "https://log.test"}, "exclude each other"),
        ({"log": "private"}, "needs a log"),
        ({"signing_config": "x", "fulcio_url": "https://ca.test"}, "exclude each other"),
        ({"type": "vuln "}, "vuln "),
    ],
)
def test_what_contradicts_itself(around: Surroundings, asked: dict[str, Any], told: str) -> None:
    image = around.image()
    with pytest.raises(assaymark.UsageError, match=told):
        assaymark.attest(image, b"{}", **{"key": around.key, "settings": around.settings(), **asked})


def test_an_incomplete_scan_is_signed_only_where_that_is_allowed(around: Surroundings) -> None:
    image = around.image({"etc/os-release": "ID=unknown\nVERSION_ID=1\n"})
    settings = around.settings()
    report = assaymark.scan(image, settings=settings)
    assert not report.is_complete
    with pytest.raises(assaymark.SigningError) as caught:
        assaymark.attest(image, report, key=around.key, settings=settings)
    assert caught.value.reason
    done = assaymark.attest(image, report, key=around.key, allow=["incomplete"], settings=settings)
    assert done.warnings


def test_what_opens_things_is_never_shown(around: Surroundings) -> None:
    secret = "canary-of-a-secret"
    credentials = Credentials("robot", secret, token=secret)
    settings = Settings(
        credentials=credentials, environ={"COSIGN_PASSWORD": secret, "HTTPS_PROXY": f"http://a:{secret}@b"}
    )
    assert secret not in repr(credentials) + str(credentials) + repr(settings)
    assert repr(settings) == "Settings(credentials=…, environ=…)"
    image = around.image()
    around.registry.behaviour.auth = "basic"
    around.registry.behaviour.accounts = {"robot": "another"}
    with pytest.raises(assaymark.AuthenticationError) as caught:
        assaymark.scan(image, settings=around.settings(credentials=credentials))
    assert secret not in f"{caught.value} {caught.value.hint} {caught.value.__cause__!r}"


def test_given_credentials_open_the_registry(around: Surroundings) -> None:
    image = around.image()
    around.registry.behaviour.auth = "basic"
    around.registry.behaviour.accounts = {"robot": "its password"}
    settings = around.settings(credentials=Credentials("robot", "its password"))
    report = assaymark.scan(image, settings=settings)
    done = assaymark.attest(image, report, key=around.key, settings=settings)
    assert json.loads(done.bundle)["dsseEnvelope"]
    with pytest.raises(assaymark.AuthenticationError):
        assaymark.verify(image, key=around.public, settings=around.settings())
