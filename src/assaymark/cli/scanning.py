"""What the scanning commands have in common: from flags to a scan, from a scan to a report and an exit code."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec

from assaymark.cli.baseline import compared, fails, read_baseline, tell_baseline
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
from assaymark.cli.outputs import Destination, destinations_from, write_reports
from assaymark.cli.scan_flags import DEFAULT_FORMAT, check_scan_flags
from assaymark.cli.table_flags import check_table_flags, table_rendering
from assaymark.cli.template_flags import TEMPLATE, check_template_flags, template_from
from assaymark.cli.variables import OWN, TRIVY
from assaymark.errors import ExitCode, IncompleteError, UsageError
from assaymark.model.epoch import find_source_date
from assaymark.model.issue import Issue, IssueCode

if TYPE_CHECKING:
    from assaymark.cli.console import Console
    from assaymark.inventory.analyzer import Options
    from assaymark.matching.explain import Watched
    from assaymark.model.advisory import AdvisorySource
    from assaymark.model.archives import ArchiveIndex
    from assaymark.model.report import Scan
    from assaymark.report.format import Rendering, Template
    from assaymark.scan import Means, Wanted

_ISSUES_TOLD: Final = 10
_RPM_ARCHIVES: Final = "EXPERIMENTAL_RPM_ARCHIVE"
"""The variable, without its prefix, that has rpm archives read; there is no flag for it."""
_LISTING: Final = "packages are listed and nothing is looked up; `--scanners vuln` adds vulnerabilities"
_SOURCE: Final = frozenset({"fs", "repo"})
"""Commands that scan source trees, where caches of package managers on this machine say more."""
_WITHOUT_SYSTEM: Final = frozenset({"fs", "repo", "sbom"})
"""Commands whose targets need no operating system; an SBOM says itself what it describes."""

_TOLD: Final = frozenset({IssueCode.DATABASE_SAMPLE, IssueCode.DATABASE_OLD, IssueCode.OS_END_UNKNOWN})
"""Issues that are told on stderr, though the scan is complete."""


@dataclass(frozen=True)
class Scanning:
    """One scanning command with its flags."""

    args: Namespace
    console: Console
    target: str
    filters: Filters = field(init=False)
    connections: Connections = field(init=False)
    destinations: tuple[Destination, ...] = field(init=False)
    baseline: Scan | None = field(init=False)
    watched: list[Watched] = field(init=False, default_factory=list)
    template: Template | None = field(init=False)

    def __post_init__(self) -> None:
        check_scan_flags(self.args)
        check_table_flags(self.args, self.console)
        check_explain_flag(self.args)
        check_template_flags(self.args, self.console)
        destinations = destinations_from(self.args)
        object.__setattr__(self, "destinations", destinations)
        by_template = any(each.format.name == TEMPLATE for each in destinations)
        object.__setattr__(self, "template", template_from(self.args, self.console) if by_template else None)
        now = self.date or datetime.now(UTC)
        expects_os = self.target not in _WITHOUT_SYSTEM
        filters = filters_from(self.args, now=now, expects_os=expects_os)
        for warning in filters.warnings:
            self.console.warn(warning)
        object.__setattr__(self, "filters", filters)
        object.__setattr__(self, "connections", Connections(self.args, self.console))
        object.__setattr__(self, "baseline", read_baseline(self.args, self.console))

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
            or not all(each.format.is_bill for each in self.destinations)
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
            analysis=_analysis(self.args, self.console.environ),
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
        from assaymark.cli.host import host_caches
        from assaymark.inventory.analyzer import NoHost
        from assaymark.layers.cache import LayerCache
        from assaymark.scan import Means

        folder = cache_of(self.args, self.console.environ)
        return Means(
            cache=LayerCache(folder.own / "layers") if self.args.cache_backend == "fs" else None,
            parallel=getattr(self.args, "parallel", 0),
            progress=self.console.progress,
            archives=self._archives,
            host=host_caches(self.args, self.console.environ, self.connections) if self.target in _SOURCE else NoHost(),
        )

    def _archives(self) -> AbstractContextManager[ArchiveIndex]:
        """The Java database; nobody asks for it unless an archive has to be looked up."""
        return open_java_database_from(
            self.args,
            self.console.environ,
            registry=self.connections.registry,
            clock=_now,
            progress=self.console.progress,
        )

    def with_invocation(self, scan: Scan, *, platform: str = "") -> Scan:
        """The scan with who asked for it and how."""
        from assaymark.cli.invocation import invocation

        asked = invocation(
            self.args.explicit,
            self.console.environ,
            command=self.target,
            artifact=scan.report.artifact_name,
            platform=platform,
            subject=scan.subject,
            ignore_digest=self.filters.ignore_digest,
            redaction=self.console.redaction,
        )
        return msgspec.structs.replace(scan, invocation=asked)

    def write(self, scan: Scan, *, root: str = "") -> None:
        """The reports, in the forms and to the places that were asked for, and what people should know on stderr.

        Args:
            scan: what to report.
            root: the absolute path of the folder or file that was scanned, where it was one.
        """
        if self.watched:
            write_explanations(scan, self.watched[-1], self.filters.report, self.args, self.console)
            self._tell_issues(scan)
            return
        self.console.stop_progress()
        write_reports(scan, self.destinations, lambda each: self._rendering(each, root), self.console)
        chosen, file = self.destinations[0]
        if not (chosen.name == DEFAULT_FORMAT and not file and self.console.is_terminal):  # the table told it all
            self._tell_issues(scan)

    def _rendering(self, destination: Destination, root: str) -> Rendering:
        from assaymark.report.format import Rendering

        to_terminal, environ = not destination.file, self.console.environ
        rendering = Rendering(
            width=self.console.width if to_terminal else 0,
            colour=self.console.colour and to_terminal,
            list_all_packages=self.filters.list_all_packages,
            show_suppressed=self.filters.show_suppressed,
            blank_record=self.args.blank_record,
            links=self.console.links and to_terminal,
            root=root,
            environment={name: environ[name] for name in destination.format.variables if name in environ},
            template=self.template,
        )
        return table_rendering(rendering, self.args)

    def exit_code(self, scan: Scan) -> int:
        """What the flags make of a finished scan.

        Raises:
            IncompleteError: something was not looked at, and `--require-complete` was given.
        """
        coverage = scan.report.coverage
        if self.args.require_complete and coverage and not coverage.complete:
            raise IncompleteError(
                "the scan is incomplete: " + (_first_reason(scan) or "files of known kinds were not read"),
                hint="the report's `Coverage` lists everything that was not looked at",
                reason="INCOMPLETE",
            )
        if self.args.explain:
            return ExitCode.DONE
        system = scan.report.metadata.os
        if self.filters.exit_on_eol and system and system.eosl:
            return self.filters.exit_on_eol
        if self.baseline is not None:
            difference = compared(self.baseline, scan, self.filters.report)
            tell_baseline(difference, self.args.baseline, self.console)
            found = fails(difference)
        else:
            found = any(result.vulnerabilities for result in scan.report.results)
        return self.filters.exit_code if found else ExitCode.DONE

    def _tell_issues(self, scan: Scan) -> None:
        system = scan.report.metadata.os
        if system and system.eosl:
            self.console.warn(f"{system.family} {system.name} is out of support: new vulnerabilities may not be known")
        coverage = scan.report.coverage
        if coverage is None:
            return
        for issue in coverage.issues:
            if issue.code in _TOLD and not issue.blocking:
                self.console.warn(issue.message)
        self._tell_ignored(coverage.issues)
        if coverage.complete:
            return
        # a hostile file can have a line to complain about for each of its megabytes
        blocking = list({issue.path or issue.message: issue for issue in coverage.issues if issue.blocking}.values())
        for issue in blocking[:_ISSUES_TOLD]:
            where = f"{issue.path}: " if issue.path else ""
            self.console.warn(f"{where}{issue.message}")
        if len(blocking) > _ISSUES_TOLD:
            self.console.warn(f"{len(blocking) - _ISSUES_TOLD} more; the JSON report's `Coverage` lists them")
        kinds = ", ".join(f"{kind.kind} ({kind.count})" for kind in coverage.not_analysed)
        if kinds:
            self.console.warn(f"the scan is incomplete: these kinds of files are not read by this version: {kinds}")

    def _tell_ignored(self, issues: tuple[Issue, ...]) -> None:
        """One line for all entries that were left out without harm: what looks like an attack is not passed over."""
        told = {issue.path for issue in issues if issue.blocking and issue.path}
        ignored = [issue for issue in issues if issue.code is IssueCode.ENTRY_IGNORED and issue.path not in told]
        if not ignored:
            return
        more = f" ({len(ignored) - 1} more; the JSON report's `Coverage` lists them)" if len(ignored) > 1 else ""
        where = f"{ignored[0].path}: " if ignored[0].path else ""
        self.console.warn(f"{where}{ignored[0].message}{more}")


def _first_reason(scan: Scan) -> str:
    coverage = scan.report.coverage
    return next((issue.message for issue in coverage.issues if issue.blocking), "") if coverage else ""


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
