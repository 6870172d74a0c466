from __future__ import annotations

import pytest

from assaymark.report.bom.expression import Compound, Name, read_expression


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("MIT", "MIT", id="an identifier"),
        pytest.param("The MIT Licence", "MIT", id="a name of several words"),
        pytest.param("mit and apache2", "MIT AND Apache-2.0", id="operators in any letter case"),
        pytest.param("GPLv2+", "GPL-2.0-or-later", id="later versions"),
        pytest.param("GPL-2.0+", "GPL-2.0-or-later", id="a plus behind a GNU licence"),
        pytest.param("GPLv2", "GPL-2.0-only", id="a GNU licence"),
        pytest.param("EUPL-1.2+", "EUPL-1.2+", id="a plus behind another"),
        pytest.param("(MIT OR Apache-2.0) AND ISC", "(MIT OR Apache-2.0) AND ISC", id="parentheses that count"),
        pytest.param("(MIT AND ISC) OR Zlib", "MIT AND ISC OR Zlib", id="parentheses that do not"),
        pytest.param("MIT AND (ISC AND Zlib)", "MIT AND ISC AND Zlib", id="the same operator in each other"),
        pytest.param("MIT OR ISC AND Zlib", "MIT OR ISC AND Zlib", id="AND binds closer than OR"),
        pytest.param(
            "GPL-2.0-only WITH classpath-exception-2.0",
            "GPL-2.0-only WITH Classpath-exception-2.0",
            id="an exception as the list spells it",
        ),
        pytest.param(
            "GPL-3.0-with-autoconf-exception", "GPL-3.0-only WITH autoconf-exception", id="an exception in a name"
        ),
        pytest.param(
            "GPLv2 WITH Classpath Exception",
            "GPL-2.0-with-classpath-exception",
            id="a licence with its exception under one identifier",
        ),
        pytest.param("My Own (Inc.)", None, id="a name with parentheses"),
        pytest.param("My/Own #1", "My-Own--1", id="characters of no identifier"),
    ],
)
def test_declarations_become_expressions(text: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(ValueError, match="is not expected"):
            read_expression(text)
    else:
        assert expected == str(read_expression(text))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("", "a name is missing", id="nothing"),
        pytest.param("MIT AND", "a name is missing", id="half of it"),
        pytest.param("AND MIT", "a name is missing", id="the other half"),
        pytest.param("(MIT", "has no end", id="an open parenthesis"),
        pytest.param("MIT)", "is not expected", id="a closing parenthesis"),
        pytest.param("+ MIT", "a name is missing", id="a plus in front"),
        pytest.param("MIT + ISC", "is not expected", id="a plus in between"),
        pytest.param("(" * 5_000, "characters", id="a long text"),
        pytest.param("(" * 2_000, "too deeply", id="parentheses in each other"),
        pytest.param("MIT WITH " * 400 + "MIT", "too deeply", id="exceptions of exceptions"),
        pytest.param("A OR " * 800 + "A", "too many", id="a long chain"),
    ],
)
def test_what_is_no_expression_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_expression(text)


@pytest.mark.parametrize(
    ("text", "spdx"),
    [
        ("MIT", True),
        ("MIT OR Apache-2.0", True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", True),
        ("GPL-2.0-only WITH MIT", False),
        ("MIT OR Own", False),
        ("EUPL-1.2+", False),
    ],
)
def test_whether_the_list_has_all_of_it(text: str, spdx: bool) -> None:
    assert spdx == read_expression(text).is_spdx


def test_the_tree_of_an_expression() -> None:
    expected = Compound(Name("MIT"), "OR", Compound(Name("ISC"), "AND", Name("GPL-2.0", later=True)))
    assert expected == read_expression("MIT OR ISC AND GPL-2.0-or-later")
