"""Keys in the transit engine of Vault and OpenBao."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.support.kms_transit import TOKEN, Transit
from tests.support.loopback import Answer, Loopback
from tests.support.tls import Authority

from assaymark.attest.keys.algorithms import Scheme, verify_signature
from assaymark.attest.keys.public import parse_public_key
from assaymark.attest.keys.reference import create_key, load_public_key, load_signer
from assaymark.attest.keys.scheme import KeyContext
from assaymark.errors import (
    AuthenticationError,
    Error,
    LimitError,
    NetworkError,
    OfflineError,
    SigningError,
    UsageError,
)
from assaymark.limits import DEFAULT_LIMITS
from assaymark.net.http import Http
from assaymark.net.network import NoNetwork

LIMITS = msgspec.structs.replace(DEFAULT_LIMITS, retry_tries=1, service_reply_bytes=100_000)


class Vault:
    """The service, its address, and a context that remembers what the user was told."""

    def __init__(self, transit: Transit, server: Loopback) -> None:
        self.transit = transit
        self.server = server
        self.warnings: list[str] = []

    def context(self, **environment: str) -> KeyContext:
        variables = {"VAULT_ADDR": self.server.url, "VAULT_TOKEN": TOKEN, **environment}
        chosen = {name: value for name, value in variables.items() if value}
        return KeyContext(environment=chosen, network=Http(limits=LIMITS), warn=self.warnings.append, limits=LIMITS)

    def redirected(self, url: str) -> None:
        """Ask at `url`, which leads here, and be refused here."""
        with pytest.raises(AuthenticationError):
            load_public_key("hashivault://release", self.context(VAULT_ADDR=url))

    @property
    def asked(self) -> list[str]:
        return [f"{each.method} {each.path}" for each in self.server.requests]


@pytest.fixture
def vault() -> Iterator[Vault]:
    transit = Transit()
    with Loopback(transit.serve) as server:
        yield Vault(transit, server)


@pytest.mark.parametrize("name", ["hashivault", "openbao"])
@pytest.mark.parametrize(
    ("kind", "scheme"),
    [
        ("ecdsa-p256", Scheme.ECDSA_SHA256),
        ("ecdsa-p384", Scheme.ECDSA_SHA256),
        ("ecdsa-p521", Scheme.ECDSA_SHA256),
        ("rsa-2048", Scheme.RSA_PKCS1_SHA256),
        ("ed25519", Scheme.ED25519),
    ],
)
def test_each_kind_of_key_signs_as_cosign_reads_it(vault: Vault, name: str, kind: str, scheme: Scheme) -> None:
    vault.transit.add("release", kind)
    signer = load_signer(f"{name}://release", vault.context())
    signature = signer.sign(b"message")
    assert verify_signature(signer.public, signature=signature, message=b"message") is scheme
    assert load_public_key(f"{name}://release", vault.context()) == signer.public
    suffix = "" if kind == "ed25519" else "/sha2-256"
    assert vault.asked == [
        "GET /v1/transit/keys/release",
        f"POST /v1/transit/sign/release{suffix}",
        "GET /v1/transit/keys/release",
    ]
    assert vault.warnings == []


def test_what_the_environment_says(vault: Vault, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    transit = Transit(mount="team/transit two", namespace="team")
    transit.add("release")
    certificate, private = authority.certify("client", client=True)
    with Loopback(transit.serve, tls=authority.server("localhost", clients=True)) as server:
        context = vault.context(
            VAULT_ADDR=f"https://127.0.0.1:{server.port}/",
            VAULT_NAMESPACE="team",
            VAULT_CACERT=str(authority.file),
            VAULT_CLIENT_CERT=str(certificate),
            VAULT_CLIENT_KEY=str(private),
            VAULT_TLS_SERVER_NAME="localhost",
            TRANSIT_SECRET_ENGINE_PATH="/team/transit two/",
        )
        assert load_signer("hashivault://release", context).sign(b"message")
    assert vault.asked == []


def test_the_other_names_of_the_variables(vault: Vault) -> None:
    vault.transit.add("release")
    context = vault.context(VAULT_ADDR="", VAULT_TOKEN="", BAO_ADDR=vault.server.url, BAO_TOKEN=TOKEN)
    load_public_key("openbao://release", context)
    both = vault.context(BAO_ADDR="http://127.0.0.1:1", BAO_TOKEN="s.WRONG")
    load_public_key("openbao://release", both)
    assert len(vault.asked) == 2


def test_a_folder_of_authorities_and_no_check_at_all(vault: Vault, tmp_path: Path) -> None:
    folder = tmp_path / "authorities"
    folder.mkdir()
    authority = Authority(folder)
    (folder / "README").write_text("not a certificate")
    vault.transit.add("release")
    with Loopback(vault.transit.serve, tls=authority.server("127.0.0.1")) as server:
        for more in ({"VAULT_CAPATH": str(folder)}, {"VAULT_SKIP_VERIFY": "true"}):
            load_public_key("hashivault://release", vault.context(VAULT_ADDR=server.url, **more))
        (warning,) = vault.warnings
        assert warning.startswith("VAULT_SKIP_VERIFY or BAO_SKIP_VERIFY leaves the service's certificate unchecked")
        with pytest.raises(NetworkError, match="Vault cannot be reached"):
            load_public_key("hashivault://release", vault.context(VAULT_ADDR=server.url))


class TestVersions:
    def test_the_newest_signs_and_a_prefix_names_another_for_verification(self, vault: Vault) -> None:
        key = vault.transit.add("release")
        key.rotate()
        public = [parse_public_key(key.public(number).encode()) for number in (1, 2)]
        signer = load_signer("hashivault://release", vault.context(VAULT_KEY_PREFIX="vault:v1:"))
        assert verify_signature(public[1], signature=signer.sign(b"m"), message=b"m")
        assert load_public_key("hashivault://release", vault.context()) == public[1]
        assert load_public_key("hashivault://release", vault.context(VAULT_KEY_PREFIX="vault:v1:")) == public[0]

    def test_a_version_that_is_not_there(self, vault: Vault) -> None:
        vault.transit.add("release")
        with pytest.raises(SigningError, match="there is no version 2") as caught:
            load_public_key("hashivault://release", vault.context(VAULT_KEY_PREFIX="vault:v2:"))
        assert caught.value.reason == "KEY_NOT_FOUND"

    @pytest.mark.parametrize("prefix", ["v2", "vault:v0:", "vault:v2", "vault:v2:x", "2"])
    def test_a_prefix_that_names_none(self, vault: Vault, prefix: str) -> None:
        with pytest.raises(UsageError, match="names no version"):
            load_public_key("hashivault://release", vault.context(VAULT_KEY_PREFIX=prefix))

    def test_a_key_that_is_rotated_in_between_signs_with_the_version_it_began_with(self, vault: Vault) -> None:
        key = vault.transit.add("release")
        signer = load_signer("hashivault://release", vault.context())
        key.rotate()
        assert verify_signature(signer.public, signature=signer.sign(b"message"), message=b"message")
        assert signer.public == parse_public_key(key.public(1).encode())


def test_a_key_is_made_once(vault: Vault) -> None:
    made = create_key("openbao://release", vault.context())
    assert create_key("openbao://release", vault.context()) == made
    assert [(name, key.kind, len(key.versions)) for name, key in vault.transit.keys.items()] == [
        ("release", "ecdsa-p256", 1)
    ]


class TestTokens:
    @pytest.fixture
    def home(self, vault: Vault, tmp_path: Path) -> Path:
        vault.transit.add("release")
        return tmp_path

    def load(self, vault: Vault, home: Path, **more: str) -> None:
        load_public_key("hashivault://release", vault.context(VAULT_TOKEN="", HOME=str(home), **more))

    def test_the_file_that_a_login_leaves(self, vault: Vault, home: Path) -> None:
        (home / ".vault-token").write_text(f"{TOKEN}\n")
        self.load(vault, home)

    def test_the_file_s_token_appears_in_no_output(self, vault: Vault, home: Path) -> None:
        (home / ".vault-token").write_text(f"{TOKEN}\n")
        concealed: list[str] = []
        context = vault.context(VAULT_TOKEN="", HOME=str(home))
        load_public_key("hashivault://release", msgspec.structs.replace(context, conceal=concealed.append))
        assert concealed == [TOKEN]

    @pytest.mark.parametrize(
        "line",
        ['token_helper = "{}"', '  token_helper="{}" # ours', '"token_helper": "{}"', 'x = 1\ntoken_helper = "{}"'],
    )
    def test_a_token_helper_goes_before_the_file(self, vault: Vault, home: Path, line: str) -> None:
        program = home / "helper"
        program.write_text(f'#!/bin/sh\n[ "$1" = get ] && echo {TOKEN}\n')
        program.chmod(0o755)
        (home / ".vault-token").write_text("s.OLD")
        (home / ".vault").write_text(line.format(program))
        self.load(vault, home)
        (home / "elsewhere").write_text("")
        with pytest.raises(AuthenticationError, match="permission denied"):
            self.load(vault, home, VAULT_CONFIG_PATH=str(home / "elsewhere"))

    @pytest.mark.parametrize(
        ("script", "error", "told"),
        [
            ("exit 3", "LocalError", "ended with code 3"),
            ("true", "AuthenticationError", "there is no token for Vault"),
            ("echo a b", "AuthenticationError", "is not one"),
        ],
    )
    def test_a_token_helper_that_does_not_help(
        self, vault: Vault, home: Path, script: str, error: str, told: str
    ) -> None:
        program = home / "helper"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        (home / ".vault").write_text(f'token_helper = "{program}"')
        with pytest.raises(Error, match=told) as caught:
            self.load(vault, home)
        assert type(caught.value).__name__ == error

    def test_a_token_helper_without_a_whole_path_is_not_looked_for(self, vault: Vault, home: Path) -> None:
        (home / ".vault").write_text('token_helper = "sh"')
        with pytest.raises(Error, match="is not the name of a token helper"):
            self.load(vault, home)

    def test_nobody_logged_in(self, vault: Vault, home: Path) -> None:
        with pytest.raises(AuthenticationError, match="there is no token for Vault") as caught:
            self.load(vault, home)
        assert "VAULT_TOKEN" in caught.value.hint
        assert vault.asked == []

    def test_a_token_does_not_follow_to_another_origin(self, vault: Vault, home: Path) -> None:
        with Loopback(lambda request: Answer(307, headers={"Location": vault.server.url + request.path})) as other:
            vault.redirected(other.url)
        assert [each.headers.get("authorization") for each in vault.server.requests] == [None]

    def test_a_token_is_never_shown(self, vault: Vault, home: Path) -> None:
        with pytest.raises(AuthenticationError) as caught:
            load_public_key("hashivault://release", vault.context(VAULT_TOKEN="s.NOT-THE-ONE"))
        assert "NOT-THE-ONE" not in f"{caught.value!r}{caught.value.hint}"


@pytest.mark.parametrize(
    ("answer", "error", "reason", "told"),
    [
        (Answer(403, {"errors": ["permission denied"]}), AuthenticationError, "", "refused the credentials"),
        (Answer(404, {"errors": []}), SigningError, "KEY_NOT_FOUND", "has no such key"),
        (Answer(400, {"errors": ["signing key not found"]}), SigningError, "KEY_NOT_FOUND", "has no such key"),
        (Answer(429, {"errors": ["slow"]}), NetworkError, "", "asks for fewer requests"),
        (Answer(503, {"errors": ["Vault is sealed"]}), NetworkError, "", "Vault is sealed"),
        (Answer(500, ["?"]), NetworkError, "", "HTTP status 500"),
        (Answer(500, {"errors": ["x\x1b[2J" + "y" * 999]}), NetworkError, "", r"\\x1b\[2J"),
        (Answer(200, {"data": {"signature": "vault:v1:?"}}), NetworkError, "", "no signature"),
        (Answer(200, {"data": None}), NetworkError, "", "no signature"),
        (Answer(200, "text"), NetworkError, "", "no signature"),
    ],
)
def test_what_the_service_refuses_is_said(
    vault: Vault, answer: Answer, error: type[Error], reason: str, told: str
) -> None:
    vault.transit.add("release")
    signer = load_signer("hashivault://release", vault.context())
    vault.server.outage = answer
    with pytest.raises(error, match=told) as caught:
        signer.sign(b"message")
    assert (type(caught.value), caught.value.reason, len(str(caught.value)) < 400) == (error, reason, True)


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({}, "describes no key"),
        ({"data": {"keys": {"1": {"public_key": "x"}}, "latest_version": "1"}}, "describes no key"),
        ({"data": {"keys": {}, "latest_version": 1}}, "no version 1"),
        ({"data": {"keys": {"1": {"public_key": "x"}}, "latest_version": 1, "type": "ed25519"}}, "no public key"),
        ({"data": {"keys": {"1": {"public_key": "eA=="}}, "latest_version": 1, "type": "ed25519"}}, "not accepted"),
        ({"data": {"keys": {"1": {"public_key": "x"}}, "latest_version": 1}}, "not accepted"),
        ({"data": {"keys": {"1": 17}, "latest_version": 1, "type": "aes256-gcm96"}}, "its type is aes256-gcm96"),
    ],
)
def test_what_is_no_key(vault: Vault, document: object, told: str) -> None:
    vault.server.outage = Answer(200, document)
    with pytest.raises(Error, match=told):
        load_public_key("hashivault://release", vault.context())


def test_a_key_for_encryption_and_one_that_is_deleted(vault: Vault) -> None:
    vault.transit.add("sealed", "aes256-gcm96")
    vault.transit.add("gone").deleted = True
    reasons = []
    for name in ("sealed", "gone", "none"):
        with pytest.raises(SigningError) as caught:
            load_signer(f"openbao://{name}", vault.context())
        reasons.append(caught.value.reason)
    assert reasons == ["KEY_USAGE", "KEY_DISABLED", "KEY_NOT_FOUND"]


def test_a_reply_without_end(vault: Vault) -> None:
    vault.server.outage = Answer(200, "x" * 100_000)
    with pytest.raises(LimitError, match="the reply of Vault"):
        load_public_key("hashivault://release", vault.context())


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"VAULT_ADDR": ""}, "nothing says where Vault is"),
        ({"VAULT_ADDR": "vault.example:8200"}, "not an http or https URL"),
        ({"VAULT_ADDR": "unix:///run/vault"}, "not an http or https URL"),
        ({"VAULT_ADDR": "https://user:word@vault.example"}, "not an http or https URL"),
        ({"VAULT_ADDR": "https://[::1"}, "not an http or https URL"),
    ],
)
def test_addresses_that_are_none(vault: Vault, environment: dict[str, str], told: str) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        load_public_key("hashivault://release", vault.context(**environment))
    assert "word" not in f"{caught.value!r}{caught.value.hint}"


def test_plain_http_needs_a_word() -> None:
    warnings: list[str] = []

    def load(**more: str) -> None:
        variables = {"VAULT_ADDR": "http://vault.example", "VAULT_TOKEN": TOKEN, **more}
        there = KeyContext(environment=variables, network=NoNetwork(), warn=warnings.append)
        load_public_key("hashivault://release", there)

    with pytest.raises(UsageError, match="credentials of Vault do not go over plain http to `http://vault") as caught:
        load()
    assert "VAULT_SKIP_VERIFY=true" in caught.value.hint
    with pytest.raises(OfflineError, match="--offline"):
        load(VAULT_SKIP_VERIFY="true")
    assert len(warnings) == 1


@pytest.mark.parametrize("key", ["", "a/b", "-a", "a-", "a b", "é", ".", "a" * 300])
def test_what_is_no_reference(vault: Vault, key: str) -> None:
    with pytest.raises(UsageError, match="is not a key in Vault"):
        load_signer(f"hashivault://{key}", vault.context())


def test_no_network_at_all() -> None:
    with pytest.raises(UsageError, match="OpenBao cannot be asked here"):
        load_signer("openbao://release", KeyContext(environment={}))
