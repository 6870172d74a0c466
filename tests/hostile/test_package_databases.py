"""Damaged package databases: each ends within two seconds and 256 MiB, and the report says that something is missing."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from struct import pack

import pytest
from tests.support.malformed_databases import BDB, NDB, SQLITE, Case, cases, changed
from tests.support.measured import run_measured
from tests.support.memory_tree import tree
from tests.support.process import MEMORY, Machine
from tests.support.rpm_databases import bdb, ndb, sqlite, sqlite_with_log
from tests.support.rpm_headers import INT32, STRING, STRINGS, header, package

from assaymark.inventory.analyse import analyse_layer
from assaymark.inventory.select import index_for
from assaymark.model.inventory import OsPackages
from assaymark.model.issue import IssueCode

MIB = 1024 * 1024
SECONDS = 2.0
DAMAGE = {IssueCode.FILE_MALFORMED, IssueCode.FILE_TOO_LARGE, IssueCode.ENTRY_IGNORED, IssueCode.VERSION_UNPARSABLE}

ALL = """
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from tests.support.malformed_databases import cases
from tests.support.memory_tree import tree
from assaymark.inventory.analyse import analyse_layer
from assaymark.inventory.select import index_for
index, result = index_for("image"), {}
for sentence, (path, content) in cases(Path(sys.argv[1])):
    begun = time.process_time()
    layer = analyse_layer(tree({path: content}), index=index)
    result[sentence] = (time.process_time() - begun, len(layer.issues))
"""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    made = list(cases(tmp_path_factory.mktemp("databases")))
    assert len(dict(made)) == len(made)
    return dict(made)


def test_every_case_ends_in_an_issue_that_is_a_sentence(corpus: dict[str, Case]) -> None:
    index = index_for("image")
    assert len(corpus) >= 60
    for sentence, (path, content) in corpus.items():
        layer = analyse_layer(tree({path: content}), index=index)
        issues = [issue for issue in layer.issues if issue.path == path and issue.code in DAMAGE]
        assert issues, sentence
        assert not any("Error: " in issue.message or "error: " in issue.message for issue in issues), sentence


def test_every_case_is_short_and_small(tmp_path: Path) -> None:
    took, peak = run_measured(ALL, tmp_path)

    assert len(took) >= 60
    assert max(seconds for seconds, _ in took.values()) < SECONDS
    assert peak < MEMORY


def test_random_changes_never_end_in_a_defect(tmp_path: Path) -> None:
    """Bytes, words and pages changed at random: what is left is found, or an issue says why not."""
    chance = random.Random(5)
    headers = [package(name, vendor="CentOS", requires=["a"], provides=[name]) for name in "abcdefgh"]
    index = index_for("image")
    for path, whole in ((BDB, bdb(headers, page_size=512)), (NDB, ndb(headers)), (SQLITE, sqlite(headers, tmp_path))):
        for _ in range(150):
            data = bytearray(whole)
            for _ in range(chance.randrange(1, 6)):
                place = chance.randrange(len(data))
                data[place : place + chance.choice((1, 2, 4))] = chance.randbytes(chance.choice((1, 2, 4)))
            layer = analyse_layer(tree({path: bytes(data)}), index=index)
            assert not any("rror: " in issue.message for issue in layer.issues), layer.issues
            found = [item for item in layer.found if isinstance(item, OsPackages)]
            assert found or layer.issues


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    made.place_database()
    (made.work / "tree" / "etc").mkdir(parents=True)
    (made.work / "tree" / "etc" / "os-release").write_text("ID=photon\nVERSION_ID=5.0\n")
    return made


def scattered_chain(pages: int) -> bytes:
    """A Berkeley DB file with one chain that visits all pages in random order."""
    order = list(range(2, pages))
    random.Random(1).shuffle(order)
    following = dict(pairwise(order))
    start = bdb([package()], page_size=512)[: 2 * 512]
    start = start[:32] + pack("<I", pages - 1) + start[36:]
    value = 512 + int.from_bytes(start[512 + 26 + 6 : 512 + 26 + 8], "little")
    start = start[: value + 4] + pack("<II", order[0], 486 * len(order)) + start[value + 12 :]
    body = (pack("<8xIIIHHBB", n, 0, following.get(n, 0), 1, 486, 0, 7).ljust(512, b"x") for n in range(2, pages))
    return start + b"".join(body)


def pages_of_bad_items(pages: int) -> bytes:
    """A Berkeley DB file with 80 items of an unknown type in each small page."""
    offsets = [511 - place for place in range(160)]
    page = pack("<8xIIIHHBB", 1, 0, 0, 160, 0, 0, 13) + pack("<160H", *offsets)
    start = bdb([], page_size=512)[:512]
    return start[:32] + pack("<I", pages - 1) + start[36:] + page.ljust(512, b"\x63") * (pages - 1)


def single(*facts: tuple[int, int, object], counts: tuple[tuple[int, int], ...] = ()) -> bytes:
    """An NDB file with one package of these tags; `counts` are numbers of strings beside those that were given."""
    stated = {1000: (STRING, "a"), 1001: (STRING, "1"), 1002: (STRING, "1"), 1011: (STRING, "CentOS")}
    content = header({**stated, **{tag: (kind, value) for tag, kind, value in facts}}, region=False)
    for tag, count in counts:
        content = changed(content, content.index(pack(">II", tag, STRINGS)) + 12, pack(">I", count))
    return ndb([content])


def branching(pages: int, folder: Path) -> bytes:
    """An SQLite file whose table is a tree: each page has a thousand branches, and all of them are its last page."""
    head = sqlite([], folder)[: 2 * 4096]
    cells = pack(">BHHHBI", 5, 0, 1_000, 0, 0, pages) + pack(">H", 4_000) * 1_000
    page = cells.ljust(4_000, b"\0") + pack(">I", pages) + b"\0"
    return head + page.ljust(4096, b"\0") * (pages - 2)


BOMBS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a chain through 48 MiB in random order": (BDB, lambda: scattered_chain(98_304)),
    "48 MiB of bad items": (BDB, lambda: pages_of_bad_items(98_304)),
    "30 MiB of provisions without a character": (
        NDB,
        lambda: single((1047, STRINGS, bytes(30 * MIB)), counts=((1047, 30 * MIB),)),
    ),
    "20 MiB of file names without a character": (
        NDB,
        lambda: single(
            (1117, STRINGS, bytes(20 * MIB)),
            (1116, INT32, [0]),
            (1118, STRINGS, ["/"]),
            counts=((1117, 20 * MIB),),
        ),
    ),
    "400,000 files in a folder of a megabyte": (
        NDB,
        lambda: single(
            (1117, STRINGS, ["b"] * 400_000), (1116, INT32, [0] * 400_000), (1118, STRINGS, ["/" + "d" * MIB])
        ),
    ),
    "30 MiB of names that are no text": (NDB, lambda: single((1047, STRINGS, [b"\xff" * 100] * 300_000))),
    "a vendor of 30 MiB": (NDB, lambda: single((1011, STRING, b"\xff" * 30 * MIB))),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_in_a_whole_scan(machine: Machine, bomb: str) -> None:
    scan(machine, *BOMBS[bomb])


def test_tree_with_a_thousand_branches_in_each_page(machine: Machine, tmp_path: Path) -> None:
    scan(machine, SQLITE, lambda: branching(10_000, tmp_path))


def scan(machine: Machine, path: str, made: Callable[[], bytes]) -> None:
    """A root file system with this database is scanned within the bounds, and the report names the database."""
    file = machine.work / "tree" / path
    file.parent.mkdir(parents=True)
    file.write_bytes(made())

    ended = machine.run_contained("rootfs", "tree", "--format", "json", *machine.flags)

    assert ended.code == 0
    assert ended.seconds < SECONDS
    assert path in [issue.get("Path") for issue in json.loads(ended.out)["Coverage"]["Issues"]]


def test_longest_log_that_is_read(tmp_path: Path) -> None:
    """Its checksums are computed here, word for word."""
    data, log = sqlite_with_log([], [package("a", summary=["x" * 15 * MIB])], tmp_path)
    assert len(log) > 15 * MIB

    begun = time.process_time()
    layer = analyse_layer(tree({SQLITE: data, f"{SQLITE}-wal": log}), index=index_for("image"))

    assert time.process_time() - begun < SECONDS
    assert [package.name for item in layer.found if isinstance(item, OsPackages) for package in item.packages] == ["a"]
