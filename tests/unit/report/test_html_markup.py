from __future__ import annotations

import json

import pytest
from msgspec.structs import replace
from tests.support.scans import APK_TOOLS, SSL, SSL_AGAIN, UNFIXED, a_report

from assaymark.report.html_page.charts import charts, percent, view
from assaymark.report.html_page.figures import figures_of
from assaymark.report.html_page.markup import NOTHING, Markup, element, embedded_json, joined, link


@pytest.mark.parametrize(
    ("made", "written"),
    [
        pytest.param(element("td", "a<b>&\"'"), "<td>a&lt;b&gt;&amp;&quot;&#x27;</td>", id="text is escaped"),
        pytest.param(element("td", element("b", "x")), "<td><b>x</b></td>", id="markup is not"),
        pytest.param(element("td", "a\u202eb"), "<td>a\\u202eb</td>", id="controls become visible"),
        pytest.param(
            element("td", class_='a"b', aria_label="<"), '<td class="a&quot;b" aria-label="&lt;"></td>', id="attributes"
        ),
        pytest.param(
            element("svg", viewBox="0 0 1 1"), '<svg viewBox="0 0 1 1"></svg>', id="SVG's attributes in mixed case"
        ),
        pytest.param(element("rect", width=2.5), '<rect width="2.5"/>', id="an element without content"),
        pytest.param(joined(["<", Markup("<br>")], "&"), "&lt;&amp;<br>", id="parts in a row"),
        pytest.param(joined([]), "", id="nothing in a row"),
    ],
)
def test_elements(made: Markup, written: str) -> None:
    assert made == written


@pytest.mark.parametrize(
    ("address", "text", "written"),
    [
        (
            "https://a.example/?b&c",
            "",
            '<a href="https://a.example/?b&amp;c" rel="noopener noreferrer">https://a.example/?b&amp;c</a>',
        ),
        ("https://a.example/", "CVE-1", '<a href="https://a.example/" rel="noopener noreferrer">CVE-1</a>'),
        ("javascript:alert(1)", "CVE-1", "CVE-1"),
        ("data:text/html,<b>", "", "data:text/html,&lt;b&gt;"),
        (" https://a.example", "", " https://a.example"),
        ("", "", ""),
    ],
)
def test_links_lead_to_the_web_or_nowhere(address: str, text: str, written: str) -> None:
    assert link(address, text) == written


def test_embedded_json_reads_back_and_ends_no_script() -> None:
    value = {"a": "</script><!--<script>&\u2028\u2029", "b": [1, 2.5, None]}
    data = embedded_json(value)
    assert data == rb'{"a":"\u003c/script\u003e\u003c!--\u003cscript\u003e\u0026\u2028\u2029","b":[1,2.5,null]}'
    assert json.loads(data) == value


def test_a_view_is_an_address_of_the_list() -> None:
    assert view("a", package="a&b#c", target="0") == '<a href="#findings?package=a%26b%23c&amp;target=0">a</a>'


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(0, 0, "0 %"), (0, 9, "0 %"), (1, 1000, "1 %"), (1, 3, "33 %"), (999, 1000, "99 %"), (5, 5, "100 %")],
)
def test_a_share_that_is_not_all_never_reads_as_all(part: int, whole: int, text: str) -> None:
    assert percent(part, whole) == text


def test_without_findings_there_is_no_chart() -> None:
    assert charts(figures_of(a_report(), "")) == NOTHING


def test_charts_tell_every_figure_as_text_and_hide_the_drawings() -> None:
    drawn = charts(figures_of(a_report(SSL, SSL_AGAIN, APK_TOOLS, UNFIXED), "2026-08-15T00:00:00Z"))
    assert drawn.count("<svg") == drawn.count('aria-hidden="true"')
    for row in (
        '<th scope="row"><a href="#findings?severity=HIGH">HIGH</a></th><td class="number">2</td>',
        '<a href="#findings?fix=available">fix available</a></th><td class="number">3</td><td class="number">75 %</td>',
        '<a href="#findings?fix=will_not_fix">will not be fixed</a></th><td class="number">1</td>',
        '<th scope="row"><a href="#findings?age=6">date not known</a></th><td class="number">4</td>',
        '<a href="#findings?package=apk-tools&amp;target=0">apk-tools</a></th><td>2.10.4-r2</td><td class="number">1</td>',
    ):
        assert row in drawn


def test_many_versions_of_a_package_are_counted() -> None:
    findings = [replace(SSL, installed_version=str(number)) for number in range(4)]
    assert "<td>0, 1 and 2 more</td>" in charts(figures_of(a_report(*findings), ""))
