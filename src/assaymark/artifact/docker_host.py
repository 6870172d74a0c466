"""Where the Docker engine listens, found as the Docker command line finds it.

Order:
    1. `--docker-host`.
    2. `DOCKER_HOST`.
    3. The context that `DOCKER_CONTEXT` names, else `currentContext` of `config.json` (in `DOCKER_CONFIG` or
       `~/.docker`). A context lives in `contexts/meta/<sha256 of its name>/meta.json`, its certificates in
       `contexts/tls/`.
    4. `/var/run/docker.sock`.

With 1, 2 and 4, `DOCKER_CERT_PATH` names the folder of `ca.pem`, `cert.pem` and `key.pem`, and a non-empty
`DOCKER_TLS_VERIFY` asks for TLS and for the certificate to be checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec

from assaymark.errors import LocalError, UsageError
from assaymark.limits import Limits
from assaymark.safeio.files import local_error
from assaymark.safeio.json import decode_go, fold
from assaymark.safeio.readers import read_bounded

DEFAULT_HOST: Final = "unix:///var/run/docker.sock"
DEFAULT_CONTEXT: Final = "default"

_PORT: Final = 2375
_TLS_PORT: Final = 2376


class DockerHost(msgspec.Struct, frozen=True, kw_only=True):
    """Where an engine listens.

    Attributes:
        address: `unix:///path`, `tcp://host:port`, …
        certificates: the folder of its certificates; None for a plain connection.
        verify: whether its certificate is checked.
    """

    address: str
    certificates: Path | None = None
    verify: bool = True

    @property
    def socket(self) -> Path | None:
        """The path of a socket on this machine; None for an engine elsewhere."""
        scheme, separator, path = self.address.partition("://")
        return Path(path) if separator and scheme == "unix" else None

    @property
    def url(self) -> str:
        """The scheme, host and port of an engine on the network.

        Raises:
            UsageError: an address that only other programs can reach, such as `ssh://`.
        """
        scheme, separator, rest = self.address.partition("://")
        if not separator or scheme not in {"tcp", "http", "https"} or not rest:
            raise UsageError(
                f"`{self.address}` is not an address that is supported", hint="use unix:///path or tcp://host:port"
            )
        authority = rest.partition("/")[0]
        encrypted = self.certificates is not None or scheme == "https"
        if ":" not in authority.rpartition("]")[2]:
            authority = f"{authority}:{_TLS_PORT if encrypted else _PORT}"
        return f"{'https' if encrypted else 'http'}://{authority}"


def find_docker_host(asked: str, *, environ: Mapping[str, str], home: Path, limits: Limits) -> DockerHost:
    """Where the Docker engine listens; `asked` is `--docker-host`.

    Raises:
        LocalError: the context that is in use does not exist, or is malformed.
    """
    if asked or environ.get("DOCKER_HOST"):
        return _from_environment(asked or environ["DOCKER_HOST"], environ, home)
    folder = Path(environ.get("DOCKER_CONFIG") or home / ".docker")
    context = environ.get("DOCKER_CONTEXT") or _current_context(folder, limits)
    if context in {"", DEFAULT_CONTEXT}:
        return _from_environment(DEFAULT_HOST, environ, home)
    return _from_context(context, folder / "contexts", limits)


def _from_environment(address: str, environ: Mapping[str, str], home: Path) -> DockerHost:
    verify = bool(environ.get("DOCKER_TLS_VERIFY"))
    folder = environ.get("DOCKER_CERT_PATH")
    certificates = Path(folder) if folder else home / ".docker" if verify else None
    return DockerHost(address=address, certificates=certificates, verify=verify or certificates is None)


def _current_context(folder: Path, limits: Limits) -> str:
    """The context that the Docker command line was told to use; empty where nobody said."""
    document = _read_document(folder / "config.json", limits, ("currentContext",))
    context = (document or {}).get("currentContext")
    return context if isinstance(context, str) else ""


def _from_context(name: str, contexts: Path, limits: Limits) -> DockerHost:
    identifier = sha256(name.encode()).hexdigest()
    document = _read_document(contexts / "meta" / identifier / "meta.json", limits, ("Endpoints",))
    if document is None:
        raise LocalError(f"docker context `{name}` does not exist", hint="`docker context ls` lists those that do")
    endpoints = document.get("Endpoints")
    endpoint = endpoints.get("docker") if isinstance(endpoints, dict) else None
    facts = fold(endpoint, ("Host", "SkipTLSVerify")) if isinstance(endpoint, dict) else {}
    host = facts.get("Host")
    if not isinstance(host, str):
        raise LocalError(f"docker context `{name}` names no host")
    certificates = contexts / "tls" / identifier / "docker"
    return DockerHost(
        address=host or DEFAULT_HOST,
        certificates=certificates if certificates.is_dir() else None,
        verify=facts.get("SkipTLSVerify") is not True,
    )


def _read_document(path: Path, limits: Limits, names: tuple[str, ...]) -> dict[str, Any] | None:
    """The named members of a JSON file of the user's; None where there is no such file."""
    try:
        with path.open("rb") as stream:
            document = decode_go(read_bounded(stream, limit=limits.config_bytes, what=str(path)), limits=limits)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as exc:
        raise local_error("read", path, exc) from exc
    return fold(document, names) if isinstance(document, dict) else {}
