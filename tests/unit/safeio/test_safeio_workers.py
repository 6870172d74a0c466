"""Threads that end when one of them fails, or when the caller has had enough."""

from __future__ import annotations

import io
import threading
import time
from contextlib import closing

import pytest

from assaymark.safeio.workers import Stop, StoppedError, map_parallel


def test_results_come_in_order() -> None:
    def work(number: int, _: Stop) -> int:
        time.sleep(0.01 * (5 - number))
        return number * number

    assert map_parallel(work, range(5), workers=3) == [0, 1, 4, 9, 16]


def test_at_most_as_many_at_once() -> None:
    lock, now, most = threading.Lock(), [0], [0]

    def work(_: int, __: Stop) -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.01)
        with lock:
            now[0] -= 1

    map_parallel(work, range(8), workers=2)

    assert most == [2]


def test_nothing_is_begun_after_a_failure_and_what_was_begun_ends() -> None:
    begun: list[int] = []
    ended = threading.Event()

    def work(number: int, stop: Stop) -> None:
        begun.append(number)
        if number == 0:
            raise ValueError("broken")
        try:
            while True:
                stop.check()
                time.sleep(0.001)
        finally:
            ended.set()

    with pytest.raises(ValueError, match="broken"):
        map_parallel(work, range(100), workers=2)

    assert len(begun) <= 3
    assert len(begun) == 1 or ended.is_set()


def test_of_two_failures_the_first_item_counts() -> None:
    barrier = threading.Barrier(2)

    def work(number: int, _: Stop) -> None:
        barrier.wait(5)
        raise ValueError(str(number))

    with pytest.raises(ValueError, match="0"):
        map_parallel(work, range(2), workers=2)


def test_who_does_not_end_is_left_behind() -> None:
    release = threading.Event()

    def work(number: int, _: Stop) -> None:
        if number:
            release.wait(30)
        else:
            raise KeyError("x")

    started = time.monotonic()
    with pytest.raises(KeyError):
        map_parallel(work, range(2), workers=2)

    assert time.monotonic() - started < 5
    release.set()


def test_a_guarded_stream_reads_until_the_flag_is_set() -> None:
    stop = Stop()

    with stop.guard(closing(io.BytesIO(b"abcd"))) as stream:
        assert stream.read(2) == b"ab"
        stop.set()
        with pytest.raises(StoppedError):
            stream.read(2)
