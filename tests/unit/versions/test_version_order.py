"""Properties that every order has, whatever text comes."""

from __future__ import annotations

import re
import shutil
import subprocess
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assaymark.extensions import discover
from assaymark.versions.rpm import canonical
from assaymark.versions.scheme import Ordered, Scheme, VersionError, load_scheme

SCHEMES = {scheme.name: scheme for scheme in discover("assaymark.versions", "SCHEME", Scheme)}
SHAPES = {
    "apk": r"[0-9]{1,2}(\.[0-9]{1,2}){0,3}[a-z]?(_(alpha|beta|pre|rc|cvs|svn|git|hg|p)[0-9]?){0,2}(-r[0-9])?",
    "deb": r"([0-2]:)?[0-9][0-9a-z.+~]{0,6}(-[0-9a-z.+~]{0,4})?",
    "generic": r"v?[0-9]{1,2}(\.[0-9]{1,2}){0,3}(-(rc|beta|[0-9])(\.[0-9a-w])?)?(\+[a-z])?",
    "npm": r"[0-9](\.[0-9]){2}(-(rc|beta|[0-9])(\.[0-9a-w])?)?(\+[a-z])?",
    "pep440": r"([0-1]!)?[0-9]{1,2}(\.[0-9]){0,3}((a|b|rc)[0-9])?(\.post[0-9])?(\.dev[0-9])?(\+[a-z0-9](\.[a-z0-9])?)?",
    "rpm": r"([0-2]:)?[0-9][0-9a-c.~^]{0,6}(-[0-9][0-9a-c.~^]{0,4})?",
}


def versions(name: str) -> st.SearchStrategy[str]:
    return st.from_regex(re.compile(SHAPES[name], re.ASCII), fullmatch=True)


def sign(left: Ordered, right: Ordered) -> int:
    return (right < left) - (left < right)


@pytest.mark.parametrize("name", SHAPES)
def test_keys_of_real_looking_versions_are_a_total_order(name: str) -> None:
    key = SCHEMES[name].key

    @settings(max_examples=150, deadline=None)
    @given(versions(name), versions(name), versions(name))
    def check(first: str, second: str, third: str) -> None:
        a, b, c = key(first), key(second), key(third)
        assert sign(a, b) == -sign(b, a)
        assert (sign(a, b) == 0) == (a == b)
        assert not (sign(a, b) <= 0 and sign(b, c) <= 0) or sign(a, c) <= 0

    check()


@pytest.mark.parametrize("name", sorted(SCHEMES))
def test_any_text_has_a_key_or_is_refused(name: str) -> None:
    scheme = SCHEMES[name]

    @settings(max_examples=150, deadline=None)
    @given(
        st.text(max_size=24) | st.from_regex(r"\A[0-9a-z.~+:_|*x-]{0,16}\Z"),
        st.text(" <>=!~^|,.*xv-+0123a", max_size=24),
    )
    def check(version: str, constraint: str) -> None:
        with suppress(VersionError):
            assert scheme.key(version) == scheme.key(version)
            if scheme.satisfies:
                assert scheme.satisfies(version, constraint) in (True, False)

    check()


@pytest.mark.parametrize("name", ["generic", "npm", "pep440"])
def test_operators_agree_with_the_order(name: str) -> None:
    scheme = SCHEMES[name]
    satisfies = scheme.satisfies
    assert satisfies is not None

    @settings(max_examples=150, deadline=None)
    @given(versions(name), versions(name))
    def check(left: str, right: str) -> None:
        left, right = left.partition("+")[0], right.partition("+")[0]
        order = sign(scheme.key(left), scheme.key(right))
        assert satisfies(left, f"={right}") == (order == 0)
        assert satisfies(left, f">={right}") == (order >= 0)
        assert satisfies(left, f"<={right}") == (order <= 0)
        assert satisfies(left, f"<{right}") == (order < 0)

    check()


@pytest.mark.skipif(shutil.which("dpkg") is None, reason="needs dpkg")
@settings(max_examples=60, deadline=None)
@given(versions("deb"), versions("deb"))
def test_debian_versions_compare_as_dpkg_compares_them(left: str, right: str) -> None:
    relation = {-1: "lt", 0: "eq", 1: "gt"}[sign(SCHEMES["deb"].key(left), SCHEMES["deb"].key(right))]

    answer = subprocess.run(["dpkg", "--compare-versions", left, relation, right], check=False, capture_output=True)

    if not answer.stderr:  # dpkg warns of an empty revision and goes on
        assert answer.returncode == 0


@pytest.mark.skipif(shutil.which("rpm") is None, reason="needs rpm")
@settings(max_examples=60, deadline=None)
@given(versions("rpm"), versions("rpm"))
def test_rpm_versions_compare_as_rpm_compares_them(left: str, right: str) -> None:
    question = f'%{{lua:print(rpm.vercmp("{left}", "{right}"))}}'

    answer = subprocess.run(["rpm", "--eval", question], check=True, capture_output=True, text=True)

    assert int(answer.stdout) == sign(SCHEMES["rpm"].key(left), SCHEMES["rpm"].key(right))


@pytest.mark.parametrize(
    ("version", "printed"),
    [
        pytest.param("0:8.2-1", "8.2-1", id="no epoch"),
        pytest.param("2:8.2-1", "2:8.2-1", id="an epoch"),
        pytest.param("02:8.2", "2:8.2", id="an epoch with a zero before it"),
        pytest.param("-2:8.2", "8.2", id="a negative epoch"),
        pytest.param("x:8.2", "8.2", id="an epoch that is none"),
        pytest.param("8.2-", "8.2", id="an empty release"),
        pytest.param("1:8.2-1-3:4", "1:8.2-1-3:4", id="the release is all behind the first hyphen"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_rpm_versions_are_printed_as_the_reference_prints_them(version: str, printed: str) -> None:
    assert canonical(version) == printed


def test_an_unknown_scheme_is_named() -> None:
    with pytest.raises(LookupError, match="no version scheme `calver`"):
        load_scheme("calver")
