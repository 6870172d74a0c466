"""The flags that decide which packages are matched, which findings stay, and what the exit code says of them.

Names, values and defaults are the reference's. `--ignore-unfixed` is short for ignoring every status but `fixed`,
and is itself ignored beside `--ignore-status`. `.trivyignore` in the working directory need not exist, even where
it is named; any other file that was asked for must, and may be a pipe or a device (`/dev/null` for none).
`--findings-policy` is ours.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, _ActionsContainer
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from assaymark.cli.baseline import EXIT_CODE
from assaymark.cli.finding_policies import add_finding_policies, findings_policy_from, ignore_policy_from
from assaymark.cli.flags import add_switch, add_values
from assaymark.errors import LocalError, UsageError
from assaymark.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    from assaymark.matching.filters import FilterOptions
    from assaymark.matching.ignorefile import IgnoreFile
    from assaymark.matching.selection import MatchOptions

SEVERITIES: Final = ("UNKNOWN", "LOW", "MEDIUM", "HIGH", "CRITICAL")
STATUSES: Final = (
    "unknown",
    "not_affected",
    "affected",
    "fixed",
    "under_investigation",
    "will_not_fix",
    "fix_deferred",
    "end_of_life",
)
RELATIONSHIPS: Final = ("unknown", "root", "workspace", "direct", "indirect")
PKG_TYPES: Final = ("os", "library")
_SOURCES: Final = """
nvd redhat redhat-oval debian ubuntu alpine amazon oracle-oval suse-cvrf photon arch-linux alma rocky cbl-mariner azure
ruby-advisory-db php-security-advisories nodejs-security-wg ghsa glad aqua osv k8s wolfi chainguard bitnami govulndb
julia bottlerocket echo minimos rootio rapidfort auto
"""
SEVERITY_SOURCES: Final = tuple(_SOURCES.split())
_AUTO: Final = ("auto",)


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What the flags ask for.

    Attributes:
        match: which packages take part.
        report: which findings stay.
        exit_code: for a report with findings.
        exit_on_eol: for an operating system out of support.
        warnings: one line each, for people.
        notes: likewise, of what was found without being named.
    """

    match: MatchOptions
    report: FilterOptions
    show_suppressed: bool
    list_all_packages: bool
    exit_code: int
    exit_on_eol: int
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def add_filter_flags(parser: ArgumentParser, *, matches: bool = True) -> None:
    """Add the flags, under a heading of their own.

    Args:
        parser: the command's own.
        matches: whether the command matches packages; else findings are there already.
    """
    group = parser.add_argument_group("Filter flags")
    add_values(group, "-s", "--severity", default=SEVERITIES, allowed=SEVERITIES, about="severities that are reported")
    add_switch(group, "--ignore-unfixed", about="report only what has a fixed version")
    add_values(group, "--ignore-status", allowed=STATUSES, about="statuses that are not reported")
    group.add_argument("--ignorefile", default="", metavar="FILE", help="findings to ignore (default: .trivyignore)")
    add_finding_policies(group)
    if matches:
        _add_match_flags(group)
    else:
        parser.set_defaults(
            vuln_severity_source=_AUTO, pkg_types=PKG_TYPES, pkg_relationships=RELATIONSHIPS, include_dev_deps=False
        )
    add_switch(group, "--show-suppressed", about="report what was ignored, and why")
    group.add_argument(
        "--exit-code",
        type=exit_code,
        default=None,
        metavar="N",
        help="exit code when there are findings (default: 0, and 1 with `--baseline`)",
    )
    group.add_argument(
        "--exit-on-eol",
        type=exit_code,
        default=0,
        metavar="N",
        help="exit code when the system is out of support (default: 0)",
    )
    add_switch(group, "--list-all-pkgs", default=True, about="list packages in the JSON report (default: true)")


def _add_match_flags(group: _ActionsContainer) -> None:
    add_values(
        group,
        "--vuln-severity-source",
        default=_AUTO,
        allowed=SEVERITY_SOURCES,
        metavar="SOURCES",
        about="whose severities count, in order (default: auto)",
    )
    add_values(
        group,
        "--pkg-types",
        "--vuln-type",
        default=PKG_TYPES,
        allowed=PKG_TYPES,
        about="kinds of packages that are matched",
    )
    add_values(
        group,
        "--pkg-relationships",
        default=RELATIONSHIPS,
        allowed=RELATIONSHIPS,
        about="relationships of packages that are matched",
    )
    add_switch(group, "--include-dev-deps", about="match development dependencies too")


def filters_from(
    args: Namespace,
    *,
    now: datetime,
    environ: Mapping[str, str],
    expects_os: bool = False,
    folder: Path | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Filters:
    """What the flags ask for.

    Args:
        args: with the flags of `add_filter_flags`.
        now: decides which entries of the ignore file and which rules are over.
        environ: where `opa` is found.
        expects_os: whether the artifact should hold an operating system.
        folder: the working directory.
        limits: bounds of the files.

    Raises:
        UsageError: an ignore file or a policy that does not exist or cannot be understood.
        LocalError: one cannot be read, or there is no `opa`.
    """
    from assaymark.matching.filters import FilterOptions
    from assaymark.matching.selection import MatchOptions
    from assaymark.model.package import Relationship

    ignore_file = _ignore_file(args.ignorefile, folder or Path(), now, limits)
    findings_policy = findings_policy_from(args, now=now, folder=folder or Path(), limits=limits)
    warnings: list[str] = []
    return Filters(
        match=MatchOptions(
            pkg_types=frozenset(args.pkg_types),
            relationships=frozenset(map(Relationship, args.pkg_relationships)),
            include_dev_deps=args.include_dev_deps,
            severity_sources=args.vuln_severity_source,
            expects_os=expects_os,
        ),
        report=FilterOptions(
            severities=frozenset(args.severity),
            ignored_statuses=_ignored_statuses(args, warnings),
            ignore_file=ignore_file,
            findings_policy=findings_policy,
            ignore_policy=ignore_policy_from(args, environ=environ, folder=folder or Path(), limits=limits),
        ),
        show_suppressed=args.show_suppressed,
        list_all_packages=args.list_all_pkgs,
        exit_code=_exit_code_of(args),
        exit_on_eol=args.exit_on_eol,
        warnings=(*warnings, *(line for each in (ignore_file, findings_policy) if each for line in each.warnings)),
        notes=(f"findings that `{ignore_file.path}` names are left out",)
        if ignore_file and not args.ignorefile
        else (),
    )


def exit_code(text: str) -> int:
    """The value of `--exit-code` and the like.

    Raises:
        UsageError: it is none.
    """
    if not text.isdecimal() or len(text) > 3 or int(text) > 255:
        raise UsageError(f"`{text}` is not an exit code", hint="a number from 0 to 255")
    return int(text)


def _exit_code_of(args: Namespace) -> int:
    if args.exit_code is not None:
        return int(args.exit_code)
    return EXIT_CODE if getattr(args, "baseline", "") else 0


def _ignored_statuses(args: Namespace, warnings: list[str]) -> frozenset[str]:
    listed = frozenset(args.ignore_status)
    if not args.ignore_unfixed:
        return listed
    if listed:
        warnings.append("`--ignore-unfixed` is ignored beside `--ignore-status`")
        return listed
    return frozenset(STATUSES) - {"fixed"}


def _ignore_file(name: str, folder: Path, now: datetime, limits: Limits) -> IgnoreFile | None:
    """The ignore file; None where the default does not exist."""
    from assaymark.matching.ignorefile import DEFAULT_IGNORE_FILE, parse_ignore_file
    from assaymark.safeio.readers import read_bounded

    path = folder / (name or DEFAULT_IGNORE_FILE)
    is_named = name not in ("", DEFAULT_IGNORE_FILE)  # files that the reference generates name the default
    if path.is_dir() if is_named and path.exists() else not path.is_file():
        if is_named:
            raise UsageError(f"ignore file not found: `{name}`")
        return None
    try:
        with path.open("rb") as stream:
            data = read_bounded(stream, limit=limits.json_bytes, what=str(path))
    except OSError as exc:
        raise LocalError(f"the ignore file `{path}` cannot be read: {exc.strerror}") from exc
    return parse_ignore_file(data, path=name or DEFAULT_IGNORE_FILE, now=now, limits=limits)
