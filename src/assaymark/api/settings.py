"""What every call of the API may use of the machine and the network, in one value."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Final, final

import msgspec

from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.progress import NoProgress, Progress
from assaymark.net.secret import Secret


@final
class Credentials:
    """What opens a registry: a user name with a password, or a bearer token. It is never printed, `repr` included.

    Without credentials those of the user are taken: `config.json` of Docker or Podman, and the programs that it names.

    Args:
        username: the user's name.
        password: their password, or an access token that is sent in its place.
        token: a bearer token that replaces user and password.
    """

    __slots__ = ("password", "token", "username")

    def __init__(self, username: str = "", password: str = "", *, token: str = "") -> None:
        self.username: Final = username
        self.password: Final = Secret(password)
        self.token: Final = Secret(token)

    def __repr__(self) -> str:
        return f"Credentials({self.username!r}, ***)" if self.username else "Credentials(***)"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What calls may use. One value serves many calls, from several threads too.

    Attributes:
        cache_dir: where databases, layers' packages and trust data are kept; empty for `ASSAYMARK_CACHE_DIR` or the
            user's cache folder.
        offline: no network connection at all.
        insecure: take any certificate of a registry, and plain http. Services that sign are always checked.
        allow_http: speak plain http where https is not offered, also with registries that are not on this machine.
        credentials: for registries; None for those that the user has stored.
        authorities: files with certificates to trust besides the system's.
        environ: the environment's variables; None for the process's own. `{}` is a machine where nothing is set.
        progress: where long work is announced.
        limits: bounds on everything that is scanned and fetched.
    """

    cache_dir: str | PathLike[str] = ""
    offline: bool = False
    insecure: bool = False
    allow_http: bool = False
    credentials: Credentials | None = None
    authorities: tuple[str | PathLike[str], ...] = ()
    environ: Mapping[str, str] | None = None
    progress: Progress = NoProgress()
    limits: Limits = DEFAULT_LIMITS

    def __repr__(self) -> str:
        """What differs from the defaults, by name alone: variables and addresses may hold credentials."""
        said = [name for name in self.__struct_fields__ if getattr(self, name) != getattr(DEFAULT_SETTINGS, name)]
        return f"Settings({', '.join(f'{name}=…' for name in said)})"


DEFAULT_SETTINGS: Final = Settings()
