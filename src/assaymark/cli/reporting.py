"""From a finished scan to reports, remarks on stderr, and an exit code: for every command that ends with a report."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from assaymark.cli.baseline import compared, fails, read_baseline, tell_baseline
from assaymark.cli.denying import tell_denials
from assaymark.cli.filter_flags import Filters
from assaymark.cli.outputs import Destination, check_platforms, destinations_from, write_reports
from assaymark.cli.scan_flags import DEFAULT_FORMAT
from assaymark.cli.table_flags import check_table_flags, table_rendering
from assaymark.cli.template_flags import TEMPLATE, check_template_flags, template_from
from assaymark.errors import ExitCode, IncompleteError, UsageError
from assaymark.model.issue import Issue, IssueCode

if TYPE_CHECKING:
    from assaymark.cli.console import Console
    from assaymark.model.report import Scan
    from assaymark.report.format import Rendering, Template

_ISSUES_TOLD: Final = 10
_TOLD: Final = frozenset({IssueCode.DATABASE_SAMPLE, IssueCode.DATABASE_OLD, IssueCode.OS_END_UNKNOWN})
"""Issues that are told on stderr, though the scan is complete."""


@dataclass(frozen=True)
class Reporting:
    """The flags about reports, checked before anything is done, and what follows from them."""

    args: Namespace
    console: Console
    filters: Filters
    destinations: tuple[Destination, ...] = field(init=False)
    baseline: Scan | None = field(init=False)
    template: Template | None = field(init=False)

    def __post_init__(self) -> None:
        check_table_flags(self.args, self.console)
        check_template_flags(self.args, self.console)
        destinations = destinations_from(self.args)
        object.__setattr__(self, "destinations", destinations)
        by_template = any(each.format.name == TEMPLATE for each in destinations)
        object.__setattr__(self, "template", template_from(self.args, self.console) if by_template else None)
        for note in self.filters.notes:
            self.console.note(note)
        for warning in self.filters.warnings:
            self.console.warn(warning)
        object.__setattr__(self, "baseline", read_baseline(self.args, self.console))

    def check_platforms(self, platforms: Sequence[str]) -> None:
        """Refuse what cannot be done with a report for each of `platforms`.

        Raises:
            UsageError: there is such a flag.
        """
        check_platforms(self.destinations, platforms)
        if self.baseline is not None and len(platforms) > 1:
            raise UsageError(
                f"`--baseline` compares one report, and there are {len(platforms)} platforms",
                hint=f"`--platform {platforms[0]}` takes one",
            )

    @property
    def is_read_on_stdout(self) -> bool:
        """Whether people read the report on stdout."""
        return self.destinations[0].is_read

    def write(self, scan: Scan, *, root: str = "", platform: str = "") -> None:
        """The reports, in the forms and to the places that were asked for, and what people should know on stderr.

        Args:
            scan: what to report.
            root: the absolute path of the folder or file that was scanned, where it was one.
            platform: of the image that was scanned, for names of files.
        """
        self.console.stop_progress()
        destinations = (
            tuple(each.of_platform(platform) for each in self.destinations) if platform else self.destinations
        )
        write_reports(scan, destinations, lambda each: self._rendering(each, root), self.console)
        chosen, file = self.destinations[0]
        if not (chosen.name == DEFAULT_FORMAT and not file and self.console.is_terminal):  # the table told it all
            self.tell_issues(scan)

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
        from assaymark.matching.judging import find_denials

        policy = None if getattr(self.args, "explain", ()) else self.filters.report.findings_policy
        denied = find_denials(scan, policy)
        tell_denials(denied, policy, self.console)
        coverage = scan.report.coverage
        if self.args.require_complete and coverage and not coverage.complete:
            raise IncompleteError(
                "the scan is incomplete: " + (_first_reason(scan) or "files of known kinds were not read"),
                hint="the report's `Coverage` lists everything that was not looked at",
                reason="INCOMPLETE",
            )
        system = scan.report.metadata.os
        if self.filters.exit_on_eol and system and system.eosl:
            return self.filters.exit_on_eol
        if self.baseline is not None:
            difference = compared(self.baseline, scan, self.filters.report)
            tell_baseline(difference, self.args.baseline, self.console)
            found = fails(difference)
        else:
            found = any(result.vulnerabilities for result in scan.report.results)
        if denied:
            return self.filters.exit_code or ExitCode.FINDINGS
        return self.filters.exit_code if found else ExitCode.DONE

    def tell_issues(self, scan: Scan) -> None:
        """What people should know of what was looked at."""
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
