"""Which driver is asked, and which packages it is asked about."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.support.advisory_source import MemoryAdvisories

from assaymark.matching.doubts import Doubts
from assaymark.matching.driver import (
    Driver,
    OsTarget,
    find_driver,
    find_family_driver,
    is_described,
    is_package,
    major,
    minor,
)
from assaymark.model.package import Package, PackageRepository

THEIRS = PackageRepository(class_="third-party")


def driver_of(family: str, *packages: Package, supplier: str = "") -> Driver | None:
    return find_driver(
        OsTarget(
            family=family,
            release="",
            supplier=supplier,
            packages=packages,
            source=MemoryAdvisories({}),
            today=datetime(2026, 11, 21, tzinfo=UTC),
            doubts=Doubts(""),
        )
    )


@pytest.mark.parametrize(
    "family",
    [
        *("alma", "alpine", "amazon", "azurelinux", "bottlerocket", "cbl-mariner", "centos", "chainguard", "coreos"),
        *("debian", "echo", "minimos", "opensuse-leap", "opensuse-tumbleweed", "oracle", "photon", "redhat", "rocky"),
        *("slem", "sles", "ubuntu", "wolfi"),
    ],
)
def test_every_family_of_the_reference_has_a_driver(family: str) -> None:
    driver = find_family_driver(family)

    assert driver is not None
    assert driver_of(family) == driver


@pytest.mark.parametrize("family", ["fedora", "centos-stream", "opensuse", "activestate", "none", ""])
def test_other_families_have_none(family: str) -> None:
    assert driver_of(family) is find_family_driver(family) is None


@pytest.mark.parametrize(
    ("family", "found", "supplier", "claimed"),
    [
        pytest.param("debian", Package(name="a", version="1", release="1.root.io.0"), "", True, id="Root.io on Debian"),
        pytest.param("ubuntu", Package(name="a", version="1.root.io"), "", True, id="Root.io on Ubuntu"),
        pytest.param("alpine", Package(name="a", version="1.2-r10071"), "", True, id="Root.io on Alpine"),
        pytest.param("alpine", Package(name="a", version="1.2-r1007"), "", False, id="a high revision on Alpine"),
        pytest.param("redhat", Package(name="a", version="1.root.io"), "", False, id="Root.io on another family"),
        pytest.param("redhat", Package(name="SEAL-a"), "", True, id="Seal by the package's name"),
        pytest.param("oracle", Package(name="a", src_name="seal-a"), "", True, id="Seal by the source package's name"),
        pytest.param("alma", Package(name="seal-a"), "", False, id="Seal on another family"),
        pytest.param("debian", Package(name="sealed-a"), "", False, id="a name that only begins alike"),
        pytest.param("ubuntu", Package(name="a"), "rapidfort", True, id="RapidFort on Ubuntu"),
        pytest.param("debian", Package(name="a"), "rapidfort", False, id="RapidFort on another family"),
        pytest.param("ubuntu", Package(name="a"), "somebody", False, id="an unknown supplier"),
    ],
)
def test_a_supplier_claims_what_it_rebuilt(family: str, found: Package, supplier: str, claimed: bool) -> None:
    assert (driver_of(family, found, supplier=supplier) != find_family_driver(family)) == claimed


def test_the_first_supplier_wins() -> None:
    both = Package(name="seal-a", version="1.root.io")

    rapidfort, rootio, seal = (
        driver_of("ubuntu", both, supplier="rapidfort"),
        driver_of("ubuntu", both),
        driver_of("ubuntu", Package(name="seal-a")),
    )

    assert None not in (rapidfort, rootio, seal)
    assert len({id(driver) for driver in (rapidfort, rootio, seal)}) == 3


@pytest.mark.parametrize(
    ("found", "official", "kept"),
    [
        pytest.param(Package(name="curl"), True, True, id="an official package"),
        pytest.param(Package(name="gpg-pubkey"), False, False, id="a key that looks like a package"),
        pytest.param(Package(name="docker-ce", repository=THEIRS), False, True, id="a third party's"),
        pytest.param(Package(name="curl", repository=PackageRepository(class_="official")), True, True, id="said so"),
    ],
)
def test_only_official_packages_are_described(found: Package, official: bool, kept: bool) -> None:
    assert (is_described(found), is_package(found)) == (official, kept)


@pytest.mark.parametrize(
    ("family", "supplier", "found", "kept"),
    [
        pytest.param("alma", "", Package(name="a", repository=THEIRS), False, id="a family drops third parties"),
        pytest.param("echo", "", Package(name="a", repository=THEIRS), True, id="Echo keeps them"),
        pytest.param("echo", "", Package(name="gpg-pubkey"), False, id="nobody keeps keys"),
        pytest.param("redhat", "rapidfort", Package(name="a", repository=THEIRS), True, id="RapidFort keeps them"),
        pytest.param("redhat", "", Package(name="seal-a", repository=THEIRS), True, id="Seal keeps its own"),
        pytest.param("bottlerocket", "", Package(name="a"), False, id="Bottlerocket wants a version"),
        pytest.param("bottlerocket", "", Package(name="a", version="1"), True, id="Bottlerocket with a version"),
    ],
)
def test_drivers_keep_what_they_describe(family: str, supplier: str, found: Package, kept: bool) -> None:
    driver = driver_of(family, found, supplier=supplier)

    assert driver is not None
    assert driver.keeps(found) == kept


def test_seal_drops_what_is_neither_its_own_nor_official() -> None:
    driver = driver_of("redhat", Package(name="seal-a"))

    assert driver is not None
    assert [driver.keeps(Package(name=name, repository=THEIRS)) for name in ("seal-b", "epel")] == [True, False]


def test_releases_are_cut() -> None:
    assert [major("8.1.2"), major("8"), minor("3.17.2"), minor("3.17"), minor("edge")] == [
        "8",
        "8",
        "3.17",
        "3.17",
        "edge",
    ]
