"""`assaymark.scan`: an image, an archive, a folder, a repository or an SBOM, and a database, become a `Report`.

It finds what the command line finds with the same choices, with two differences, because a program calls it and not a
person. An image is taken from its registry unless `sources` says otherwise: container engines of this machine are not
asked by themselves. Source trees are scanned as they are: caches of package managers on this machine and package
repositories are not asked for what a lockfile leaves open.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, get_args

import msgspec

from assaymark.advisories.cache import CacheFolder
from assaymark.advisories.published import DEFAULT_JAVA_REPOSITORIES, DEFAULT_REPOSITORIES
from assaymark.api.choices import STATUSES, WITH_SYSTEM, Choices, Database, Kind, recorded_flags
from assaymark.api.concealing import concealing
from assaymark.api.filtering import read_filters
from assaymark.api.outside import Outside, now
from assaymark.api.report import Report
from assaymark.api.settings import DEFAULT_SETTINGS, Settings
from assaymark.api.words import known_names, one_of
from assaymark.inventory.select import PKG_TYPES
from assaymark.layers.cache import LayerCache
from assaymark.matching.filters import ALL_SEVERITIES
from assaymark.matching.judging import judged
from assaymark.matching.selection import MatchOptions
from assaymark.model.epoch import find_source_date
from assaymark.model.report import Scan
from assaymark.report.invocation import invocation, recorded_vex
from assaymark.scan import Means, Wanted, scan_directory, scan_image, scan_sbom

if TYPE_CHECKING:
    from assaymark.advisories.download import DatabaseKind, Download
    from assaymark.advisories.java_db import JavaDatabase
    from assaymark.advisories.trivy_db import TrivyDatabase
    from assaymark.artifact.source import ImageRequest
    from assaymark.model.artifact import Directory


def scan(
    target: str | os.PathLike[str],
    *,
    kind: Kind = "image",
    platform: str = "",
    sources: Iterable[str] = ("remote",),
    database: Database = "update",
    database_repositories: Iterable[str] = DEFAULT_REPOSITORIES,
    java_database_repositories: Iterable[str] = DEFAULT_JAVA_REPOSITORIES,
    severities: Iterable[str] = ALL_SEVERITIES,
    ignore_unfixed: bool = False,
    ignore_statuses: Iterable[str] = (),
    ignore_file: str | os.PathLike[str] = "",
    findings_policy: str | os.PathLike[str] = "",
    vex: str | os.PathLike[str] | Iterable[str | os.PathLike[str]] = (),
    pkg_types: Iterable[str] = PKG_TYPES,
    skip_dirs: Iterable[str] = (),
    skip_files: Iterable[str] = (),
    checksums: bool = False,
    settings: Settings = DEFAULT_SETTINGS,
) -> Report:
    """Scan for known vulnerabilities.

    Args:
        target: the reference of an image, or the path or address of what `kind` says.
        kind: `image`: on a registry; `archive`: what `docker save` wrote, or an OCI image layout; `directory`: a source
            tree; `rootfs`: the root of an unpacked system; `repository`: of git, here or elsewhere; `sbom`.
        platform: which manifest of an index, such as `linux/arm64`; empty for `linux/amd64`.
        sources: where an image is looked for, in order: `remote`, `docker`, `podman`, `containerd`.
        database: `update`: bring the cached database up to date first; `cached`: use it whatever its age; `sample`: use
            the small one that ships with the program, for trying it out.
        database_repositories: OCI repositories of the database, asked in order.
        java_database_repositories: the same for the index of Java archives.
        severities: names of those that are reported.
        ignore_unfixed: report only what has a fixed version.
        ignore_statuses: statuses that are not reported, such as `will_not_fix`.
        ignore_file: a file of findings to ignore; `.trivyignore` is not looked for.
        findings_policy: a file of rules that ignore or deny findings; `Report.denied` has what they deny.
        vex: files of VEX, which take out findings that do not apply: OpenVEX, CSAF or CycloneDX, in order of
            precedence.
        pkg_types: `os` and `library`.
        skip_dirs: folders that are passed over, as patterns.
        skip_files: the same for files.
        checksums: digests of packages' files, for bills of materials.
        settings: cache, network, credentials.

    Raises:
        UsageError: a choice, the ignore file or the findings policy is none.
        ArtifactError: what is to be scanned is malformed, too large, or not what its digest promises; or a VEX document
            is none.
        DatabaseError: there is no database that can be used.
        NetworkError: a registry cannot be reached, refuses, or does not have it.
        LocalError: something cannot be read or written on this machine.
    """
    choices = Choices(
        kind=one_of(kind, get_args(Kind), "kind"),
        platform=platform,
        sources=tuple(sources),
        database=one_of(database, get_args(Database), "database"),
        database_repositories=tuple(database_repositories),
        java_database_repositories=tuple(java_database_repositories),
        severities=known_names(severities, ALL_SEVERITIES, "severity"),
        ignore_unfixed=ignore_unfixed,
        ignore_statuses=known_names(ignore_statuses, STATUSES, "status"),
        ignore_file=os.fspath(ignore_file),
        findings_policy=os.fspath(findings_policy),
        vex=tuple(os.fspath(each) for each in ([vex] if isinstance(vex, str | os.PathLike) else vex)),
        pkg_types=tuple(sorted(known_names(pkg_types, frozenset(PKG_TYPES), "kind of packages"))),
        skip_dirs=tuple(skip_dirs),
        skip_files=tuple(skip_files),
        checksums=checksums,
    )
    outside = Outside(settings)
    with concealing(outside.redaction):
        return _Scanning(os.fspath(target), choices, outside).run()


class _Scanned(NamedTuple):
    """A scan that nothing has judged as a whole.

    Attributes:
        platform: of an image.
        bom: the SBOM that was scanned, where it was one.
    """

    scan: Scan
    platform: str = ""
    bom: bytes = b""


class _Scanning:
    """One call."""

    def __init__(self, target: str, choices: Choices, outside: Outside) -> None:
        self._target = target
        self._choices = choices
        self._outside = outside
        self._cache = CacheFolder(outside.cache)
        self._date = find_source_date(outside.environ)
        self._filters = read_filters(choices, now=self._date or now(), limits=outside.settings.limits)
        outside.warnings.extend(self._filters.warnings)

    def run(self) -> Report:
        """The scan, with who asked for it and how."""
        found = self._scan()
        environ, choices, filters = self._outside.environ, self._choices, self._filters
        policy, limits = filters.report.findings_policy, self._outside.settings.limits
        scan = judged(found.scan, filters.vex, policy, bom=found.bom, limits=limits)
        asked = invocation(
            recorded_flags(choices, offline=self._outside.settings.offline),
            environ,
            command=choices.target,
            artifact=scan.report.artifact_name,
            platform=found.platform,
            subject=scan.subject,
            repository=scan.repository,
            ignore_digest=filters.report.ignore_digest,
            policy_digests=filters.report.policy_digests,
            vex=recorded_vex(scan),
            redaction=self._outside.redaction,
        )
        return Report(msgspec.structs.replace(scan, invocation=asked), warnings=self._outside.told)

    def _scan(self) -> _Scanned:
        if self._choices.target == "image":
            return self._scan_image()
        with self._database() as source:
            if self._choices.kind == "sbom":
                from assaymark.artifact.sbom import open_sbom

                sbom = open_sbom(self._target)
                return _Scanned(scan_sbom(sbom, source, wanted=self._wanted(), means=self._means()), bom=sbom.data)
            with self._tree() as tree:
                return _Scanned(scan_directory(tree, source, wanted=self._wanted(), means=self._means()))

    def _scan_image(self) -> _Scanned:
        from assaymark.artifact.select import open_image

        with self._database() as source, open_image(self._request(), self._choices.sources) as image:
            platform = str(image.identity.platform or "")
            return _Scanned(scan_image(image, source, wanted=self._wanted(), means=self._means()), platform)

    @contextmanager
    def _tree(self) -> Iterator[Directory]:
        from assaymark.artifact.directory import open_directory

        if self._choices.kind != "repository":
            yield open_directory(self._target)
            return
        from assaymark.artifact.repository import RepositoryRequest, open_repository
        from assaymark.net.tls import tls_from

        settings, environ = self._outside.settings, self._outside.environ
        request = RepositoryRequest(
            target=self._target,
            environ=environ,
            tls=tls_from(environ, authorities=tuple(map(Path, settings.authorities)), insecure=settings.insecure),
            offline=settings.offline,
            progress=settings.progress,
        )
        with open_repository(request) as tree:
            yield tree

    def _wanted(self) -> Wanted:
        from assaymark.inventory.analyzer import Options

        choices = self._choices
        pkg_types = ("library",) if choices.kind == "repository" else choices.pkg_types
        return Wanted(
            target=choices.target,
            pkg_types=pkg_types,
            analysis=Options(checksums=choices.checksums),
            skip_dirs=choices.skip_dirs,
            skip_files=choices.skip_files,
            matching=MatchOptions(pkg_types=frozenset(pkg_types), expects_os=choices.target in WITH_SYSTEM),
            filters=self._filters.report,
            date=self._date,
        )

    def _means(self) -> Means:
        return Means(
            cache=LayerCache(self._cache.own / "layers"),
            progress=self._outside.settings.progress,
            limits=self._outside.settings.limits,
            archives=self._archives,
        )

    def _request(self) -> ImageRequest:
        from assaymark.artifact.source import ImageRequest
        from assaymark.model.platform import parse_platform
        from assaymark.model.reference import parse_reference

        outside, choices = self._outside, self._choices
        by_reference = choices.kind == "image"
        return ImageRequest(
            name=self._target,
            reference=parse_reference(self._target) if by_reference else None,
            input="" if by_reference else self._target,
            platform=parse_platform(choices.platform) if choices.platform else None,
            registry=outside.registry() if by_reference else None,
            network=outside.network if by_reference else None,
            environ=outside.environ,
            limits=outside.settings.limits,
            progress=outside.settings.progress,
        )

    @contextmanager
    def _database(self) -> Iterator[TrivyDatabase]:
        from assaymark.advisories.download import VULNERABILITIES
        from assaymark.advisories.update import open_database, update_database

        limits, how = self._outside.settings.limits, self._choices.database
        if how == "sample":
            from assaymark.advisories.sample import open_sample

            with open_sample(self._cache, limits=limits) as sample:
                yield sample
            return
        wanted = self._download(self._choices.database_repositories, VULNERABILITIES)
        update_database(self._cache, wanted, skip=how == "cached")
        with open_database(self._cache, limits=limits) as database:
            yield database

    @contextmanager
    def _archives(self) -> Iterator[JavaDatabase]:
        """The index of Java archives; nobody asks for it unless an archive has to be looked up."""
        from assaymark.advisories.download import JAVA_ARCHIVES
        from assaymark.advisories.java_db import open_java_db
        from assaymark.advisories.java_update import update_java_database

        wanted = self._download(self._choices.java_database_repositories, JAVA_ARCHIVES)
        update_java_database(self._cache, wanted, skip=self._choices.database != "update")
        with open_java_db(self._cache.java.file) as database:
            yield database

    def _download(self, repositories: tuple[str, ...], kind: DatabaseKind) -> Download:
        from assaymark.advisories.download import Download

        return Download(
            repositories=repositories,
            registry=self._outside.registry,
            clock=now,
            progress=self._outside.settings.progress,
            limits=self._outside.settings.limits,
            kind=kind,
        )
