"""`Podfile.lock`; the shape is what CocoaPods 1.11 writes."""

from __future__ import annotations

import msgspec
import pytest
from tests.support.memory_tree import run

from assaymark.errors import ArtifactError, LimitError
from assaymark.inventory.analyzer import Options
from assaymark.inventory.index import Index
from assaymark.inventory.lang.cocoapods import ANALYZER
from assaymark.limits import DEFAULT_LIMITS
from assaymark.model.inventory import Application
from assaymark.model.package import Package

PATH = "ios/Podfile.lock"
SAMPLE = """\
PODS:
  - FirebaseCore (8.9.0):
    - GoogleUtilities/Logger (~> 7.6)
    - "GoogleUtilities/NSData+zlib (~> 7.4)"
    - PromisesObjC
  - GoogleUtilities/Logger (7.6.0)
  - "GoogleUtilities/NSData+zlib (7.6.0)"
  - Local
DEPENDENCIES:
  - FirebaseCore
COCOAPODS: 1.11.2
"""


def packages(content: str) -> list[tuple[str, tuple[str, ...]]]:
    found, issues = run(ANALYZER, PATH, {PATH: content})
    assert issues == []
    return [(package.id, package.depends_on) for item in found for package in getattr(item, "packages", ())]


def test_pods_and_what_they_need() -> None:
    found, issues = run(ANALYZER, PATH, {PATH: SAMPLE})

    assert issues == []
    assert found == [
        Application(
            path=PATH,
            type="cocoapods",
            packages=(
                Package(
                    id="FirebaseCore@8.9.0",
                    name="FirebaseCore",
                    version="8.9.0",
                    depends_on=(
                        "GoogleUtilities/Logger@7.6.0",
                        "GoogleUtilities/NSData+zlib@7.6.0",
                        "PromisesObjC",
                    ),
                ),
                Package(id="GoogleUtilities/Logger@7.6.0", name="GoogleUtilities/Logger", version="7.6.0"),
                Package(id="GoogleUtilities/NSData+zlib@7.6.0", name="GoogleUtilities/NSData+zlib", version="7.6.0"),
            ),
        )
    ]


@pytest.mark.parametrize(
    ("pods", "expected"),
    [
        pytest.param("[A (1), A (2)]", [("A@2", ())], id="of two versions the last counts"),
        pytest.param("[{A (1): [B]}, {A (2): [C]}]", [("A@2", ("B", "C"))], id="what both need is needed"),
        pytest.param("[A (1) (2), B, 5, [x]]", [], id="what is no pod"),
        pytest.param("[{B: text}, {A (1): []}]", [("A@1", ())], id="what hangs under no pod is not looked at"),
        pytest.param("[A ( 1 )]", [("A@1 ", ())], id="parentheses go, the blank in front of the second stays"),
        pytest.param("[{true: [A]}]", [], id="a key that is no text"),
        pytest.param("[]", [], id="no pods"),
    ],
)
def test_odd_entries(pods: str, expected: list[tuple[str, tuple[str, ...]]]) -> None:
    assert packages(f"PODS: {pods}\n") == expected


def test_a_file_without_pods_is_no_application() -> None:
    assert packages("DEPENDENCIES: []\n") == []


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="an empty file"),
        pytest.param("PODS: [", id="a truncated file"),
        pytest.param("- PODS", id="a list"),
        pytest.param("PODS: text", id="pods that are a text"),
        pytest.param("PODS: [{A (1): B}]", id="needs that are a text"),
        pytest.param("PODS: [{A (1): [[B]]}]", id="a need that is a list"),
        pytest.param("PODS: [{A (1): ['  ']}]", id="a need without a name"),
    ],
)
def test_what_cannot_be_read_is_an_error(content: str) -> None:
    with pytest.raises((ArtifactError, ValueError)):
        run(ANALYZER, PATH, {PATH: content})


def test_more_packages_than_the_limit_are_refused() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, packages_per_file=1)
    with pytest.raises(LimitError, match="more than 1 packages"):
        run(ANALYZER, PATH, {PATH: SAMPLE}, limits=limits)


@pytest.mark.parametrize(("path", "claimed"), [(PATH, True), ("Podfile", False), ("Podfile.lock.orig", False)])
def test_which_files_it_claims(path: str, *, claimed: bool) -> None:
    assert bool(Index([ANALYZER], Options()).parsers(path, 0o644)) is claimed
