"""Where POMs are found: in the scanned tree, in Maven's local repository, and in remote ones.

Rules:

1. Paths (`relativePath`, `module`) lead to files of the scanned tree, or around a single scanned file. Those to a
   parent may lead above it (`Tree.around`), as a module is often scanned by itself. A folder stands for its `pom.xml`.
2. A published POM is `<group as folders>/<artifact>/<version>/<artifact>-<version>.pom`, first in the local repository
   of this machine, then in the repositories that the user's settings name, those that the POMs name, and Maven Central,
   which has no snapshots; or in what stands in for them (`Host.repositories`). Of two with one address the first
   counts. A snapshot's file is named by `maven-metadata.xml`.
3. How many files one `pom.xml` may lead to is bounded; each is parsed once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from posixpath import dirname, normpath
from typing import Final

from assaymark.errors import LimitError
from assaymark.inventory.analyzer import Input
from assaymark.inventory.java.project import Project, parse_project
from assaymark.model.maven import MavenRepository, each_address_once
from assaymark.safeio.xml import parse_xml

CACHE: Final = "maven"
CENTRAL: Final = MavenRepository("https://repo.maven.apache.org/maven2/", snapshots=False, id="central")
_POM: Final = "pom.xml"
_PART: Final = re.compile(r"[A-Za-z0-9_.+~-]{1,255}")


class Poms:
    """The POMs that one `pom.xml` may ask for."""

    def __init__(self, source: Input) -> None:
        self._source = source
        self._limits = source.limits
        self._read = 0
        self._parsed: dict[str, Project] = {}

    def own(self) -> Project:
        """The file that is analysed, with the lines of its dependencies.

        Raises:
            ArtifactError, LimitError, ValueError: it cannot be read.
        """
        return parse_project(
            self._source.file.read(self._limits.xml_bytes), self._source.path, limits=self._limits, located=True
        )

    def relative(self, start: str, path: str, *, above: bool = False) -> Project:
        """The POM at `path`, seen from the POM at `start`; only with `above` also one above the scanned folder.

        Raises:
            LookupError: there is none.
            ArtifactError, LimitError, ValueError: it cannot be read.
        """
        place = normpath(f"{dirname(start) or '.'}/{path.strip()}")
        for candidate in (place, normpath(f"{place}/{_POM}")):
            if candidate.startswith("/") or (candidate.startswith("..") and not above):
                continue
            if candidate not in self._parsed:
                data = self._read_file(candidate)
                if data is None:
                    continue
                self._count()
                self._parsed[candidate] = parse_project(data, candidate, limits=self._limits)
            return replace(self._parsed[candidate])  # whoever asks changes it
        raise LookupError(place)

    def _read_file(self, path: str) -> bytes | None:
        file = self._source.tree.find(path)
        return file.read(self._limits.xml_bytes) if file else self._source.tree.around(path, self._limits.xml_bytes)

    def published(self, group: str, artifact: str, version: str, repositories: Iterable[MavenRepository]) -> Project:
        """The POM of a published version.

        Raises:
            LookupError: nobody has it.
            ArtifactError, LimitError, ValueError: it cannot be read.
        """
        parts = [*group.split("."), artifact, version]
        if not all(_PART.fullmatch(part) and part not in (".", "..") for part in parts):
            raise LookupError(f"{group}:{artifact}:{version}")
        folder, name = "/".join(parts), f"{artifact}-{version}.pom"
        self._count()
        data = self._source.host.read(CACHE, f"{folder}/{name}", self._limits.xml_bytes)
        if data is None:
            data = self._download(folder, artifact, version, [*repositories, CENTRAL])
        return parse_project(data, "", limits=self._limits)

    def _download(self, folder: str, artifact: str, version: str, repositories: Iterable[MavenRepository]) -> bytes:
        is_snapshot = version.endswith("SNAPSHOT") or version == "LATEST"
        for each in each_address_once(self._source.host.repositories(repositories)):
            if each.snapshots if is_snapshot else each.releases:
                own = self._snapshot_name(each, folder, artifact) if is_snapshot else ""
                path = f"{folder}/{own or f'{artifact}-{version}.pom'}"
                data = self._source.host.fetch(each, path, self._limits.xml_bytes)
                if data is not None:
                    return data
        raise LookupError(folder)

    def _snapshot_name(self, repository: MavenRepository, folder: str, artifact: str) -> str:
        data = self._source.host.fetch(repository, f"{folder}/maven-metadata.xml", self._limits.xml_bytes)
        if data is None:
            return ""
        versions = parse_xml(data, limits=self._limits).all("versioning", "snapshotVersions", "snapshotVersion")
        named = [each.value("value") for each in versions if each.value("extension") == "pom"]
        return f"{artifact}-{named[-1]}.pom" if named and _PART.fullmatch(named[-1]) else ""

    def _count(self) -> None:
        self._read += 1
        if self._read > self._limits.pom_files:
            raise LimitError(f"it leads to more than {self._limits.pom_files} POMs")
