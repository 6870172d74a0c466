"""Extension points: a value in a file of a known folder, found by walking the folder.

An analyser, a version scheme, a report format, an artifact source or a command is one file that ends in one constant
(`ANALYZER`, `SCHEME`, `FORMAT`, `SOURCE`, `COMMAND`). There is no list to edit and no class to inherit from.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TypeVar

Value = TypeVar("Value")


def discover(package: str, constant: str, kind: type[Value]) -> Iterator[Value]:
    """Every `constant` of type `kind` in the modules directly in `package`, in order of the files' names."""
    # not `pkgutil.iter_modules`, which imports `inspect` and its dozen modules to see whether a name is a module's
    files = (file for folder in import_module(package).__path__ for file in Path(folder).iterdir())
    for module in sorted(file.stem for file in files if file.suffix == ".py" and file.stem != "__init__"):
        value = getattr(import_module(f"{package}.{module}"), constant, None)
        if isinstance(value, kind):
            yield value


def find(package: str, name: str, constant: str, kind: type[Value]) -> Value | None:
    """The `constant` of the file that `name` leads to (`spdx-json` → `spdx_json.py`), importing only that file."""
    path = f"{package}.{name.replace('-', '_')}"
    if not name.replace("-", "").replace("_", "").isalnum():
        return None
    try:
        module: ModuleType = import_module(path)
    except ModuleNotFoundError as exc:
        if exc.name != path:
            raise
        return None
    value = getattr(module, constant, None)
    return value if isinstance(value, kind) else None
