from __future__ import annotations

import json

from msgspec.structs import replace
from tests.support.scans import APK_TOOLS

from assaymark.model.advisory import DataSource
from assaymark.model.explanation import ExplainedPackage, Explanation, Grounds, Verdict
from assaymark.model.package import LayerRef
from assaymark.model.report import Metadata
from assaymark.report.explanation import explanation_lines, explanations_json
from assaymark.report.table_layers import Layers
from assaymark.report.wording import Paint

GROUNDS = Grounds(
    bucket="alpine 3.10",
    asked="apk-tools",
    advisory="CVE-2021-36159",
    aliases=("ALPINE-1",),
    affected="before 2.10.7-r0",
    fixed="2.10.7-r0",
    source=DataSource(id="alpine", name="Alpine Secdb", url="https://secdb.alpinelinux.org/"),
)
PACKAGE = ExplainedPackage(
    name="apk-tools",
    version="2.10.4-r2",
    compared="2.10.4-r1",
    target="alpine:3.10 (alpine 3.10.4)",
    type="alpine",
    layer=LayerRef(diff_id="sha256:aa"),
    verdict=Verdict.LISTED,
    reason="2.10.4-r2 is vulnerable, and the fix is 2.10.7-r0",
    finding=replace(APK_TOOLS, severity_source="nvd"),
    grounds=(GROUNDS,),
)
EXPLANATION = Explanation(
    asked="ALPINE-1",
    names=("CVE-2021-36159", "ALPINE-1"),
    known=True,
    title="libfetch: an out of\nboundary read",
    severity="CRITICAL",
    packages=(
        PACKAGE,
        ExplainedPackage(
            name="apk-libs",
            version="3",
            compared="3",
            target="app/x",
            type="",
            path="app/y",
            layer=LayerRef(),
            verdict=Verdict.NOT_AFFECTED,
            reason="no advisory calls this version of it vulnerable",
            grounds=(Grounds(bucket="b", asked="a", advisory="CVE-2021-36159", affected="every version"),),
        ),
    ),
    sources=("alpine 3.10",),
)
LAYERS = Layers(
    Metadata(diff_ids=("sha256:aa", "sha256:bb"), image_config={"history": [{"created_by": "a"}, {"created_by": "b"}]})
)
TEXT = """\
ALPINE-1  CRITICAL  libfetch: an out of boundary read
also called CVE-2021-36159
2 packages with advisories: 1 listed, 1 not affected

LISTED  apk-tools 2.10.4-r2: 2.10.4-r2 is vulnerable, and the fix is 2.10.7-r0
  in        alpine:3.10 (alpine 3.10.4)
  layer     1 of 2: a
  compared  2.10.4-r1, the version of its source package
  severity  CRITICAL by nvd
  advisory  CVE-2021-36159 ALPINE-1, published by Alpine Secdb
    bucket    alpine 3.10 / apk-tools
    affected  before 2.10.7-r0
    fixed in  2.10.7-r0
    source    https://secdb.alpinelinux.org/

NOT AFFECTED  apk-libs 3: no advisory calls this version of it vulnerable
  in        app/x, app/y
  advisory  CVE-2021-36159
    bucket    b / a
    affected  every version
    fixed in  nothing
"""


def told(explanation: Explanation, *, colour: bool = False) -> str:
    return "".join(f"{line}\n" for line in explanation_lines(explanation, LAYERS, Paint(colour=colour)))


def test_people_read_what_was_compared_with_what() -> None:
    assert told(EXPLANATION) == TEXT


def test_colour_only_repeats_what_the_words_say() -> None:
    assert "\x1b[1;31mLISTED\x1b[0m" in told(EXPLANATION, colour=True)


def test_programs_get_all_of_it() -> None:
    (document,) = json.loads(explanations_json([EXPLANATION]))
    assert list(document) == ["asked", "names", "known", "title", "severity", "packages", "sources"]
    assert (document["packages"][0]["verdict"], document["packages"][1]["finding"]) == ("listed", None)
    assert document["packages"][0]["finding"]["VulnerabilityID"] == "CVE-2021-36159"
    assert document["packages"][0]["grounds"][0]["source"]["Name"] == "Alpine Secdb"


def test_a_vulnerability_without_packages() -> None:
    known = replace(EXPLANATION, packages=(), names=(), sources=tuple(f"s{number}" for number in range(10)))
    assert told(known).splitlines()[1:] == [
        "the database describes it, but no advisory on it speaks of a package that was found here",
        "asked were the advisories of s0, s1, s2, s3, s4, s5, s6, s7, and 2 more",
    ]
    unknown = replace(known, known=False, sources=(), title="", severity="")
    assert told(unknown).splitlines() == [
        "ALPINE-1",
        "the database does not know it: there is no such vulnerability, or the database is older",
        "no advisories were asked: nothing was found that any of them could speak of",
    ]


def test_hostile_text_stays_text() -> None:
    evil = "\x1b[2J\n::error::x"
    package = replace(
        PACKAGE, name=evil, target=evil, path=evil, reason=evil, grounds=(replace(GROUNDS, affected=evil),)
    )
    text = told(replace(EXPLANATION, asked=evil, names=(evil, "x\n"), title=evil, severity=evil, packages=(package,)))
    assert "\x1b" not in text
    assert "\n::error" not in text
