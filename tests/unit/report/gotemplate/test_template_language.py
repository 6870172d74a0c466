"""What the corpus, a line a template, cannot say: lines of mistakes, surroundings, and odd text."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.support.scans import APK_TOOLS, a_scan
from tests.support.templates import scan_of, written

from assaymark.errors import UsageError
from assaymark.report.format import Template
from assaymark.report.template import check

LINES = """one {{ 1 }}
{{ range . -}}
  {{ .Target }} {{/* a comment
over two lines */}}
  {{- if eq
        .Class
        "lang-pkgs" }}
  {{ .Wrong }}
  {{ end }}
{{ end }}
"""


def test_a_mistake_while_it_is_carried_out_is_told_with_its_line() -> None:
    with pytest.raises(UsageError) as caught:
        written(LINES)
    assert str(caught.value) == "template `shop.tpl`, line 8: can't evaluate field Wrong in type types.Result"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("\n\n{{ if 1 }}\n\n", "line 3: `{{if}}` without its `{{end}}`", id="a block that does not end"),
        pytest.param(
            "{{/* a\n*/}}\n{{ x }}", "line 3: function `x` is not defined", id="behind a comment of two lines"
        ),
        pytest.param("{{ `a\nb` }}{{ nope }}", "line 2: function `nope` is not defined", id="behind a long string"),
        pytest.param("a\n{{ \n 'x }}", "line 3: a string without its closing '", id="a string that does not end"),
        pytest.param("{{/* a }}", "line 1: a comment without its end", id="a comment that does not end"),
        pytest.param("{{/* a */ b }}", "line 1: a comment that ends before its action does", id="more than a comment"),
        pytest.param("{{ .A? }}", "line 1: an unexpected `?` behind `.A`", id="a character that cannot be"),
        pytest.param("{{ 12a }}", "line 1: `12a` is not a number", id="a number with a letter"),
        pytest.param("{{ 1__0 }}", "line 1: `1__0`: illegal number syntax", id="two underscores"),
        pytest.param("{{ 1i }}", "line 1: `1i`: complex numbers are not supported", id="a complex number"),
        pytest.param("{{ ( 1 }}", "line 1: unexpected `}}` in parentheses", id="a parenthesis that does not end"),
        pytest.param("{{ 1 ) }}", "line 1: unexpected `)` in command", id="a parenthesis that does not begin"),
        pytest.param("{{ 1 | }}", "line 1: missing command behind `|`", id="nothing behind the pipe"),
        pytest.param("{{ true.x }}", "line 1: unexpected `.x` behind `true`", id="a field of a constant"),
        pytest.param("{{ template 1 }}", "line 1: `template` needs a name in quotation marks, not `1`", id="no name"),
        pytest.param("{{ $x = 1 }}", "line 1: variable `$x` is not declared", id="setting what is not declared"),
        pytest.param(
            "{{ if 1 }}{{ $x := 1 }}{{ end }}{{ $x }}",
            "line 1: variable `$x` is not declared",
            id="a variable behind its block",
        ),
        pytest.param(
            "{{ if 1 }}{{ else }}{{ else }}{{ end }}", "line 1: expected `{{end}}`, not `{{else}}`", id="two elses"
        ),
        pytest.param("{{ range $a, 5 }}{{ end }}", "line 1: `range` can only declare or assign", id="half a range"),
        pytest.param('{{ define "a" }}{{ end }}{{ define "a" }}', "line 1: template `a` is defined twice", id="twice"),
        pytest.param("{{ genPrivateKey `rsa` }}", "line 1: function `genPrivateKey` is not", id="what makes keys"),
        pytest.param("{{ getHostByName `a` }}", "line 1: function `getHostByName` is not", id="what asks the network"),
    ],
)
def test_a_mistake_of_grammar_is_told_before_anything_is_written(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        check(Template(name="shop.tpl", text=text))
    assert str(caught.value).startswith(f"template `shop.tpl`, {message}")


def test_the_environment_is_told_but_not_its_credentials() -> None:
    known = {"REGION": "eu", "HOME": "/root"}
    text = '{{ env "REGION" }} {{ expandenv "$REGION-${HOME}$NONE." }} {{ env "NONE" }}'
    assert written(text, environment=known) == b"eu eu-/root. "
    with pytest.raises(UsageError, match="line 1: error calling `env`: the variable `TOKEN` holds a credential"):
        written('{{ env "TOKEN" }}', environment=known, withheld=frozenset({"TOKEN"}))
    with pytest.raises(UsageError, match="the variable `TOKEN` holds a credential"):
        written('{{ expandenv "a${TOKEN}" }}', environment=known, withheld=frozenset({"TOKEN"}))


def test_now_is_when_the_report_was_made_and_the_local_zone_is_utc() -> None:
    text = '{{ now }}|{{ now | date "2006-01-02T15:04:05.999999999Z07:00" }}|{{ now | dateModify "-24h" | htmlDate }}'
    assert written(text) == b"2026-08-15 10:00:00.5 +0000 UTC|2026-08-15T10:00:00.5Z|2026-08-14"
    assert written('{{ ago 1786784400 }} {{ durationRound (toDate "2006-01-02" "2026-08-12") }}') == b"1h0m1s 3d"


def test_half_a_character_is_bytes_again_in_the_output() -> None:
    assert "größe".encode() == written('{{ $s := "größe" }}{{ substr 0 3 $s }}{{ substr 3 -1 $s }}')
    assert written('{{ substr 0 3 "größe" }}') == b"gr\xc3"


def test_half_a_surrogate_pair_of_a_report_is_the_replacement_character() -> None:
    finding = replace(APK_TOOLS, title="a\ud800b", references=("x\udfffy",))
    text = (
        "{{ range . }}{{ range .Vulnerabilities }}{{ .Title }} {{ .References }} {{ toJson .Title }}{{ end }}{{ end }}"
    )
    assert 'a\ufffdb [x\ufffdy] "a\ufffdb"'.encode() == written(text, a_scan(finding))


def test_suppressed_findings_and_packages_are_there() -> None:
    text = (
        "{{ range . }}{{ range .Packages }}{{ .Name }}{{ .Version }}{{ end }}"
        "{{ range .ModifiedFindings }} {{ .Status }} {{ .Source }} {{ .Finding.VulnerabilityID }}{{ end }}{{ end }}"
    )
    assert written(text, a_scan(APK_TOOLS)) == b"apk-tools2.10.4-r2 ignored .trivyignore CVE-2020-1967"


def test_a_report_cannot_be_changed_by_its_template() -> None:
    with pytest.raises(UsageError, match=r"expected map\[string\]interface \{\}; got types.VendorCVSS"):
        written('{{ range . }}{{ range .Vulnerabilities }}{{ set .CVSS "a" 1 }}{{ end }}{{ end }}')


def test_named_text_is_taken_for_text_where_the_reference_wants_a_conversion() -> None:
    assert written("{{ upper (index . 0).Type }} {{ print (index . 1).Class `!` }}", scan_of()) == b"ALPINE lang-pkgs!"
