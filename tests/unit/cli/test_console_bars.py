from __future__ import annotations

import sys
from threading import Thread

import pytest
from tests.support.consoles import TextTerminal, recorded_console

from assaymark.cli.bars import PATIENCE, Bars


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def _bars() -> tuple[Bars, TextTerminal, Clock]:
    stream, clock = TextTerminal(), Clock()
    return Bars(stream, monotonic=clock, colour=False), stream, clock


def test_short_work_draws_nothing_and_loads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name == "rich" or name.startswith("rich.")]:
        monkeypatch.delitem(sys.modules, name)
    bars, stream, clock = _bars()
    task = bars.start("layer", total=10)
    clock.now = PATIENCE / 2
    task.advance(10)
    task.close()
    task.close()
    assert stream.getvalue() == ""
    assert "rich" not in sys.modules


def test_long_work_shows_its_label_without_controls_and_markup_and_leaves_the_line_empty() -> None:
    bars, stream, clock = _bars()
    task = bars.start("[red]layer\x1b[2J", total=100)
    clock.now = PATIENCE
    task.advance(50)
    task.close()
    written = stream.getvalue()
    assert "[red]layer\\x1b[2J" in written
    assert "50/100 bytes" in written
    assert "\x1b[2J" not in written


def test_counts_and_unknown_lengths() -> None:
    bars, stream, clock = _bars()
    counted, endless = bars.start("layers", total=3, unit="layers"), bars.start("files", unit="files")
    clock.now = PATIENCE
    counted.advance(1)
    endless.advance(7)
    endless.close()
    counted.close()
    assert "1/3 layers" in stream.getvalue()
    assert "7/? files" in stream.getvalue()


def test_bars_step_aside_for_lines_and_end_with_the_last_task() -> None:
    clock = Clock()
    recorded = recorded_console(terminal=True, monotonic=clock)
    first, second = recorded.console.progress.start("one", total=2), recorded.console.progress.start("two", total=2)
    clock.now = PATIENCE
    first.advance(1)
    recorded.console.warn("in between")
    second.advance(1)
    first.close()
    second.close()
    assert "warning: in between\n" in recorded.err
    recorded.console.err("after")
    recorded.console.flush()
    assert recorded.err.endswith("after\n")


def test_progress_that_was_stopped_may_go_on() -> None:
    bars, stream, clock = _bars()
    task = bars.start("again", total=2)
    clock.now = PATIENCE
    task.advance(1)
    bars.stop()
    before = len(stream.getvalue())
    task.advance(1)
    task.close()
    assert len(stream.getvalue()) > before


def test_tasks_may_come_from_several_threads() -> None:
    bars, _, clock = _bars()
    clock.now = 0.0
    tasks = [bars.start(f"layer {number}", total=200) for number in range(4)]
    clock.now = PATIENCE

    def work(number: int) -> None:
        for _ in range(200):
            tasks[number].advance(1)
        tasks[number].close()

    threads = [Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [task.done for task in tasks] == [200] * 4
