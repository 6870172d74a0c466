"""Release files of distributions, as they stand in published images."""

from __future__ import annotations

import pytest
from tests.support.memory_tree import run

from assaymark.errors import ArtifactError
from assaymark.inventory.analyzer import Analyzer
from assaymark.inventory.os import (
    alpine_release,
    apk_repositories,
    debian_version,
    lsb_release,
    os_release,
    rapidfort,
    red_hat_release,
    system_release,
    ubuntu_esm,
)
from assaymark.model.inventory import NO_SYSTEM, OperatingSystem, OsRelease, PackageRepositories

ALPINE, DEBIAN, UBUNTU = alpine_release.ANALYZER, debian_version.ANALYZER, lsb_release.ANALYZER
RELEASE, REDHAT, AMAZON = os_release.ANALYZER, red_hat_release.ANALYZER, system_release.ANALYZER
UBUNTU_FILE = "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=24.04\nDISTRIB_CODENAME=noble\n"


@pytest.mark.parametrize(
    ("analyzer", "path", "content", "family", "name"),
    [
        pytest.param(ALPINE, "etc/alpine-release", "3.10.9\n", "alpine", "3.10.9", id="alpine"),
        pytest.param(
            ALPINE, "etc/alpine-release", "3.22.0_alpha20250108\n", "alpine", "3.22.0_alpha20250108", id="edge"
        ),
        pytest.param(DEBIAN, "etc/debian_version", "12.15\n", "debian", "12.15", id="debian"),
        pytest.param(
            DEBIAN, "etc/debian_version", "trixie/sid", "debian", "trixie/sid", id="debian without a line end"
        ),
        pytest.param(UBUNTU, "etc/lsb-release", UBUNTU_FILE, "ubuntu", "24.04", id="ubuntu"),
        pytest.param(
            RELEASE,
            "etc/os-release",
            'NAME="Wolfi"\nID=wolfi\nVERSION_ID="20230201"\n',
            "wolfi",
            "20230201",
            id="wolfi",
        ),
        pytest.param(
            RELEASE, "usr/lib/os-release", "ID='sle-micro'\nVERSION_ID='5.3'\n", "slem", "5.3", id="single quotes"
        ),
        pytest.param(
            RELEASE,
            "etc/os-release",
            'NAME="CentOS Stream"\nID="centos"\nVERSION_ID="9"\n',
            "centos-stream",
            "9",
            id="centos stream",
        ),
        pytest.param(RELEASE, "etc/os-release", "ID = ol \r\nVERSION_ID = 8.8\r\n", "oracle", "8.8", id="blanks"),
        pytest.param(
            AMAZON, "etc/system-release", "Amazon Linux release 2 (Karoo)\n", "amazon", "2 (Karoo)", id="amazon 2"
        ),
        pytest.param(
            AMAZON,
            "etc/system-release",
            "Amazon Linux AMI release 2018.03\n",
            "amazon",
            "AMI release 2018.03",
            id="ami",
        ),
        pytest.param(
            REDHAT, "etc/redhat-release", "CentOS Linux release 7.6.1810 (Core)\n", "centos", "7.6.1810", id="centos"
        ),
        pytest.param(
            REDHAT, "etc/redhat-release", "Red Hat Enterprise Linux release 9.2 (Plow)", "redhat", "9.2", id="red hat"
        ),
        pytest.param(REDHAT, "etc/oracle-release", "Anything release 8.8", "oracle", "8.8", id="oracle takes any name"),
        pytest.param(REDHAT, "usr/lib/fedora-release", "Fedora release 40 (Forty)", "fedora", "40", id="fedora"),
        pytest.param(
            REDHAT,
            "etc/almalinux-release",
            "x release 1\nAlmaLinux release 9.3 (Shamrock)",
            "alma",
            "9.3",
            id="second line",
        ),
    ],
)
def test_release_file_names_family_and_version(
    analyzer: Analyzer, path: str, content: str, family: str, name: str
) -> None:
    found, issues = run(analyzer, path, {path: content})

    assert found == [OsRelease(path=path, os=OperatingSystem(family=family, name=name))]
    assert issues == []


@pytest.mark.parametrize(
    ("analyzer", "path", "content"),
    [
        pytest.param(ALPINE, "etc/alpine-release", "", id="empty alpine"),
        pytest.param(DEBIAN, "etc/debian_version", "", id="empty debian"),
        pytest.param(UBUNTU, "etc/lsb-release", "DISTRIB_ID=Mint\nDISTRIB_RELEASE=1\n", id="not ubuntu"),
        pytest.param(UBUNTU, "etc/lsb-release", "DISTRIB_ID=Ubuntu\n", id="ubuntu without a release"),
        pytest.param(RELEASE, "etc/os-release", "VERSION_ID=12\n", id="a version alone"),
        pytest.param(RELEASE, "etc/os-release", "=\n\x00\xff=1\n", id="absurd"),
        pytest.param(AMAZON, "etc/system-release", "Amazon Linux release 2\n", id="amazon cut short"),
        pytest.param(AMAZON, "etc/system-release", "CentOS Linux release 7\n", id="not amazon"),
        pytest.param(REDHAT, "etc/redhat-release", "Bluefin 1.0\n", id="no release"),
        pytest.param(REDHAT, "etc/centos-release", "Rocky Linux release 9\n", id="a relative's name"),
    ],
)
def test_release_file_of_others_says_nothing(analyzer: Analyzer, path: str, content: str) -> None:
    assert run(analyzer, path, {path: content}) == ([], [])


@pytest.mark.parametrize(
    ("content", "stated"),
    [
        pytest.param("ID=debian\nVERSION_ID=12\n", "debian 12", id="debian has its own file"),
        pytest.param("ID=alpine\n", "alpine", id="no version"),
        pytest.param("ID=nixos\nVERSION_ID=26.05\n", "nixos 26.05", id="nobody's distribution"),
        pytest.param(f"ID={'x' * 100}\n", "x" * 80, id="a name of a hundred letters"),
    ],
)
def test_a_system_that_is_not_known_is_told(content: str, stated: str) -> None:
    path = "etc/os-release"

    found, issues = run(RELEASE, path, {path: content})

    assert (found, issues) == ([OsRelease(path=path, os=NO_SYSTEM, unknown=stated)], [])


@pytest.mark.parametrize(
    ("status", "enabled"),
    [
        ('{"services":[{"name":"esm-infra","status":"enabled"}]}', True),
        ('{"Services":[{"Name":"esm-infra","Status":"enabled"}]}', True),
        ('{"services":[{"name":"esm-infra","status":"disabled"},{"name":"livepatch","status":"enabled"}]}', False),
        ('{"services":null}', False),
        ('{"services":[1,null]}', False),
        ("{}", False),
    ],
)
def test_ubuntu_pro_extends_the_support(status: str, enabled: bool) -> None:
    path = "var/lib/ubuntu-advantage/status.json"

    found, _ = run(ubuntu_esm.ANALYZER, path, {path: status})

    expected = OsRelease(path=path, os=OperatingSystem(family="ubuntu", name="", extended=True))
    assert found == ([expected] if enabled else [])


@pytest.mark.parametrize("status", ["", "[]", '{"services":1}', '{"services":[', "null"])
def test_broken_pro_status_is_an_error(status: str) -> None:
    path = "var/lib/ubuntu-advantage/status.json"

    with pytest.raises(ArtifactError):
        run(ubuntu_esm.ANALYZER, path, {path: status})


def test_curated_images_have_a_supplier() -> None:
    path = "usr/share/rapidfort/curated.json"

    found, _ = run(rapidfort.ANALYZER, path, {path: ""})

    assert found == [OsRelease(path=path, os=OperatingSystem(family="", name="", supplier="rapidfort"))]


@pytest.mark.parametrize(
    ("content", "release"),
    [
        ("http://dl-cdn.alpinelinux.org/alpine/v3.7/main\n", "3.7"),
        ("https://x.org/alpine/v3.9/main\nhttps://x.org/alpine/v3.10/community\n", "3.10"),
        ("https://x.org/alpine/edge/main\nhttps://x.org/alpine/v3.10/community\n", "edge"),
        ("https://x.org/alpine/v3.10/main\n@edge https://x.org/alpine/edge/testing\n", "edge"),
        ("https://x.org/alpine/v3.10/main\nhttps://x.org/alpine/latest-stable/main\n", "3.10"),
    ],
)
def test_repositories_name_the_highest_release(content: str, release: str) -> None:
    path = "etc/apk/repositories"

    found, _ = run(apk_repositories.ANALYZER, path, {path: content})

    assert found == [PackageRepositories(path=path, family="alpine", release=release)]


@pytest.mark.parametrize("content", ["", "/media/cdrom/apks\n", "https://x.org/wolfi/os/x\n", "https://x.org/alpine"])
def test_other_repositories_say_nothing(content: str) -> None:
    path = "etc/apk/repositories"

    assert run(apk_repositories.ANALYZER, path, {path: content}) == ([], [])


def test_repositories_of_two_distributions_are_an_error() -> None:
    path = "etc/apk/repositories"

    with pytest.raises(ValueError, match="two distributions"):
        run(apk_repositories.ANALYZER, path, {path: "http://x/alpine/v3.7/main\nhttp://x/wolfi/v1/main\n"})
