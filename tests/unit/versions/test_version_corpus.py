"""Every line of the corpora: knowledge as data, one test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assaymark.extensions import discover
from assaymark.versions.scheme import Scheme, VersionError, load_scheme

CORPORA = Path(__file__).parents[2] / "corpus" / "versions"
RELATIONS = (" notin ", " refuses ", " in ", " < ", " = ")


def lines() -> Iterator[object]:
    for path in sorted(CORPORA.glob("*.txt")):
        for line in path.read_text(encoding="utf-8").split("\n"):
            if line and not line.startswith("#"):
                yield pytest.param(path.stem, line, id=f"{path.stem}: {line}")


def parted(line: str) -> tuple[str, str, str]:
    for relation in RELATIONS:
        if relation in line:
            left, _, right = line.partition(relation)
            return left, relation.strip(), right
    return line.removesuffix(" !"), "!", ""


@pytest.mark.parametrize(("name", "line"), list(lines()))
def test_corpus(name: str, line: str) -> None:
    scheme = load_scheme(name)
    left, relation, right = parted(line)
    if relation == "!":
        with pytest.raises(VersionError):
            scheme.key(left)
    elif relation == "<":
        assert (scheme.key(left) < scheme.key(right), scheme.key(right) < scheme.key(left)) == (True, False)
    elif relation == "=":
        assert scheme.key(left) == scheme.key(right)
    else:
        assert scheme.satisfies is not None
        if relation == "refuses":
            with pytest.raises(VersionError):
                scheme.satisfies(left, right)
        else:
            assert scheme.satisfies(left, right) == (relation == "in")


def test_every_scheme_has_a_corpus() -> None:
    schemes = {scheme.name for scheme in discover("assaymark.versions", "SCHEME", Scheme)}

    assert schemes == {path.stem for path in CORPORA.glob("*.txt")}
