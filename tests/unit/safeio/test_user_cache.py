"""Where the cache is."""

from __future__ import annotations

from pathlib import Path

import pytest

from assaymark.safeio.user_cache import cache_root, own_folder


@pytest.mark.parametrize(
    ("flag", "environ", "expected"),
    [
        pytest.param("/flag", {"ASSAYMARK_CACHE_DIR": "/ours", "TRIVY_CACHE_DIR": "/theirs"}, "/flag", id="the flag wins"),
        pytest.param("", {"ASSAYMARK_CACHE_DIR": "/ours", "TRIVY_CACHE_DIR": "/theirs"}, "/ours", id="then our variable"),
        pytest.param("", {"ASSAYMARK_CACHE_DIR": "", "TRIVY_CACHE_DIR": "/theirs"}, "/theirs", id="then the reference's"),
        pytest.param("", {"HOME": "/home/a", "XDG_CACHE_HOME": "/x"}, "/x/assaymark", id="then the user's cache folder"),
    ],
)  # fmt: skip
def test_who_is_heard_first(flag: str, environ: dict[str, str], expected: str) -> None:
    assert cache_root(flag, environ) == Path(expected)
    assert own_folder(cache_root(flag, environ)) == Path(expected, "assaymark")
