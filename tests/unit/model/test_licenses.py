from __future__ import annotations

import pytest

from assaymark.model import licenses


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mit", "MIT"),
        ("The MIT Licence", "MIT"),
        ("Apache License, Version 2.0", "Apache-2.0"),
        ("http://www.apache.org/licenses/LICENSE-2.0", "Apache-2.0"),
        ("GPLv2", "GPL-2.0-only"),
        ("GPL-3+", "GPL-3.0-or-later"),
        ("LGPL-2.1-or-later", "LGPL-2.1-or-later"),
        ("GPL-2.0-only", "GPL-2.0-only"),
        ("BSD", "BSD-3-Clause"),
        ("UNLICENSE", "Unlicense"),
        ("UNLICENSED", "UNLICENSED"),
        ("zlib", "Zlib"),
        ("EUPL-1.2+", "EUPL-1.2+"),
        ("  My  Own ", "My  Own"),
        ("", ""),
    ],
)
def test_names_become_identifiers(name: str, expected: str) -> None:
    assert licenses.normalise(name) == expected


def test_repetitions_and_empty_names_are_dropped() -> None:
    assert licenses.normalise_all(["MIT", " ", "mit", "ISC"]) == ("MIT", "ISC")


@pytest.mark.parametrize("text", ["A" * 1_000_000, "1 " * 500_000, "(V" * 500_000])
def test_long_names_take_no_time(text: str) -> None:
    assert licenses.normalise(text) == text.strip()


def test_identifiers_and_exceptions_are_found_in_any_letter_case() -> None:
    assert licenses.find_identifier("apache-2.0") == "Apache-2.0"
    assert licenses.find_identifier("apache") == ""
    assert licenses.find_exception("CLASSPATH-EXCEPTION-2.0") == "Classpath-exception-2.0"
    assert licenses.find_exception("MIT") == ""


def test_a_licence_is_found_with_whether_later_versions_are_meant() -> None:
    assert licenses.find_license("GPL") == ("GPL-2.0", True)
    assert licenses.find_license("LGPL-2.1") == ("LGPL-2.1", False)
    assert licenses.find_license("my own") is None
