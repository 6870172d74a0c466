"""Registries: how each is reached, with which credentials, and the repositories on it.

Rules:

1. A registry is spoken to over https. On loopback plain http is tried first, because what listens there is on this
   machine; elsewhere http is tried after https, and only when the user allowed it. A certificate that does not verify
   is never a reason for http (CVE-2014-5277).
2. Credentials, in order: those on the command line, each in turn; the keychain's; none at all. A registry token
   replaces all of them. Options that are `exclusive` keep to the command line. None at all comes last even after
   credentials that were refused: a stale login must not keep anybody from what is public.
3. Mirrors of a registry are read before it, and never written.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import msgspec

from assaymark.errors import AuthenticationError, NetworkError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.reference import Reference
from assaymark.net.address import is_loopback
from assaymark.net.attempt import CertificateError
from assaymark.net.network import Network
from assaymark.net.secret import Secret
from assaymark.net.tls import TlsOptions
from assaymark.net.url import Url, parse_url
from assaymark.oci.auth import Authorizer, Endpoint
from assaymark.oci.content import ContentStore
from assaymark.oci.credentials import Credential, Keychain
from assaymark.oci.failure import failure_for
from assaymark.oci.mirrors import Mirrored
from assaymark.oci.repository import PULL, Repository

__all__ = ["Registry", "RegistryOptions", "Repository"]


class RegistryOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the user said about registries.

    Attributes:
        credentials: user names and passwords, tried in order.
        registry_token: a bearer token that replaces every other credential.
        exclusive: whether nothing but `credentials` is tried.
        insecure: certificates are not looked at, and plain http is good enough.
        allow_http: plain http is good enough, credentials included.
        tls: certificates for registries, on top of the general ones.
        realms: hosts of token services that may have credentials.
        mirrors: registries, and what is read instead of each.
    """

    credentials: tuple[Credential, ...] = ()
    registry_token: Secret = Secret()
    exclusive: bool = False
    insecure: bool = False
    allow_http: bool = False
    tls: TlsOptions = TlsOptions()
    realms: tuple[str, ...] = ()
    mirrors: tuple[tuple[str, tuple[str, ...]], ...] = ()


class Registry:
    """The registries of the world, as one user reaches them; safe to use from several threads."""

    def __init__(
        self,
        network: Network,
        *,
        options: RegistryOptions | None = None,
        keychain: Keychain | None = None,
        limits: Limits = DEFAULT_LIMITS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._network = network
        self._options = options or RegistryOptions()
        self._keychain = keychain
        self._limits = limits
        self._clock = clock
        self._endpoints: dict[str, Endpoint] = {}
        self._authorizers: dict[str, Authorizer] = {}
        self._lock = threading.RLock()

    def repository(self, reference: Reference) -> ContentStore:
        """The repository of `reference`, its mirrors included; nothing is sent yet."""
        primary = self._repository(reference.registry, reference.repository)
        mirrors = dict(self._options.mirrors).get(reference.registry, ())
        if not mirrors:
            return primary
        return Mirrored(primary, [self._mirror(mirror, reference.repository) for mirror in mirrors])

    def check(self, host: str, credential: Credential) -> None:
        """Make sure that `host` accepts `credential`.

        Raises:
            AuthenticationError: it does not.
            NetworkError: it is no registry, or cannot be reached.
        """
        endpoint = self._endpoint(host)
        authorizer = self._authorizer_with(endpoint, "", lambda: (credential,))
        url = endpoint.url("/v2/")
        response = authorizer.send(
            lambda headers: self._network.request("GET", url, headers=headers, tls=endpoint.tls), actions=PULL
        )
        with response:
            if response.status in (401, 403):
                notes = "; ".join(authorizer.notes)
                raise AuthenticationError(f"`{host}` does not accept the credentials", hint=notes)
            if response.status != 200:
                raise failure_for(response, f"log in to `{host}`", limits=self._limits, clean=authorizer.clean)

    def _mirror(self, mirror: str, repository: str) -> Repository:
        host, _, prefix = mirror.partition("/")
        return self._repository(host, f"{prefix.rstrip('/')}/{repository}" if prefix else repository)

    def _repository(self, registry: str, path: str) -> Repository:
        def authorize() -> Authorizer:
            return self._authorizer(registry, path)

        return Repository(self._network, authorize, registry=registry, path=path, limits=self._limits)

    def _authorizer(self, registry: str, path: str) -> Authorizer:
        with self._lock:
            key = f"{registry}/{path}"
            if key not in self._authorizers:
                problems: list[str] = []
                made = self._authorizer_with(
                    self._endpoint(registry), path, lambda: self._candidates(registry, path, problems), notes=problems
                )
                self._authorizers[key] = made
            return self._authorizers[key]

    def _authorizer_with(
        self,
        endpoint: Endpoint,
        path: str,
        candidates: Callable[[], Sequence[Credential | None]],
        *,
        notes: list[str] | None = None,
    ) -> Authorizer:
        return Authorizer(
            self._network,
            endpoint,
            repository=path,
            candidates=candidates,
            token=self._options.registry_token if path else Secret(),
            notes=notes,
            limits=self._limits,
            clock=self._clock,
        )

    def _candidates(self, registry: str, path: str, problems: list[str]) -> Sequence[Credential | None]:
        """Rule 2."""
        options = self._options
        if options.exclusive or self._keychain is None:
            return options.credentials or (None,)
        found = self._keychain.find(registry, path)
        problems.extend(found.problems)
        if found.credential is None:
            return (*options.credentials, None)
        return (*options.credentials, found.credential, None)

    def _endpoint(self, registry: str) -> Endpoint:
        with self._lock:
            if registry not in self._endpoints:
                options = self._options
                tls = options.tls
                if options.insecure:
                    tls = msgspec.structs.replace(tls, insecure=True)
                self._endpoints[registry] = Endpoint(
                    registry=registry,
                    base=self._base(registry, tls),
                    plain=options.allow_http or options.insecure,
                    realms=options.realms,
                    tls=tls,
                )
            return self._endpoints[registry]

    def _base(self, registry: str, tls: TlsOptions) -> Url:
        """Rule 1: the origin that speaks the registry's protocol."""
        secure, plain = parse_url(f"https://{registry}/"), parse_url(f"http://{registry}/")
        if is_loopback(secure.host):
            return plain if self._speaks(plain, tls) else secure
        if not (self._options.allow_http or self._options.insecure) or self._speaks(secure, tls):
            return secure
        return plain

    def _speaks(self, base: Url, tls: TlsOptions) -> bool:
        """Whether somebody at `base` answers, in its scheme."""
        try:
            with self._network.request(
                "GET", f"{base.full}v2/", repeatable=False, redirects=False, tls=tls
            ) as response:
                # Go's and nginx's servers explain themselves to those who speak plain http to a TLS port
                return response.status != 400 or b"HTTPS" not in response.read(2048)
        except CertificateError:
            raise
        except NetworkError:
            return False
