"""The extension point of ambient identity: build services and workloads that hand a token to what runs in them.

A provider is one file in `oidc/providers/` that ends in `PROVIDER`. They are asked in the order of `position`, which is
that of cosign: a runner of GitHub on a Google machine is GitHub's job, not Google's machine. The first that has a token
is taken. One that is not there says None; one that is there and fails is an error, because going on would sign as
somebody else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from assaymark.attest.sigstore.oidc.token import AUDIENCE
from assaymark.errors import LocalError, SigningError
from assaymark.extensions import discover
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.net.network import Network
from assaymark.net.secret import Secret
from assaymark.safeio.files import local_error
from assaymark.safeio.readers import read_bounded


class Ambient(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider may look at.

    Attributes:
        environment: the variables of the process.
        network: for services on the web.
        metadata: for the machine's metadata server (`assaymark.net.metadata`).
        root: where the file system begins.
    """

    environment: Mapping[str, str]
    network: Network
    metadata: Network
    audience: str = AUDIENCE
    root: Path = Path("/")
    limits: Limits = DEFAULT_LIMITS

    def variable(self, name: str) -> str:
        """A variable; empty where it is not set."""
        return self.environment.get(name, "").strip()


def _no_hint(_ambient: Ambient) -> str:
    return ""


class AmbientProvider(msgspec.Struct, frozen=True, kw_only=True):
    """One place where tokens come from.

    Attributes:
        name: as `--oidc-provider` knows it.
        position: its place in the order.
        token: the token; None where this is not the place.
        hint: what to change where this is the place and gives no token; empty where it is not.
    """

    name: str
    position: int
    token: Callable[[Ambient], Secret | None]
    hint: Callable[[Ambient], str] = _no_hint


def ambient_providers() -> Iterator[AmbientProvider]:
    """Every provider, in order."""
    found = discover("assaymark.attest.sigstore.oidc.providers", "PROVIDER", AmbientProvider)
    yield from sorted(found, key=lambda provider: provider.position)


def require_secret(value: object, *, source: str) -> Secret:
    """The token that a provider's answer holds.

    Raises:
        SigningError: `NO_TOKEN`: it holds none.
    """
    if not isinstance(value, str) or not value.strip():
        raise SigningError(f"{source} gave no identity token", reason="NO_TOKEN")
    return Secret(value.strip())


def read_token_file(path: Path, *, limits: Limits) -> Secret:
    """The token in a file.

    Raises:
        LocalError: it cannot be read or is no text.
        SigningError: `NO_TOKEN`: it is empty.
    """
    try:
        with path.open("rb") as stream:
            text = read_bounded(stream, limit=limits.token_bytes, what=str(path)).decode("ascii")
    except OSError as exc:
        raise local_error("read", path, exc) from exc
    except UnicodeDecodeError as exc:
        raise LocalError(f"`{path}` holds no identity token") from exc
    return require_secret(text, source=f"`{path}`")
