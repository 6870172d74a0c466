"""Finds the credentials for a repository in the files and helpers that Docker, Podman and the peers share.

Places, in order (go-containerregistry's default keychain, containers-auth.json(5)); the first with an entry wins:

1. `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`;
2. `$REGISTRY_AUTH_FILE`;
3. `$XDG_RUNTIME_DIR/containers/auth.json`, then `~/.config/containers/auth.json`;
4. `GITHUB_TOKEN` for ghcr.io.

In a file `credHelpers` come before `credsStore`, and both before `auths`. Keys of `auths` are `host`, `host:port`,
`host/namespace/repository` (the most specific wins) or a URL (`https://index.docker.io/v1/`); Docker Hub has four
names.
What cannot be used (a helper that is missing or fails, a file that cannot be read) is a *problem*: it is told when the
registry refuses us, because public images need no credentials at all.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from assaymark.errors import ArtifactError, Error, LocalError
from assaymark.limits import Limits
from assaymark.model.reference import DOCKER_HUB
from assaymark.net.secret import Secret, basic
from assaymark.oci.helpers import ask_helper
from assaymark.safeio.json import decode_go, fold

HUB_KEY: Final = "https://index.docker.io/v1/"
IDENTITY_USER: Final = "<token>"
_HUB_NAMES: Final = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"})
_FILE_MEMBERS: Final = ("auths", "credHelpers", "credsStore")
_ENTRY_MEMBERS: Final = ("auth", "username", "password", "identitytoken", "registrytoken")


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """What opens a registry: user and password, an identity (refresh) token, or a registry (bearer) token.

    Attributes:
        source: where it was found, for messages.
    """

    username: str = ""
    password: Secret = Secret()
    identity_token: Secret = Secret()
    registry_token: Secret = Secret()
    source: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it."""
        return not (self.username or self.password or self.identity_token or self.registry_token)

    def basic(self) -> str:
        """The value of a Basic Authorization header (RFC 7617)."""
        return basic(self.username, self.password.reveal()).reveal()


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a search gave: a credential or none, and what could not be used."""

    credential: Credential | None = None
    problems: tuple[str, ...] = ()


class Keychain:
    """The user's stored credentials."""

    def __init__(self, environ: Mapping[str, str], *, limits: Limits) -> None:
        self._environ = environ
        self._limits = limits

    def find(self, registry: str, repository: str) -> Found:
        """The credential for one repository of one registry."""
        problems: list[str] = []
        for path in config_paths(self._environ):
            try:
                config = read_config(path, limits=self._limits)
                credential = self._find_in(config, registry, repository, path, problems)
            except Error as exc:
                problems.append(str(exc))
                continue
            if credential is not None and not credential.is_empty:
                return Found(credential=credential, problems=tuple(problems))
        return Found(credential=self._find_github(registry), problems=tuple(problems))

    def _find_in(
        self, config: Mapping[str, Any], registry: str, repository: str, path: Path, problems: list[str]
    ) -> Credential | None:
        known = fold(dict(config), _FILE_MEMBERS)
        for helper, server in _helpers(known, registry, repository):
            try:
                credential = _of_helper(helper, server, limits=self._limits)
            except Error as exc:
                problems.append(f"{exc} (named by `{path}`)")
                continue
            if credential is not None:
                return credential
        return _of_auths(known.get("auths"), registry, repository, str(path))

    def _find_github(self, registry: str) -> Credential | None:
        token = self._environ.get("GITHUB_TOKEN", "")
        if registry != "ghcr.io" or not token:
            return None
        # any user name goes with a token; the peers send this one
        return Credential(username="unset", password=Secret(token), source="GITHUB_TOKEN")


def config_paths(environ: Mapping[str, str]) -> Iterator[Path]:
    """Every file that may hold credentials, in order."""
    home = environ.get("HOME", "")
    yield docker_config(environ)
    if environ.get("REGISTRY_AUTH_FILE"):
        yield Path(environ["REGISTRY_AUTH_FILE"])
    if environ.get("XDG_RUNTIME_DIR"):
        yield Path(environ["XDG_RUNTIME_DIR"]) / "containers" / "auth.json"
    config_home = environ.get("XDG_CONFIG_HOME") or (f"{home}/.config" if home else "")
    if config_home:
        yield Path(config_home) / "containers" / "auth.json"


def docker_config(environ: Mapping[str, str]) -> Path:
    """Docker's own file, the one that `login` writes."""
    folder = environ.get("DOCKER_CONFIG") or f"{environ.get('HOME') or '/nonexistent'}/.docker"
    return Path(folder) / "config.json"


def read_config(path: Path, *, limits: Limits) -> dict[str, Any]:
    """The document in `path`; empty where there is no such file.

    Raises:
        LocalError: it cannot be read, or is not a JSON object.
    """
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as exc:
        raise LocalError(f"cannot read `{path}`: {(exc.strerror or str(exc)).lower()}") from exc
    try:
        document = decode_go(data, limits=limits, what=str(path)) if data.strip() else {}
    except ArtifactError as exc:
        raise LocalError(f"`{path}` is not JSON, so no credentials are taken from it") from exc
    if not isinstance(document, dict):
        raise LocalError(f"`{path}` is not a JSON object, so no credentials are taken from it")
    return document


def server_address(registry: str) -> str:
    """What helpers and config files call a registry."""
    return HUB_KEY if registry == DOCKER_HUB else registry


def normal_key(key: str) -> str:
    """A key of `auths` as `host[:port][/path]`, without scheme and version, Docker Hub under one name."""
    text = key.partition("://")[2] or key
    host, slash, path = text.rstrip("/").partition("/")
    if path in ("v1", "v2"):
        slash, path = "", ""
    return f"{DOCKER_HUB if host in _HUB_NAMES else host.lower()}{slash}{path}"


def _helpers(config: Mapping[str, Any], registry: str, repository: str) -> Iterator[tuple[str, str]]:
    """Names of helpers, and what they are to be asked for."""
    named = config.get("credHelpers")
    if isinstance(named, dict):
        by_key = {normal_key(key): helper for key, helper in named.items() if isinstance(helper, str)}
        for scope in _scopes(registry, repository):
            if by_key.get(scope):
                yield by_key[scope], server_address(registry) if scope == registry else scope
    store = config.get("credsStore")
    if isinstance(store, str) and store:
        yield store, server_address(registry)


def _of_helper(helper: str, server: str, *, limits: Limits) -> Credential | None:
    answer = ask_helper(helper, server, limits=limits)
    if answer is None:
        return None
    username, secret = answer
    source = f"docker-credential-{helper}"
    if username == IDENTITY_USER:
        return Credential(identity_token=secret, source=source)
    return Credential(username=username, password=secret, source=source)


def _of_auths(auths: object, registry: str, repository: str, source: str) -> Credential | None:
    if not isinstance(auths, dict):
        return None
    by_key = {normal_key(key): entry for key, entry in auths.items() if isinstance(entry, dict)}
    for scope in _scopes(registry, repository):
        if scope in by_key:
            credential = _of_entry(by_key[scope], source)
            if not credential.is_empty:  # Docker leaves `{}` where a helper has the secret
                return credential
    return None


def _scopes(registry: str, repository: str) -> Iterator[str]:
    """`host/a/b`, `host/a`, `host`."""
    path = f"{registry.lower()}/{repository}"
    while "/" in path:
        yield path
        path = path.rpartition("/")[0]
    yield path


def _of_entry(entry: dict[str, Any], source: str) -> Credential:
    members = {name: value for name, value in fold(entry, _ENTRY_MEMBERS).items() if isinstance(value, str)}
    username, password = members.get("username", ""), members.get("password", "")
    if members.get("auth"):
        username, password = _of_auth(members["auth"], source)
    return Credential(
        username="" if username == IDENTITY_USER else username,
        password=Secret(password),
        identity_token=Secret(members.get("identitytoken", "")),
        registry_token=Secret(members.get("registrytoken", "")),
        source=source,
    )


def _of_auth(text: str, source: str) -> tuple[str, str]:
    try:
        pair = base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode("utf-8", "surrogateescape")
    except (binascii.Error, ValueError) as exc:
        raise LocalError(f"an `auth` entry of `{source}` is not base64") from exc
    username, colon, password = pair.partition(":")
    if not colon:
        raise LocalError(f"an `auth` entry of `{source}` is not user:password")
    return username, password.rstrip("\x00")
