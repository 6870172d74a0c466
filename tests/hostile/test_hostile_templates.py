"""Templates that would take all time or memory: each ends with its name, its line and what was too much."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.support.scans import APK_TOOLS, a_scan
from tests.support.templates import written

from assaymark.errors import UsageError
from assaymark.limits import DEFAULT_LIMITS

SMALL = replace(
    DEFAULT_LIMITS,
    template_depth=20,
    template_steps=20_000,
    template_value_length=100_000,
    template_output_bytes=1_000_000,
)
DEEP = 5_000


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("{{ range 1000000000 }}{{ end }}", "more than 20000 steps", id="a loop without an end"),
        pytest.param("{{ range until 60000 }}{{ end }}", "more than 20000 steps", id="a loop over a long list"),
        pytest.param(
            "{{ range 1000 }}{{ range 1000 }}{{ range 1000 }}{{ end }}{{ end }}{{ end }}", "steps", id="loops in loops"
        ),
        pytest.param(
            '{{ $x := "aaaaaaaa" }}{{ range 64 }}{{ $x = print $x $x }}{{ end }}',
            "longer than 100000",
            id="doubling text",
        ),
        pytest.param(
            "{{ $x := list 1 }}{{ range 64 }}{{ $x = concat $x $x }}{{ end }}",
            "longer than 100000",
            id="doubling lists",
        ),
        pytest.param(
            '{{ $x := repeat 90000 "a" }}{{ range 99 }}{{ $x }}{{ end }}', "the output is larger", id="output"
        ),
        pytest.param('{{ repeat 1000000000000 "ab" }}', "the result would be longer", id="repeating without an end"),
        pytest.param("{{ until 9000000000000 }}", "the result would be longer", id="counting without an end"),
        pytest.param("{{ seq 1 9000000000000 }}", "the result would be longer", id="counting in text"),
        pytest.param("{{ indent 9000000000 `a` }}", "the result would be longer", id="blanks without an end"),
        pytest.param(
            '{{ $x := repeat 90000 "a" }}{{ replace "a" (repeat 90000 "b") $x }}', "would be longer", id="replacing"
        ),
        pytest.param(
            '{{ $x := repeat 90000 "a" }}{{ regexReplaceAll "a" $x (repeat 90000 "b") }}', "longer", id="expressions"
        ),
        pytest.param(
            '{{ $l := list }}{{ range 3 }}{{ $l = append $l (repeat 90000 "a") }}{{ end }}{{ join "" $l }}',
            "longer",
            id="joining",
        ),
        pytest.param(
            '{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}', "call each other", id="recursion"
        ),
        pytest.param("{{ if 1 }}" * 50 + "{{ end }}" * 50, "blocks and parentheses are too deep", id="deep blocks"),
        pytest.param("{{ " + "(" * 50 + "1" + ")" * 50 + " }}", "too deep in each other", id="deep parentheses"),
        pytest.param(
            "{{ if 0 }}" + "{{ else if 0 }}" * DEEP + "{{ end }}", "too deep in each other", id="a chain of else if"
        ),
        pytest.param(
            '{{ $d := dict }}{{ $_ := set $d "d" $d }}{{ $d }}', "too deep in each other", id="a dict in itself"
        ),
        pytest.param(
            '{{ $d := dict }}{{ $_ := set $d "d" $d }}{{ toJson $d }}', "too deep in each other", id="that as JSON"
        ),
        pytest.param(
            '{{ $d := dict }}{{ $_ := set $d "d" $d }}{{ deepEqual $d $d }}',
            "too deep",
            id="comparing that with itself",
        ),
        pytest.param('{{ atoi (repeat 90000 "9") }}{{ fail "in time" }}', "in time", id="a number with many digits"),
        pytest.param('{{ fromJson (repeat 90000 "[") }}{{ fail "in time" }}', "in time", id="deep JSON"),
        pytest.param('{{ regexMatch "(a*)*$" (repeat 90000 "a") }}{{ fail "in time" }}', "in time", id="backtracking"),
        pytest.param('{{ printf "%1000000000d" 1 }}{{ fail "in time" }}', "in time", id="a width without an end"),
        pytest.param(
            '{{ printf "%.1000000000f" 1.0 }}{{ fail "in time" }}', "in time", id="a precision without an end"
        ),
        pytest.param(
            "{{ mul 9223372036854775807 9223372036854775807 | len }}", "len of type int64", id="wrapping around"
        ),
    ],
)
def test_what_is_too_much_ends_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(UsageError) as caught:
        written(text, limits=SMALL)
    assert str(caught.value).startswith("template `shop.tpl`, line 1: ")
    assert reason in str(caught.value)


def test_the_text_of_a_report_is_no_template() -> None:
    finding = replace(APK_TOOLS, title='{{ env "HOME" }}', description="{{ range 1000000000 }}{{ end }}")
    text = "{{ range . }}{{ range .Vulnerabilities }}{{ .Title }} {{ printf .Description }}{{ end }}{{ end }}"
    expected = b'{{ env "HOME" }} {{ range 1000000000 }}{{ end }}'
    assert expected == written(text, a_scan(finding), environment={"HOME": "/root"})


@pytest.mark.parametrize(
    "text", ["{{" * 2000, "{{ $x" * 2000, "{{ `" * 2000, "{{ if }}" * 2000, '{{ "\\' * 2000, "{{/*" * 2000, "\0" * 5]
)
def test_rubbish_is_refused_or_printed_but_nothing_worse(text: str) -> None:
    if "{{" not in text:
        assert text.encode() == written(text)
        return
    with pytest.raises(UsageError, match="line 1: "):
        written(text)
