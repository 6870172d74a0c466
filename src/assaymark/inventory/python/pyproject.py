"""`pyproject.toml` beside a lockfile: the names of what the project itself depends on.

Specification: https://packaging.python.org/en/latest/specifications/pyproject-toml/, and for the tables of poetry
https://python-poetry.org/docs/pyproject/. Rules:

1. The main dependencies are `project.dependencies` and all of `project.optional-dependencies`; where the project has
   neither, `tool.poetry.dependencies`.
2. Poetry's groups are `tool.poetry.group.*.dependencies`.
3. Dependencies are a table by name or a list of requirements. Of a requirement the name is what stands in front of the
   first blank, `<`, `>`, `=`, `(` or `[`; other marks stay part of it, as in the reference.
4. Extras and groups that are no tables are passed over, as in the reference; other values of a wrong type are errors.
"""

from __future__ import annotations

import posixpath
import re
from typing import Any, Final

import msgspec

from assaymark.errors import Error
from assaymark.inventory.analyzer import File, Input
from assaymark.inventory.python.names import normalised_name
from assaymark.model.issue import Issue, IssueCode
from assaymark.safeio.toml import decode_toml

FILE_NAME: Final = "pyproject.toml"

_NAME_ENDS: Final = re.compile(r"[><=(\[]")


class _Project(msgspec.Struct, frozen=True, rename="kebab"):
    dependencies: Any = None
    optional_dependencies: Any = None


class _Group(msgspec.Struct, frozen=True):
    dependencies: Any = None


class _Poetry(msgspec.Struct, frozen=True):
    dependencies: Any = None
    group: Any = None


class _Tool(msgspec.Struct, frozen=True):
    poetry: _Poetry = _Poetry()


class _Document(msgspec.Struct, frozen=True):
    project: _Project = _Project()
    tool: _Tool = _Tool()


_GROUPS: Final = dict[str, _Group]
msgspec.convert({}, _Document)  # compiled on import: two threads that compile one type at once crash msgspec
msgspec.convert({}, _GROUPS)


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """The normalised names of a project's dependencies.

    Attributes:
        main: what is installed with it (rule 1).
        groups: what poetry's groups name (rule 2).
    """

    main: frozenset[str]
    groups: frozenset[str] = frozenset()


def find_project(source: Input) -> Project | None:
    """The project whose file lies beside the one that is analysed; None without one.

    One that cannot be read costs no more than the relationships, and is reported.
    """
    file = source.tree.find(posixpath.join(posixpath.dirname(source.path), FILE_NAME))
    if file is None:
        return None
    try:
        return _read(file, source)
    except (Error, ValueError) as exc:
        message = f"direct dependencies are not known: {exc}"
        source.report(Issue(code=IssueCode.FILE_MALFORMED, message=message, path=file.path, blocking=False))
        return None


def _read(file: File, source: Input) -> Project:
    table = decode_toml(file.read(source.limits.toml_bytes), limits=source.limits, what=file.path)
    document = msgspec.convert(table, _Document)
    project, poetry = document.project, document.tool.poetry
    extras = _table(project.optional_dependencies)
    if project.dependencies is None and extras is None:
        main = _names(poetry.dependencies)
    else:
        main = _names(project.dependencies).union(*map(_names, (extras or {}).values()))
    groups = msgspec.convert(_table(poetry.group) or {}, _GROUPS).values()
    return Project(main=main, groups=frozenset().union(*(_names(group.dependencies) for group in groups)))


def _table(value: Any) -> dict[str, Any] | None:
    """Rule 4."""
    return value if isinstance(value, dict) else None


def _names(dependencies: Any) -> frozenset[str]:
    """Rule 3."""
    if dependencies is None:
        return frozenset()
    if isinstance(dependencies, dict):
        return frozenset(map(normalised_name, dependencies))
    if isinstance(dependencies, list):
        return frozenset(map(_name_of, dependencies))
    raise ValueError("`dependencies` is neither a table nor a list")


def _name_of(requirement: Any) -> str:
    words = _NAME_ENDS.sub(" ", requirement).split() if isinstance(requirement, str) else []
    if not words:
        raise ValueError("a dependency without a name")
    return normalised_name(words[0])
