"""The list of packages in distroless images of CBL-Mariner; the sample is cut from such an image."""

from __future__ import annotations

import msgspec
import pytest
from tests.support.memory_tree import run

from assaymark.errors import LimitError
from assaymark.inventory.os.rpmqa import ANALYZER
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.inventory import OsPackages
from assaymark.model.package import Package

PATH = "var/lib/rpmmanifest/container-manifest-2"
LINE = "filesystem\t1.1-9.cm2\t1653816590\t1653628924\tMicrosoft Corporation\t(none)\t7596\tx86_64\t{}\t{}\n"
SOURCE = "filesystem-1.1-9.cm2.src.rpm"


def test_sample_is_read_whole() -> None:
    found, issues = run(ANALYZER, PATH, {PATH: LINE.format(3, SOURCE)})

    assert issues == []
    assert found == [
        OsPackages(
            path=PATH,
            packages=(
                Package(
                    name="filesystem",
                    version="1.1",
                    release="9.cm2",
                    epoch=3,
                    arch="x86_64",
                    src_name="filesystem",
                    src_version="1.1",
                    src_release="9.cm2",
                    src_epoch=3,
                ),
            ),
        )
    ]


def test_empty_list() -> None:
    assert run(ANALYZER, PATH, {PATH: ""}) == ([OsPackages(path=PATH, packages=())], [])


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("\n", id="an empty line"),
        pytest.param("filesystem\t1.1-9\n", id="two fields"),
        pytest.param("x\t" + LINE.format(0, SOURCE), id="eleven fields"),
        pytest.param(LINE.format(0, SOURCE).replace("1.1-9", "1.1"), id="a version without a release"),
        pytest.param(LINE.format(0, SOURCE).replace("1.1-9", "1.1-9-1"), id="two hyphens in a version"),
        pytest.param(LINE.format("(none)", SOURCE), id="an epoch that is no number"),
        pytest.param(LINE.format("9" * 5_000, SOURCE), id="an endless epoch"),
        pytest.param(LINE.format(0, "(none)"), id="no source package"),
    ],
)
def test_line_of_another_shape_makes_the_list_malformed(line: str) -> None:
    with pytest.raises(ValueError):
        run(ANALYZER, PATH, {PATH: LINE.format(0, SOURCE) + line})


def test_too_many_packages() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, packages_per_file=1)

    with pytest.raises(LimitError):
        run(ANALYZER, PATH, {PATH: LINE.format(0, SOURCE) * 2}, limits=limits)
