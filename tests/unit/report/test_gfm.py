from __future__ import annotations

import pytest

from assaymark.report.gfm import code, link, prose

PROSE = {
    "ordinary words pass": ("openssl: an overflow, in 1.1.1 (64-bit)", "openssl: an overflow, in 1.1.1 (64-bit)"),
    "emphasis": ("*a* _b_ ~~c~~", "&#42;a&#42; &#95;b&#95; &#126;&#126;\u2060c&#126;&#126;"),
    "underscores in a word": ("SSL_check_chain __x__", "SSL_check_chain &#95;&#95;x&#95;&#95;"),
    "an image": ("![x](https://evil.example)", "!&#91;x&#93;(https:&#47;/evil.example)"),
    "an element": ("<img src=x>", "&#60;img src=x&#62;"),
    "an entity": ("&lt;b&gt;", "&#38;lt;b&#38;gt;"),
    "code and an escape": ("`a` \\|", "&#96;a&#96; &#92;&#124;"),
    "a person": ("ask @octocat", "ask @\u2060octocat"),
    "pages of the site": ("#1 !2 $3 %4", "#\u20601 !\u20602 &#36;\u20603 %\u20604"),
    "signs alone": ("100% @ home", "100% @ home"),
    "an address without a scheme": ("WWW.evil.example", "WWW&#46;evil.example"),
    "a mathematical formula": ("$x$", "&#36;\u2060x&#36;"),
    "a line end": ("a\n# b", "a&#92;x0a# b"),
}


@pytest.mark.parametrize(("text", "expected"), PROSE.values(), ids=PROSE)
def test_prose_says_and_does_nothing(text: str, expected: str) -> None:
    assert prose(text) == expected


def test_a_name_is_code() -> None:
    assert code("@babel/core") == "<code>@babel/core</code>"
    assert code("</code>`a`|b") == "<code>&#60;/code&#62;&#96;a&#96;&#124;b</code>"
    assert code("") == ""


def test_a_link_leads_to_the_web_or_nowhere() -> None:
    assert link("CVE-1", "https://a.example/?a=1&copy=2") == "[CVE-1](https://a.example/?a=1&amp;copy=2)"
    assert link("a](x", "https://a.example/) b") == "[a&#93;(x](https://a.example/%29%20b)"
    assert link("CVE-1", "javascript:alert(1)") == "CVE-1"
