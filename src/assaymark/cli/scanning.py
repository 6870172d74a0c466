"""What the scanning commands have in common: from flags to a scan, from a scan to a report and an exit code."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec

from assaymark.cli.connections import Connections
from assaymark.cli.database_flags import (
    cache_of,
    open_database_from,
    open_java_database_from,
    update_database_from,
    update_java_database_from,
)
from assaymark.cli.explaining import check_explain_flag, write_explanations
from assaymark.cli.filter_flags import Filters, filters_from
from assaymark.cli.reporting import Reporting
from assaymark.cli.scan_flags import check_scan_flags
from assaymark.cli.variables import OWN, TRIVY
from assaymark.cli.vexing import read_vex, tell_vex, vex_sources
from assaymark.errors import ExitCode, UsageError
from assaymark.model.epoch import find_source_date

if TYPE_CHECKING:
    from assaymark.cli.console import Console
    from assaymark.inventory.analyzer import Host, Options
    from assaymark.matching.explain import Watched
    from assaymark.matching.vex.source import VexSource
    from assaymark.model.advisory import AdvisorySource
    from assaymark.model.archives import ArchiveIndex
    from assaymark.model.report import Scan
    from assaymark.scan import Means, Wanted

_RPM_ARCHIVES: Final = "EXPERIMENTAL_RPM_ARCHIVE"
"""The variable, without its prefix, that has rpm archives read; there is no flag for it."""
_LISTING: Final = "packages are listed and nothing is looked up; `--scanners vuln` adds vulnerabilities"
_SOURCE: Final = frozenset({"fs", "repo"})
"""Commands that scan source trees, where caches of package managers on this machine say more."""
_WITHOUT_SYSTEM: Final = frozenset({"fs", "repo", "sbom"})
"""Commands whose targets need no operating system; an SBOM says itself what it describes."""


@dataclass(frozen=True)
class Scanning:
    """One scanning command with its flags."""

    args: Namespace
    console: Console
    target: str
    filters: Filters = field(init=False)
    connections: Connections = field(init=False)
    reporting: Reporting = field(init=False)
    vex: dict[str, VexSource] = field(init=False)
    watched: list[Watched] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        check_scan_flags(self.args)
        check_explain_flag(self.args)
        now = self.date or datetime.now(UTC)
        expects_os = self.target not in _WITHOUT_SYSTEM
        filters = filters_from(self.args, now=now, environ=self.console.environ, expects_os=expects_os)
        object.__setattr__(self, "filters", filters)
        object.__setattr__(self, "connections", Connections(self.args, self.console))
        object.__setattr__(self, "reporting", Reporting(self.args, self.console, filters))
        object.__setattr__(self, "vex", read_vex(self.args, self.console, self.connections))

    @property
    def date(self) -> datetime | None:
        """The date that `SOURCE_DATE_EPOCH` sets (reproducible-builds.org); None for the real clock.

        Raises:
            UsageError: it is no number of seconds.
        """
        return find_source_date(self.console.environ)

    def update_only(self) -> bool:
        """Whether the command ends with `--download-db-only` or the like; that database is up to date then."""
        if self.args.download_java_db_only:
            self._update_java()
        if self.args.download_db_only:
            update_database_from(
                self.args,
                self.console.environ,
                registry=self.connections.registry,
                clock=_now,
                progress=self.console.progress,
            )
            self._tell_database()
        return bool(self.args.download_db_only or self.args.download_java_db_only)

    def _update_java(self) -> None:
        update_java_database_from(
            self.args,
            self.console.environ,
            registry=self.connections.registry,
            clock=_now,
            progress=self.console.progress,
        )
        folder = cache_of(self.args, self.console.environ).java.database
        self.console.note(f"the Java database is up to date: `{folder}`")

    def _tell_database(self) -> None:
        """What a download ended with: nothing else would say whether there was one."""
        from assaymark.advisories.metadata import find_metadata
        from assaymark.limits import DEFAULT_LIMITS

        cache = cache_of(self.args, self.console.environ)
        metadata = find_metadata(cache.metadata, limits=DEFAULT_LIMITS)
        built = f", built {metadata.updated:%Y-%m-%d %H:%M} UTC" if metadata else ""
        self.console.note(f"the vulnerability database is up to date: `{cache.database}`{built}")

    @property
    def looks_up(self) -> bool:
        """Whether advisories are looked up: not for bills of materials alone, unless `--scanners` says so."""
        return (
            bool(self.args.scanners)
            or getattr(self.args, "attest", False)
            or not all(each.format.is_bill for each in self.reporting.destinations)
        )

    @contextmanager
    def database(self) -> Iterator[AdvisorySource | None]:
        """The database that the flags choose; None where nothing shall be looked up."""
        if not self.looks_up:
            self.console.note(_LISTING)
            yield None
            return
        with open_database_from(
            self.args,
            self.console.environ,
            registry=self.connections.registry,
            clock=_now,
            progress=self.console.progress,
        ) as source:
            if not self.args.explain:
                yield source
                return
            from assaymark.matching.explain import Watched

            self.watched.append(Watched(source, self.args.explain))
            yield self.watched[-1]

    @property
    def wanted(self) -> Wanted:
        """What the flags ask the scanner for."""
        from assaymark.artifact.size import parse_size
        from assaymark.matching.filters import FilterOptions
        from assaymark.scan import Wanted

        size = getattr(self.args, "max_image_size", "")
        return Wanted(
            target=self.target,
            pkg_types=tuple(sorted(self.filters.match.pkg_types)),
            analysis=msgspec.structs.replace(
                _analysis(self.args, self.console.environ),
                checksums=any(each.format.is_bill for each in self.reporting.destinations),
            ),
            skip_dirs=getattr(self.args, "skip_dirs", ()),
            skip_files=getattr(self.args, "skip_files", ()),
            matching=self.filters.match,
            filters=FilterOptions() if self.args.explain else self.filters.report,
            max_image_size=parse_size(size) if size else 0,
            date=self.date,
        )

    @property
    def means(self) -> Means:
        """What the scanner may use: the layer cache, threads, a progress bar."""
        from assaymark.layers.cache import LayerCache
        from assaymark.scan import Means

        folder = cache_of(self.args, self.console.environ)
        return Means(
            cache=LayerCache(folder.own / "layers") if self.args.cache_backend == "fs" else None,
            parallel=getattr(self.args, "parallel", 0),
            progress=self.console.progress,
            archives=self._archives,
            host=self._host,
        )

    @property
    def _host(self) -> Host:
        """The caches of package managers on this machine, for commands that scan source trees."""
        if self.target not in _SOURCE:
            from assaymark.inventory.analyzer import NoHost

            return NoHost()
        from assaymark.cli.host import host_caches

        return host_caches(self.args, self.console.environ, self.connections)

    def _archives(self) -> AbstractContextManager[ArchiveIndex]:
        """The Java database; nobody asks for it unless an archive has to be looked up."""
        return open_java_database_from(
            self.args,
            self.console.environ,
            registry=self.connections.registry,
            clock=_now,
            progress=self.console.progress,
        )

    def judged(self, scan: Scan, *, bom: bytes = b"") -> Scan:
        """The scan without what VEX documents take out, and with what the findings policy denies of the rest.

        Args:
            scan: filtered by all else.
            bom: the SBOM that was scanned, where it was one.
        """
        from assaymark.matching.judging import judged

        sources = vex_sources(scan, self.vex, self.args, self.console, self.connections)
        policy = None if self.args.explain else self.filters.report.findings_policy
        return judged(scan, sources, policy, bom=bom)

    def with_invocation(self, scan: Scan, *, platform: str = "") -> Scan:
        """The scan with who asked for it and how."""
        from assaymark.report.invocation import invocation, recorded_vex

        asked = invocation(
            self.args.explicit,
            self.console.environ,
            command=self.target,
            artifact=scan.report.artifact_name,
            platform=platform,
            subject=scan.subject,
            repository=scan.repository,
            listed_by=scan.listed_by,
            sbom=msgspec.to_builtins(scan.sbom_origin) if scan.sbom_origin else {},
            ignore_digest=self.filters.report.ignore_digest,
            policy_digests=self.filters.report.policy_digests,
            vex=recorded_vex(scan),
            redaction=self.console.redaction,
        )
        return msgspec.structs.replace(scan, invocation=asked)

    def write(self, scan: Scan, *, root: str = "", platform: str = "") -> None:
        """The reports, in the forms and to the places that were asked for, and what people should know on stderr.

        Args:
            scan: what to report.
            root: the absolute path of the folder or file that was scanned, where it was one.
            platform: of the image that was scanned, for names of files.
        """
        if self.watched:
            write_explanations(scan, self.watched[-1], self.filters.report, self.args, self.console)
            self.reporting.tell_issues(scan)
        else:
            self.reporting.write(scan, root=root, platform=platform)
        tell_vex(scan, self.args, self.console)

    def exit_code(self, scan: Scan) -> int:
        """What the flags make of a finished scan.

        Raises:
            IncompleteError: something was not looked at, and `--require-complete` was given.
        """
        code = self.reporting.exit_code(scan)
        return ExitCode.DONE if self.args.explain else code


def _analysis(args: Namespace, environ: Mapping[str, str]) -> Options:
    from assaymark.inventory.analyzer import Options

    pairs = []
    for text in args.file_patterns:
        name, colon, expression = text.partition(":")
        if not (name and colon and expression):
            raise UsageError(f"`{text}` is not a file pattern", hint="write ANALYSER:REGEX")
        pairs.append((name, expression))
    return Options(
        comprehensive=args.detection_priority == "comprehensive",
        rpm_archives=any(environ.get(prefix + _RPM_ARCHIVES) for prefix in (OWN, TRIVY)),
        file_patterns=tuple(pairs),
    )


def _now() -> datetime:
    return datetime.now(UTC)
