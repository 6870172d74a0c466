"""Harvests of small layers, with the passes that they took."""

from __future__ import annotations

import gzip
import hashlib
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from tests.support.images import Entries, write_layer

from assaymark.layers.harvest import harvest
from assaymark.layers.tree import Harvest
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.digest import DiffId
from assaymark.model.issue import Issue

STATUS = "var/lib/dpkg/status"
APK = "lib/apk/db/installed"
EXACT = frozenset({STATUS, APK, "etc/os-release", "usr/lib/os-release", "bin/sh"})


def wanted(path: str, mode: int, size: int) -> bool:
    return path in EXACT or path.endswith("package.json") or bool(mode & 0o111 and path.startswith("opt/"))


class Opened:
    """A layer that counts how often it is opened."""

    def __init__(self, stored: bytes) -> None:
        self.stored = stored
        self.times = 0

    @contextmanager
    def __call__(self) -> Iterator[BinaryIO]:
        self.times += 1
        yield io.BytesIO(self.stored)


def diff_id(tar: bytes) -> DiffId:
    return DiffId("sha256:" + hashlib.sha256(tar).hexdigest())


def run_harvest(
    entries: Entries | bytes, *, issues: list[Issue] | None = None, limits: Limits = DEFAULT_LIMITS, **options: Any
) -> tuple[Harvest, int]:
    """The harvest of a layer, and how many passes it took."""
    tar = entries if isinstance(entries, bytes) else write_layer(entries)
    opened = Opened(gzip.compress(tar, 1))
    take: Callable[[Issue], None] = (issues if issues is not None else []).append
    harvested = harvest(opened, diff_id=diff_id(tar), **{"wants": wanted, **options}, limits=limits, on_issue=take)
    return harvested, opened.times


def contents(harvested: Harvest) -> dict[str, bytes]:
    return {file.path: file.read() for file in harvested.tree.under("")}
