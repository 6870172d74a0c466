"""Documents that exhaust decoders: refused in one line, quickly, in bounded memory."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.measured import MIB, run_measured

DECODE = """
from pathlib import Path
from assaymark.errors import Error
from assaymark.limits import DEFAULT_LIMITS
from assaymark.safeio import json as safe_json, yaml as safe_yaml
decode = {"go": safe_json.decode_go, "strict": safe_json.decode_strict, "yaml": safe_yaml.decode_yaml}[sys.argv[2]]
try:
    decode(Path(sys.argv[1]).read_bytes(), limits=DEFAULT_LIMITS, what="lock")
    result = "decoded"
except Error as exc:
    result = f"{type(exc).__name__} {exc}"
"""
SIZE = 63 * MIB
DOCUMENTS = {
    "a million levels of lists": (b"[" * 1_000_000, "nested|more than"),
    "a million levels of objects": (b'{"a":' * 999_999, "nested|more than"),
    "a hundred thousand levels, closed": (b"[" * 100_000 + b"]" * 100_000, "nested deeper than 512"),
    "thirty million empty lists": (b"[" + b"[]," * (SIZE // 3) + b"[]]", "more than 3000000 values"),
    "lists of lists without commas": (b"[[]]" * (SIZE // 4), "lists and objects"),
    "quotes and backslashes": (b'["' + b'\\"' * (SIZE // 2) + b"[", "not"),
    "a surrogate behind backslashes": (b'["' + b"\\" * SIZE + b'\\ud800"', "not"),
    "halves of surrogates": (b'["' + b"\\ud800" * (SIZE // 6) + b'"', "not"),
    "bytes that are no text": (b'["' + b"\xff" * SIZE, "not"),
    "one string of 63 MiB": (b'"' + b"x" * SIZE + b'"', "decoded"),
    "a string of 63 MiB without an end": (b'["' + b"x" * SIZE, "not"),
    "a number of a million digits": (b"1" * 1_000_000, "not"),
}


@pytest.mark.parametrize(("data", "outcome"), DOCUMENTS.values(), ids=DOCUMENTS)
@pytest.mark.parametrize("rules", ["go", "strict"])
def test_json(tmp_path: Path, rules: str, data: bytes, outcome: str) -> None:
    path = tmp_path / "document"
    path.write_bytes(data)
    result, peak = run_measured(DECODE, path, rules, timeout=20)

    assert any(part in result for part in outcome.split("|")), result
    assert len(result) < 500
    assert peak < 256 * MIB, f"{peak // MIB} MiB"


YAMLS = {
    "a billion laughs": b"a: &a [x,x,x,x,x,x,x,x,x]\n"
    + b"".join(b"%c: &%c [%s]\n" % (98 + n, 98 + n, b",".join([b"*%c" % (97 + n)] * 9)) for n in range(20)),
    "nested merges": b"a: &a {k: v}\n"
    + b"".join(b"%c: &%c {<<: [%s]}\n" % (98 + n, 98 + n, b",".join([b"*%c" % (97 + n)] * 9)) for n in range(20)),
    "a million levels": b"[" * 1_000_000,
    "a hundred thousand indents": b"".join(b" " * n + b"a:\n" for n in range(2_000)),
    "twenty million nodes": b"- a\n" * 5_000_000,
}


@pytest.mark.parametrize("data", YAMLS.values(), ids=YAMLS)
def test_yaml(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "document"
    path.write_bytes(data)
    result, peak = run_measured(DECODE, path, "yaml", timeout=30)

    assert result.startswith("LimitError `lock`"), result
    assert peak < 256 * MIB, f"{peak // MIB} MiB"
