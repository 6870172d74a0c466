"""One execution of a template: its variables, its output, and what it may spend.

Every operand, iteration and kilobyte that is made is a step; steps, the length of one value and the size of the output
have an end (`assaymark.limits`), so that a template with a loop too many ends with its name and line, not with the
memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from assaymark.errors import UsageError
from assaymark.limits import Limits
from assaymark.report.gotemplate.times import GoTime
from assaymark.report.gotemplate.values import Function, Nil, Struct, encoded, type_name, whole

_FLUSH_CHARACTERS: Final = 1 << 18
MISSING: Final = object()
"""Where nothing comes from the pipeline."""


class Run:
    """What the tree needs while it is carried out.

    Attributes:
        name: of the template's file, for messages.
        line: where the execution is.
        frame: the variables of the running template; `$` is the first.
        environ: the variables that `env` tells.
        withheld: names of variables that hold credentials.
        now: what `now` says.
    """

    def __init__(
        self,
        name: str,
        write: Callable[[bytes], object],
        *,
        now: GoTime,
        environ: Mapping[str, str],
        withheld: frozenset[str],
        limits: Limits,
    ) -> None:
        self.name = name
        self.line = 1
        self.frame: list[Any] = []
        self.now = now
        self.environ = environ
        self.withheld = withheld
        self.limits = limits
        self.depth = 0
        self._write = write
        self._steps = limits.template_steps
        self._room = limits.template_output_bytes
        self._parts: list[str] = []
        self._pending = 0

    def fail(self, message: str) -> UsageError:
        """The error to raise at the current line."""
        return UsageError(f"template `{self.name}`, line {self.line}: {message}")

    def step(self) -> None:
        """One more operand or iteration."""
        self._steps -= 1
        if self._steps < 0:
            raise self.fail(f"it takes more than {self.limits.template_steps} steps")

    def charge(self, value: Any) -> Any:
        """`value`, as far as it is not too long; making it costs steps."""
        if isinstance(value, (str, list, dict)):
            size = len(value)
            if size > self.limits.template_value_length:
                raise self.fail(f"a value is longer than {self.limits.template_value_length}")
            self._steps -= size >> 7
        return value

    def put(self, text: str) -> None:
        """Write text; it leaves in larger pieces."""
        self._parts.append(text)
        self._pending += len(text)
        if self._pending >= _FLUSH_CHARACTERS:
            self.flush()

    def flush(self) -> None:
        """Hand on what was written."""
        data = encoded("".join(self._parts))
        self._parts.clear()
        self._pending = 0
        self._room -= len(data)
        if self._room < 0:
            raise self.fail(f"the output is larger than {self.limits.template_output_bytes} bytes")
        self._write(data)

    def field(self, receiver: Any, name: str, arguments: list[Any] | None = None) -> Any:
        """`.name` of a struct or a map, or a method's result.

        Raises:
            UsageError: there is no such field, or it is asked of nothing.
        """
        if isinstance(receiver, Struct):
            if receiver.type.methods and name in receiver.type.methods:
                return self.call(f".{name}", receiver.type.methods[name], arguments or [], receiver.source)
            try:
                value = receiver.field(name)
            except KeyError:
                raise self._no_field(receiver, name) from None
        elif receiver is None:
            value = None
        elif isinstance(receiver, dict):
            value = receiver.get(name)
        elif isinstance(receiver, Nil):
            raise self.fail(f"nil pointer evaluating {receiver.go_type}.{name}")
        else:
            methods: Mapping[str, Function] = getattr(receiver, "methods", {})
            if name not in methods:
                raise self._no_field(receiver, name)
            return self.call(f".{name}", methods[name], arguments or [], receiver)
        if arguments:
            raise self.fail(f"`.{name}` has arguments but is not a method")
        return whole(value) if type(value) is str else value

    def call(self, name: str, function: Function, arguments: list[Any], receiver: Any = None) -> Any:
        """What a function, or a method of `receiver`, answers.

        Raises:
            UsageError: arguments that it does not take, or that it cannot work with.
        """
        if len(arguments) < function.fixed or (len(arguments) > function.fixed and not function.variadic):
            wanted = f"at least {function.fixed}" if function.variadic else function.fixed
            raise self.fail(f"wrong number of args for `{name}`: want {wanted} got {len(arguments)}")
        try:
            given = function.converted(arguments)
            return self.charge(function.call(*given) if receiver is None else function.call(receiver, *given))
        except (ValueError, ArithmeticError, TypeError, LookupError) as exc:
            raise self.fail(f"error calling `{name}`: {exc}") from exc

    def _no_field(self, receiver: Any, name: str) -> UsageError:
        return self.fail(f"can't evaluate field {name} in type {type_name(receiver)}")
