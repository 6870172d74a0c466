"""The table's parts that small scans do not have: several targets and layers, links, trees, halves."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.support.scans import APK_TOOLS, SSL, SSL_AGAIN, UNFIXED, a_report, a_scan, rendered

from assaymark.model.finding import Finding
from assaymark.model.package import LayerRef, Package, Relationship
from assaymark.model.report import Metadata, Report, Result, Scan
from assaymark.report.format import Rendering
from assaymark.report.table_columns import column_sizes, end_of, joined
from assaymark.report.table_layers import Layers

BASE, APP = LayerRef(diff_id="sha256:" + "01" * 32), LayerRef(diff_id="sha256:" + "02" * 32)
HISTORY = [
    {"created_by": "/bin/sh -c #(nop) ADD file:4f in / "},
    {"created_by": '/bin/sh -c #(nop)  CMD ["sh"]', "empty_layer": True},
    {"created_by": "RUN |1 A=b /bin/sh -c npm ci # buildkit"},
]


def a_package(name: str, *needs: str, direct: bool = False) -> Package:
    return Package(
        id=f"{name}@1.0",
        name=name,
        version="1.0",
        depends_on=tuple(f"{each}@1.0" for each in needs),
        relationship=Relationship.DIRECT if direct else Relationship.INDIRECT,
    )


def a_finding(name: str, severity: str = "HIGH", *, fixed: str = "", layer: LayerRef = APP) -> Finding:
    return Finding(
        vulnerability_id="CVE-2024-1",
        pkg_id=f"{name}@1.0",
        pkg_name=name,
        installed_version="1.0",
        fixed_version=fixed,
        severity=severity,
        layer=layer,
    )


def a_layered_scan(*, history: object = HISTORY) -> Scan:
    report = a_report(replace(SSL, layer=BASE), replace(SSL_AGAIN, layer=BASE))
    system = replace(
        report.results[0],
        packages=tuple(Package(name=name, src_name="openssl") for name in ("libcrypto1.1", "libssl1.1")),
        modified_findings=(),
    )
    lock = Result(
        target="app/package-lock.json",
        class_="lang-pkgs",
        type="npm",
        packages=(a_package("glob", "left"), a_package("left"), a_package("top", "glob", direct=True)),
        vulnerabilities=(a_finding("left", "CRITICAL", fixed="1.2.0"), replace(UNFIXED, layer=APP)),
    )
    metadata = replace(report.metadata, diff_ids=(BASE.diff_id, APP.diff_id), image_config={"history": history})
    return a_scan(report=replace(report, metadata=metadata, results=(system, lock)))


def summary_of(scan: Scan, width: int = 0) -> str:
    written = rendered(scan, "table", Rendering(width=width, detailed=False)).decode()
    return written[written.index("CRITICAL") :]


def test_the_summary_names_targets_layers_and_what_to_upgrade_first() -> None:
    assert (
        summary_of(a_layered_scan())
        == """\
CRITICAL 1   HIGH 2   MEDIUM 0   LOW 0   UNKNOWN 1
4 vulnerabilities in 4 packages, 3 with a fix

Targets
  app/package-lock.json (npm)  CRITICAL 1, UNKNOWN 1
  alpine:3.10 (alpine 3.10.4)  HIGH 2

Layers
  1 of 2: ADD file:4f in /  HIGH 2
  2 of 2: RUN npm ci        CRITICAL 1, UNKNOWN 1

Upgrade first
  left 1.0           1.2.0      CRITICAL 1  app/package-lock.json
  openssl 1.1.1d-r2  1.1.1g-r0  HIGH 1      layer 1 (libcrypto1.1, libssl1.1)
"""
    )


def test_the_summary_fits_a_narrow_terminal() -> None:
    assert all(len(line) <= 70 for line in summary_of(a_layered_scan(), 70).splitlines())


def test_upgrades_take_two_lines_before_a_name_is_cut() -> None:
    summary = summary_of(a_layered_scan(), 50)
    assert summary[summary.index("Upgrade") :] == (
        """\
Upgrade first
  left 1.0           1.2.0
      CRITICAL 1  app/package-lock.json
  openssl 1.1.1d-r2  1.1.1g-r0
      HIGH 1      layer 1 (libcrypto1.1, libssl1.…
"""
    )


def test_nobody_knows_which_instruction_made_a_layer_where_their_numbers_differ() -> None:
    summary = summary_of(a_layered_scan(history=HISTORY[:2]))
    assert "\n  1 of 2  HIGH 2\n" in summary


def test_findings_name_their_layer_where_there_are_several() -> None:
    scan = a_layered_scan()
    piped = rendered(scan, "table", Rendering(summary=False)).decode()
    shown = rendered(scan, "table", Rendering(summary=False, width=100)).decode()
    assert "    HIGH      CVE-2020-1967  libssl1.1     1.1.1d-r2  1.1.1g-r0  layer 1  openssl: Seg" in piped
    assert "  no fix (will not fix)  usr/lib/python3/requests-2.0.dist-info/METADATA, layer 2  A thing" in piped
    assert shown == (
        """\
alpine:3.10 (alpine 3.10.4): 2 vulnerabilities
    Vulnerability  Package       Installed  Fixed in   Layer  Title
  HIGH (2)
    CVE-2020-1967  libcrypto1.1  1.1.1d-r2  1.1.1g-r0  1      openssl: Segmentation fault in SSL_ch…
                   libssl1.1     1.1.1d-r2  1.1.1g-r0  1
      https://avd.aquasec.com/nvd/cve-2020-1967

app/package-lock.json (npm): 2 vulnerabilities
    Vulnerability  Package   Installed  Fixed in               Layer  Title
  CRITICAL (1)
    CVE-2024-1     left      1.0        1.2.0                  2
  UNKNOWN (1)
    CVE-2022-1     requests  2.0        no fix (will not fix)  2      A thing is wrong
      in usr/lib/python3/requests-2.0.dist-info/METADATA
"""
    )


def test_a_terminal_that_follows_links_has_them_behind_the_name() -> None:
    scan = a_scan(replace(APK_TOOLS, primary_url="https://a.example/\x1b]x?q=é"))
    shown = rendered(scan, "table", Rendering(summary=False, width=100, links=True)).decode()
    link = "\x1b]8;;https://a.example/%1B%5Dx?q=%C3%A9\x1b\\CVE-2021-36159\x1b]8;;\x1b\\"
    assert shown.endswith(f"    {link}  apk-tools  2.10.4-r2  2.10.7-r0  libfetch: an out of boundary read\n")


def test_an_address_that_leads_nowhere_is_no_link() -> None:
    scan = a_scan(replace(APK_TOOLS, primary_url="javascript:alert(1)"))
    shown = rendered(scan, "table", Rendering(width=100, links=True)).decode()
    assert "\x1b" not in shown
    assert shown.endswith("      javascript:alert(1)\n")


def test_the_two_halves() -> None:
    scan = a_scan(SSL)
    whole, summary, detailed = (
        rendered(scan, "table", Rendering(summary=first, detailed=second)).decode()
        for first, second in ((True, True), (True, False), (False, True))
    )
    assert f"{summary}\n{detailed}" == whole


def tree_of(*packages: Package, findings: tuple[Finding, ...]) -> str:
    result = Result(
        target="package-lock.json", class_="lang-pkgs", type="npm", packages=packages, vulnerabilities=findings
    )
    report = replace(a_report(), results=(result,))
    tree = Rendering(summary=False, detailed=False, dependency_tree=True)
    return rendered(a_scan(report=report), "table", tree).decode()


def test_the_tree_goes_from_what_is_vulnerable_to_what_was_chosen() -> None:
    packages = (
        a_package("web", "http", "mime", direct=True),
        a_package("http", "left"),
        a_package("mime", "left"),
        a_package("cli", "left", "http", direct=True),
        a_package("left"),
    )
    findings = (a_finding("left", "LOW"), a_finding("left", "HIGH"), a_finding("web", "CRITICAL"))
    assert (
        tree_of(*packages, findings=findings)
        == """\
package-lock.json (npm): who needs what is vulnerable
  web@1.0 (direct)  CRITICAL 1
  left@1.0  HIGH 1, LOW 1
  ├── cli@1.0 (direct)
  └── http@1.0
      └── web@1.0 (direct)
"""
    )


def test_a_ring_ends_where_it_began() -> None:
    packages = (a_package("a", "b"), a_package("b", "c"), a_package("c", "a"))
    assert (
        tree_of(*packages, findings=(a_finding("a"),))
        == """\
package-lock.json (npm): who needs what is vulnerable
  a@1.0  HIGH 1
"""
    )


def test_of_many_that_need_it_some_are_named() -> None:
    packages = [a_package(f"p{number}", "left", direct=True) for number in range(8)]
    lines = tree_of(a_package("left"), *packages, findings=(a_finding("left"),)).splitlines()
    assert lines[-2:] == ["  └── p4@1.0 (direct)", "  … and 3 more"]


def test_packages_that_state_no_dependencies_have_no_tree() -> None:
    assert tree_of(a_package("left"), findings=(a_finding("left"),)) == ""


def test_a_way_of_ten_thousand_packages_needs_no_recursion() -> None:
    packages = [a_package(f"p{number}", f"p{number + 1}") for number in range(10_000)]
    lines = tree_of(*packages, findings=(a_finding("p10000"),)).splitlines()
    assert (len(lines), lines[-1].endswith("└── p0@1.0")) == (10_002, True)


@pytest.mark.parametrize(
    ("created_by", "instruction"),
    [
        ("/bin/sh -c #(nop) COPY dir:1 in /srv ", "COPY dir:1 in /srv"),
        ("/bin/sh -c apk add  git", "RUN apk add git"),
        ("RUN /bin/sh -c apk add git # buildkit", "RUN apk add git"),
        ("RUN |2 A=1 B=2 /bin/sh -c make # buildkit", "RUN make"),
        ("RUN powershell -Command x", "RUN powershell -Command x"),
        ("COPY . /srv # buildkit", "COPY . /srv"),
        ("", ""),
        (7, ""),
    ],
    ids=[
        "Docker's own instruction",
        "Docker's shell",
        "BuildKit's shell",
        "BuildKit's shell with arguments",
        "another shell",
        "BuildKit's copy",
        "nothing",
        "a number",
    ],
)
def test_an_instruction_reads_as_it_was_written(created_by: object, instruction: str) -> None:
    config = {"history": [{"created_by": created_by}]}
    assert Layers(Metadata(diff_ids=("a",), image_config=config)).instruction(1) == instruction


@pytest.mark.parametrize("config", [None, {}, {"history": {}}, {"history": ["x", None]}], ids=repr)
def test_a_configuration_without_a_history_names_no_instruction(config: dict[str, object] | None) -> None:
    layers = Layers(Metadata(diff_ids=("a",), image_config=config))
    assert (layers.count, layers.instruction(1), layers.number(LayerRef(diff_id="b"))) == (1, "", 0)


def test_the_widest_columns_give_way_and_identifiers_do_not() -> None:
    rows = [("x" * 20, "a" * 40, "b" * 10), ("y", "c", "d")]
    assert column_sizes(rows) == [20, 40, 10]
    assert column_sizes(rows, width=50) == [20, 16, 10]
    assert column_sizes(rows, width=10) == [20, 8, 8]
    assert column_sizes(rows, width=44, whole=0) == [15, 15, 10]
    assert joined(("y", "c" * 10, "d"), [2, 4, 3]) == "y   ccc…  d  "


def test_the_end_of_a_path_tells_it_from_others() -> None:
    assert end_of("a/b/c.json", 10) == "a/b/c.json"
    assert end_of("usr/lib/a/b/c.json", 10) == "…/b/c.json"


def test_a_report_without_targets_has_a_summary_only() -> None:
    report: Report = replace(a_report(), results=())
    assert rendered(a_scan(report=report), "table").decode().endswith("0 vulnerabilities found\n")
