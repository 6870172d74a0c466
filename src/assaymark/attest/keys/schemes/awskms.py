"""Keys in AWS KMS: `awskms://[HOST]/KEY`, through AWS's own library (`boto3`, the extra `kms-aws`).

KEY is an id, `alias/NAME`, or the ARN of either; HOST is an endpoint that is spoken to with https, most often empty:
`awskms:///alias/release`. Reference: AWS KMS API, `GetPublicKey`, `Sign`, `CreateKey`, `CreateAlias`.

Rules:

1. Credentials, profiles and endpoints are the library's: AWS_ACCESS_KEY_ID, AWS_PROFILE, AWS_ENDPOINT_URL_KMS,
   AWS_CA_BUNDLE, instance roles, ….
2. The region is the ARN's, else AWS_REGION (Go's name for it, which cosign reads), else what the library finds.
3. `AWS_TLS_INSECURE_SKIP_VERIFY=1` leaves the endpoint's certificate unchecked, as it does for cosign.
4. Keys are made under an alias alone; where it is taken already, its key is used.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from assaymark.attest.keys.algorithms import Scheme
from assaymark.attest.keys.managed import (
    ManagedSigner,
    Service,
    Trouble,
    check_signing_algorithm,
    key_error,
    parse_managed_spki,
    require_network,
    vendor_library,
    warn_unchecked,
)
from assaymark.attest.keys.public import PublicKey
from assaymark.attest.keys.scheme import KeyContext, KeyScheme
from assaymark.errors import SigningError, UsageError

_ID: Final = r"(?:mrk-[0-9A-Fa-f]{32}|[0-9A-Fa-f]{8}-?(?:[0-9A-Fa-f]{4}-?){3}[0-9A-Fa-f]{12})"
_ALIAS: Final = r"alias/[A-Za-z0-9/_-]{1,250}"
_ARN: Final = r"arn:aws[a-z-]{0,20}:kms:(?P<region>[a-z0-9-]{1,40}):[0-9]{12}:"
_REFERENCE: Final = re.compile(
    rf"awskms://(?P<host>[^/\s@?#]*)/(?P<key>(?:{_ARN})?(?:(?P<alias>{_ALIAS})|(?:(?<=:)key/)?{_ID}))"
)
_INSECURE: Final = "AWS_TLS_INSECURE_SKIP_VERIFY"

# in order of preference; what a key offers is its `SigningAlgorithms`
_ALGORITHMS: Final = {
    "ECDSA_SHA_256": Scheme.ECDSA_SHA256,
    "ECDSA_SHA_384": Scheme.ECDSA_SHA384,
    "ECDSA_SHA_512": Scheme.ECDSA_SHA512,
    "RSASSA_PKCS1_V1_5_SHA_256": Scheme.RSA_PKCS1_SHA256,
}
_TROUBLES: Final = {
    "NotFoundException": Trouble.MISSING,
    "DisabledException": Trouble.DISABLED,
    "KMSInvalidStateException": Trouble.DISABLED,
    "InvalidKeyUsageException": Trouble.MISUSED,
    "UnsupportedOperationException": Trouble.MISUSED,
    "ThrottlingException": Trouble.THROTTLED,
    "Throttling": Trouble.THROTTLED,
    "TooManyRequestsException": Trouble.THROTTLED,
    "RequestLimitExceeded": Trouble.THROTTLED,
    "LimitExceededException": Trouble.THROTTLED,
    "AccessDenied": Trouble.DENIED,
    "AccessDeniedException": Trouble.DENIED,
    "ExpiredToken": Trouble.DENIED,
    "ExpiredTokenException": Trouble.DENIED,
    "IncompleteSignature": Trouble.DENIED,
    "InvalidClientTokenId": Trouble.DENIED,
    "InvalidSignatureException": Trouble.DENIED,
    "MissingAuthenticationToken": Trouble.DENIED,
    "MissingAuthenticationTokenException": Trouble.DENIED,
    "SignatureDoesNotMatch": Trouble.DENIED,
    "UnrecognizedClientException": Trouble.DENIED,
}


def _verifier(reference: str, context: KeyContext) -> PublicKey:
    return _public(_client(reference, context), reference)[0]


def _signer(reference: str, context: KeyContext) -> ManagedSigner:
    client = _client(reference, context)
    public, offered = _public(client, reference)
    name = next((each for each in _ALGORITHMS if each in offered), "")
    scheme = check_signing_algorithm(", ".join(offered) or "nothing", scheme=_ALGORITHMS.get(name), reference=reference)
    digest = scheme.value.rpartition("-")[2]
    key = _parse(reference)["key"]

    def sign(message: bytes) -> bytes:
        with _errors(reference):
            reply = client.sign(
                KeyId=key,
                Message=hashlib.new(digest, message).digest(),
                MessageType="DIGEST",
                SigningAlgorithm=name,
            )
        return bytes(reply["Signature"])

    return ManagedSigner(public, sign, reference=reference, context=context, scheme=scheme)


def _create(reference: str, context: KeyContext) -> PublicKey:
    alias = _parse(reference)["alias"]
    if not alias:
        raise UsageError(
            f"a key cannot be made as `{reference}`: AWS chooses the ids",
            hint="name an alias for it: `awskms:///alias/NAME`",
        )
    client = _client(reference, context)
    try:
        return _public(client, reference)[0]  # rule 4
    except SigningError as exc:
        if exc.reason != "KEY_NOT_FOUND":
            raise
    with _errors(reference):
        made = client.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY", Description="signs attestations")
        key_id = made["KeyMetadata"]["KeyId"]
    context.warn(f"AWS KMS made the key `{key_id}`")  # said before the alias: without one, nobody finds it again
    with _errors(reference):
        client.create_alias(AliasName=alias, TargetKeyId=key_id)
    return _public(client, reference)[0]


def _parse(reference: str) -> dict[str, str]:
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise UsageError(
            f"`{reference}` is not a key in AWS KMS",
            hint="write `awskms:///ID`, `awskms:///alias/NAME` or `awskms:///ARN`; `awskms://HOST/…` names an endpoint",
        )
    return {name: text or "" for name, text in match.groupdict().items()}


def _client(reference: str, context: KeyContext) -> Any:
    parts = _parse(reference)
    require_network(context, Service.AWS.value)
    with vendor_library("kms-aws", scheme="awskms", loggers=("boto3", "botocore", "urllib3")):
        import boto3
        from botocore.config import Config

    limits = context.limits
    insecure = context.environment.get(_INSECURE) == "1"
    if insecure:
        warn_unchecked(context, _INSECURE)
    config = Config(
        connect_timeout=limits.connect_seconds,
        read_timeout=limits.first_byte_seconds,
        retries={"mode": "standard", "total_max_attempts": limits.retry_tries},
    )
    with _errors(reference):
        return boto3.session.Session().client(
            "kms",
            region_name=parts["region"] or context.environment.get("AWS_REGION") or None,
            endpoint_url=f"https://{parts['host']}" if parts["host"] else None,
            verify=False if insecure else None,
            config=config,
        )


def _public(client: Any, reference: str) -> tuple[PublicKey, tuple[str, ...]]:
    """The public key, and the names of what it signs with."""
    with _errors(reference):
        reply = client.get_public_key(KeyId=_parse(reference)["key"])
    if reply.get("KeyUsage", "SIGN_VERIFY") != "SIGN_VERIFY":
        raise key_error(Trouble.MISUSED, Service.AWS, reference, said=f"its use is {reply['KeyUsage']}")
    return parse_managed_spki(reply["PublicKey"], reference=reference), tuple(reply.get("SigningAlgorithms", ()))


@contextmanager
def _errors(reference: str) -> Iterator[None]:
    from botocore import exceptions

    try:
        yield
    except exceptions.ClientError as exc:
        error = exc.response.get("Error", {})
        said = f"{error.get('Code', '')}: {error.get('Message', '')}"
        trouble = _TROUBLES.get(error.get("Code", ""), Trouble.FAILED)
        raise key_error(trouble, Service.AWS, reference, said=said) from exc
    except (exceptions.NoRegionError, exceptions.ProfileNotFound, exceptions.ConfigParseError) as exc:
        raise UsageError(f"AWS is not configured for `{reference}`: {exc}", hint="set AWS_REGION") from exc
    except (
        exceptions.NoCredentialsError,
        exceptions.PartialCredentialsError,
        exceptions.CredentialRetrievalError,
        exceptions.SSOError,
        exceptions.NoAuthTokenError,
    ) as exc:
        raise key_error(Trouble.DENIED, Service.AWS, reference, said=str(exc)) from exc
    except (exceptions.ConnectionError, exceptions.HTTPClientError) as exc:
        raise key_error(Trouble.UNREACHABLE, Service.AWS, reference, said=str(exc)) from exc
    except (exceptions.BotoCoreError, ValueError) as exc:  # ValueError: an endpoint that is none
        raise key_error(Trouble.FAILED, Service.AWS, reference, said=str(exc)) from exc


KEY_SCHEME: Final = KeyScheme(
    names=("awskms",), form="awskms:///KEY", verifier=_verifier, signer=_signer, create=_create
)
