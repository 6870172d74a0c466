"""Write the generated pages of docs/ from the program itself: what it reads, orders, writes, and every flag.

`--check` writes nothing and exits 1 when a page is not what it would write. `--into` names another folder.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from assaymark.artifact.source import sources
from assaymark.attest.keys.scheme import key_schemes
from assaymark.cli.command_parser import parser_of
from assaymark.cli.overview import commands, typed
from assaymark.inventory.analyzer import Analyzer
from assaymark.inventory.select import analyzers
from assaymark.inventory.unanalysed import KINDS
from assaymark.matching.driver import drivers
from assaymark.matching.language import find_ecosystem
from assaymark.matching.lifecycle import listed_releases
from assaymark.report.format import formats
from assaymark.versions.scheme import schemes

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from scripts.api_page import page as api_page  # noqa: E402 - found by the line above
from scripts.doctor_page import page as doctor_page  # noqa: E402 - found by the line above
from scripts.drop_in import page  # noqa: E402 - found by the line above

GENERATED = "<!-- written by `make docs`; edit the code instead -->\n"


def main() -> int:
    """Write or check every page."""
    os.environ["COLUMNS"] = "110"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--into", type=Path, default=ROOT / "docs")
    args = parser.parse_args()
    stale = []
    pages = {
        "api-parameters.md": api_page(GENERATED),
        "extensions.md": extensions(),
        "commands.md": command_pages(),
        "coverage.md": coverage(),
        "doctor.md": doctor_page(GENERATED),
        "drop-in.md": page(GENERATED),
    }
    for name, text in pages.items():
        path: Path = args.into / name
        if args.check and (not path.exists() or path.read_text(encoding="utf-8") != text):
            stale.append(name)
        elif not args.check:
            path.write_text(text, encoding="utf-8")
    if stale:
        print(f"not what `make docs` writes: {', '.join(stale)}")
    return 1 if stale else 0


def running(analyzer: Analyzer) -> str:
    """The commands that run an analyser; some run only where the user asks for them."""
    return ", ".join(analyzer.targets) + (" (on request)" if analyzer.option else "")


def extensions() -> str:
    """The tables of everything that is found by walking a folder."""
    analysers = ((a.kind, a.name, a.version, patterns(a.paths), running(a)) for a in analyzers())
    orders = ((s.name, ", ".join(s.ecosystems), "yes" if s.satisfies else "no") for s in schemes())
    written = ((f.name, f.media_type, f.summary) for f in formats())
    opened = ((s.name, "--input" if s.input else "--image-src") for s in sources())
    keys = ((k.form, ", ".join(name or "a path" for name in k.names)) for k in key_schemes())
    return "\n".join(
        [
            "# What this version reads, orders and writes",
            "",
            GENERATED,
            *table("Analysers", ("kind", "name", "version", "files", "commands"), analysers),
            *table("Version orders", ("name", "ecosystems and families", "constraints"), orders),
            *table("Distributions", ("family", "suppliers", "releases whose end is known"), distributions()),
            *table("Report formats", ("name", "media type", "summary"), written),
            *table("Image sources", ("name", "chosen by"), opened),
            *table("Key references", ("form", "schemes"), keys),
        ]
    )


def coverage() -> str:
    """What each command finds in which files, and how its versions are ordered."""
    of_languages = [analyzer for analyzer in analyzers() if analyzer.application_type]
    others = ((a.name, patterns(a.paths), running(a)) for a in analyzers() if not a.application_type)
    unread = ((kind.name, patterns(kind.paths), ", ".join(kind.targets)) for kind in KINDS)
    families = ((family, s.name) for s in schemes() for family in s.ecosystems if not s.satisfies)
    return "\n".join(
        [
            "# Which files are read",
            "",
            GENERATED,
            "A lockfile says what a project asks for, an installed package what is there: commands look at different",
            "files. A pattern without `/` is a file's name, anywhere; `+x` is every executable file; `!` takes files",
            "out. What `sbom` makes of the document that it is given is told in [scanning](scanning.md).",
            "",
            *table("Packages of languages", LANGUAGE_COLUMNS, map(language_row, of_languages)),
            *table("Systems and SBOMs", ("analyser", "files", "commands"), others),
            *table("Version orders of distributions", ("distribution", "order"), sorted(families)),
            *table("Recognised and not read", ("kind", "files", "commands"), unread),
        ]
    )


TARGETS = ("image", "rootfs", "fs", "repo")
LANGUAGE_COLUMNS = ("analyser", "type in the report", "files", "looks beside them at", *TARGETS, "advisories", "order")


def language_row(analyzer: Analyzer) -> tuple[str, ...]:
    """An analyser of language packages: who runs it, and which advisories speak of what it finds in which order."""
    ecosystem = find_ecosystem(analyzer.application_type)
    runs = ("yes" if target in analyzer.targets else "" for target in TARGETS)
    matched = (ecosystem.name, ecosystem.scheme) if ecosystem else ("none", "")
    needs = patterns(analyzer.needs)
    return (analyzer.name, analyzer.application_type, patterns(analyzer.paths), needs, *runs, *matched)


def command_pages() -> str:
    """The help text of every command."""
    lines = ["# Commands", "", GENERATED]
    for command in commands():
        lines += [f"## {typed(command.name)}", "", "```", parser_of(command).format_help().rstrip(), "```", ""]
    return "\n".join(lines)


def distributions() -> Iterator[tuple[str, str, str]]:
    """Every family with advisories of its own, who else publishes some, and which ends of life are known."""
    suppliers = [driver for driver in drivers() if driver.supplier]
    for family in sorted(family for driver in drivers() if not driver.supplier for family in driver.families):
        names = (driver.supplier for driver in suppliers if family in driver.families)
        yield family, ", ".join(names), ", ".join(listed_releases(family))


def patterns(paths: tuple[str, ...]) -> str:
    """File patterns as one cell; those that differ in letter case alone are one."""
    spellings: dict[str, list[str]] = {}
    for path in paths:
        spellings.setdefault(path.lower(), []).append(path)
    return ", ".join(
        f"`{same[0]}`" if len(same) == 1 else f"`{lower}` (in any letter case)" for lower, same in spellings.items()
    )


def table(title: str, head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> Iterator[str]:
    """A heading and a Markdown table."""
    yield f"## {title}\n"
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in row)} |"
    yield ""


if __name__ == "__main__":
    sys.exit(main())
