"""A comparison as one HTML page without scripts: counts, then a table for each kind of change.

The page loads nothing and runs nothing, and says so in its content security policy, which allows its own style alone.
Untrusted text is escaped by `assaymark.report.html_page.markup`; severities are words, colour only repeats them.
"""

from __future__ import annotations

import base64
import hashlib
from typing import BinaryIO, Final

from assaymark.report.diff import Change, Difference, Kind
from assaymark.report.diff_words import COLUMNS, HEADINGS, Words, counts_of, scan_words, severities_of, words_of
from assaymark.report.format import Rendering
from assaymark.report.html_page.markup import NOTHING, Markup, element, joined, link

_STYLE: Final = Markup(
    """
:root { color-scheme: light dark; --line: light-dark(#d5dbe5, #323e4f); --quiet: light-dark(#51607a, #a3b0c2);
  --critical: light-dark(#9d174d, #ff85b3); --high: light-dark(#c2410c, #ff9d5c);
  --medium: light-dark(#8f5f00, #f2c744); --low: light-dark(#1d5fbf, #79b0ff);
  --unknown: light-dark(#5b6577, #a9b4c4); }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 84rem; margin: 0 auto; padding: 1.5rem;
  background: light-dark(#ffffff, #0f141b); color: light-dark(#18212f, #e6ebf2); }
a { color: light-dark(#1a56b8, #8ab8ff); }
td, th, h1, h2, p { unicode-bidi: isolate; overflow-wrap: anywhere; }
section { overflow-x: auto; }
th, td:nth-child(-n+2) { white-space: nowrap; } td:nth-child(n+3) { min-width: 4.5rem; }
td:nth-child(3) { width: 30%; min-width: 10rem; } td:nth-child(7) { width: 40%; min-width: 10rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: start; vertical-align: top; padding: 0.3rem 0.6rem; border-bottom: 1px solid var(--line); }
.counts { display: flex; flex-wrap: wrap; gap: 1.5rem; padding: 0; list-style: none; }
.counts b { display: block; font-size: 1.6rem; }
.note { border-inline-start: 4px solid var(--medium); padding-inline-start: 0.75rem; }
small { display: block; color: var(--quiet); }
.critical { color: var(--critical); font-weight: 700; } .high { color: var(--high); font-weight: 700; }
.medium { color: var(--medium); } .low { color: var(--low); } .unknown { color: var(--unknown); }
@media print { body { max-width: none; padding: 0; } }
"""
)


def write_html(difference: Difference, rendering: Rendering, stream: BinaryIO) -> None:
    """The whole page, in UTF-8."""
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    head = (
        Markup('<meta charset="utf-8">')
        + Markup(f'<meta http-equiv="Content-Security-Policy" content="{policy}">')
        + Markup('<meta name="viewport" content="width=device-width, initial-scale=1">')
    )
    title = element("title", f"What changed: {difference.after.report.artifact_name}")
    page = element("html", element("head", Markup(head), title, _style()), _body(difference, rendering), lang="en")
    stream.write(f"<!DOCTYPE html>\n{page}\n".encode("utf-8", "replace"))


def _style() -> Markup:
    return Markup(f"<style>{_STYLE}</style>")


def _body(difference: Difference, rendering: Rendering) -> Markup:
    counts = [element("li", element("b", str(count)), HEADINGS[kind]) for kind, count in counts_of(difference).items()]
    scans = [
        element("p", element("b", f"{label}: "), ", ".join(scan_words(scan)))
        for label, scan in (("Before", difference.before), ("After", difference.after))
    ]
    notes = [element("p", doubt, class_="note") for doubt in difference.doubts]
    listed = [kind for kind in Kind if kind is not Kind.UNCHANGED or rendering.unchanged]
    sections = [_section(kind, difference.of_kind(kind)) for kind in listed]
    heading = element("h1", "Vulnerabilities: what changed")
    return element("body", element("main", heading, *scans, element("ul", *counts, class_="counts"), *notes, *sections))


def _section(kind: Kind, changes: list[Change]) -> Markup:
    if not changes:
        return NOTHING
    counts = ", ".join(f"{name} {count}" for name, count in severities_of(changes).items())
    head = element("thead", element("tr", *(element("th", name, scope="col") for name in COLUMNS)))
    rows = element("tbody", *(_row(words_of(change)) for change in changes))
    return element("section", element("h2", f"{HEADINGS[kind]}: {counts}"), element("table", head, rows))


def _row(words: Words) -> Markup:
    package = joined([words.package, element("small", words.file) if words.file else NOTHING])
    cells = (
        element("span", words.severity, class_=words.severity.lower()),
        link(words.url, words.id),
        package,
        words.version,
        words.fix,
        words.event,
        words.title,
    )
    return element("tr", *(element("td", cell) for cell in cells))
