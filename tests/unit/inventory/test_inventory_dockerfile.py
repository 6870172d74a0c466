"""Labels of Dockerfiles."""

from __future__ import annotations

import pytest

from assaymark.inventory.dockerfile import read_labels


def labels(text: str, *, limit: int = 1_000) -> dict[str, str]:
    return dict(read_labels(text, limit=limit))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("LABEL a=b c=d", {"a": "b", "c": "d"}, id="pairs"),
        pytest.param("label a=b", {"a": "b"}, id="instructions of any case"),
        pytest.param("LABEL a b  c ", {"a": "b  c"}, id="the old form"),
        pytest.param('LABEL "a"="b c" d=\'e f\'', {"a": "b c", "d": "e f"}, id="quotes"),
        pytest.param("LABEL a=b=c", {"a": "b=c"}, id="a value with an equals sign"),
        pytest.param("LABEL a=", {"a": ""}, id="no value"),
        pytest.param("LABEL a=b\\ c", {"a": "b c"}, id="an escaped blank"),
        pytest.param('LABEL a="\\"b\\" \\c"', {"a": '"b" \\c'}, id="escaped quotes"),
        pytest.param("LABEL a=1 \\\n  b=2 \\\n# comment\n\n  c=3", {"a": "1", "b": "2", "c": "3"}, id="lines"),
        pytest.param("LABEL a=1 \\", {"a": "1"}, id="a line that goes on to nowhere"),
        pytest.param("# LABEL a=b\n  # x", {}, id="comments"),
        pytest.param("RUN echo <<EOF\nLABEL a=b\nEOF\nLABEL c=d", {"c": "d"}, id="a here-document"),
        pytest.param("RUN a <<-'X' <<Y\n\tX\nLABEL a=b\nY\nLABEL c=d", {"c": "d"}, id="two here-documents"),
        pytest.param("LABEL a=1\nFROM b AS c\nLABEL a=2", {"a": "2"}, id="the last stage counts"),
        pytest.param("LABEL", {}, id="an empty instruction"),
        pytest.param("MAINTAINER somebody\nHEALTHCHECK NONE", {}, id="other instructions"),
    ],
)
def test_instructions(text: str, found: dict[str, str]) -> None:
    assert labels(f"FROM scratch\n{text}\n") == found


@pytest.mark.parametrize(
    ("value", "filled"),
    [
        ("$x", "1"),
        ("${x}", "1"),
        ("a$x.b", "a1.b"),
        ("$missing", ""),
        ("$", "$"),
        ("$-", "$-"),
        ("'$x'", "$x"),
        ('"$x"', "1"),
        ("\\$x", "$x"),
        ('"\\$x"', "$x"),
        ("${x:-2}", "1"),
        ("${missing:-2}", "2"),
        ("${empty:-2}", "2"),
        ("${empty-2}", ""),
        ("${missing-2}", "2"),
        ("${missing:-a${x}b}", "a1b"),
        ("${missing:-'}'}", "}"),
        ("${x:+2}", "2"),
        ("${empty:+2}", ""),
        ("${empty+2}", "2"),
        ("${missing:+2}", ""),
        ("a}b", "a}b"),
        ("$quoted", '"q"'),
        ("$outside", "0"),
        ("$inside", ""),
    ],
)
def test_variables(value: str, filled: str) -> None:
    text = f'ARG outside=0 bare\nFROM a\nARG inside=1\nENV x=1 empty= quoted="q"\nLABEL a={value}\n'

    assert labels(text) == {"a": filled}


def test_another_escape_character() -> None:
    assert labels("# syntax=docker/dockerfile:1\n# escape=`\nFROM a\nLABEL a=C:\\b `\n  c=d\n") == {
        "a": "C:\\b",
        "c": "d",
    }


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("# escape=`", id="directives alone"),
        pytest.param("LABEL a=b", id="no stage"),
        pytest.param("FROM a\nLABEL a", id="a name without a value"),
        pytest.param("FROM a\nLABEL a=b c", id="a pair without an equals sign"),
        pytest.param("FROM a\nLABEL a='b", id="a quote without an end"),
        pytest.param('FROM a\nLABEL a="b', id="a double quote without an end"),
        pytest.param("FROM a\nLABEL a=${b", id="a brace without an end"),
        pytest.param("FROM a\nLABEL a=${}", id="a variable without a name"),
        pytest.param("FROM a\nLABEL a=${b/c/d}", id="a replacement"),
        pytest.param("FROM a\nLABEL a=" + "${b:-" * 20 + "}" * 20, id="choices in choices"),
    ],
)
def test_malformed(text: str) -> None:
    with pytest.raises(ValueError):
        labels(text)


def test_room_is_for_all_labels_together() -> None:
    text = f"FROM a\nENV x={'y' * 100}\nLABEL a=$x$x$x b=$x$x$x\n"

    assert len(labels(text, limit=602)["a"]) == 300
    with pytest.raises(ValueError, match="more than 601 characters"):
        labels(text, limit=601)
