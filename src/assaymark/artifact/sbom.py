"""SBOM files as targets: `sbom`.

Rules:
    1. The name in the report is the path as the user named it, cleaned.
    2. Anything that can be read is taken, also a pipe (`/dev/stdin`); it is read once and never beyond its bound.
"""

from __future__ import annotations

from pathlib import Path

from assaymark.artifact.directory import clean_target
from assaymark.errors import LocalError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.artifact import SbomFile
from assaymark.safeio.files import local_error
from assaymark.safeio.readers import read_bounded


def open_sbom(target: str, *, limits: Limits = DEFAULT_LIMITS) -> SbomFile:
    """The file that `target` names.

    Raises:
        LocalError: there is none, or it cannot be read.
        LimitError: it is larger than a JSON document may be.
    """
    name = clean_target(target)
    path = Path(name)
    try:
        with path.open("rb") as stream:
            return SbomFile(name=name, data=read_bounded(stream, limit=limits.json_bytes, what=name))
    except FileNotFoundError as exc:
        raise LocalError(f"there is no file `{target}`") from exc
    except IsADirectoryError as exc:
        raise LocalError(f"`{target}` is a folder", hint="name the SBOM in it; `rootfs` and `fs` scan folders") from exc
    except (OSError, ValueError) as exc:
        raise local_error("read", path, exc if isinstance(exc, OSError) else OSError(str(exc))) from exc
