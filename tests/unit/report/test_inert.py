from __future__ import annotations

import pytest

from assaymark.report.inert import line, markdown, package_address, paragraphs, path_address, unlinked, web_address

ADDRESSES = {
    "an ordinary address passes": ("https://a.example/x?y=1&z=%20#f", "https://a.example/x?y=1&z=%20#f"),
    "letters of any case": ("HTTPS://A.example", "HTTPS://A.example"),
    "FTP leads somewhere too": ("ftp://a.example/f", "ftp://a.example/f"),
    "a script": ("javascript:alert(1)", ""),
    "a script that looks like the web": ("javascript://a.example/%0aalert(1)", ""),
    "a document in the address": ("data:text/html,x", ""),
    "a file of the reader": ("file:///etc/passwd", ""),
    "nothing behind the scheme": ("https://", ""),
    "a path": ("/x", ""),
    "no address": ("", ""),
    "leading blanks hide nothing": (" javascript:x", ""),
    "quotes, markup and brackets are encoded": (
        "https://a.example/\"<b>)](x) '",
        "https://a.example/%22%3Cb%3E%29%5D%28x%29%20'",
    ),
    "controls are encoded": ("https://a.example/\n\x1b", "https://a.example/%0A%1B"),
    "half a surrogate pair": ("https://a.example/\ud800", "https://a.example/?"),
}
PATHS = {
    "an ordinary path passes": ("app/package-lock.json", "app/package-lock.json"),
    "a repository": ("library/alpine", "library/alpine"),
    "blanks, as Go writes them": ("a b/c d", "a%20b/c%20d"),
    "no query and no fragment": ("a?b#c%d", "a%3Fb%23c%25d"),
    "no scheme": ("javascript:x", "javascript%3Ax"),
    "a colon further on": ("a/b:c", "a/b:c"),
    "no host": ("//evil.example/x", "/evil.example/x"),
    "letters of the world": ("ä", "%C3%A4"),
    "line ends": ("a\nb", "a%0Ab"),
}
MESSAGES = {
    "an ordinary name passes": ("@scope/name", "@scope/name"),
    "brackets alone pass": ("requests[socks]", "requests[socks]"),
    "a link": ("[x](https://evil.example)", "\\[x\\](https://evil.example)"),
    "a link behind an escape": ("[x\\](https://evil.example)", "\\[x\\\\\\](https://evil.example)"),
    "a link by reference": ("[x][y]", "\\[x\\]\\[y\\]"),
}
MARKDOWN = {
    "an ordinary name passes": ("libssl1.1", "libssl1.1"),
    "a column": ("a|b", "a\\|b"),
    "an image": ("![x](https://evil.example/p.png)", "!\\[x\\](https://evil.example/p.png)"),
    "an element": ("<img src=x>", "&lt;img src=x>"),
    "code": ("`x`", "\\`x\\`"),
    "an escape does not undo ours": ("\\[x]", "\\\\\\[x\\]"),
    "a line end": ("a\n# b", "a\\\\x0a# b"),
}
TEXTS = {
    "line ends and tabs stay": ("a\n\tb\r\nc", "a\n\tb\r\nc"),
    "colour": ("\x1b[31mred", "\\x1b[31mred"),
    "a return alone hides what stood before": ("bad\rgood", "bad\\x0dgood"),
    "a command on a later line": ("a\n ::add-mask::x", "a\n \\x3a:add-mask::x"),
    "an old command": ("a ##[set-env name=x]", "a \\x23#[set-env name=x]"),
    "headings pass": ("## What\n\ntext", "## What\n\ntext"),
    "writing direction": ("a\u202eb", "a\\u202eb"),
}


@pytest.mark.parametrize(("address", "expected"), ADDRESSES.values(), ids=ADDRESSES)
def test_addresses_lead_to_the_web_or_nowhere(address: str, expected: str) -> None:
    assert web_address(address) == expected


@pytest.mark.parametrize(("path", "expected"), PATHS.values(), ids=PATHS)
def test_paths_stay_paths(path: str, expected: str) -> None:
    assert path_address(path) == expected


@pytest.mark.parametrize(("text", "expected"), MESSAGES.values(), ids=MESSAGES)
def test_messages_have_no_links_of_their_own(text: str, expected: str) -> None:
    assert unlinked(text) == expected


@pytest.mark.parametrize(("text", "expected"), MARKDOWN.values(), ids=MARKDOWN)
def test_markdown_shows_text_as_text(text: str, expected: str) -> None:
    assert markdown(text) == expected


@pytest.mark.parametrize(("text", "expected"), TEXTS.values(), ids=TEXTS)
def test_longer_texts_keep_their_lines_and_nothing_else(text: str, expected: str) -> None:
    assert paragraphs(text) == expected


def test_one_line_is_one_line() -> None:
    assert line("a\nb\x1b::c") == "a\\x0ab\\x1b::c"


def test_a_package_address_is_one_or_nothing() -> None:
    assert package_address("pkg:npm/%40a/b@1?x=y") == "pkg:npm/%40a/b@1?x=y"
    assert package_address("javascript:alert(1)") == ""
