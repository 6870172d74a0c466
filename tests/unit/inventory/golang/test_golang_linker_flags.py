"""Flags of Go's linker; the outcomes are those of the reference's libraries."""

from __future__ import annotations

import pytest

from assaymark.inventory.golang.linker_flags import linker_variables


@pytest.mark.parametrize(
    ("flags", "variables"),
    [
        pytest.param("", {}, id="nothing"),
        pytest.param("-s -w", {}, id="other flags"),
        pytest.param("-X main.version=1.2.3", {"main.version": "1.2.3"}, id="the next word"),
        pytest.param("-X=main.version=1.2.3", {"main.version": "1.2.3"}, id="behind an equals sign"),
        pytest.param("-Xmain.version=1.2.3", {"main.version": "1.2.3"}, id="the rest of the word"),
        pytest.param("-sXmain.v=1", {"main.v": "1"}, id="behind another letter"),
        pytest.param("-X 'a=1' -X \"b=2\"", {"a": "1", "b": "2"}, id="in quotes"),
        pytest.param("-X='a=1'", {"a": "1"}, id="quotes in a word"),
        pytest.param("-X a=1 -X a=2", {"a": "2"}, id="the last counts"),
        pytest.param("-X a=1,b=2", {"a": "1", "b": "2"}, id="pairs between commas"),
        pytest.param("-X '\"a=1,2\",b=3'", {"a": "1,2", "b": "3"}, id="a pair in quotes"),
        pytest.param('-X \'"a=""1""",b=3\'', {"a": '"1"', "b": "3"}, id="doubled quotes"),
        pytest.param("-X 'a=1\nb=2'", {"a": "1"}, id="the first line of many"),
        pytest.param("-X 'a=b\"c=d'", {}, id="a quote in the middle of a field"),
        pytest.param("-X '\"a=b=c'", {}, id="a field that is not closed"),
        pytest.param("-X '\"a=b\"c=d,e=f'", {}, id="something behind a field"),
        pytest.param("-X a", {}, id="no value"),
        pytest.param("-X a=1=2,b", {}, id="a pair without a value"),
        pytest.param("-X", {}, id="no variable"),
        pytest.param("-X 'a=1", {}, id="a quote that is not closed"),
        pytest.param("-X a=1\\", {}, id="a backslash at the end"),
        pytest.param("-X a=1; -X b=2", {"a": "1"}, id="a semicolon ends the text"),
        pytest.param("-X a=1 2> x", {"a": "1"}, id="a number in front of a redirection"),
        pytest.param("-X a=(1)", {}, id="a parenthesis"),
        pytest.param("-X a=$(date)", {"a": "$(date)"}, id="a command that is not run"),
        pytest.param("-X a=`date +%s`", {"a": "`date +%s`"}, id="back-ticks"),
        pytest.param("-X a=\\t\\n\\x -X 'b=\\t'", {"a": "\t\nx", "b": "\\t"}, id="backslashes"),
        pytest.param("-extldflags '-static -lpthread' -X a=1", {"a": "1"}, id="flags in a flag"),
        pytest.param("-extld gcc -X a=1", {"a": "1"}, id="a flag swallows a word"),
        pytest.param("-extld= -v=1 -X a=1", {"a": "1"}, id="a flag with its value"),
        pytest.param("--foo bar --x=y --help -h -X a=1", {"a": "1"}, id="long flags"),
        pytest.param("-h=maybe -X a=1", {}, id="neither true nor false"),
        pytest.param("--help=maybe -X a=1", {}, id="neither true nor false, in a long flag"),
        pytest.param("--=x -X a=1", {}, id="a flag that is malformed"),
        pytest.param("-X a=1 -- -X b=2", {"a": "1"}, id="the end of the flags"),
        pytest.param("word - '' -X a=1", {"a": "1"}, id="words that are no flags"),
        pytest.param("-test.v -X a=1", {"a": "1"}, id="flags of tests"),
    ],
)
def test_variables(flags: str, variables: dict[str, str]) -> None:
    assert linker_variables(flags) == variables
