"""The charts of the summary: tables whose numbers are text, with bars drawn beside them in SVG.

Every figure stands in a cell, so a screen reader, a printer and a browser without JavaScript tell the same as the
drawing, which is hidden from assistive technology. No colour carries meaning alone. Labels lead into the list of
findings: `#findings?severity=HIGH` is a fragment that the page's script reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import urlencode

from assaymark.report.html_page.figures import AGE_LABELS, AVAILABLE, STATES, Figures, PackageFigure
from assaymark.report.html_page.markup import NOTHING, Markup, element, joined
from assaymark.report.inert import line
from assaymark.report.wording import SEVERITIES

_VERSIONS_SHOWN: Final = 2
_RADIUS: Final = 15.9155
"""A circle of this radius is 100 long, so shares of a hundred are lengths of arcs."""


def charts(figures: Figures) -> Markup:
    """All four, or nothing where nothing was found."""
    if not figures.total:
        return NOTHING
    parts = (_severities(figures), _fixable(figures), _ages(figures), _packages(figures))
    return element("div", *parts, class_="charts")


def badge(severity: str) -> Markup:
    """A severity's name on its colour."""
    return element("span", severity, class_=f"badge {severity.lower()}")


def view(text: str, **filters: str) -> Markup:
    """A link to the findings that pass the filters."""
    return element("a", text, href=f"#findings?{urlencode(filters, errors='replace')}")


def _severities(figures: Figures) -> Markup:
    rows = (
        element(
            "tr",
            element("th", view(name, severity=name), scope="row"),
            element("td", str(count), class_="number"),
            element("td", _bar({name.lower(): count}, max(figures.severities.values()))),
        )
        for name, count in figures.severities.items()
    )
    ring = _ring({name.lower(): count for name, count in figures.severities.items()}, str(figures.total), "findings")
    return _figure("severity", "By severity", element("div", ring, _table(rows), class_="beside"))


def _fixable(figures: Figures) -> Markup:
    rows = (
        element(
            "tr",
            element("th", element("i", class_=f"key {_state_class(state)}"), view(label, fix=state), scope="row"),
            element("td", str(figures.states[state]), class_="number"),
            element("td", percent(figures.states[state], figures.total), class_="number"),
        )
        for state, label in STATES.items()
        if state in figures.states
    )
    shares: dict[str, int] = {}
    for state, count in figures.states.items():
        shares[_state_class(state)] = shares.get(_state_class(state), 0) + count
    share = percent(figures.states.get(AVAILABLE, 0), figures.total)
    ring = _ring(shares, share, "fixable")
    return _figure("fixable", "Can it be fixed?", element("div", ring, _table(rows), class_="beside"))


def _ages(figures: Figures) -> Markup:
    highest = max(sum(counts.values()) for counts in figures.ages)
    rows = (
        element(
            "tr",
            element("th", view(label, age=str(index)), scope="row"),
            element("td", str(sum(counts.values())), class_="number"),
            element("td", _bar(_classes(counts), highest)),
        )
        for index, (label, counts) in enumerate(zip(AGE_LABELS, figures.ages, strict=True))
    )
    return _figure("age", "Known for", _table(rows))


def _packages(figures: Figures) -> Markup:
    highest = max(sum(package.severities.values()) for package in figures.top)
    heads = ("Package", "Version", *SEVERITIES, "With a fix")
    head = element(
        "thead",
        element("tr", *(element("th", name.capitalize(), scope="col") for name in heads), element("td", class_="wide")),
    )
    body = element("tbody", *(_package_row(package, highest) for package in figures.top))
    more = figures.packages - len(figures.top)
    caption = "Packages with the worst findings" + (f" ({len(figures.top)} of {figures.packages})" if more else "")
    return _figure("packages", caption, element("div", element("table", head, body), class_="scroll"))


def _package_row(package: PackageFigure, highest: int) -> Markup:
    versions = joined(package.versions[:_VERSIONS_SHOWN], ", ")
    more = len(package.versions) - _VERSIONS_SHOWN
    return element(
        "tr",
        element("th", view(package.name, package=line(package.name), target=str(package.target)), scope="row"),
        element("td", versions, f" and {more} more" if more > 0 else ""),
        *(element("td", str(count), class_="number") for count in package.severities.values()),
        element("td", str(package.fixable), class_="number"),
        element("td", _bar(_classes(package.severities), highest), class_="wide"),
    )


def percent(part: int, whole: int) -> str:
    """A share in whole per cent; what is not nothing and not all never reads as such."""
    share = round(100 * part / whole) if whole else 0
    if 0 < part < whole:
        share = min(max(share, 1), 99)
    return f"{share} %"


def _figure(name: str, caption: str, content: Markup) -> Markup:
    return element("figure", element("figcaption", caption), content, class_=f"card {name}")


def _table(rows: Iterable[Markup]) -> Markup:
    return element("table", element("tbody", *rows))


def _state_class(state: str) -> str:
    return "available" if state == AVAILABLE else "waiting" if state in {"affected", "unknown"} else "refused"


def _classes(counts: Mapping[str, int]) -> dict[str, int]:
    return {name.lower(): count for name, count in counts.items()}


def _bar(counts: Mapping[str, int], highest: int) -> Markup:
    return element("svg", *_slices(counts, highest), class_="bar", viewBox="0 0 100 10", **_DRAWING)


def _slices(counts: Mapping[str, int], highest: int) -> Iterator[Markup]:
    start = 0.0
    for name, count in counts.items():
        width = 100 * count / highest if highest else 0.0
        if count:
            yield element("rect", class_=name, x=f"{start:.2f}", y=0, width=f"{width:.2f}", height=10)
        start += width


def _ring(counts: Mapping[str, int], figure: str, label: str) -> Markup:
    """Arcs that begin at the top, with a figure in the middle."""
    texts = (
        element("text", figure, x=21, y=22, class_="figure"),
        element("text", label, x=21, y=27, class_="label"),
    )
    return element("svg", *_arcs(counts), *texts, class_="ring", viewBox="0 0 42 42", **_HIDDEN)


def _arcs(counts: Mapping[str, int]) -> Iterator[Markup]:
    total, passed = sum(counts.values()), 0.0
    for name, count in counts.items():
        share = 100 * count / total
        if count:
            yield element(
                "circle",
                class_=name,
                cx=21,
                cy=21,
                r=_RADIUS,
                stroke_dasharray=f"{share:.3f} {100 - share:.3f}",
                stroke_dashoffset=f"{25 - passed:.3f}",
            )
        passed += share


_HIDDEN: Final = {"aria_hidden": "true", "focusable": "false"}
_DRAWING: Final = {**_HIDDEN, "preserveAspectRatio": "none"}
