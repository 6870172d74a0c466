"""Requirements of Cargo against versions; the outcomes are those of `aquasecurity/go-version`'s semantic versions."""

from __future__ import annotations

import pytest

from assaymark.versions.cargo_requirement import satisfies_requirement
from assaymark.versions.scheme import VersionError

VERSIONS = ("1.2.3", "0.2.3", "0.0.3", "1.0.0", "2.0.0", "1.2.3-rc.1")
REQUIREMENTS = {
    "1": "1.2.3 1.0.0",
    "1.2": "1.2.3",
    "1.2.3": "1.2.3",
    "^1.2": "1.2.3",
    "~1.2.3": "1.2.3",
    "~1": "1.2.3 1.0.0",
    "=1.2.3": "1.2.3",
    ">=1, <2": "1.2.3 1.0.0",
    "<1.2": "0.2.3 0.0.3 1.0.0",
    "<=1": "1.2.3 0.2.3 0.0.3 1.0.0",
    ">1": "2.0.0",
    ">1.2.2": "1.2.3 2.0.0",
    "!=1.2.3": "0.2.3 0.0.3 1.0.0 2.0.0",
    "*": "1.2.3 0.2.3 0.0.3 1.0.0 2.0.0",
    "1.*": "1.2.3 1.0.0",
    "1.2.x": "1.2.3",
    "0": "0.2.3 0.0.3",
    "^0.2": "0.2.3",
    "^0.0.3": "0.0.3",
    "0.0": "0.0.3",
    "1.2.3-rc": "1.2.3 1.2.3-rc.1",
    "1.2.3-rc.1": "1.2.3 1.2.3-rc.1",
    "<1.2.3-rc.2": "0.2.3 0.0.3 1.0.0 1.2.3-rc.1",
    "1.2-rc": "",
    "~0.2": "0.2.3",
    "1 || 0.2": "1.2.3 0.2.3 1.0.0",
    "v1.2": "1.2.3",
    "": "1.2.3 0.2.3 0.0.3 1.0.0 2.0.0",
}


@pytest.mark.parametrize(("requirement", "fitting"), REQUIREMENTS.items())
def test_requirement(requirement: str, fitting: str) -> None:
    assert " ".join(version for version in VERSIONS if satisfies_requirement(version, requirement)) == fitting


@pytest.mark.parametrize(
    ("version", "requirement"), [("1.2.3", "1.2.3.4"), ("1.2.3", "latest"), ("1.2", "1"), ("v1.2.3", "1")]
)
def test_what_cannot_be_compared_is_an_error(version: str, requirement: str) -> None:
    with pytest.raises(VersionError):
        satisfies_requirement(version, requirement)


def test_a_pre_release_that_is_a_wildcard_is_none() -> None:
    assert satisfies_requirement("0.2.5-x", "0")
