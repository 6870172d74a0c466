"""Keys in AWS KMS."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.support.kms_aws import ACCOUNT, CREDENTIALS, REGION, AwsKms
from tests.support.loopback import Answer, Loopback
from tests.support.tls import Authority

from assaymark.attest.keys.algorithms import Scheme, verify_signature
from assaymark.attest.keys.reference import create_key, load_public_key, load_signer
from assaymark.attest.keys.scheme import KeyContext
from assaymark.errors import AuthenticationError, Error, NetworkError, OfflineError, SigningError, UsageError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.net.http import Http
from assaymark.net.network import NoNetwork

LIMITS = msgspec.structs.replace(DEFAULT_LIMITS, connect_seconds=2.0, first_byte_seconds=2.0, retry_tries=1)


class Aws:
    """The service, its address, and a context that remembers what the user was told."""

    def __init__(self, kms: AwsKms, server: Loopback) -> None:
        self.kms = kms
        self.server = server
        self.warnings: list[str] = []

    @property
    def context(self) -> KeyContext:
        return KeyContext(environment=os.environ, network=Http(), warn=self.warnings.append, limits=LIMITS)

    @property
    def asked(self) -> list[str]:
        return [each.headers["x-amz-target"].removeprefix("TrentService.") for each in self.server.requests]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    kms = AwsKms()
    with Loopback(kms.serve) as server:
        for name, value in {**CREDENTIALS, "AWS_ENDPOINT_URL": server.url, "AWS_EC2_METADATA_DISABLED": "true"}.items():
            monkeypatch.setenv(name, value)
        yield Aws(kms, server)


@pytest.mark.parametrize(
    ("spec", "scheme", "told"),
    [
        ("ECC_NIST_P256", Scheme.ECDSA_SHA256, ""),
        ("ECC_NIST_P384", Scheme.ECDSA_SHA384, "--signature-digest-algorithm sha384"),
        ("ECC_NIST_P521", Scheme.ECDSA_SHA512, "--signature-digest-algorithm sha512"),
        ("RSA_2048", Scheme.RSA_PKCS1_SHA256, ""),
    ],
)
def test_each_kind_of_key_signs_as_cosign_reads_it(aws: Aws, spec: str, scheme: Scheme, told: str) -> None:
    key = aws.kms.add(spec, alias="release")
    signer = load_signer("awskms:///alias/release", aws.context)
    message = b"message" * 10_000
    signature = signer.sign(message)
    assert verify_signature(signer.public, signature=signature, message=message) is scheme
    assert signer.public.spki == key.spki == load_public_key("awskms:///alias/release", aws.context).spki
    assert [told in warning for warning in aws.warnings] == ([True] if told else [])
    assert aws.asked == ["GetPublicKey", "Sign", "GetPublicKey"]
    assert len(aws.server.requests[1].json["Message"]) <= 88, "the service gets a digest"


def test_every_way_to_name_a_key(aws: Aws) -> None:
    key = aws.kms.add(alias="team/release_1")
    names = (
        key.identifier,
        key.identifier.upper(),
        key.arn,
        "alias/team/release_1",
        f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/team/release_1",
    )
    aws.kms.keys[key.identifier.upper()] = key
    assert {load_public_key(f"awskms:///{name}", aws.context).spki for name in names} == {key.spki}
    assert [each.json["KeyId"] for each in aws.server.requests] == list(names)


def test_the_region_of_an_arn_goes_before_the_variable(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    key = aws.kms.add()
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    load_public_key(f"awskms:///{key.arn}", aws.context)
    load_public_key(f"awskms:///{key.identifier}", aws.context)
    regions = [each.headers["authorization"].split("/")[2] for each in aws.server.requests]
    assert regions == [REGION, "us-east-1"]


def test_a_host_is_spoken_to_with_tls(aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority(tmp_path)
    key = aws.kms.add()
    with Loopback(aws.kms.serve, tls=authority.server("localhost")) as server:
        reference = f"awskms://localhost:{server.port}/{key.identifier}"
        with pytest.raises(NetworkError, match="AWS KMS cannot be reached"):
            load_public_key(reference, aws.context)
        monkeypatch.setenv("AWS_CA_BUNDLE", str(authority.file))
        assert load_public_key(reference, aws.context).spki == key.spki
        monkeypatch.delenv("AWS_CA_BUNDLE")
        monkeypatch.setenv("AWS_TLS_INSECURE_SKIP_VERIFY", "1")
        with pytest.warns(match="Unverified HTTPS request"):
            assert load_public_key(reference, aws.context).spki == key.spki
    assert aws.asked == []
    assert aws.warnings == [
        "AWS_TLS_INSECURE_SKIP_VERIFY leaves the service's certificate unchecked: anybody on the way can give another key"
    ]


def test_a_key_is_made_under_an_alias_and_once(aws: Aws) -> None:
    made = create_key("awskms:///alias/release", aws.context)
    assert create_key("awskms:///alias/release", aws.context) == made
    (key,) = aws.kms.keys.values()
    assert (key.spki, key.spec, key.usage, aws.kms.aliases) == (
        made.spki,
        "ECC_NIST_P256",
        "SIGN_VERIFY",
        {"alias/release": key.identifier},
    )
    assert aws.asked == ["GetPublicKey", "CreateKey", "CreateAlias", "GetPublicKey", "GetPublicKey"]
    assert aws.warnings == [f"AWS KMS made the key `{key.identifier}`"]


def test_ids_are_not_made(aws: Aws) -> None:
    with pytest.raises(UsageError, match="AWS chooses the ids"):
        create_key(f"awskms:///{aws.kms.add().identifier}", aws.context)


def test_a_failure_other_than_a_missing_key_makes_none(aws: Aws) -> None:
    aws.kms.refused = ("AccessDeniedException", "no")
    with pytest.raises(AuthenticationError):
        create_key("awskms:///alias/release", aws.context)
    assert aws.asked == ["GetPublicKey"]


@pytest.mark.parametrize(
    ("name", "error", "reason", "told"),
    [
        ("NotFoundException", SigningError, "KEY_NOT_FOUND", "has no such key"),
        ("DisabledException", SigningError, "KEY_DISABLED", "has disabled the key"),
        ("KMSInvalidStateException", SigningError, "KEY_DISABLED", "about to delete it"),
        ("InvalidKeyUsageException", SigningError, "KEY_USAGE", "does not sign with this key"),
        ("UnsupportedOperationException", SigningError, "KEY_USAGE", "does not sign"),
        ("AccessDeniedException", AuthenticationError, "", "refused the credentials"),
        ("ExpiredTokenException", AuthenticationError, "", "refused the credentials"),
        ("ThrottlingException", NetworkError, "", "asks for fewer requests"),
        ("KMSInternalException", NetworkError, "", "answered with an error"),
    ],
)
def test_what_the_service_refuses_is_said(aws: Aws, name: str, error: type[Error], reason: str, told: str) -> None:
    aws.kms.add(alias="release")
    signer = load_signer("awskms:///alias/release", aws.context)
    aws.kms.refused = (name, "because\nof x-amz-security-token:SECRET\x1b[2J")
    with pytest.raises(error) as caught:
        signer.sign(b"message")
    assert (type(caught.value), caught.value.reason) == (error, reason)
    assert str(caught.value).startswith("AWS KMS ")
    assert told in str(caught.value)
    assert str(caught.value).endswith(f"for `awskms:///alias/release`: {name}: because")


def test_a_wrong_secret_is_refused_and_never_shown(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    aws.kms.add(alias="release")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-the-secret")
    with pytest.raises(AuthenticationError, match="InvalidSignatureException") as caught:
        load_signer("awskms:///alias/release", aws.context)
    assert "not-the-secret" not in f"{caught.value!r}{caught.value.hint}"


def test_headers_are_not_logged(aws: Aws, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    aws.kms.add(alias="release")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "SESSIONTOKEN")
    with caplog.at_level("DEBUG"):
        load_signer("awskms:///alias/release", aws.context).sign(b"message")
    assert [each.headers["x-amz-security-token"] for each in aws.server.requests] == ["SESSIONTOKEN"] * 2
    assert "SESSIONTOKEN" not in caplog.text


def test_nobody_logged_in(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(AuthenticationError, match="Unable to locate credentials") as caught:
        load_public_key("awskms:///alias/x", aws.context)
    assert "aws sts get-caller-identity" in caught.value.hint
    assert aws.asked == []


def test_no_region(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION")
    with pytest.raises(UsageError, match="specify a region") as caught:
        load_public_key("awskms:///alias/x", aws.context)
    assert caught.value.hint == "set AWS_REGION"


def test_nobody_listens(aws: Aws) -> None:
    aws.server.outage = Answer(503)
    with pytest.raises(NetworkError):
        load_public_key("awskms:///alias/x", aws.context)
    with pytest.raises(NetworkError, match="AWS KMS cannot be reached") as caught:
        load_public_key("awskms://127.0.0.1:1/alias/x", aws.context)
    assert "proxy" in caught.value.hint


def test_a_key_for_encryption(aws: Aws) -> None:
    aws.kms.add("RSA_2048", alias="release", usage="ENCRYPT_DECRYPT")
    with pytest.raises(SigningError, match="its use is ENCRYPT_DECRYPT") as caught:
        load_signer("awskms:///alias/release", aws.context)
    assert caught.value.reason == "KEY_USAGE"


def test_a_curve_that_cosign_does_not_read(aws: Aws) -> None:
    aws.kms.add("ECC_SECG_P256K1", alias="release")
    with pytest.raises(SigningError, match="neither P-256, P-384 nor P-521"):
        load_public_key("awskms:///alias/release", aws.context)


def test_a_key_that_signs_with_pss_alone(aws: Aws) -> None:
    key = aws.kms.add("RSA_2048", alias="release")
    key.algorithms = ("RSASSA_PSS_SHA_256",)
    with pytest.raises(SigningError, match="signs with RSASSA_PSS_SHA_256, which cosign does not verify"):
        load_signer("awskms:///alias/release", aws.context)
    assert load_public_key("awskms:///alias/release", aws.context).spki == key.spki


def test_a_key_that_changed_in_between(aws: Aws) -> None:
    aws.kms.add(alias="release")
    signer = load_signer("awskms:///alias/release", aws.context)
    aws.kms.add(alias="release")
    with pytest.raises(SigningError, match="does not verify with its own public key") as caught:
        signer.sign(b"message")
    assert caught.value.reason == "BAD_SIGNATURE"


@pytest.mark.parametrize(
    "reference",
    [
        "awskms://",
        "awskms:///",
        "awskms:///release",
        "awskms:///alias/",
        "awskms:///alias/a b",
        "awskms:///1234abcd-12ab-34cd-56ef-1234567890a",
        "awskms:///arn:aws:s3:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "awskms://user@host/alias/a",
        "awskms://host/path/alias/a",
    ],
)
def test_what_is_no_reference(aws: Aws, reference: str) -> None:
    with pytest.raises(UsageError, match="is not a key in AWS KMS"):
        load_signer(reference, aws.context)


def test_offline_nothing_is_asked(aws: Aws) -> None:
    context = KeyContext(environment=os.environ, network=NoNetwork())
    with pytest.raises(OfflineError, match="AWS KMS makes connections of its own"):
        load_public_key("awskms:///alias/x", context)
    assert aws.asked == []


def test_the_library_is_missing(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(UsageError, match="keys of the scheme `awskms` need what is not installed: boto3") as caught:
        load_public_key("awskms:///alias/x", aws.context)
    assert caught.value.hint == "install it: pip install 'assaymark[kms-aws]'"


def test_the_digest_that_is_sent_is_that_of_the_message(aws: Aws) -> None:
    from base64 import b64decode

    aws.kms.add(alias="release")
    load_signer("awskms:///alias/release", aws.context).sign(b"message")
    assert b64decode(aws.server.requests[-1].json["Message"]) == hashlib.sha256(b"message").digest()
