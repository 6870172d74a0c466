"""Ranges of language advisories, and who they speak of."""

from __future__ import annotations

import pytest
from tests.support.advisory_source import MemoryAdvisories

from assaymark.matching.doubts import Doubts
from assaymark.matching.driver import Match
from assaymark.matching.language import find_ecosystem, fixed_versions, is_vulnerable, match_application
from assaymark.model.advisory import Advisory
from assaymark.model.inventory import Application
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.package import Package
from assaymark.versions.scheme import VersionError, load_scheme


def advisory(vulnerable: str = "", patched: str = "", unaffected: str = "") -> Advisory:
    """Ranges behind `;` each; a lone `;` is an empty range."""

    def parts(text: str) -> tuple[str, ...]:
        return ("",) if text == ";" else tuple(text.split(";")) if text else ()

    return Advisory(
        vulnerability_id="CVE-2026-1",
        vulnerable_versions=parts(vulnerable),
        patched_versions=parts(patched),
        unaffected_versions=parts(unaffected),
    )


@pytest.mark.parametrize(
    ("version", "ranges", "expected"),
    [
        pytest.param("1.5", advisory("<2"), True, id="inside of the vulnerable range"),
        pytest.param("2.0", advisory("<2"), False, id="outside of it"),
        pytest.param("2.5", advisory("<2;>=2.4,<2.6"), True, id="in the second range"),
        pytest.param("1.5", advisory("<2", "1.5"), False, id="vulnerable by range, patched by name"),
        pytest.param("1.5", advisory("<2", ">=1.6"), True, id="vulnerable and not patched"),
        pytest.param("1.5", advisory("", ">=1.6"), True, id="patched ranges alone"),
        pytest.param("1.7", advisory("", ">=1.6"), False, id="patched ranges alone, and inside"),
        pytest.param("0.9", advisory("", ">=1.6", "<1"), False, id="unaffected"),
        pytest.param("1.5", advisory("", "", "<1"), True, id="unaffected ranges alone"),
        pytest.param("1.5", advisory(), False, id="no range at all"),
        pytest.param("1.5", advisory(";"), True, id="an empty vulnerable range"),
        pytest.param("1.5", advisory("<1", ";"), True, id="an empty patched range wins over everything"),
        pytest.param("nonsense", advisory(";"), True, id="an empty range needs no version"),
    ],
)
def test_ranges(version: str, ranges: Advisory, expected: bool) -> None:
    assert is_vulnerable(version, ranges, scheme=load_scheme("generic")) == expected


def test_an_order_without_ranges_cannot_judge() -> None:
    with pytest.raises(VersionError, match="the order `deb` knows no ranges"):
        is_vulnerable("1", advisory("<2"), scheme=load_scheme("deb"))


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        pytest.param(advisory("<2", "2.0;2.1;2.0"), "2.0, 2.1", id="patched versions, each once"),
        pytest.param(advisory(">=1, <1.5;>=2,<2.3"), "1.5, 2.3", id="the ends of the vulnerable ranges"),
        pytest.param(advisory("<=1.5"), "", id="an end that is vulnerable itself"),
        pytest.param(advisory("< 1.5 ;<1.5"), "1.5", id="spaces"),
        pytest.param(advisory(), "", id="nothing"),
    ],
)
def test_fixed_versions(ranges: Advisory, expected: str) -> None:
    assert fixed_versions(ranges) == expected


@pytest.mark.parametrize(
    ("kind", "name", "asked"),
    [
        pytest.param("python-pkg", "Ruamel_yaml.clib", ("pip::", "ruamel-yaml.clib"), id="Python"),
        pytest.param("npm", "JSONStream", ("npm::", "jsonstream"), id="npm"),
        pytest.param("gomod", "github.com/BurntSushi/toml", ("go::", "github.com/BurntSushi/toml"), id="Go"),
        pytest.param("swift", "https://github.com/a/B.git", ("swift::", "github.com/a/B"), id="Swift"),
        pytest.param("nuget", "Newtonsoft.Json", ("nuget::", "newtonsoft.json"), id="NuGet"),
        pytest.param("hex", "Phoenix", ("erlang::", "phoenix"), id="Hex"),
    ],
)
def test_names_are_looked_up_as_the_database_writes_them(kind: str, name: str, asked: tuple[str, str]) -> None:
    source = MemoryAdvisories({})
    ecosystem = find_ecosystem(kind)
    assert ecosystem is not None
    application = Application(path="x", type=kind, packages=(Package(name=name, version="1"),))

    found = match_application(application, ecosystem, load_scheme(ecosystem.scheme), source=source, doubts=Doubts("x"))

    assert (list(found), source.asked) == ([], [asked])


def test_types_without_advisories_have_no_ecosystem() -> None:
    assert [find_ecosystem(kind) for kind in ("conda-pkg", "eks", "unheard-of")] == [None, None, None]


@pytest.mark.parametrize("kind", ["bundler", "cocoapods", "pom", "bitnami", "nuget", "composer-vendor", "cargo", "npm"])
def test_every_ecosystem_has_a_version_order(kind: str) -> None:
    found = find_ecosystem(kind)

    assert found is not None
    assert load_scheme(found.scheme).satisfies is not None


def test_a_version_order_makes_an_ecosystem_of_its_own_name() -> None:
    found = find_ecosystem("erlang")

    assert found is not None
    assert (found.source, found.scheme) == ("erlang::", "generic")


def matched(version: str, *advisories: Advisory) -> tuple[list[Match], list[Issue]]:
    ecosystem = find_ecosystem("pip")
    assert ecosystem is not None
    package = Package(id="a@1", name="a", version=version, file_path="lib/a")
    doubts = Doubts("requirements.txt")
    found = match_application(
        Application(path="requirements.txt", type="pip", packages=(package,)),
        ecosystem,
        load_scheme("pep440"),
        source=MemoryAdvisories({"pip::GitHub": {"a": list(advisories)}}),
        doubts=doubts,
    )
    return list(found), list(doubts.issues())


def test_a_match_carries_what_the_finding_prints() -> None:
    said = Advisory(vulnerability_id="CVE-2026-1", vendor_ids=("GHSA-1",), vulnerable_versions=("<2",))

    assert matched("1.0", said) == (
        [
            Match(
                package=Package(id="a@1", name="a", version="1.0", file_path="lib/a"),
                advisory=said,
                installed="1.0",
                fixed="2",
                path="lib/a",
                vendor_ids=("GHSA-1",),
            )
        ],
        [],
    )


@pytest.mark.parametrize(
    ("version", "ranges", "code", "message", "blocking"),
    [
        pytest.param(
            "2004d",
            advisory("<2"),
            IssueCode.VERSION_UNPARSABLE,
            "1 packages have versions that cannot be ordered: `a 2004d`",
            True,
            id="a legacy version",
        ),
        pytest.param(
            "",
            advisory("<2"),
            IssueCode.VERSION_UNPARSABLE,
            "1 packages have versions that cannot be ordered: `a`",
            True,
            id="no version",
        ),
        pytest.param(
            "1.0",
            advisory("<dog"),
            IssueCode.CONSTRAINT_UNPARSABLE,
            "1 advisories state versions that cannot be ordered: `CVE-2026-1 <dog`",
            False,
            id="a range that is none",
        ),
    ],
)
def test_what_cannot_be_judged_is_noted(
    version: str, ranges: Advisory, code: IssueCode, message: str, blocking: bool
) -> None:
    issue = Issue(code=code, message=message, path="requirements.txt", blocking=blocking)

    assert matched(version, ranges) == ([], [issue])


def test_many_doubts_are_one_issue_with_examples() -> None:
    doubts = Doubts("")
    for number in range(7):
        doubts.version(f"p{number}", "x")
        doubts.version(f"p{number}", "x")

    shown = ", ".join(f"`p{number} x`" for number in range(5))
    message = f"7 packages have versions that cannot be ordered: {shown}, …"
    assert list(doubts.issues()) == [Issue(code=IssueCode.VERSION_UNPARSABLE, message=message)]
