"""`--baseline FILE`: a scan fails for what is new since an earlier scan, and for nothing else.

FILE is whatever `diff` reads: a JSON report, a vulnerability record, or an attestation, of which nothing is verified:
who may change the agreed file may change what it says. It is read before the scan, which must not be made in vain.

New is what `assaymark.report.diff` calls new, and what is rated worse than it was. Without `--exit-code` the exit code
for that is 1, because nobody names a baseline in order to pass. What filters leave out is not judged, on either side.
"""

from __future__ import annotations

from argparse import Namespace, _ActionsContainer
from typing import TYPE_CHECKING, Final

from assaymark.errors import UsageError

if TYPE_CHECKING:
    from assaymark.cli.console import Console
    from assaymark.matching.filters import FilterOptions
    from assaymark.model.report import Scan
    from assaymark.report.diff import Difference

EXIT_CODE: Final = 1
_NEW_SHOWN: Final = 20


def add_baseline_flag(group: _ActionsContainer) -> None:
    """Add the flag."""
    group.add_argument(
        "--baseline",
        default="",
        metavar="FILE",
        help="an earlier report or record: fail (exit 1, or `--exit-code`) only for what is new since then",
    )


def read_baseline(args: Namespace, console: Console) -> Scan | None:
    """The agreed scan; None where there is none.

    Raises:
        UsageError: there is no such file.
        ArtifactError: the file holds no scan.
        LocalError: it cannot be read.
    """
    if not args.baseline:
        return None
    from assaymark.cli.told_scans import is_file_name, read_told_file

    if not is_file_name(args.baseline):
        hint = "`--format json --output FILE` writes one"
        raise UsageError(f"`--baseline`: there is no file `{args.baseline}`", hint=hint)
    return read_told_file(args.baseline, console)


def compared(baseline: Scan, scan: Scan, filters: FilterOptions) -> Difference:
    """What changed since the agreed scan, which the filters of the new one apply to as well.

    Severities are compared before they are filtered: one that was raised into what is asked for is told as raised.
    """
    import msgspec

    from assaymark.matching.filters import ALL_SEVERITIES, filter_results
    from assaymark.report.diff import compare

    others = msgspec.structs.replace(filters, severities=ALL_SEVERITIES)
    results = filter_results(baseline.report.results, others, database=baseline.database)
    report = msgspec.structs.replace(baseline.report, results=results)
    return compare(msgspec.structs.replace(baseline, report=report), scan, severities=filters.severities)


def fails(difference: Difference) -> bool:
    """Whether something is new, or worse than it was."""
    from assaymark.report.diff import Kind

    return bool(difference.of_kind(Kind.NEW, Kind.WORSE))


def tell_baseline(difference: Difference, name: str, console: Console) -> None:
    """What is new, on stderr; `--quiet` does not silence it, because it is why the command fails."""
    from assaymark.report.diff import Kind
    from assaymark.report.diff_words import HEADINGS, counts_of, words_of
    from assaymark.report.plain import shown

    for doubt in difference.doubts:
        console.warn(doubt)
    counts = ", ".join(f"{HEADINGS[kind].lower()} {count}" for kind, count in counts_of(difference).items())
    console.err(f"compared with `{shown(name)}`: {counts}")
    changes = difference.of_kind(Kind.NEW, Kind.WORSE)
    for change in changes[:_NEW_SHOWN]:
        words = words_of(change)
        where = f" in {words.file}" if words.file else ""
        why = f" ({words.event})" if words.event else ""
        line = f"{words.severity} {words.id} {words.package} {words.version}{where}, fixed in {words.fix}{why}"
        console.err("  new: " + shown(line.replace("fixed in no fix", "no fix")))
    if len(changes) > _NEW_SHOWN:
        console.err(f"  and {len(changes) - _NEW_SHOWN} more; `assaymark diff` lists them")
