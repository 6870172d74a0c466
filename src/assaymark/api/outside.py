"""The outside of one call: variables, network, registries, cache and files, made from `Settings` when first needed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from assaymark.api.settings import Settings
from assaymark.safeio.files import read_file
from assaymark.safeio.redaction import Redaction, secrets_of_environment
from assaymark.safeio.user_cache import cache_root, own_folder

if TYPE_CHECKING:
    from assaymark.attest.image import NamedImage
    from assaymark.attest.sigstore.trust import Trust
    from assaymark.net.network import Network
    from assaymark.oci.registry import Registry, RegistryOptions


class Outside:
    """What one call reaches.

    Attributes:
        warnings: what the caller is to be told, in order.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.warnings: list[str] = []

    @cached_property
    def environ(self) -> Mapping[str, str]:
        """The variables."""
        return dict(os.environ) if self.settings.environ is None else self.settings.environ

    @cached_property
    def redaction(self) -> Redaction:
        """The credentials that are known, which appear in no error and no warning."""
        given = self.settings.credentials
        secrets = (given.password.reveal(), given.token.reveal()) if given else ()
        return Redaction([*secrets_of_environment(self.environ), *secrets])

    @property
    def told(self) -> tuple[str, ...]:
        """The warnings so far, without credentials."""
        return tuple(map(self.redaction.clean, self.warnings))

    @cached_property
    def cache(self) -> Path:
        """The cache folder."""
        return cache_root(os.fspath(self.settings.cache_dir), self.environ)

    @property
    def trust_folder(self) -> Path:
        """Where trust data is kept, unless `TUF_ROOT` names another folder."""
        return own_folder(self.cache) / "sigstore"

    @cached_property
    def network(self) -> Network:
        """The way to registries; with `offline` there is none."""
        return self._network(insecure=self.settings.insecure)

    @cached_property
    def strict_network(self) -> Network:
        """The way to services that sign: certificates are always looked at."""
        return self._network(insecure=False)

    def registry(self) -> Registry:
        """The registries as the caller reaches them."""
        return self._registry

    @cached_property
    def _registry(self) -> Registry:
        from assaymark.oci.credentials import Keychain
        from assaymark.oci.registry import Registry

        limits = self.settings.limits
        return Registry(self.network, options=self._options(), keychain=Keychain(self.environ, limits=limits))

    def image(self, name: str, *, local: bool) -> NamedImage:
        """The image that attestations are about.

        Raises:
            UsageError: not a reference.
            NotFoundError: there is no such image.
            NetworkError: the registry cannot be asked.
        """
        from assaymark.attest.image import REPOSITORY_VARIABLE, find_local_image, find_registry_image

        if local:
            return find_local_image(name)
        return find_registry_image(name, self.registry, elsewhere=self.environ.get(REPOSITORY_VARIABLE, ""))

    def trust(self, file: str, network: Network) -> Trust:
        """Whom to believe: what `file` says, or the mirror."""
        from assaymark.attest.sigstore.trust import Trust, TrustChoice

        limit = self.settings.limits.trust_metadata_bytes
        choice = TrustChoice(
            file=file,
            read=lambda name: read_file(Path(name), limit=limit),
            folder=self.trust_folder,
            environ=self.environ,
            network=lambda: network,
            renews=not self.settings.offline,
            warn=self.warnings.append,
            limits=self.settings.limits,
        )
        return Trust(choice)

    def _network(self, *, insecure: bool) -> Network:
        from assaymark.net.opening import open_network

        return open_network(
            self.environ,
            offline=self.settings.offline,
            insecure=insecure,
            authorities=map(Path, self.settings.authorities),
            limits=self.settings.limits,
        )

    def _options(self) -> RegistryOptions:
        from assaymark.net.secret import Secret
        from assaymark.oci.credentials import Credential
        from assaymark.oci.registry import RegistryOptions

        given = self.settings.credentials
        pairs: tuple[Credential, ...] = ()
        if given is not None and given.username:
            pairs = (Credential(username=given.username, password=given.password, source="the caller"),)
        return RegistryOptions(
            credentials=pairs,
            registry_token=given.token if given is not None else Secret(),
            exclusive=bool(pairs),
            insecure=self.settings.insecure,
            allow_http=self.settings.allow_http,
        )


def now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)
