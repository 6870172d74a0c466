"""Keeps and forgets credentials in Docker's `config.json` or its credential helpers.

1. The registry's helper in `credHelpers`, else `credsStore`, keeps the secret; the file then has an empty entry, as
   `docker login` leaves it.
2. Without a helper the secret stands in `auths`, base64 and not encrypted, in a file that only its owner can read.
3. Every other key of the file stays as it is, and the file is replaced as a whole, under a lock.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from assaymark.errors import LocalError
from assaymark.limits import Limits
from assaymark.oci.credentials import Credential, docker_config, normal_key, read_config, server_address
from assaymark.oci.helpers import erase_with_helper, store_with_helper
from assaymark.safeio.files import write_atomic
from assaymark.safeio.lock import file_lock


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """Where a credential went; `plain` when it is not encrypted there."""

    place: str
    plain: bool


def store_login(registry: str, credential: Credential, environ: Mapping[str, str], *, limits: Limits) -> Stored:
    """Keep a user name and a password.

    Raises:
        LocalError: the file or the helper refuses.
    """
    path = _made(docker_config(environ))
    with file_lock(path.with_name(".config.json.lock")):
        config = read_config(path, limits=limits)
        helper = _helper_of(config, registry)
        entry: dict[str, str] = {}
        if helper:
            store_with_helper(helper, server_address(registry), credential.username, credential.password)
        else:
            pair = f"{credential.username}:{credential.password.reveal()}"
            entry["auth"] = base64.b64encode(pair.encode("utf-8", "surrogateescape")).decode()
        auths = {key: value for key, value in _auths(config).items() if normal_key(key) != registry}
        config["auths"] = {**auths, server_address(registry): entry}
        _write(path, config)
    return Stored(place=f"docker-credential-{helper}" if helper else str(path), plain=not helper)


def erase_login(registry: str, environ: Mapping[str, str], *, limits: Limits) -> bool:
    """Forget a registry; whether there was an entry for it.

    Raises:
        LocalError: the file or the helper refuses.
    """
    path = docker_config(environ)
    if not path.exists():
        return False
    with file_lock(path.with_name(".config.json.lock")):
        config = read_config(path, limits=limits)
        helper = _helper_of(config, registry)
        if helper:
            erase_with_helper(helper, server_address(registry))
        auths = _auths(config)
        kept = {key: value for key, value in auths.items() if normal_key(key) != registry}
        if len(kept) == len(auths):
            return bool(helper)
        config["auths"] = kept
        _write(path, config)
    return True


def _helper_of(config: Mapping[str, Any], registry: str) -> str:
    named = config.get("credHelpers")
    if isinstance(named, dict):
        for key, helper in named.items():
            if normal_key(key) == registry and isinstance(helper, str):
                return helper
    store = config.get("credsStore")
    return store if isinstance(store, str) else ""


def _auths(config: Mapping[str, Any]) -> dict[str, Any]:
    auths = config.get("auths")
    return auths if isinstance(auths, dict) else {}


def _made(path: Path) -> Path:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise LocalError(f"cannot make `{path.parent}`: {(exc.strerror or str(exc)).lower()}") from exc
    # a link (dotfiles kept elsewhere) stays a link
    return path.resolve() if path.is_symlink() else path


def _write(path: Path, config: Mapping[str, Any]) -> None:
    text = json.dumps(config, indent="\t", ensure_ascii=False)
    write_atomic(path, text.encode("utf-8", "surrogateescape"), mode=0o600)
