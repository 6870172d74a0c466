"""Patterns against paths, and the index against evaluating every pattern on every path."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assaymark.errors import UsageError
from assaymark.inventory.analyzer import Analyzer, Input, Options
from assaymark.inventory.index import Index
from assaymark.inventory.patterns import parse_pattern
from assaymark.inventory.unanalysed import Kind
from assaymark.limits import Limits
from assaymark.model.inventory import Found, UnreadFile
from assaymark.model.issue import Unanalysed


def _nothing(_source: Input) -> Iterator[Found]:
    return iter(())


def analyzer(name: str, *paths: str, needs: tuple[str, ...] = ()) -> Analyzer:
    return Analyzer(name=name, version=1, kind="lang", paths=paths, needs=needs, parse=_nothing)


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        pytest.param("a/b", ["a/b"], ["x/a/b", "a/b/c", "b"], id="a path is itself"),
        pytest.param("b.lock", ["b.lock", "x/y/b.lock"], ["ab.lock", "b.lock/c"], id="a name is in any folder"),
        pytest.param("*.egg-info", ["x/a.egg-info", ".egg-info"], ["a.egg-info/b"], id="an ending"),
        pytest.param("~*s.props", ["x/S.Props", "s.props"], ["s.props/b", "s.prop"], id="an ending in any letter case"),
        pytest.param("*.egg-info/PKG-INFO", ["x/a.egg-info/PKG-INFO"], ["x/PKG-INFO"], id="an ending with a folder"),
        pytest.param("d/*", ["d/a"], ["d", "d/a/b", "e/a"], id="a star is one segment"),
        pytest.param("d/*/c", ["d/x/c"], ["d/c", "d/x/y/c"], id="a star between segments"),
        pytest.param("d/*.js*n", ["d/a.json", "d/.jsn"], ["d/a.jso", "d/x/a.json"], id="stars inside a segment"),
        pytest.param("d/ab*bc", ["d/abbc", "d/abxbc"], ["d/abc"], id="the ends of a segment do not overlap"),
        pytest.param("d/a*b*c*d", ["d/abcd", "d/a-b-c-d"], ["d/acbd"], id="pieces in order"),
        pytest.param("**/n/**/p", ["n/p", "a/n/b/c/p"], ["p", "n", "a/p"], id="two stars are any number of segments"),
        pytest.param("**/*.dist-info*/**/M", ["x.dist-info/M", "a/b.dist-info-x/y/M"], ["dist-info/M"], id="a folder"),
        pytest.param("a/**", ["a", "a/b/c"], ["b/a"], id="everything below"),
    ],
)
def test_pattern_decides_by_its_shape(pattern: str, matching: list[str], other: list[str]) -> None:
    test = parse_pattern(pattern).test()

    assert [path for path in [*matching, *other] if test(path)] == matching


@pytest.mark.parametrize(
    "pattern", ["b", "a/b", "*.b", "~*.b", "a/*", "**/a/**/b.b", "*a/b", "a/*.b", "**/*.a/b", "a.*"]
)
@given(
    path=st.lists(st.sampled_from(["a", "b", "a.b", "b.b", ".b", "x.a", "A.B"]), min_size=1, max_size=5).map("/".join)
)
def test_index_answers_as_each_pattern_alone(pattern: str, path: str) -> None:
    one = analyzer("one", pattern)
    index = Index([one], Options())

    expected = parse_pattern(pattern).test()(path)

    assert index.wants(path, 0o644, 1) == expected
    assert index.parsers(path, 0o644) == ([one] if expected else [])


def test_excluded_paths_are_not_parsed() -> None:
    index = Index([analyzer("npm", "package-lock.json", "!**/node_modules/**")], Options())

    assert index.wants("app/package-lock.json", 0o644, 1)
    assert not index.wants("app/node_modules/x/package-lock.json", 0o644, 1)


def test_needed_files_are_wanted_and_not_parsed() -> None:
    index = Index([analyzer("dpkg", "status", needs=("info/*.md5sums",))], Options())

    assert index.wants("info/bash.md5sums", 0o644, 1)
    assert index.parsers("info/bash.md5sums", 0o644) == []


def test_executables_are_told_by_their_mode() -> None:
    one = analyzer("go", "+x")
    index = Index([one], Options())

    assert [index.parsers("bin/a", mode) for mode in (0o755, 0o100, 0o644)] == [[one], [one], []]


def test_several_analysers_come_in_the_order_given_and_once() -> None:
    first, second = analyzer("first", "*.json", "a.json"), analyzer("second", "a.json")

    assert Index([first, second], Options()).parsers("a.json", 0o644) == [first, second]


def test_exact_paths_are_those_that_are_parsed() -> None:
    index = Index([analyzer("a", "x/y", "z", needs=("x/z",))], Options())

    assert index.exact_paths == ("x/y",)


def test_file_patterns_add_files_even_excluded_ones() -> None:
    one = analyzer("pip", "requirements.txt", "!**/vendor/**")
    index = Index([one], Options(file_patterns=(("pip", r"vendor/req-.*\.txt$"), ("unknown", "x"))))

    assert index.parsers("vendor/req-dev.txt", 0o644) == [one]
    assert not index.wants("x", 0o644, 1)


@pytest.mark.parametrize("expression", ["(", "a" * 2_000], ids=["no expression", "too long"])
def test_bad_file_patterns_are_refused(expression: str) -> None:
    with pytest.raises(UsageError):
        Index([analyzer("pip")], Options(file_patterns=(("pip", expression),)))


def test_expressions_run_in_linear_time() -> None:
    index = Index([analyzer("pip")], Options(file_patterns=(("pip", "(a*)*b$"),)))

    assert not index.wants("a" * 50_000, 0o644, 1)


def test_unread_kinds_are_counted_and_not_wanted() -> None:
    kinds = [
        Kind(name="jar", paths=("*.jar",), targets=("image",)),
        Kind(name="executable", paths=("+x", "!usr/bin/**"), targets=("image",), minimum=100),
    ]
    watch = Index([analyzer("one", "wanted.jar")], Options(), unread=kinds).watch(Limits(unread_files=2))

    offered = [("wanted.jar", 0o644, 1), ("a.jar", 0o644, 1), ("usr/bin/x", 0o755, 500), ("app", 0o755, 500)]
    wanted = [watch.wants(*offer) for offer in [*offered, ("tiny", 0o755, 99), *[(f"{n}.jar", 0, 1) for n in range(9)]]]

    assert wanted == [True] + [False] * 13
    assert watch.unread == [UnreadFile("a.jar", "jar"), UnreadFile("app", "executable")]
    assert watch.not_analysed() == (Unanalysed(kind="jar", count=9, examples=("0.jar", "1.jar", "2.jar")),)
