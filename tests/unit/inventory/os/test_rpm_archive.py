"""rpm archives that lie in an image."""

from __future__ import annotations

import pytest
from tests.support.memory_tree import run, tree
from tests.support.rpm_headers import archive, header, package

from assaymark.inventory.analyse import analyse_layer
from assaymark.inventory.analyzer import Options
from assaymark.inventory.os.rpm_archive import ANALYZER
from assaymark.inventory.select import analyser_set, index_for
from assaymark.model.inventory import OsPackages
from assaymark.model.package import Package, PackageIdentifier

PATH = "opt/packages/bash.rpm"
BASH = package(
    "bash",
    epoch=1,
    version="5.1.8",
    release="6.el9",
    vendor="Red Hat, Inc.",
    license="GPLv3+",
    sourcerpm="bash-5.1.8-6.el9.src.rpm",
    sigmd5=bytes(16),
    basenames=["bash"],
    dirindexes=[0],
    dirnames=["/usr/bin/"],
)


def test_every_field() -> None:
    found, issues = run(ANALYZER, PATH, {PATH: archive(BASH) + b"payload"})

    assert issues == []
    assert found == [
        OsPackages(
            path=PATH,
            packages=(
                Package(
                    name="bash",
                    identifier=PackageIdentifier(purl="pkg:rpm/redhat/bash@1:5.1.8-6.el9?arch=x86_64"),
                    version="5.1.8",
                    release="6.el9",
                    epoch=1,
                    arch="x86_64",
                    src_name="bash",
                    src_version="5.1.8",
                    src_release="6.el9",
                    src_epoch=1,
                    licenses=("GPLv3+",),
                    maintainer="Red Hat, Inc.",
                    file_path=PATH,
                ),
            ),
        )
    ]


@pytest.mark.parametrize(
    ("vendor", "namespace"),
    [("Fedora Project", "fedora/"), ("openSUSE", "opensuse/"), ("SUSE LLC", "suse/"), ("CentOS", ""), (None, "")],
)
def test_vendor_tells_the_namespace(vendor: str | None, namespace: str) -> None:
    (found,), _ = run(ANALYZER, PATH, {PATH: archive(package("a", arch=None, vendor=vendor))})

    assert isinstance(found, OsPackages)
    assert found.packages[0].identifier.purl == f"pkg:rpm/{namespace}a@1.0-1.el9"


def test_signatures_of_any_length_are_skipped() -> None:
    for length in range(8):
        signatures = header({1000: (6, "x" * length)}, region=False)
        (found,), _ = run(ANALYZER, PATH, {PATH: archive(BASH, signatures=signatures)})
        assert isinstance(found, OsPackages)


WHOLE = archive(BASH)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"x" * 200, id="no lead"),
        pytest.param(WHOLE[:100], id="no signatures"),
        pytest.param(WHOLE[:-1], id="truncated"),
        pytest.param(WHOLE[:96] + b"\0" * 8 + WHOLE[104:], id="no magic"),
        pytest.param(WHOLE[:104] + b"\xff" * 8 + WHOLE[112:], id="signatures of 70 gigabytes"),
    ],
)
def test_what_is_no_archive(content: bytes) -> None:
    with pytest.raises(ValueError):
        run(ANALYZER, PATH, {PATH: content})


def test_archives_are_read_where_the_user_asks_for_them() -> None:
    layer = tree({PATH: WHOLE, "usr/bin/rpm": b"", "a.rpm.txt": b""})
    asked = Options(rpm_archives=True)

    assert analyse_layer(layer, index=index_for("image")).found == ()
    (found,) = analyse_layer(layer, index=index_for("image", options=asked), options=asked).found
    assert isinstance(found, OsPackages)
    assert [(package.name, package.analyzed_by) for package in found.packages] == [("bash", "rpm-archive")]


def test_cache_knows_the_difference() -> None:
    asked = index_for("image", options=Options(rpm_archives=True)).analyzers

    assert analyser_set(asked) != analyser_set(index_for("image").analyzers)
