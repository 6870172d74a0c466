from __future__ import annotations

import pytest

from assaymark.safeio.paths import clean_path

CLEAN = {
    "usr/bin/env": "usr/bin/env",
    "./etc/passwd": "etc/passwd",
    "/etc/passwd": "etc/passwd",
    "//etc///passwd/": "etc/passwd",
    "a/./b": "a/b",
    "a/../b": "b",
    "a/b/..": "a",
    "a/b/.": "a/b",
    "/../x": "x",
    "/a/../../x": "x",
    "../x": None,
    "a/../../x": None,
    "..": None,
    "./..": None,
    ".": None,
    "./": None,
    "/": None,
    "": None,
    "a/..": None,
    "...": "...",
    "a./b": "a./b",
    "a..": "a..",
    ".wh..wh..opq": ".wh..wh..opq",
    "a\\..\\b": "a\\..\\b",
}


@pytest.mark.parametrize(("name", "path"), CLEAN.items(), ids=[repr(name) for name in CLEAN])
def test_clean_path(name: str, path: str | None) -> None:
    assert clean_path(name) == path
