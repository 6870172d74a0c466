"""The HTML report in a real browser: sorted, filtered, opened, printed, with a mouse, a keyboard and without scripts."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.support.chromium import NEEDS_CHROMIUM, Chromium, Page, chromium
from tests.support.large_scans import large_scan
from tests.support.scans import APK_TOOLS, INCOMPLETE, SSL, SSL_AGAIN, UNFIXED, a_report, a_scan, rendered

from assaymark.model.package import Package
from assaymark.model.report import Result
from assaymark.report.format import Rendering

pytestmark = [pytest.mark.integration, NEEDS_CHROMIUM]

SMALL = a_scan(
    replace(APK_TOOLS, published_date="2021-08-03T14:15:00Z", references=("https://example.com/a",)),
    replace(SSL, published_date="2026-08-01T00:00:00Z"),
    replace(SSL_AGAIN, published_date="2026-08-01T00:00:00Z"),
    UNFIXED,
    coverage=INCOMPLETE,
)
IDS = "[...document.querySelectorAll('#rows tr')].map((row) => row.children[1].innerText)"
FOCUSED = "document.activeElement.innerText"

# the ratio of WCAG 2.2, "contrast ratio", for each visible element with text of its own
CONTRASTS = """
(() => {
  const parts = (colour) => colour.match(/[0-9.]+/g).map(Number);
  const light = ([red, green, blue]) => [red, green, blue].map((each) => each / 255)
    .map((each) => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4)
    .reduce((sum, each, index) => sum + each * [0.2126, 0.7152, 0.0722][index], 0);
  const behind = (each) => {
    for (let at = each; at; at = at.parentElement) {
      const colour = parts(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const each of document.querySelectorAll("body *")) {
    const own = [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !each.checkVisibility() || each.disabled || each.closest("svg, script, option")) continue;
    const [one, other] = [light(parts(getComputedStyle(each).color)), light(behind(each))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) poor.push(each.tagName + "." + each.className + " " + each.innerText + " " + ratio.toFixed(2));
  }
  return poor;
})()
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with chromium(tmp_path_factory.mktemp("chromium")) as running:
        yield running


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("small") / "report.html"
    path.write_bytes(rendered(SMALL, "html", Rendering(show_suppressed=True)))
    return path


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large") / "report.html"
    path.write_bytes(rendered(large_scan(10_000), "html"))
    return path


def assert_clean(page: Page) -> None:
    """Nothing failed, nothing was refused, and nothing but the file was asked for."""
    assert page.events("Runtime.exceptionThrown") == []
    assert page.events("Log.entryAdded") == []
    asked = [each["request"]["url"] for each in page.events("Network.requestWillBeSent")]
    assert all(url.startswith("file:///") and url.partition("#")[0].endswith("/report.html") for url in asked)


def ids(page: Page) -> list[str]:
    found: list[str] = page.evaluate(IDS)
    return found


def fragment(page: Page) -> str:
    return str(page.evaluate("location.hash"))


def test_a_page_opens_worst_first_and_asks_for_nothing(browser: Chromium, small: Path) -> None:
    page = browser.page(small)
    assert ids(page) == ["CVE-2021-36159", "CVE-2020-1967", "CVE-2020-1967", "CVE-2022-1"]
    assert page.text("#count") == "4 findings"
    assert page.text("#package-count") == "1 package, 4 with findings"
    assert page.text(".notice").startswith("Incomplete.")
    assert_clean(page)


@pytest.mark.parametrize(
    ("column", "state", "order"),
    [
        ("id", "ascending", ["CVE-2020-1967", "CVE-2020-1967", "CVE-2021-36159", "CVE-2022-1"]),
        ("package", "ascending", ["CVE-2021-36159", "CVE-2020-1967", "CVE-2020-1967", "CVE-2022-1"]),
        ("installed", "ascending", ["CVE-2020-1967", "CVE-2020-1967", "CVE-2022-1", "CVE-2021-36159"]),
        ("score", "descending", ["CVE-2021-36159", "CVE-2020-1967", "CVE-2020-1967", "CVE-2022-1"]),
        ("published", "descending", ["CVE-2020-1967", "CVE-2020-1967", "CVE-2021-36159", "CVE-2022-1"]),
    ],
)
def test_a_head_sorts_and_sorts_the_other_way_round(
    browser: Chromium, small: Path, column: str, state: str, order: list[str]
) -> None:
    page = browser.page(small)
    sorted_heads = "[...document.querySelectorAll('[aria-sort]')].map((each) => [each.dataset.column, each.ariaSort])"
    page.click(f"[data-column={column}] button")
    assert ids(page) == order
    assert page.evaluate(sorted_heads) == [[column, state]]
    assert fragment(page) == f"#findings?sort={column}"
    page.click(f"[data-column={column}] button")
    other = {"ascending": "descending", "descending": "ascending"}[state]
    assert page.evaluate(sorted_heads) == [[column, other]]
    # three findings without a score are equal, and stay worst first
    assert ids(page) == ([*order[1:], order[0]] if column == "score" else order[::-1])


def test_filters_add_up_and_their_address_brings_them_back(browser: Chromium, small: Path) -> None:
    page = browser.page(small)
    page.type("#query", "OPENSSL libssl")
    assert page.texts("#rows td:nth-child(3)") == ["libssl1.1"]
    assert page.text("#count") == "1 of 4 findings shown"
    page.click("#reset")
    page.click("#severities label:nth-of-type(2) input")
    assert ids(page) == ["CVE-2020-1967", "CVE-2020-1967"]
    page.choose("#age", "0")
    page.click("#severities label:nth-of-type(1) input")
    assert ids(page) == ["CVE-2020-1967", "CVE-2020-1967"]
    assert fragment(page) == "#findings?age=0&severity=CRITICAL,HIGH"
    again = browser.page(small, fragment(page))
    assert ids(again) == ["CVE-2020-1967", "CVE-2020-1967"]
    assert again.evaluate("document.querySelectorAll('#severities input:checked').length") == 2
    page.choose("#fix", "will_not_fix")
    assert page.text("#none") == "No finding passes these filters."
    page.click("#reset")
    assert fragment(page) == "#findings"
    assert len(ids(page)) == 4


def test_what_filters_left_out_is_one_click_away(browser: Chromium, small: Path) -> None:
    page = browser.page(small)
    page.click("#out")
    assert page.text("#count") == "1 finding left out by filters"
    assert page.text("#rows td:last-child").endswith("ignored: no reason given (.trivyignore)")


def test_a_label_of_a_chart_leads_to_its_findings(browser: Chromium, small: Path) -> None:
    page = browser.page(small)
    page.click(".fixable tr:nth-child(2) a")
    page.wait("location.hash === '#findings?fix=will_not_fix'")
    page.wait(IDS + ".join() === 'CVE-2022-1'")
    page.click(".packages tbody tr:nth-child(3) a")
    page.wait("location.hash === '#findings?package=libssl1.1&target=0'")
    page.wait(IDS + ".join() === 'CVE-2020-1967'")
    page.click("#chosen button")
    assert fragment(page) == "#findings?target=0"
    assert len(ids(page)) == 4


def test_a_finding_opens_with_the_mouse_and_closes_with_escape(browser: Chromium, small: Path) -> None:
    page = browser.page(small)
    page.click("#rows tr:nth-child(2) a")
    page.wait("document.querySelector('#detail').open")
    assert fragment(page) == "#CVE-2020-1967"
    text = page.text("#detail")
    assert "HIGH CVE-2020-1967" in text
    assert "2 affected packages" in text
    assert page.evaluate("document.activeElement.closest('dialog') !== null")
    page.press("Escape")
    page.wait("!document.querySelector('#detail').open && location.hash === '#findings'")
    assert page.evaluate(FOCUSED) == "CVE-2020-1967"
    assert_clean(page)


def test_a_finding_opens_with_the_keyboard_alone_and_leads_to_its_neighbours(browser: Chromium, small: Path) -> None:
    page = browser.page(small)
    page.evaluate("document.querySelector('#list').focus()")
    for _ in range(9):  # eight heads, then the first finding
        page.press("Tab")
    assert page.evaluate(FOCUSED) == "CVE-2021-36159"
    page.press("Enter")
    page.wait("document.querySelector('#detail').open")
    assert page.texts("#detail button") == ["Previous", "Next", "Only this in the list", "Close"]
    page.click("#detail button:nth-of-type(2)")
    page.wait("document.querySelector('#detail-title').innerText.includes('CVE-2020-1967')")
    page.click("#detail button:nth-of-type(3)")
    page.wait("!document.querySelector('#detail').open")
    assert fragment(page) == "#findings?id=CVE-2020-1967"
    assert ids(page) == ["CVE-2020-1967", "CVE-2020-1967"]


def test_the_address_of_a_vulnerability_opens_it(browser: Chromium, small: Path) -> None:
    page = browser.page(small, "#CVE-2021-36159")
    assert page.evaluate("document.querySelector('#detail').open")
    assert page.texts("#detail .references a") == ["https://example.com/a"]
    assert page.text("#detail dl").split("\n")[:2] == ["Published", "2021-08-03"]
    page.evaluate("location.hash = '#findings?severity=UNKNOWN'")
    page.wait(IDS + ".join() === 'CVE-2022-1'")
    assert not page.evaluate("document.querySelector('#detail').open")


def test_an_address_that_means_nothing_shows_everything(browser: Chromium, small: Path) -> None:
    page = browser.page(small, "#findings?sort=__proto__&severity=NONE&nonsense=%ff")
    assert len(ids(page)) == 4
    page = browser.page(small, "#%ff")
    assert len(ids(page)) == 4
    assert_clean(page)


def test_the_theme_follows_the_system_until_it_is_chosen_and_is_remembered(browser: Chromium, small: Path) -> None:
    page = browser.page(small)
    colour = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(colour)
    page.prefer(prefers_color_scheme="dark")
    dark = page.evaluate(colour)
    assert light != dark
    page.click("#theme")
    assert (page.text("#theme"), page.evaluate(colour)) == ("Theme: light", light)
    page.click("#theme")
    page.prefer(prefers_color_scheme="light")
    assert (page.text("#theme"), page.evaluate(colour)) == ("Theme: dark", dark)
    later = browser.page(small)
    assert (later.text("#theme"), later.evaluate(colour)) == ("Theme: dark", dark)
    later.click("#theme")
    assert (later.text("#theme"), later.evaluate(colour)) == ("Theme: automatic", light)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(browser: Chromium, small: Path, scheme: str) -> None:
    page = browser.page(small)
    page.prefer(prefers_color_scheme=scheme)
    assert page.evaluate(CONTRASTS) == []
    page.evaluate("location.hash = '#CVE-2021-36159'")
    page.wait("document.querySelector('#detail').open")
    assert page.evaluate(CONTRASTS) == []


def test_everything_that_can_be_used_has_a_name(browser: Chromium, small: Path) -> None:
    page = browser.page(small, "#CVE-2021-36159")
    page.call("Accessibility.enable")
    for _ in range(2):
        nodes = page.call("Accessibility.getFullAXTree")["nodes"]
        told = [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes if not node["ignored"]]
        used = {"button", "link", "checkbox", "combobox", "searchbox", "dialog", "table", "region", "search", "group"}
        assert [role for role, name in told if role in used - {"table", "group"} and not name] == []
        page.press("Escape")
    roles = {role for role, _ in told}
    assert {"banner", "main", "navigation", "searchbox", "status", "columnheader", "rowheader"} <= roles


def test_the_tree_opens_branches_with_the_keyboard_and_ends_circles(browser: Chromium, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_bytes(rendered(large_scan(50), "html"))
    page = browser.page(path)
    assert page.texts("#tree > div > ul > li > .package") == ["package-0"]
    page.evaluate("document.querySelector('#tree .branch').focus()")
    page.press("Enter")
    assert page.texts("#tree ul ul > li > .package") == ["package-1", "package-2"]
    assert page.evaluate("document.activeElement.ariaExpanded") == "true"
    page.press(" ")
    assert page.texts("#tree ul ul > li > .package") == []
    page.type("#package-query", "package-10")
    assert page.texts("#tree .package") == ["package-10"]
    page.click("#tree .found")
    page.wait("location.hash === '#findings?target=0&package=package-10'")
    page.wait(
        "[...document.querySelectorAll('#rows td:nth-child(3)')].every((each) => each.innerText === 'package-10')"
    )
    page.click("#rows tr a")
    page.wait("document.querySelector('#detail').open")
    assert "needed by package-1 → package-4" in page.text("#detail")
    assert_clean(page)


def test_what_is_everywhere_is_shown_in_portions(browser: Chromium, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    packages = tuple(
        Package(id=f"p{number}", name=f"p{number}", version="1", depends_on=("top",) if number < 300 else ())
        for number in range(600)
    )
    top = Package(id="top", name="top", version="1", depends_on=tuple(f"p{number}" for number in range(300, 600)))
    found = tuple(replace(SSL, pkg_name=each.name, installed_version="1") for each in packages)
    wide = Result(target="wide", packages=(*packages, top), vulnerabilities=found)
    targets = tuple(Result(target=f"t{number}", packages=(top,), vulnerabilities=(SSL,)) for number in range(30))
    path.write_bytes(rendered(a_scan(report=replace(a_report(), results=(wide, *targets))), "html"))
    page = browser.page(path, "#CVE-2020-1967")
    assert "630 affected packages" in page.text("#detail")
    assert len(page.texts("#detail tbody:first-of-type tr")) >= 200
    assert "These are the first 200; the list has them all." in page.text("#detail")
    page.press("Escape")
    assert len(page.texts("#tree > div > h3")) == 20
    page.click("#tree > p button")
    assert len(page.texts("#tree > div > h3")) == 31
    assert len(page.texts("#tree > div:first-child > ul > li > .package")) == 200
    assert page.text("#tree > div:first-child > ul > li:last-child") == "Show more (100 left)"
    page.click("#tree .branch")
    page.click("#tree ul ul .branch")
    assert len(page.texts("#tree ul ul ul > li > .package")) == 200
    assert_clean(page)


def test_ten_thousand_findings_open_sort_and_filter_without_a_visible_delay(browser: Chromium, large: Path) -> None:
    began = time.monotonic()
    page = browser.page(large)
    assert page.text("#count") == "10,000 findings"
    assert time.monotonic() - began < 10
    took = "(() => { const began = performance.now(); %s; document.body.offsetHeight; return performance.now() - began })()"
    typed = "const query = document.querySelector('#query'); query.value = 'function 77'; query.dispatchEvent(new Event('input'))"
    assert page.evaluate(took % typed) < 1_000
    assert page.text("#count") == "375 of 10,000 findings shown"
    assert page.evaluate(took % "document.querySelector('[data-column=title] button').click()") < 1_000
    page.click("#reset")
    assert len(ids(page)) == 100
    page.evaluate("document.querySelector('#list').scrollTo(0, 1e6)")
    page.wait("document.querySelectorAll('#rows tr').length > 100")
    page.click("#more")
    assert page.evaluate("document.querySelector('#rows tr:last-child').ariaRowIndex") == str(len(ids(page)) + 1)
    assert_clean(page)


def test_a_printer_gets_what_is_filtered_and_is_told_what_is_missing(browser: Chromium, large: Path) -> None:
    page = browser.page(large, "#findings?severity=CRITICAL")
    assert page.pdf().startswith(b"%PDF-")
    assert len(ids(page)) == 1_428
    assert page.evaluate("document.querySelector('#cut').textContent") == ""
    page.click("#reset")
    page.pdf()
    assert page.evaluate("document.querySelector('#cut').textContent") == (
        "Printed are the first 2,000 of 10,000; filters choose others."
    )


def test_without_scripts_the_summary_and_the_worst_findings_are_there(browser: Chromium, small: Path) -> None:
    page = browser.page(small, script=False)
    text = page.text("body")
    assert "4 vulnerabilities in 4 packages" in text
    assert "This browser runs no JavaScript: only the worst of 4 findings are listed." in text
    assert ids(page) == ["CVE-2021-36159", "CVE-2020-1967", "CVE-2020-1967", "CVE-2022-1"]
    assert not re.search("Theme|Reset|Search", text)


@pytest.mark.parametrize("width", [360, 800, 1600])
def test_no_width_makes_the_page_scroll_sideways(browser: Chromium, tmp_path: Path, width: int) -> None:
    path = tmp_path / "report.html"
    long = replace(SSL, pkg_name="n" * 300, installed_version="1." * 200, title="t" * 2_000, pkg_path="p/" * 300)
    path.write_bytes(rendered(a_scan(report=replace(a_report(long), artifact_name="a" * 400)), "html"))
    page = browser.page(path, width=width)
    assert page.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 0
    page.evaluate("location.hash = '#CVE-2020-1967'")
    page.wait("document.querySelector('#detail').open")
    assert (
        page.evaluate("document.querySelector('#detail').scrollWidth - document.querySelector('#detail').clientWidth")
        <= 0
    )
