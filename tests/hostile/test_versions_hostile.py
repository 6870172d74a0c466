"""Version strings and ranges that were made to be slow (CVE-2022-40898, CVE-2022-40897, CVE-2024-3651)."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from assaymark.extensions import discover
from assaymark.versions.scheme import Scheme, VersionError

SCHEMES = list(discover("assaymark.versions", "SCHEME", Scheme))
SECONDS = 2.0

VERSIONS = {
    "a million digits": "1" * 1_000_000,
    "two hundred thousand parts": "1." * 200_000 + "1",
    "a thousand digits": "9" * 1_000,
    "a thousand parts": "1." * 500 + "1",
    "a thousand zeros": "0" * 1_000 + "1",
    "a row of hyphens": "1.0" + "-" * 1_000,
    "pre-releases that almost end": "1.0-" + "a" * 1_000 + "!",
    "dots that almost end": "1.0-a" + ".a" * 500 + "!",
    "a local version that almost ends": "1.0+" + "a-" * 490,
    "spaces": " " * 1_000,
    "suffixes": "1" + "_p1" * 300,
    "tildes": "1" + "~" * 1_000,
    "colons": "1:" * 500,
    "digits of another script": "\u0661.\u0662.\u0663",
    "a lone surrogate": "1.0\ud800",
    "a null byte": "1.0\x00",
}
CONSTRAINTS = {
    "spaces between operators": "< " * 30_000,
    "terms without separators": "1" * 200_000,
    "terms that almost end": ">=1.0 " * 20_000 + "!",
    "many groups": "||".join(["<1.0"] * 40_000),
    "many odd groups": "||".join(["<1+23+4" * 9] * 3_000),
    "commas": "," * 200_000,
    "too long": "<1 " * 1_000_000,
    "nested hyphens": "<1-" + "-a" * 90_000,
    "wildcards": "x" * 200_000,
}


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.name)
@pytest.mark.parametrize("version", VERSIONS.values(), ids=VERSIONS)
def test_a_hostile_version_is_answered_at_once(scheme: Scheme, version: str) -> None:
    started = time.process_time()

    with suppress(VersionError):
        scheme.key(version)

    assert time.process_time() - started < SECONDS


@pytest.mark.parametrize("scheme", [scheme for scheme in SCHEMES if scheme.satisfies], ids=lambda scheme: scheme.name)
@pytest.mark.parametrize("constraint", CONSTRAINTS.values(), ids=CONSTRAINTS)
def test_a_hostile_constraint_is_answered_soon(scheme: Scheme, constraint: str) -> None:
    assert scheme.satisfies is not None
    started = time.process_time()

    with suppress(VersionError):
        scheme.satisfies("1.0.0", constraint)

    assert time.process_time() - started < SECONDS


def test_numbers_that_python_refuses_to_convert_are_no_defect() -> None:
    for scheme in SCHEMES:
        with pytest.raises(VersionError):
            scheme.key("1" * 5_000)
