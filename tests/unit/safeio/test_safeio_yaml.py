from __future__ import annotations

from typing import Any

import pytest

from assaymark.errors import ArtifactError, LimitError
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.safeio.yaml import decode_yaml

VALUES = {
    "numbers and dates stay text": (
        b"a: 1.10\nb: 0x1F\nc: 2024-01-01\nd: 1:30",
        {"a": "1.10", "b": "0x1F", "c": "2024-01-01", "d": "1:30"},
    ),
    "null and Booleans of YAML 1.2": (
        b"[true, False, null, ~, yes, off, 'true']",
        [True, False, None, None, "yes", "off", "true"],
    ),
    "an empty value is null": (b"a:\nb: ''", {"a": None, "b": ""}),
    "an empty document is null": (b"", None),
    "aliases and merge keys": (
        b"x: &x {a: b}\ny: {<<: *x, c: d}\nz: [*x, &s s, *s]",
        {"x": {"a": "b"}, "y": {"a": "b", "c": "d"}, "z": [{"a": "b"}, "s", "s"]},
    ),
    "anchored lists": (b"- &l [a, b]\n- *l", [["a", "b"], ["a", "b"]]),
}


@pytest.mark.parametrize(("data", "value"), VALUES.values(), ids=VALUES)
def test_values(data: bytes, value: Any) -> None:
    assert decode_yaml(data, limits=DEFAULT_LIMITS) == value


REFUSED = {
    "a tag that builds an object": (b"!!python/object/apply:os.system ['id']", "is not YAML"),
    "an unfinished list": (b"[a, b", "`pnpm-lock.yaml` is not YAML: while parsing a flow sequence"),
    "two documents": (b"--- a\n--- b", "is not YAML"),
    "an unknown alias": (b"- *nobody", "is not YAML"),
    "bytes that are no UTF-8": (b"a: \xff\xfe\xff", "is not YAML"),
    "a list as a key": (b"? [a]\n: b", "is not YAML"),
    "an alias inside its anchor": (b"a: &a [b, *a]", "inside its own anchor"),
}


@pytest.mark.parametrize(("data", "message"), REFUSED.values(), ids=REFUSED)
def test_refused(data: bytes, message: str) -> None:
    with pytest.raises(ArtifactError, match=message):
        decode_yaml(data, limits=DEFAULT_LIMITS, what="pnpm-lock.yaml")


def laughs(levels: int) -> bytes:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines).encode()


BOUNDED = {
    "a billion laughs": (laughs(10), "1000000 nodes when its aliases are expanded"),
    "a hundred thousand levels": (b"[" * 100_000, "nested deeper than 512 levels"),
    "too many bytes": (b" " * 2_000_001, "has 2000001 bytes"),
}


@pytest.mark.parametrize(("data", "message"), BOUNDED.values(), ids=BOUNDED)
def test_bounds(data: bytes, message: str) -> None:
    with pytest.raises(LimitError, match=message):
        decode_yaml(data, limits=Limits(json_bytes=2_000_000))
