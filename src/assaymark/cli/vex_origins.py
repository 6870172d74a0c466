"""The list of VEX repositories, where the reference keeps it and as it writes it.

1. `~/.trivy/vex/repository.yaml` has them (`$XDG_DATA_HOME/.trivy/…` where that is set): `name`, `url`, `enabled`,
   credentials, and `insecure` where any certificate will do. Without the file there is one, the public VEX Hub.
2. A name is the name of a folder below the cache, so it may not lead out of it.
3. The file may hold credentials: its owner alone may read what is written here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final

from assaymark.cli.vex_download import Origin
from assaymark.errors import ArtifactError, UsageError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.safeio.files import local_error, read_file, write_atomic

HUB: Final = Origin(name="default", url="https://github.com/aquasecurity/vexhub")
_WRITTEN: Final = f"""\
repositories:
  - name: {HUB.name}
    url: {HUB.url}
    enabled: true
    username: ""
    password: ""
    token: ""
    insecure: false
"""


def list_path(environ: Mapping[str, str]) -> Path:
    """Where the list is, or would be."""
    home = environ.get("XDG_DATA_HOME") or environ.get("HOME", "")
    return Path(home) / ".trivy" / "vex" / "repository.yaml"


def write_list(environ: Mapping[str, str]) -> bool:
    """Write the list of one, unless there is one; whether it was written.

    Raises:
        LocalError: it cannot be written.
    """
    path = list_path(environ)
    if path.exists():
        return False
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise local_error("create", path.parent, exc) from exc
    write_atomic(path, _WRITTEN.encode(), mode=0o600)
    return True


def read_origins(environ: Mapping[str, str]) -> list[Origin]:
    """Every repository, in the order of the list.

    Raises:
        UsageError: the list is none, or has a name that leads elsewhere.
        LocalError: it cannot be read.
    """
    from assaymark.safeio.yaml import decode_yaml

    path = list_path(environ)
    if not path.is_file():
        return [HUB]
    data = read_file(path, limit=DEFAULT_LIMITS.configuration_bytes)
    try:
        document = decode_yaml(data, limits=DEFAULT_LIMITS, what=str(path))
    except ArtifactError as exc:
        raise UsageError(str(exc), hint=exc.hint) from exc
    listed = document.get("repositories") if isinstance(document, dict) else None
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise UsageError(f"`{path}` lists no repositories", hint="`repositories:` and entries with `name:` and `url:`")
    return [_origin(each, path) for each in listed]


def _origin(entry: Mapping[str, Any], path: Path) -> Origin:
    """Rule 2."""
    fields = {key: str(entry.get(key) or "") for key in ("name", "url", "username", "password", "token")}
    name = PurePosixPath(fields["name"])
    if not name.parts or name.is_absolute() or ".." in name.parts or "\0" in fields["name"]:
        hint = "a name without `/` in front and `..`"
        raise UsageError(f"`{path}` has a repository called `{fields['name'][:100]}`", hint=hint)
    return Origin(**fields, enabled=_is_true(entry.get("enabled")), insecure=_is_true(entry.get("insecure")))


def _is_true(value: Any) -> bool:
    return str(value or "").lower() == "true"
