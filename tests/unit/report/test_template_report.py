"""The format `template`: what it is given, and what it does without."""

from __future__ import annotations

import pytest
from tests.support.scans import APK_TOOLS, UNFIXED, a_scan, rendered

from assaymark.errors import UsageError
from assaymark.report.format import Rendering, Template

ROWS = """{{- range . }}{{ range .Vulnerabilities -}}
{{ .Severity | lower }},{{ .VulnerabilityID }},{{ .PkgName }},{{ default "none" .FixedVersion }}
{{ end }}{{ end -}}
"""


def test_it_writes_what_the_template_says() -> None:
    expected = b"critical,CVE-2021-36159,apk-tools,2.10.7-r0\nunknown,CVE-2022-1,requests,none\n"
    rendering = Rendering(template=Template(name="rows.tpl", text=ROWS))
    assert expected == rendered(a_scan(APK_TOOLS, UNFIXED), "template", rendering)


def test_it_needs_a_template() -> None:
    with pytest.raises(UsageError, match="`template` needs a template"):
        rendered(a_scan(), "template")


def test_long_reports_leave_in_pieces() -> None:
    text = "{{ range 100 }}" + "x" * 10_000 + "{{ end }}"
    assert rendered(a_scan(), "template", Rendering(template=Template(name="a.tpl", text=text))) == b"x" * 1_000_000
