"""Core metadata of installed Python packages; the sample is cut from PyPI's zipp 3.12.1."""

from __future__ import annotations

import msgspec
import pytest
from tests.support.memory_tree import run

from assaymark.errors import LimitError
from assaymark.inventory.analyzer import Options
from assaymark.inventory.index import Index
from assaymark.inventory.lang.python_pkg import ANALYZER
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.inventory import Application
from assaymark.model.package import Package

PATH = "usr/lib/python3/dist-packages/zipp-3.12.1.dist-info/METADATA"
SAMPLE = """\
Metadata-Version: 2.1
Name: zipp
Version: 3.12.1
Author: Jason R. Coombs
Classifier: Development Status :: 5 - Production/Stable
Classifier: License :: OSI Approved :: MIT License
Requires-Python: >=3.7
License-File: LICENSE

Name: not a header
"""


def licenses(*lines: str) -> tuple[str, ...]:
    found, _ = run(ANALYZER, PATH, {PATH: "\n".join(["Name: a", "Version: 1", *lines])})
    (application,) = found
    assert isinstance(application, Application)
    return application.packages[0].licenses


def test_sample_is_read_whole() -> None:
    assert run(ANALYZER, PATH, {PATH: SAMPLE}) == (
        [
            Application(
                path=PATH,
                type="python-pkg",
                packages=(Package(name="zipp", version="3.12.1", licenses=("MIT License",), file_path=PATH),),
            )
        ],
        [],
    )


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["License: BSD"], ("BSD",)),
        (["License-Expression: MIT", "License: BSD"], ("MIT",)),
        (
            ["License: BSD", "Classifier: License :: OSI Approved :: Apache Software License"],
            ("Apache Software License",),
        ),
        (["License: BSD", "Classifier: License :: OSI Approved"], ("BSD",)),
        (["License: MIT and", "  ISC"], ("MIT", "ISC")),
        (["License-File: LICENSE"], ()),
        (["Classifier: License :: A", "classifier: License :: B"], ("A", "B")),
        (["no field", "License: BSD"], ()),
        (["Bad\x01: x", "License: BSD"], ()),
    ],
)
def test_licences(lines: list[str], expected: tuple[str, ...]) -> None:
    assert licenses(*lines) == expected


@pytest.mark.parametrize(
    "content",
    ["", "\n" + SAMPLE, "Name: a\n", "Version: 1\n", "Name:\nVersion: 1\n", " x\nName: a\nVersion: 1\n", "{}", "\x00"],
)
def test_without_a_name_and_a_version_it_is_an_error(content: str) -> None:
    with pytest.raises(ValueError, match="no name or no version"):
        run(ANALYZER, PATH, {PATH: content})


def test_header_is_bounded() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, header_bytes=100)

    with pytest.raises(LimitError):
        run(ANALYZER, PATH, {PATH: "Name: a\nVersion: 1\n" + "X: y\n" * 100}, limits=limits)


@pytest.mark.parametrize(
    ("path", "claimed"),
    [
        (PATH, True),
        ("app/a.egg-info", True),
        ("app/a.egg-info/PKG-INFO", True),
        ("app/a.egg-info/METADATA", True),
        ("app/a.egg/EGG-INFO/PKG-INFO", True),
        ("app/METADATA", False),
        ("app/dist-info/METADATA", False),
        ("app/PKG-INFO", False),
        ("app/a.dist-info/RECORD", False),
    ],
)
def test_claimed_paths(path: str, claimed: bool) -> None:
    assert Index([ANALYZER], Options()).wants(path, 0o644, 1) == claimed
