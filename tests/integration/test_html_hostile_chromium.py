"""Names, titles and addresses that try to run in the reader's browser: none does, and the page would not let them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from tests.support.chromium import NEEDS_CHROMIUM, Page, chromium
from tests.support.scans import a_report, a_scan, rendered

from assaymark.model.advisory import Cvss, DataSource
from assaymark.model.finding import Finding, ModifiedFinding
from assaymark.model.inventory import OperatingSystem
from assaymark.model.issue import Coverage, Issue, IssueCode, Unanalysed
from assaymark.model.package import LayerRef, Package, PackageIdentifier
from assaymark.model.report import Invocation, Metadata, Result, Scan
from assaymark.report.format import Rendering

pytestmark = [pytest.mark.integration, NEEDS_CHROMIUM]

PAYLOADS = (
    "</script><script>pwned=1</script>",
    "<!--<script>",
    "--></script><img src=x onerror=pwned=1>",
    "<img src=http://127.0.0.1:9/x onerror=pwned=1>",
    '"><svg onload=pwned=1>',
    "' autofocus onfocus='pwned=1",
    "`${pwned=1}`",
    "javascript:pwned=1",
    "JAVASCRIPT://example.com/%0apwned=1",
    "data:text/html,<script>pwned=1</script>",
    "https://example.com/'\"><script>pwned=1</script>",
    "//127.0.0.1:9/x",
    "{{data}}</title><script>pwned=1</script>",
    "</noscript><script>pwned=1</script>",
    "</style><script>pwned=1</script>",
    "<base href=http://127.0.0.1:9/>",
    "<meta http-equiv=refresh content=0;url=http://127.0.0.1:9/>",
    "<link rel=prefetch href=http://127.0.0.1:9/>",
    "<form id=data><input name=textContent>",
    "__proto__",
    "constructor",
    "toString",
    "\u2028pwned=1//\u2029",
    "\u202e1=denwp\u2066",
    "\x00\x1b]8;;http://127.0.0.1:9/\x07",
    "a\ud800b",
    "%E0%A4%A",
    "findings?severity=HIGH",
    "=HYPERLINK(1)",
    "\u0645\u0631\u062d\u0628\u0627 <b>",
    "Z\u0351\u036b\u0343\u036a\u0302\u036b" * 50,
    "",
)


def _finding(payload: str) -> Finding:
    return Finding(
        vulnerability_id=payload,
        vendor_ids=(payload,),
        pkg_id=payload,
        pkg_name=payload,
        pkg_path=payload,
        pkg_identifier=PackageIdentifier(purl=payload, uid=payload),
        installed_version=payload,
        fixed_version=payload,
        status=payload,
        layer=LayerRef(digest=payload, diff_id=payload),
        severity_source=payload,
        primary_url=payload,
        data_source=DataSource(id=payload, name=payload, url=payload),
        title=payload,
        description=payload,
        severity=payload,
        cwe_ids=(payload,),
        vendor_severity={payload: 3},
        cvss={payload: Cvss(v3_score=5, v3_vector=payload)},
        references=(payload, "https://example.com/"),
        published_date=payload,
        last_modified_date=payload,
    )


def _result(payload: str) -> Result:
    package = Package(
        id=payload,
        name=payload,
        version=payload,
        file_path=payload,
        identifier=PackageIdentifier(purl=payload, uid=payload),
        licenses=(payload,),
        depends_on=(payload, "needed"),
        layer=LayerRef(digest=payload, diff_id=payload),
    )
    left_out = ModifiedFinding(
        type=payload, status=payload, statement=payload, source=payload, finding=_finding(payload + "!")
    )
    return Result(
        target=payload,
        class_=payload,
        type=payload,
        packages=(package, replace(package, id="needed", name="needed", identifier=PackageIdentifier())),
        vulnerabilities=(_finding(payload),),
        modified_findings=(left_out,),
    )


def hostile_scan() -> Scan:
    """Every payload in every text."""
    every = "".join(PAYLOADS)
    issues = tuple(Issue(code=IssueCode.FILE_MALFORMED, message=each, path=each, layer=each) for each in PAYLOADS)
    report = replace(
        a_report(),
        artifact_name=every,
        artifact_type=every,
        report_id=every,
        metadata=Metadata(
            os=OperatingSystem(family=every, name=every, eosl=True),
            image_id=every,
            diff_ids=PAYLOADS,
            repo_tags=PAYLOADS,
            repo_digests=PAYLOADS,
            repo_url=every,
            branch=every,
            commit=every,
            image_config={"os": every, "history": [{"created_by": each} for each in PAYLOADS]},
        ),
        results=tuple(map(_result, PAYLOADS)),
        coverage=Coverage(
            complete=False, issues=issues, not_analysed=(Unanalysed(kind=every, count=1, examples=PAYLOADS),)
        ),
    )
    asked = Invocation(
        uri=every, event_id=every, builder_id=every, parameters={each: [each, {each: each}] for each in PAYLOADS}
    )
    return replace(a_scan(report=report), invocation=asked, subject=every, started=every, finished=every)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    path = tmp_path_factory.mktemp("hostile") / "report.html"
    path.write_bytes(rendered(hostile_scan(), "html", Rendering(show_suppressed=True)))
    with chromium(tmp_path_factory.mktemp("chromium")) as running:
        yield running.page(path)


def assert_inert(page: Page) -> None:
    """Nothing ran, nothing was asked for, nothing was refused: it never came so far as to be refused."""
    assert page.evaluate("typeof pwned") == "undefined"
    assert page.events("Page.javascriptDialogOpening") == []
    assert page.events("Runtime.exceptionThrown") == []
    assert page.events("Log.entryAdded") == []
    assert len(page.events("Network.requestWillBeSent")) == 1
    assert page.evaluate("document.querySelectorAll('img, iframe, base, link, object, form:not(#filters)').length") == 0
    assert page.evaluate("document.querySelectorAll('script').length") == 3
    assert page.evaluate(
        "[...document.querySelectorAll('a')].every((each) => /^(#|https?:\\/\\/|ftp:\\/\\/)/.test(each.getAttribute('href')))"
    )


def test_a_page_full_of_attacks_is_inert_when_it_opens(page: Page) -> None:
    assert page.text("#count") == f"{len(PAYLOADS)} findings"
    assert len(page.texts("#rows tr")) == len(PAYLOADS)
    assert not page.evaluate("document.querySelector('#detail').open")
    assert_inert(page)


def test_every_finding_opens_by_its_address_and_is_inert(page: Page) -> None:
    addresses: list[str] = page.evaluate("[...document.querySelectorAll('#rows th a')].map((each) => each.hash)")
    assert len(addresses) == len(PAYLOADS) - 1  # one has no identifier and thus no address
    for address in addresses:
        page.evaluate(f"location.hash = {address!r}")
        page.wait("document.querySelector('#detail').open")
        page.evaluate("document.querySelector('#detail').close()")
        page.wait("location.hash === '#findings'")
    assert_inert(page)


def test_what_was_left_out_and_every_package_is_inert(page: Page) -> None:
    page.evaluate("document.querySelector('#detail').close()")
    page.evaluate("location.hash = '#findings'")
    page.click("#reset")
    page.click("#out")
    assert len(page.texts("#rows tr")) == len(PAYLOADS)
    page.click("#vulnerable-only")
    page.evaluate("document.querySelectorAll('#tree .branch').forEach((each) => each.click())")
    assert len(page.texts("#tree .package")) >= 2 * len(PAYLOADS)
    page.pdf()
    assert_inert(page)


def test_markup_that_got_past_the_escaping_would_be_dead(page: Page) -> None:
    with pytest.raises(AssertionError, match="TrustedHTML"):
        page.evaluate("document.body.innerHTML = '<img src=x onerror=pwned=1>'")
    page.evaluate(
        "new Promise((done) => { const made = document.createElement('img'); made.src = 'http://127.0.0.1:9/x';"
        "made.onerror = () => done(0); document.body.append(made) })"
    )
    refused = [each["entry"]["text"] for each in page.events("Log.entryAdded")]
    assert any("Content Security Policy" in text for text in refused)
    assert page.evaluate("typeof pwned") == "undefined"
