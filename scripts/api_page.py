"""`docs/api-parameters.md`: every parameter of the API's functions, from their docstrings and signatures."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from assaymark.api.attesting import attest
from assaymark.api.comparing import diff
from assaymark.api.scanning import scan
from assaymark.api.settings import Settings
from assaymark.api.verifying import verify

_SECTION: Final = re.compile(r"^(Args|Attributes|Raises):\n((?:    .*\n?|\n)+)", re.MULTILINE)
_ENTRY: Final = re.compile(r"^    (\w[\w, ]*): (.*(?:\n     {3,}.*)*)", re.MULTILINE)


def page(mark: str) -> str:
    """The page."""
    lines = ["# The parameters of the Python API", "", mark, "What they are for is in [the Python API](api.md).", ""]
    functions: list[Callable[..., Any]] = [scan, attest, verify, diff]
    for function in functions:
        lines += [f"## `assaymark.{function.__name__}`", "", *_function(function)]
    lines += ["## `assaymark.Settings`", "", *_table(("attribute", "what it is"), _entries(Settings, "Attributes"))]
    return "\n".join(lines).rstrip() + "\n"


def _function(function: Callable[..., Any]) -> Iterator[str]:
    text = inspect.getdoc(function) or ""
    yield from (text.partition("\n\n")[0], "")
    parameters = inspect.signature(function).parameters
    told = {name.strip(): what for names, what in _entries(function, "Args") for name in names.split(",")}
    rows = ((name, _default(each), told[name]) for name, each in parameters.items())
    yield from _table(("parameter", "default", "what it is"), rows)
    yield from _table(("raises", "when"), _entries(function, "Raises"))


def _default(parameter: inspect.Parameter) -> str:
    if parameter.default is inspect.Parameter.empty:
        return ""
    if isinstance(parameter.default, Settings):
        return "as on the command line"
    value = sorted(parameter.default) if isinstance(parameter.default, frozenset) else parameter.default
    return f"`{value!r}`"


def _entries(documented: Any, section: str) -> Iterator[tuple[str, str]]:
    text = (inspect.getdoc(documented) or "") + "\n"
    body = next((found[2] for found in _SECTION.finditer(text) if found[1] == section), "")
    for found in _ENTRY.finditer(body):
        yield found[1], " ".join(found[2].split())


def _table(head: tuple[str, ...], rows: Any) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for name, *rest in rows:
        yield f"| `{name}` | {' | '.join(text.replace('|', '&#124;') for text in rest)} |"
    yield ""
