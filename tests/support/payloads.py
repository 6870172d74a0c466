"""What somebody who controls a name, a path, a title or an address may write there, and a scan full of it."""

from __future__ import annotations

from msgspec.structs import replace
from tests.support.scans import DATABASE, SSL, a_report, a_scan

from assaymark.model.advisory import Cvss, DataSource
from assaymark.model.finding import ModifiedFinding
from assaymark.model.inventory import OperatingSystem
from assaymark.model.issue import Coverage, Issue, IssueCode, Unanalysed
from assaymark.model.package import LayerRef, Package, PackageIdentifier
from assaymark.model.report import Invocation, Metadata, ReportLayer, Result, Scan

TERMINAL = {
    "colour": "\x1b[31mred\x1b[0m",
    "clear screen": "\x1b[2J\x1b[H",
    "title": "\x1b]0;pwned\x07",
    "hyperlink": "\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\",
    "clipboard": "\x1b]52;c;cm0gLXJm\x07",
    "eight-bit CSI": "\x9b31m",
    "device control": "\x90q\x9c",
    "backspaces": "good\x08\x08\x08\x08evil",
    "carriage return": "vulnerable\rclean     ",
    "line feed": "a\nerror: forged",
    "separators": "a\u2028b\u2029c\x0b\x0cd\x85e",
    "bidirectional": "\u202egnp.exe\u2066\u2069",
    "workflow command": "::set-output name=x::y",
    "indented workflow command": "  ::add-mask::y",
    "old workflow command": "x ##[set-env name=PATH;]evil",
    "Azure": "##vso[task.setvariable variable=x]y",
    "TeamCity": "##teamcity[setParameter name='x' value='y']",
    "half a surrogate pair": "a\ud800b",
    "delete": "a\x7fb",
}
"""What a terminal, a build log or a reader's eye obeys."""

MARKUP = {
    "a script": "<script>alert(1)</script>",
    "the end of a script": "</script><script>alert(1)</script>",
    "an image in an attribute": '"><img src=x onerror=alert(1)>',
    "an attribute": 'x" onmouseover="alert(1)" y=\'',
    "a comment": "<!--<script>-->",
    "an entity": "&lt;script&gt;&#60;b&#62;&quot;",
    "CDATA": "]]><x/><![CDATA[",
    "a document type": '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>',
    "a tag of SPDX": "x</text>\nPackageName: evil\nSPDXID: SPDXRef-evil",
    "a template": "{{7*7}}${7*7}<%= 7*7 %>#{7*7}",
    "a closing brace": '"}],"Results":[{"Target":"evil',
}
"""What would change the structure of a document."""

LINKS = {
    "a script's address": "javascript:alert(1)",
    "with letters of any case and a control": "JaVa\tScRiPt:alert(1)",
    "a script behind the web's slashes": "javascript://a.example/%0aalert(1)",
    "a document": "data:text/html,<script>alert(1)</script>",
    "a file": "file:///etc/passwd",
    "an address with an end": 'https://a.example/"><script>alert(1)</script>',
    "an address with a bracket": "https://a.example/)![x](https://evil.example/p.png)<b>",
    "a link of Markdown": "[click](https://evil.example) ![x](https://evil.example/p.png)",
    "a link by reference": "[click][x]\n\n[x]: https://evil.example",
    "a row of Markdown": "a | b |\n| --- | --- |\n| `c` | \\| d",
    "an escaped row": "a\\|b\\\\|c",
    "a mention and a page": "@octocat #1 GH-1 !1",
    "emphasis and code": "*a* __b__ ~~c~~ ``d` $e$",
}
"""What would lead somewhere."""

FORMULAS = {
    "a formula": "=1+1",
    "a program": "=cmd|' /C calc'!A0",
    "a sum": '+HYPERLINK("https://evil.example","x")',
    "a difference": "-1+1",
    "a call": "@SUM(1+1)",
    "behind a tab": "\t=1+1",
    "in a cell of its own": 'a","=1+1","',
    "in a row of its own": "a\r\n=1+1",
    "behind a semicolon": "a;=1+1",
}
"""What a spreadsheet would compute."""

PAYLOADS = TERMINAL | MARKUP | LINKS | FORMULAS
HARMLESS = "a word"
"""The scan that every other one is compared with."""


def hostile_scan(payload: str) -> Scan:
    """A scan in which whatever comes from outside is `payload`."""
    finding = replace(
        SSL,
        vulnerability_id=payload,
        vendor_ids=(payload,),
        pkg_id=payload,
        pkg_name=payload,
        pkg_path=f"x/{payload}",
        pkg_identifier=PackageIdentifier(purl=payload),
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
        cvss={payload: Cvss(v3_score=5.5, v3_vector=payload)},
        references=(payload,),
        published_date=payload,
    )
    unfixed = replace(finding, fixed_version="", title="")
    modified = ModifiedFinding(type=payload, status=payload, statement=payload, source=payload, finding=finding)
    package = Package(
        id=payload,
        name=payload,
        version=payload,
        identifier=PackageIdentifier(purl=payload),
        licenses=(payload,),
        maintainer=payload,
        src_name=payload,
        src_version=payload,
        depends_on=(payload,),
        layer=LayerRef(diff_id=payload),
        file_path=payload,
    )
    system = Result(
        target=payload,
        class_="os-pkgs",
        type=payload,
        packages=(package,),
        vulnerabilities=(finding, unfixed),
        modified_findings=(modified,),
    )
    library = replace(system, target=f"x/{payload}", class_="lang-pkgs")
    report = replace(
        a_report(),
        artifact_name=payload,
        artifact_type=payload,
        metadata=_metadata(payload),
        results=(system, library),
        coverage=Coverage(
            complete=False,
            issues=(Issue(code=IssueCode.FILE_MALFORMED, message=payload, path=payload),),
            not_analysed=(Unanalysed(kind=payload, count=2, examples=(payload,)),),
        ),
    )
    return replace(
        a_scan(report=report),
        database=replace(DATABASE, uri=payload, version=payload, updated_at=payload),
        invocation=Invocation(uri=payload, event_id=payload, builder_id=payload),
        started=payload,
        subject=payload,
    )


def _metadata(payload: str) -> Metadata:
    return Metadata(
        os=OperatingSystem(family=payload, name=payload),
        image_id=payload,
        repo_tags=(payload,),
        repo_digests=(payload,),
        reference=payload,
        layers=(ReportLayer(diff_id=payload),),
        image_config={"config": {"Labels": {payload: payload}}},
    )
