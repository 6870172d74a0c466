"""`go.mod` as Go's own reader takes it; the outcomes are those of `golang.org/x/mod/modfile`."""

from __future__ import annotations

import msgspec
import pytest

from assaymark.errors import LimitError
from assaymark.inventory.golang.build_info import Module
from assaymark.inventory.golang.mod_file import ModFile, Replacement, Requirement, parse_mod_file
from assaymark.inventory.golang.versions import canonical_version, check_major, is_pseudo_version, module_id
from assaymark.limits import DEFAULT_LIMITS

SAMPLE = """\
// a comment
module example.org/app // Deprecated: use v2

go 1.22
toolchain go1.22.1

require golang.org/x/text v0.3.0
require (
\tgithub.com/a/b/v2 v2.1   // indirect; needed by c
\t"gopkg.in/yaml.v2" v2.2.1//indirect

\tgopkg.in/check.v1 v0.0.0-20161208181325-20d25e280405 // indirectly
\tgithub.com/docker/docker v20.10.0+incompatible
)
replace (
\tgolang.org/x/text => ../text
\tgolang.org/x/net v0.1.0 => golang.org/x/net v0.2.0
)
replace github.com/a/b/v2 v2.1.0 => /b
exclude golang.org/x/net v0.1.0
retract v1.0.0 // broken
retract [v1.0.0, v1.1.0]
tool golang.org/x/tools/cmd/stringer
ignore ./testdata
godebug (
\tdefault=go1.21
)
require ()
"""


def parsed(text: str) -> ModFile:
    return parse_mod_file(text, limits=DEFAULT_LIMITS)


def test_every_directive() -> None:
    expected = ModFile(
        module="example.org/app",
        go="1.22",
        toolchain="go1.22.1",
        requirements=[
            Requirement(Module("golang.org/x/text", "v0.3.0"), is_indirect=False),
            Requirement(Module("github.com/a/b/v2", "v2.1.0"), is_indirect=True),
            Requirement(Module("gopkg.in/yaml.v2", "v2.2.1"), is_indirect=True),
            Requirement(Module("gopkg.in/check.v1", "v0.0.0-20161208181325-20d25e280405"), is_indirect=False),
            Requirement(Module("github.com/docker/docker", "v20.10.0+incompatible"), is_indirect=False),
        ],
        replacements=[
            Replacement(Module("golang.org/x/text", ""), Module("../text", "")),
            Replacement(Module("golang.org/x/net", "v0.1.0"), Module("golang.org/x/net", "v0.2.0")),
            Replacement(Module("github.com/a/b/v2", "v2.1.0"), Module("/b", "")),
        ],
    )

    assert parsed(SAMPLE) == expected
    assert parsed(SAMPLE.replace("\n", "\r\n")) == expected
    assert parsed("") == ModFile()


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("unknown x", id="an unknown directive"),
        pytest.param("go (\n1.22\n)", id="a block that cannot be"),
        pytest.param("require x (\n)", id="a block with two words"),
        pytest.param("require (", id="a block without an end"),
        pytest.param("require (\n) x", id="something behind a block"),
        pytest.param("/* no */", id="a comment of another kind"),
        pytest.param("module a/*b", id="and one inside of a word"),
        pytest.param("module a\x00b", id="a character that is not printed"),
        pytest.param("module a\nmodule b", id="two modules"),
        pytest.param("module a b", id="a module of two words"),
        pytest.param("module `a`", id="a raw string"),
        pytest.param("module 'a'", id="a single quote"),
        pytest.param('module "a', id="a string without an end"),
        pytest.param('module "a\\q"', id="a string with an unknown escape"),
        pytest.param("go 1.22\ngo 1.22", id="two versions of Go"),
        pytest.param("go v1.22", id="a version of Go with v"),
        pytest.param("go", id="no version of Go"),
        pytest.param("toolchain gcc", id="a toolchain of others"),
        pytest.param("toolchain go1\ntoolchain go1", id="two toolchains"),
        pytest.param("require a.com/b", id="a requirement without a version"),
        pytest.param("require a.com/b master", id="a version that is none"),
        pytest.param("require a.com/b v1.02.0", id="a leading zero"),
        pytest.param("require a.com/b v2.0.0", id="a major version that the path lacks"),
        pytest.param("require a.com/b/v3 v2.0.0", id="another major version"),
        pytest.param("require a.com/b/v1 v1.0.0", id="a major version that is never written"),
        pytest.param("require a.com/b/v2.1 v2.0.0", id="a major version with a dot"),
        pytest.param("require gopkg.in/yaml v2.0.0", id="gopkg.in without a major version"),
        pytest.param("exclude a.com/b v2.0.0", id="an exclusion that cannot be"),
        pytest.param("replace a.com/b", id="a replacement by nothing"),
        pytest.param("replace a.com/b => c.com/d", id="a module without a version"),
        pytest.param("replace a.com/b => ../c v1.0.0", id="a folder with a version"),
        pytest.param("replace a.com/b => ..\\c", id="a folder of Windows"),
        pytest.param("replace a.com/b/v1 => ../c", id="a path that cannot be"),
        pytest.param("replace a.com/b v2.0.0 => ../c", id="a version that cannot be"),
        pytest.param("retract", id="a retraction of nothing"),
        pytest.param("retract (v1)", id="a retraction in parentheses"),
        pytest.param("retract [v1, v2", id="a range without an end"),
        pytest.param("tool a b", id="two tools"),
        pytest.param("godebug x", id="a setting without a value"),
        pytest.param('godebug x="y"', id="a setting in quotes"),
    ],
)
def test_what_go_refuses(line: str) -> None:
    with pytest.raises(ValueError):
        parsed(f"{line}\n")


def test_too_many_modules() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, packages_per_file=1)
    with pytest.raises(LimitError, match="more than 1 directives"):
        parse_mod_file("require a.com/b v1.0.0\n" * 3, limits=limits)


@pytest.mark.parametrize(
    ("version", "canonical"),
    [("v1", "v1.0.0"), ("v1.2", "v1.2.0"), ("v1.2.3-rc.1+x.y", "v1.2.3-rc.1"), ("v2.0.0+incompatible",) * 2],
)
def test_canonical_versions(version: str, canonical: str) -> None:
    assert canonical_version(version) == canonical


@pytest.mark.parametrize(
    ("version", "is_pseudo"),
    [
        ("v0.0.0-20190308221718-c2843e01d9a2", True),
        ("v1.2.4-0.20190308221718-c2843e01d9a2", True),
        ("v1.2.3-rc.1.0.20190308221718-c2843e01d9a2+incompatible", True),
        ("v1.2.3-20190308221718-c2843e01d9a2", False),
        ("v1.2.3-rc.1", False),
        ("1.0.0-20190308221718-c2843e01d9a2", False),
    ],
)
def test_versions_that_name_commits(version: str, is_pseudo: bool) -> None:
    assert is_pseudo_version(version) == is_pseudo


def test_identifiers_have_a_v() -> None:
    assert [module_id("a", version) for version in ("", "1.0", "v1.0")] == ["a", "a@v1.0", "a@v1.0"]
    check_major("gopkg.in/x.v2-unstable", "v2.0.0")
