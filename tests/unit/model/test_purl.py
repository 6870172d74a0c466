"""Package URLs: parsing, printing, comparing."""

from __future__ import annotations

import pytest

from assaymark.model.purl import Purl, find_purl, parse_purl


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("pkg:pypi/Django_x@1", Purl(type="pypi", namespace="", name="django-x", version="1"), id="pypi"),
        pytest.param(
            "pkg:npm/%40babel/core@7.0.0",
            Purl(type="npm", namespace="@babel", name="core", version="7.0.0"),
            id="a scope",
        ),
        pytest.param(
            "PKG://DEB/Debian/curl@7.50.3-1?arch=i386&distro=debian-8&empty=",
            Purl(
                type="deb",
                namespace="debian",
                name="curl",
                version="7.50.3-1",
                qualifiers=(("arch", "i386"), ("distro", "debian-8")),
            ),
            id="qualifiers",
        ),
        pytest.param(
            "pkg:golang/GitHub.com/a/B@v1%2Bincompatible#sub/dir",
            Purl(type="golang", namespace="github.com/a", name="b", version="v1+incompatible", subpath="sub/dir"),
            id="a subpath",
        ),
        pytest.param(
            "pkg:npm/@babel/core", Purl(type="npm", namespace="@babel", name="core"), id="a scope as people write it"
        ),
        pytest.param(
            "pkg:npm/@s/a@1?b=2&a=%26", Purl(type="npm", namespace="@s", name="a", version="1",
                                              qualifiers=(("a", "&"), ("b", "2"))), id="qualifiers are sorted"
        ),
        pytest.param("pkg:rpm/a%2Fb//c%252Fd", Purl(type="rpm", namespace="a/b", name="c%2Fd"), id="decoded once"),
    ],
)  # fmt: skip
def test_parsing(text: str, expected: Purl) -> None:
    assert parse_purl(text) == expected


@pytest.mark.parametrize("text", ["", "pypi/a", "pkg:", "pkg:pypi", "pkg:pypi/", "pkg:1x/a", "pkg:a/b?1=2", "pkg:a/@1",
                                  "pkg:a/b@%zz", "pkg:a/b?x=%4", "pkg:a/b#%", "pkg:a/b?x=1&X=2", "pkg:a/b?x=1;2", "pkg:a/b#c/../d", "pkg:a/@b/c"])  # fmt: skip
def test_what_is_no_purl(text: str) -> None:
    assert find_purl(text) is None


@pytest.mark.parametrize(
    ("wanted", "found", "expected"),
    [
        pytest.param("pkg:npm/a", "pkg:npm/a@1?x=y", True, id="what is left out may be anything"),
        pytest.param("pkg:npm/a@1", "pkg:npm/a@1", True, id="the version"),
        pytest.param("pkg:npm/a@1", "pkg:npm/a@2", False, id="another version"),
        pytest.param("pkg:npm/a", "pkg:npm/b", False, id="another name"),
        pytest.param("pkg:npm/a", "pkg:npm/%40s/a", False, id="another namespace"),
        pytest.param("pkg:npm/a", "pkg:pypi/a", False, id="another type"),
        pytest.param("pkg:deb/debian/a?arch=x", "pkg:deb/debian/a?arch=x&distro=y", True, id="a qualifier"),
        pytest.param("pkg:deb/debian/a?arch=x", "pkg:deb/debian/a?distro=y", False, id="a missing qualifier"),
        pytest.param("pkg:npm/a#s", "pkg:npm/a", False, id="a subpath"),
    ],
)
def test_covering(wanted: str, found: str, expected: bool) -> None:
    assert parse_purl(wanted).covers(parse_purl(found)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("pkg:npm/@s/a+b@1+2", "pkg:npm/%40s/a%2Bb@1%2B2", id="what must be escaped is"),
        pytest.param("PKG:Deb/Debian/A?z=%20:&a=/", "pkg:deb/debian/a?a=%2F&z=%20:", id="sorted qualifiers"),
        pytest.param("pkg:rpm//x//y/n", "pkg:rpm/x/y/n", id="empty segments"),
        pytest.param("pkg:cocoapods/G@1#/NS+z/b/", "pkg:cocoapods/G@1#NS%2Bz/b", id="a subpath"),
    ],
)
def test_printing(text: str, expected: str) -> None:
    purl = parse_purl(text)

    assert str(purl) == expected
    assert parse_purl(expected) == purl


def test_a_subpath_may_be_left_as_it_is() -> None:
    assert str(parse_purl("pkg:cocoapods/G#a%2Bb", decode_subpath=False)) == "pkg:cocoapods/G#a%252Bb"
