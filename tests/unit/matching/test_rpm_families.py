"""Which advisories of the rpm families speak of which packages."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.support.os_targets import advisory, driver_for, found, matches, os_target, rpm

from assaymark.matching.driver import Match
from assaymark.model.advisory import Advisory, AdvisoryEntry, DataSource
from assaymark.model.issue import Issue, IssueCode

BINARY, SOURCE = "openssl-libs", "openssl"

FAMILIES: dict[str, tuple[str, str, str, str]] = {
    # system: bucket, looked up, how a fixed version of 0:2.0-1 is printed, the key among the ends of life
    "alma 8.4": ("alma 8", BINARY, "2.0-1", "8"),
    "rocky 9.1": ("rocky 9", BINARY, "2.0-1", "9"),
    "oracle 8.5": ("Oracle Linux 8", BINARY, "0:2.0-1", "8"),
    "amazon 2 (Karoo)": ("amazon linux 2", BINARY, "0:2.0-1", "2"),
    "amazon 2022.0.20220531 (Amazon Linux)": ("amazon linux 2022", BINARY, "0:2.0-1", "2022"),
    "amazon 2023.3.20240108 (Amazon Linux)": ("amazon linux 2023", BINARY, "0:2.0-1", "2023"),
    "amazon AMI release 2018.03": ("amazon linux 1", BINARY, "0:2.0-1", "1"),
    "amazon ": ("amazon linux 1", BINARY, "0:2.0-1", "1"),
    "azurelinux 3.0.20240727": ("Azure Linux 3.0", SOURCE, "2.0-1", ""),
    "cbl-mariner 2.0.20220226": ("CBL-Mariner 2.0", SOURCE, "2.0-1", ""),
    "photon 4.0": ("Photon OS 4.0", SOURCE, "0:2.0-1", "4.0"),
    "sles 15.3": ("SUSE Linux Enterprise 15.3", BINARY, "0:2.0-1", "15.3"),
    "slem 5.3": ("SUSE Linux Enterprise Micro 5.3", BINARY, "0:2.0-1", "5.3"),
    "opensuse-leap 15.5": ("openSUSE Leap 15.5", BINARY, "0:2.0-1", "15.5"),
    "opensuse-tumbleweed 20240607": ("openSUSE Tumbleweed", BINARY, "0:2.0-1", "20240607"),
    "bottlerocket 1.19.0": ("bottlerocket", BINARY, "0:2.0-1", ""),
}


@pytest.mark.parametrize("system", FAMILIES)
@pytest.mark.parametrize(
    ("version", "vulnerable"),
    [("1.9-9", True), ("2.0-0.1", True), ("2.0-1", False), ("2.0-10", False), ("1:1.0-1", False)],
)
def test_what_comes_before_the_fix_is_vulnerable(system: str, version: str, vulnerable: bool) -> None:
    bucket, name, printed, _ = FAMILIES[system]

    target = os_target(system, rpm(version), advisories={bucket: {name: [advisory("0:2.0-1")]}})

    assert found(target) == ([(BINARY, "CVE-2026-1", version, printed)] if vulnerable else [])


@pytest.mark.parametrize("system", FAMILIES)
def test_the_release_leads_to_the_advisories_and_to_the_end_of_life(system: str) -> None:
    bucket, _, _, lifecycle = FAMILIES[system]
    target = os_target(system)

    assert (driver_for(target).buckets(target), driver_for(target).lifecycle(target)) == ((bucket,), lifecycle)


@pytest.mark.parametrize(
    ("system", "vulnerable"),
    [(system, system.startswith(("azurelinux", "cbl-mariner"))) for system in FAMILIES],
)
def test_without_a_fix_only_the_azure_family_is_vulnerable(system: str, vulnerable: bool) -> None:
    bucket, name, _, _ = FAMILIES[system]

    target = os_target(system, rpm("1.0-1"), advisories={bucket: {name: [advisory()]}})

    assert bool(found(target)) == vulnerable


@pytest.mark.parametrize(
    ("system", "bucket", "vulnerable"),
    [
        pytest.param("photon 4.0", "Photon OS 4.0", True, id="Photon OS compares the binary package"),
        pytest.param("azurelinux 3.0", "Azure Linux 3.0", False, id="Azure Linux the source package"),
        pytest.param("cbl-mariner 2.0", "CBL-Mariner 2.0", False, id="CBL-Mariner the source package"),
    ],
)
def test_which_version_is_compared_by_source_package(system: str, bucket: str, vulnerable: bool) -> None:
    package = msgspec.structs.replace(rpm("1.0-1"), src_version="3.0")

    target = os_target(system, package, advisories={bucket: {SOURCE: [advisory("2.0-1")]}})

    assert bool(found(target)) == vulnerable


def test_azures_findings_have_no_package_id() -> None:
    package, said = rpm("1.0-1"), advisory("0:2.0-1")
    target = os_target("azurelinux 3.0", package, advisories={"Azure Linux 3.0": {SOURCE: [said]}})

    bare = msgspec.structs.replace(package, id="")
    assert matches(target) == [Match(package=bare, advisory=said, installed="1.0-1", fixed="2.0-1")]


def test_amazon_compares_as_debian_does() -> None:
    """To rpm a `+` only separates, to dpkg it counts."""
    package = rpm("1.0-1")
    target = os_target("amazon 2", package, advisories={"amazon linux 2": {BINARY: [advisory("1.0-1+")]}})

    assert found(target) == [(BINARY, "CVE-2026-1", "1.0-1", "1.0-1+")]


def test_amazon_notes_what_has_no_order() -> None:
    advisories = {"amazon linux 2": {BINARY: [advisory("1.0"), advisory("not one", name="CVE-2026-2")]}}
    target = os_target("amazon 2", rpm("x-1"), rpm("0.9"), advisories=advisories)

    assert found(target) == [(BINARY, "CVE-2026-1", "0.9", "1.0")]
    assert [issue.code for issue in target.doubts.issues()] == [
        IssueCode.VERSION_UNPARSABLE,
        IssueCode.CONSTRAINT_UNPARSABLE,
    ]


LABEL = "nodejs:12:8030020201124152102:229f0a1c"


@pytest.mark.parametrize("system", ["alma 8.4", "rocky 8.5"])
@pytest.mark.parametrize(
    ("label", "name"),
    [
        pytest.param(LABEL, "nodejs:12::npm", id="a module"),
        pytest.param("nodejs:12:", "nodejs:12::npm", id="two colons are enough"),
        pytest.param("nodejs:12", "npm", id="one is not"),
        pytest.param("", "npm", id="no module"),
    ],
)
def test_modular_packages_are_looked_up_with_their_module(system: str, label: str, name: str) -> None:
    bucket = FAMILIES.get(system, ("rocky 8", "", "", ""))[0]
    everything = {each: [advisory("2", name=each)] for each in ("npm", "nodejs:12::npm", "nodejs:12")}

    target = os_target(system, rpm("1-1", name="npm", label=label), advisories={bucket: everything})

    assert [vulnerability for _, vulnerability, _, _ in found(target)] == [name]


def test_alma_says_which_packages_do_not_name_their_module() -> None:
    packages = (
        rpm("1-1.module_el8.3.0+1", name="npm"),
        rpm("1-1.module_el8.3.0+1", name="nodejs", label=LABEL),
        rpm("1-1.el8", name="bash"),
    )
    advisories = {"alma 8": {name: [advisory("2")] for name in ("npm", "nodejs", "nodejs:12::nodejs", "bash")}}
    target = os_target("alma 8.4", *packages, advisories=advisories)

    assert [name for name, _, _, _ in found(target)] == ["nodejs", "bash"]
    assert list(target.doubts.issues()) == [
        Issue(
            code=IssueCode.NOT_ANALYSED,
            message="1 packages were not matched, because they do not name their module: `npm`",
        )
    ]


def entries(*stated: tuple[str, tuple[str, ...]], **values: Any) -> Advisory:
    return Advisory(
        vulnerability_id="CVE-2026-1",
        entries=tuple(AdvisoryEntry(fixed_version=fixed, arches=arches, **values) for fixed, arches in stated),
        data_source=DataSource(id="x"),
    )


@pytest.mark.parametrize(("system", "bucket"), [("rocky 9.1", "rocky 9"), ("oracle 8.5", "Oracle Linux 8")])
@pytest.mark.parametrize(
    ("arch", "fixed"),
    [
        pytest.param("x86_64", ["2.0-1"], id="an architecture that an entry lists"),
        pytest.param("aarch64", ["2.0-1", "3.0-1"], id="one that two entries list"),
        pytest.param("noarch", [], id="one that none lists"),
        pytest.param("", [], id="no architecture"),
    ],
)
def test_entries_count_for_the_architectures_they_list(system: str, bucket: str, arch: str, fixed: list[str]) -> None:
    said = entries(("2.0-1", ("x86_64", "aarch64")), ("3.0-1", ("aarch64",)), ("9.0-1", ()))

    target = os_target(system, rpm("1.0-1", arch=arch), advisories={bucket: {BINARY: [said]}})

    assert [each for _, _, _, each in found(target)] == fixed


@pytest.mark.parametrize(("system", "bucket"), [("rocky 9.1", "rocky 9"), ("oracle 8.5", "Oracle Linux 8")])
def test_a_finding_carries_what_its_entry_adds(system: str, bucket: str) -> None:
    said = entries(("2.0-1", ("x86_64",)), custom={"a": 1})
    package = rpm("1.0-1")
    target = os_target(system, package, advisories={bucket: {BINARY: [said]}})

    stated = Advisory(
        vulnerability_id="CVE-2026-1", fixed_version="2.0-1", custom={"a": 1}, data_source=DataSource(id="x")
    )
    assert matches(target) == [Match(package=package, advisory=stated, installed="1.0-1", fixed="2.0-1")]


def test_without_a_record_of_the_source_its_place_is_empty() -> None:
    target = os_target("rocky 9.1", rpm("1.0-1"), advisories={"rocky 9": {BINARY: [advisory("2.0-1")]}})

    assert [match.advisory.data_source for match in matches(target)] == [DataSource()]


@pytest.mark.parametrize(
    ("installed", "fixed", "vulnerable"),
    [
        pytest.param("1-1.el8", "2-1.el8", True, id="both are ordinary"),
        pytest.param("1-1.ksplice1.el8", "2-1.ksplice1.el8", True, id="both are Ksplice's"),
        pytest.param("1-1.el8", "2-1.ksplice1.el8", False, id="an ordinary package and Ksplice's fix"),
        pytest.param("1-1.ksplice1.el8", "2-1.el8", False, id="Ksplice's package and an ordinary fix"),
        pytest.param("1-1.el8_fips", "2-1.el8_FIPS", True, id="both are validated, in any letter case"),
        pytest.param("1-1.el8_fips", "2-1.el8", False, id="a validated package and an ordinary fix"),
        pytest.param("1-1.ksplice1.el8_fips", "2-1.el8_fips", True, id="validated counts before Ksplice"),
        pytest.param("1-1.xksplice1.el8", "2-1.el8", True, id="a part that only holds the word"),
    ],
)
def test_oracles_advisories_count_within_their_flavour(installed: str, fixed: str, vulnerable: bool) -> None:
    target = os_target("oracle 8.5", rpm(installed), advisories={"Oracle Linux 8": {BINARY: [advisory(fixed)]}})

    assert bool(found(target)) == vulnerable


def test_coreos_lists_packages_and_finds_nothing() -> None:
    target = os_target("coreos 40.1", rpm("1.0-1"), advisories={"coreos": {BINARY: [advisory("2.0-1")]}})

    assert (found(target), driver_for(target).buckets(target), driver_for(target).lifecycle(target)) == (
        [],
        ("coreos",),
        "",
    )
