"""Keys that never leave a service or a program: what all of their schemes have in common.

Rules:

1. The service gets a digest, or the message itself where the algorithm wants it; its signature is verified here before
   anybody else sees it, with the public key that the service named. So a reply that was damaged, made with another
   version of the key, or with RSA-PSS, which cosign does not read, is an error and not an attestation.
2. Where the service chooses the hash, it is that of the curve. With a key in a file cosign reads such signatures of
   P-384 and P-521 only when it is told to: the user is warned. RSA is PKCS#1 v1.5 with SHA-256, as cosign reads it.
3. The vendors' libraries open connections of their own. They are extras of the installation, are loaded when a key is
   asked for and not before, and are refused by name where no connection may be made.
4. What a service says goes into messages with its first line alone, made printable and cut: AWS repeats the signed
   headers, and with them a session's token, further down.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Final, final

from assaymark.attest.keys.algorithms import Scheme, check_point, verify_signature
from assaymark.attest.keys.public import PublicKey, parse_public_key, parse_spki
from assaymark.attest.keys.scheme import KeyContext
from assaymark.errors import AuthenticationError, Error, NetworkError, OfflineError, SigningError, UsageError
from assaymark.net.address import is_loopback
from assaymark.net.network import NoNetwork
from assaymark.net.url import Url
from assaymark.safeio.text import printable

_SAID_CHARS: Final = 300
_FLAGS: Final = {Scheme.ECDSA_SHA384: "sha384", Scheme.ECDSA_SHA512: "sha512"}


class Trouble(Enum):
    """Why a service did not do what it was asked."""

    DENIED = "refused the credentials"
    MISSING = "has no such key"
    DISABLED = "has disabled the key, or is about to delete it"
    MISUSED = "does not sign with this key"
    THROTTLED = "asks for fewer requests"
    UNREACHABLE = "cannot be reached"
    FAILED = "answered with an error"


class Service(Enum):
    """Who holds the key, as messages call it."""

    AWS = "AWS KMS"
    GCP = "Google Cloud KMS"
    AZURE = "Azure Key Vault"
    VAULT = "Vault"
    OPENBAO = "OpenBao"


_CREDENTIALS: Final = {
    Service.AWS: "`aws sts get-caller-identity` shows whom AWS takes you for; kms:GetPublicKey and kms:Sign are needed",
    Service.GCP: "`gcloud auth application-default login`, or GOOGLE_APPLICATION_CREDENTIALS; the role is "
    "roles/cloudkms.signerVerifier, without a version in the reference roles/cloudkms.viewer too",
    Service.AZURE: "`az login`, or AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET; the role is `Key Vault "
    "Crypto User`",
    Service.VAULT: "set VAULT_TOKEN, or log in with `vault login`; the policy needs `read` on the key and `update` on "
    "the path that signs",
    Service.OPENBAO: "set BAO_TOKEN, or log in with `bao login`; the policy needs `read` on the key and `update` on "
    "the path that signs",
}
_HINTS: Final = {
    Trouble.MISSING: "look at its name; `assaymark generate-key-pair --kms KEY` makes one",
    Trouble.DISABLED: "enable it where it is kept, or name another version",
    Trouble.MISUSED: "`assaymark generate-key-pair --kms KEY` makes one that signs",
    Trouble.THROTTLED: "try again in a while",
    Trouble.UNREACHABLE: "look at the address, the proxy and the certificates",
}
_REASONS: Final = {
    Trouble.MISSING: "KEY_NOT_FOUND",
    Trouble.DISABLED: "KEY_DISABLED",
    Trouble.MISUSED: "KEY_USAGE",
}


def key_error(trouble: Trouble, service: Service, reference: str, *, said: str = "") -> Error:
    """The error for what a service did not do; `said` is its own message.

    Without a usable key nothing is signed (`SigningError`); everything between us and the service is a `NetworkError`.
    """
    text = f"{service.value} {trouble.value}, for `{printable(reference)}`"
    if said:
        text += f": {first_line(said)}"
    if trouble is Trouble.DENIED:
        return AuthenticationError(text, hint=_CREDENTIALS[service])
    if trouble in _REASONS:
        return SigningError(text, hint=_HINTS[trouble], reason=_REASONS[trouble])
    return NetworkError(text, hint=_HINTS.get(trouble, ""))


def first_line(text: str) -> str:
    """What may be shown of a service's message (rule 4)."""
    return printable(text.strip().partition("\n")[0])[:_SAID_CHARS]


@contextmanager
def vendor_library(extra: str, *, scheme: str, loggers: tuple[str, ...] = ()) -> Iterator[None]:
    """Around the imports of what `extra` installs (rule 3).

    Args:
        extra: `kms-aws`.
        scheme: `awskms`, for the message.
        loggers: the library's; what it says below an error stays unsaid, `--debug` or not: headers are secrets.

    Raises:
        UsageError: it is not installed.
    """
    try:
        yield
    except ImportError as exc:
        raise UsageError(
            f"keys of the scheme `{scheme}` need what is not installed: {exc.name or exc}",
            hint=f"install it: pip install 'assaymark[{extra}]'",
        ) from exc
    for name in loggers:
        logging.getLogger(name).setLevel(logging.ERROR)


def require_network(context: KeyContext, who: str) -> None:
    """Raise where no connection may be made, for `who` would make its own.

    Raises:
        OfflineError: because of `--offline`.
        UsageError: keys are not fetched here.
    """
    if context.network is None:
        raise UsageError(f"{who} cannot be asked here", hint="give the path of a file")
    if isinstance(context.network, NoNetwork):
        raise OfflineError(
            f"{who} makes connections of its own, and `--offline` forbids every one",
            hint="verify with the public key in a file: `assaymark public-key --key KEY` prints it",
        )


def require_tls(url: Url, whose: str, *, waived: bool = False, word: str = "") -> None:
    """Raise where credentials would go over plain http to another machine.

    Args:
        url: the service's address.
        whose: the service that they are for.
        waived: whether the user said that the service need not prove who it is.
        word: what says so.

    Raises:
        UsageError: nobody said it.
    """
    if url.scheme == "http" and not is_loopback(url.host) and not waived:
        hint = f"use https, or say `{word}`" if word else "use https"
        raise UsageError(f"the credentials of {whose} do not go over plain http to `{url}`", hint=hint)


def warn_unchecked(context: KeyContext, variable: str) -> None:
    """Say that `variable` leaves a certificate unchecked: the key that comes is then anybody's."""
    context.warn(f"{variable} leaves the service's certificate unchecked: anybody on the way can give another key")


def parse_managed_spki(spki: bytes, *, reference: str) -> PublicKey:
    """The public key that a service gave as DER.

    Raises:
        SigningError: it is of a kind that cosign does not read, or too weak.
    """
    try:
        key = parse_spki(spki)
        check_point(key)
    except ValueError as exc:
        raise _not_accepted(reference, exc) from exc
    return key


def parse_managed_pem(pem: bytes, *, reference: str) -> PublicKey:
    """The public key that a service gave as PEM.

    Raises:
        SigningError: it is of a kind that cosign does not read, or too weak.
    """
    try:
        key = parse_public_key(pem, what=reference)
        check_point(key)
    except (ValueError, UsageError) as exc:
        raise _not_accepted(reference, exc) from exc
    return key


def check_signing_algorithm(algorithm: str, *, scheme: Scheme | None, reference: str) -> Scheme:
    """`scheme` as it is, unless the service signs in a way that is not read (rule 2).

    Raises:
        SigningError: `scheme` is None.
    """
    if scheme is None:
        raise SigningError(
            f"the key `{printable(reference)}` signs with {printable(algorithm)}, which cosign does not verify",
            hint="make a key for ECDSA on P-256, or for RSA PKCS#1 v1.5 with SHA-256",
            reason="KEY_UNSUPPORTED",
        )
    return scheme


@final
class ManagedSigner:
    """Signs where the key is kept, and verifies what comes back.

    Attributes:
        public: the public half.
    """

    __slots__ = ("_reference", "_remote", "public")

    def __init__(
        self,
        public: PublicKey,
        remote: Callable[[bytes], bytes],
        *,
        reference: str,
        context: KeyContext,
        scheme: Scheme,
    ) -> None:
        self.public = public
        self._remote = remote
        self._reference = reference
        if scheme in _FLAGS:
            context.warn(
                f"`{printable(reference)}` signs with {_FLAGS[scheme].upper()}: with the public key in a file cosign "
                f"verifies it only under the flag `--signature-digest-algorithm {_FLAGS[scheme]}`"
            )

    def __repr__(self) -> str:
        return f"ManagedSigner({self._reference}, {self.public.fingerprint})"

    def sign(self, message: bytes) -> bytes:
        """A signature over `message`.

        Raises:
            SigningError: what came back is not the key's signature over it.
            NetworkError: the service refused or was not reached.
        """
        signature = self._remote(message)
        if verify_signature(self.public, signature=signature, message=message) is None:
            raise SigningError(
                f"what `{printable(self._reference)}` signed does not verify with its own public key",
                hint="its newest version may have changed in between, or it pads RSA with PSS: it must be PKCS#1 v1.5",
                reason="BAD_SIGNATURE",
            )
        return signature


def _not_accepted(reference: str, exc: Exception) -> SigningError:
    return SigningError(
        f"the public key of `{printable(reference)}` is not accepted: {exc}",
        hint="make a key for ECDSA on P-256",
        reason="KEY_UNSUPPORTED",
    )
