"""What was looked up before is not looked up again, and everything that decides about it makes it new."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
import zstandard

from assaymark import recall
from assaymark.layers.cache import LayerCache, RunCache
from assaymark.limits import DEFAULT_LIMITS
from assaymark.matching.detect import Detection
from assaymark.matching.selection import MatchOptions
from assaymark.model.advisory import Cvss
from assaymark.model.finding import Finding
from assaymark.model.inventory import Inventory, OperatingSystem
from assaymark.model.issue import Issue, IssueCode
from assaymark.model.package import Package, Relationship
from assaymark.model.report import Result
from assaymark.recall import recalled_analysers, recalled_detection

NOON: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
MUSL: Final = Package(name="musl", version="1.1.22-r2")
FOUND: Final = Detection(
    os=OperatingSystem(family="alpine", name="3.10.9", eosl=True),
    results=(
        Result(
            target="app (alpine 3.10.9)",
            packages=(MUSL,),
            vulnerabilities=(
                Finding(vulnerability_id="CVE-1", cvss={"nvd": Cvss(v3_score=5)}, custom={"a": [1, 2.5, None]}),
            ),
        ),
    ),
    issues=(Issue(code=IssueCode.OS_END_UNKNOWN, message="nobody knows"),),
)
ASKED: Final[dict[str, Any]] = {
    "inventory": Inventory(packages=(MUSL,)),
    "database": "1 2 3",
    "today": NOON,
    "about": ("app", "sha256:1", MatchOptions()),
}
DIFFERENT: Final[dict[str, dict[str, Any]]] = {
    "another package": {"inventory": Inventory(packages=(msgspec.structs.replace(MUSL, version="1.1.22-r3"),))},
    "another database": {"database": "1 2 4"},
    "another day": {"today": datetime(2026, 11, 22, tzinfo=UTC)},
    "the last second of the day": {"today": datetime(2026, 11, 21, 23, 59, 59, tzinfo=UTC)},
    "another name": {"about": ("other", "sha256:1", MatchOptions())},
    "another option": {"about": ("app", "sha256:1", MatchOptions(include_dev_deps=True))},
    "other relationships": {"about": ("app", "sha256:1", MatchOptions(relationships=frozenset({Relationship.ROOT})))},
}


class Counted:
    """A detection that counts how often it was asked for."""

    def __init__(self, found: Detection = FOUND) -> None:
        self.times = 0
        self._found = found

    def __call__(self) -> Detection:
        self.times += 1
        return self._found


def ask(cache: LayerCache | RunCache | None, detect: Callable[[], Detection], **different: Any) -> Detection:
    return recalled_detection(cache, detect, **{**ASKED, **different}, limits=DEFAULT_LIMITS)


@pytest.fixture
def cache(tmp_path: Path) -> LayerCache:
    return LayerCache(tmp_path)


def test_a_second_look_is_the_first(cache: LayerCache) -> None:
    detect = Counted()
    assert [ask(cache, detect), ask(cache, detect)] == [FOUND, FOUND]
    later = datetime(2026, 11, 21, 23, 59, 58, tzinfo=UTC)
    again = MatchOptions(pkg_types=frozenset(("library", "os")), relationships=frozenset(reversed(Relationship)))
    assert ask(cache, detect, today=later, about=("app", "sha256:1", again)) == FOUND
    assert detect.times == 1


@pytest.mark.parametrize("different", DIFFERENT.values(), ids=DIFFERENT)
def test_whatever_decides_is_looked_up_anew(cache: LayerCache, different: dict[str, Any]) -> None:
    ask(cache, Counted())
    detect = Counted(Detection())
    assert ask(cache, detect, **different) == Detection()
    assert detect.times == 1


def test_other_code_looks_up_anew(cache: LayerCache, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(cache, Counted())
    monkeypatch.setattr(recall, "code_state", lambda: "other")
    detect = Counted(Detection())
    assert ask(cache, detect) == Detection()
    assert detect.times == 1


def test_nothing_is_kept_where_something_is_not_known(cache: LayerCache, monkeypatch: pytest.MonkeyPatch) -> None:
    detect = Counted()
    for _ in range(2):
        ask(None, detect)
        ask(cache, detect, database="")
    monkeypatch.setattr(recall, "code_state", lambda: "")
    for _ in range(2):
        ask(cache, detect)
        assert recalled_analysers(cache, lambda: "digest", about=()) == "digest"
    assert detect.times == 6


def test_much_is_kept_in_little_room(tmp_path: Path) -> None:
    many = Detection(results=(Result(target="app", vulnerabilities=FOUND.results[0].vulnerabilities * 20_000),))
    cache, detect = LayerCache(tmp_path), Counted(many)
    assert [ask(cache, detect), ask(cache, detect)] == [many, many]
    assert detect.times == 1
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) < 100_000
    small = msgspec.structs.replace(DEFAULT_LIMITS, detection_bytes=1_000)
    assert recalled_detection(cache, detect, **ASKED, limits=small) == many
    assert detect.times == 2  # what unpacks to more than the limit is nobody's


@pytest.mark.parametrize(
    "stored", [b"", b"\xc1", zstandard.compress(b"\xc1"), b"\x28\xb5\x2f\xfd", b"\x28\xb5\x2f\xfd\xff\xff"]
)
def test_an_entry_that_does_not_decode_is_looked_up_anew(stored: bytes) -> None:
    class Broken(RunCache):
        def get(self, key: str) -> bytes | None:
            return stored if super().get(key) else None

    cache, detect = Broken(), Counted()
    assert [ask(cache, detect), ask(cache, detect)] == [FOUND, FOUND]
    assert detect.times == 2


def test_analysers_are_named_once(cache: LayerCache) -> None:
    times = []

    def analysers() -> str:
        times.append(1)
        return "ab" * 32

    for about in (("image", ("os",)), ("image", ("os",)), ("rootfs", ("os",))):
        assert recalled_analysers(cache, analysers, about=about) == "ab" * 32
    assert len(times) == 2
