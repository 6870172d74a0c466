"""Files that are kept only for what they hold: in layers, in directories, and what they cost meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import msgspec
import pytest
from tests.support.harvests import contents, run_harvest
from tests.support.images import File, Link

from assaymark.layers.kept import Storage
from assaymark.layers.sieves import Sieves, peek
from assaymark.layers.walk import walk_directory
from assaymark.limits import DEFAULT_LIMITS, Limits
from assaymark.model.issue import Issue


class Gold:
    """Wants what begins with `ore` and has gold in it."""

    def __init__(self, asked: list[bytes]) -> None:
        self.begins: Callable[[bytes], bool] = lambda head: head.startswith(b"ore")
        self.asked = asked

    def holds(self, stream: BinaryIO, _limits: Limits) -> bool:
        stream.seek(0)
        self.asked.append(stream.read())
        return b"gold" in self.asked[-1]


def sieves(asked: list[bytes]) -> Sieves:
    return lambda path, _mode: () if path.endswith(".keep") else (Gold(asked),)


def wanted(path: str, mode: int, size: int) -> bool:
    return "/" in path


FILES = {
    "m/a": b"ore and gold",
    "m/b": b"ore and nothing else",
    "m/c": b"sand and gold",
    "m/d.keep": b"sand",
    "m/e": b"",
    "m/f": b"ore" + b"x" * 500 + b"gold",
}
KEPT = {path: FILES[path] for path in ("m/a", "m/d.keep", "m/f")}


@pytest.mark.parametrize("memory", [1_000, 100, 0])
def test_a_layer_keeps_what_a_sieve_holds(memory: int) -> None:
    asked: list[bytes] = []
    limits = msgspec.structs.replace(DEFAULT_LIMITS, memory_file_bytes=memory, wanted_files=3)
    harvested, passes = run_harvest(
        [(path, File(data, 0o755)) for path, data in FILES.items()],
        wants=wanted,
        sieves=sieves(asked),
        claims=lambda *_: False,
        limits=limits,
    )

    with harvested:
        assert contents(harvested) == KEPT
        assert passes == 1
    assert asked == [FILES["m/a"], FILES["m/b"], FILES["m/f"]]


def test_what_is_not_held_takes_no_room() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, memory_file_bytes=8, spilled_bytes=64)
    entries = [(f"m/{number}", File(b"ore" + bytes(50), 0o755)) for number in range(20)]
    harvested, _ = run_harvest(
        [*entries, ("m/last", File(b"ore, gold" + bytes(50), 0o755))], wants=wanted, sieves=sieves([]), limits=limits
    )

    with harvested:
        assert contents(harvested) == {"m/last": b"ore, gold" + bytes(50)}


def test_what_begins_otherwise_may_be_of_any_size() -> None:
    limits = msgspec.structs.replace(DEFAULT_LIMITS, wanted_file_bytes=10)
    issues: list[Issue] = []
    harvested, _ = run_harvest(
        [("m/sand", File(bytes(50), 0o755)), ("m/ore", File(b"ore" + bytes(50), 0o755))],
        wants=wanted,
        sieves=sieves([]),
        limits=limits,
        issues=issues,
    )

    with harvested:
        assert contents(harvested) == {}
    assert [issue.path for issue in issues] == ["m/ore"]


def test_a_link_may_lead_to_a_file_that_no_sieve_holds() -> None:
    harvested, passes = run_harvest(
        [("m/x", File(b"sand", 0o755)), ("m/wanted", Link("x"))],
        wants=wanted,
        claims=lambda path, *_: path == "m/wanted",
        sieves=sieves([]),
    )

    with harvested:
        assert contents(harvested) == {"m/wanted": b"sand"}
        assert passes == 2


def test_a_directory_keeps_what_a_sieve_holds(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    for path, data in FILES.items():
        (tmp_path / path).write_bytes(data)
    asked: list[bytes] = []
    with walk_directory(
        tmp_path, wants=wanted, sieves=sieves(asked), limits=DEFAULT_LIMITS, on_issue=list[Issue]().append
    ) as harvested:
        assert contents(harvested) == KEPT
    assert asked == [FILES["m/a"], FILES["m/b"], FILES["m/f"]]


def test_what_cannot_be_looked_at_is_kept_for_its_reader(tmp_path: Path) -> None:
    class Broken(Gold):
        def holds(self, stream: BinaryIO, _limits: Limits) -> bool:
            raise OSError(5, "input/output error")

    (tmp_path / "m").mkdir()
    (tmp_path / "m/a").write_bytes(b"ore")
    with walk_directory(
        tmp_path, wants=wanted, sieves=lambda *_: (Broken([]),), limits=DEFAULT_LIMITS, on_issue=list[Issue]().append
    ) as harvested:
        assert contents(harvested) == {"m/a": b"ore"}


def test_the_first_bytes_come_in_pieces_of_any_size() -> None:
    head, content = peek(iter([b"0123", b"", b"456789", b"abcdefgh", b"rest"]))

    assert head == b"0123456789abcdef"
    assert b"".join(content) == b"0123456789abcdefghrest"
    assert peek(iter([]))[0] == b""


def test_room_is_given_back() -> None:
    storage = Storage(limits=msgspec.structs.replace(DEFAULT_LIMITS, memory_file_bytes=4), folder=None)
    try:
        first = storage.keep("a", 0o755, 5, [b"first"])
        storage.give_back(first)
        assert storage.keep("b", 0o755, 6, [b"second"]).read() == b"second"
        small = storage.keep("c", 0o755, 2, [b"in"])
        storage.give_back(small)
        assert storage.keep("d", 0o755, 2, [b"it"]).read() == b"it"
    finally:
        storage.close()
