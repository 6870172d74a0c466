"""Documents in pieces: always the bytes of the whole."""

from __future__ import annotations

import tracemalloc
from itertools import repeat
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.support.scans import APK_TOOLS, INCOMPLETE, a_report, a_scan

from assaymark.model.report import Result
from assaymark.report.cosign_vuln import Record, RecordScanner, record
from assaymark.report.gojson import encode_go
from assaymark.report.gostream import LongMembers, stream_go
from assaymark.report.json import LONG_MEMBERS


class Leaf(msgspec.Struct, frozen=True, rename="pascal", omit_defaults=True):
    name: str = ""
    score: float = 0.0
    more: tuple[Any, ...] = ()


class Node(msgspec.Struct, frozen=True, rename="pascal", omit_defaults=True):
    name: str = ""
    leaves: tuple[Leaf, ...] = ()
    zero: int = 1
    others: tuple[Leaf, ...] = ()


class Top(msgspec.Struct, frozen=True):
    head: str
    nodes: tuple[Node, ...]
    one: Node | None
    tail: str


LONG: LongMembers = {Top: ("nodes", "one"), Node: ("leaves", "others")}
TEXTS = st.text() | st.sampled_from(['\n  "nodes": 0', '"Leaves": 0', "\ud800", "<&>\u2028", "1.5,\n"])
LEAVES = st.lists(
    st.builds(Leaf, TEXTS, st.floats(allow_nan=False, allow_infinity=False), st.tuples(TEXTS)), max_size=4
)
NODES = st.builds(Node, TEXTS, LEAVES.map(tuple), st.integers(0, 1), LEAVES.map(tuple))


def joined(value: msgspec.Struct, long: LongMembers, pad: bytes = b"") -> bytes:
    return b"".join(stream_go(value, long, pad))


@given(st.builds(Top, TEXTS, st.lists(NODES, max_size=3).map(tuple), st.none() | NODES, TEXTS))
def test_pieces_are_the_whole(value: Top) -> None:
    assert joined(value, LONG) == encode_go(value)


@pytest.mark.parametrize("count", [0, 1, 255, 256, 257, 600])
def test_batches_join(count: int) -> None:
    node = Node("n", tuple(Leaf(str(index), index / 2) for index in range(count)))
    assert joined(node, LONG) == encode_go(node)
    assert joined(node, LONG, b"    ") == encode_go(node).replace(b"\n", b"\n    ")


def test_reports_and_records() -> None:
    findings = tuple(replace(APK_TOOLS, title=f"a{index}") for index in range(300))
    results = (Result(target="none"), Result(target="x", vulnerabilities=findings))
    report = replace(a_report(coverage=INCOMPLETE), results=results)
    assert joined(report, LONG_MEMBERS) == encode_go(report)
    whole = record(replace(a_scan(), report=report))
    assert joined(whole, {Record: ("scanner",), RecordScanner: ("result",), **LONG_MEMBERS}) == encode_go(whole)


def test_long_documents_are_never_held_whole() -> None:
    findings = tuple(repeat(APK_TOOLS, 10_000))
    report = replace(a_report(), results=(Result(target="x", vulnerabilities=findings),))
    tracemalloc.start()
    try:
        length = sum(map(len, stream_go(report, LONG_MEMBERS)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert length > 5_000_000
    assert peak < 1_000_000
