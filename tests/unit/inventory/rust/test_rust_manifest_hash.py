"""Identifiers of manifests without a name, as the reference computes them."""

from __future__ import annotations

import pytest

from assaymark.inventory.rust.manifest_hash import manifest_hash
from assaymark.limits import DEFAULT_LIMITS
from assaymark.safeio.toml import decode_toml

HASHES = {
    "": "56baf31e44df187f",
    "[profile.release]\nlto=true\n": "56baf31e44df187f",
    "[workspace]\nmembers=[]\n": "ab02310f458a1fe0",
    "[dependencies]\n[workspace]\n[target]\n[package]\n": "f08d44ae15cb165d",
    '[package]\nversion="1.0.0"\n': "7dd8c5ce4b9cc10a",
    (
        '[workspace]\nmembers=["a*"]\n[workspace.dependencies]\n'
        'regex={version="1.5",features=["a","b"],default-features=false,n=3,f=1.5}\n'
        '[dependencies]\nx="1"\n[target.y.dependencies]\nz="2"\n[target.y.dev-dependencies]\nq="2"\n'
    ): "54bbbbe7bb51675b",
}


@pytest.mark.parametrize(("text", "expected"), HASHES.items())
def test_hashes(text: str, expected: str) -> None:
    assert manifest_hash(decode_toml(text.encode(), limits=DEFAULT_LIMITS)) == expected


def test_a_date_is_hashed_as_its_text() -> None:
    text = "[dependencies]\na = 1979-05-27\n"
    document = decode_toml(text.encode(), limits=DEFAULT_LIMITS)

    assert manifest_hash(document) == manifest_hash({"dependencies": {"a": "1979-05-27"}})
