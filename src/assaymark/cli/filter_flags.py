"""The flags that decide which packages are matched, which findings stay, and what the exit code says of them.

Names, values and defaults are the reference's. A flag wins over its variable (`ASSAYMARK_IGNORE_UNFIXED`, then
`TRIVY_IGNORE_UNFIXED`), which wins over the default. `--ignore-unfixed` is short for ignoring every status but `fixed`,
and is itself ignored beside `--ignore-status`. `.trivyignore` in the working directory need not exist; a file that was
asked for must.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

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

_LISTS: Final = {
    "severity": (SEVERITIES, SEVERITIES),
    "ignore_status": (STATUSES, ()),
    "vuln_severity_source": (SEVERITY_SOURCES, ("auto",)),
    "pkg_types": (PKG_TYPES, PKG_TYPES),
    "pkg_relationships": (RELATIONSHIPS, RELATIONSHIPS),
}
_TRUE: Final = ("true", "True", "TRUE", "t", "T", "1")
_FALSE: Final = ("false", "False", "FALSE", "f", "F", "0")


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What the flags ask for.

    Attributes:
        match: which packages take part.
        report: which findings stay.
        exit_code: for a report with findings.
        exit_on_eol: for an operating system out of support.
        warnings: one line each, for people.
    """

    match: MatchOptions
    report: FilterOptions
    show_suppressed: bool
    list_all_packages: bool
    exit_code: int
    exit_on_eol: int
    warnings: tuple[str, ...] = ()

    @property
    def ignore_digest(self) -> str:
        """The digest of the ignore file that was used; empty where there was none."""
        return self.report.ignore_file.digest if self.report.ignore_file else ""


def add_filter_flags(parser: ArgumentParser) -> None:
    """Add the flags, under a heading of their own; without a value they are None."""
    group = parser.add_argument_group("Filter flags")
    add_values(group, "-s", "--severity", allowed=SEVERITIES, about="severities that are reported")
    add_switch(group, "--ignore-unfixed", about="report only what has a fixed version")
    add_values(group, "--ignore-status", allowed=STATUSES, about="statuses that are not reported")
    group.add_argument("--ignorefile", metavar="FILE", help="findings to ignore (default: .trivyignore)")
    add_values(
        group, "--vuln-severity-source", metavar="SOURCES", about="whose severities count, in order (default: auto)"
    )
    add_switch(group, "--show-suppressed", about="report what the ignore file took out")
    add_values(group, "--pkg-types", "--vuln-type", allowed=PKG_TYPES, about="kinds of packages that are matched")
    add_values(group, "--pkg-relationships", allowed=RELATIONSHIPS, about="relationships of packages that are matched")
    add_switch(group, "--include-dev-deps", about="match development dependencies too")
    group.add_argument("--exit-code", type=int, metavar="N", help="exit code when there are findings (default: 0)")
    group.add_argument("--exit-on-eol", type=int, metavar="N", help="exit code when the system is out of support")
    add_switch(group, "--list-all-pkgs", about="list packages in the JSON report (default: true)")
    parser.set_defaults(
        **dict.fromkeys(_LISTS, ()),
        ignore_unfixed=None,
        show_suppressed=None,
        include_dev_deps=None,
        list_all_pkgs=None,
    )


def filters_from(
    args: Namespace,
    environ: Mapping[str, str],
    *,
    now: datetime,
    expects_os: bool = False,
    folder: Path | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Filters:
    """What flags and environment ask for.

    Args:
        args: with the flags of `add_filter_flags`.
        environ: the variables.
        now: decides which entries of the ignore file are over.
        expects_os: whether the artifact should hold an operating system.
        folder: the working directory.
        limits: bounds of the ignore file.

    Raises:
        UsageError: a value that is none, or an ignore file that does not exist or cannot be understood.
        LocalError: the ignore file cannot be read.
    """
    from assaymark.matching.filters import FilterOptions
    from assaymark.matching.selection import MatchOptions
    from assaymark.model.package import Relationship

    values = _Values(args, environ)
    ignore_file = _ignore_file(values.text("ignorefile"), folder or Path(), now, limits)
    warnings: list[str] = []
    return Filters(
        match=MatchOptions(
            pkg_types=frozenset(values.list("pkg_types")),
            relationships=frozenset(map(Relationship, values.list("pkg_relationships"))),
            include_dev_deps=values.switch("include_dev_deps", default=False),
            severity_sources=values.list("vuln_severity_source"),
            expects_os=expects_os,
        ),
        report=FilterOptions(
            severities=frozenset(values.list("severity")),
            ignored_statuses=_ignored_statuses(values, warnings),
            ignore_file=ignore_file,
        ),
        show_suppressed=values.switch("show_suppressed", default=False),
        list_all_packages=values.switch("list_all_pkgs", default=True),
        exit_code=values.code("exit_code"),
        exit_on_eol=values.code("exit_on_eol"),
        warnings=(*warnings, *_ignore_warnings(ignore_file)),
    )


class _Values:
    """Values of flags, else of variables, else defaults."""

    def __init__(self, args: Namespace, environ: Mapping[str, str]) -> None:
        self._args = args
        self._environ = environ

    def text(self, name: str) -> str:
        given = getattr(self._args, name)
        return self._variable(name) if given is None else str(given)

    def list(self, name: str) -> tuple[str, ...]:
        allowed, default = _LISTS[name]
        given = getattr(self._args, name)
        if not given:
            given = tuple(part for part in map(str.strip, self._variable(name).split(",")) if part)
        for value in given:
            if value not in allowed:
                flag = name.replace("_", "-")
                raise UsageError(f"invalid argument `{value}` for `--{flag}`", hint=f"one of {', '.join(allowed)}")
        return tuple(given) or default

    def switch(self, name: str, *, default: bool) -> bool:
        given = getattr(self._args, name)
        if given is not None:
            return bool(given)
        variable = self._variable(name)
        if variable and variable not in _TRUE + _FALSE:
            raise UsageError(f"invalid value `{variable}` of `TRIVY_{name.upper()}`", hint="true or false")
        return variable in _TRUE if variable else default

    def code(self, name: str) -> int:
        text = self.text(name) or "0"
        if not text.isdecimal() or len(text) > 3 or int(text) > 255:
            raise UsageError(f"`{text}` is not an exit code", hint="a number from 0 to 255")
        return int(text)

    def _variable(self, name: str) -> str:
        return self._environ.get(f"ASSAYMARK_{name.upper()}") or self._environ.get(f"TRIVY_{name.upper()}", "")


def _ignored_statuses(values: _Values, warnings: list[str]) -> frozenset[str]:
    listed = frozenset(values.list("ignore_status"))
    if not values.switch("ignore_unfixed", default=False):
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
    if not path.is_file():
        if name:
            raise UsageError(f"ignore file not found: `{name}`")
        return None
    try:
        with path.open("rb") as stream:
            data = read_bounded(stream, limit=limits.json_bytes, what=str(path))
    except OSError as exc:
        raise LocalError(f"the ignore file `{path}` cannot be read: {exc.strerror}") from exc
    return parse_ignore_file(data, path=name or DEFAULT_IGNORE_FILE, now=now, limits=limits)


def _ignore_warnings(ignore_file: IgnoreFile | None) -> tuple[str, ...]:
    """What people want to know: entries that do not count any more vanish silently elsewhere."""
    if ignore_file is None:
        return ()
    over = tuple(f"`{ignore_file.path}`: the entry for `{each}` has expired" for each in ignore_file.expired)
    refused = tuple(f"`{ignore_file.path}`: no date in `{each}`, so it is not used" for each in ignore_file.refused)
    return over + refused
