"""Keys in Google Cloud KMS: `gcpkms://projects/P/locations/L/keyRings/R/cryptoKeys/K[/versions/V]`.

Through Google's own library (`google-cloud-kms`, the extra `kms-gcp`), over REST. Reference: cloud.google.com/kms/docs,
`projects.locations.keyRings.cryptoKeys` and `.cryptoKeyVersions`.

Rules:

1. Credentials are the library's "application default credentials": GOOGLE_APPLICATION_CREDENTIALS, gcloud's file, a
   metadata server. CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS names another endpoint, as it does for gcloud.
2. Without a version the newest one that is enabled is used: by its number, where cosign takes the last in the order of
   the alphabet (9 after 10). It is fixed for the whole command.
3. The key's algorithm says how it signs. RSA-PSS, RSA with SHA-512 and Ed25519 (which takes 64 KiB at most) do not do.
4. A key ring that is missing is made with the key; a key that exists is used as it is.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from assaymark.attest.keys.algorithms import Scheme
from assaymark.attest.keys.managed import (
    ManagedSigner,
    Service,
    Trouble,
    check_signing_algorithm,
    key_error,
    parse_managed_pem,
    require_network,
    vendor_library,
)
from assaymark.attest.keys.public import PublicKey
from assaymark.attest.keys.scheme import KeyContext, KeyScheme
from assaymark.errors import ArtifactError, UsageError
from assaymark.limits import Limits
from assaymark.safeio.json import decode_go

if TYPE_CHECKING:
    from google.api_core.exceptions import GoogleAPICallError
    from google.cloud.kms_v1 import KeyManagementServiceClient

_REFERENCE: Final = re.compile(
    r"gcpkms://(?P<parent>projects/[^/\s]+/locations/[^/\s]+)/keyRings/(?P<ring>[^/\s]+)/cryptoKeys/(?P<key>[^/\s]+)"
    r"(?:/(?:cryptoKeyVersions|versions)/(?P<version>[0-9]{1,9}))?"
)
_ENDPOINT: Final = "CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS"
_ALGORITHMS: Final = {
    "EC_SIGN_P256_SHA256": Scheme.ECDSA_SHA256,
    "EC_SIGN_P384_SHA384": Scheme.ECDSA_SHA384,
    "RSA_SIGN_PKCS1_2048_SHA256": Scheme.RSA_PKCS1_SHA256,
    "RSA_SIGN_PKCS1_3072_SHA256": Scheme.RSA_PKCS1_SHA256,
    "RSA_SIGN_PKCS1_4096_SHA256": Scheme.RSA_PKCS1_SHA256,
}
_STATUSES: Final = {
    "UNAUTHENTICATED": Trouble.DENIED,
    "PERMISSION_DENIED": Trouble.DENIED,
    "NOT_FOUND": Trouble.MISSING,
    "FAILED_PRECONDITION": Trouble.DISABLED,
    "RESOURCE_EXHAUSTED": Trouble.THROTTLED,
    "UNAVAILABLE": Trouble.UNREACHABLE,
    "DEADLINE_EXCEEDED": Trouble.UNREACHABLE,
}
_VERSIONS: Final = 1_000


class _Key:
    """One key, and the client that asks for it."""

    def __init__(self, reference: str, context: KeyContext) -> None:
        match = _REFERENCE.fullmatch(reference)
        if match is None:
            raise UsageError(
                f"`{reference}` is not a key in Google Cloud KMS",
                hint="write `gcpkms://projects/P/locations/L/keyRings/R/cryptoKeys/K`, and `/versions/V` behind it",
            )
        self.reference = reference
        self.parent, self.ring_id, self.key_id = match["parent"], match["ring"], match["key"]
        self.ring = f"{self.parent}/keyRings/{self.ring_id}"
        self.name = f"{self.ring}/cryptoKeys/{self.key_id}"
        self.version = match["version"] or ""
        require_network(context, Service.GCP.value)
        self.client = self._open(context)
        self.options: dict[str, Any] = {"timeout": context.limits.first_byte_seconds, "retry": _retry(context.limits)}

    def newest(self) -> str:
        """The name of the version that is used (rule 2)."""
        if self.version:
            return f"{self.name}/cryptoKeyVersions/{self.version}"
        with _errors(self.reference):
            purpose = self.client.get_crypto_key(name=self.name, **self.options).purpose.name
            request = {"parent": self.name, "filter": "state=ENABLED"}
            found = self.client.list_crypto_key_versions(request=request, **self.options)
            names = [each.name for each in islice(found, _VERSIONS)] if purpose == "ASYMMETRIC_SIGN" else []
        if purpose != "ASYMMETRIC_SIGN":
            raise key_error(Trouble.MISUSED, Service.GCP, self.reference, said=f"its purpose is {purpose}")
        if not names:
            raise key_error(Trouble.DISABLED, Service.GCP, self.reference, said="no version is enabled")
        return max(names, key=_number)

    def public(self, version: str) -> tuple[PublicKey, str]:
        """The public key of a version, and the name of its algorithm."""
        with _errors(self.reference):
            reply = self.client.get_public_key(name=version, **self.options)
        return parse_managed_pem(reply.pem.encode(), reference=self.reference), reply.algorithm.name

    def sign(self, version: str, digest: str, message: bytes) -> bytes:
        """The version's signature."""
        order = {"name": version, "digest": {digest: hashlib.new(digest, message).digest()}}
        with _errors(self.reference):
            return bytes(self.client.asymmetric_sign(request=order, **self.options).signature)

    def exists(self) -> bool:
        """Whether the key is there."""
        from google.api_core.exceptions import NotFound

        with _errors(self.reference):
            try:
                self.client.get_crypto_key(name=self.name, **self.options)
            except NotFound:
                return False
        return True

    def create(self) -> None:
        """Make the key, for ECDSA on P-256, and its ring (rule 4)."""
        from google.api_core.exceptions import NotFound

        template = {"algorithm": "EC_SIGN_P256_SHA256"}
        with _errors(self.reference):
            try:
                self.client.get_key_ring(name=self.ring, **self.options)
            except NotFound:
                self.client.create_key_ring(
                    request={"parent": self.parent, "key_ring_id": self.ring_id}, **self.options
                )
            order = {"purpose": "ASYMMETRIC_SIGN", "version_template": template}
            self.client.create_crypto_key(
                request={"parent": self.ring, "crypto_key_id": self.key_id, "crypto_key": order}, **self.options
            )

    def _open(self, context: KeyContext) -> KeyManagementServiceClient:
        loggers = ("google", "urllib3", "requests")
        with vendor_library("kms-gcp", scheme="gcpkms", loggers=loggers):
            import google.auth
            from google.cloud.kms_v1 import KeyManagementServiceClient
        endpoint = _endpoint(context.environment.get(_ENDPOINT, ""))
        with _errors(self.reference):
            credentials, _project = google.auth.default(scopes=["https://www.googleapis.com/auth/cloudkms"])
            return KeyManagementServiceClient(
                credentials=credentials,
                transport="rest",
                client_options={"api_endpoint": endpoint} if endpoint else None,
            )


def _verifier(reference: str, context: KeyContext) -> PublicKey:
    key = _Key(reference, context)
    return key.public(key.newest())[0]


def _signer(reference: str, context: KeyContext) -> ManagedSigner:
    key = _Key(reference, context)
    version = key.newest()
    public, algorithm = key.public(version)
    scheme = check_signing_algorithm(algorithm, scheme=_ALGORITHMS.get(algorithm), reference=reference)
    digest = scheme.value.rpartition("-")[2]
    return ManagedSigner(
        public,
        lambda message: key.sign(version, digest, message),
        reference=reference,
        context=context,
        scheme=scheme,
    )


def _create(reference: str, context: KeyContext) -> PublicKey:
    key = _Key(reference, context)
    if key.version:
        raise UsageError(f"`{reference}` names a version, which Google chooses", hint="leave `/versions/…` out")
    if not key.exists():
        key.create()
    return key.public(key.newest())[0]


def _endpoint(text: str) -> str:
    if not text:
        return ""
    parts = urlsplit(text)
    if parts.scheme != "https" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise UsageError(f"{_ENDPOINT} is not an https URL", hint="a token goes there: write it like `https://HOST`")
    return f"{parts.scheme}://{parts.netloc}"


def _retry(limits: Limits) -> Any:
    from google.api_core.exceptions import ServiceUnavailable, TooManyRequests
    from google.api_core.retry import Retry, if_exception_type

    return Retry(
        predicate=if_exception_type(ServiceUnavailable, TooManyRequests),
        initial=0.5,
        timeout=limits.retry_budget_seconds,
    )


def _number(name: str) -> int:
    tail = name.rpartition("/")[2]
    return int(tail) if tail.isascii() and tail.isdecimal() else 0


@contextmanager
def _errors(reference: str) -> Iterator[None]:
    from google.api_core import exceptions
    from google.auth import exceptions as auth

    try:
        yield
    except exceptions.RetryError as exc:
        cause = exc.cause if isinstance(exc.cause, exceptions.GoogleAPICallError) else None
        trouble = _trouble(cause) if cause is not None else Trouble.UNREACHABLE
        raise key_error(trouble, Service.GCP, reference, said=cause.message if cause else str(exc)) from exc
    except exceptions.GoogleAPICallError as exc:
        raise key_error(_trouble(exc), Service.GCP, reference, said=exc.message or "") from exc
    except auth.TransportError as exc:
        raise key_error(Trouble.UNREACHABLE, Service.GCP, reference, said=str(exc)) from exc
    except auth.GoogleAuthError as exc:
        raise key_error(Trouble.DENIED, Service.GCP, reference, said=str(exc)) from exc
    except OSError as exc:  # the connection's, as `requests` raises it
        raise key_error(Trouble.UNREACHABLE, Service.GCP, reference, said=str(exc)) from exc
    except (exceptions.GoogleAPIError, AttributeError, ValueError) as exc:  # AttributeError: an error in no known form
        raise key_error(Trouble.FAILED, Service.GCP, reference, said=str(exc)) from exc


def _trouble(exc: GoogleAPICallError) -> Trouble:
    """By the status in the reply: HTTP's 400 is a key that is disabled and much else."""
    from assaymark.limits import DEFAULT_LIMITS

    body = getattr(exc.response, "content", b"")
    try:
        document = decode_go(body, limits=DEFAULT_LIMITS)
        status = document["error"]["status"]
    except (ArtifactError, LookupError, TypeError):
        status = ""
    if status in _STATUSES:
        return _STATUSES[status]
    codes = {401: Trouble.DENIED, 403: Trouble.DENIED, 404: Trouble.MISSING, 429: Trouble.THROTTLED}
    return codes.get(exc.code or 0, Trouble.UNREACHABLE if exc.code in (502, 503, 504) else Trouble.FAILED)


KEY_SCHEME: Final = KeyScheme(
    names=("gcpkms",),
    form="gcpkms://projects/P/locations/L/keyRings/R/cryptoKeys/K",
    verifier=_verifier,
    signer=_signer,
    create=_create,
)
