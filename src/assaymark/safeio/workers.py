"""Work on several threads that ends when it is told to.

Python waits for every thread of a `ThreadPoolExecutor`, also when the user has pressed Ctrl-C, and a layer can take
minutes. Here the first failure, or an exception in the caller's thread (`KeyboardInterrupt` and the like), stops all:

- nothing new is begun, and `Stop` makes the readers of what was begun raise at their next piece;
- the threads have `_END_SECONDS` to tidy up, and are left behind after that; they are daemons, so they do not keep the
  process alive.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import BinaryIO, Final, Generic, TypeVar, cast

from assaymark.errors import Error

Item = TypeVar("Item")
Result = TypeVar("Result")

_END_SECONDS: Final = 0.5


class StoppedError(Error):
    """Somebody else failed, or the user has had enough; never told to anybody."""


class Stop:
    """A flag that is looked at wherever work comes in pieces."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        """Everybody shall end."""
        self._event.set()

    def check(self) -> None:
        """Go on, or not.

        Raises:
            StoppedError: the flag is set.
        """
        if self._event.is_set():
            raise StoppedError("stopped")

    @contextmanager
    def guard(
        self, opened: AbstractContextManager[BinaryIO], advance: Callable[[int], object] = lambda _: None
    ) -> Iterator[BinaryIO]:
        """The stream of `opened`, which reads no further once the flag is set, and tells how far it has come."""
        with opened as stream:
            yield cast("BinaryIO", _Guarded(stream, self, advance))


class _Guarded:
    """As much of a stream as is needed to read it front to back."""

    def __init__(self, stream: BinaryIO, stop: Stop, advance: Callable[[int], object]) -> None:
        self._stream = stream
        self._stop = stop
        self._advance = advance

    def read(self, size: int = -1, /) -> bytes:
        self._stop.check()
        data = self._stream.read(size)
        self._advance(len(data))
        return data


def map_parallel(work: Callable[[Item, Stop], Result], items: Sequence[Item], *, workers: int) -> list[Result]:
    """What `work` makes of each item, in order, on at most `workers` threads.

    Raises:
        BaseException: what `work` raised for the first item that failed.
    """
    return _Crew(work, items).run(workers)


class _Crew(Generic[Item, Result]):
    def __init__(self, work: Callable[[Item, Stop], Result], items: Sequence[Item]) -> None:
        self._work = work
        self._results: dict[int, Result] = {}
        self._failures: dict[int, BaseException] = {}
        self._pending = iter(enumerate(items))
        self._lock = threading.Lock()
        self._stop = Stop()

    def run(self, workers: int) -> list[Result]:
        threads = [threading.Thread(target=self._run, name=f"worker-{n}", daemon=True) for n in range(workers)]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            self._stop.set()
            deadline = time.monotonic() + _END_SECONDS
            for thread in threads:
                if thread.is_alive():
                    thread.join(max(0.0, deadline - time.monotonic()))
        for _, failure in sorted(self._failures.items()):
            raise failure
        return [result for _, result in sorted(self._results.items())]

    def _run(self) -> None:
        try:
            while (place := self._next()) is not None:
                number, item = place
                try:
                    self._results[number] = self._work(item, self._stop)
                except StoppedError:
                    return
                except BaseException as exc:  # noqa: BLE001  # raised again in the caller's thread
                    self._failures[number] = exc
                    self._stop.set()
        except StoppedError:
            return

    def _next(self) -> tuple[int, Item] | None:
        self._stop.check()
        with self._lock:
            return next(self._pending, None)
