"""Which way to sign follows from what was said, and what contradicts itself is refused before anybody is asked."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest
from tests.support.forgery import key

from assaymark.attest.attach import KeySigning
from assaymark.attest.signing import SigningChoice, SigningMeans, open_signing
from assaymark.errors import SigningError, UsageError


def nobody(*_: object) -> NoReturn:
    raise AssertionError("nobody is asked")


def with_key(**more: Any) -> SigningMeans:
    return SigningMeans(
        **{"signer": lambda: key("ours"), "consent": nobody, "trust": nobody, "around": nobody, "token": nobody, **more}
    )


@pytest.mark.parametrize(
    ("said", "services", "demanded", "allowed"),
    [
        pytest.param({"key": "k"}, False, False, True, id="a key asks nobody"),
        pytest.param({}, True, False, True, id="an identity needs services"),
        pytest.param({"key": "k", "rekor_url": "https://log.test"}, True, False, True, id="a log that is named is used"),
        pytest.param({"key": "k", "signing_config": "file"}, True, False, True, id="so is a configuration"),
        pytest.param({"key": "k", "timestamp_server_url": "https://t.test"}, True, False, True, id="and a timestamp authority"),
        pytest.param({"key": "k", "log": "public"}, True, True, True, id="a log that is asked for by name"),
        pytest.param({"key": "k", "tlog_upload": True}, True, True, True, id="cosign's word for it"),
        pytest.param({"key": "k", "use_signing_config": True}, True, True, True, id="its other word"),
        pytest.param({"key": "k", "log": "none"}, False, False, False, id="no log"),
        pytest.param({"key": "k", "tlog_upload": False}, False, False, False, id="cosign's word for none"),
        pytest.param({"key": "k", "log": "none", "signing_config": "f"}, True, False, False, id="no log, but timestamps"),
    ],
)  # fmt: skip
def test_what_is_asked_of_services(said: dict[str, Any], services: bool, demanded: bool, allowed: bool) -> None:
    choice = SigningChoice(**said)
    choice.check()
    assert (choice.wants_services, choice.logs_demanded, choice.logs_allowed) == (services, demanded, allowed)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"signing_config": "f", "fulcio_url": "https://ca.test"}, "`--fulcio-url` and `--signing-config` exclude each other"),
        ({"log": "none"}, "`--log none`: an identity's signature proves nothing without a log"),
        ({"tlog_upload": False}, "`--tlog-upload=false`: an identity's signature proves nothing"),
        ({"key": "k", "log": "none", "rekor_url": "https://log.test"}, "`--rekor-url` and `--log none` exclude each other"),
        ({"key": "k", "log": "private"}, "`--log private` needs a log"),
    ],
)  # fmt: skip
def test_what_contradicts_itself(said: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        SigningChoice(**said).check()


def test_a_key_alone_asks_nobody() -> None:
    assert isinstance(open_signing(SigningChoice(key="ours.key"), with_key()), KeySigning)


def test_an_identity_is_not_shown_to_anybody_unless_that_was_agreed_to() -> None:
    def refuse() -> NoReturn:
        raise SigningError("not agreed", reason="NOT_CONFIRMED")

    with pytest.raises(SigningError) as caught:
        open_signing(SigningChoice(), with_key(consent=refuse))
    assert caught.value.reason == "NOT_CONFIRMED"
