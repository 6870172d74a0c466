"""What stands between `{{` and `}}`: operands, calls and pipelines, each of which can tell its value.

The value of one command goes into the next one of its pipeline as the last argument (text/template, "Pipelines").
`and` and `or` look no further than they must.
"""

from __future__ import annotations

from typing import Any, Protocol

from assaymark.report.gotemplate.run import MISSING, Run
from assaymark.report.gotemplate.times import GoTime
from assaymark.report.gotemplate.values import Function, GoList, GoMap, Nil, truth, type_name


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

    __slots__ = ("arguments", "base", "line", "names")

    def __init__(self, base: Expression, names: tuple[str, ...], arguments: tuple[Expression, ...], line: int) -> None:
        self.base = base
        self.names = names
        self.arguments = arguments
        self.line = line

    def value(self, run: Run, dot: Any, piped: Any = MISSING) -> Any:
        """The field at the end of the chain."""
        run.step()
        run.line = self.line
        value = self.base.value(run, dot)
        *chain, last = self.names
        for name in chain:
            value = run.field(value, name)
        if not self.arguments and piped is MISSING:
            return run.field(value, last)
        arguments = [argument.value(run, dot) for argument in self.arguments]
        return run.field(value, last, arguments if piped is MISSING else [*arguments, piped])


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
        function = self.function
        if len(arguments) < function.fixed or (len(arguments) > function.fixed and not function.variadic):
            least = "at least " if function.variadic else ""
            raise run.fail(f"wrong number of args for `{self.name}`: want {least}{function.fixed} got {len(arguments)}")
        try:
            given = _converted(function.parameters, arguments)
            answer = function.call(run, *given) if function.needs_run else function.call(*given)
        except (ValueError, ArithmeticError, TypeError, LookupError) as exc:
            raise run.fail(f"error calling `{self.name}`: {exc}") from exc
        return run.charge(answer)


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

    __slots__ = ("commands", "targets")

    def __init__(self, commands: tuple[Expression, ...], targets: tuple[int, ...]) -> None:
        self.commands = commands
        self.targets = targets

    def value(self, run: Run, dot: Any, piped: Any = MISSING) -> Any:
        """The value of the last command."""
        del piped
        first, *others = self.commands
        value = first.value(run, dot)
        for command in others:
            value = command.value(run, dot, value)
        for slot in self.targets:
            run.frame[slot] = value
        return value


def _converted(parameters: str, arguments: list[Any]) -> list[Any]:
    if parameters == "a":
        return arguments
    last = len(parameters) - 1
    return [_argument(parameters[min(place, last)], value) for place, value in enumerate(arguments)]


def _argument(letter: str, value: Any) -> Any:
    """`value` as a parameter takes it; between kinds of integers, and to a float, it is converted."""
    if letter == "a" or (letter == "s" and isinstance(value, str)):
        return value
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if letter == "i" and number and value == int(value):
        return int(value)
    if letter == "f" and number:
        return float(value)
    if letter in "ld" and isinstance(value, Nil):
        return [] if letter == "l" else {}
    kinds, expected = _KINDS[letter]
    if isinstance(value, kinds):
        return value
    if value is None and letter in "ld":
        return GoList() if letter == "l" else GoMap({}, go_type="map[string]interface {}", zero=None)
    raise ValueError(f"wrong type for value; expected {expected}; got {type_name(value)}")


_KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    "s": ((str,), "string"),
    "i": ((), "int"),
    "f": ((), "float64"),
    "b": ((bool,), "bool"),
    "l": ((list,), "a list"),
    "d": ((dict,), "map[string]interface {}"),
    "t": ((GoTime,), "time.Time"),
}
