"""Progress bars: only on a terminal, and only for work that takes more than a second.

Implements `assaymark.model.progress.Progress`. Nothing is drawn, and `rich` is not even imported, before the first task
has run for `PATIENCE` seconds: a warm scan is over by then. A task that never advances is drawn then, too. Bars vanish
when their work is done; they step aside while a line is printed. The command itself stands behind its tasks: it is
drawn while none of them is, so that nothing that takes long is silent.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TextIO

from assaymark.report.plain import shorten, shown

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

PATIENCE: Final = 1.0
_LABEL_COLUMNS: Final = 40


class Bars:
    """Every running task of one terminal; its methods may be called from several threads.

    Attributes:
        behind: the command, which is drawn while nothing else is.
    """

    def __init__(self, stream: TextIO, *, monotonic: Callable[[], float], colour: bool) -> None:
        self._stream = stream
        self._monotonic = monotonic
        self._colour = colour
        self._lock = threading.RLock()
        self._tasks: list[BarTask] = []
        self.behind: BarTask | None = None
        self._display: RichProgress | None = None
        self._aside = 0

    def start(self, label: str, *, total: int | None = None, unit: str = "B") -> BarTask:
        """Announce work."""
        task = self._task(label, total, unit)
        with self._lock:
            self._tasks.append(task)
            self._wait(task)
        return task

    def stand_behind(self, label: str) -> BarTask:
        """Announce the command: it is drawn while it takes long and nothing else is drawn."""
        task = self._task(label, None, "")
        with self._lock:
            self.behind = task
            self._wait(task)
        return task

    def moved(self, task: BarTask) -> None:
        """A task has advanced: draw it when it has taken long enough."""
        with self._lock:
            if task.drawn is not None and self._display is not None:
                self._display.update(task.drawn, completed=task.done)
            elif task.drawn is None and self._monotonic() - task.began >= PATIENCE:
                self.overdue(task)

    def overdue(self, task: BarTask) -> None:
        """A task takes long: draw it, unless it is over."""
        with self._lock:
            task.late = True
            if task in self._tasks and task.drawn is None:
                self._draw(task)
            self._settle()

    def closed(self, task: BarTask) -> None:
        """A task is over; the display ends with the last one."""
        with self._lock:
            task.forget()
            if task is self.behind:
                self.behind = None
            elif task in self._tasks:
                self._tasks.remove(task)
            else:
                return
            self._rub_out(task)
            self._settle()
            if not any(each.drawn is not None for each in (*self._tasks, self.behind) if each is not None):
                self._put_away()

    def stop(self) -> None:
        """Take everything off the terminal; what still runs comes back when it goes on for long."""
        with self._lock:
            self._put_away()
            for task in self._tasks:
                task.drawn = None
            if self.behind is not None:
                self.behind.drawn, self.behind.late = None, False
                self._wait(self.behind)

    @contextmanager
    def step_aside(self) -> Iterator[None]:
        """Keep the terminal free while a line is printed."""
        with self._lock:
            self._aside += 1
            if self._display is not None and self._aside == 1:
                self._display.stop()
            try:
                yield
            finally:
                self._aside -= 1
                if self._display is not None and self._aside == 0:
                    self._display.start()

    def _task(self, label: str, total: int | None, unit: str) -> BarTask:
        return BarTask(self, shorten(shown(label), _LABEL_COLUMNS), total, unit, self._monotonic())

    def _wait(self, task: BarTask) -> None:
        """Look at the task again when the patience is over, whether or not it has moved by then."""
        task.forget()
        task.timer = threading.Timer(PATIENCE, self.overdue, (task,))
        task.timer.daemon = True
        task.timer.start()

    def _settle(self) -> None:
        """Show the command when nothing else is shown."""
        behind = self.behind
        if behind is None:
            return
        if any(task.drawn is not None for task in self._tasks):
            self._rub_out(behind)
        elif behind.late and behind.drawn is None:
            self._draw(behind)

    def _draw(self, task: BarTask) -> None:
        task.drawn = self._shown().add_task(task.label, total=task.total, completed=task.done, unit=task.unit)

    def _rub_out(self, task: BarTask) -> None:
        if self._display is not None and task.drawn is not None:
            self._display.remove_task(task.drawn)
        task.drawn = None

    def _put_away(self) -> None:
        if self._display is not None:
            self._display.stop()
            self._display = None

    def _shown(self) -> RichProgress:
        if self._display is None:
            self._display = _display(self._stream, colour=self._colour)
            self._display.start()
        return self._display


class BarTask:
    """One piece of work."""

    def __init__(self, bars: Bars, label: str, total: int | None, unit: str, began: float) -> None:
        self._bars = bars
        self.label = label
        self.total = total
        self.unit = unit
        self.began = began
        self.done = 0
        self.drawn: TaskID | None = None
        self.late = False
        self.timer: threading.Timer | None = None

    def forget(self) -> None:
        """Wait no longer."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def advance(self, amount: int) -> None:
        """More units are done."""
        self.done += amount
        self._bars.moved(self)

    def close(self) -> None:
        """The work is over, well or badly."""
        self._bars.closed(self)


def _display(stream: TextIO, *, colour: bool) -> RichProgress:
    from rich.console import Console as RichConsole
    from rich.progress import BarColumn, DownloadColumn, Progress, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Amount(DownloadColumn):
        """Bytes as sizes, anything else as a plain count; nothing where nobody counts."""

        def render(self, task: Task) -> Text:
            unit = task.fields.get("unit", "B")
            if unit == "B":
                return super().render(task)
            if not unit:
                return Text("")
            total = "?" if task.total is None else f"{task.total:.0f}"
            return Text(f"{task.completed:.0f}/{total} {unit}")

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        Amount(),
        TimeRemainingColumn(),
        console=RichConsole(file=stream, force_terminal=True, no_color=not colour, highlight=False),
        transient=True,
        refresh_per_second=8,
        redirect_stdout=False,
        redirect_stderr=False,
    )
