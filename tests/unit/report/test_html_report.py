from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from tests.support.large_scans import large_scan
from tests.support.scans import APK_TOOLS, INCOMPLETE, SSL, SSL_AGAIN, UNFIXED, a_report, a_scan, rendered

from assaymark.model.finding import Finding
from assaymark.model.inventory import OperatingSystem
from assaymark.model.issue import Coverage, Issue, IssueCode
from assaymark.model.report import Invocation, Metadata, Scan
from assaymark.report.format import Rendering

PAGE = rendered(a_scan(SSL_AGAIN, APK_TOOLS, SSL, UNFIXED), "html").decode()


class Elements(HTMLParser):
    """The elements of a page, with their attributes and texts."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._open.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self._open[-1] if self._open else "", []).append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every element of that name."""
        return [attributes for name, attributes in self.found if name == tag]


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    data: dict[str, Any] = msgspec.json.decode(found[1])
    return data


def text_of(page: str) -> str:
    """What people read of the page without its scripts."""
    body = re.sub(r"(?s)<(script|style)[^>]*>.*?</\1>", "", page)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def test_a_page_is_whole_and_each_place_of_the_template_is_filled() -> None:
    assert PAGE.startswith("<!DOCTYPE html>\n")
    assert PAGE.endswith("</html>\n")
    assert "{{" not in PAGE
    assert "<title>Vulnerabilities of alpine:3.10</title>" in PAGE


def test_the_same_scan_gives_the_same_bytes() -> None:
    assert rendered(a_scan(SSL), "html") == rendered(a_scan(SSL), "html")


def test_only_the_scripts_and_the_style_of_the_page_itself_may_run() -> None:
    policy = next(meta["content"] for meta in Elements(PAGE).named("meta") if "http-equiv" in meta)
    blocks = re.findall(r"(?s)<script>(.*?)</script>", PAGE)
    style = re.findall(r"(?s)<style>(.*?)</style>", PAGE)
    digests = [f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in (*style, *blocks)]
    assert len(digests) == 3
    assert policy == (
        "default-src 'none'; base-uri 'none'; form-action 'none'; "
        f"style-src {digests[0]}; script-src {digests[1]} {digests[2]}; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


def test_a_page_loads_nothing() -> None:
    elements = Elements(PAGE)
    assert not {"link", "img", "iframe", "object", "embed", "base", "video", "audio"} & {
        name for name, _ in elements.found
    }
    assert not any(
        {"src", "srcset", "style", "background", "action"} & set(attributes) for _, attributes in elements.found
    )
    assert not any(name.startswith("on") for _, attributes in elements.found for name in attributes)
    style = re.search(r"(?s)<style>(.*?)</style>", PAGE)
    assert style is not None
    assert "url(" not in style[1]
    assert "@import" not in style[1]


def test_links_lead_into_the_page_or_to_the_web() -> None:
    targets = [link["href"] or "" for link in Elements(PAGE).named("a")]
    assert targets
    assert all(target.startswith(("#", "https://")) for target in targets)


def test_every_label_has_its_field_and_every_section_its_heading() -> None:
    ids = [attributes["id"] for _, attributes in Elements(PAGE).found if attributes.get("id")]
    assert len(ids) == len(set(ids))
    named = [attributes.get("aria-labelledby") for _, attributes in Elements(PAGE).found]
    assert {name for name in named if name} - set(ids) == {
        "detail-title"
    }  # the dialog's heading comes with its content
    assert PAGE.count("<h1>") == 1


def test_the_summary_is_readable_without_scripts() -> None:
    text = text_of(PAGE)
    assert (
        "4 vulnerabilities in 4 packages: 1 CRITICAL and 2 HIGH at the top. 75 % (3) can be fixed by an update." in text
    )
    assert "End of life. alpine 3.10.4 gets no security updates" in text
    assert "CRITICAL CVE-2021-36159 apk-tools 2.10.4-r2 2.10.7-r0 9.0" in text
    assert "This browser runs no JavaScript: only the worst of 4 findings are listed." in text
    assert "UNKNOWN CVE-2022-1 requests 2.0 will not be fixed A thing is wrong" in text


def test_what_to_update_first_is_told_with_the_place() -> None:
    image = Metadata(diff_ids=(APK_TOOLS.layer.diff_id,), image_config={"history": [{"created_by": "RUN apk add x"}]})
    locked = replace(UNFIXED, fixed_version="2.1")
    text = text_of(rendered(a_scan(report=replace(a_report(SSL, APK_TOOLS, locked), metadata=image)), "html").decode())
    assert (
        "What to update first Package Installed Update to Repairs Where "
        "apk-tools 2.10.4-r2 2.10.7-r0 CRITICAL 1 layer 1: RUN apk add x "
        "libcrypto1.1 1.1.1d-r2 1.1.1g-r0 HIGH 1 requests 2.0 2.1 UNKNOWN 1" in text
    )


def test_without_fixes_nothing_is_to_be_updated() -> None:
    assert "What to update first" not in rendered(a_scan(UNFIXED), "html").decode()


def test_provenance_tells_the_database_with_digest_and_age_the_times_and_who_asked() -> None:
    text = text_of(PAGE)
    assert f"Reference mirror.gcr.io/aquasec/trivy-db@sha256:{'12' * 32}" in text
    assert "Built 2026-08-13 06:12:01 UTC, 2 days old at the scan" in text
    assert "Started 2026-08-15 09:59:59 UTC Finished 2026-08-15 10:00:00 UTC Took 1.2 s" in text
    assert "Run https://ci.example/run/7 Builder https://ci.example/workflow Event 7" in text
    assert "command image flags severity HIGH,CRITICAL" in text


@pytest.mark.parametrize(
    ("scan", "told"),
    [
        pytest.param(
            a_scan(coverage=INCOMPLETE),
            "Incomplete. Not everything was looked at",
            id="a scan that could not look at everything",
        ),
        pytest.param(a_scan(coverage=None), "Coverage unknown.", id="a report that does not tell its coverage"),
        pytest.param(
            replace(a_scan(), database=replace(a_scan().database, sample=True)),
            "Sample database. It knows a few vulnerabilities only.",
            id="the sample database",
        ),
        pytest.param(
            a_scan(),
            "Old database. Its publisher promised a newer one 1 day before this scan.",
            id="a database whose successor was promised",
        ),
        pytest.param(a_scan(), "No known vulnerability was found.", id="nothing found, everything looked at"),
        pytest.param(
            a_scan(coverage=INCOMPLETE),
            "No known vulnerability was found in what was looked at.",
            id="nothing found, not everything looked at",
        ),
    ],
)
def test_what_changes_the_meaning_of_the_figures_is_told(scan: Scan, told: str) -> None:
    assert told in text_of(rendered(scan, "html").decode())


def test_what_was_not_looked_at_is_listed_worst_first() -> None:
    text = text_of(rendered(a_scan(coverage=INCOMPLETE), "html").decode())
    assert (
        "Effect Code What happened File incomplete FILE_MALFORMED not JSON app/package-lock.json "
        "remark ENTRY_IGNORED a line was ignored app/requirements.txt" in text
    )
    assert "Files Such as gemspec 3 usr/lib/a.gemspec" in text


def test_of_many_issues_the_first_are_listed_and_the_rest_counted() -> None:
    issues = tuple(Issue(code=IssueCode.FILE_MALFORMED, message=f"bad {number}") for number in range(250))
    text = text_of(rendered(a_scan(coverage=Coverage(complete=False, issues=issues)), "html").decode())
    assert "bad 199 50 more; the JSON report lists them all." in text


def test_what_filters_took_out_is_there_only_when_it_is_wanted() -> None:
    scan = a_scan(APK_TOOLS)
    shown = data_of(rendered(scan, "html", Rendering(show_suppressed=True)).decode())
    assert "out" not in str(data_of(rendered(scan, "html").decode())["findings"])
    assert [each.get("out", "") for each in shown["findings"]] == ["", "ignored: no reason given (.trivyignore)"]


def test_packages_are_left_out_unless_they_are_wanted() -> None:
    page = rendered(a_scan(SSL), "html", Rendering(list_all_packages=False)).decode()
    assert [each["name"] for each in data_of(page)["packages"]] == ["libcrypto1.1"]


def test_a_name_that_looks_like_a_place_of_the_template_stays_text() -> None:
    page = rendered(a_scan(report=replace(a_report(), artifact_name="{{data}} {{nowhere}}")), "html").decode()
    assert "<h1>{{data}} {{nowhere}}</h1>" in page


def test_a_report_without_anything_is_still_a_page() -> None:
    report = replace(
        a_report(), artifact_name="", artifact_type="", results=(), coverage=None, metadata=Metadata(), report_id=""
    )
    bare = replace(a_scan(report=report), invocation=Invocation(), started="", finished="", subject="")
    page = rendered(bare, "html").decode()
    assert "<h1>an artifact without a name</h1>" in page
    assert "Asked for by The report does not say." in text_of(page)


def test_facts_of_a_repository_and_odd_parameters_are_told() -> None:
    report = replace(
        a_report(),
        metadata=Metadata(
            os=OperatingSystem(family="none", name=""), repo_url="https://git.example/a", branch="main", commit="c0ffee"
        ),
    )
    asked = Invocation(parameters={"a": ["x", 1, None, True], "b": {"c": {"d": 2}}, "e": None})
    text = text_of(rendered(replace(a_scan(report=report), invocation=asked), "html").decode())
    assert "Repository https://git.example/a Branch main Commit c0ffee" in text
    assert "a x, 1, , true b c d 2" in text
    assert "System unknown" in text


HOSTILE = (
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "{{script}}",
    "]]><script>",
    "\u2028\u2029</style>",
    "\u202egpj.exe",
    "&lt;script&gt;",
)


def _hostile(payload: str) -> Scan:
    finding = Finding(
        vulnerability_id=payload,
        pkg_name=payload,
        pkg_path=payload,
        installed_version=payload,
        fixed_version=payload,
        primary_url=payload,
        title=payload,
        description=payload,
        severity=payload,
        references=(payload,),
        published_date=payload,
        vendor_severity={payload: 9},
    )
    report = replace(a_report(finding), artifact_name=payload, artifact_type=payload)
    return replace(a_scan(report=report), invocation=Invocation(uri=payload, parameters={payload: payload}))


@pytest.mark.parametrize("payload", HOSTILE)
def test_no_text_adds_an_element_an_attribute_or_a_link(payload: str) -> None:
    plain, hostile = (Elements(rendered(_hostile(text), "html").decode()) for text in ("plain", payload))
    assert [name for name, _ in hostile.found] == [name for name, _ in plain.found]
    assert [list(attributes) for _, attributes in hostile.found] == [list(attributes) for _, attributes in plain.found]
    targets = [link["href"] or "" for link in hostile.named("a")]
    assert all(target.startswith("#") for target in targets)


@pytest.mark.parametrize("payload", HOSTILE)
def test_data_in_the_page_has_nothing_that_ends_a_script(payload: str) -> None:
    page = rendered(_hostile(payload), "html").decode()
    data = re.search(r'(?s)<script type="application/json" id="data">(.*?)\n?</script>\n<script>"use', page)
    assert data is not None
    assert not re.search("[<>&\u2028\u2029\u202e]", data[1])
    assert len(data_of(page)["findings"]) == 1


def test_ten_thousand_findings_stay_a_file_one_can_send() -> None:
    page = rendered(large_scan(10_000), "html")
    assert len(page) < 10_000_000
    assert len(data_of(page.decode())["findings"]) == 10_000
