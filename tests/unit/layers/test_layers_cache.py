from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from assaymark.layers.cache import LayerCache, RunCache, cache_key
from assaymark.limits import Limits
from assaymark.safeio.lock import file_lock

KEY = cache_key("sha256:blob", "sha256:diff", "set", "")
DAY = 24 * 3600


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def entry_of(folder: Path, key: str = KEY) -> Path:
    return folder / key[:2] / key


def test_what_was_put_comes_back(tmp_path: Path) -> None:
    cache = LayerCache(tmp_path / "assaymark" / "layers")

    assert cache.get(KEY) is None
    cache.put(KEY, b"inventory")
    assert (cache.get(KEY), LayerCache(tmp_path / "assaymark" / "layers").get(KEY)) == (b"inventory", b"inventory")


def test_keys_tell_every_part_apart() -> None:
    parts = [
        ("a", "b", "c", "d"),
        ("ab", "", "c", "d"),
        ("a", "b", "cd", ""),
        ("a", "b", "c", "e"),
        ("", "ab", "c", "d"),
    ]
    keys = {cache_key(*part) for part in parts}

    assert len(keys) == len(parts)
    assert all(len(key) == 64 for key in keys)


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "other key", "folder"])
def test_a_damaged_entry_is_a_miss(tmp_path: Path, damage: str) -> None:
    cache = LayerCache(tmp_path)
    cache.put(KEY, b"inventory" * 100)
    path = entry_of(tmp_path)
    data = path.read_bytes()
    if damage == "folder":
        path.unlink()
        path.mkdir()
    elif damage == "other key":
        other = cache_key("x", "y", "z", "")
        entry_of(tmp_path, other).parent.mkdir(exist_ok=True)
        path.rename(entry_of(tmp_path, other))
        assert cache.get(other) is None
    else:
        path.write_bytes({"cut": data[:-1], "flip": data[:-1] + bytes([data[-1] ^ 1]), "empty": b""}[damage])

    assert cache.get(KEY) is None


def test_an_entry_beyond_the_bound_is_neither_written_nor_read(tmp_path: Path) -> None:
    LayerCache(tmp_path).put(KEY, b"x" * 101)
    small = LayerCache(tmp_path, limits=Limits(cache_entry_bytes=100))

    assert small.get(KEY) is None
    small.put(cache_key("a", "", "", ""), b"x" * 101)
    assert not entry_of(tmp_path, cache_key("a", "", "", "")).exists()


def test_a_cache_that_cannot_be_written_still_reads(tmp_path: Path) -> None:
    folder = tmp_path / "file"
    folder.write_bytes(b"no folder")
    cache = LayerCache(folder / "layers")

    cache.put(KEY, b"x")
    assert cache.get(KEY) is None


def test_a_hit_is_a_use_but_not_every_hit_writes(tmp_path: Path) -> None:
    clock = Clock()
    cache = LayerCache(tmp_path, now=clock)
    cache.put(KEY, b"x")
    os.utime(entry_of(tmp_path), (clock.now - 100, clock.now - 100))
    cache.get(KEY)
    soon = entry_of(tmp_path).stat().st_mtime
    clock.now += 2 * DAY
    cache.get(KEY)

    assert (soon, entry_of(tmp_path).stat().st_mtime) == (clock.now - 2 * DAY - 100, clock.now)


def key(number: int) -> str:
    return cache_key(str(number), "", "", "")


def fill(cache: LayerCache, folder: Path, clock: Clock, ages: dict[int, float]) -> None:
    for number, age in ages.items():
        cache.put(key(number), bytes(100))
        os.utime(entry_of(folder, key(number)), (clock.now - age, clock.now - age))
    (folder / ".swept").unlink()


def left(folder: Path, numbers: range) -> list[int]:
    return [number for number in numbers if entry_of(folder, key(number)).exists()]


def test_old_entries_and_leftovers_go_when_something_is_put_in(tmp_path: Path) -> None:
    clock = Clock()
    cache = LayerCache(tmp_path, now=clock)
    fill(cache, tmp_path, clock, {1: 91 * DAY, 2: 89 * DAY})
    partials = [tmp_path / key(3)[:2] / name for name in (".old.partial", ".new.partial")]
    for path, age in zip(partials, (7_200, 60), strict=True):
        path.parent.mkdir(exist_ok=True)
        path.touch()
        os.utime(path, (clock.now - age, clock.now - age))
    cache.put(key(3), b"x")

    assert left(tmp_path, range(1, 4)) == [2, 3]
    assert [path.exists() for path in partials] == [False, True]


def test_the_least_recently_used_go_first(tmp_path: Path) -> None:
    clock = Clock()
    cache = LayerCache(tmp_path, now=clock, limits=Limits(cache_bytes=450))
    fill(cache, tmp_path, clock, {1: 300, 2: 400, 3: 200, 4: 100})
    cache.put(key(5), b"")

    assert left(tmp_path, range(1, 6)) == [3, 4, 5]


def test_sweeping_waits_a_day_and_for_nobody(tmp_path: Path) -> None:
    clock = Clock()
    cache = LayerCache(tmp_path, now=clock)
    fill(cache, tmp_path, clock, {1: 100 * DAY})
    with file_lock(tmp_path / ".lock"):
        cache.put(key(2), b"x")
    held = left(tmp_path, range(1, 3))
    cache.put(key(3), b"x")
    swept = left(tmp_path, range(1, 4))
    fill_again = entry_of(tmp_path, key(2))
    os.utime(fill_again, (clock.now - 100 * DAY, clock.now - 100 * DAY))
    cache.put(key(4), b"x")

    assert (held, swept, left(tmp_path, range(1, 5))) == ([1, 2], [2, 3], [2, 3, 4])


WRITER = """
import sys
from pathlib import Path
from assaymark.layers.cache import LayerCache
cache = LayerCache(Path(sys.argv[1]))
print("ready", flush=True)
while True:
    cache.put(sys.argv[2], b"inventory" * 200_000)
"""


@pytest.mark.slow
def test_killed_and_concurrent_writers_are_never_seen(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    cache = LayerCache(tmp_path)
    for _ in range(5):
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", WRITER, str(tmp_path), KEY], stdout=subprocess.PIPE, env=environment
            )
            for _ in range(2)
        ]
        for writer in writers:
            assert writer.stdout is not None
            writer.stdout.readline()
        seen = {cache.get(KEY) for _ in range(40)}
        for writer in writers:
            writer.kill()
            writer.communicate()
        seen.add(cache.get(KEY))
        assert seen <= {None, b"inventory" * 200_000}


class TestOneRun:
    def test_what_was_read_once_is_kept_without_a_cache_on_disk(self) -> None:
        run = RunCache()
        assert run.get(KEY) is None
        run.put(KEY, b"inventory")
        assert run.get(KEY) == b"inventory"

    def test_what_is_new_goes_to_the_disk_too(self, tmp_path: Path) -> None:
        disk = LayerCache(tmp_path)
        RunCache(disk).put(KEY, b"inventory")
        assert disk.get(KEY) == b"inventory"

    def test_the_disk_is_asked_once(self, tmp_path: Path) -> None:
        disk = LayerCache(tmp_path)
        disk.put(KEY, b"inventory")
        run = RunCache(disk)
        assert run.get(KEY) == b"inventory"
        entry_of(tmp_path).unlink()
        assert run.get(KEY) == b"inventory"

    def test_what_does_not_fit_is_on_the_disk_alone(self, tmp_path: Path) -> None:
        disk, other = LayerCache(tmp_path), cache_key("x", "y", "z", "")
        run = RunCache(disk, limits=Limits(run_cache_bytes=10))
        run.put(KEY, b"inventory")
        run.put(other, b"inventory")
        for key in (KEY, other):
            entry_of(tmp_path, key).unlink()
        assert (run.get(KEY), run.get(other)) == (b"inventory", None)
