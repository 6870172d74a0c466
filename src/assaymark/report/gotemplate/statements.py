"""The parts of a template that write: text, actions, and what repeats or chooses other parts.

`write` answers what happens next: nothing special, or a `break` or `continue` on its way to the loop around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any, Protocol

from assaymark.report.gotemplate.expressions import Expression, Pipeline
from assaymark.report.gotemplate.printing import printed
from assaymark.report.gotemplate.run import Run
from assaymark.report.gotemplate.values import Nil, Struct, truth, type_name


class Leave(Enum):
    """A jump that looks for its loop."""

    BREAK = "break"
    CONTINUE = "continue"


class Statement(Protocol):
    """Anything that writes."""

    def write(self, run: Run, dot: Any) -> Leave | None:
        """Write it where `.` is `dot`."""
        ...


class Body:
    """Statements one behind the other."""

    __slots__ = ("statements",)

    def __init__(self, statements: Sequence[Statement]) -> None:
        self.statements = tuple(statements)

    def write(self, run: Run, dot: Any) -> Leave | None:
        """All of them, or up to the first jump."""
        for statement in self.statements:
            leave = statement.write(run, dot)
            if leave is not None:
                return leave
        return None


class Text:
    """What stands outside of actions."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def write(self, run: Run, dot: Any) -> Leave | None:
        """The text."""
        del dot
        run.step()
        run.put(self.text)
        return None


class Jump:
    """`{{break}}` or `{{continue}}`."""

    __slots__ = ("leave",)

    def __init__(self, leave: Leave) -> None:
        self.leave = leave

    def write(self, run: Run, dot: Any) -> Leave | None:
        """Nothing but the jump."""
        del run, dot
        return self.leave


class Action:
    """`{{pipeline}}`: prints its value, or puts it into a variable."""

    __slots__ = ("line", "pipeline")

    def __init__(self, pipeline: Pipeline, line: int) -> None:
        self.pipeline = pipeline
        self.line = line

    def write(self, run: Run, dot: Any) -> Leave | None:
        """The value, where it goes into no variable."""
        run.line = self.line
        value = self.pipeline.value(run, dot)
        if not self.pipeline.targets:
            run.put(value if type(value) is str else run.charge(printed(value)))
        return None


class Choice:
    """`{{if}}`, and `{{with}}`, which also looks at the value."""

    __slots__ = ("body", "line", "looks", "otherwise", "pipeline")

    def __init__(self, pipeline: Pipeline, body: Body, otherwise: Body, *, looks: bool, line: int) -> None:
        self.pipeline = pipeline
        self.body = body
        self.otherwise = otherwise
        self.looks = looks
        self.line = line

    def write(self, run: Run, dot: Any) -> Leave | None:
        """One of the two bodies."""
        run.step()
        run.line = self.line
        value = self.pipeline.value(run, dot)
        if truth(value):
            return self.body.write(run, value if self.looks else dot)
        return self.otherwise.write(run, dot)


class Range:
    """`{{range}}`: over lists, maps in order of their keys, and numbers."""

    __slots__ = ("body", "line", "otherwise", "pipeline")

    def __init__(self, pipeline: Pipeline, body: Body, otherwise: Body, line: int) -> None:
        self.pipeline = pipeline
        self.body = body
        self.otherwise = otherwise
        self.line = line

    def write(self, run: Run, dot: Any) -> Leave | None:
        """The body for every element, or the other one where there is none."""
        run.line = self.line
        targets = self.pipeline.targets
        entered = False
        for key, element in self._pairs(run, self.pipeline.value(run, dot)):
            entered = True
            run.step()
            if len(targets) > 1:
                run.frame[targets[0]] = key
            if targets:
                run.frame[targets[-1]] = element
            if self.body.write(run, element) is Leave.BREAK:
                break
        return None if entered else self.otherwise.write(run, dot)

    def _pairs(self, run: Run, value: Any) -> Iterable[tuple[Any, Any]]:
        if isinstance(value, list):
            return enumerate(value)
        if isinstance(value, dict):
            return sorted(value.items())
        if value is None or isinstance(value, Nil):
            return ()
        if isinstance(value, int) and not isinstance(value, bool):
            if len(self.pipeline.targets) > 1:
                raise run.fail("a number gives one variable to `range`, not two")
            return ((None, number) for number in range(value))
        raise run.fail(f"range can't iterate over {'a struct' if isinstance(value, Struct) else type_name(value)}")


class Definition:
    """A template with a name, and how many variables it has."""

    __slots__ = ("body", "slots")

    def __init__(self, body: Body, slots: int) -> None:
        self.body = body
        self.slots = slots

    def write(self, run: Run, dot: Any) -> None:
        """The template with variables of its own, of which `$` is `dot`."""
        outer = run.frame
        run.frame = [dot] + [None] * (self.slots - 1)
        self.body.write(run, dot)
        run.frame = outer


class Invocation:
    """`{{template "name" pipeline}}`."""

    __slots__ = ("definitions", "line", "name", "pipeline")

    def __init__(self, name: str, pipeline: Expression | None, definitions: dict[str, Definition], line: int) -> None:
        self.name = name
        self.pipeline = pipeline
        self.definitions = definitions
        self.line = line

    def write(self, run: Run, dot: Any) -> Leave | None:
        """The template of that name.

        Raises:
            UsageError: there is none, or too many are in each other.
        """
        run.step()
        run.line = self.line
        definition = self.definitions.get(self.name)
        if definition is None:
            raise run.fail(f"template `{self.name}` is not defined")
        if run.depth >= run.limits.template_depth:
            raise run.fail(f"more than {run.limits.template_depth} templates call each other")
        run.depth += 1
        definition.write(run, None if self.pipeline is None else self.pipeline.value(run, dot))
        run.depth -= 1
        return None
