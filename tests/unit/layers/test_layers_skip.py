from __future__ import annotations

from pathlib import Path

import pytest

from assaymark.layers.skip import SkipRules, skip_rules

# doublestar's own semantics: https://github.com/bmatcuk/doublestar#patterns
MATCHES = {
    ("app", "app"): True,
    ("app", "app/b"): False,
    ("*", "a"): True,
    ("*", "a/b"): False,
    ("a*c", "abbc"): True,
    ("a*c*e", "abcdcde"): True,
    ("a*b", "ac"): False,
    ("a*", "a"): True,
    ("a?", "a"): False,
    ("a?", "aé"): True,
    ("**/.git", ".git"): True,
    ("**/.git", "a/b/.git"): True,
    ("**/.git", "a/.git/b"): False,
    ("a/**", "a/b/c"): True,
    ("a/**/b", "a/b"): True,
    ("a/**/b", "a/x/y/b"): True,
    ("a/**/b", "a/x/y/c"): False,
    ("a**b", "axb"): True,
    ("a**b", "a/b"): False,
    ("**", "any/thing"): True,
    ("[a-c]x", "bx"): True,
    ("[a-c]x", "dx"): False,
    ("[^a-c]x", "dx"): True,
    ("[!a-c]x", "ax"): False,
    ("[a-]", "-"): True,
    ("[abc", "a"): False,
    ("{a,b}/c", "b/c"): True,
    ("{a,b}/c", "c/c"): False,
    ("{a,b{c,d}}", "bd"): True,
    ("a{/b,}/c", "a/c"): True,
    ("a{/b,}/c", "a/b/c"): True,
    ("{a", "{a"): True,
    ("a}", "a}"): True,
    ("\\*", "*"): True,
    ("\\*", "x"): False,
    ("\\{a,b\\}", "{a,b}"): True,
    ("a\\", "a"): False,
    ("*.json", "x/y.json"): False,
    ("**/*.json", "x/y.json"): True,
}


@pytest.mark.parametrize(("pattern", "path"), MATCHES, ids=[f"{pattern} and {path}" for pattern, path in MATCHES])
def test_patterns(pattern: str, path: str) -> None:
    assert SkipRules([pattern]).match(path) is MATCHES[pattern, path]


def test_no_rules_match_nothing() -> None:
    assert (bool(SkipRules()), SkipRules().match("a"), bool(SkipRules(["a"]))) == (False, False, True)


def test_a_pattern_that_would_explode_ends() -> None:
    assert not SkipRules(["*a" * 40 + "b"]).match("a" * 5_000)
    assert not SkipRules(["**/a/" * 30 + "b"]).match("a/" * 2_000)
    assert not SkipRules(["{a,b}" * 40]).match("c")


@pytest.mark.parametrize(
    ("value", "path"),
    [("/app", "app"), ("app/", "app"), ("./app", "app"), ("a//b/../c", "a/c"), ("//app", "app"), ("/a/*", "a/b")],
)
def test_in_an_image_values_start_at_its_root(value: str, path: str) -> None:
    assert skip_rules([value]).match(path)


HOST = {
    "relative to the root, which the working directory does not hold": ("bar", "/work", "/src/foo", "bar"),
    "relative to the working directory, inside the root": ("./foo/bar", "/work", "/work/foo", "bar"),
    "absolute, inside the root": ("/src/foo/bar/baz", "/work", "/src/foo", "bar/baz"),
    "a pattern": ("**/bar", "/work", "/work", "x/bar"),
    "a relative root": ("foo/x", "/work", "foo", "x"),
    "in the root as the working directory": ("bar", "/work", "/work", "bar"),
}


@pytest.mark.parametrize(("value", "working", "root", "path"), HOST.values(), ids=HOST)
def test_on_the_host(value: str, working: str, root: str, path: str) -> None:
    assert skip_rules([value], Path(root), working=Path(working)).match(path)


def test_the_working_directory_is_the_process_s_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert skip_rules(["foo/bar"], tmp_path / "foo").match("bar")
    assert not skip_rules(["/elsewhere/bar"], tmp_path / "foo").match("bar")
