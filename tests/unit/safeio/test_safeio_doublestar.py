"""Path patterns; every outcome was compared with `bmatcuk/doublestar`."""

from __future__ import annotations

import time

import pytest

from assaymark.safeio.doublestar import compile_pattern


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("a", "a", True),
        ("a", "b", False),
        ("a", "a/b", False),
        ("", "", True),
        ("*", "a", True),
        ("*", "a/b", False),
        ("*", "", True),
        ("*.txt", "a.txt", True),
        ("*.txt", "d/a.txt", False),
        ("a*c", "abbc", True),
        ("a*c", "a/c", False),
        ("?", "a", True),
        ("?", "/", False),
        ("**", "a/b/c", True),
        ("**", "", True),
        ("**/c", "a/b/c", True),
        ("**/c", "c", True),
        ("**/c", "abc", False),
        ("a/**", "a", True),
        ("a/**", "a/b/c", True),
        ("a/**", "ab", False),
        ("a/**/", "a", True),
        ("a/**/c", "a/c", True),
        ("a/**/c", "a/x/y/c", True),
        ("a/**/c", "a/xc", False),
        ("a/**/*.py", "a/b/c.py", True),
        ("a/**/b/**/c", "a/1/b/2/3/c", True),
        ("a**", "abc", True),
        ("a**", "ab/c", False),
        ("a**/b", "axx/b", True),
        ("[ab]c", "bc", True),
        ("[!ab]c", "bc", False),
        ("[^ab]c", "xc", True),
        ("[a-c]", "b", True),
        ("[a-c]", "d", False),
        ("[a\\-c]", "-", True),
        ("[a\\-c]", "b", False),
        ("[\\]]", "]", True),
        ("[a-]", "-", True),
        ("{a,b}/c", "b/c", True),
        ("{a,b}/c", "c/c", False),
        ("{a,{b,c}}", "c", True),
        ("src{,/**}", "src", True),
        ("src{,/**}", "src/x/y", True),
        ("{a\\,b,c}", "a,b", True),
        ("[{]", "{", True),
        ("\\*", "*", True),
        ("\\*", "a", False),
        ("usr/lib/python3*/site-packages/**", "usr/lib/python3.11/site-packages/a/METADATA", True),
    ],
)
def test_patterns(pattern: str, path: str, expected: bool) -> None:
    assert compile_pattern(pattern).matches(path) == expected


@pytest.mark.parametrize("pattern", ["[", "[]", "[!]", "a[b", "{a", "a}", "\\", "{a,b}\\", "[a\\]", "{a,{b}"])
def test_patterns_that_are_none(pattern: str) -> None:
    with pytest.raises(ValueError, match="the pattern"):
        compile_pattern(pattern)


def test_far_too_many_alternatives_are_refused() -> None:
    with pytest.raises(ValueError, match="more than 1000 alternatives"):
        compile_pattern("{a,b}" * 30)


def test_a_pattern_with_many_stars_takes_no_longer() -> None:
    started = time.process_time()

    assert not compile_pattern("**/*a" * 40).matches("a/" * 400 + "b")

    assert time.process_time() - started < 2.0


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        pytest.param("**/.git", "a/b/.git", True, id="the literal end of a path"),
        pytest.param("**/.git", "a/b/.gi", False, id="another end"),
        pytest.param("a/", "a", False, id="a slash at the end is part of the pattern"),
        pytest.param("a/**", "a", True, id="an end that may be left out"),
        pytest.param("{*.js,b}", "a.js", True, id="one end for each alternative"),
        pytest.param("a\\*", "a*", True, id="an escaped star at the end"),
    ],
)
def test_ends_of_paths(pattern: str, path: str, expected: bool) -> None:
    assert compile_pattern(pattern).matches(path) == expected
