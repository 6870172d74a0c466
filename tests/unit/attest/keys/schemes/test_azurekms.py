"""Keys in Azure Key Vault."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.kms_azure import HOST, AzureVault, azure
from tests.support.loopback import Answer, Loopback

from assaymark.attest.keys.algorithms import Scheme, verify_signature
from assaymark.attest.keys.reference import create_key, load_public_key, load_signer
from assaymark.attest.keys.scheme import KeyContext
from assaymark.errors import AuthenticationError, Error, NetworkError, OfflineError, SigningError, UsageError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.net.http import Http
from assaymark.net.network import NoNetwork

LIMITS = msgspec.structs.replace(DEFAULT_LIMITS, connect_seconds=2.0, first_byte_seconds=2.0, retry_tries=1)
KEY = f"azurekms://{HOST}/key"


class Azure:
    """The service, its address, and a context that remembers what the user was told."""

    def __init__(self, vault: AzureVault, server: Loopback) -> None:
        self.vault = vault
        self.server = server
        self.warnings: list[str] = []

    @property
    def context(self) -> KeyContext:
        return KeyContext(environment=os.environ, network=Http(), warn=self.warnings.append, limits=LIMITS)

    @property
    def asked(self) -> list[str]:
        """What the vault was asked with a token."""
        return [
            f"{each.method} {each.path.partition('?')[0]}"
            for each in self.server.requests
            if each.path.startswith("/keys/") and "authorization" in each.headers
        ]


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Azure]:
    for name in [name for name in os.environ if name.startswith("AZURE_") or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    vault = AzureVault()
    with azure(tmp_path, vault) as (server, variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        yield Azure(vault, server)


@pytest.mark.parametrize(
    ("settings", "scheme", "told"),
    [
        ({}, Scheme.ECDSA_SHA256, ""),
        ({"kind": "EC-HSM"}, Scheme.ECDSA_SHA256, ""),
        ({"curve": "P-384"}, Scheme.ECDSA_SHA384, "--signature-digest-algorithm sha384"),
        ({"curve": "P-521"}, Scheme.ECDSA_SHA512, "--signature-digest-algorithm sha512"),
        ({"kind": "RSA"}, Scheme.RSA_PKCS1_SHA256, ""),
        ({"kind": "RSA-HSM"}, Scheme.RSA_PKCS1_SHA256, ""),
    ],
)
def test_each_kind_of_key_signs_as_cosign_reads_it(
    there: Azure, settings: dict[str, Any], scheme: Scheme, told: str
) -> None:
    key = there.vault.add(**settings)
    signer = load_signer(KEY, there.context)
    signature = signer.sign(b"message")
    assert verify_signature(signer.public, signature=signature, message=b"message") is scheme
    assert signer.public.spki == key.spki == load_public_key(KEY, there.context).spki
    assert [told in warning for warning in there.warnings] == ([True] if told else [])
    assert there.asked == ["GET /keys/key/", f"POST /keys/key/{key.version}/sign", "GET /keys/key/"]


def test_a_version_is_named_or_the_newest_and_stays(there: Azure) -> None:
    old, new = there.vault.add(), there.vault.add()
    signer = load_signer(KEY, there.context)
    there.vault.add()
    assert signer.public.spki == new.spki
    assert verify_signature(signer.public, signature=signer.sign(b"m"), message=b"m")
    assert load_public_key(f"{KEY}/{old.version}", there.context).spki == old.spki


def test_a_key_is_made_once(there: Azure) -> None:
    made = create_key(KEY, there.context)
    assert create_key(KEY, there.context) == made
    assert [(key.spki, key.kind, key.operations) for key in there.vault.keys["key"]] == [
        (made.spki, "EC", ("sign", "verify"))
    ]
    with pytest.raises(UsageError, match="names a version, which Azure chooses"):
        create_key(f"{KEY}/0123", there.context)


def test_clouds_of_their_own(there: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    there.vault.add()
    monkeypatch.setenv("AZURE_ENVIRONMENT", "AZURECHINACLOUD")
    with pytest.raises(Error, match="Azure Key Vault"):
        load_public_key(KEY, there.context)  # the proxy leads to the public cloud's login alone
    assert there.asked == []


@pytest.mark.parametrize(
    ("answer", "error", "reason", "told"),
    [
        (Answer(404, {"error": {"message": "?"}}), SigningError, "KEY_NOT_FOUND", "has no such key"),
        (Answer(403, {"error": {"message": "Caller is not authorized"}}), AuthenticationError, "", "refused the cred"),
        (Answer(429, {"error": {"message": "slow"}}), NetworkError, "", "asks for fewer requests"),
        (Answer(500, {"error": {"message": "a\x1bb\nc"}}), NetworkError, "", r"a\\x1bb$"),
    ],
)
def test_what_the_service_refuses_is_said(
    there: Azure, answer: Answer, error: type[Error], reason: str, told: str
) -> None:
    there.vault.add()
    signer = load_signer(KEY, there.context)
    there.server.outage = answer
    with pytest.raises(error, match=told) as caught:
        signer.sign(b"message")
    assert (type(caught.value), caught.value.reason) == (error, reason)


def test_keys_that_do_not_sign(there: Azure) -> None:
    there.vault.add("disabled", enabled=False)
    there.vault.add("wraps", operations=("wrapKey",))
    there.vault.add("coin", curve="P-256K")
    reasons = {}
    for name in ("disabled", "wraps", "coin", "none"):
        with pytest.raises(SigningError) as caught:
            load_signer(f"azurekms://{HOST}/{name}", there.context)
        reasons[name] = caught.value.reason
    assert reasons == {
        "disabled": "KEY_DISABLED",
        "wraps": "KEY_USAGE",
        "coin": "KEY_USAGE",
        "none": "KEY_NOT_FOUND",
    }


def test_a_wrong_secret_is_refused_and_never_shown(there: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    there.vault.add()
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "not-the-secret")
    with pytest.raises(AuthenticationError, match="refused the credentials") as caught:
        load_public_key(KEY, there.context)
    assert "not-the-secret" not in f"{caught.value!r}{caught.value.hint}"
    assert "az login" in caught.value.hint


def test_nobody_listens(there: Azure) -> None:
    with pytest.raises(NetworkError, match="Azure Key Vault cannot be reached"):
        load_public_key("azurekms://other.vault.azure.net/key", there.context)


@pytest.mark.parametrize(
    "reference",
    [
        "azurekms://",
        f"azurekms://{HOST}",
        f"{KEY}/v/x",
        f"azurekms://u@{HOST}/key",
        f"azurekms://{HOST}/k_y",
        f"{KEY}/V",
    ],
)
def test_what_is_no_reference(there: Azure, reference: str) -> None:
    with pytest.raises(UsageError, match="is not a key in Azure Key Vault"):
        load_signer(reference, there.context)


def test_offline_nothing_is_asked(there: Azure) -> None:
    with pytest.raises(OfflineError, match="Azure Key Vault makes connections of its own"):
        load_public_key(KEY, KeyContext(environment=os.environ, network=NoNetwork()))
    assert there.server.requests == []


def test_the_library_is_missing(there: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    with pytest.raises(UsageError, match=r"need what is not installed: azure\.identity") as caught:
        load_public_key(KEY, there.context)
    assert caught.value.hint == "install it: pip install 'assaymark[kms-azure]'"
