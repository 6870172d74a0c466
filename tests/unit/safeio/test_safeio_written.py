from __future__ import annotations

import pytest

from assaymark.errors import UsageError
from assaymark.limits import DEFAULT_LIMITS
from assaymark.safeio.written import items_of, located, members_of, read_written, suggestion, text_of

KNOWN = ("packages", "paths")


def test_members_of_a_mapping() -> None:
    root = read_written(b"packages: [a, b]\npaths:\n", "rules.yaml", limits=DEFAULT_LIMITS)

    members = members_of(root, KNOWN)

    assert [text_of(each) for each in items_of(members["packages"])] == ["a", "b"]
    assert text_of(members["paths"]) == ""


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        pytest.param(
            b"packages: a\npackage: b",
            "`rules.yaml`, line 2, column 1: unknown key `package` in `rules`",
            "did you mean `packages`?",
            id="a key that nobody knows, like one that is known",
        ),
        pytest.param(
            b"x: b",
            "`rules.yaml`, line 1, column 1: unknown key `x` in `rules`",
            "`rules` has packages, paths",
            id="a key that is like none",
        ),
        pytest.param(
            b"paths: a\npaths: b",
            "`rules.yaml`, line 2, column 1: the key `paths` is there twice",
            "",
            id="a key that stands there twice",
        ),
        pytest.param(
            b"- a",
            "`rules.yaml`, line 1, column 1: expected `key: value` pairs",
            "",
            id="a list in the place of a mapping",
        ),
    ],
)
def test_what_cannot_be_is_told_with_its_place(text: bytes, message: str, hint: str) -> None:
    root = read_written(text, "rules.yaml", limits=DEFAULT_LIMITS)

    with pytest.raises(UsageError) as caught, located("rules.yaml"):
        members_of(root, KNOWN, where="rules")

    assert (str(caught.value), caught.value.hint) == (message, hint)


def test_what_is_no_yaml_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match=r"`rules.yaml` is not YAML"):
        read_written(b"a: [", "rules.yaml", limits=DEFAULT_LIMITS)


def test_nothing_is_suggested_for_what_is_like_nothing() -> None:
    assert suggestion("zzz", KNOWN) == ""
