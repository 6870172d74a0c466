"""What suppliers' advisories say of the packages they rebuilt."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.support.os_targets import advisory, driver_for, found, matches, os_target, rpm

from assaymark.matching.driver import Match, OsTarget
from assaymark.matching.supplier import lies_in
from assaymark.model.advisory import Advisory, DataSource, Severity, Status
from assaymark.model.inventory import PackageRepositories
from assaymark.model.issue import IssueCode
from assaymark.model.package import Package
from assaymark.versions.scheme import VersionError, load_scheme

SOURCE = DataSource(id="rootio", base_id="debian")


def ranged(*pairs: tuple[str, str], name: str = "CVE-2026-1", **values: Any) -> Advisory:
    """Ranges with their repaired versions."""
    return Advisory(
        vulnerability_id=name,
        vulnerable_versions=tuple(span for span, _ in pairs),
        patched_versions=tuple(fix for _, fix in pairs if fix),
        **values,
    )


def deb(version: str, *, name: str = "libssl", source: str = "openssl") -> Package:
    number, _, release = version.partition("-")
    return Package(
        name=name,
        version=number,
        release=release,
        src_name=source,
        src_version=number if source else "",
        src_release=release if source else "",
    )


@pytest.mark.parametrize(
    ("scheme", "version", "constraint", "expected"),
    [
        pytest.param("deb", "1.0-1", "<1.0-2", True, id="below"),
        pytest.param("deb", "1.0-2", "<1.0-2", False, id="the bound"),
        pytest.param("deb", "1.0-2", "<=1.0-2", True, id="with the bound"),
        pytest.param("deb", "1.0-2", ">= 1.0-1, < 1.0-3", True, id="all terms, by comma"),
        pytest.param("deb", "1.0-2", ">=1.0-1 <1.0-2", False, id="all terms, by space"),
        pytest.param("deb", "1.0-2", " , >1.0-1 ,", True, id="empty terms"),
        pytest.param("deb", "1.0-2", "1.0-2", True, id="no sign"),
        pytest.param("deb", "1.0-2", "=1.0-2", True, id="one sign of equality"),
        pytest.param("deb", "1.0-2", "==1.0-2", True, id="two signs of equality"),
        pytest.param("deb", "1.0-2", "!=1.0-2", False, id="not"),
        pytest.param("rpm", "1:1.0^git1-2", "<1:1.0^git2", True, id="rpm"),
        pytest.param("apk", "1.0_p1-r0", "<1.0_p2", True, id="apk"),
        pytest.param("deb", "2.0", "<1.0,<1 nonsense", None, id="a bad term, whatever the others say"),
        pytest.param("deb", "1.0", "< 1.0 nonsense", None, id="a space splits a term"),
        pytest.param("deb", "2.0", "<1.0, <1_bad:x", False, id="a bound without an order behind one that fails"),
        pytest.param("deb", "0.5", "<1.0, <1:x", None, id="a bound without an order behind one that holds"),
        pytest.param("deb", "1.0", "", None, id="nothing"),
        pytest.param("deb", "1.0", " , ", None, id="only a comma"),
        pytest.param("deb", "1.0", "<v1", None, id="a version that does not begin with a digit"),
        pytest.param("deb", "1.0", "<" + "1" * 100_000, None, id="too long"),
    ],
)
def test_constraints(scheme: str, version: str, constraint: str, expected: bool | None) -> None:
    if expected is None:
        with pytest.raises(VersionError):
            lies_in(load_scheme(scheme), version, constraint)
    else:
        assert lies_in(load_scheme(scheme), version, constraint) == expected


def root_io(*own: Advisory, base: tuple[Advisory, ...] = (), package: Package | None = None) -> OsTarget:
    return os_target(
        "debian 12.4",
        package or deb("1.0-1.root.io.1"),
        advisories={"debian 12": {"openssl": list(base)}, "root.io debian 12": {"openssl": list(own)}},
    )


def test_root_io_prints_every_repaired_version_and_its_severity() -> None:
    said = ranged(("<1.0-1.root.io.2", "1.0-1.root.io.2"), (">=1.1 <1.2", "1.2"), severity=Severity.LOW)
    sourced = Advisory(
        vulnerability_id="CVE-2026-1",
        vulnerable_versions=said.vulnerable_versions,
        patched_versions=said.patched_versions,
        severity=Severity.LOW,
        data_source=SOURCE,
    )
    package = deb("1.0-1.root.io.1")

    assert matches(root_io(sourced, package=package)) == [
        Match(
            package=package,
            advisory=sourced,
            installed="1.0-1.root.io.1",
            fixed="1.0-1.root.io.2, 1.2",
            severity=Severity.LOW,
            severity_source="rootio",
        )
    ]


@pytest.mark.parametrize(
    ("own", "base", "expected"),
    [
        pytest.param([], [advisory("1.0-2")], ["1.0-2"], id="the base's fix is a range"),
        pytest.param([], [advisory("1.0-1")], [], id="the base's fix is installed"),
        pytest.param([], [advisory()], [""], id="the base has no fix"),
        pytest.param([ranged(("<0.5", "0.5"))], [advisory("9")], [], id="its own counts before the base's"),
        pytest.param([ranged()], [], [""], id="no range is every version"),
        pytest.param([ranged(("<9", ""))], [], [""], id="a range without a repair"),
        pytest.param([ranged(("nonsense", "2"), ("<9", "9"))], [], [], id="a bad range ends the search"),
        pytest.param([ranged(("<0.5", "0.5"), ("<9", "9"))], [], ["0.5, 9"], id="any range"),
    ],
)
def test_root_io_adds_to_the_base(own: list[Advisory], base: list[Advisory], expected: list[str]) -> None:
    assert [fixed for _, _, _, fixed in found(root_io(*own, base=tuple(base)))] == expected


@pytest.mark.parametrize(
    ("system", "package", "bucket"),
    [
        pytest.param("debian 12.4", deb("1-1.root.io"), "debian 12", id="Debian"),
        pytest.param("ubuntu 22.04.3", deb("1-1.root.io"), "ubuntu 22.04", id="Ubuntu"),
        pytest.param("alpine 3.19.1", Package(name="less", version="1-r10071"), "alpine 3.19", id="Alpine"),
    ],
)
def test_root_io_asks_for_the_release(system: str, package: Package, bucket: str) -> None:
    target = os_target(system, package)
    driver = driver_for(target)

    assert (driver.buckets(target), driver.lifecycle(target)) == ((bucket, f"root.io {bucket}"), "")


def test_root_io_notes_what_it_cannot_compare() -> None:
    target = root_io(ranged(("nonsense", "2")), package=deb("1.0-1.root.io.1"))
    assert found(target) == []
    odd = root_io(ranged(("<2", "2")), package=deb("x-1.root.io.1"))
    assert found(odd) == []

    assert [issue.code for issue in target.doubts.issues()] == [IssueCode.CONSTRAINT_UNPARSABLE]
    assert [issue.code for issue in odd.doubts.issues()] == [IssueCode.VERSION_UNPARSABLE]


def test_root_io_says_nothing_of_packages_without_a_version_unless_all_are_meant() -> None:
    package = Package(name="openssl", version="", release="1.root.io")
    target = root_io(ranged(("<9", "9")), ranged(name="CVE-2026-2"), package=package)

    assert [name for _, name, _, _ in found(target)] == ["CVE-2026-2"]


@pytest.mark.parametrize(
    ("system", "version", "bucket"),
    [
        pytest.param("ubuntu 22.04.3", "1.0-1", "rapidfort ubuntu 22.04", id="Ubuntu's build"),
        pytest.param("ubuntu 22.04", "1.0-1+rf.1", "rapidfort ubuntu", id="a rebuild"),
        pytest.param("ubuntu 22.04", "2.46-10rfubu", "rapidfort ubuntu", id="a rebuild, named otherwise"),
        pytest.param("alpine 3.19.1", "1.0-r1", "rapidfort alpine 3.19", id="Alpine's build"),
        pytest.param("redhat 9.2", "1.0-1", "rapidfort Red Hat 9", id="of no distribution: the image's release"),
        pytest.param("redhat 9.2", "1.0-1.el8_4.2", "rapidfort Red Hat 8", id="for another release"),
        pytest.param("redhat 9.2", "1.0-1.el", "rapidfort Red Hat", id="for no release"),
        pytest.param("redhat 9.2", "1.0-1.fc42", "rapidfort fedora 42", id="Fedora's"),
        pytest.param("redhat 9.2", "1.0-1.el9.rf1", "rapidfort Red Hat", id="the last mark counts"),
        pytest.param("redhat 9.2", "1.0-1.el9.rfc3339", "rapidfort Red Hat", id="even where it is part of a word"),
    ],
)
def test_rapidfort_asks_by_origin(system: str, version: str, bucket: str) -> None:
    said = {"openssl": [ranged(("<9", "9"))]}
    target = os_target(system, deb(version), advisories={bucket: said}, supplier="rapidfort")

    assert driver_for(target).buckets(target) == (bucket,)
    assert [fixed for _, _, _, fixed in found(target)] == ["9"]


def test_rapidfort_looks_up_source_and_binary_package_and_keeps_the_sources_word() -> None:
    said = {
        "openssl": [ranged(("<9", "9"), custom={"a": 1}, severity=Severity.HIGH, data_source=SOURCE)],
        "libssl": [ranged(("<8", "8")), ranged(("<8", "8"), name="CVE-2026-2")],
    }
    target = os_target("ubuntu 22.04", deb("1.0"), advisories={"rapidfort ubuntu 22.04": said}, supplier="rapidfort")

    assert [(each.advisory.custom, each.fixed, each.severity_source) for each in matches(target)] == [
        (None, "9", "rootio"),
        (None, "8", ""),
    ]


@pytest.mark.parametrize(
    ("package", "said", "expected"),
    [
        pytest.param(deb("1.0"), ranged(("nonsense", "1"), ("<9", "9")), ["1.0"], id="a bad range is passed over"),
        pytest.param(deb("1.0"), ranged(("nonsense", "1")), [], id="nothing but a bad range"),
        pytest.param(deb("1.0", source=""), ranged(("<9", "9")), ["1.0"], id="no source package"),
        pytest.param(Package(name="libssl"), ranged(), [], id="no version"),
        pytest.param(deb("x"), ranged(("<9", "9")), [], id="a version without an order"),
    ],
)
def test_rapidfort_compares(package: Package, said: Advisory, expected: list[str]) -> None:
    known = {"rapidfort ubuntu 22.04": {package.src_name or package.name: [said]}}
    target = os_target("ubuntu 22.04", package, advisories=known, supplier="rapidfort")

    assert [installed for _, _, installed, _ in found(target)] == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param(ranged(("<2", "2")), ["2"], id="one range"),
        pytest.param(ranged((">=0, <0.5", "0.5"), (">=0.9, <2", "2")), ["2"], id="the range it lies in"),
        pytest.param(ranged((">=0, <1.5", "1.5"), (">=0, <2", "2")), ["1.5", "2"], id="both ranges"),
        pytest.param(ranged(("<2", "1.1"), ("<3", "3")), ["1.1, 3"], id="ranges that do not pair stay together"),
        pytest.param(ranged(("<2", ""), ("<3", "3")), ["3"], id="a range without a repair"),
        pytest.param(ranged(), [], id="no range says nothing"),
        pytest.param(ranged(("nonsense", "1")), [], id="a bad range"),
    ],
)
def test_seal_names_the_repair_of_the_range(said: Advisory, expected: list[str]) -> None:
    known = {"seal Red Hat 9": {"seal-openssl": [said]}}

    target = os_target("redhat 9.2", rpm("1.0-1.el9", name="openssl", source="seal-openssl"), advisories=known)

    assert [fixed for _, _, _, fixed in found(target)] == expected


def test_seal_takes_the_severity_over_from_the_base() -> None:
    said = ranged(("<2", "2"), severity=Severity.LOW, data_source=SOURCE, status=Status.AFFECTED)
    package = rpm("1.0-1.el9", name="openssl", source="seal-openssl")
    target = os_target("redhat 9.2", package, advisories={"seal Red Hat 9": {"seal-openssl": [said]}})

    assert matches(target) == [
        Match(
            package=package,
            advisory=said,
            installed="1.0-1.el9",
            fixed="2",
            severity=Severity.LOW,
            severity_source="debian",
        )
    ]


def test_seal_leaves_other_packages_to_the_family_without_its_repositories() -> None:
    packages = (
        Package(name="seal-curl", version="1-r0", src_name="seal-curl", src_version="1-r0"),
        Package(name="musl", version="1-r0", src_name="musl", src_version="1-r0"),
    )
    known = {
        "seal alpine": {"seal-curl": [ranged(("<2", "2"))]},
        "alpine 3.19": {"musl": [advisory("3-r0")], "seal-curl": [advisory("9-r0")]},
        "alpine 3.20": {"musl": [advisory("4-r0")]},
    }
    target = msgspec.structs.replace(
        os_target("alpine 3.19.1", *packages, advisories=known),
        repository=PackageRepositories(path="", family="alpine", release="3.20"),
    )

    assert [(name, fixed) for name, _, _, fixed in found(target)] == [("musl", "3-r0"), ("seal-curl", "2")]
    assert driver_for(target).buckets(target) == ("alpine 3.19", "seal alpine")


@pytest.mark.parametrize(
    ("system", "release", "bucket"),
    [
        pytest.param("redhat 9.2", "3.el8+sp1", "seal Red Hat 8", id="up to a plus"),
        pytest.param("centos 7", "9.el10_0.1", "seal Red Hat 10", id="up to an underscore"),
        pytest.param("oracle 8", "1", "seal Red Hat", id="no mark"),
        pytest.param("cbl-mariner 2.0", "1.cm2", "seal Red Hat", id="another mark"),
        pytest.param("alpine 3.19", "1.el9", "seal alpine", id="Alpine has no releases"),
        pytest.param("debian 12", "1", "seal debian", id="Debian"),
        pytest.param("ubuntu 22.04", "1", "seal debian", id="Ubuntu is Debian"),
    ],
)
@pytest.mark.parametrize("source", ["seal-openssl", ""])
def test_seal_asks_by_family_and_mark(system: str, release: str, bucket: str, source: str) -> None:
    package = Package(
        name="seal-openssl", version="1", release=release, src_name=source, src_release=release if source else ""
    )

    target = os_target(system, package)

    assert driver_for(target).buckets(target)[-1] == bucket
