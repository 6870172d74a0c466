"""Rebuilds an image configuration from what a container engine says of it (Docker Engine API: inspect, history).

The engine does not hand out the configuration itself without exporting the whole image. What it says about the image
is put back together; only which history entries have no layer must be guessed, and where the guess does not add up,
the image is exported after all.

The guess is the reference's: an entry with a size has a layer; otherwise its instruction decides.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from assaymark.artifact.config import ZERO_TIME
from assaymark.errors import ArtifactError
from assaymark.safeio.json import fold

_SHELL_MARKS: Final = "/bin/sh -c #(nop)"
_EMPTY_INSTRUCTIONS: Final = (
    *("ENV", "MAINTAINER", "LABEL", "CMD", "ENTRYPOINT", "HEALTHCHECK"),
    *("EXPOSE", "USER", "VOLUME", "STOPSIGNAL", "SHELL", "ARG"),
)
_CONFIG_MEMBERS: Final = (
    *("User", "Cmd", "Entrypoint", "Env", "Labels", "WorkingDir", "StopSignal", "ArgsEscaped", "OnBuild", "Shell"),
    *("ExposedPorts", "Volumes", "Healthcheck"),
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine says about an image.

    Attributes:
        id: the configuration's digest; the manifest's or index's where the engine stores images as containerd does.
        document: the members of a configuration, its history missing.
        content_store: whether the engine keeps the blobs of the registry, so that an export is compressed.
    """

    id: str
    repo_tags: tuple[str, ...]
    repo_digests: tuple[str, ...]
    diff_ids: tuple[str, ...]
    document: dict[str, Any]
    content_store: bool = False


def parse_inspection(foreign: Any) -> Inspection:
    """What an `inspect` answer says.

    Raises:
        ArtifactError: it is not one.
    """
    wanted = ("Id", "RepoTags", "RepoDigests", "Created", "Author", "Architecture", "Os", "RootFS", "Config")
    answer = fold(_object(foreign), (*wanted, "Descriptor"))
    rootfs = fold(_object(answer.get("RootFS") or {}), ("Type", "Layers"))
    diff_ids = _texts(rootfs.get("Layers"))
    document = {
        "architecture": answer.get("Architecture"),
        "author": answer.get("Author"),
        "created": answer.get("Created") or ZERO_TIME,
        "os": answer.get("Os"),
        "rootfs": {"type": rootfs.get("Type"), "diff_ids": list(diff_ids)},
        "config": fold(_object(answer.get("Config") or {}), _CONFIG_MEMBERS),
    }
    return Inspection(
        id=_text(answer.get("Id")),
        repo_tags=_texts(answer.get("RepoTags")),
        repo_digests=_texts(answer.get("RepoDigests")),
        diff_ids=diff_ids,
        document=document,
        content_store=answer.get("Descriptor") is not None,
    )


def rebuild_config(inspection: Inspection, foreign_history: Any) -> bytes | None:
    """The configuration's members as JSON; None where the history does not account for the layers."""
    if not isinstance(foreign_history, list):
        raise _malformed()
    history = [_history_entry(entry) for entry in reversed(foreign_history)]
    layers = sum(not entry["empty_layer"] for entry in history)
    if not inspection.diff_ids or layers != len(inspection.diff_ids):
        return None
    return msgspec.json.encode({**inspection.document, "history": history})


def is_empty_layer(created_by: str, *, size: int, comment: str) -> bool:
    """Whether a history entry made no layer, as far as can be told."""
    if size != 0:
        return False
    instruction = created_by.lstrip(_SHELL_MARKS).strip()
    if instruction.startswith(_EMPTY_INSTRUCTIONS):
        return True
    if comment.startswith("buildkit.dockerfile"):
        return instruction == "WORKDIR /"
    return instruction.startswith("WORKDIR")


def _history_entry(foreign: Any) -> dict[str, Any]:
    entry = fold(_object(foreign), ("Created", "CreatedBy", "Comment", "Size"))
    created_by, comment = _text(entry.get("CreatedBy")), _text(entry.get("Comment"))
    size = _whole(entry.get("Size"))
    return {
        "created": _unix_time(_whole(entry.get("Created"))),
        "created_by": created_by,
        "comment": comment,
        "empty_layer": is_empty_layer(created_by, size=size, comment=comment),
    }


def _unix_time(seconds: int) -> str:
    try:
        return (_EPOCH + timedelta(seconds=seconds)).replace(tzinfo=None).isoformat() + "Z"
    except OverflowError as exc:
        raise _malformed() from exc


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _malformed()
    return value


def _text(value: Any) -> str:
    if value is not None and not isinstance(value, str):
        raise _malformed()
    return value or ""


def _texts(value: Any) -> tuple[str, ...]:
    if value is not None and not isinstance(value, list):
        raise _malformed()
    return tuple(_text(item) for item in value or ())


def _whole(value: Any) -> int:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise _malformed()
    return value or 0


def _malformed() -> ArtifactError:
    return ArtifactError("the container engine's answer is malformed")
