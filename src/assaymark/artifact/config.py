"""Image configurations: what is checked in them, and how the report re-serialises them.

Reads: the configuration blob (OCI image-spec, "Image Configuration"; Docker's image v1.2), with Go's rules for JSON:
keys match in any letter case, the last of duplicate keys wins, unknown keys are lost, `null` is the zero value, and a
value of the wrong kind is an error.

The report's `ImageConfig` has the members in the order of the tables below. `architecture`, `created`, `os`, `rootfs`
and `config` are always there; everything else only when it is not zero. Times keep their offset and lose trailing
zeros.

The number of layers must equal that of `rootfs.diff_ids`, because a layer without a diff_id could not be verified
(and one left out would be a blind spot). The history may say what it likes: squashed images are found whose history
does not count their layers, and nothing depends on it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.digest import DiffId, is_digest
from assaymark.model.platform import Platform
from assaymark.safeio.json import decode_go, fold

ZERO_TIME: Final = "0001-01-01T00:00:00Z"

_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)\Z", re.ASCII)

Convert = Callable[[Any, str], Any]


class ImageConfiguration(msgspec.Struct, frozen=True, kw_only=True):
    """What the scan needs of a configuration.

    Attributes:
        document: the configuration as the report prints it.
        diff_ids: of the layers, bottom to top.
        platform: what the image was built for.
    """

    document: dict[str, Any]
    diff_ids: tuple[DiffId, ...]
    platform: Platform


def parse_config(data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> ImageConfiguration:
    """The configuration that `data` holds.

    Raises:
        ArtifactError: not a configuration, or one with a malformed diff_id.
        LimitError: too large, or too many layers or history entries.
    """
    if len(data) > limits.config_bytes:
        raise LimitError(f"the image configuration is larger than {limits.config_bytes} bytes")
    document = image_document(decode_go(data, limits=limits, what="image configuration"))
    diff_ids: list[str] = document["rootfs"]["diff_ids"] or []
    if len(diff_ids) > limits.layers:
        raise LimitError(f"the image has {len(diff_ids)} layers; the limit is {limits.layers}")
    if len(document.get("history", ())) > limits.history_entries:
        raise LimitError(f"the image has more than {limits.history_entries} history entries")
    for diff_id in diff_ids:
        if not is_digest(diff_id):
            raise ArtifactError(f"the image configuration has a malformed diff_id `{diff_id[:140]}`")
    platform = Platform(
        os=document["os"],
        architecture=document["architecture"],
        variant=document.get("variant", ""),
        os_version=document.get("os.version", ""),
        os_features=tuple(document.get("os.features", ())),
    )
    return ImageConfiguration(document=document, diff_ids=tuple(map(DiffId, diff_ids)), platform=platform)


def image_config(config: bytes, *, limits: Limits = DEFAULT_LIMITS) -> dict[str, Any]:
    """The report's `ImageConfig` for the configuration's bytes."""
    return parse_config(config, limits=limits).document


def check_layer_count(configuration: ImageConfiguration, layers: int) -> None:
    """Refuse an image whose manifest and configuration count layers differently.

    Raises:
        ArtifactError: they do.
    """
    claimed = len(configuration.diff_ids)
    if claimed != layers:
        raise ArtifactError(f"the image has {layers} layers, but its configuration has {claimed} diff_ids")


def image_document(foreign: Any) -> dict[str, Any]:
    """A decoded configuration in the report's shape.

    Raises:
        ArtifactError: a member has the wrong kind.
    """
    return _struct(foreign, "image configuration", _FILE, always=_FILE_ALWAYS)


def go_time(value: Any, where: str) -> str:
    """A time as Go prints it again: at most nanoseconds, no trailing zeros, `Z` for a zero offset."""
    if value is None:
        return ZERO_TIME
    match = _RFC3339.match(value) if isinstance(value, str) else None
    if match is None:
        raise _wrong(where, "an RFC 3339 time")
    moment, fraction, offset = match.groups()
    try:
        datetime.fromisoformat(moment + "+00:00")
        datetime.fromisoformat(moment + offset.replace("Z", "+00:00"))
    except ValueError as exc:
        if not moment.startswith("0000"):  # Go has a year 0
            raise _wrong(where, "an RFC 3339 time") from exc
    digits = (fraction or "")[:9].rstrip("0")
    zone = "Z" if offset[1:] == "00:00" else offset
    return f"{moment}{'.' if digits else ''}{digits}{zone}"


def _wrong(where: str, kind: str) -> ArtifactError:
    return ArtifactError(f"the image is malformed: `{where}` is not {kind}")


def _struct(value: Any, where: str, members: Mapping[str, Convert], *, always: Mapping[str, Any]) -> dict[str, Any]:
    """The members that Go would print of a struct: `always` holds the zero values of those without `omitempty`."""
    if value is None:
        value = {}
    if not isinstance(value, dict):
        raise _wrong(where, "an object")
    given = fold(value, members)
    result: dict[str, Any] = {}
    for name, convert in members.items():
        item = given.get(name)
        converted = convert(item, name) if item is not None else None
        if name in always:
            result[name] = converted if converted is not None else _zero(always[name], name)
        elif _is_set(converted):
            result[name] = converted
    return result


def _zero(value: Any, name: str) -> Any:
    return value(None, name) if callable(value) else value


def _is_set(value: Any) -> bool:
    """Go's `omitempty`; an empty struct behind a pointer counts as set."""
    return isinstance(value, _Pointed) or bool(value)


class _Pointed(dict[str, Any]):
    """A struct behind a pointer: printed even when it is empty."""


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise _wrong(where, "a text")
    return value


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong(where, "true or false")
    return value


def _whole(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**63) <= value < 2**63:
        raise _wrong(where, "a whole number of 64 bits")
    return value


def _texts(value: Any, where: str) -> list[str]:
    if not isinstance(value, list):
        raise _wrong(where, "a list")
    return ["" if item is None else _text(item, where) for item in value]


def _labels(value: Any, where: str) -> dict[str, str]:
    if not isinstance(value, dict):
        raise _wrong(where, "an object")
    return {key: "" if value[key] is None else _text(value[key], where) for key in sorted(value, key=_byte_order)}


def _names(value: Any, where: str) -> dict[str, dict[str, Any]]:
    """A set in Go's spelling: an object whose values are empty objects."""
    if not isinstance(value, dict) or not all(item is None or isinstance(item, dict) for item in value.values()):
        raise _wrong(where, "an object of empty objects")
    return {key: {} for key in sorted(value, key=_byte_order)}


def _byte_order(key: str) -> bytes:
    return key.encode(errors="surrogatepass")


def _healthcheck(value: Any, where: str) -> dict[str, Any]:
    return _Pointed(_struct(value, where, _HEALTHCHECK, always={}))


def _config(value: Any, where: str) -> dict[str, Any]:
    return _struct(value, where, _CONFIG, always={})


def _rootfs(value: Any, where: str) -> dict[str, Any]:
    return _struct(value, where, _ROOTFS, always={"type": "", "diff_ids": None})


def _history(value: Any, where: str) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise _wrong(where, "a list")
    return [_struct(entry, where, _HISTORY, always={"created": ZERO_TIME}) for entry in value]


_HEALTHCHECK: Final[Mapping[str, Convert]] = {
    "Test": _texts,
    "Interval": _whole,
    "Timeout": _whole,
    "StartPeriod": _whole,
    "Retries": _whole,
}
_CONFIG: Final[Mapping[str, Convert]] = {
    "AttachStderr": _flag,
    "AttachStdin": _flag,
    "AttachStdout": _flag,
    "Cmd": _texts,
    "Healthcheck": _healthcheck,
    "Domainname": _text,
    "Entrypoint": _texts,
    "Env": _texts,
    "Hostname": _text,
    "Image": _text,
    "Labels": _labels,
    "OnBuild": _texts,
    "OpenStdin": _flag,
    "StdinOnce": _flag,
    "Tty": _flag,
    "User": _text,
    "Volumes": _names,
    "WorkingDir": _text,
    "ExposedPorts": _names,
    "ArgsEscaped": _flag,
    "NetworkDisabled": _flag,
    "MacAddress": _text,
    "StopSignal": _text,
    "Shell": _texts,
}
_ROOTFS: Final[Mapping[str, Convert]] = {"type": _text, "diff_ids": _texts}
_HISTORY: Final[Mapping[str, Convert]] = {
    "author": _text,
    "created": go_time,
    "created_by": _text,
    "comment": _text,
    "empty_layer": _flag,
}
_FILE: Final[Mapping[str, Convert]] = {
    "architecture": _text,
    "author": _text,
    "container": _text,
    "created": go_time,
    "docker_version": _text,
    "history": _history,
    "os": _text,
    "rootfs": _rootfs,
    "config": _config,
    "os.version": _text,
    "variant": _text,
    "os.features": _texts,
}
_FILE_ALWAYS: Final[Mapping[str, Any]] = {
    "architecture": "",
    "created": ZERO_TIME,
    "os": "",
    "rootfs": _rootfs,
    "config": _config,
}
