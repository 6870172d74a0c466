"""Bundler's `Gemfile.lock` (https://bundler.io/guides/rationale.html#checking-your-code-into-version-control).

Bundler indents by meaning, and only the depth of a line is looked at, in whatever section it stands:

1. Four blanks: a gem with its version in parentheses, `    rack (3.0.0)`. The platform behind a hyphen is cut off, so
   that the builds of one gem for several platforms are one package, the last of them.
2. Six blanks: what that gem depends on. Names that no line of rule 1 has, like `bundler`, are left out.
3. Two blanks below `DEPENDENCIES`: what the project names itself, and so what is direct. A gem that is pinned to a
   source (`rails!`) is not told apart by its bare name.
4. Lines are counted as the reference counts them: those below `DEPENDENCIES` do not count, nor do lines of rule 1
   without a version.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from typing import Final

import msgspec

from assaymark.errors import LimitError
from assaymark.inventory.analyzer import Analyzer, Input
from assaymark.inventory.lines import file_lines, long_line
from assaymark.inventory.places import package_id
from assaymark.model.inventory import Application, Found
from assaymark.model.package import EMPTY_LIST, Location, Package, Relationship
from assaymark.safeio.text import decode_utf8

_SECTION: Final = "DEPENDENCIES"
_DIRECT: Final = 2
_GEM: Final = 4
_DEPENDENCY: Final = 6


def _parse(source: Input) -> Iterator[Found]:
    reader = _Reader(source)
    reader.read()
    if reader.gems:
        yield Application(path=source.path, type="bundler", packages=tuple(_packages(reader)))


class _Gem(msgspec.Struct, frozen=True):
    """A gem of rule 1."""

    id: str
    version: str
    line: int


class _Reader:
    """Reads one file from front to back."""

    def __init__(self, source: Input) -> None:
        self.gems: dict[str, _Gem] = {}
        self.depends_on: dict[str, list[str]] = {}
        self.direct: set[str] = set()
        self._source = source
        self._names = 0
        self._lines = map(decode_utf8, file_lines(source, on_long=self._left_out))

    def read(self) -> None:
        """Rules 1 to 4.

        Raises:
            LimitError: there are more packages than are read, or more names of them.
        """
        number, current, names = 1, "", list[str]()
        for line in self._lines:
            depth = _depth(line)
            text = line.strip() if depth in {_GEM, _DEPENDENCY} else line
            if depth == _GEM:
                words, names = text.split(), []
                if len(words) != 2:
                    continue
                current = self._add(words[0], words[1].strip("()").partition("-")[0], number)
            elif depth == _DEPENDENCY:
                if not names:  # a gem that is listed again keeps what it depended on, unless it depends on something
                    self.depends_on[current] = names
                names += self._first_word(text)
            number += 1
            if text == _SECTION:
                self.direct = {name for line in self._section() for name in self._first_word(line)}

    def _add(self, name: str, version: str, line: int) -> str:
        self.gems[name] = gem = _Gem(package_id(name, version), version, line)
        if len(self.gems) > self._source.limits.packages_per_file:
            raise LimitError(f"more than {self._source.limits.packages_per_file} packages")
        return gem.id

    def _section(self) -> Iterator[str]:
        """The lines below `DEPENDENCIES`; the one that ends the section belongs to nothing."""
        return takewhile(lambda line: _depth(line) == _DIRECT, self._lines)

    def _first_word(self, text: str) -> list[str]:
        self._names += 1
        if self._names > self._source.limits.dependency_edges:
            raise LimitError(f"more than {self._source.limits.dependency_edges} names of dependencies")
        return text.split(maxsplit=1)[:1]

    def _left_out(self, start: bytes) -> bytes:
        """A line that is too long is still a line."""
        self._source.report(long_line(self._source, self._source.path, start))
        return b""


def _packages(reader: _Reader) -> Iterator[Package]:
    for name, gem in reader.gems.items():
        names = reader.depends_on.get(gem.id, ())
        found = tuple(reader.gems[each].id for each in names if each in reader.gems)
        yield Package(
            id=gem.id,
            name=name,
            version=gem.version,
            relationship=Relationship.DIRECT if name in reader.direct else Relationship.INDIRECT,
            depends_on=found or (EMPTY_LIST if names else ()),
            locations=(Location(start_line=gem.line, end_line=gem.line),),
        )


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


ANALYZER: Final = Analyzer(
    name="bundler", version=1, kind="lang", paths=("Gemfile.lock",), targets=("fs", "repo"), parse=_parse
)
