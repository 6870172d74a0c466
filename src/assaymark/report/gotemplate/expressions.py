"""What stands between `{{` and `}}`: operands, calls and pipelines, each of which can tell its value.

The value of one command goes into the next one of its pipeline as the last argument (text/template, "Pipelines").
`and` and `or` look no further than they must.
"""

from __future__ import annotations

from typing import Any, Protocol

from assaymark.report.gotemplate.run import MISSING, Run
from assaymark.report.gotemplate.values import Function, truth


class Expression(Protocol):
    """Anything with a value."""

    def value(self, run: Run, dot: Any, piped: Any = MISSING) -> Any:
        """The value where `.` is `dot`; `piped` is what comes from the command before."""
        ...


class Literal:
    """A constant."""

    __slots__ = ("constant",)

    def __init__(self, constant: Any) -> None:
        self.constant = constant

    def value(self, run: Run, dot: Any, piped: Any = MISSING) -> Any:
        """The constant."""
        del run, dot, piped
        return self.constant


class Dot:
    """`.`."""

    __slots__ = ()

    def value(self, run: Run, dot: Any, piped: Any = MISSING) -> Any:
        """What the template looks at."""
        del run, piped
        return dot


class Variable:
    """`$name`, which the parser has given a place."""

    __slots__ = ("slot",)

    def __init__(self, slot: int) -> None:
        self.slot = slot

    def value(self, run: Run, dot: Any, piped: Any = MISSING) -> Any:
        """What was last put there."""
        del dot, piped
        return run.frame[self.slot]


class Access:
    """`.A.B`, `$x.A`, `(…).A`: the last name may be a method with arguments."""

    __slots__ = ("arguments", "base", "chain", "last", "line")

    def __init__(self, base: Expression, names: tuple[str, ...], arguments: tuple[Expression, ...], line: int) -> None:
        self.base = base
        *self.chain, self.last = names
        self.arguments = arguments
        self.line = line

    def value(self, run: Run, dot: Any, piped: Any = MISSING) -> Any:
        """The field at the end of the chain."""
        run.step()
        run.line = self.line
        value = self.base.value(run, dot)
        for name in self.chain:
            value = run.field(value, name)
        if not self.arguments and piped is MISSING:
            return run.field(value, self.last)
        arguments = [argument.value(run, dot) for argument in self.arguments]
        return run.field(value, self.last, arguments if piped is MISSING else [*arguments, piped])


class Call:
    """A function with its arguments."""

    __slots__ = ("arguments", "function", "line", "name")

    def __init__(self, name: str, function: Function, arguments: tuple[Expression, ...], line: int) -> None:
        self.name = name
        self.function = function
        self.arguments = arguments
        self.line = line

    def value(self, run: Run, dot: Any, piped: Any = MISSING) -> Any:
        """What the function answers.

        Raises:
            UsageError: arguments that it does not take, or that it cannot work with.
        """
        run.step()
        arguments = [argument.value(run, dot) for argument in self.arguments]
        if piped is not MISSING:
            arguments.append(piped)
        run.line = self.line
        return run.call(self.name, self.function, arguments, run if self.function.needs_run else None)


class AndOr:
    """`and` and `or`: the first argument that decides, else the last."""

    __slots__ = ("arguments", "line", "wanted")

    def __init__(self, name: str, arguments: tuple[Expression, ...], line: int) -> None:
        self.wanted = name == "or"
        self.arguments = arguments
        self.line = line

    def value(self, run: Run, dot: Any, piped: Any = MISSING) -> Any:
        """One of the arguments."""
        run.step()
        if not self.arguments and piped is MISSING:
            run.line = self.line
            raise run.fail("wrong number of args for `and` and `or`: want at least 1 got 0")
        value = None
        for argument in self.arguments:
            value = argument.value(run, dot)
            if truth(value) == self.wanted:
                return value
        return value if piped is MISSING else piped


class Pipeline:
    """Commands that hand their values on, and the variables that the last value goes into."""

    __slots__ = ("first", "others", "targets")

    def __init__(self, commands: tuple[Expression, ...], targets: tuple[int, ...]) -> None:
        self.first = commands[0]
        self.others = commands[1:]
        self.targets = targets

    def value(self, run: Run, dot: Any, piped: Any = MISSING) -> Any:
        """The value of the last command."""
        del piped
        value = self.first.value(run, dot)
        for command in self.others:
            value = command.value(run, dot, value)
        for slot in self.targets:
            run.frame[slot] = value
        return value
