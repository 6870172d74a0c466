"""Package URLs of distributions and languages."""

from __future__ import annotations

import pytest

from assaymark.inventory.purl import application_package_url, os_package_url
from assaymark.model.inventory import OperatingSystem
from assaymark.model.package import Package


@pytest.mark.parametrize(
    ("family", "name", "package", "expected"),
    [
        pytest.param(
            "alpine",
            "3.10.2",
            Package(name="Libcrypto1.1", version="1.1.1c-r0", arch="x86_64"),
            "pkg:apk/alpine/libcrypto1.1@1.1.1c-r0?arch=x86_64&distro=3.10.2",
            id="alpine in lower case",
        ),
        pytest.param(
            "debian",
            "12.15",
            Package(name="libstdc++6", version="12.2.0", release="14+deb12u1", epoch=1, arch="amd64"),
            "pkg:deb/debian/libstdc%2B%2B6@12.2.0-14%2Bdeb12u1?arch=amd64&distro=debian-12.15&epoch=1",
            id="debian with an epoch",
        ),
        pytest.param(
            "amazon",
            "2 (Karoo)",
            Package(name="bash", version="4.2", release="1", modularitylabel="a:b"),
            "pkg:rpm/amazon/bash@4.2-1?distro=amazon-2%20%28Karoo%29&modularitylabel=a:b",
            id="a name with blanks",
        ),
        pytest.param("sles", "15", Package(name="a", version="1"), "pkg:rpm/suse/a@1?distro=sles-15", id="suse"),
        pytest.param(
            "bottlerocket", "1", Package(name="a"), "pkg:bottlerocket/a?distro=bottlerocket-1", id="no version"
        ),
        pytest.param("none", "", Package(name="a", version="1"), "pkg:none/a@1", id="an unknown family"),
        pytest.param("debian", "12", Package(version="1"), "", id="no name"),
    ],
)
def test_distribution_packages(family: str, name: str, package: Package, expected: str) -> None:
    assert os_package_url(package, OperatingSystem(family=family, name=name)) == expected


@pytest.mark.parametrize(
    ("application", "name", "expected"),
    [
        ("npm", "@Babel/Core", "pkg:npm/%40babel/core@1"),
        ("pip", "Flask_Login", "pkg:pypi/flask-login@1"),
        ("python-pkg", "zope.interface", "pkg:pypi/zope.interface@1"),
        ("jar", "org.apache:commons", "pkg:maven/org.apache/commons@1"),
        ("gomod", "github.com/A/b", "pkg:golang/github.com/a/b@1"),
        ("gomod", "./local", ""),
        ("composer", "vendor/name", "pkg:composer/vendor/name@1"),
        ("cocoapods", "Pod/Sub", "pkg:cocoapods/Pod@1#Sub"),
        ("bundler", "rails", "pkg:gem/rails@1"),
        ("hex", "phoenix", "pkg:hex/phoenix@1"),
        ("npm", "", ""),
    ],
)
def test_language_packages(application: str, name: str, expected: str) -> None:
    assert application_package_url(Package(name=name, version="1"), application) == expected


def test_julia_names_its_package_by_uuid() -> None:
    package = Package(id="1-2", name="JSON", version="1")

    assert application_package_url(package, "julia") == "pkg:julia/JSON@1?uuid=1-2"
