"""What a download of a database needs to be told; `assaymark.advisories.fetch` does it.

These types stand alone, because most runs decide that no download is due and then load nothing that could make one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import msgspec

from assaymark.limits import Limits
from assaymark.model.progress import Progress
from assaymark.model.reference import Reference
from assaymark.oci.content import ContentStore


class Registries(Protocol):
    """What is needed of `assaymark.oci.registry.Registry`."""

    def repository(self, reference: Reference) -> ContentStore:
        """The repository that the reference names."""
        ...


class Download(msgspec.Struct, frozen=True, kw_only=True):
    """What a download needs to know.

    Attributes:
        repositories: in the order in which they are asked; without a tag, the schema's number is taken.
        registry: makes the client when it is first needed.
        clock: the time now.
        older: whether a database that is older than the one that is there is welcome.
    """

    repositories: tuple[str, ...]
    registry: Callable[[], Registries]
    clock: Callable[[], datetime]
    progress: Progress
    limits: Limits
    older: bool = False
